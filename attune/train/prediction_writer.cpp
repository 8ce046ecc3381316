#include "attune/train/prediction_writer.h"

#include <fmt/core.h>

namespace attune::train {

std::string row_name(data::Origin origin, size_t files) {
  return files == 1 ? fmt::format("line {}", origin.line)
                    : fmt::format("file {} line {}", origin.file + 1, origin.line);
}

std::string place_of_name(const std::string& name, const std::vector<std::string>& files) {
  if (name.starts_with("line ") && files.size() == 1) return files[0] + " " + name;
  for (size_t f = 0; f < files.size(); ++f)
    if (const std::string prefix = fmt::format("file {} ", f + 1); name.starts_with(prefix))
      return files[f] + " " + name.substr(prefix.size());
  return name;
}

PredictionWriter::PredictionWriter(const std::filesystem::path& path, const tasks::ModelBundle& bundle,
                                   const Split& split, bool for_corrections)
    : file_(path), lines_(bundle, {.gold = true, .other_tags = for_corrections}), split_(split) {}

SeeRow PredictionWriter::see() {
  return [this](int32_t row, std::span<const data::LabelPlace> places, std::span<const float> logits) {
    data::Example example = split_.data.examples[static_cast<size_t>(row)];
    if (example.id.empty()) example.id = row_name(example.origin, split_.data.files.size());
    const RowLogits answer{
        .logits = {logits.begin(), logits.end()}, .features = {}, .places = {places.begin(), places.end()}};
    file_.write(std::string_view(lines_.line(example, answer)));
  };
}

}  // namespace attune::train
