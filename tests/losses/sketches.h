// Losses of awkward shapes, compiled and exercised by tests, not shipped: they show what the interface of
// losses/loss.h carries. Plain loops; f32 or f64 as the run is.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "attune/losses/loss.h"
#include "attune/losses/targets.h"

namespace attune::test {

inline double log_sum_exp(const std::vector<double>& x) {
  const double most = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double each : x) sum += std::exp(each - most);
  return most + std::log(sum);
}

inline double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

// Elements [first, first + count) in double.
inline std::vector<double> doubles(const tensor::Tensor& t, int64_t first, int64_t count) {
  std::vector<double> values;
  for (int64_t i = first; i < first + count; ++i)
    values.push_back(t.dtype == tensor::DType::f64 ? t.as<double>()[i] : static_cast<double>(t.as<float>()[i]));
  return values;
}
inline std::vector<double> doubles(const tensor::Tensor& t) {
  return doubles(t, 0, t.count());
}
inline void set(const tensor::Tensor& t, int64_t i, double value) {
  t.dtype == tensor::DType::f64 ? void(t.as<double>()[i] = value) : void(t.as<float>()[i] = static_cast<float>(value));
}
// Adds to elements from `first` on; nothing where the tensor is undefined (its gradient is not wanted).
inline void add(const tensor::Tensor& t, int64_t first, const std::vector<double>& more) {
  for (size_t i = 0; t.defined() && i < more.size(); ++i) {
    const int64_t at = first + static_cast<int64_t>(i);
    set(t, at, doubles(t, at, 1)[0] + more[i]);
  }
}

// Ones as weights of items that are not the logits' rows, and the sums that follow.
inline losses::LossTerm term_of(autograd::Context& context, const tensor::Tensor& items, double denominator) {
  losses::LossTerm term{
      .items = items, .weights = context.make(items.shape, items.dtype), .denominator = denominator, .parts = {}};
  context.kernels.fill({.y = term.weights, .value = 1});
  term.sum = losses::weighted_sum(context, items, term.weights, items.count());
  return term;
}

// ---- Linear-chain CRF: Lafferty, McCallum, Pereira 2001. item_b = log Z(z_b) - score(z_b, y_b); denominator:
// sequences.

struct Chain {
  std::vector<double> z, transitions, ends;  // [T, K], [K, K] from-to, [2, K] of beginning and ending with a label
  std::vector<int32_t> gold;

  size_t length() const { return gold.size(); }
  size_t labels() const { return ends.size() / 2; }
  double emission(size_t t, size_t k) const { return z[t * labels() + k]; }
  double transition(size_t from, size_t to) const { return transitions[from * labels() + to]; }

  double score() const {
    double sum = ends[static_cast<size_t>(gold.front())] + ends[labels() + static_cast<size_t>(gold.back())];
    for (size_t t = 0; t < length(); ++t) {
      const auto y = static_cast<size_t>(gold[t]);
      sum += emission(t, y) + (t > 0 ? transition(static_cast<size_t>(gold[t - 1]), y) : 0);
    }
    return sum;
  }
  // before[t][k]: log of the summed scores of all ways to reach label k at t; after[t][k]: of all ways on from there.
  using Table = std::vector<std::vector<double>>;
  Table before() const {
    Table a(length(), std::vector<double>(labels()));
    for (size_t t = 0; t < length(); ++t)
      for (size_t k = 0; k < labels(); ++k) {
        std::vector<double> ways;
        for (size_t j = 0; t > 0 && j < labels(); ++j) ways.push_back(a[t - 1][j] + transition(j, k));
        a[t][k] = emission(t, k) + (t > 0 ? log_sum_exp(ways) : ends[k]);
      }
    return a;
  }
  Table after() const {
    Table b(length(), std::vector<double>(labels()));
    for (size_t t = length(); t-- > 0;)
      for (size_t k = 0; k < labels(); ++k) {
        std::vector<double> ways;
        for (size_t j = 0; t + 1 < length() && j < labels(); ++j)
          ways.push_back(transition(k, j) + emission(t + 1, j) + b[t + 1][j]);
        b[t][k] = t + 1 < length() ? log_sum_exp(ways) : ends[labels() + k];
      }
    return b;
  }
  double log_z() const {
    std::vector<double> last = before().back();
    for (size_t k = 0; k < labels(); ++k) last[k] += ends[labels() + k];
    return log_sum_exp(last);
  }
  // scale * d(item): expected counts less the gold ones.
  struct Gradients {
    std::vector<double> z, transitions, ends;
  };
  Gradients gradients(double scale) const {
    Gradients d{std::vector<double>(z.size()), std::vector<double>(transitions.size()),
                std::vector<double>(ends.size())};
    const Table a = before(), b = after();
    const double z_all = log_z();
    const auto is_gold = [&](size_t t, size_t k) { return gold[t] == static_cast<int32_t>(k); };
    for (size_t t = 0; t < length(); ++t)
      for (size_t k = 0; k < labels(); ++k) {
        const double count = scale * (std::exp(a[t][k] + b[t][k] - z_all) - is_gold(t, k));
        d.z[t * labels() + k] += count;
        if (t == 0) d.ends[k] += count;
        if (t + 1 == length()) d.ends[labels() + k] += count;
        for (size_t j = 0; t > 0 && j < labels(); ++j)
          d.transitions[j * labels() + k] +=
              scale * (std::exp(a[t - 1][j] + transition(j, k) + emission(t, k) + b[t][k] - z_all) -
                       (is_gold(t - 1, j) && is_gold(t, k)));
      }
    return d;
  }
};

class Crf final : public losses::Loss {
 public:
  explicit Crf(int64_t labels) : labels_(labels) {}
  std::string name() const override { return "crf"; }
  void add_parameters(nn::Parameters& parameters) override {
    transitions_ = parameters.add("crf.transitions", {labels_, labels_}, {.init = nn::Init::zeros, .decays = false});
    ends_ = parameters.add("crf.ends", {2, labels_}, {.init = nn::Init::zeros, .decays = false});
  }
  double denominator(const losses::Targets& targets) const override { return static_cast<double>(sequences(targets)); }

  losses::LabelChain chain() const override {
    const auto floats = [](const std::vector<double>& x) { return std::vector<float>(x.begin(), x.end()); };
    return {.begin = floats(doubles(ends_->value, 0, labels_)),
            .end = floats(doubles(ends_->value, labels_, labels_)),
            .transitions = floats(doubles(transitions_->value))};
  }

  losses::LossTerm evaluate(autograd::Context& context, const losses::LossInput& input) const override {
    const losses::Targets& y = input.targets;
    const Batch batch = view(context, input);
    tensor::Tensor items = context.make({batch.sequences}, context.sums());
    for (int64_t b = 0; b < batch.sequences; ++b) set(items, b, batch.chain(b).log_z() - batch.chain(b).score());
    if (context.records(batch.z, batch.transitions, batch.ends)) {
      items = context.tape->variable(items);
      context.tape->record("crf", items, [batch](autograd::Tape& tape, tensor::Tensor d_items) {
        const tensor::Tensor dz = tape.gradient_to_add_to(batch.z),
                             d_transitions = tape.gradient_to_add_to(batch.transitions),
                             d_ends = tape.gradient_to_add_to(batch.ends);
        for (int64_t b = 0; b < batch.sequences; ++b) {
          const auto d = batch.chain(b).gradients(doubles(d_items, b, 1)[0]);
          add(dz, batch.begins[b] * batch.z.cols(), d.z), add(d_transitions, 0, d.transitions), add(d_ends, 0, d.ends);
        }
      });
    }
    return term_of(context, items, denominator(y));
  }

  nn::Parameter* transitions() const { return transitions_; }
  nn::Parameter* ends() const { return ends_; }

 private:
  static int64_t sequences(const losses::Targets& y) {
    int64_t count = 0;
    for (size_t b = 0; b + 1 < y.sequences.size(); ++b) count += y.sequences[b] < y.sequences[b + 1];
    return count;
  }
  // Views alone: the arena keeps what the backward reads.
  struct Batch {
    tensor::Tensor z, transitions, ends;
    const int32_t* gold;
    const int32_t* begins;  // [sequences + 1]
    int64_t sequences;

    Chain chain(int64_t b) const {
      const int64_t first = begins[b], count = begins[b + 1] - first;
      return {doubles(z, first * z.cols(), count * z.cols()),
              doubles(transitions),
              doubles(ends),
              {gold + first, gold + first + count}};
    }
  };
  Batch view(autograd::Context& context, const losses::LossInput& input) const {
    const losses::Targets& y = input.targets;
    auto* begins = context.make({sequences(y) + 1}, tensor::DType::i32).as<int32_t>();
    begins[0] = 0;
    int64_t count = 0;
    for (size_t b = 1; b < y.sequences.size(); ++b)
      if (y.sequences[b] > begins[count]) begins[++count] = y.sequences[b];  // others have no word with a piece
    return {.z = input.logits,
            .transitions = transitions_->value,
            .ends = ends_->value,
            .gold = losses::class_targets(context, y, input.logits.rows()),
            .begins = begins,
            .sequences = count};
  }

  int64_t labels_;
  nn::Parameter *transitions_ = nullptr, *ends_ = nullptr;
};

}  // namespace attune::test
