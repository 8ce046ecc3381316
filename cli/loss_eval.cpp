#include "cli/loss_eval.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attune/base/error.h"
#include "attune/io/npy.h"
#include "attune/losses/check/trial.h"
#include "attune/losses/formula/formula.h"
#include "attune/losses/language/expression.h"
#include "attune/losses/language/make_objective.h"
#include "attune/losses/loss_list.h"

#include "cli/output.h"

namespace attune::cli {
namespace {

using losses::TargetKind;

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

// [n, P]; a vector is one column.
std::pair<int64_t, int64_t> matrix_shape(const io::NpyArray& array, const std::string& file) {
  if (array.shape.size() == 1) return {array.shape[0], 1};
  if (array.shape.size() != 2)
    fail(ErrorKind::input, "{}: the shape is {}; expected [rows, columns]", file, shape_text(array.shape));
  return {array.shape[0], array.shape[1]};
}

// Whole numbers [n] are classes; numbers [n, K] are labels, soft targets or scores.
losses::Targets targets_of(const io::NpyArray& array, const std::string& file, TargetKind kind, int64_t rows,
                           int64_t labels) {
  const auto [n, width] = matrix_shape(array, file);
  if (n != rows) fail(ErrorKind::input, "{}: {} rows of targets for {} rows of logits", file, n, rows);
  losses::Targets targets;
  if (kind == TargetKind::classes && width == 1) {
    for (const double y : array.values) {
      if (y != losses::kIgnored && !(y >= 0 && y < static_cast<double>(labels) && y == std::floor(y)))
        fail(ErrorKind::input, "{}: row {} has the class {}; expected 0 to {}, or {} for an ignored row", file,
             targets.classes.size(), y, labels - 1, losses::kIgnored);
      targets.classes.push_back(static_cast<int32_t>(y));
    }
    return targets;
  }
  if (width != labels)
    fail(ErrorKind::input, "{}: {} targets a row; expected {}", file, width,
         kind == TargetKind::classes ? fmt::format("1 (a class) or {} (a soft target)", labels)
                                     : fmt::format("{}", labels));
  targets.width = width;
  targets.values.assign(array.values.begin(), array.values.end());
  return targets;
}

// Rows of texts for a loss of embeddings: `texts` vectors in all.
losses::Targets targets_of_texts(const LossEvalOptions& options, losses::TextRows rows, int64_t texts) {
  using losses::TextRows;
  const int64_t each = rows == TextRows::labelled || rows == TextRows::none ? 1
                       : rows == TextRows::scored                           ? 2
                                                                            : options.texts_per_row;
  if (texts % each != 0)
    fail(ErrorKind::input, "{}: {} vectors are no rows of {} texts{}", options.logits, texts, each,
         rows == TextRows::pairs ? "; --texts-per-row says how many a row has" : "");
  losses::Targets targets;
  for (int64_t t = 0; t <= texts; t += each) targets.sequences.push_back(static_cast<int32_t>(t));
  if (options.targets.empty()) {
    if (rows == TextRows::labelled || rows == TextRows::scored)
      fail(ErrorKind::usage, "a loss of {} needs --targets FILE.npy, one number a row", losses::name(rows));
    return targets;
  }
  if (rows == TextRows::none) fail(ErrorKind::usage, "this loss reads no targets; leave --targets out");
  const io::NpyArray array = io::read_npy(options.targets);
  const int64_t expected = rows == TextRows::pairs ? texts : texts / each;
  if (std::ssize(array.values) != expected)
    fail(ErrorKind::input, "{}: {} numbers; expected {}, one for each {}", options.targets, array.values.size(),
         expected, rows == TextRows::pairs ? "text" : "row");
  if (rows == TextRows::scored) {
    targets.values.assign(array.values.begin(), array.values.end());
    return targets;
  }
  for (const double y : array.values) {
    const bool ignored = rows == TextRows::labelled && y == losses::kIgnored;
    if (!ignored && !(y >= 0 && y <= 1e9 && y == std::floor(y)))
      fail(ErrorKind::input, "{}: {} is no {}; expected whole numbers from 0", options.targets, y,
           rows == TextRows::labelled ? "class" : "number of a text");
    if (rows == TextRows::labelled)
      targets.classes.push_back(static_cast<int32_t>(y));
    else
      targets.texts.push_back(static_cast<uint64_t>(y));
  }
  return targets;
}

// The range of the scores there are.
void set_scores(losses::LossFacts& facts, const std::vector<float>& scores) {
  facts.score_low = INFINITY, facts.score_high = -INFINITY;
  for (const float y : scores)
    if (!std::isnan(y))
      facts.score_low = std::min<double>(facts.score_low, y), facts.score_high = std::max<double>(facts.score_high, y);
  if (!(facts.score_low <= facts.score_high)) facts.score_low = facts.score_high = 0;
}

const losses::LossEntry& first_entry(const std::string& text) {
  return losses::loss_named(losses::parse_loss(text, losses::strategy_names()).terms[0].call.name);
}

// Losses of vectors beside losses of logits would need both.
void check_one_kind(const std::string& text) {
  if (losses::is_formula(text)) return;
  const losses::LossEntry& first = first_entry(text);
  for (const auto& term : losses::parse_loss(text, losses::strategy_names()).terms) {
    const losses::LossEntry& entry = losses::loss_named(term.call.name);
    if ((entry.fits == TargetKind::embeddings) != (first.fits == TargetKind::embeddings))
      fail(ErrorKind::usage,
           "{} and {}: one reads logits, the other vectors, and --logits has one of both; take them "
           "term by term",
           first.name, entry.name);
  }
}

// What the text is a loss of: of a formula, as --task says.
TargetKind kind_of(const std::string& text, const LossEvalOptions& options) {
  if (!losses::is_formula(text)) return first_entry(text).fits;
  if (options.task == "regress") return TargetKind::scores;
  return options.task == "multilabel" ? TargetKind::labels : TargetKind::classes;
}

// The labels that these outputs answer for.
int64_t labels_for(const std::string& text, int64_t outputs, const LossEvalOptions& options) {
  if (losses::is_formula(text)) {
    const bool score = kind_of(text, options) == TargetKind::scores;
    if (score && outputs != 1)
      fail(ErrorKind::usage, "a formula of a score reads 1 output a row, got {}; --task says what it is a loss of",
           outputs);
    return outputs;
  }
  const losses::LossEntry& entry = first_entry(text);
  if (entry.fits == TargetKind::scores || entry.fits == TargetKind::embeddings) return 1;
  if (entry.outputs == 0) return outputs;
  if (entry.outputs < 0) return outputs - entry.outputs;
  if (options.counts.empty())
    fail(ErrorKind::usage, "{} reads {} output; how many labels there are is not to be seen from it: give --counts",
         entry.name, outputs);
  return std::ssize(options.counts);
}

}  // namespace

void LossEvalOptions::visit(OptionList& list) {
  list.group("check all");
  list.add("table", table, {.help = "write the evidence as a Markdown page", .placeholder = "FILE.md"});
  list.group("eval");
  list.add("logits", logits,
           {.help = "outputs of the last layer [n, K]; of losses of embeddings the vectors [texts, C], "
                    "row after row",
            .placeholder = "FILE.npy"});
  list.add("targets", targets,
           {.help = "classes [n] (whole numbers, -100: ignored), soft targets or labels [n, K] (below 0: unknown), or "
                    "scores [n]; of losses of pairs, if at all, numbers of the texts, the same for equal texts",
            .placeholder = "FILE.npy"});
  list.add("texts-per-row", texts_per_row,
           {.help = "of losses of pairs: anchor, positive and negatives", .placeholder = "N", .min = 2, .max = 1000});
  list.add("teacher", teacher,
           {.help = "of losses that learn from a teacher: its outputs [n, K], or what its last layer reads [texts, C] "
                    "(not a number: it has none)",
            .placeholder = "FILE.npy"});
  list.add("weights", weights, {.help = "weights of the rows [n]; without: all 1", .placeholder = "FILE.npy"});
  list.add("counts", counts, {.help = "training items by label, for losses that read them", .min = 0});
  list.add("items", items, {.help = "training items in all; without: the sum of --counts", .min = 0});
  list.add("progress", progress,
           {.help = "share of the training done, for terms after or until one", .min = 0, .max = 1});
  list.add("precision", precision, {.help = "what it is computed in", .choices = {"f32", "f64"}});
  list.add("task", task,
           {.help = "of a formula: what it is a loss of", .choices = {"classify", "multilabel", "regress", "tag"}});
  list.add("out", out,
           {.help = "write what each row costs, all terms with their weights [n]", .placeholder = "FILE.npy"});
  list.add("grad", grad,
           {.help = "write the gradient of the objective by the logits [n, K]", .placeholder = "FILE.npy"});
}

namespace {

// What the files say, and what a loss may know of them.
std::pair<losses::Batch, losses::LossFacts> read_batch(const std::string& text, const LossEvalOptions& options,
                                                       TargetKind kind) {
  const bool embeddings = kind == TargetKind::embeddings;
  if (options.logits.empty() || (options.targets.empty() && !embeddings))
    fail(ErrorKind::usage, "attune loss eval needs --logits FILE.npy and --targets FILE.npy");
  const io::NpyArray logits = io::read_npy(options.logits);
  const auto [rows, columns] = matrix_shape(logits, options.logits);
  losses::LossFacts facts{
      .labels = labels_for(text, columns, options), .counts = options.counts, .items = options.items};
  if (facts.items == 0) facts.items = std::accumulate(facts.counts.begin(), facts.counts.end(), 0.0);
  losses::Batch batch{.columns = columns, .logits = logits.values, .targets = {}};
  if (!embeddings) {
    batch.targets = targets_of(io::read_npy(options.targets), options.targets, kind, rows, facts.labels);
    return {std::move(batch), std::move(facts)};
  }
  facts.texts = first_entry(text).needs;
  facts.negatives = options.texts_per_row > 2;
  batch.targets = targets_of_texts(options, facts.texts, rows);
  if (facts.texts == losses::TextRows::scored) set_scores(facts, batch.targets.values);
  return {std::move(batch), std::move(facts)};
}

// A teacher's numbers, as the loss reads them.
void read_teacher(const losses::Objective& objective, const LossEvalOptions& options, losses::Batch& batch) {
  const bool answers = objective.reads_teacher(losses::Teacher::answers);
  if (objective.reads_teacher() && options.teacher.empty())
    fail(ErrorKind::usage, "'{}' learns from a teacher: give its numbers, --teacher FILE.npy", objective.text());
  if (!objective.reads_teacher() && !options.teacher.empty())
    fail(ErrorKind::usage, "'{}' reads nothing of a teacher; leave --teacher out", objective.text());
  if (options.teacher.empty()) return;
  const io::NpyArray array = io::read_npy(options.teacher);
  const auto [rows, columns] = matrix_shape(array, options.teacher);
  if (rows != batch.rows() || (answers && columns != batch.columns))
    fail(ErrorKind::input, "{}: the shape is {}; expected [{}, {}]", options.teacher, shape_text(array.shape),
         batch.rows(), answers ? fmt::format("{}", batch.columns) : "any width");
  std::vector<float>& values = answers ? batch.targets.teacher : batch.targets.teacher_hidden;
  values.assign(array.values.begin(), array.values.end());
}

// Whether a loss has a cost for each row. Those of embeddings have, in their company, unless they say otherwise.
bool has_costs_by_row(const losses::Loss& loss, TargetKind kind, const losses::Targets& targets) {
  return kind == TargetKind::embeddings ? loss.first_items(targets).empty() : !loss.depends_on_batch();
}

}  // namespace

void evaluate_loss(const std::string& text, const LossEvalOptions& options) {
  check_one_kind(text);
  const TargetKind kind = kind_of(text, options);
  auto [batch, facts] = read_batch(text, options, kind);
  const int64_t rows = batch.targets.items();
  if (!options.weights.empty()) {
    const io::NpyArray weights = io::read_npy(options.weights);
    if (std::ssize(weights.values) != rows)
      fail(ErrorKind::input, "{}: {} weights for {} rows", options.weights, weights.values.size(), rows);
    batch.targets.weights.assign(weights.values.begin(), weights.values.end());
  }

  const losses::Objective objective = losses::make_objective(text, kind, facts);
  read_teacher(objective, options, batch);
  const auto denominators = objective.denominators(batch.targets, options.progress);
  const auto precision = options.precision == "f64" ? losses::Precision::f64 : losses::Precision::f32;
  std::vector<double> items(static_cast<size_t>(rows)), gradient(batch.logits.size());
  bool all_by_row = kind == TargetKind::embeddings || !objective.depends_on_batch();
  losses::PerTerm<double> sums(objective.terms().size());
  for (size_t t = 0; t < objective.terms().size(); ++t) {
    losses::Loss* loss = objective.terms()[t].at(options.progress);
    if (loss == nullptr) continue;
    const losses::Outcome outcome = losses::try_loss(*loss, batch, precision, options.progress);
    const double weight = objective.terms()[t].weight_at(options.progress);
    sums[t] = outcome.sum;
    all_by_row = all_by_row && has_costs_by_row(*loss, kind, batch.targets);
    for (size_t i = 0; all_by_row && i < items.size(); ++i) items[i] += weight * outcome.items[i];
    for (size_t i = 0; i < gradient.size() && denominators[t] != 0; ++i)
      gradient[i] += weight / denominators[t] * outcome.d_logits[i];
  }
  if (!options.out.empty() && !all_by_row)
    fail(ErrorKind::usage, "--out: '{}' has no cost by row, for it depends on the whole batch", text);
  put(fmt::format("{}\n", objective.text()));
  for (size_t t = 0; t < sums.size(); ++t)
    put(fmt::format("  term {}: sum {:.9g} / denominator {:.9g}, times {:g}\n", t + 1, sums[t], denominators[t],
                    objective.terms()[t].weight_at(options.progress)));
  put(fmt::format("objective {:.9g}\n", objective.total(sums, denominators, options.progress)));
  if (!options.out.empty()) io::write_npy(options.out, std::vector{rows}, items);
  if (!options.grad.empty()) io::write_npy(options.grad, std::vector{batch.rows(), batch.columns}, gradient);
}

}  // namespace attune::cli
