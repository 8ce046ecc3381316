#include "attune/train/run_report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/metrics/entities.h"
#include "attune/report/format.h"

namespace attune::train {
namespace {

// The row's texts in one line: a pair is separated by " | ".
std::string text_of(const data::ExampleView& example) {
  return std::string(example.text) + (example.has_pair ? " | " + std::string(example.text_pair) : "");
}

report::Mistake mistake_at(const Split& split, int64_t row, bool with_texts) {
  const data::ExampleView example = split.data.examples.view(static_cast<size_t>(row));
  const auto& files = split.data.files;
  const auto file = static_cast<size_t>(example.origin.file);
  return {.file = file < files.size() ? files[file] : split.files,
          .line = example.origin.line,
          .gold = {},
          .predicted = {},
          .text = with_texts ? text_of(example) : std::string()};
}

std::vector<report::Mistake> class_mistakes(const tasks::ModelBundle& bundle, const Split& split,
                                            std::span<const metrics::ClassRecord> records, bool with_texts) {
  std::vector<report::Mistake> mistakes;
  for (const int64_t row : metrics::confident_mistakes(records, kMostMistakes)) {
    const metrics::ClassRecord& record = records[static_cast<size_t>(row)];
    report::Mistake& mistake = mistakes.emplace_back(mistake_at(split, row, with_texts));
    mistake.gold = bundle.labels.name(record.gold);
    mistake.predicted = bundle.labels.name(record.predicted);
    mistake.probability = static_cast<double>(record.top_probability);
  }
  return mistakes;
}

std::vector<report::Mistake> score_mistakes(const Split& split, std::span<const metrics::ScoreRecord> records,
                                            bool with_texts) {
  std::vector<report::Mistake> mistakes;
  for (const int64_t row : metrics::largest_errors(records, kMostMistakes)) {
    const metrics::ScoreRecord& record = records[static_cast<size_t>(row)];
    report::Mistake& mistake = mistakes.emplace_back(mistake_at(split, row, with_texts));
    mistake.gold = fmt::format("{:g}", record.gold);
    mistake.predicted = fmt::format("{:.4g}", record.predicted);
  }
  return mistakes;
}

std::vector<report::Mistake> word_mistakes(const tasks::ModelBundle& bundle, const Split& split,
                                           std::span<const metrics::WordMistake> words, bool with_texts) {
  std::vector<report::Mistake> mistakes;
  for (const metrics::WordMistake& word : words.first(std::min(words.size(), kMostMistakes))) {
    report::Mistake& mistake = mistakes.emplace_back(mistake_at(split, word.row, with_texts));
    mistake.place = fmt::format("word {}", word.word + 1);
    mistake.gold = report::label_name(bundle.labels.names(), word.gold);
    mistake.predicted = report::label_name(bundle.labels.names(), word.predicted);
    mistake.probability = static_cast<double>(word.probability);
  }
  return mistakes;
}

// Always filled in: that nothing was cut is worth knowing too.
report::Truncation truncation_of(const tasks::ModelBundle& bundle, const data::EncodeCounts& counts) {
  return {.max_length = bundle.encode.max_length,
          .rows = counts.rows,
          .rows_cut = counts.rows_truncated,
          .pieces = counts.pieces,
          .pieces_cut = counts.pieces_lost,
          .words = counts.words,
          .words_cut = counts.words_lost,
          .entity_words_cut = counts.entity_words_lost};
}

// The document as a file and a line, or its text.
std::string text_at(const Split& split, tasks::TextPlace place, bool with_texts) {
  if (place.text < 0) {
    const data::ExampleView document = split.data.corpus->view(static_cast<size_t>(place.row));
    return with_texts ? std::string(document.text) : fmt::format("document '{}'", document.id);
  }
  const data::Example row = split.data.examples[static_cast<size_t>(place.row)];
  if (with_texts)
    return place.text == 0   ? row.text
           : place.text == 1 ? row.text_pair
                             : row.negatives[static_cast<size_t>(place.text - 2)];
  const std::string line = fmt::format("line {}", row.origin.line);
  return place.text < 2 ? line : fmt::format("{}, negative {}", line, place.text - 1);
}

std::vector<report::Mistake> search_mistakes(const Split& split, std::span<const tasks::SearchMistake> searches,
                                             bool with_texts) {
  std::vector<report::Mistake> mistakes;
  for (const tasks::SearchMistake& search : searches) {
    report::Mistake& mistake = mistakes.emplace_back(mistake_at(split, search.row, with_texts));
    mistake.place = fmt::format("rank {}", search.rank);
    mistake.gold = text_at(split, search.right, with_texts);
    mistake.predicted = text_at(split, search.first, with_texts);
    if (with_texts) mistake.text = std::string(split.data.examples.view(static_cast<size_t>(search.row)).text);
  }
  return mistakes;
}

struct ToReport {
  report::Detail operator()(std::monostate) const { return std::monostate{}; }
  template <class Result>
  report::Detail operator()(const Result& result) const {
    return result;
  }
};

}  // namespace

report::Split report_split(const tasks::ModelBundle& bundle, const Split& split, const tasks::Evaluation& evaluation,
                           bool with_texts) {
  report::Split shown{.name = split.name,
                      .files = split.files,
                      .rows = split.rows(),
                      .seconds = evaluation.seconds,
                      .scores = evaluation.scores,
                      .detail = std::visit(ToReport{}, evaluation.detail),
                      .truncation = truncation_of(bundle, split.encoded.counts())};
  switch (bundle.task->kind) {
    case tasks::TaskKind::classify:
      shown.mistakes = class_mistakes(bundle, split, evaluation.classes, with_texts);
      break;
    case tasks::TaskKind::tag:
      shown.mistakes = word_mistakes(bundle, split, evaluation.word_mistakes, with_texts);
      break;
    case tasks::TaskKind::regress:
      shown.mistakes = score_mistakes(split, evaluation.scored, with_texts);
      shown.predictions = evaluation.scored;
      break;
    case tasks::TaskKind::embed:
      shown.mistakes = search_mistakes(split, evaluation.search_mistakes, with_texts);
      break;
    case tasks::TaskKind::multilabel:
      break;  // a row is rarely all wrong: its labels' tables say more
  }
  return shown;
}

report::Report base_report(const tasks::ModelBundle& bundle, const std::string& model_name) {
  report::Report report;
  report.task = bundle.task->name;
  report.model = model_name;
  report.labels = bundle.labels.names();
  if (bundle.task->kind == tasks::TaskKind::tag)
    report.entity_types = metrics::TagScheme(bundle.labels.names()).types();
  report.notes = bundle.notes;
  const models::BertConfig& config = bundle.model->config();
  report.facts.emplace_back(
      "encoder", fmt::format("{} layers, hidden size {}, {} heads", config.layers, config.hidden, config.heads));
  report.facts.emplace_back("parameters", fmt::format("{}", bundle.model->parameters().count()));
  if (bundle.base)
    report.facts.emplace_back(
        "adapter", fmt::format("{}, over {} (in {}); {} parameters train", bundle.adapter_text, bundle.base->name,
                               bundle.base->held_in, bundle.model->adapter_parameters()));
  report.facts.emplace_back(
      "longest sequence", fmt::format("{} pieces (truncation: {})", bundle.encode.max_length, bundle.encode.truncate));
  return report;
}

void read_curve(report::Report& report, const fs::path& log, const std::string& metric) {
  using nlohmann::json;
  const std::string text = read_file(log);
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const json line = json::parse(text.substr(at, end - at), nullptr, false);
    at = end + 1;
    if (!line.is_object()) continue;
    const auto number = [&](const std::string& key) {
      return line.contains(key) && line[key].is_number() ? line[key].get<double>() : metrics::kUndefined;
    };
    if (std::isnan(number("step"))) continue;
    const auto step = line["step"].get<int64_t>();
    if (line.contains("split"))
      report.evaluations.push_back({step, number(metric), number("loss")});
    else
      report.curve.push_back({step, number("epoch"), number("loss"), number("lr")});
  }
}

std::string kept_state(const std::string& metric, const RunState& state) {
  return fmt::format("step {}, the best dev {} ({:.4f})", state.best_step, report::metric_title(metric), state.best);
}

}  // namespace attune::train
