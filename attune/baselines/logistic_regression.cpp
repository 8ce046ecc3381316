#include "attune/baselines/logistic_regression.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "attune/base/error.h"
#include "attune/base/rng.h"
#include "attune/baselines/lbfgs.h"

namespace attune::baselines {
namespace {

constexpr uint64_t kHoldOutStream = 0x6c616464;  // "ladd"

// Loss of one row; turns its logits into the loss's gradient.
double softmax_loss(std::span<float> z, int32_t label) {
  const float top = *std::max_element(z.begin(), z.end());
  const auto at_label = static_cast<double>(z[static_cast<size_t>(label)] - top);
  double sum = 0;
  for (float& v : z) v = std::exp(v - top), sum += static_cast<double>(v);
  for (float& v : z) v /= static_cast<float>(sum);
  z[static_cast<size_t>(label)] -= 1;
  return std::log(sum) - at_label;
}

double sigmoid_loss(std::span<float> z, std::span<const int32_t> labels) {
  double loss = 0;
  for (const int32_t label : labels) loss -= static_cast<double>(z[static_cast<size_t>(label)]);
  for (float& v : z) {
    const double magnitude = std::abs(static_cast<double>(v));
    loss += std::max(static_cast<double>(v), 0.0) + std::log1p(std::exp(-magnitude));
    v = 1 / (1 + std::exp(-v));
  }
  for (const int32_t label : labels) z[static_cast<size_t>(label)] -= 1;
  return loss;
}

void add_bias(std::span<float> logits, std::span<const float> bias) {
  for (size_t first = 0; first < logits.size(); first += bias.size())
    for (size_t k = 0; k < bias.size(); ++k) logits[first + k] += bias[k];
}

// out[k] = sum over rows of g[row, k], in order.
void sum_rows(std::span<const float> g, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0f);
  for (size_t first = 0; first < g.size(); first += out.size())
    for (size_t k = 0; k < out.size(); ++k) out[k] += g[first + k];
}

// Mean loss over the rows with use[i] == wanted (all rows where `use` is empty). `logits` become its gradient.
double mean_loss(std::span<float> logits, const ClassTargets& targets, std::span<const uint8_t> use, uint8_t wanted,
                 int threads) {
  const auto k = static_cast<size_t>(targets.classes);
  const auto used = [&](int64_t i) { return use.empty() || use[static_cast<size_t>(i)] == wanted; };
  int64_t count = 0;
  for (int64_t i = 0; i < targets.rows(); ++i) count += used(i);
  const double n = count > 0 ? static_cast<double>(count) : 1;
  std::vector<double> losses(static_cast<size_t>(targets.rows()), 0.0);
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int64_t i = 0; i < targets.rows(); ++i) {
    const auto z = logits.subspan(static_cast<size_t>(i) * k, k);
    if (!used(i)) {
      std::fill(z.begin(), z.end(), 0.0f);
      continue;
    }
    losses[static_cast<size_t>(i)] =
        targets.exclusive ? softmax_loss(z, targets.row(i)[0]) : sigmoid_loss(z, targets.row(i));
    for (float& v : z) v /= static_cast<float>(n);
  }
  return std::accumulate(losses.begin(), losses.end(), 0.0) / n;
}

int64_t count_used(std::span<const uint8_t> use, int64_t rows) {
  return use.empty() ? rows : std::count(use.begin(), use.end(), uint8_t{1});
}

}  // namespace

void ClassTargets::add(std::span<const int32_t> row) {
  labels.insert(labels.end(), row.begin(), row.end());
  offsets.push_back(static_cast<int64_t>(labels.size()));
}

std::span<const int32_t> ClassTargets::row(int64_t i) const {
  const auto at = static_cast<size_t>(i);
  return std::span(labels).subspan(static_cast<size_t>(offsets[at]),
                                   static_cast<size_t>(offsets[at + 1] - offsets[at]));
}

std::vector<float> LogisticModel::logits(const Features& features) const {
  const auto matrix = static_cast<size_t>(features.columns() * classes);
  ATTUNE_CHECK(weights.size() == matrix + static_cast<size_t>(classes), "a model of other features");
  std::vector<float> logits(static_cast<size_t>(features.rows() * classes));
  features.multiply(std::span(weights).first(matrix), classes, logits);
  add_bias(logits, std::span(weights).subspan(matrix));
  return logits;
}

LogisticModel fit(const Features& features, const ClassTargets& targets, std::span<const uint8_t> use,
                  const FitOptions& options, LogisticModel start) {
  ATTUNE_CHECK(features.rows() == targets.rows() && (use.empty() || std::ssize(use) == targets.rows()),
               "{} rows of features, {} of targets", features.rows(), targets.rows());
  const auto k = static_cast<size_t>(targets.classes);
  const size_t matrix = static_cast<size_t>(features.columns()) * k;
  LogisticModel model = std::move(start);
  model.classes = targets.classes;
  model.weights.resize(matrix + k, 0.0f);
  const double penalty = 1 / (options.c * static_cast<double>(std::max<int64_t>(1, count_used(use, targets.rows()))));
  std::vector<float> logits(static_cast<size_t>(features.rows()) * k);
  const Objective objective = [&](std::span<const float> w, std::span<float> gradient) {
    features.multiply(w.first(matrix), targets.classes, logits);
    add_bias(logits, w.subspan(matrix));
    double value = mean_loss(logits, targets, use, 1, features.threads());
    features.multiply_transposed(logits, targets.classes, gradient.first(matrix));
    sum_rows(logits, gradient.subspan(matrix));
    double squares = 0;
    for (size_t i = 0; i < matrix; ++i) {
      squares += static_cast<double>(w[i]) * static_cast<double>(w[i]);
      gradient[i] += static_cast<float>(penalty) * w[i];
    }
    return value + 0.5 * penalty * squares;
  };
  minimise(objective, model.weights, {.max_iterations = options.max_iterations});
  return model;
}

ChosenFit fit_with_chosen_penalty(const Features& features, const ClassTargets& targets, uint64_t seed) {
  constexpr int64_t kFewRows = 50;
  constexpr double kGrid[] = {1, 10, 100};
  ChosenFit chosen;
  if (targets.rows() >= kFewRows) {
    const uint64_t key = mix_key(seed, kHoldOutStream);
    std::vector<uint8_t> use;
    for (int64_t i = 0; i < targets.rows(); ++i) use.push_back(random_below(key, static_cast<uint32_t>(i), 10) != 0);
    double best = std::numeric_limits<double>::infinity();
    LogisticModel model;
    for (const double c : kGrid) {
      model = fit(features, targets, use, {.c = c}, std::move(model));
      std::vector<float> logits = model.logits(features);
      const double held_out = mean_loss(logits, targets, use, 0, features.threads());
      if (held_out < best) best = held_out, chosen = {.model = model, .c = c};
    }
  }
  chosen.model = fit(features, targets, {}, {.c = chosen.c}, std::move(chosen.model));
  return chosen;
}

}  // namespace attune::baselines
