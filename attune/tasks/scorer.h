// From logits to metrics: one scorer a task, fed row by row in any order.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <variant>

#include "attune/data/labels.h"
#include "attune/metrics/classification.h"
#include "attune/metrics/multilabel.h"
#include "attune/metrics/regression.h"
#include "attune/metrics/retrieval.h"
#include "attune/metrics/tagging.h"
#include "attune/tasks/tag_decoder.h"
#include "attune/tasks/target_table.h"

namespace attune::tasks {

// A text that was compared: the row of the data set and which of its texts, or a document of its corpus.
struct TextPlace {
  int64_t row = -1;  // of the data set, or of the corpus
  int32_t text = 0;  // of the row; -1: a document of the corpus
};
// A query whose first right answer did not come first.
struct SearchMistake {
  int64_t row = 0;  // whose first text asked
  int64_t rank = 0;
  TextPlace right, first;  // the best of the right answers, and what came first
};

// What one evaluation leaves. `scores` has the task's metrics and `loss`; multi-label with thresholds of its own also
// micro_f1_at_0.5 and macro_f1_at_0.5.
struct Evaluation {
  metrics::Scores scores;
  std::variant<std::monostate, metrics::ClassificationResult, metrics::MultiLabelResult, metrics::RegressionResult,
               metrics::TaggingResult, metrics::RetrievalResult>
      detail;
  std::vector<metrics::ClassRecord> classes;        // classify: one compact record a row
  std::vector<metrics::ScoreRecord> scored;         // regress
  std::vector<metrics::WordMistake> word_mistakes;  // tag
  std::vector<SearchMistake> search_mistakes;       // embed: queries whose answer stands lowest, the lowest first
  std::vector<double> thresholds;                   // multilabel: in force
  double seconds = 0;
  int64_t tokens = 0;
};

class Scorer {
 public:
  virtual ~Scorer() = default;
  // logits [reads, K] of data set row `row`, all of it: for tagging those of its windows in order, and `places` says
  // which words they answer for; for embedding those of its texts.
  virtual void add(int32_t row, std::span<const data::LabelPlace> places, std::span<const float> logits) = 0;
  // The vector of a document of the corpus, in order; before finish().
  virtual void add_document(std::span<const float>) {}
  virtual Evaluation finish(const metrics::BootstrapOptions& bootstrap) = 0;
};

// `thresholds`: multilabel, in probabilities; empty: chosen on these very rows if `choose_thresholds`, else 0.5.
struct ScorerOptions {
  std::vector<double> thresholds = {};
  bool choose_thresholds = false;
  Decoding decoding = Decoding::argmax;  // tagging
  losses::LabelChain chain = {};         // tagging
  bool ordered = false;                  // classify: labels are grades
  int64_t width = 0;                     // embed: of a vector
  kernels::Kernels* kernels = nullptr;   // embed: what texts are compared with; nullptr: the processor, one thread
  std::filesystem::path scratch = {};    // embed: where vectors lie; empty: in memory
};

// What a task is judged by where nobody says: metrics::default_best_metric, of scored pairs of texts Spearman's
// correlation.
std::string default_metric(const Task& task, data::TextShape shape);

// `targets` and `labels` must outlive the scorer.
std::unique_ptr<Scorer> make_scorer(const Task& task, const data::Labels& labels, const TargetTable& targets,
                                    const ScorerOptions& options);

}  // namespace attune::tasks
