// What the list knows of each loss: how it is told its options and made, and what a reader should know of it. The
// entry stands in the loss's source file; `attune loss list | show | check`, docs/losses.md and the loss language read
// it from the list.
#pragma once
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attune/base/options.h"
#include "attune/losses/facts.h"
#include "attune/losses/loss.h"

namespace attune::losses {

// What a head's outputs mean, which decides the losses that fit it.
enum class TargetKind { classes, labels, scores, embeddings };
const char* name(TargetKind kind);
const char* name(TextRows texts);  // "pairs of texts with a score"

// One item as a naive reference sees it: no shared parts, nothing clever, as wide numbers as there are.
struct NaiveItem {
  std::vector<long double> z;             // [P] one row of outputs
  std::vector<long double> held = {};     // z as it is at rest: what constants are made of (LossEntry::holds_constants)
  size_t y = 0;                           // its class
  std::vector<long double> targets = {};  // [K] labels, or [1] the score
  std::vector<long double> counts = {};   // [K] of the training data
  std::vector<std::string> names = {};    // [K] of the labels
  long double items = 0;                  // N of the training data
  std::vector<long double> own = {};      // the loss's own parameters
  std::vector<long double> weights = {};  // [K] class weights, 1 without
  std::vector<long double> teacher = {};  // [K] logits of a teacher; NaN: none
  // Of class c, the exponentials as they are.
  long double softmax(size_t c) const {
    long double sum = 0;
    for (const long double each : z) sum += std::exp(each);
    return std::exp(z[c]) / sum;
  }
  std::function<long double(const char*)> option = {};           // a number that the loss was told
  std::function<std::string(const char*)> text = {};             // a text that it was told
  std::function<std::vector<double>(const char*)> numbers = {};  // a list that it was told
};

struct NaiveBatch {
  std::vector<NaiveItem> items;
  std::vector<long double> u;      // weights of the items
  std::vector<bool> ignored;       // items of classes
  std::vector<size_t> sequences;   // as Targets has them
  std::vector<std::string> names;  // of the labels
  // Embeddings: items are rows of texts, whose vectors stand here, and what equal texts have in common.
  std::vector<std::vector<long double>> vectors = {};
  std::vector<uint64_t> texts = {};
  std::vector<std::vector<long double>> teacher_vectors = {};  // of each text; NaN: none
  long double score_low = 0, score_high = 0;                   // of the training data

  long double dot(size_t a, size_t b) const {
    long double sum = 0;
    for (size_t c = 0; c < vectors[a].size(); ++c) sum += vectors[a][c] * vectors[b][c];
    return sum;
  }
  // 0 where one of them has no length.
  long double cosine(size_t a, size_t b) const {
    const long double lengths = std::sqrt(dot(a, a)) * std::sqrt(dot(b, b));
    return lengths > 0 ? dot(a, b) / lengths : 0;
  }
};

// Takes a loss's options, then makes it.
class LossMaker {
 public:
  virtual ~LossMaker() = default;
  OptionList options{""};
  // Errors (usage): what the loss itself finds wrong.
  virtual std::unique_ptr<Loss> make(const LossFacts& facts) const = 0;
};

struct LossEntry {
  const char* name;
  TargetKind fits;
  const char* summary;      // one line
  const char* formula;      // of one item, plain text
  const char* denominator;  // what the sum is divided by
  const char* source;       // authors, year, arXiv number, equation; where defaults come from
  const char* notes;        // traps, edges, how others differ
  std::unique_ptr<LossMaker> (*maker)();
  long double (*reference)(const NaiveItem&) = nullptr;  // one item by the formula as it is written
  // What one item adds to the denominator before u_i, by definition; nullptr: the class weight of its target, the
  // weights of its known labels, or 1.
  long double (*reference_denominator)(const NaiveItem&) = nullptr;
  long double (*batch_reference)(const NaiveBatch&) = nullptr;  // the sum of a batch that is more than its items
  long double (*batch_denominator)(const NaiveBatch&) = nullptr;
  bool sequential = false;                   // items are sentences
  bool needs_counts = false;                 // training items by label
  bool ordered = false;                      // the labels' order means something
  bool shifts = true;                        // classes: adding a number to all logits changes nothing
  int64_t (*own)(int64_t labels) = nullptr;  // parameters of the loss's own
  TextRows needs = TextRows::none;           // embeddings: what rows it is for; none: any
  Teacher reads_teacher = Teacher::nothing;
  bool beside_any = false;  // embeddings: also a term beside the loss of any other task
  // Its gradient takes for constants what depends on the logits: differences are taken of the reference, whose
  // constants stay.
  bool holds_constants = false;
  int64_t least_labels = 2;  // it is made for
  int outputs = 0;           // outputs of the last layer: 0: one a label; -1: K - 1; else so many
};

// The maker of a loss whose constructor takes its own options, the shared ones of its family, and the facts.
template <class Made, class Own, class Shared>
std::unique_ptr<LossMaker> maker_of() {
  class Maker final : public LossMaker {
   public:
    Maker() { own_.visit(options), shared_.visit(options); }
    std::unique_ptr<Loss> make(const LossFacts& facts) const override {
      return std::make_unique<Made>(own_, shared_, facts);
    }

   private:
    Own own_;
    Shared shared_;
  };
  return std::make_unique<Maker>();
}

// For losses without options of their own.
struct NoOptions {
  void visit(OptionList&) {}
};

}  // namespace attune::losses
