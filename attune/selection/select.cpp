#include "attune/selection/select.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/base/scratch_file.h"
#include "attune/base/suggest.h"
#include "attune/base/threads.h"
#include "attune/compare/judged_run.h"
#include "attune/data/split.h"
#include "attune/io/resolve.h"
#include "attune/metrics/catalog.h"
#include "attune/metrics/correction.h"
#include "attune/report/format.h"
#include "attune/selection/choice_json.h"
#include "attune/selection/choice_page.h"
#include "attune/selection/choice_text.h"
#include "attune/selection/divide.h"
#include "attune/selection/judge.h"
#include "attune/selection/measure_model.h"
#include "attune/selection/measure_rows.h"
#include "attune/selection/plan.h"
#include "attune/selection/run_jobs.h"
#include "attune/tasks/pairs.h"
#include "attune/train/checkpoint.h"
#include "attune/train/parts.h"
#include "attune/train/run.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_loss.h"
#include "attune/train/run_sources.h"

namespace attune::selection {
namespace {

void check(const SelectOptions& o, const tasks::Task& task) {
  const train::TrainOptions& t = o.train;
  if (task.kind == tasks::TaskKind::embed)
    fail(ErrorKind::usage,
         "--task embed: select-loss judges labels, scores and tags; train with several losses and seeds, and let "
         "`attune compare` say which is better");
  if (!t.parts.empty() || t.resume)
    fail(ErrorKind::usage, "{}: select-loss divides the rows itself, and goes on by itself where it stopped",
         t.parts.empty() ? "--resume" : "--parts");
  if (!t.teacher.empty()) fail(ErrorKind::usage, "--teacher: losses that learn from a teacher do not race yet");
  if (t.dev == "none")
    fail(ErrorKind::usage, "--dev none: leave --dev out; rows that judge are then taken from the training files");
  parse_budget(o.budget);
}

std::string metric_of(const SelectOptions& o, const tasks::Task& task) {
  if (o.metric.empty()) return std::string(metrics::default_best_metric(task.name));
  metrics::metric_info(o.metric);
  std::vector<std::string> names = metrics::metric_names(task.name);
  std::erase(names, "loss");
  if (o.metric == "loss")
    fail(ErrorKind::usage, "--metric loss: every loss would be judged by a measure of its own; choose one of: {}",
         fmt::join(names, ", "));
  if (std::find(names.begin(), names.end(), o.metric) == names.end())
    fail(ErrorKind::usage, "--metric {}: the task {} does not have it{}; it has {}", o.metric, task.name,
         did_you_mean(o.metric, names), fmt::join(names, ", "));
  return o.metric;
}

// All rows that a choice is made from, opened once to be measured and divided.
class Pool {
 public:
  Pool(const SelectOptions& o, const tasks::Task& task)
      : options_(o), task_(task), kernels_(kernels::cpu::make_kernels(choose_threads(o.train.threads).threads)) {
    files = o.train.train;
    if (!o.train.dev.empty()) files.push_back(o.train.dev);
    rows =
        data::read_dataset(files, task.data, o.train.read, data::TargetNeed::required, scratch_folder_for(o.train.out));
    const auto first_dev = static_cast<int32_t>(o.train.train.size());
    dev_from = 0;
    while (dev_from < std::ssize(rows.examples) &&
           rows.examples.view(static_cast<size_t>(dev_from)).origin.file < first_dev)
      ++dev_from;
    if (dev_from == 0) fail(ErrorKind::input, "{}: no rows to learn from", train::joined(o.train.train));
    const data::Dataset learnt = dev_from < std::ssize(rows.examples) ? data::take_rows(rows, first(dev_from)) : rows;
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

  data::Labels labels() const { return bundle.labels; }

  // Empty: stopped.
  std::optional<Profile> measure(const Clusters& clusters, train::Observer& observer) const {
    Profile profile;
    measure_rows({.rows = rows,
                  .dev_from = dev_from,
                  .task = task_,
                  .tokenizer = *bundle.tokenizer,
                  .encode = bundle.encode,
                  .clusters = clusters,
                  .ordered = options_.ordered,
                  .by_time = options_.by_time},
                 profile);
    const train::Split split = train::make_split("all", train::joined(files), rows, bundle);
    const bool whole = measure_model({.untrained = bundle,
                                      .kernels = *kernels_,
                                      .rows = split,
                                      .clusters = clusters,
                                      .seed = options_.train.seed,
                                      .stop = [&] { return observer.stop_requested(); }},
                                     profile);
    if (!whole) return std::nullopt;
    return profile;
  }

  // Rows by label among those that learn.
  std::vector<double> counts(const Division& division) const {
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

  std::vector<std::string> files;
  data::Dataset rows;
  int64_t dev_from = 0;
  tasks::ModelBundle bundle;

 private:
  static std::vector<int32_t> first(int64_t count) {
    std::vector<int32_t> rows(static_cast<size_t>(count));
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int32_t>(i);
    return rows;
  }

  const SelectOptions& options_;
  const tasks::Task& task_;
  std::unique_ptr<kernels::Kernels> kernels_;
};

// Of classes a metric may be one of two classes alone, or of grades: told before anything is trained.
void check_metric(const std::string& metric, const tasks::Task& task, const data::Labels& labels) {
  if (task.kind != tasks::TaskKind::classify || labels.size() < 2) return;
  const auto judged = compare::judged_run({.path = {}, .kind = task.data, .rows = {}}, labels, /*decided=*/true);
  const auto& names = judged->statistics().names();
  if (std::find(names.begin(), names.end(), metric) == names.end())
    fail(ErrorKind::usage, "--metric {} ({}): with these {} labels it has no value; those that have one: {}", metric,
         metrics::metric_info(metric).help, labels.size(), fmt::join(names, ", "));
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

// Losses as --loss would write them, each once: one that does not fit is told before anything is trained.
std::vector<std::string> checked_candidates(const SelectOptions& o, const Pool& pool) {
  std::vector<std::string> candidates;
  for (const std::string& named : o.candidates) {
    train::TrainOptions t = o.train;
    t.loss = named;
    std::string text =
        with_context([] { return "in --candidate"; },
                     [&] { return train::make_run_loss(t, *pool.bundle.task, pool.rows, pool.bundle.labels).text(); });
    if (std::find(candidates.begin(), candidates.end(), text) == candidates.end())
      candidates.push_back(std::move(text));
  }
  return candidates;
}

int most_blocks(const SelectOptions& o) {
  constexpr int kOfTime = 5;
  const Budget budget = parse_budget(o.budget);
  return budget.seconds ? kOfTime : spend(budget.runs, 0).blocks;
}

std::string fingerprint(const SelectOptions& o) {
  nlohmann::json all = train::fingerprint_sources(o.train);
  all["model"] = train::model_fingerprint(io::resolve_model(o.train.model).string());
  return sha256_hex(all.dump());
}

void write_lines(const fs::path& path, const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  write_file_atomically(path, text);
}

// Looks whether the folder is this choice's. True: it is there already.
bool check_folder(const SelectOptions& o, const std::string& plan_text) {
  const fs::path out = o.train.out;
  if (!fs::exists(out)) return false;
  if (!fs::is_directory(out)) fail(ErrorKind::usage, "--out {} is a file; name a folder", out.string());
  if (fs::is_empty(out)) return false;
  if (!fs::exists(out / "plan.json"))
    fail(ErrorKind::usage, "--out {} is not empty and was not made by `attune select-loss`; name another folder",
         out.string());
  if (o.train.overwrite) {
    fs::remove_all(out);
    return false;
  }
  if (read_file(out / "plan.json") != plan_text)
    fail(ErrorKind::usage,
         "--out {} holds a choice with other options or data; give --overwrite to replace it, or another folder",
         out.string());
  return true;
}

Profile profile_from_json(const nlohmann::json& json) {
  Profile profile;
  const auto number = [](const nlohmann::json& value) {
    return value.is_null() ? metrics::kUndefined : value.get<double>();
  };
  const auto text = [](const nlohmann::json& value) { return value.is_null() ? "" : value.get<std::string>(); };
  constexpr const char* kUnits[] = {"count", "share", "ratio", "bits", "number"};
  for (const auto& each : json.at("figures")) {
    Figure figure{
        .name = each.at("name"), .title = each.at("title"), .value = number(each.at("value")), .n = each.at("n")};
    for (size_t unit = 0; unit < std::size(kUnits); ++unit)
      if (each.at("unit") == kUnits[unit]) figure.unit = static_cast<FigureUnit>(unit);
    if (!each.at("interval").is_null())
      figure.interval = metrics::Interval{number(each.at("interval")[0]), number(each.at("interval")[1])};
    figure.note = text(each.at("note"));
    profile.set(std::move(figure));
  }
  for (const auto& each : json.at("warnings")) profile.warnings.push_back(each);
  for (const auto& each : json.at("suspicious"))
    profile.suspicious.push_back({.place = each.at("place"),
                                  .reason = each.at("reason"),
                                  .suspicion = number(each.at("suspicion")),
                                  .label = text(each.at("label")),
                                  .expected = text(each.at("expected"))});
  return profile;
}

Profile read_profile(const fs::path& path) {
  return profile_from_json(parse_json(read_file(path), path.string()));
}

// What to train with: all rows, the chosen loss, the rate that won, and corrections where they pay and a folder can
// hold them.
train::TrainOptions final_options(const SelectOptions& o, const Pool& pool, const Choice& choice) {
  train::TrainOptions t = o.train;
  t.loss = choice.loss, t.lr *= choice.rate_times;
  const auto served = metrics::corrected_metrics(t.task);
  const losses::Objective loss = train::make_run_loss(t, *pool.bundle.task, pool.rows, pool.bundle.labels);
  const bool plain_layer = !loss.link() && loss.cosine_head() == 0;
  if (choice.corrections_pay && plain_layer && std::find(served.begin(), served.end(), choice.metric) != served.end())
    t.correct_for = choice.metric;
  return t;
}

void write_train_config(const SelectOptions& o, const Pool& pool, const Choice& choice, const fs::path& path) {
  train::TrainOptions t = final_options(o, pool, choice);
  OptionList list;
  t.visit(list);
  nlohmann::json json = list.to_json();
  for (const char* key : {"out", "overwrite", "resume", "json", "parts", "predictions", "save_model"}) json.erase(key);
  write_file_atomically(path, json.dump(2) + "\n");
}

void write_choice(const SelectOptions& o, const Pool& pool, const Choice& choice) {
  const fs::path out = o.train.out;
  std::vector<std::string> suspicious;
  for (const auto& row : choice.profile.suspicious) {
    const nlohmann::ordered_json line{{"place", row.place},
                                      {"reason", row.reason},
                                      {"suspicion", row.suspicion},
                                      {"label", row.label},
                                      {"expected", row.expected}};
    std::string text = json_line(line);
    text.pop_back();
    suspicious.push_back(std::move(text));
  }
  write_lines(out / "suspicious.jsonl", suspicious);
  write_train_config(o, pool, choice, out / "train.json");
  write_file_atomically(out / "report.html", to_html(choice));
  write_file_atomically(out / "report.txt", to_text(choice));
  write_file_atomically(out / "verdict.json", to_json(choice).dump(2) + "\n");
}

// The chosen loss on all rows, and the test split, once.
bool train_final(const SelectOptions& o, const Pool& pool, Choice& choice, train::Observer& observer) {
  train::TrainOptions t = final_options(o, pool, choice);
  t.out = o.final_model;
  if (fs::exists(t.out) && train::newest_checkpoint(t.out)) t.resume = true, t.overwrite = false;
  const train::RunResult result = train::run_training(t, observer);
  if (result.state == train::RunResult::State::interrupted) return false;
  for (const report::Split& split : result.report.splits)
    if (split.name == "test") {
      const metrics::Score* score = split.scores.find(choice.metric);
      choice.test = Choice::Test{.file = t.test,
                                 .rows = split.rows,
                                 .plain = metrics::kUndefined,
                                 .chosen = score ? score->value : metrics::kUndefined,
                                 .interval = score ? score->interval : std::nullopt};
    }
  return true;
}

}  // namespace

std::optional<Choice> select_loss(SelectOptions o, train::Observer& observer) {
  const tasks::Task& task = tasks::task_named(o.train.task);
  check(o, task);
  const std::string metric = metric_of(o, task);
  const fs::path out = o.train.out;
  Pool pool(o, task);
  o.train.encode = pool.bundle.encode;  // the length that the model has room for: a demand in every run's config
  for (const auto& note : pool.rows.notes) observer.note(note);
  for (const auto& note : pool.bundle.notes) observer.note(note);
  check_ids(pool.rows);
  check_metric(metric, task, pool.bundle.labels);
  o.candidates = checked_candidates(o, pool);
  observer.note("looking for rows that are the same, or nearly");
  const Clusters clusters = find_clusters(pool.rows.examples);
  const std::vector<Division> divisions = divide(
      pool.rows, task.data, clusters, {.dev_from = pool.dev_from, .blocks = most_blocks(o), .seed = o.train.seed});

  Plan plan{.options = o,
            .metric = metric,
            .plain_loss = pool.bundle.loss.text(),
            .labels = pool.labels().names(),
            .ordered = o.ordered,
            .files = pool.files,
            .fingerprint = fingerprint(o),
            .pool_rows = std::ssize(pool.rows.examples)};
  for (size_t block = 0; block < divisions.size(); ++block)
    plan.blocks.push_back({.parts = block == 0 ? "parts/race.txt" : fmt::format("parts/verdict-{}.txt", block),
                           .counts = pool.counts(divisions[block]),
                           .learns = divisions[block].learns,
                           .inner = divisions[block].inner,
                           .judges = divisions[block].judges});
  const std::string plan_text = plan.to_json().dump(2) + "\n";
  if (!check_folder(o, plan_text)) {
    fs::create_directories(out / "parts");
    if (!plan.labels.empty()) write_lines(out / "labels.txt", plan.labels);
    for (size_t block = 0; block < divisions.size(); ++block)
      write_file_atomically(out / plan.blocks[block].parts, train::parts_text(divisions[block].of_row));
    write_file_atomically(out / "plan.json", plan_text);
  }
  if (!fs::exists(out / "profile.json")) {
    observer.note("measuring the rows and what the untrained encoder knows of them");
    const auto profile = pool.measure(clusters, observer);
    if (!profile) return std::nullopt;
    write_file_atomically(out / "profile.json", to_json(*profile).dump(2) + "\n");
  }
  LocalRunner runner(plan, out, observer, {.jobs = o.jobs, .program = o.program});
  if (const Budget budget = parse_budget(o.budget); budget.seconds) runner.set_time_limit(*budget.seconds);
  std::optional<Choice> choice =
      judge(plan, read_profile(out / "profile.json"), runner, [&](const std::string& text) { observer.note(text); });
  if (!choice) return std::nullopt;
  write_choice(o, pool, *choice);
  if (!o.final_model.empty()) {
    if (!train_final(o, pool, *choice, observer)) return std::nullopt;
    write_file_atomically(out / "report.html", to_html(*choice));
    write_file_atomically(out / "report.txt", to_text(*choice));
  }
  return choice;
}

Replayed replay(const std::string& folder) {
  const fs::path out = folder;
  if (!fs::exists(out / "plan.json"))
    fail(ErrorKind::usage, "--replay {}: no plan.json in it; name a folder that `attune select-loss --out` made",
         folder);
  Plan plan = Plan::from_json(parse_json(read_file(out / "plan.json"), (out / "plan.json").string()),
                              (out / "plan.json").string());
  StoredRunner runner(plan, out);
  Replayed replayed{.choice = *judge(plan, read_profile(out / "profile.json"), runner)};
  replayed.same =
      fs::exists(out / "verdict.json") && read_file(out / "verdict.json") == to_json(replayed.choice).dump(2) + "\n";
  return replayed;
}

}  // namespace attune::selection
