#include "attune/compare/prediction_file.h"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "attune/base/json.h"
#include "attune/data/line_reader.h"

namespace attune::compare {
namespace {

void check_ids(PredictionFile& file) {
  file.has_ids = !file.rows[0].id.empty();
  std::unordered_map<std::string, int64_t> lines;
  for (PredictionRow& row : file.rows) {
    if (row.id.empty() == file.has_ids)
      fail(ErrorKind::input, "{}: {} \"id\"; either all rows of a file have one or none has", file.where(row),
           file.has_ids ? "no" : "the first row with an");
    if (!file.has_ids) row.id = fmt::format("row {}", &row - file.rows.data() + 1);
    const auto [at, fresh] = lines.emplace(row.id, row.line);
    if (!fresh) fail(ErrorKind::input, "{}: the id '{}' stands on line {} too", file.where(row), row.id, at->second);
  }
}

}  // namespace

std::string PredictionFile::where(const PredictionRow& row) const {
  return fmt::format("{} line {}", path, row.line);
}

PredictionFile read_predictions(const std::string& path, std::optional<data::TargetKind> kind) {
  PredictionFile file{.path = path, .rows = {}};
  data::LineReader lines = data::LineReader::open(path);
  for (std::string_view text; lines.next(text);) {
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = fmt::format("{} line {}", path, lines.number());
    const nlohmann::json line = parse_json(text, where);
    if (!line.is_object()) fail(ErrorKind::input, "{}: expected a JSON object a line", where);
    if (file.rows.empty()) file.kind = kind.value_or(kind_of(line));
    file.rows.push_back(prediction_row(line, file.kind, where));
    file.rows.back().line = lines.number();
  }
  if (file.rows.empty()) fail(ErrorKind::input, "{}: no predictions in it", path);
  check_ids(file);
  return file;
}

bool is_constant(const PredictionFile& file) {
  if (file.rows.size() < 20 || file.kind == data::TargetKind::labels || file.kind == data::TargetKind::texts)
    return false;
  if (file.kind == data::TargetKind::score)
    return std::all_of(file.rows.begin(), file.rows.end(),
                       [&](const PredictionRow& row) { return row.score == file.rows[0].score; });
  if (file.kind == data::TargetKind::tags)
    return std::all_of(file.rows.begin(), file.rows.end(), [&](const PredictionRow& row) {
      return std::all_of(row.predicted.begin(), row.predicted.end(),
                         [&](const std::string& tag) { return tag == file.rows[0].predicted[0]; });
    });
  return std::all_of(file.rows.begin(), file.rows.end(),
                     [&](const PredictionRow& row) { return answer_of(row) == answer_of(file.rows[0]); });
}

}  // namespace attune::compare
