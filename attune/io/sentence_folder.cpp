#include "attune/io/sentence_folder.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/base/utf8.h"
#include "attune/io/config_file.h"

namespace attune::io {
namespace {

using nlohmann::json;

constexpr const char* kModules = "modules.json";
constexpr const char* kModelConfig = "config_sentence_transformers.json";
constexpr const char* kTokenizerConfig = "tokenizer_config.json";
constexpr std::array kSimilarities = {"cosine", "dot", "euclidean", "manhattan"};
// Named after the kind of encoder in folders of the first years; the first that is there counts.
constexpr std::array kTransformerConfigs = {"sentence_bert_config.json",       "sentence_roberta_config.json",
                                            "sentence_distilbert_config.json", "sentence_camembert_config.json",
                                            "sentence_albert_config.json",     "sentence_xlm-roberta_config.json",
                                            "sentence_xlnet_config.json"};
// Flags of Pooling's older config, and the names that newer ones have for them.
struct PoolingMode {
  const char *flag, *name;
};
constexpr PoolingMode kPoolingModes[] = {{"pooling_mode_cls_token", "cls"},
                                         {"pooling_mode_mean_tokens", "mean"},
                                         {"pooling_mode_max_tokens", "max"},
                                         {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
                                         {"pooling_mode_weightedmean_tokens", "weightedmean"},
                                         {"pooling_mode_lasttoken", "lasttoken"}};

bool has(const fs::path& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored);
}

struct Module {
  std::string kind;  // the last part of its type
  fs::path folder;
};

// sentence-transformers refuses the same.
void check_stays_inside(const fs::path& path, const std::string& where) {
  const bool up = std::find(path.begin(), path.end(), "..") != path.end();
  if (up || path.is_absolute() || path.string().find('\0') != std::string::npos)
    fail(ErrorKind::model, "{}: '{}' leaves the folder; expected the name of a folder in it, or \"\"", where,
         path.string());
}

Module parse_module(const json& entry, const fs::path& folder, const std::string& where) {
  const auto text = [&](const char* field) {
    const json value = entry.is_object() ? entry.value(field, json()) : json();
    if (!value.is_string())
      fail(ErrorKind::model, "{}: expected a 'path' and a 'type' for each module, got {}; download the file again",
           where, shown(entry));
    return value.get<std::string>();
  };
  const fs::path path = text("path");
  check_stays_inside(path, where);
  const std::string type = text("type");
  const std::string kind = type.substr(type.rfind('.') + 1);
  if (kind != "Transformer" && kind != "Pooling" && kind != "Normalize")
    fail(ErrorKind::model,
         "{}: the model has a module of type '{}'; attune reads Transformer, Pooling and Normalize, and without this "
         "one the vectors would be others. Choose a model without it",
         where, type);
  return {kind, path.empty() ? folder : folder / path};
}

// Empty where the folder has no modules.json.
std::vector<Module> read_modules(const fs::path& folder) {
  if (!has(folder / kModules)) return {};
  const std::string where = (folder / kModules).string();
  const json list = parse_json(read_file(folder / kModules), where, ErrorKind::model);
  if (!list.is_array())
    fail(ErrorKind::model, "{}: expected a list of modules, got {}; download the file again", where, list.type_name());
  std::vector<Module> modules;
  for (const json& entry : list) modules.push_back(parse_module(entry, folder, where));

  std::vector<std::string> kinds;
  for (const Module& module : modules) kinds.push_back(module.kind);
  const bool ordered =
      kinds.size() >= 2 && kinds[0] == "Transformer" && kinds[1] == "Pooling" &&
      std::all_of(kinds.begin() + 2, kinds.end(), [](const auto& kind) { return kind == "Normalize"; });
  if (!ordered)
    fail(
        ErrorKind::model,
        "{}: expected Transformer, Pooling and perhaps Normalize, in this order, got {}. Choose a model that gives one "
        "vector a text in this way",
        where, kinds.empty() ? "none" : fmt::format("{}", fmt::join(kinds, ", ")));
  return modules;
}

std::vector<std::string> pooling_modes(const ConfigFile& config) {
  const json& mode = config.at("pooling_mode");
  if (mode.is_string()) return {mode.get<std::string>()};
  if (!mode.is_null()) {
    const auto is_text = [](const json& one) { return one.is_string(); };
    if (!mode.is_array() || !std::all_of(mode.begin(), mode.end(), is_text))
      config.expected("pooling_mode", "\"mean\" or \"cls\"");
    return mode.get<std::vector<std::string>>();
  }
  std::vector<std::string> modes;
  for (const PoolingMode& known : kPoolingModes) {
    if (config.flag(known.flag, false)) modes.emplace_back(known.name);
  }
  if (modes.empty()) modes.emplace_back("mean");  // as sentence-transformers does
  return modes;
}

// True: mean; false: first token.
bool read_pooling(const fs::path& file, int64_t hidden, bool has_prompts) {
  if (!has(file))
    fail(ErrorKind::model, "{} is not there, though modules.json names its folder; download it too", file.string());
  const ConfigFile config(file);
  const auto modes = pooling_modes(config);
  if (modes.size() != 1 || (modes[0] != "mean" && modes[0] != "cls"))
    fail(
        ErrorKind::model,
        "{}: the model pools by {}; attune pools by mean or by the first token (cls), one of them. Choose a model that "
        "does so too",
        config.where(), fmt::join(modes, " and "));
  const char* width = config.at("embedding_dimension").is_null() ? "word_embedding_dimension" : "embedding_dimension";
  const auto dimension = config.positive(width);
  if (dimension && *dimension != hidden)
    fail(ErrorKind::model,
         "{}: '{}' is {}, but config.json says hidden_size {}; the files are of two models. Take all of them "
         "from one",
         config.where(), width, *dimension, hidden);
  if (!config.flag("include_prompt", true) && has_prompts)
    fail(ErrorKind::model,
         "{}: 'include_prompt' is false and the model has prompts: pooling would leave their tokens out, which attune "
         "does not do. Choose another model, or take the prompts out of {}",
         config.where(), kModelConfig);
  return modes[0] == "mean";
}

ConfigFile transformer_config(const fs::path& folder) {
  for (const char* name : kTransformerConfigs) {
    if (has(folder / name)) return ConfigFile(folder / name);
  }
  return ConfigFile(folder / kTransformerConfigs.front());
}

std::optional<int64_t> read_max_length(const fs::path& folder) {
  const ConfigFile config = transformer_config(folder), tokenizer(folder / kTokenizerConfig);
  if (config.flag("do_lower_case", false) && !tokenizer.flag("do_lower_case", false))
    fail(ErrorKind::model,
         "{}: 'do_lower_case' is true, but {} does not say that the tokenizer lower-cases; attune leaves texts to the "
         "tokenizer. Lower-case the texts yourself and set it to false here",
         config.where(), tokenizer.where());
  if (!config.at("max_seq_length").is_null()) return config.positive("max_seq_length");
  // A tokenizer without a limit has 10^30 here.
  const json& limit = tokenizer.at("model_max_length");
  if (!limit.is_number_integer() || limit < 1 || limit > INT32_MAX) return {};
  return limit.get<int64_t>();
}

void read_prompts(const ConfigFile& config, SentenceSettings& settings) {
  const json& prompts = config.at("prompts");
  if (!prompts.is_null() && !prompts.is_object()) config.expected("prompts", "an object from name to text");
  // Null where there is none of the name: a prompt may be empty.
  const auto find = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = prompts.find(name);
    if (found == prompts.end() || found->is_null()) return {};
    if (!found->is_string())
      fail(ErrorKind::model, "{}: prompt '{}': expected a text, got {}", config.where(), name, shown(*found));
    return found->get<std::string>();
  };
  const auto query = find("query");
  auto document = find("document");
  for (const char* other : {"passage", "corpus"}) {
    if (!document) document = find(other);
  }
  settings.query_prompt = query.value_or("");
  settings.document_prompt = document.value_or("");
  const std::string by_default = config.text("default_prompt_name");
  if (by_default.empty() || query || document) return;
  const auto every = find(by_default);
  if (!every)
    fail(ErrorKind::model, "{}: 'default_prompt_name' is '{}', but there is no such prompt; add it or write null",
         config.where(), by_default);
  settings.query_prompt = settings.document_prompt = *every;
}

void read_model_config(const fs::path& file, SentenceSettings& settings) {
  const ConfigFile config(file);
  read_prompts(config, settings);
  if (!config.at("truncate_dim").is_null())
    fail(ErrorKind::model,
         "{}: 'truncate_dim' is {}: vectors would be cut to their first numbers, which attune does not do. Write null "
         "there to use whole vectors",
         config.where(), shown(config.at("truncate_dim")));
  if (config.at("similarity_fn_name").is_null()) return;
  settings.similarity = config.text("similarity_fn_name");
  if (std::find(kSimilarities.begin(), kSimilarities.end(), settings.similarity) == kSimilarities.end())
    config.expected("similarity_fn_name", fmt::format("one of {}", fmt::join(kSimilarities, ", ")));
}

void write_json(const fs::path& file, const nlohmann::ordered_json& value) {
  write_file_atomically(file, value.dump(2) + "\n");
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    fail(ErrorKind::io, "cannot make the folder {}: {}; is its parent there, and may it be written to?",
         folder.string(), error.message());
}

}  // namespace

std::optional<SentenceSettings> read_sentence_settings(const std::filesystem::path& folder, int64_t hidden) {
  const auto modules = read_modules(folder);
  if (modules.empty()) return {};
  SentenceSettings settings;
  read_model_config(folder / kModelConfig, settings);
  const bool has_prompts = !settings.query_prompt.empty() || !settings.document_prompt.empty();
  settings.mean = read_pooling(modules[1].folder / "config.json", hidden, has_prompts);
  settings.normalize = modules.size() > 2;
  settings.max_length = read_max_length(modules[0].folder);
  return settings;
}

std::filesystem::path transformer_folder(const std::filesystem::path& folder) {
  const auto modules = read_modules(folder);
  return modules.empty() ? folder : modules[0].folder;
}

void write_sentence_settings(const std::filesystem::path& folder, const SentenceSettings& settings, int64_t hidden) {
  using Json = nlohmann::ordered_json;
  ATTUNE_CHECK(std::find(kSimilarities.begin(), kSimilarities.end(), settings.similarity) != kSimilarities.end(),
               "similarity '{}'", settings.similarity);
  for (const std::string& prompt : {settings.query_prompt, settings.document_prompt}) {
    if (const auto at = utf8::first_invalid(prompt))
      fail(ErrorKind::usage, "a prompt of the model is not UTF-8 (byte {}); give it as UTF-8 text", *at + 1);
  }
  make_folder(folder / "1_Pooling");
  // The flags that the first versions know, and no others: they refuse fields that they do not.
  write_json(folder / "1_Pooling" / "config.json", Json{{"word_embedding_dimension", hidden},
                                                        {"pooling_mode_cls_token", !settings.mean},
                                                        {"pooling_mode_mean_tokens", settings.mean},
                                                        {"pooling_mode_max_tokens", false},
                                                        {"pooling_mode_mean_sqrt_len_tokens", false}});
  const Json length = settings.max_length ? Json(*settings.max_length) : Json();
  write_json(folder / kTransformerConfigs.front(), Json{{"max_seq_length", length}, {"do_lower_case", false}});
  write_json(folder / kModelConfig,
             Json{{"model_type", "SentenceTransformer"},
                  {"prompts", {{"query", settings.query_prompt}, {"document", settings.document_prompt}}},
                  {"default_prompt_name", nullptr},
                  {"similarity_fn_name", settings.similarity}});

  // Types as they were until version 5.3; later ones still know them (util/deprecated_import.py).
  const auto module = [](int index, const char* path, const char* kind) {
    return Json{{"idx", index},
                {"name", std::to_string(index)},
                {"path", path},
                {"type", std::string("sentence_transformers.models.") + kind}};
  };
  Json modules = Json::array({module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling")});
  if (settings.normalize) {
    make_folder(folder / "2_Normalize");
    modules.push_back(module(2, "2_Normalize", "Normalize"));
  }
  write_json(folder / kModules, modules);
}

}  // namespace attune::io
