#include "attune/train/strategies/fgm.h"

#include <cmath>

#include "attune/base/error.h"

namespace attune::train {
namespace {

// Scales each sequence's part of g [N, C] to length epsilon; a part that is 0 stays.
void scale_by_sequence(std::vector<double>& g, const tensor::PackedRows& rows, double epsilon) {
  const size_t width = g.size() / static_cast<size_t>(rows.rows());
  for (size_t b = 0; b + 1 < rows.offsets.size(); ++b) {
    const auto part = std::span(g).subspan(static_cast<size_t>(rows.offsets[b]) * width,
                                           static_cast<size_t>(rows.offsets[b + 1] - rows.offsets[b]) * width);
    double squares = 0;
    for (const double x : part) squares += x * x;
    const double scale = squares > 0 ? epsilon / std::sqrt(squares) : 0;
    for (double& x : part) x *= scale;
  }
}

}  // namespace

double Fgm::run(const MicroBatch& micro) const {
  const losses::PerTerm<double> halved = micro.denominators.times(2);
  autograd::EmbeddingNudge nudge;
  nudge.wants_gradient = true;
  micro.context.nudge = &nudge;
  double objective = 0;
  for (const bool moved : {false, true}) {
    if (moved) {
      ATTUNE_CHECK(!nudge.gradient.empty(), "no gradient reached the embeddings");
      scale_by_sequence(nudge.gradient, micro.batch.rows, epsilon_);
      nudge.added = std::move(nudge.gradient), nudge.gradient.clear(), nudge.wants_gradient = false;
      micro.context.tape->clear();  // gradients of parameters stay and are added to
      micro.model.parameters().attach(*micro.context.tape);
    }
    const losses::ObjectiveValue value = forward(micro).value;
    micro.loss.seed_backward(micro.context, value, halved);
    micro.context.tape->backward();
    objective += micro.loss.total(value, halved);
  }
  micro.context.nudge = nullptr;
  return objective;
}

}  // namespace attune::train
