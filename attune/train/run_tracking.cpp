#include "attune/train/run_tracking.h"

#include <algorithm>
#include <cmath>

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/metrics/catalog.h"
#include "attune/tensor/transfer.h"
#include "attune/track/run_place.h"
#include "attune/track/runs/project.h"
#include "attune/track/tensorboard/tensorboard.h"
#include "attune/track/wandb/wandb.h"

namespace attune::train {
namespace {

using nlohmann::json;
using track::Scalar;

constexpr const char* kMemory = "tracking.json";

fs::path whole(const std::string& path) {
  return fs::weakly_canonical(fs::absolute(path));
}

bool asks_for(const TrainOptions& o, const char* tracker) {
  return std::find(o.track.begin(), o.track.end(), tracker) != o.track.end();
}

// The folder that a tracker is to use: the one that its own option names, or NAME in the run's; empty: it is not asked
// for.
fs::path place(const TrainOptions& o, const char* tracker, const std::string& folder) {
  if (folder.empty()) return asks_for(o, tracker) ? whole(o.out) / tracker : fs::path();
  const fs::path root = whole(folder), out = whole(o.out);
  const bool inside = std::mismatch(out.begin(), out.end(), root.begin(), root.end()).first == out.end();
  if (!inside) track::check_writable(root);
  return root;
}

// What people compare runs by: all that is set for learning, and what the run began from.
std::vector<std::string> hyperparameters(TrainOptions o) {
  OptionList list;
  o.visit(list);
  std::vector<std::string> names;
  for (const Option& option : list.options()) {
    const bool learning = option.group == "What is minimised" || option.group == "How" || option.group == "The model";
    const bool beside = option.name == "model" || option.name == "task" || option.name == "max-length" ||
                        option.name == "seed" || option.name == "precision";
    if (!learning && !beside) continue;
    std::string name = option.name;
    std::replace(name.begin(), name.end(), '-', '_');
    names.push_back(name);
  }
  return names;
}

json resolved_options(TrainOptions o, const tasks::ModelBundle& bundle) {
  o.precision = tensor::name(bundle.model->compute());
  o.loss = bundle.loss.text();
  OptionList list;
  o.visit(list);
  return list.to_json();
}

// The metrics that judge a run, of the splits that it has.
std::vector<std::string> headline(const TrainOptions& o, const tasks::ModelBundle& bundle) {
  static const std::vector<std::string> kTold{"accuracy", "macro_f1", "micro_f1", "entity_f1", "ndcg_10",
                                              "mrr",      "spearman", "pearson",  "mse",       "loss"};
  const std::vector<std::string> known = metrics::metric_names(bundle.task->name);
  std::vector<std::string> names;
  for (const char* split : {"test", "dev"}) {
    const bool there = std::string_view(split) == "test" ? !o.test.empty() || !o.parts.empty()
                                                         : o.dev != "none" && (!o.dev.empty() || o.test.empty());
    if (!there) continue;
    for (const std::string& metric : kTold)
      if (std::find(known.begin(), known.end(), metric) != known.end())
        names.push_back(fmt::format("{}/{}", split, metric));
  }
  return names;
}

// "embeddings", "layer_01", ..., "head": by depth, named so that they sort.
std::vector<std::string> group_names(int64_t layers) {
  const size_t width = std::to_string(layers).size();
  std::vector<std::string> names{"embeddings"};
  for (int64_t layer = 1; layer <= layers; ++layer) names.push_back(fmt::format("layer_{:0{}}", layer, width));
  names.emplace_back("head");
  return names;
}

bool has_gradient(const nn::Parameter& p) {
  return p.trainable && p.state.started;
}

// The rows of a gradient that the step reached; of most parameters all of it.
int64_t gradient_count(const nn::Parameter& p) {
  return p.by_rows ? std::ssize(p.touched) * p.shape.cols() : p.gradient.count();
}

std::vector<Scalar> scalars_of(const std::string& split, const metrics::Scores& scores) {
  std::vector<Scalar> scalars;
  for (const auto& score : scores)
    if (std::isfinite(score.value)) scalars.push_back({split + "/" + score.name, score.value});
  return scalars;
}

// Of the groups that the step reached: the squares were summed for the global norm.
void put_norms(std::vector<Scalar>& scalars, const nn::Parameters& parameters, const std::vector<std::string>& groups) {
  std::vector<double> squares(groups.size());
  std::vector<bool> reached(groups.size());
  const tensor::OnHost<double> sums(parameters.memory(), parameters.squares());
  for (size_t i = 0; i < parameters.all().size(); ++i) {
    const nn::Parameter& p = *parameters.all()[i];
    if (!has_gradient(p)) continue;
    squares[static_cast<size_t>(p.options.depth)] += sums.values()[i];
    reached[static_cast<size_t>(p.options.depth)] = true;
  }
  for (size_t g = 0; g < groups.size(); ++g)
    if (reached[g]) scalars.push_back({"gradient_norm/" + groups[g], std::sqrt(squares[g])});
}

}  // namespace

RunTracking::RunTracking(const TrainOptions& options, Observer& observer)
    : options_(options), observer_(observer), trackers_([&](const std::string& line) { observer_.note(line); }) {
  if (const fs::path root = place(options, "tensorboard", options.tensorboard); !root.empty())
    trackers_.add(std::make_unique<track::TensorBoard>(root));
  if (const fs::path root = place(options, "wandb", options.wandb); !root.empty())
    trackers_.add(std::make_unique<track::Wandb>(root));
  if (!options.project.empty()) trackers_.add(std::make_unique<track::Project>(whole(options.project)));
}

std::unique_ptr<RunTracking> RunTracking::make(const TrainOptions& options, Observer& observer) {
  std::unique_ptr<RunTracking> tracking(new RunTracking(options, observer));
  return tracking->trackers_.empty() ? nullptr : std::move(tracking);
}

RunTracking::~RunTracking() {
  end(track::EndState::failed);
}

void RunTracking::begin(const Start& start) {
  bundle_ = &start.bundle;
  groups_ = group_names(start.bundle.model->config().layers);
  const fs::path out = whole(options_.out), memory = out / kMemory;
  const json remembered =
      options_.resume && fs::exists(memory) ? parse_json(read_file(memory), memory.string()) : json::object();
  trackers_.begin({.name = out.filename().string(),
                   .out = out,
                   .version = "0.1.0",
                   .task = start.bundle.task->name,
                   .options = resolved_options(options_, start.bundle),
                   .hyperparameters = hyperparameters(options_),
                   .identity = start.identity,
                   .headline = headline(options_, start.bundle),
                   .steps = start.steps,
                   .after_step = start.after_step,
                   .remembered = {}},
                  remembered);
  begun_ = true;
  write_file_atomically(memory, trackers_.remember().dump(2) + "\n");
  for (const std::string& place : trackers_.places()) observer_.note(place);
}

void RunTracking::logged(const Progress& progress, const nn::Parameters* parameters) {
  std::vector<Scalar> scalars{{"train/loss", progress.loss},
                              {"train/learning_rate", progress.rate},
                              {"train/gradient_norm", progress.gradient_norm},
                              {"train/examples_per_second", progress.examples_per_second}};
  if (parameters) put_norms(scalars, *parameters, groups_);
  std::erase_if(scalars, [](const Scalar& scalar) { return !std::isfinite(scalar.value); });
  trackers_.tell([&](track::Tracker& t) { t.scalars(progress.step, scalars); });
}

void RunTracking::parameters(int64_t step, const nn::Parameters& parameters) {
  std::vector<track::HistogramSum> weights(groups_.size()), gradients(groups_.size());
  for (const auto& p : parameters.all()) {
    const auto group = static_cast<size_t>(p->options.depth);
    if (parameters.has_values(*p)) weights[group].add(tensor::OnHost<float>(parameters.memory(), p->value).values());
    if (has_gradient(*p))
      gradients[group].add(tensor::OnHost<float>(parameters.memory(), p->gradient, gradient_count(*p)).values());
  }
  std::vector<track::NamedHistogram> histograms;
  for (size_t g = 0; g < groups_.size(); ++g) {
    if (auto h = weights[g].histogram(); h.count > 0) histograms.push_back({"weights/" + groups_[g], std::move(h)});
    if (auto h = gradients[g].histogram(); h.count > 0) histograms.push_back({"gradients/" + groups_[g], std::move(h)});
  }
  trackers_.tell([&](track::Tracker& t) { t.histograms(step, histograms); });
}

void RunTracking::evaluated(int64_t step, const tasks::Evaluation& evaluation, const SplitCurves& curves) {
  const std::vector<Scalar> scalars = scalars_of(curves.split(), evaluation.scores);
  trackers_.tell([&](track::Tracker& t) { t.scalars(step, scalars); });
  show(step, evaluation, curves);
}

void RunTracking::show(int64_t step, const tasks::Evaluation& evaluation, const SplitCurves& curves) {
  const auto told = curves.curves();
  trackers_.tell([&](track::Tracker& t) { t.pr_curves(step, told); });
  if (const auto* detail = std::get_if<metrics::ClassificationResult>(&evaluation.detail)) {
    const track::ConfusionTable table{curves.split() + "/confusion", bundle_->labels.names(), detail->confusion};
    trackers_.tell([&](track::Tracker& t) { t.confusion(step, table); });
  }
}

void RunTracking::mark(int64_t step) {
  trackers_.tell([&](track::Tracker& t) { t.mark(step); });
}

void RunTracking::judged(const tasks::Evaluation& evaluation, const SplitCurves& curves) {
  for (Scalar& scalar : scalars_of(curves.split(), evaluation.scores)) end_.finals.push_back(std::move(scalar));
  if (curves.split() == "test") show(end_.step, evaluation, curves);
}

void RunTracking::end(track::EndState state) {
  if (!begun_) return;
  begun_ = false;
  end_.state = state;
  trackers_.tell([&](track::Tracker& t) { t.end(end_); });
}

void RunTracking::fail_with(const std::string& error) {
  end_.error = error;
  end(track::EndState::failed);
}

}  // namespace attune::train
