// attune info: what a model folder holds.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/io/model_folder.h"
#include "attune/io/resolve.h"
#include "attune/models/bert_config.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/tasks/hub_adapter.h"
#include "attune/tasks/model_bundle.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InfoOptions {
  bool json = false;

  void visit(OptionList& list) { list.add("json", json, {.help = "print JSON"}); }
};

Json encoder_of(const io::ModelFolder& folder) {
  const auto config = models::BertConfig::from_json(folder.config(), (folder.path() / "config.json").string());
  return {{"layers", config.layers},       {"hidden_size", config.hidden},
          {"heads", config.heads},         {"intermediate_size", config.intermediate},
          {"positions", config.positions}, {"vocabulary", config.vocabulary}};
}

Json tokenizer_of(const std::filesystem::path& folder) {
  const auto tokenizer = text::Tokenizer::load(folder);
  return {{"kind", tokenizer->marks_spaces() ? "Unigram" : "WordPiece"},
          {"pieces", tokenizer->vocabulary_size()},
          {"files", tokenizer->files()}};
}

int64_t parameters_of(const io::ModelFolder& folder) {
  int64_t count = 0;
  for (const auto* tensor : folder.tensors())
    if (io::is_weight_type(tensor->dtype)) count += tensor->elements;
  return count;
}

// Task, labels, how texts are cut: of a folder with a head. What an encoder lacks stays out.
void add_task(Json& info, const io::ModelFolder& folder) {
  const bool adapter = tasks::AdapterFolder::is_at(folder.path());
  if (!adapter && !folder.find("classifier.weight") &&
      !std::filesystem::exists(folder.path() / "attune_head.safetensors")) {
    info["task"] = nullptr;
    info["transformers"] = "encoder only: there is no task head yet; `attune train` adds one";
    return;
  }
  const auto bundle = tasks::open_for_inference(std::filesystem::absolute(folder.path()).string(), tensor::DType::f32);
  info["parameters"] = bundle.model->parameters().count();
  if (bundle.base) info["adapter_parameters"] = bundle.model->adapter_parameters();
  info["task"] = bundle.task->name;
  info["labels"] = bundle.labels.names();
  info["max_length"] = bundle.encode.max_length;
  info["truncate"] = bundle.encode.truncate;
  if (bundle.pairs) info["pairs"] = *bundle.pairs;
  if (!bundle.thresholds.empty()) info["thresholds"] = bundle.thresholds;
  const bool mean = bundle.model->head().pooling == models::Pooling::mean;
  info["pooling"] = mean ? "mean" : "cls";
  const std::string reason = tasks::why_encoder_only(bundle), own = tasks::unknown_to_transformers(bundle);
  const auto* method = adapter ? &bundle.model->adapter()->method() : nullptr;
  const bool by_peft = method && !method->peft_config({}).is_null(), by_hub = method && tasks::is_hubs(bundle);
  info["transformers"] = by_peft           ? fmt::format("as {} over its base, by PEFT", bundle.task->architecture)
                         : by_hub          ? "as BertAdapterModel over its base, by AdapterHub's package adapters"
                         : adapter         ? "not at all: neither PEFT nor AdapterHub has such adapters"
                         : !reason.empty() ? "encoder only: " + reason + " (attune_head.safetensors)"
                                           : fmt::format("the whole model, as {}{}", bundle.task->architecture,
                                                         own.empty() ? "" : ", without " + own);
}

Json files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  Json files = Json::array();
  for (const auto& path : paths) {
    files.push_back({{"name", path.filename().string()}, {"bytes", std::filesystem::file_size(path)}});
    if (path.extension() == ".safetensors") files.back()["sha256"] = sha256_file(path);
  }
  return files;
}

Json describe(const std::string& model) {
  const std::filesystem::path place = io::resolve_model(model);
  const std::optional<tasks::AdapterFolder> adapter = tasks::AdapterFolder::at(place);
  const io::ModelFolder folder = adapter ? adapter->over_base() : io::ModelFolder::open(place);
  Json info{{"model", model},
            {"path", folder.path().string()},
            {"encoder", encoder_of(folder)},
            {"parameters", parameters_of(folder)}};
  if (adapter) info["adapter"] = adapter->method()->text(), info["base"] = folder.weights_path().string();
  info["tokenizer"] = tokenizer_of(folder.weights_path());
  add_task(info, folder);
  info["files"] = files_of(folder.path());
  return info;
}

std::string plain(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "none";
  if (value.is_array()) {
    constexpr size_t kMost = 20;
    std::string text;
    for (size_t i = 0; i < std::min(kMost, value.size()); ++i) text += (i ? ", " : "") + plain(value[i]);
    return text + (value.size() > kMost ? fmt::format(" and {} more", value.size() - kMost) : "");
  }
  if (value.is_object()) {
    std::string text;
    for (const auto& [key, item] : value.items()) text += (text.empty() ? "" : ", ") + key + " " + plain(item);
    return text;
  }
  return value.dump();
}

std::string as_text(const Json& info) {
  std::string text;
  for (const auto& [key, value] : info.items())
    if (key != "files") text += fmt::format("{:<13} {}\n", key, plain(value));
  for (const auto& file : info["files"])
    text += fmt::format("{:<13} {:<28} {:>12}  {}\n", "file", file["name"].get<std::string>(),
                        file["bytes"].get<uint64_t>(), file.value("sha256", ""));
  return text;
}

}  // namespace

int run_info(const ArgumentList& arguments) {
  InfoOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 1);
  if (parsed.help) {
    put(help_text("attune info MODEL [--json]",
                  "Opens a model (a name, a folder or a hub id) and shows its sizes, task, labels and tokenizer, "
                  "whether transformers\n"
                  "opens all of it or the encoder only, and its files with the SHA-256 of the weights.",
                  list));
    return 0;
  }
  if (parsed.positional.empty()) fail(ErrorKind::usage, "no model was named; usage: attune info MODEL [--json]");
  const Json info = describe(parsed.positional[0]);
  put(options.json ? info.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : as_text(info));
  return 0;
}

}  // namespace attune::cli
