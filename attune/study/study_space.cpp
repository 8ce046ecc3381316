#include "attune/study/study_space.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/losses/entry.h"
#include "attune/losses/loss_list.h"
#include "attune/peft/method.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/tune/parse_space.h"

namespace attune::study {
namespace {

constexpr const char* kRateTimesSpace = "0.2..10:log";
constexpr const char* kNoAdapter = "none";
constexpr const char* kLoss = "loss";  // declares no space: it goes by the task

bool takes_whole_numbers(const OptionTarget& target) {
  return std::holds_alternative<int*>(target) || std::holds_alternative<int64_t*>(target) ||
         std::holds_alternative<uint64_t*>(target) || std::holds_alternative<std::optional<int64_t>*>(target);
}

bool takes_numbers(const OptionTarget& target) {
  return takes_whole_numbers(target) || std::holds_alternative<double*>(target) ||
         std::holds_alternative<std::optional<double>*>(target);
}

// Two losses that fit most data, and what the task's literature prefers where they do not; options by their sources'
// own ranges.
const char* losses_of(const tasks::Task& task) {
  switch (task.kind) {
    case tasks::TaskKind::classify:
      return "cross_entropy | cross_entropy(label_smoothing=0.02..0.2) | focal(gamma=0.5..3.0) | "
             "poly1(epsilon=0.5..4.0)";
    case tasks::TaskKind::tag:
      return "cross_entropy | cross_entropy(label_smoothing=0.02..0.2) | focal(gamma=0.5..3.0) | crf";
    case tasks::TaskKind::multilabel:
      return "bce | focal_bce(gamma=0.5..3.0, alpha=0.25..0.75) | asymmetric(gamma_neg=1.0..5.0, margin=0.0..0.1) | "
             "zlpr";
    case tasks::TaskKind::regress:
      return "mse | huber(delta=0.1..2.0:log) | log_cosh | mae";
    case tasks::TaskKind::embed:
      break;
  }
  return "";
}

// What mostly matters in fine-tuning, and costs nothing: the step stays what it is.
std::vector<std::string> names_that_matter(const tasks::Task& task) {
  std::vector<std::string> names{kRateTimes, "batch-size", "loss", "weight-decay", "dropout", "layer-decay"};
  if (task.kind != tasks::TaskKind::tag) names.emplace_back("pooling");
  if (task.kind != tasks::TaskKind::regress) names.emplace_back("head-start");
  return names;
}

// Every numeric option within a call ("loss.focal.gamma"), so that 1..3 means what the option takes.
void add_inner(std::vector<tune::KnownOption>& known, const std::string& prefix, const OptionList& options) {
  for (const Option& option : options.options()) {
    if (!takes_numbers(option.target)) continue;
    const bool whole = takes_whole_numbers(option.target);
    std::string name = option.name;
    std::replace(name.begin(), name.end(), '-', '_');
    known.push_back({prefix + name, whole ? tune::Numbers::whole : tune::Numbers::real});
  }
}

std::vector<tune::KnownOption> known_options() {
  train::TrainOptions options;
  OptionList list;
  options.visit(list);
  std::vector<tune::KnownOption> known;
  for (const Option& option : list.options()) {
    if (option.info.search.empty() && option.name != kLoss) continue;
    const bool whole = takes_whole_numbers(option.target);
    known.push_back({option.name, whole                          ? tune::Numbers::whole
                                  : takes_numbers(option.target) ? tune::Numbers::real
                                                                 : tune::Numbers::by_spelling});
    if (option.name == "lr") known.push_back({kRateTimes, tune::Numbers::real});
  }
  return known;
}

void add_calls(std::vector<tune::KnownOption>& known) {
  for (const losses::LossEntry* entry : losses::loss_list())
    add_inner(known, fmt::format("loss.{}.", entry->name), entry->maker()->options);
  for (const peft::MethodEntry& entry : peft::methods()) {
    OptionList list("");
    const auto method = entry.make();
    method->visit(list);
    add_inner(known, fmt::format("adapter.{}.", entry.name), list);
  }
}

std::string declared(const std::string& name, const tasks::Task& task) {
  if (name == kRateTimes) return kRateTimesSpace;
  if (name == kLoss) return losses_of(task);
  train::TrainOptions options;
  OptionList list;
  options.visit(list);
  for (const Option& option : list.options())
    if (option.name == name) return option.info.search;
  return "";
}

std::vector<std::string> names_in(const std::string& text) {
  std::vector<std::string> names;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    if (const auto name = trimmed(std::string_view(text).substr(at, end - at), " "); !name.empty())
      names.emplace_back(name);
    at = end + 1;
  }
  return names;
}

std::vector<std::string> asked_for(const StudyOptions& options, const tasks::Task& task) {
  if (options.search == "none") return {};
  if (options.search == "auto") return names_that_matter(task);
  const std::vector<std::string> searchable = searchable_names();
  std::vector<std::string> names = names_in(options.search);
  for (const std::string& name : names)
    if (std::find(searchable.begin(), searchable.end(), name) == searchable.end())
      fail(ErrorKind::usage, "--search {}: no option that declares what to search{}; those that do: {}", name,
           did_you_mean(name, searchable), fmt::join(searchable, ", "));
  return names;
}

std::vector<tune::Told> told_spaces(const StudyOptions& options) {
  std::vector<tune::Told> told;
  const std::vector<std::string> searchable = searchable_names();
  for (const std::string& each : options.space) {
    const size_t equals = each.find('=');
    if (equals == std::string::npos || equals == 0)
      fail(ErrorKind::usage, "--space '{}': expected NAME=SPACE, as in lr=1e-5..5e-4:log", each);
    told.push_back({std::string(trimmed(std::string_view(each).substr(0, equals), " ")), each.substr(equals + 1)});
    std::string& name = told.back().name;
    std::replace(name.begin(), name.end(), '_', '-');
    if (std::find(searchable.begin(), searchable.end(), name) == searchable.end())
      fail(ErrorKind::usage, "--space {}: '{}' is no option that can be searched{}; those that can: {}", each, name,
           did_you_mean(name, searchable), fmt::join(searchable, ", "));
  }
  return told;
}

// Options that the user told a value are no longer searched, unless by a space of their own.
bool is_set(const StudyOptions& options, const std::string& name) {
  if (name == kRateTimes) return options.train.lr_is_given;
  return std::find(options.given.begin(), options.given.end(), name) != options.given.end();
}

// A multiple is of the rate that a run would have without being told one.
void check_rate_times(const StudyOptions& options, const std::set<std::string>& names) {
  if (!names.contains(kRateTimes)) return;
  if (names.contains("lr") || options.train.lr_is_given)
    fail(ErrorKind::usage, "{} multiplies the rate that a run has of itself, and --lr {}: leave one of them out",
         kRateTimes, names.contains("lr") ? "searches another" : "says another");
}
void check_rate_times(const tune::Space& space) {
  for (const SpaceProbe& probe : probes_of(space)) {
    if (probe.dimension != kRateTimes) continue;
    const std::string text = space.options(probe.point).at(kRateTimes);
    double times = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), times);
    if (error != std::errc() || end != text.data() + text.size() || !(times > 0))
      fail(ErrorKind::usage,
           "in the space of '{0}': {0} multiplies a rate: numbers above 0, as in 0.2..10:log; got '{1}'", kRateTimes,
           text);
  }
}

std::string default_value(const std::string& name, const StudyOptions& options, const tasks::ModelBundle& bundle) {
  const models::BertConfig& config = bundle.model->config();
  if (name == kRateTimes) return "1";
  if (name == kLoss) return bundle.loss.text();
  if (name == "pooling") return bundle.model->head().pooling == models::Pooling::mean ? "mean" : "cls";
  if (name == "dropout") return tune::number_text(tune::rounded(config.hidden_dropout));
  if (name == "attention-dropout") return tune::number_text(tune::rounded(config.attention_dropout));
  if (name == "classifier-dropout") return tune::number_text(tune::rounded(config.classifier_dropout));
  train::TrainOptions copy = options.train;
  OptionList list;
  copy.visit(list);
  std::string key = name;
  std::replace(key.begin(), key.end(), '-', '_');
  const nlohmann::json value = list.to_json().at(key);
  if (name == "adapter" && value.is_string() && value.get<std::string>().empty()) return kNoAdapter;
  return value.is_string() ? value.get<std::string>() : value.is_number() ? tune::number_text(value) : value.dump();
}

void set_option(OptionList& list, const std::string& name, const std::string& value) {
  list.set(name, name == "adapter" && value == kNoAdapter ? "" : value);
}

}  // namespace

std::vector<std::string> searchable_names() {
  std::vector<std::string> names;
  for (const tune::KnownOption& option : known_options()) names.push_back(option.name);
  return names;
}

std::vector<std::pair<std::string, std::string>> declared_spaces() {
  std::vector<std::pair<std::string, std::string>> spaces;
  for (const std::string& name : searchable_names()) {
    if (name != kLoss) {
      spaces.emplace_back(name, declared(name, tasks::task_list()[0]));
      continue;
    }
    for (const tasks::Task& task : tasks::task_list())
      if (task.kind != tasks::TaskKind::embed)
        spaces.emplace_back(name + std::string(", ") + task.name, losses_of(task));
  }
  return spaces;
}

bool is_space(const std::string& option, const std::string& text) {
  const auto names = searchable_names();
  if (std::find(names.begin(), names.end(), option) == names.end()) return false;
  if (text.find("..") == std::string::npos && text.find('|') == std::string::npos) return false;
  // A list of an adapter's targets is a value, "../lora" no range.
  std::vector<tune::KnownOption> known = known_options();
  add_calls(known);
  try {
    tune::parse_space({{option, text}}, known);
  } catch (const Error& error) {
    return error.message().find("the space holds a single point") == std::string::npos;  // the rest is told later
  }
  return true;
}

StudySpace make_space(const StudyOptions& options, const tasks::ModelBundle& bundle) {
  std::vector<tune::Told> told = told_spaces(options);
  std::set<std::string> names;
  for (const tune::Told& each : told) names.insert(each.name);
  for (const std::string& name : asked_for(options, *bundle.task)) {
    const bool rate_is_told =
        (name == kRateTimes && names.contains("lr")) || (name == "lr" && names.contains(kRateTimes));
    if (names.contains(name) || rate_is_told) continue;
    if (options.search == "auto" && is_set(options, name)) continue;
    told.push_back({name, declared(name, *bundle.task)});
    names.insert(name);
  }
  check_rate_times(options, names);
  if (told.empty())
    fail(ErrorKind::usage,
         "there is nothing to search: give an option a space, as in --lr 1e-5..5e-4:log, or leave --search {} out",
         options.search);
  std::vector<tune::KnownOption> known = known_options();
  add_calls(known);
  StudySpace made{.space = tune::parse_space(told, known), .defaults = {}, .defaults_point = {}, .notes = {}};
  check_rate_times(made.space);
  for (const tune::Dimension& dimension : made.space.dimensions())
    if (!dimension.parent) made.defaults[dimension.name] = default_value(dimension.name, options, bundle);
  tune::Defaults defaults = made.space.defaults(made.defaults);
  made.defaults_point = std::move(defaults.point), made.notes = std::move(defaults.outside);
  return made;
}

std::vector<SpaceProbe> probes_of(const tune::Space& space) {
  const auto& dimensions = space.dimensions();
  std::vector<SpaceProbe> probes;
  for (size_t d = 0; d < dimensions.size(); ++d) {
    const size_t count = dimensions[d].choice() ? dimensions[d].choice()->alternatives.size() : 2;
    for (size_t i = 0; i < count; ++i) {
      std::vector<double> units(dimensions.size(), 0.5);
      const auto middle = [&](size_t of, size_t alternative) {
        return (static_cast<double>(alternative) + 0.5) /
               static_cast<double>(dimensions[of].choice()->alternatives.size());
      };
      units[d] = dimensions[d].choice() ? middle(d, i) : static_cast<double>(i);
      for (auto parent = dimensions[d].parent; parent; parent = dimensions[parent->dimension].parent)
        units[parent->dimension] = middle(parent->dimension, parent->alternative);
      probes.push_back({dimensions[d].name, space.at(units)});
    }
  }
  return probes;
}

train::TrainOptions options_at(const StudyOptions& options, const tune::Space& space, const tune::Point* point) {
  train::TrainOptions t = options.train;
  double times = 1;
  if (point) {
    OptionList list;
    t.visit(list);
    for (const auto& [name, value] : space.options(*point)) {
      if (name == kRateTimes) {
        times = std::stod(value);
      } else {
        set_option(list, name, value);
        t.lr_is_given = t.lr_is_given || name == "lr";
      }
    }
  }
  if (!t.lr_is_given) {
    if (!t.adapter.empty()) t.lr = tasks::usual_rate(t.model, t.adapter, t.lr);
    t.lr = tune::rounded(t.lr * times), t.lr_is_given = true;
  }
  return t;
}

std::string differences_text(const std::map<std::string, std::string>& options,
                             const std::map<std::string, std::string>& usual) {
  std::string text;
  for (const auto& [name, value] : options) {
    const auto same = usual.find(name);
    if (same == usual.end() || same->second != value)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

std::string changes_text(const StudySpace& space, const tune::Point& point) {
  return differences_text(space.space.options(point), space.defaults);
}

}  // namespace attune::study
