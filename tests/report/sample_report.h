// A small report with everything in it, hostile names included.
#pragma once
#include <string>
#include <vector>

#include "attune/base/rng.h"
#include "attune/report/report.h"

namespace attune::report {

inline std::vector<metrics::ClassRecord> sample_records(int rows, int classes) {
  std::vector<metrics::ClassRecord> records;
  std::vector<float> logits(static_cast<size_t>(classes));
  for (uint32_t row = 0; row < static_cast<uint32_t>(rows); ++row) {
    const auto gold = static_cast<int32_t>(random_below(1, row, static_cast<uint32_t>(classes)));
    for (uint32_t k = 0; k < logits.size(); ++k) logits[k] = 2 * random_unit(k + 2, row);
    logits[gold] += 1.2F;
    records.push_back(metrics::class_record(gold, logits));
  }
  return records;
}

inline std::vector<std::string> sample_labels(int classes) {
  std::vector<std::string> labels;
  for (int k = 0; k < classes; ++k) labels.push_back("label_" + std::to_string(k));
  labels[0] = "<script>alert(\"1\")</script> & 'x'";
  labels[1] = "意图\x1b[31m\xff";
  return labels;
}

inline Report sample_report(int classes = 5, int rows = 200) {
  Report report;
  report.task = "classify";
  report.model = "mini<lm>";
  report.labels = sample_labels(classes);
  const auto records = sample_records(rows, classes);
  for (const char* name : {"dev", "test"}) {
    auto result = metrics::summarize(records, classes, {.draws = 50});
    Split split{.name = name, .files = "data/" + std::string(name) + ".csv", .rows = rows, .scores = result.scores};
    split.detail = std::move(result);
    split.truncation = Truncation{.max_length = 128, .rows = rows, .rows_cut = 3, .pieces = 4000, .pieces_cut = 40};
    for (const int64_t row : metrics::confident_mistakes(records, 12)) {
      split.mistakes.push_back({.file = split.files,
                                .line = row + 2,
                                .gold = label_name(report.labels, records[row].gold),
                                .predicted = label_name(report.labels, records[row].predicted),
                                .probability = static_cast<double>(records[row].top_probability),
                                .text = "SECRET <b>message</b>"});
    }
    report.splits.push_back(std::move(split));
  }
  report.ladder = Ladder{.rows = {{.name = "majority class", .score = 0.3, .interval = metrics::Interval{0.2, 0.4}},
                                  {.name = "fine-tuned",
                                   .score = 0.9,
                                   .interval = metrics::Interval{0.8, 0.95},
                                   .seconds = 75,
                                   .fine_tuned = true}}};
  report.routing = Routing{.table = metrics::route(records, records)};
  for (int step = 10; step <= 100; step += 10) report.curve.push_back({step, step / 50.0, 2.0 / step, 1e-4});
  report.evaluations = {{50, 0.8, 0.7}, {100, 0.9, 0.5}};
  report.facts = {{"seed", "0"}, {"<key>", "<value>"}};
  report.notes = {"10% of the rows were held out & kept."};
  report.data_json = R"({"rows": 200, "note": "a<b"})";
  return report;
}

inline Report sample_tagging() {
  Report report;
  report.task = "tag";
  report.labels = {"O", "B-PER", "I-PER"};
  metrics::TaggingMeter meter(report.labels, 2);
  const std::vector<int32_t> gold = {1, 2, 0, 0}, predicted = {1, 0, 0, -1};
  meter.add(0, gold, gold);
  meter.add(1, gold, predicted);
  report.entity_types = meter.scheme().types();
  auto result = metrics::summarize(meter, {.draws = 20});
  Split split{.name = "test", .files = "test.conll", .rows = 2, .scores = result.scores};
  split.detail = std::move(result);
  split.truncation =
      Truncation{.max_length = 8, .rows = 2, .rows_cut = 1, .words = 8, .words_cut = 1, .entity_words_cut = 0};
  report.splits.push_back(std::move(split));
  return report;
}

}  // namespace attune::report
