// What one training step minimises: a sum of losses, each over its own denominator.
//
//   objective = sum over terms t of  weight_t * (sum over items of u_i * item_ti) / denominator_t
//
// A term may hold for a part of the training only, and may be another loss before (deferred re-weighting). Denominators
// are those of the WHOLE step, computed from targets before its first micro-batch runs: that makes accumulation, uneven
// batches and several devices exact.
#pragma once
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attune/losses/facts.h"
#include "attune/losses/loss.h"
#include "attune/losses/strategy.h"

namespace attune::losses {

struct ObjectiveTerm {
  // The loss and its weight at this share of the training; nullptr: none.
  Loss* at(double progress) const;
  double weight_at(double progress) const;

  double weight = 1;
  std::unique_ptr<Loss> loss;
  double begin = 0, end = 1;  // shares of the training between which it holds (the last step is at 1)
  bool ordered = false;       // it reads the order of the labels
  Teacher reads_teacher = Teacher::nothing;
  std::unique_ptr<Loss> before = {};  // what stands in its place until then; nullptr: nothing
  // Where options change while it holds: the losses of that many equal stages on the way from begin to end, where
  // `loss` itself stands. Empty: it stays as it is. Made beforehand, so that a step makes nothing.
  std::vector<std::unique_ptr<Loss>> stages = {};
  std::optional<double> first_weight = {};  // at begin, where the weight changes evenly to `weight`

 private:
  double share(double progress) const;  // of its own part
};

// One value a term, without a place on the heap: a step allocates nothing.
inline constexpr size_t kMostTerms = 8;
inline constexpr int kStages = 100;
template <class T>
class PerTerm {
 public:
  explicit PerTerm(size_t size = 0, const T& value = {}) : size_(size) { std::fill_n(values_.begin(), size, value); }
  size_t size() const { return size_; }
  PerTerm times(const T& factor) const {
    PerTerm product = *this;
    for (size_t t = 0; t < size_; ++t) product.values_[t] *= factor;
    return product;
  }
  T& operator[](size_t t) { return values_[t]; }
  const T& operator[](size_t t) const { return values_[t]; }
  const T* begin() const { return values_.data(); }
  const T* end() const { return values_.data() + size_; }

 private:
  std::array<T, kMostTerms> values_ = {};
  size_t size_;
};

// What a batch's terms come to; as many as the objective has, those that do not hold empty.
struct ObjectiveValue {
  PerTerm<LossTerm> terms;
  PerTerm<double> weights;
};

class Objective {
 public:
  Objective() = default;
  // A single loss, of a program's own or of the list. Text: its name.
  Objective(std::unique_ptr<Loss> loss);  // NOLINT(google-explicit-constructor): a loss is an objective
  Objective(std::string text, LossFacts facts, std::vector<ObjectiveTerm> terms, StrategyOptions strategy = {});

  explicit operator bool() const { return !terms_.empty(); }
  // As the loss language has it (make_objective makes it again), or the name of a program's own loss.
  const std::string& text() const { return text_; }
  const LossFacts& facts() const { return facts_; }
  // How it is trained; an evaluation has one pass and no strategy.
  const StrategyOptions& strategy() const { return strategy_; }

  // By term, of targets at `progress`; 0 where a term does not hold.
  PerTerm<double> denominators(const Targets& targets, double progress) const;
  ObjectiveValue evaluate(Context& context, const LossInput& input) const;
  // sum_t weight_t sum_t / denominator_t; a term with denominator 0 adds nothing. Of sums: weights as they are at
  // `progress`, the end.
  double total(const PerTerm<double>& sums, const PerTerm<double>& denominators, double progress = 1) const;
  double total(const ObjectiveValue& value, const PerTerm<double>& denominators) const;
  // Seeds the tape with d(objective)/d(items) of every term.
  void seed_backward(Context& context, const ObjectiveValue& value, const PerTerm<double>& denominators) const;

  // As Loss has them, of all terms together.
  bool depends_on_batch() const;
  // Whether a term reads this of a teacher.
  bool reads_teacher(Teacher what) const;
  bool reads_teacher() const { return reads_teacher(Teacher::answers) || reads_teacher(Teacher::hidden); }
  // Where its items depend on their company: whether all that it reads of a row are outputs and features, so that a
  // step's rows may still run in parts (train/gathered.h).
  bool can_be_gathered() const;
  bool reads_hidden() const;
  bool reads_order() const;
  const Link* link() const;
  // Of the loss whose link it is, with what decides how it reads: "open_set(unknown=oos)"; "": there is none.
  std::string link_name() const;
  double cosine_head() const;  // the same of all terms
  LabelChain chain() const;
  void add_parameters(nn::Parameters& parameters);

  // What its terms remember of training rows (example_state.h), by name; TrainStep alone begins and commits.
  std::vector<std::pair<std::string, ExampleState*>> states() const;
  void begin_step() const;
  void commit() const;

  const std::vector<ObjectiveTerm>& terms() const { return terms_; }

 private:
  std::string text_;
  LossFacts facts_;
  std::vector<ObjectiveTerm> terms_;
  StrategyOptions strategy_;
};

// Adds b's sums to a's, term by term.
void add_sums(PerTerm<double>& sums, const ObjectiveValue& value);

}  // namespace attune::losses
