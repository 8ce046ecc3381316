#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "attune/base/utf8.h"
#include "attune/data/quantiles.h"
#include "attune/data/words.h"
#include "attune/selection/measure/rows_parts.h"
#include "attune/selection/measure/statistics.h"
#include "attune/text/unicode.h"

namespace attune::selection {
namespace {

constexpr double kManyCut = 0.05, kManyUnknownTokens = 0.02, kManyTokensAWord = 2.5;

// Runs between white space; of scripts that are written without it each character is one.
int64_t count_words(std::string_view text) {
  int64_t words = 0;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const utf8::Decoded one = utf8::decode_inline(text, at);
    at += static_cast<size_t>(one.bytes);
    const bool blank = (text::unicode::record(one.code_point).flags & text::unicode::kWhitespace) != 0;
    const bool alone = data::is_cjk(one.code_point);
    words += alone || (!blank && !inside);
    inside = !blank && !alone;
  }
  return words;
}

int64_t words_of(const data::Examples& examples, int64_t row, bool negatives) {
  const data::ExampleView view = examples.view(static_cast<size_t>(row));
  int64_t words = count_words(view.text) + count_words(view.text_pair);
  if (!negatives || view.negative_count == 0) return words;
  for (const std::string& text : examples[static_cast<size_t>(row)].negatives) words += count_words(text);
  return words;
}

std::string percents(double share) {
  return fmt::format("{:.1f}%", 100 * share);
}

}  // namespace

void measure_tokens(const RowsToMeasure& what, int64_t train, Profile& profile) {
  std::vector<int32_t> rows(static_cast<size_t>(train));
  std::iota(rows.begin(), rows.end(), 0);
  const data::Examples examples = what.rows.examples.part(std::move(rows));
  const data::EncodedSet encoded = data::encode_all(examples, what.tokenizer, what.task.data, what.encode);
  const data::EncodeCounts& counts = encoded.counts();
  int64_t truncated = 0, words = 0;
  for (int64_t row = 0; row < train; ++row) {
    truncated += encoded.truncated(row);
    words += words_of(examples, row, what.task.kind == tasks::TaskKind::embed);
  }

  const auto lengths = encoded.full_lengths();
  const data::Quantiles quantiles = data::quantiles_of({lengths.begin(), lengths.end()});
  const auto length = [&](const char* name, const char* title, int32_t value) {
    profile.set({.name = name,
                 .title = title,
                 .value = train > 0 ? static_cast<double>(value) : metrics::kUndefined,
                 .unit = FigureUnit::count,
                 .n = train,
                 .note = train > 0 ? "" : "no rows"});
  };
  length("tokens_median", "tokens of a row, median", quantiles.p50);
  length("tokens_p95", "tokens of a row, 95 of 100 rows have no more", quantiles.p95);
  const Figure cut = share_figure(
      "truncated", fmt::format("rows longer than {} tokens: they lose some", what.encode.max_length), truncated, train);
  profile.set(cut);
  Figure unknown =
      share_figure("unknown_tokens", "tokens that the vocabulary does not know", counts.unknown, counts.pieces);
  if (counts.pieces == 0) unknown.note = "the rows have no tokens";
  profile.set(unknown);
  Figure fertility{.name = "tokens_a_word", .title = "tokens a word", .unit = FigureUnit::ratio, .n = words};
  if (words > 0)
    fertility.value = static_cast<double>(counts.pieces) / static_cast<double>(words);
  else
    fertility.note = "the rows have no words";
  profile.set(fertility);

  if (cut.value > kManyCut)
    profile.warnings.push_back(
        fmt::format("{} of the rows are longer than {} tokens and lose some: a larger "
                    "--max-length would read them whole",
                    percents(cut.value), what.encode.max_length));
  if (unknown.value > kManyUnknownTokens)
    profile.warnings.push_back(
        fmt::format("the vocabulary does not know {} of the tokens: the model may not fit the "
                    "texts' language",
                    percents(unknown.value)));
  if (fertility.value > kManyTokensAWord)
    profile.warnings.push_back(
        fmt::format("a word takes {:.1f} tokens: the model may not fit the texts' language", fertility.value));
}

}  // namespace attune::selection
