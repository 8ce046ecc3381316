// A loss takes logits (or hidden states) and says what each item costs; it never takes a mean: what its sum is divided
// by, and how several make one objective, stands in objective.h.
//
// A new loss: one header with its contract, one source file with its entry (entry.h), one line in loss_list.cpp.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attune/losses/example_state.h"
#include "attune/losses/link.h"
#include "attune/nn/parameter.h"

namespace attune::losses {

using autograd::Context;
using tensor::Tensor;

// The targets of a batch's items, in the order of the logits' rows. Which fields are filled depends on the task.
//
// Embedding tasks: an item is a row of the data set and has one text or more, each a row [C] of LossInput::features:
// item i has the texts [sequences[i], sequences[i+1]): anchor, positive, negatives; two texts; or one. classes [items]
// where labelled, values [items] where scored (NaN: no score), else neither. weights, examples [items].
struct Targets {
  std::vector<int32_t> classes;  // [n] single label and tagging: class index, or kIgnored
  // [n, width] multi-label (0/1, negative: unknown), regression (NaN: unknown), and soft targets of classes
  std::vector<float> values;
  int64_t width = 1;
  std::vector<float> weights;  // [n] item weights, or empty: all 1
  std::vector<int32_t>
      sequences;                  // [S+1] tagging: items [sequences[s], sequences[s+1]) are a sentence, all its windows
  std::vector<int32_t> examples;  // [n] row of the data set each item came from: for losses with state by example
  std::vector<float> teacher;     // [n, K] a teacher's logits; NaN: it has none; empty: there is no teacher
  std::vector<float> teacher_hidden;  // [texts or n, C_t] what a teacher's last layer reads; NaN: nothing
  std::vector<uint64_t> texts;        // [texts] embedding tasks: equal texts have equal numbers

  int64_t items() const {
    if (!classes.empty()) return static_cast<int64_t>(classes.size());
    // Rows of texts; sentences without a word (tagging) have sequences too, all empty.
    if (values.empty() && !sequences.empty() && sequences.back() > 0) return static_cast<int64_t>(sequences.size()) - 1;
    return static_cast<int64_t>(values.size()) / (width > 0 ? width : 1);
  }
  double weight(int64_t item) const { return weights.empty() ? 1.0 : weights[item]; }
};
inline constexpr int32_t kIgnored = -100;

// What a loss may read of the model. Rows beyond n belong to nothing.
struct LossInput {
  Tensor logits;       // [>= n, P] the last layer's outputs: P = K, unless the loss has a link of its own
  Tensor hidden = {};  // [N, C] of all tokens, for a loss that reads_hidden()
  // [>= n, C] what the last layer reads, before dropout; embedding tasks: the texts' vectors, as they are pooled
  Tensor features = {};
  const Targets& targets;
  double progress = 0;  // share of the training done, in [0, 1]
};

// One evaluated term. `items` [>= n] lies on the tape; `weights` [>= n] is u_i, 0 beyond n (an ignored item's value is
// 0 whatever its weight).
struct LossTerm {
  Tensor items;
  Tensor weights;
  double sum = 0;          // sum_i u_i item_i
  double denominator = 0;  // of this batch alone (a step adds those of its micro-batches)
};

class Loss {
 public:
  virtual ~Loss() = default;
  virtual std::string name() const = 0;

  // What the sum is divided by, for a batch of these targets: items, valid tokens, sum of class weights, values ...
  // Additive over disjoint sets of items, unless the loss depends_on_batch().
  virtual double denominator(const Targets& targets) const = 0;

  // True where an item's cost depends on its company (in-batch contrastive, dice, kappa): then
  // a step's items are evaluated together, however its rows are run.
  virtual bool depends_on_batch() const { return false; }

  // Where its items are groups of the targets' items (sentences): the first of each group. Empty: they are the
  // targets'.
  virtual std::vector<int32_t> first_items(const Targets&) const { return {}; }

  // Whether it reads the hidden states of all tokens; else the last layer makes only those that the head reads.
  virtual bool reads_hidden() const { return false; }

  // How the last layer answers the task; nullptr: one output a label, and it is the logit. A model with a link of its
  // own is saved with a head that transformers does not know.
  virtual const Link* link() const { return nullptr; }

  // S > 0: its logits are to be S times cosines of features and weights, without a bias (models/head.h); 0: a plain
  // last layer. Metrics read the soft-max of the logits either way.
  virtual double cosine_head() const { return 0; }

  // What is added when tags are chosen; empty: nothing.
  virtual LabelChain chain() const { return {}; }

  // Parameters of the loss's own (CRF transitions): added to the model's before memory is given out, so that they
  // train, save, resume and are there to predict with like any other.
  virtual void add_parameters(nn::Parameters&) {}

  // What it remembers of training rows, and may share with the same loss of other options; nullptr: nothing.
  virtual std::shared_ptr<ExampleState>* state() { return nullptr; }

  // Changes nothing but notes in its state, and those in training alone (context.training).
  virtual LossTerm evaluate(Context& context, const LossInput& input) const = 0;
};

// d(objective)/d(items) = weight / step_denominator * u_i: seeds the tape with it.
void seed_backward(Context& context, const LossTerm& term, double weight_over_denominator);

}  // namespace attune::losses
