// Ways to train that wrap a whole loss, as the loss language names them: r_drop(cross_entropy, alpha=1). What they are
// told stands here, for the language; what they do needs the model (train/strategies/). kWholeBatch: a step is never
// split; kComparesAnswers: it compares probabilities or scores, which embeddings are not.
#pragma once
#include <variant>

#include "attune/base/options.h"

namespace attune::losses {

// Two passes under different dropout that are to agree.
struct RDropOptions {
  static constexpr const char* kName = "r_drop";
  static constexpr bool kComparesAnswers = true;
  static constexpr bool kWholeBatch = false;
  double alpha = 1;
  void visit(OptionList& list) {
    list.add("alpha", alpha, {.help = "weight of the two answers' divergence", .min = 0, .max = 100});
  }
};

// A second pass with word embeddings moved where it costs most.
struct FgmOptions {
  static constexpr const char* kName = "fgm";
  static constexpr bool kComparesAnswers = false;
  static constexpr bool kWholeBatch = false;
  double epsilon = 1;
  void visit(OptionList& list) {
    list.add("epsilon", epsilon, {.help = "how far a text's embeddings are moved", .min = 0, .max = 1e3});
  }
};

// The objective does not fall below a level.
struct FloodingOptions {
  static constexpr const char* kName = "flooding";
  static constexpr bool kComparesAnswers = false;
  static constexpr bool kWholeBatch = true;
  double level = 0.1;
  void visit(OptionList& list) {
    list.add("level", level, {.help = "b: below it the gradient turns round", .min = 0, .max = 1e3});
  }
};

// The pre-trained weights draw the others back.
struct L2SpOptions {
  static constexpr const char* kName = "l2_sp";
  static constexpr bool kComparesAnswers = false;
  static constexpr bool kWholeBatch = false;
  double alpha = 0.01, beta = 0.01;
  void visit(OptionList& list) {
    list.add("alpha", alpha, {.help = "pull of the encoder's weights to where they began", .min = 0, .max = 1e3});
    list.add("beta", beta, {.help = "pull of the other weights to zero", .min = 0, .max = 1e3});
  }
};

// One line a strategy; monostate: one pass.
using StrategyOptions = std::variant<std::monostate, FgmOptions, FloodingOptions, L2SpOptions, RDropOptions>;

}  // namespace attune::losses
