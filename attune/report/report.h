// What one run or evaluation has to tell, as plain values. text.h, json.h and html.h render the same structure; no
// renderer computes a metric.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "attune/metrics/classification.h"
#include "attune/metrics/multilabel.h"
#include "attune/metrics/regression.h"
#include "attune/metrics/retrieval.h"
#include "attune/metrics/routing.h"
#include "attune/metrics/tagging.h"

namespace attune::report {

// What the metrics of the split's task left; monostate: scores only.
using Detail = std::variant<std::monostate, metrics::ClassificationResult, metrics::MultiLabelResult,
                            metrics::RegressionResult, metrics::TaggingResult, metrics::RetrievalResult>;

// One row judged wrongly, named by where it stands; its text is shown only where Report::show_texts is set.
struct Mistake {
  std::string file = {};
  int64_t line = 0;
  std::string place = {};  // within the row: "word 3"; embedding: where the first right answer stands: "rank 12"
  std::string gold = {}, predicted = {};
  double probability = metrics::kUndefined;  // of the prediction; NaN for regression
  std::string text = {};
};

// How much of a split the model never saw.
struct Truncation {
  int max_length = 0;
  int64_t rows = 0, rows_cut = 0;
  int64_t pieces = 0, pieces_cut = 0;
  int64_t words = 0, words_cut = 0;  // tagging: cut words count as O
  int64_t entity_words_cut = 0;      // of these, tagged other than O
};

struct Split {
  std::string name = {};   // "dev", "test"
  std::string files = {};  // as the user named them
  int64_t rows = 0;
  double seconds = metrics::kUndefined;
  metrics::Scores scores = {};
  Detail detail = {};
  bool thresholds_chosen_here = false;  // multi-label: on these very rows, so the figures flatter
  std::optional<Truncation> truncation = {};
  std::vector<Mistake> mistakes = {};                  // worst first
  std::vector<metrics::ScoreRecord> predictions = {};  // regression: for the scatter plot
};

// One rung: the same split judged with a system of more or less effort.
struct LadderRow {
  std::string name = {};
  double score = metrics::kUndefined;
  std::optional<metrics::Interval> interval = {};
  double seconds = metrics::kUndefined;  // to train and predict
  bool fine_tuned = false;
  std::vector<uint8_t> correct = {};  // metrics::correct_rows; where all rungs have it, they are compared row by row
};

struct Ladder {
  std::string metric = "accuracy";
  std::string split = "test";
  std::vector<LadderRow> rows = {};
};

struct CurvePoint {
  int64_t step = 0;
  double epoch = 0;
  double loss = 0;
  double lr = 0;
};

// An evaluation during training: the split's headline metric and loss.
struct EvaluationPoint {
  int64_t step = 0;
  double score = metrics::kUndefined;
  double loss = metrics::kUndefined;
};

// Routing of single-label classification: what a customer-service owner asks.
struct Routing {
  metrics::RoutingTable table = {};
  std::string chosen_on = "dev", judged_on = "test";
};

struct Report {
  std::string title = "attune report";
  std::string task = {};             // classify, multilabel, regress, tag, embed
  std::string model = {};            // as the user named it
  std::string headline_metric = {};  // empty: metrics::default_best_metric(task)
  std::vector<std::string> labels = {};
  std::vector<std::string> entity_types = {};                   // tagging: TagScheme::types()
  std::vector<std::pair<std::string, std::string>> facts = {};  // settings, times, environment: name and value
  std::vector<std::string> notes = {};                          // what a reader must know, one sentence each
  std::vector<Split> splits = {};
  std::optional<Ladder> ladder = {};
  std::optional<Routing> routing = {};
  std::vector<CurvePoint> curve = {};
  std::vector<EvaluationPoint> evaluations = {};
  std::string data_json = {};  // the data report, one JSON value, or empty
  std::string data_text = {};  // the same for people
  bool show_texts = false;     // --report-text: customers' messages do not leak by default
};

// The split a report opens with: "test" if there is one, else the last. Null where there are none.
const Split* headline_split(const Report& report);
std::string headline_metric(const Report& report);

// "F1, precision, recall, AUROC and average precision are of class 'x'." where there are two classes, else "".
std::string positive_class_note(const Report& report);

// "dev: thresholds were chosen on these rows: ..." for each split of which this is so.
std::vector<std::string> threshold_notes(const Report& report);

// Whether any score of any split has an interval (--bootstrap 0: none).
bool has_intervals(const Report& report);

// How a split's mistakes are called: those of classes and words have a probability, those of scores and searches none.
struct MistakeWords {
  const char *title, *gold, *predicted, *about;
  bool numbers = false, probability = true;
};
MistakeWords mistake_words(const Report& report, const Split& split);

// The name of label or entity type `index`; "(none)" for -1.
std::string label_name(const std::vector<std::string>& names, int32_t index);

}  // namespace attune::report
