#include "cli/vectors.h"

#include "attune/data/open_records.h"

#include "cli/output.h"
#include "cli/row_chunks.h"

namespace attune::cli {

void each_vector(train::Predictor& predictor, const std::string& path, const data::ReadOptions& read,
                 const TakeVectors& take) {
  constexpr auto kTexts = data::TargetKind::texts;
  constexpr auto kIgnored = data::TargetNeed::ignored;
  data::ExampleReader reader(data::open_records(path, read, kTexts, kIgnored), kTexts, kIgnored, read);
  RowChunks chunks(reader);
  std::vector<data::Example> rows;
  for (bool first = true; chunks.next(rows); first = false) {
    if (first)
      for (const auto& note : reader.notes()) tell(note + "\n");
    for (data::Example& row : rows) row.has_pair = false, row.negatives.clear();  // the first text alone
    take(rows, vectors_of(predictor, rows));
  }
  chunks.rethrow();
}

}  // namespace attune::cli
