#include "attune/train/term_gradients.h"

#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include "attune/losses/shared/host_items.h"

namespace attune::train {

TermGradients::TermGradients(kernels::Kernels& kernels) : arena_(kernels.memory()), tape_(arena_, kernels) {}

void TermGradients::begin(size_t terms) {
  terms_ = terms;
  products_.assign(terms * terms, 0);
}

void TermGradients::add(const MicroBatch& micro, const models::ModelOutput& output) {
  micro.model.parameters().detach();
  std::vector<std::vector<double>> gradients(terms_);
  for (size_t t = 0; t < terms_; ++t) {
    const losses::ObjectiveTerm& term = micro.loss.terms()[t];
    const losses::Loss* held = term.at(micro.progress);
    if (!held || micro.denominators[t] == 0) continue;
    arena_.reset();
    tape_.clear();
    autograd::Context context{.kernels = micro.context.kernels,
                              .arena = arena_,
                              .tape = &tape_,
                              .compute = micro.context.compute,
                              .training = true,
                              .random = micro.context.random};
    context.random.pass = 0;
    tensor::Tensor values = output.features;
    values.var = -1;
    const tensor::Tensor features = tape_.variable(values);
    const tensor::Tensor logits = micro.model.answer(context, features, micro.batch.head());
    const losses::LossTerm value = held->evaluate(context, {.logits = logits,
                                                            .hidden = {},
                                                            .features = features,
                                                            .targets = micro.batch.targets,
                                                            .progress = micro.progress});
    losses::seed_backward(context, value, term.weight_at(micro.progress) / micro.denominators[t]);
    tape_.backward();
    const tensor::Tensor gradient = tape_.gradient(features);
    if (gradient.defined()) gradients[t] = losses::rows_on_host(context, gradient, micro.batch.read_count);
  }
  for (size_t a = 0; a < terms_; ++a)
    for (size_t b = 0; b < terms_; ++b)
      if (!gradients[a].empty() && !gradients[b].empty())
        products_[a * terms_ + b] +=
            std::inner_product(gradients[a].begin(), gradients[a].end(), gradients[b].begin(), 0.0);
}

std::optional<double> TermGradients::cosine(size_t a, size_t b) const {
  const double lengths = std::sqrt(products_[a * terms_ + a] * products_[b * terms_ + b]);
  return lengths > 0 ? std::optional(products_[a * terms_ + b] / lengths) : std::nullopt;
}

std::vector<std::string> Opposition::look(const TermGradients& gradients, const losses::Objective& loss, int64_t step) {
  std::vector<std::string> notes;
  const size_t terms = loss.terms().size();
  pairs_.resize(terms * terms);
  for (size_t a = 0; a < terms; ++a)
    for (size_t b = a + 1; b < terms; ++b) {
      const auto cosine = gradients.cosine(a, b);
      Pair& pair = pairs_[a * terms + b];
      if (!cosine || pair.told) continue;
      if (pair.looks == 0) pair.first = step;
      pair.sum += *cosine;
      if (++pair.looks < kLooksAWindow) continue;
      const double mean = pair.sum / pair.looks;
      if (mean < 0) {
        pair.told = true;
        notes.push_back(
            fmt::format("the terms '{}' and '{}' pull against each other: the cosine of their gradients was {:.2f} on "
                        "average from step {} to {}; a smaller weight for one of them, or a later start, may help",
                        loss.terms()[a].loss->name(), loss.terms()[b].loss->name(), mean, pair.first + 1, step + 1));
      }
      pair.sum = 0, pair.looks = 0;
    }
  return notes;
}

}  // namespace attune::train
