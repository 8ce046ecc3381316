#include "attune/selection/measure/heads.h"

#include <algorithm>
#include <cmath>

#include "attune/autograd/tape.h"
#include "attune/base/error.h"
#include "attune/baselines/dense_features.h"
#include "attune/compare/blocks.h"
#include "attune/metrics/catalog.h"
#include "attune/models/head.h"
#include "attune/ops/activation.h"
#include "attune/optim/optimizer.h"
#include "attune/report/metric_units.h"
#include "attune/tensor/transfer.h"
#include "attune/train/mean_states.h"

namespace attune::selection {
namespace {

constexpr int64_t kTanhUnits = 128, kMostHeadRows = 2000;
constexpr int kSteps = 150;
constexpr double kLinearRate = 0.03, kDeepRate = 0.005;

// Features and targets of some rows, as one batch.
struct Rows {
  std::vector<int32_t> rows;
  std::vector<float> features;  // [rows, C]
  tasks::Batch batch;
};

std::vector<int32_t> rows_marked(const Division& division, char mark) {
  std::vector<int32_t> all;
  for (size_t row = 0; row < division.of_row.size(); ++row)
    if (division.of_row[row] == mark) all.push_back(static_cast<int32_t>(row));
  if (std::ssize(all) <= kMostHeadRows) return all;
  std::vector<int32_t> some;
  for (int64_t i = 0; i < kMostHeadRows; ++i)
    some.push_back(all[static_cast<size_t>(i * std::ssize(all) / kMostHeadRows)]);
  return some;
}

bool in_one_window(const train::Split& split, const std::vector<int32_t>& rows) {
  return std::all_of(rows.begin(), rows.end(), [&](int32_t row) {
    return split.encoded.first_sequence(row + 1) - split.encoded.first_sequence(row) == 1;
  });
}

// A head over frozen features, trained by one loss.
class FrozenHead {
 public:
  FrozenHead(losses::Objective loss, int64_t columns, bool deep, kernels::Kernels& kernels, uint64_t seed)
      : loss_(std::move(loss)), kernels_(kernels), arena_(kernels.memory()), tape_(arena_, kernels) {
    const int64_t labels = loss_.facts().labels;
    models::BertConfig config;
    config.hidden = deep ? kTanhUnits : columns, config.classifier_dropout = 0;
    if (deep)
      below_ =
          std::make_unique<nn::Linear>(parameters_, "below", nn::Linear::Options{.in = columns, .out = kTanhUnits});
    head_ = std::make_unique<models::Head>(
        parameters_, config,
        models::HeadOptions{.kind = models::HeadKind::token,
                            .cosine = loss_.cosine_head(),
                            .outputs = loss_.link() ? loss_.link()->outputs(labels) : labels});
    loss_.add_parameters(parameters_);
    parameters_.allocate(tensor::DType::f32, kernels.memory());
    for (const auto& p : parameters_.all()) parameters_.initialise(*p, seed, deep ? 0.1 : 0.02);
    parameters_.refresh_twins();
    parameters_.prepare_gradients(nn::TableGradients::all_rows);
    optimizer_ = optim::make_optimizer(parameters_, {.weight_decay = 0});
    rate_ = deep ? kDeepRate : kLinearRate;
  }

  // False: its numbers are not finite.
  bool fit(const Rows& rows) {
    for (int step = 0; step < kSteps; ++step) {
      const double progress = static_cast<double>(step) / kSteps;
      const auto denominators = loss_.denominators(rows.batch.targets, progress);
      parameters_.begin_step(), loss_.begin_step();
      arena_.reset(), tape_.clear(), parameters_.attach(tape_);
      autograd::Context context{.kernels = kernels_, .arena = arena_, .tape = &tape_, .training = true};
      const losses::ObjectiveValue value = loss_.evaluate(context, input(context, rows, progress));
      loss_.seed_backward(context, value, denominators);
      tape_.backward();
      const double total = loss_.total(value, denominators);
      if (!std::isfinite(total)) return false;
      for (const auto& p : parameters_.all())
        if (!p->state.started) kernels_.fill({.y = p->gradient, .value = 0});
      optimizer_->step(kernels_, rate_ * (1 - progress), /*clip=*/1, step + 1);
      loss_.commit();
    }
    parameters_.detach();
    return true;
  }

  // [rows, P]
  std::vector<float> outputs(const Rows& rows) {
    arena_.reset();
    autograd::Context context{.kernels = kernels_, .arena = arena_};
    const Tensor logits = answer(context, rows);
    const tensor::OnHost<float> values(arena_.memory(), logits, std::ssize(rows.rows) * logits.cols());
    return {values.values().begin(), values.values().end()};
  }
  const losses::Objective& loss() const { return loss_; }

 private:
  using Tensor = tensor::Tensor;

  Tensor features(autograd::Context& context, const Rows& rows) const {
    const int64_t columns = std::ssize(rows.features) / std::ssize(rows.rows);
    const Tensor x = context.make({tensor::rounded_rows(std::ssize(rows.rows)), columns}, tensor::DType::f32);
    tensor::write_from_host<float>(arena_.memory(), x, [&](std::span<float> to) {
      const auto end = std::copy(rows.features.begin(), rows.features.end(), to.begin());
      std::fill(end, to.end(), 0.0F);
    });
    return below_ ? ops::activation(context, kernels::ActivationKind::tanh, below_->forward(context, x)) : x;
  }
  Tensor answer(autograd::Context& context, const Rows& rows) const {
    return head_->answer(context, features(context, rows), rows.batch.read_keys);
  }
  losses::LossInput input(autograd::Context& context, const Rows& rows, double progress) const {
    const Tensor x = features(context, rows);
    return {.logits = head_->answer(context, x, rows.batch.read_keys),
            .features = x,
            .targets = rows.batch.targets,
            .progress = progress};
  }

  losses::Objective loss_;
  kernels::Kernels& kernels_;
  tensor::Arena arena_;
  autograd::Tape tape_;
  nn::Parameters parameters_;
  std::unique_ptr<nn::Linear> below_;
  std::unique_ptr<models::Head> head_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  double rate_ = 0;
};

class Trials {
 public:
  explicit Trials(const HeadsToTry& what) : what_(what) {}

  // False: stopped.
  bool prepare() {
    for (const auto& [mark, into] : {std::pair('t', &learns_), std::pair('d', &inner_), std::pair('e', &judges_)}) {
      into->rows = rows_marked(what_.division, mark);
      if (into->rows.empty() || !in_one_window(what_.rows, into->rows)) return none_ = true;
      auto states =
          train::mean_states(*what_.untouched.model, what_.kernels, what_.rows, into->rows, {.stop = what_.stop});
      if (!states) return false;
      into->features = std::move(*states);
      train::fill_batch(into->batch, what_.rows, into->rows, /*tagging=*/false);
    }
    const int64_t columns = what_.untouched.model->config().hidden;
    const baselines::Standardizer standardizer(learns_.features, columns, baselines::ColumnScale::common);
    // To entries of size 1: Adam's steps are of one size whatever the gradient.
    const auto scale = static_cast<float>(std::sqrt(static_cast<double>(columns)));
    for (Rows* rows : {&learns_, &inner_, &judges_}) {
      standardizer.apply(rows->features);
      for (float& x : rows->features) x *= scale;
    }
    return true;
  }
  bool none() const { return none_; }

  // The answers of a head on the judging rows, corrected; nothing: it failed.
  std::optional<compare::PredictionFile> answers(const std::string& loss, bool deep) {
    FrozenHead head(what_.make_loss(loss), what_.untouched.model->config().hidden, deep, what_.kernels, what_.seed);
    if (!head.fit(learns_)) return std::nullopt;
    Answers answers{.inner = file_of(head, inner_), .judged = file_of(head, judges_)};
    for (const auto* file : {&answers.inner, &answers.judged})
      for (const auto& row : file->rows)
        for (const auto& [label, z] : row.logits)
          if (!std::isfinite(z)) return std::nullopt;
    if (has_collapsed(answers.judged)) return std::nullopt;
    return corrected(answers.judged, fit(answers, what_.facts, what_.metric), what_.facts);
  }

  HeadTrial against(const compare::PredictionFile& plain, const std::string& loss, const std::string& of, bool deep) {
    HeadTrial trial{.loss = loss, .of = of, .deep = deep, .value = metrics::kUndefined, .failed = true};
    auto own = answers(loss, deep);
    if (!own) return trial;
    trial.value = value_of(*own, what_.metric);
    if (std::isnan(trial.value)) return trial;
    const compare::Comparison seen =
        compare::compare_blocks({std::move(*own)}, {plain}, {.metric = what_.metric, .draws = what_.draws});
    const compare::Verdict verdict = compare::judge(seen.differences, {});
    trial.failed = false;
    trial.difference = verdict.difference, trial.low = verdict.low, trial.high = verdict.high;
    return trial;
  }

 private:
  compare::PredictionFile file_of(FrozenHead& head, const Rows& rows) const {
    const tasks::ModelBundle& bundle = what_.untouched;
    const std::vector<float> outputs = head.outputs(rows);
    const auto k = static_cast<size_t>(bundle.labels.size());
    std::vector<float> logits(k);
    const size_t width = outputs.size() / rows.rows.size();
    compare::PredictionFile file{.path = "heads", .kind = bundle.task->data, .has_ids = true, .rows = {}};
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      const auto own = std::span(outputs).subspan(i * width, width);
      if (const losses::Link* link = head.loss().link())
        link->to_logits(own, logits);
      else
        std::copy(own.begin(), own.end(), logits.begin());
      compare::PredictionRow row;
      row.id = std::to_string(rows.rows[i]), row.has_gold = row.has_prediction = true;
      for (const int32_t label : what_.rows.targets.labels(rows.rows[i])) row.gold.push_back(bundle.labels.name(label));
      for (size_t label = 0; label < k; ++label)
        row.logits.emplace_back(bundle.labels.name(static_cast<int>(label)), static_cast<double>(logits[label]));
      row.probability_sum = 1;
      file.rows.push_back(std::move(row));
    }
    return file;
  }

  const HeadsToTry& what_;
  Rows learns_, inner_, judges_;
  bool none_ = false;
};

bool can_be_tried(const losses::Objective& loss) {
  return std::holds_alternative<std::monostate>(loss.strategy()) && !loss.depends_on_batch() && !loss.reads_teacher() &&
         !loss.reads_hidden();
}

}  // namespace

std::optional<std::vector<HeadTrial>> try_heads(const HeadsToTry& what) {
  const tasks::TaskKind kind = what.untouched.task->kind;
  std::vector<HeadTrial> trials;
  if (kind != tasks::TaskKind::classify && kind != tasks::TaskKind::multilabel) return trials;
  Trials heads(what);
  if (!heads.prepare()) return std::nullopt;
  if (heads.none()) return trials;
  std::vector<LossOptions> tried = what.losses;
  std::erase_if(tried, [&](const LossOptions& each) { return !can_be_tried(what.make_loss(each.loss)); });
  for (const bool deep : {false, true}) {
    const auto plain = heads.answers(what.plain_loss, deep);
    const double value = plain ? value_of(*plain, what.metric) : metrics::kUndefined;
    if (std::isnan(value)) return std::vector<HeadTrial>{};
    trials.push_back({.loss = what.plain_loss, .of = what.plain_loss, .deep = deep, .value = value});
    for (const LossOptions& each : tried) {
      std::vector<std::string> options{each.loss};
      options.insert(options.end(), each.variants.begin(), each.variants.end());
      for (const std::string& loss : options) {
        if (what.stop && what.stop()) return std::nullopt;
        trials.push_back(heads.against(*plain, loss, each.loss, deep));
      }
    }
  }
  return trials;
}

HeadsVerdict heads_verdict(const std::vector<HeadTrial>& trials, const std::string& loss, const std::string& metric) {
  std::vector<const HeadTrial*> own;
  for (const HeadTrial& trial : trials)
    if (trial.of == loss) own.push_back(&trial);
  const auto seen = [&](const std::string& options, bool deep) -> const HeadTrial* {
    for (const HeadTrial* trial : own)
      if (trial->loss == options && trial->deep == deep) return trial;
    return nullptr;
  };
  HeadsVerdict verdict;
  const HeadTrial* first[] = {seen(loss, false), seen(loss, true)};
  if (!first[0] || !first[1]) return verdict;
  const auto gain = [](const HeadTrial& trial) {
    return trial.failed ? -std::numeric_limits<double>::infinity() : trial.difference;
  };
  double most = 0;
  for (const HeadTrial* trial : own) {
    const HeadTrial* deep = seen(trial->loss, true);
    if (trial->deep || !deep || trial->loss == loss) continue;
    const double linear_gain = gain(*trial) - gain(*first[0]), deep_gain = gain(*deep) - gain(*first[1]);
    if (linear_gain > 0 && deep_gain > 0 && std::min(linear_gain, deep_gain) > most)
      most = std::min(linear_gain, deep_gain), verdict.best = trial->loss;
  }
  const std::string& taken = verdict.best.empty() ? loss : verdict.best;
  const HeadTrial *linear = seen(taken, false), *deep = seen(taken, true);
  const auto far_below = [](const HeadTrial& trial) {
    return trial.failed || trial.difference + (trial.high - trial.low) < 0;
  };
  if (!far_below(*linear) || !far_below(*deep)) return verdict;
  const report::MetricUnits units(metric);
  const auto said = [&](const HeadTrial& trial) {
    return trial.failed ? std::string("learns nothing")
                        : units.number(trial.difference) + (units.points() ? " points" : "");
  };
  verdict.dropped = fmt::format("on frozen features it is far below the plain loss: linear head {}, small MLP {}",
                                said(*linear), said(*deep));
  return verdict;
}

}  // namespace attune::selection
