#include "attune/train/prediction_writer.h"

#include <fmt/core.h>

namespace attune::train {

PredictionWriter::PredictionWriter(const std::filesystem::path& path, const tasks::ModelBundle& bundle,
                                   const Split& split)
    : file_(path), lines_(bundle, {.gold = true}), split_(split) {}

SeeRow PredictionWriter::see() {
  return [this](int32_t row, std::span<const data::LabelPlace> places, std::span<const float> logits) {
    data::Example example = split_.data.examples[static_cast<size_t>(row)];
    if (example.id.empty())
      example.id = split_.data.files.size() == 1
                       ? fmt::format("line {}", example.origin.line)
                       : fmt::format("file {} line {}", example.origin.file + 1, example.origin.line);
    const RowLogits answer{
        .logits = {logits.begin(), logits.end()}, .features = {}, .places = {places.begin(), places.end()}};
    file_.write(std::string_view(lines_.line(example, answer)));
  };
}

}  // namespace attune::train
