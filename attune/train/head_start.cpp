#include "attune/train/head_start.h"

#include <algorithm>
#include <cmath>

#include "attune/baselines/dense_features.h"
#include "attune/baselines/logistic_regression.h"
#include "attune/metrics/catalog.h"
#include "attune/train/ladder.h"

namespace attune::train {
namespace {

using tasks::TaskKind;

constexpr const char* kRandom = "random";
constexpr const char* kLinear = "linear";
constexpr int64_t kMostTokens = 2048;  // at once

// Rows of the head's features and what they should become.
struct Examples {
  std::vector<float> features;  // [rows, C]
  baselines::ClassTargets targets;
};

// Rows of the training split with about kHeadStartRows reads.
std::vector<int32_t> rows_to_fit(const tasks::ModelBundle& bundle, const Split& train) {
  const bool tagging = bundle.task->kind == TaskKind::tag;
  int64_t reads = 0;
  for (int64_t row = 0; row < train.rows(); ++row) reads += reads_of(train, row, tagging);
  if (reads <= kHeadStartRows) return spread_rows(train, train.rows());
  const double share = static_cast<double>(kHeadStartRows) / static_cast<double>(reads);
  return spread_rows(train, std::max<int64_t>(1, static_cast<int64_t>(share * static_cast<double>(train.rows()))));
}

// The labels of item i, or false where it does not count.
bool labels_of(const losses::Targets& targets, int64_t i, bool exclusive, std::vector<int32_t>& labels) {
  labels.clear();
  if (targets.weight(i) == 0) return false;
  if (exclusive) {
    labels.push_back(targets.classes[static_cast<size_t>(i)]);
    return labels[0] != losses::kIgnored;
  }
  const auto row = std::span(targets.values).subspan(static_cast<size_t>(i * targets.width));
  for (int32_t k = 0; k < targets.width; ++k)
    if (row[static_cast<size_t>(k)] > 0) labels.push_back(k);
  return true;
}

// Of rows from `first` on, as many as have `tokens`, at least one.
std::span<const int32_t> next_rows(const Split& split, std::span<const int32_t> rows, size_t first, int64_t tokens) {
  size_t count = 1;
  for (int64_t sum = tokens_of(split, rows[first]); first + count < rows.size(); ++count) {
    sum += tokens_of(split, rows[first + count]);
    if (sum > tokens) break;
  }
  return rows.subspan(first, count);
}

// Nothing where it was stopped.
std::optional<Examples> read_examples(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, const Split& train,
                                      std::span<const int32_t> rows, const HeadStartOptions& options) {
  const bool tagging = bundle.task->kind == TaskKind::tag;
  Examples examples;
  examples.targets = {.classes = bundle.logit_count(), .exclusive = bundle.task->kind != TaskKind::multilabel};
  int64_t reads = 0;
  for (const int32_t row : rows) reads += reads_of(train, row, tagging);
  examples.features.reserve(static_cast<size_t>(reads * bundle.model->config().hidden));
  tensor::Arena arena(kernels.memory());
  tasks::Batch batch;
  std::vector<int32_t> labels;
  for (size_t first = 0; first < rows.size();) {
    if (options.stop && options.stop()) return std::nullopt;
    const auto some = next_rows(train, rows, first, std::min(kMostTokens, options.token_budget));
    first += some.size();
    fill_batch(batch, train, some, tagging);
    if (batch.read_count == 0) continue;  // sentences of which no word has a piece
    arena.reset();
    autograd::Context context{.kernels = kernels, .arena = arena, .compute = bundle.model->compute()};
    const tensor::Tensor features = bundle.model->forward(context, batch.rows, batch.head()).features;
    const tensor::OnHost<float> read(arena.memory(), features, batch.read_count * features.cols());
    for (int64_t i = 0; i < batch.read_count; ++i) {
      if (!labels_of(batch.targets, i, examples.targets.exclusive, labels)) continue;
      const auto row =
          read.values().subspan(static_cast<size_t>(i * features.cols()), static_cast<size_t>(features.cols()));
      examples.features.insert(examples.features.end(), row.begin(), row.end());
      examples.targets.add(labels);
    }
  }
  return examples;
}

// W [K, C] and b [K] from the fit's [(C + 1), K].
void write_last_layer(nn::Parameters& parameters, const baselines::LogisticModel& fitted) {
  nn::Parameter* weight = parameters.find("classifier.weight");
  nn::Parameter* bias = parameters.find("classifier.bias");
  ATTUNE_CHECK(weight && bias, "a model without a last layer");
  const int64_t outputs = weight->value.rows(), width = weight->value.cols();
  ATTUNE_CHECK(std::ssize(fitted.weights) == (width + 1) * outputs, "{} fitted weights for {} x {}",
               fitted.weights.size(), outputs, width + 1);
  const auto fitted_weight = [&](int64_t row, int64_t k) {
    return fitted.weights[static_cast<size_t>(row * outputs + k)];
  };
  tensor::write_from_host<float>(parameters.memory(), weight->value, [&](std::span<float> to) {
    for (int64_t k = 0; k < outputs; ++k)
      for (int64_t c = 0; c < width; ++c) to[static_cast<size_t>(k * width + c)] = fitted_weight(c, k);
  });
  tensor::write_from_host<float>(parameters.memory(), bias->value, [&](std::span<float> to) {
    for (int64_t k = 0; k < outputs; ++k) to[static_cast<size_t>(k)] = fitted_weight(width, k);
  });
  parameters.refresh_twins();
}

}  // namespace

std::vector<std::string> head_start_names() {
  return {kRandom, kLinear};
}

bool wants_head_start(const TrainOptions& options) {
  return options.head_start == kLinear;
}

void check_head_start(const TrainOptions& options, const tasks::ModelBundle& bundle) {
  if (!wants_head_start(options)) return;
  if (bundle.task->kind == TaskKind::regress || bundle.task->kind == TaskKind::embed)
    fail(ErrorKind::usage, "--head-start linear is a logistic regression of labels; '{}' has none: leave it out",
         bundle.task->name);
  if (bundle.loss.link())
    fail(ErrorKind::usage,
         "--head-start linear fits one output a label; the loss '{}' reads the last layer in another way: leave it out",
         bundle.loss.text());
  if (bundle.loss.cosine_head() > 0)
    fail(ErrorKind::usage,
         "--head-start linear fits an ordinary last layer; that of the loss '{}' is one of cosines: leave it out, or "
         "give the loss head=linear",
         bundle.loss.text());
  if (bundle.continued_head)
    fail(ErrorKind::usage,
         "--head-start linear fits a new last layer, and {} has one for this task: give --new-head as well, or leave "
         "--head-start out to go on with the old one",
         options.model);
}

std::string head_start_hint(const TrainOptions& options, const tasks::ModelBundle& bundle,
                            const report::Ladder& ladder) {
  if (wants_head_start(options) || bundle.continued_head || bundle.loss.link() || bundle.loss.cosine_head() > 0)
    return "";
  const report::LadderRow *frozen = nullptr, *tuned = nullptr;
  for (const auto& row : ladder.rows) {
    if (row.fine_tuned) tuned = &row;
    if (row.name.starts_with(kFrozenEncoderRung)) frozen = &row;
  }
  if (!frozen || !tuned) return "";
  const auto beats_it = [&](const auto& row) { return metrics::is_better(ladder.metric, row.score, frozen->score); };
  if (std::any_of(ladder.rows.begin(), ladder.rows.end(), beats_it)) return "";
  return "a linear model on the untouched encoder does as well on these rows: --head-start linear begins from one";
}

std::optional<HeadStart> start_head(tasks::ModelBundle& bundle, kernels::Kernels& kernels, const Split& train,
                                    const HeadStartOptions& options) {
  const std::vector<int32_t> rows = rows_to_fit(bundle, train);
  auto examples = read_examples(bundle, kernels, train, rows, options);
  if (!examples) return std::nullopt;
  if (examples->targets.rows() == 0) return HeadStart{};
  std::vector<float>& values = examples->features;
  if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); }))
    fail(ErrorKind::numeric, "the untrained encoder's answers are not finite: the weights in {} are damaged",
         bundle.source.string());
  const int64_t width = bundle.model->config().hidden;
  const baselines::Standardizer standardizer(values, width, baselines::ColumnScale::common);
  standardizer.apply(values);
  const baselines::DenseFeatures features(std::move(values), width, kernels.threads());
  const auto fitted = baselines::fit_with_chosen_penalty(features, examples->targets, options.seed);
  write_last_layer(bundle.model->parameters(), standardizer.undone_in(fitted.model));
  return HeadStart{.rows = examples->targets.rows(), .c = fitted.c};
}

HeadStartCost head_start_cost(const tasks::ModelBundle& bundle, const Split& train) {
  HeadStartCost cost;
  int64_t reads = 0;
  for (const int32_t row : rows_to_fit(bundle, train)) {
    cost.tokens += tokens_of(train, row);
    reads += reads_of(train, row, bundle.task->kind == TaskKind::tag);
  }
  const auto rows = static_cast<double>(reads), width = static_cast<double>(bundle.model->config().hidden),
             classes = static_cast<double>(bundle.logit_count());
  constexpr double kFits = 20;  // copies of the weights that the search for the best ones keeps
  cost.fit_seconds = baselines::kDenseFitSeconds * rows * width * classes;
  cost.bytes = sizeof(float) * (rows * (width + classes) + kFits * width * classes);
  return cost;
}

}  // namespace attune::train
