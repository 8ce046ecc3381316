// How a last layer's outputs answer a task, for losses that do not read them as one logit a label.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace attune::losses {

// A link is a pure function of one row. `labels` (K): those of the task, or 1 for a score.
class Link {
 public:
  virtual ~Link() = default;
  // Outputs of the last layer, P. CORN: K - 1 questions "is it above label k?"; a Gaussian likelihood: a mean and a
  // variance.
  virtual int64_t outputs(int64_t labels) const = 0;
  // One row's outputs [P] as the logits [K] that metrics and predictions read: their soft-max (classes, tags) or
  // sigmoid (labels) is the probability; or the score. Finite where the outputs are.
  virtual void to_logits(std::span<const float> outputs, std::span<float> logits) const = 0;
  // Whether the outputs of a row are those of one soft-max; else each is a question of its own.
  virtual bool is_softmax() const { return false; }
  // What beside the loss's name decides how outputs are read: "unknown=oos"; "": nothing.
  virtual std::string told() const { return ""; }
};

// What a loss has learned of labels that follow each other (a CRF): scores that are added to the logits when the tags
// of a sentence are chosen together. A sentence is what Targets::sequences holds: its words that have a piece, in
// order, whatever windows they were read in; a word without one is passed over.
struct LabelChain {
  std::vector<float> begin, end;   // [K]
  std::vector<float> transitions;  // [K, K] from, to

  bool empty() const { return transitions.empty(); }
};

}  // namespace attune::losses
