#include "attune/train/strategies/r_drop.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/host_items.h"
#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

namespace attune::train {
namespace {

// D of two rows of logits, and its gradient by the first.
using Divergence = double (*)(std::span<const double> a, std::span<const double> b, std::span<double> d_a);

// 1/2 sum_k (p - q)(log p - log q); by a_k: 1/2 [ p_k (log p_k - log q_k - KL(p || q)) + p_k - q_k ].
double of_classes(std::span<const double> a, std::span<const double> b, std::span<double> d_a) {
  const double all_a = losses::log_sum_exp(a), all_b = losses::log_sum_exp(b);
  double kl = 0, sum = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    const double log_p = a[k] - all_a, log_q = b[k] - all_b, p = std::exp(log_p), q = std::exp(log_q);
    kl += p * (log_p - log_q), sum += 0.5 * (p - q) * (log_p - log_q);
  }
  for (size_t k = 0; k < a.size(); ++k) {
    const double log_p = a[k] - all_a, log_q = b[k] - all_b, p = std::exp(log_p);
    d_a[k] = 0.5 * (p * (log_p - log_q - kl) + p - std::exp(log_q));
  }
  return sum;
}

// Label by label: (p - q)(logit p - logit q) / 2.
double of_labels(std::span<const double> a, std::span<const double> b, std::span<double> d_a) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    const double p = losses::sigmoid(a[k]), q = losses::sigmoid(b[k]);
    sum += 0.5 * (p - q) * (a[k] - b[k]);
    d_a[k] = 0.5 * (p * losses::sigmoid(-a[k]) * (a[k] - b[k]) + p - q);
  }
  return sum;
}

double of_scores(std::span<const double> a, std::span<const double> b, std::span<double> d_a) {
  d_a[0] = 2 * (a[0] - b[0]);
  return (a[0] - b[0]) * (a[0] - b[0]);
}

// One logit a class is a soft-max; labels, and questions about ordered classes, are sigmoids.
Divergence divergence_for(const MicroBatch& micro) {
  const losses::Targets& targets = micro.batch.targets;
  if (targets.classes.empty()) return targets.width > 1 ? of_labels : of_scores;
  const losses::Link* link = micro.loss.link();
  return link && !link->is_softmax() ? of_labels : of_classes;
}

// The first that is not 0: a term may not hold yet.
double denominator_of(const MicroBatch& micro) {
  return *std::find_if(micro.denominators.begin(), micro.denominators.end(), [](double d) { return d != 0; });
}

// Items D_i of the rows, whose gradients go to `here` alone.
losses::LossTerm one_side(const MicroBatch& micro, const tensor::Tensor& here, const tensor::Tensor& there) {
  const losses::Targets& targets = micro.batch.targets;
  const int64_t n = targets.items();
  const auto columns = static_cast<size_t>(here.cols());
  const std::vector<double> a = losses::rows_on_host(micro.context, here, n),
                            b = losses::rows_on_host(micro.context, there, n);
  const Divergence divergence = divergence_for(micro);
  std::vector<double> items(static_cast<size_t>(n)), d(a.size());
  for (size_t i = 0; i < items.size(); ++i) {
    if (!targets.classes.empty() && targets.classes[i] == losses::kIgnored) continue;
    items[i] = divergence(std::span(a).subspan(i * columns, columns), std::span(b).subspan(i * columns, columns),
                          std::span(d).subspan(i * columns, columns));
  }
  return losses::row_term(micro.context, targets, losses::put_items(micro.context, "divergence", here, items, d),
                          denominator_of(micro));
}

}  // namespace

double RDrop::run(const MicroBatch& micro) const {
  double objective = 0;
  const losses::PerTerm<double> halved = micro.denominators.times(2);
  PassResult passes[2];
  for (uint64_t pass = 0; pass < 2; ++pass) {
    micro.context.random.pass = pass;
    passes[pass] = forward(micro);
    micro.loss.seed_backward(micro.context, passes[pass].value, halved);
    objective += micro.loss.total(passes[pass].value, halved);
  }
  const tensor::Tensor &first = passes[0].output.logits, &second = passes[1].output.logits;
  const losses::LossTerm by_first = one_side(micro, first, second), by_second = one_side(micro, second, first);
  const double weight = alpha_ / 2 / by_first.denominator;
  losses::seed_backward(micro.context, by_first, weight);
  losses::seed_backward(micro.context, by_second, weight);
  micro.context.tape->backward();
  return objective + weight * by_first.sum;
}

}  // namespace attune::train
