#include "cli/loss_eval.h"

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

// What the text is a loss of: of a formula, as --task says.
TargetKind kind_of(const std::string& text, const LossEvalOptions& options) {
  if (!losses::is_formula(text))
    return losses::loss_named(losses::parse_loss(text, losses::strategy_names()).terms[0].call.name).fits;
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
  const losses::LossEntry& entry =
      losses::loss_named(losses::parse_loss(text, losses::strategy_names()).terms[0].call.name);
  if (entry.fits == TargetKind::scores) return 1;
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
  list.add("logits", logits, {.help = "outputs of the last layer [n, K]", .placeholder = "FILE.npy"});
  list.add("targets", targets,
           {.help = "classes [n] (whole numbers, -100: ignored), soft targets or labels [n, K] (below 0: unknown), or "
                    "scores [n]",
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

void evaluate_loss(const std::string& text, const LossEvalOptions& options) {
  if (options.logits.empty() || options.targets.empty())
    fail(ErrorKind::usage, "attune loss eval needs --logits FILE.npy and --targets FILE.npy");
  const io::NpyArray logits = io::read_npy(options.logits);
  const auto [rows, columns] = matrix_shape(logits, options.logits);
  const TargetKind kind = kind_of(text, options);
  losses::LossFacts facts{
      .labels = labels_for(text, columns, options), .counts = options.counts, .items = options.items};
  if (facts.items == 0) facts.items = std::accumulate(facts.counts.begin(), facts.counts.end(), 0.0);
  losses::Batch batch{.columns = columns,
                      .logits = logits.values,
                      .targets = targets_of(io::read_npy(options.targets), options.targets, kind, rows, facts.labels)};
  if (!options.weights.empty()) {
    const io::NpyArray weights = io::read_npy(options.weights);
    if (std::ssize(weights.values) != rows)
      fail(ErrorKind::input, "{}: {} weights for {} rows", options.weights, weights.values.size(), rows);
    batch.targets.weights.assign(weights.values.begin(), weights.values.end());
  }

  const losses::Objective objective = losses::make_objective(text, kind, facts);
  const auto denominators = objective.denominators(batch.targets, options.progress);
  const auto precision = options.precision == "f64" ? losses::Precision::f64 : losses::Precision::f32;
  std::vector<double> items(static_cast<size_t>(rows)), gradient(batch.logits.size());
  losses::PerTerm<double> sums(objective.terms().size());
  for (size_t t = 0; t < objective.terms().size(); ++t) {
    losses::Loss* loss = objective.terms()[t].at(options.progress);
    if (loss == nullptr) continue;
    const losses::Outcome outcome = losses::try_loss(*loss, batch, precision, options.progress);
    const double weight = objective.terms()[t].weight;
    sums[t] = outcome.sum;
    for (size_t i = 0; i < items.size() && !loss->depends_on_batch(); ++i) items[i] += weight * outcome.items[i];
    for (size_t i = 0; i < gradient.size() && denominators[t] != 0; ++i)
      gradient[i] += weight / denominators[t] * outcome.d_logits[i];
  }
  if (!options.out.empty() && objective.depends_on_batch())
    fail(ErrorKind::usage, "--out: '{}' has no cost by row, for it depends on the whole batch", text);
  put(fmt::format("{}\n", objective.text()));
  for (size_t t = 0; t < sums.size(); ++t)
    put(fmt::format("  term {}: sum {:.9g} / denominator {:.9g}, times {:g}\n", t + 1, sums[t], denominators[t],
                    objective.terms()[t].weight));
  put(fmt::format("objective {:.9g}\n", objective.total(sums, denominators)));
  if (!options.out.empty()) io::write_npy(options.out, std::vector{rows}, items);
  if (!options.grad.empty()) io::write_npy(options.grad, std::vector{rows, columns}, gradient);
}

}  // namespace attune::cli
