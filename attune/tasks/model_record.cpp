#include "attune/tasks/model_record.h"

#include <algorithm>
#include <cmath>

#include "attune/base/files.h"
#include "attune/losses/language/make_objective.h"
#include "attune/tasks/probe.h"

namespace attune::tasks {
namespace {

using nlohmann::json;

[[noreturn]] void refuse_record(const fs::path& path, const std::string& what) {
  fail(ErrorKind::model, "{}: {}; restore the file, or remove it to open the folder as Hugging Face does",
       path.string(), what);
}

bool is_number(const json& value) {
  return value.is_number() && std::isfinite(value.get<double>());
}

// A number for each label, none below 0.
std::vector<double> numbers_of(const json& numbers, const std::string& what, int64_t labels, const fs::path& path) {
  const auto fits = [](const json& number) { return is_number(number) && number.get<double>() >= 0; };
  if (!numbers.is_array() || static_cast<int64_t>(numbers.size()) != labels ||
      !std::all_of(numbers.begin(), numbers.end(), fits))
    refuse_record(path, fmt::format("{} is {}, expected a number of at least 0 for each of the {} labels", what,
                                    numbers.dump(), labels));
  return numbers.get<std::vector<double>>();
}

// loss_options, as attune wrote them before the loss had a language, as options of that.
std::vector<losses::CommonOption> old_options(const ModelBundle& bundle, const fs::path& path) {
  std::vector<losses::CommonOption> options;
  const json told = bundle.record.value("loss_options", json::object());
  if (!told.is_object()) refuse_record(path, fmt::format("'loss_options' is {}", told.dump()));
  for (const auto& [key, name] : {std::pair{"class_weights", "weights"}, std::pair{"pos_weight", "pos_weight"}}) {
    if (!told.contains(key)) continue;
    const auto weights = numbers_of(told[key], fmt::format("loss_options: '{}'", key), bundle.logit_count(), path);
    options.push_back({.flag = key, .name = name, .value = fmt::format("{}", fmt::join(weights, ","))});
  }
  if (!told.contains("label_smoothing")) return options;
  const json& smoothing = told["label_smoothing"];
  if (!is_number(smoothing))
    refuse_record(path, fmt::format("loss_options: 'label_smoothing' is {}, expected a number", smoothing.dump()));
  options.push_back({.flag = "label_smoothing", .name = "label_smoothing", .value = smoothing.dump()});
  return options;
}

losses::LossFacts recorded_facts(const ModelBundle& bundle, const fs::path& path) {
  losses::LossFacts facts{
      .labels = bundle.logit_count(), .sequences = bundle.task->kind == TaskKind::tag, .names = bundle.labels.names()};
  const json told = bundle.record.is_object() ? bundle.record.value("loss_facts", json::object()) : json::object();
  if (!told.is_object()) refuse_record(path, fmt::format("'loss_facts' is {}", told.dump()));
  if (told.contains("counts"))
    facts.counts = numbers_of(told["counts"], "loss_facts: 'counts'", bundle.logit_count(), path);
  if (told.contains("texts")) {
    facts.texts = told["texts"] == "scored"     ? losses::TextRows::scored
                  : told["texts"] == "labelled" ? losses::TextRows::labelled
                                                : losses::TextRows::pairs;
    facts.negatives = told.value("negatives", json(false)) == json(true);
    for (const auto& [key, to] : {std::pair{"score_low", &facts.score_low}, std::pair{"score_high", &facts.score_high}})
      if (const json number = told.value(key, json(0)); is_number(number)) *to = number.get<double>();
  }
  if (const json items = told.value("items", json(0)); is_number(items)) facts.items = items.get<double>();
  return facts;
}

}  // namespace

json read_record(const fs::path& folder) {
  const fs::path path = folder / kRecordFile;
  if (!fs::exists(path)) return nullptr;
  json record = json::parse(read_file(path), nullptr, false);
  if (!record.is_object()) refuse_record(path, "not a JSON object");
  for (const char* key : {"task", "pooling", "decoding", "loss", "link", "head"})
    if (record.contains(key) && !record[key].is_string())
      refuse_record(path, fmt::format("'{}' is {}, expected a name", key, record[key].dump()));
  for (const char* key : {"pairs", "own_link"})
    if (record.contains(key) && !record[key].is_boolean())
      refuse_record(path, fmt::format("'{}' is {}, expected true or false", key, record[key].dump()));
  if (record.contains("head") && (record["head"] != "cosine" || !record.contains("head_scale") ||
                                  !is_number(record["head_scale"]) || !(record["head_scale"].get<double>() > 0)))
    refuse_record(path, "'head' and 'head_scale' are no cosine head with a number above 0");
  if (record.contains("task"))
    with_context([&] { return "in " + path.string(); }, [&] { task_named(record["task"].get<std::string>()); });
  if (record.contains("decoding"))
    with_context([&] { return "in " + path.string(); }, [&] { decoding_named(record["decoding"].get<std::string>()); });
  return record;
}

std::optional<std::string> recorded_task(const json& record) {
  if (!record.is_object() || !record.contains("task")) return std::nullopt;
  return record["task"].get<std::string>();
}

std::optional<models::Pooling> recorded_pooling(const json& record) {
  if (!record.is_object() || !record.contains("pooling")) return std::nullopt;
  return record["pooling"] == "mean" ? models::Pooling::mean : models::Pooling::first;
}

std::optional<std::string> recorded_loss_text(const json& record) {
  if (!record.is_object() || !record.contains("loss")) return std::nullopt;
  return record["loss"].get<std::string>();
}

bool has_own_link(const json& record) {
  return record.is_object() && record.value("own_link", false);
}

std::string recorded_link(const json& record) {
  if (!has_own_link(record)) return "";
  return record.value("link", recorded_loss_text(record).value_or(""));
}

double recorded_cosine(const json& record) {
  return record.is_object() && record.contains("head") ? record["head_scale"].get<double>() : 0;
}

losses::Objective default_objective(const ModelBundle& bundle, losses::TextRows texts) {
  losses::LossFacts facts{.labels = bundle.logit_count()};
  if (bundle.task->kind == TaskKind::embed) facts.texts = texts;
  return losses::make_objective(losses::default_loss(bundle.task->loss, facts.texts), bundle.task->loss, facts);
}

losses::Objective recorded_loss(const ModelBundle& bundle) {
  const auto text = recorded_loss_text(bundle.record);
  if (!text) return default_objective(bundle);
  const fs::path path = bundle.source / kRecordFile;
  const auto options = old_options(bundle, path);
  const losses::LossFacts facts = recorded_facts(bundle, path);
  try {
    return losses::make_objective(*text, bundle.task->loss, facts, options);
  } catch (const Error& error) {
    refuse_record(path, error.what());
  }
}

void apply_record(ModelBundle& bundle) {
  const fs::path path = bundle.source / kRecordFile;
  OptionList list;
  bundle.encode.visit(list);
  json cut = json::object();
  for (const char* key : {"max_length", "truncate"})
    if (bundle.record.contains(key)) cut[key] = bundle.record[key];
  list.set_from_json(cut, path.string());
  if (bundle.record.contains("decoding"))
    bundle.decoding = decoding_named(bundle.record["decoding"].get<std::string>());
  if (bundle.record.contains("pairs")) bundle.pairs = bundle.record["pairs"].get<bool>();
  if (!bundle.record.contains("thresholds")) return;
  const json& thresholds = bundle.record["thresholds"];
  if (!thresholds.is_array() || static_cast<int>(thresholds.size()) != bundle.labels.size() ||
      !std::all_of(thresholds.begin(), thresholds.end(), [](const json& value) { return value.is_number(); }))
    refuse_record(path, fmt::format("'thresholds' is {}, expected a number for each of the {} labels",
                                    thresholds.dump(), bundle.labels.size()));
  bundle.thresholds = thresholds.get<std::vector<double>>();
}

namespace {

void record_vectors(const ModelBundle& bundle, json& record) {
  const losses::LossFacts& facts = bundle.loss.facts();
  record["normalize"] = bundle.vectors.normalize;
  record["query_prefix"] = bundle.encode.query_prefix, record["passage_prefix"] = bundle.encode.passage_prefix;
  json& told = record["loss_facts"];
  told["texts"] = facts.texts == losses::TextRows::scored     ? "scored"
                  : facts.texts == losses::TextRows::labelled ? "labelled"
                                                              : "pairs";
  if (facts.negatives) told["negatives"] = true;
  if (facts.texts == losses::TextRows::scored)
    told["score_low"] = facts.score_low, told["score_high"] = facts.score_high;
}

}  // namespace

void write_record(const ModelBundle& bundle, const fs::path& folder, json record) {
  record["task"] = bundle.task->name;
  record["labels"] = bundle.labels.names();
  record["max_length"] = bundle.encode.max_length;
  record["truncate"] = bundle.encode.truncate;
  record["pooling"] = bundle.model->head().pooling == models::Pooling::mean ? "mean" : "cls";
  if (bundle.task->kind == TaskKind::tag) record["decoding"] = name(bundle.decoding);
  if (!bundle.thresholds.empty()) record["thresholds"] = bundle.thresholds;
  record.erase("pairs");
  if (bundle.pairs) record["pairs"] = *bundle.pairs;
  record["loss"] = bundle.loss.text();
  for (const char* key : {"loss_options", "loss_facts", "own_link", "link", "head", "head_scale"}) record.erase(key);
  if (const losses::LossFacts& facts = bundle.loss.facts(); !facts.counts.empty())
    record["loss_facts"] = {{"counts", facts.counts}, {"items", facts.items}};
  if (bundle.task->kind == TaskKind::embed) record_vectors(bundle, record);
  if (bundle.loss.link()) record["own_link"] = true, record["link"] = bundle.loss.link_name();
  if (const double scale = bundle.model->head().cosine; scale > 0)
    record["head"] = "cosine", record["head_scale"] = scale;
  if (bundle.model->precision().frozen == nn::Frozen::as_others)  // else it is save_bundle's: probes are made in f32
    with_device(bundle, [&](kernels::Kernels& kernels) { record["probe"] = make_probe(*bundle.model, kernels); });
  write_file_atomically(folder / kRecordFile, record.dump(2) + "\n");
}

}  // namespace attune::tasks
