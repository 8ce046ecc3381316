#include "attune/train/mean_states.h"

#include <algorithm>

#include "attune/tensor/transfer.h"

namespace attune::train {

std::optional<std::vector<float>> mean_states(const models::Model& model, kernels::Kernels& kernels, const Split& split,
                                              std::span<const int32_t> rows, const MeanStatesOptions& options) {
  const auto width = static_cast<size_t>(model.config().hidden);
  std::vector<float> means;
  means.reserve(rows.size() * width);
  tensor::Arena arena(kernels.memory());
  tasks::Batch batch;
  for (size_t first = 0; first < rows.size(); first += static_cast<size_t>(options.batch_size)) {
    if (options.stop && options.stop()) return std::nullopt;
    const size_t end = std::min(rows.size(), first + static_cast<size_t>(options.batch_size));
    fill_batch(batch, split, rows.subspan(first, end - first), /*tagging=*/false);
    arena.reset();
    autograd::Context context{.kernels = kernels, .arena = arena, .compute = model.compute()};
    const tensor::Tensor states =
        model.forward(context, batch.rows, batch.head(), models::Model::Hidden::all_rows).hidden;
    const tensor::OnHost<float> on_host(arena.memory(), states);
    const std::span<const float> hidden = on_host.values();
    for (size_t s = 0; s < static_cast<size_t>(batch.rows.sequences()); ++s) {
      const auto begin = static_cast<size_t>(batch.rows.offsets[s]),
                 stop = static_cast<size_t>(batch.rows.offsets[s + 1]);
      const size_t at = means.size();
      means.resize(at + width, 0.0f);
      for (size_t r = begin; r < stop; ++r)
        for (size_t c = 0; c < width; ++c) means[at + c] += hidden[r * width + c];
      for (size_t c = 0; c < width; ++c) means[at + c] /= static_cast<float>(stop - begin);
    }
  }
  return means;
}

}  // namespace attune::train
