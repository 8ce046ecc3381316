#include "attune/tasks/adapter_folder.h"

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/io/resolve.h"
#include "attune/io/sentence_folder.h"
#include "attune/models/bert_config.h"
#include "attune/tasks/model_record.h"

namespace attune::tasks {
namespace {

using nlohmann::json;

constexpr const char* kOwnType = "ATTUNE";

json read_object(const fs::path& path) {
  json value = parse_json(read_file(path), path.string(), ErrorKind::model);
  if (!value.is_object()) fail(ErrorKind::model, "{}: expected an object, got {}", path.string(), value.type_name());
  return value;
}

std::string text_of(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

std::shared_ptr<peft::Method> method_of(const json& config, const std::string& where) {
  const std::string type = text_of(config, "peft_type");
  if (type == kOwnType)
    return with_context([&] { return "in " + where; }, [&] { return peft::make_method(text_of(config, "method")); });
  for (const peft::MethodEntry& entry : peft::methods()) {
    std::shared_ptr<peft::Method> method = entry.make();
    const json own = method->peft_config({});
    if (!own.is_object() || own["peft_type"] != type) continue;
    method->read_peft_config(config, where);
    return method;
  }
  std::string known;
  for (const peft::MethodEntry& entry : peft::methods())
    if (const json own = entry.make()->peft_config({}); own.is_object())
      known += (known.empty() ? "" : ", ") + own["peft_type"].get<std::string>();
  fail(ErrorKind::model, "{}: peft_type is '{}'; attune has {}", where, type, known);
}

// The method with the options that neither PEFT's file nor AdapterHub's has: those that attune.json tells of the same
// adapter. Where the files speak of another one, somebody wrote the folder anew, and attune.json is left over.
std::shared_ptr<peft::Method> with_own_options(std::shared_ptr<peft::Method> read, const json& record) {
  const std::string text = record.is_object() ? text_of(record, "adapter") : "";
  if (text.empty()) return read;
  try {
    std::shared_ptr<peft::Method> told = peft::make_method(text);
    told->as_kept();
    const bool same = std::string_view(told->name()) == read->name() &&
                      told->peft_config({}) == read->peft_config({}) && told->hub_config() == read->hub_config();
    return same ? told : read;
  } catch (const Error&) {  // of another version
    return read;
  }
}

// Modules that were trained whole, beside the adapter: the head's alone.
void check_modules_to_save(const json& config, const std::string& where) {
  if (!config.contains("modules_to_save") || !config["modules_to_save"].is_array()) return;
  for (const json& module : config["modules_to_save"])
    if (module != "classifier" && module != "pooler" && module != "score")
      fail(
          ErrorKind::model,
          "{}: modules_to_save has {}; beside an adapter attune reads the head alone (classifier, pooler): merge it in "
          "Python (merge_and_unload), and open the whole model",
          where, module.dump());
}

// What Hugging Face calls the model that such an adapter stands on.
const char* architecture_of(const std::string& task_type, const std::string& where) {
  if (task_type == "SEQ_CLS") return "BertForSequenceClassification";
  if (task_type == "TOKEN_CLS") return "BertForTokenClassification";
  if (task_type == "FEATURE_EXTRACTION") return "BertModel";
  fail(ErrorKind::model, "{}: task_type is '{}'; attune has SEQ_CLS, TOKEN_CLS and FEATURE_EXTRACTION", where,
       task_type);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

}  // namespace

bool AdapterFolder::is_at(const fs::path& place) {
  std::error_code ignored;
  return fs::is_regular_file(place / kAdapterConfigFile, ignored);
}

std::optional<AdapterFolder> AdapterFolder::at(const fs::path& place) {
  return is_at(place) ? std::optional<AdapterFolder>(place) : std::nullopt;
}

AdapterFolder::AdapterFolder(const fs::path& place)
    : path_(place), config_(read_object(place / kAdapterConfigFile)), record_(read_record(place)) {
  const std::string where = (place / kAdapterConfigFile).string();
  if (is_hub_config(config_)) {
    method_ = hub_method(config_, where);
    hub_ = read_hub_head(place);
    const auto plain = [&](const std::string& name) { return plain_hub_name(name, hub_->layers); };
    open_weights(kHubWeightsFile, "pytorch_adapter.bin", plain);
    if (hub_->layers > 0) open_weights(kHubHeadFile, "pytorch_model_head.bin", plain);
  } else {
    method_ = method_of(config_, where);
    check_modules_to_save(config_, where);
    open_weights(kAdapterWeightsFile, "adapter_model.bin", peft::plain_peft_name);
    if (method_->fits_peft_tensors(config_)) fit_tensors(where);
  }
  method_->check_ranges(where);
  if (text_of(config_, "peft_type") != kOwnType) method_ = with_own_options(std::move(method_), record_);
  if (record_.is_object() && record_.contains("base") && record_["base"].is_object())
    encoder_sha256_ = text_of(record_["base"], "encoder_sha256"), base_held_in_ = text_of(record_["base"], "held_in");
}

void AdapterFolder::open_weights(const char* name, const std::string& otherwise,
                                 const std::function<std::string(const std::string&)>& plain_name) {
  if (!fs::exists(path_ / name))
    fail(ErrorKind::model, "{} has no {}{}", path_.string(), name,
         !fs::exists(path_ / otherwise) ? ""
                                        : fmt::format("; {} is not read: save the adapter from Python with {}=True",
                                                      otherwise, hub_ ? "use_safetensors" : "safe_serialization"));
  files_.push_back(std::make_shared<const io::Safetensors>(path_ / name));
  for (const auto& tensor : files_.back()->tensors())
    tensors_[plain_name(tensor.name)] = {files_.back().get(), tensor.name};
}

void AdapterFolder::fit_tensors(const std::string& where) {
  for (auto& [name, stored] : tensors_) {
    if (peft::lora_name(name).module.empty()) continue;
    const io::TensorView& view = *stored.file->find(stored.name);
    peft::StoredMatrix matrix{view.shape, std::vector<float>(static_cast<size_t>(view.elements))};
    stored.file->read_f32(stored.name, matrix.values);
    method_->fit_peft_tensor(config_, where, name, matrix);
    stored.fitted = std::make_shared<const peft::StoredMatrix>(std::move(matrix));
  }
}

fs::path AdapterFolder::base() const {
  const char* key = hub_ ? "model_name" : "base_model_name_or_path";
  const std::string named = text_of(config_, key);
  if (is_folder(named)) return named;
  if (is_folder(path_ / named) && !named.empty()) return path_ / named;
  const std::string told = record_.is_object() && record_.contains("base") && record_["base"].is_object()
                               ? text_of(record_["base"], "name")
                               : "";
  for (const std::string& name : {told, named})
    if (!name.empty()) try {
        return io::transformer_folder(io::resolve_model(name));
      } catch (const Error&) {  // the message below says more
      }
  fail(ErrorKind::model, "{}: the adapter's base is not there: looked for '{}'{}; say where it is in \"{}\"",
       (path_ / kAdapterConfigFile).string(), named, told.empty() || told == named ? "" : " and '" + told + "'", key);
}

io::ModelFolder AdapterFolder::over_base() const {
  io::ModelFolder folder = with_context([&] { return "the base of the adapter " + path_.string(); },
                                        [&] { return io::ModelFolder::open(base()); });
  json config = folder.config();
  if (fs::exists(path_ / "config.json")) {
    config = read_object(path_ / "config.json");
  } else {
    for (const char* key : {"id2label", "label2id", "problem_type", "num_labels"}) config.erase(key);
    const std::string where = (path_ / kAdapterConfigFile).string();
    config["architectures"] = json::array({hub_ ? "BertModel" : architecture_of(text_of(config_, "task_type"), where)});
    if (hub_) config.update(hub_->config);
  }
  return folder.known_as(path_, std::move(config));
}

double usual_rate(const std::string& model, const std::string& adapter, double otherwise) {
  const fs::path place = io::resolve_model(model);
  const auto folder = AdapterFolder::at(place);
  if (adapter.empty() && !folder) return otherwise;
  const auto method = adapter.empty() ? folder->method() : peft::make_method(adapter);
  const io::ModelFolder opened = folder ? folder->over_base() : io::ModelFolder::open(io::transformer_folder(place));
  return method->learning_rate(models::BertConfig::from_json(opened.config(), model).hidden);
}

fs::path tokenizer_folder(const fs::path& place) {
  return AdapterFolder::is_at(place) ? AdapterFolder(place).base() : place;
}

void AdapterFolder::check_base(const std::string& encoder_sha256) const {
  if (encoder_sha256_.empty() || encoder_sha256_ == encoder_sha256) return;
  fail(ErrorKind::model,
       "{}: the adapter was trained over another base: its encoder's hash is {}, that of {} is {}; name the right one "
       "in \"{}\" of {}",
       path_.string(), encoder_sha256_.substr(0, 16), base().string(), encoder_sha256.substr(0, 16),
       hub_ ? "model_name" : "base_model_name_or_path", (path_ / kAdapterConfigFile).string());
}

}  // namespace attune::tasks
