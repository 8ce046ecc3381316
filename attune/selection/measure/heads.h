// Losses tried on frozen features: a linear head and a small MLP on what the untouched encoder says of each text, which
// is computed once. It takes a second or two a loss, and so can choose among a loss's own options and find what does
// not learn at all. It ranks no losses: re-weighting moves a head that cannot separate its rows, and fades in a network
// that can (Byrd & Lipton 2019, arXiv 1812.03372).
//
//   features   mean hidden state, brought to mean 0 and one common scale by the learning rows
//   heads      linear; and kWidth units of tanh below a linear layer
//   fit        AdamW without decay, all rows at once, kSteps steps, the rate falling evenly to 0
//   scored     on the race's judging rows, after corrections that were fitted on its inner rows
//
// One label a text or many. Left out: losses whose items depend on their company (they would teach the features, and
// those are frozen), strategies, losses with a teacher.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "attune/losses/objective.h"
#include "attune/selection/answers.h"
#include "attune/selection/divide.h"
#include "attune/selection/profile.h"
#include "attune/train/split.h"

namespace attune::selection {

// A loss and other options of it, as --loss takes them.
struct LossOptions {
  std::string loss;
  std::vector<std::string> variants = {};
};

struct HeadsToTry {
  const tasks::ModelBundle& untouched;
  kernels::Kernels& kernels;
  const train::Split& rows;
  const Division& division;  // the race's
  std::string metric, plain_loss;
  LabelFacts facts;
  std::vector<LossOptions> losses;
  std::function<losses::Objective(const std::string&)> make_loss;
  int draws = 100;
  uint64_t seed = 1;
  std::function<bool()> stop = {};
};

// Nothing where it was stopped. None: tags, scores, texts in several windows, or a plain head without a value.
std::optional<std::vector<HeadTrial>> try_heads(const HeadsToTry& what);

// What the trials say of a loss and its options.
struct HeadsVerdict {
  std::string best;     // options that do better than the first ones with both heads; "": none, or none tried
  std::string dropped;  // why the loss should not race; "": it may
};
// Dropped is what failed with both heads, or lies below the plain loss by two of its intervals with both.
HeadsVerdict heads_verdict(const std::vector<HeadTrial>& trials, const std::string& loss, const std::string& metric);

}  // namespace attune::selection
