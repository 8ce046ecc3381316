#include "attune/selection/pool.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_map>

#include "attune/base/error.h"
#include "attune/base/scratch_file.h"
#include "attune/base/threads.h"
#include "attune/data/split.h"
#include "attune/selection/arms.h"
#include "attune/selection/measure/heads.h"
#include "attune/selection/measure/model.h"
#include "attune/selection/measure/rows.h"
#include "attune/selection/rules.h"
#include "attune/tasks/pairs.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_loss.h"
#include "attune/train/run_sources.h"
#include "attune/train/split.h"

namespace attune::selection {
namespace {

std::vector<int32_t> first_rows(int64_t count) {
  std::vector<int32_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// Two sides' answers are matched by the rows' ids, so none may stand twice: told before anything is trained.
void check_ids(const data::Dataset& rows) {
  std::unordered_map<std::string_view, size_t> seen;
  for (size_t row = 0; row < rows.examples.size(); ++row) {
    const data::ExampleView view = rows.examples.view(row);
    if (view.id.empty()) continue;
    const auto [at, fresh] = seen.emplace(view.id, row);
    if (!fresh)
      fail(ErrorKind::input, "the id '{}' stands in {} and in {}; answers are matched by it, so give each row its own",
           view.id, rows.describe(rows.examples.view(at->second).origin), rows.describe(view.origin));
  }
}

// Training rows by what stands in the column --time: numbers where all are, else text, which orders dates of one form.
std::vector<int32_t> in_order_of(const SelectOptions& o, data::TargetKind target, const data::Dataset& rows,
                                 int64_t count) {
  data::ReadOptions reading = o.train.read;
  reading.id = o.time;  // read once more, with the column in the place of the id
  const data::Dataset timed =
      with_context([] { return "in --time"; },
                   [&] {
                     return data::read_dataset(o.train.train, target, reading, data::TargetNeed::required,
                                               scratch_folder_for(o.train.out));
                   });
  std::vector<std::string> texts;
  std::vector<double> numbers;
  for (int64_t row = 0; row < count; ++row) {
    const data::ExampleView view = timed.examples.view(static_cast<size_t>(row));
    if (view.id.empty())
      fail(ErrorKind::input, "{}: the column '{}' (--time) is empty", rows.describe(view.origin), o.time);
    texts.emplace_back(view.id);
    double number = 0;
    const auto [end, error] = std::from_chars(view.id.data(), view.id.data() + view.id.size(), number);
    if (error == std::errc() && end == view.id.data() + view.id.size()) numbers.push_back(number);
  }
  std::vector<int32_t> order = first_rows(count);
  const bool all_numbers = numbers.size() == texts.size();
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const auto x = static_cast<size_t>(a), y = static_cast<size_t>(b);
    return all_numbers ? numbers[x] < numbers[y] : texts[x] < texts[y];
  });
  return order;
}

}  // namespace

Pool::Pool(const SelectOptions& o, const tasks::Task& task)
    : options_(o), task_(task), kernels_(kernels::cpu::make_kernels(choose_threads(o.train.threads).threads)) {
  files = o.train.train;
  if (!o.train.dev.empty()) files.push_back(o.train.dev);
  rows =
      data::read_dataset(files, task.data, o.train.read, data::TargetNeed::required, scratch_folder_for(o.train.out));
  check_ids(rows);
  const auto first_dev = static_cast<int32_t>(o.train.train.size());
  dev_from = 0;
  while (dev_from < std::ssize(rows.examples) &&
         rows.examples.view(static_cast<size_t>(dev_from)).origin.file < first_dev)
    ++dev_from;
  if (o.by_time) in_time = first_rows(dev_from);
  if (!o.time.empty()) in_time = in_order_of(o, task.data, rows, dev_from);
  if (dev_from == 0) fail(ErrorKind::input, "{}: no rows to learn from", train::joined(o.train.train));
  const data::Dataset learnt =
      dev_from < std::ssize(rows.examples) ? data::take_rows(rows, first_rows(dev_from)) : rows;
  const bool numbers = task.kind == tasks::TaskKind::regress;
  bundle = tasks::open_for_training(
      {.model = o.train.model,
       .task = &task,
       .data_labels = numbers ? std::vector<std::string>{} : data::labels_of(learnt, task.data).names(),
       .labels_file = o.train.labels,
       .make_loss = [&](const data::Labels& labels) { return train::make_run_loss(o.train, task, learnt, labels); },
       .pooling = tasks::pooling_named(o.train.pooling),
       .new_head = o.train.new_head,
       .seed = o.train.seed,
       .compute = tasks::compute_type(o.train.precision),
       .dropout = o.train.dropout,
       .attention_dropout = o.train.attention_dropout,
       .classifier_dropout = o.train.classifier_dropout,
       .encode = o.train.encode,
       .decoding = tasks::decoding_named(o.train.decoding),
       .max_length_given = o.train.max_length_is_a_demand,
       .pairs = tasks::pairs_of(task, rows),
       .normalize = {},
       .device = kernels_.get()});
}

std::optional<Profile> Pool::measure(const Clusters& clusters, const Division* race, const std::string& metric,
                                     train::Observer& observer) const {
  Profile profile;
  measure_rows({.rows = rows,
                .dev_from = dev_from,
                .task = task_,
                .tokenizer = *bundle.tokenizer,
                .encode = bundle.encode,
                .clusters = clusters,
                .ordered = options_.ordered,
                .in_time = in_time},
               profile);
  const train::Split split = train::make_split("all", train::joined(files), rows, bundle);
  const bool whole = measure_model({.untrained = bundle,
                                    .kernels = *kernels_,
                                    .rows = split,
                                    .clusters = clusters,
                                    .seed = options_.train.seed,
                                    .stop = [&] { return observer.stop_requested(); }},
                                   profile);
  if (!whole || (race && !try_losses(split, *race, metric, observer, profile))) return std::nullopt;
  return profile;
}

// The losses at the head of the queue, as far as it is known before a run: more than can race.
bool Pool::try_losses(const train::Split& split, const Division& race, const std::string& metric,
                      train::Observer& observer, Profile& profile) const {
  constexpr size_t kMostLosses = 10;
  HeadsToTry what{.untouched = bundle,
                  .kernels = *kernels_,
                  .rows = split,
                  .division = race,
                  .metric = metric,
                  .plain_loss = bundle.loss.text(),
                  .facts = {.labels = bundle.labels, .ordered = options_.ordered, .counts = counts(race)},
                  .losses = {},
                  .make_loss =
                      [&](const std::string& loss) {
                        train::TrainOptions t = options_.train;
                        t.loss = loss;
                        return train::make_run_loss(t, task_, rows, bundle.labels);
                      },
                  .seed = options_.train.seed,
                  .stop = [&] { return observer.stop_requested(); }};
  for (const std::string& named : options_.candidates) what.losses.push_back({.loss = named});
  for (const Ruling& ruling : apply_rules(task_, metric, profile, kRaceBudget)) {
    if (ruling.standing == Standing::ruled_out || !ruling.rule || what.losses.size() == kMostLosses) continue;
    const auto& variants = ruling.rule->variants;
    what.losses.push_back({.loss = ruling.loss, .variants = {variants.begin(), variants.end()}});
  }
  observer.note("trying losses on frozen features");
  auto trials = try_heads(what);
  if (trials) profile.heads = std::move(*trials);
  return trials.has_value();
}

std::vector<double> Pool::counts(const Division& division) const {
  std::vector<double> counts(static_cast<size_t>(bundle.labels.size()), 0);
  if (task_.kind != tasks::TaskKind::classify && task_.kind != tasks::TaskKind::multilabel) return counts;
  for (size_t row = 0; row < rows.examples.size(); ++row) {
    if (division.of_row[row] != 't') continue;
    const data::ExampleView view = rows.examples.view(row);
    for (int32_t i = 0; i < view.label_count; ++i)
      if (const int k = bundle.labels.find(rows.examples.label_of(view, i)); k >= 0) ++counts[static_cast<size_t>(k)];
  }
  return counts;
}

Plan plan_of(const SelectOptions& o, const std::string& metric, const Pool& pool,
             const std::vector<Division>& divisions) {
  Plan plan{.options = o,
            .metric = metric,
            .plain_loss = pool.bundle.loss.text(),
            .labels = pool.bundle.labels.names(),
            .ordered = o.ordered,
            .files = pool.files,
            .fingerprint = train::sources_hash(o.train),
            .pool_rows = std::ssize(pool.rows.examples),
            .layers = pool.bundle.model->config().layers};
  // A quarter of the layers keeps 90% of the quality (Lee, Tang & Lin 2019, arXiv 1911.03090); where few are left below
  // nothing is saved. Candidates that move the embeddings (fgm) need them to train.
  constexpr int64_t kLeastLayers = 4;
  const bool moves_embeddings = std::any_of(o.candidates.begin(), o.candidates.end(), needs_all_layers);
  if (plan.layers >= kLeastLayers && o.train.freeze_layers == 0 && !moves_embeddings)
    plan.upper_layers = (plan.layers + 3) / 4;
  for (size_t block = 0; block < divisions.size(); ++block)
    plan.blocks.push_back({.parts = block == 0 ? "parts/race.txt" : fmt::format("parts/verdict-{}.txt", block),
                           .counts = pool.counts(divisions[block]),
                           .learns = divisions[block].learns,
                           .inner = divisions[block].inner,
                           .judges = divisions[block].judges});
  return plan;
}

}  // namespace attune::selection
