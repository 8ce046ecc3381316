#include "attune/tasks/hub_adapter.h"

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/tasks/model_bundle.h"

namespace attune::tasks {
namespace {

using nlohmann::json;

constexpr const char* kOwnName = "attune";  // of the adapters that attune writes
constexpr const char* kPart = ".adapters.";
constexpr const char* kWrittenFor = "adapters.1.3.0";  // the version that the folders were compared with

// Places of the linear layers in AdapterHub's sequence: dropout, linear, tanh, dropout, linear.
constexpr int kFirstLinear = 1, kSecondLinear = 4;

struct HeadKind {
  const char *type, *architecture, *problem_type;
};
constexpr HeadKind kHeads[] = {
    {"classification", "BertForSequenceClassification", ""},
    {"multilabel_classification", "BertForSequenceClassification", "multi_label_classification"},
    {"tagging", "BertForTokenClassification", ""}};

template <class T>
T field(const json& object, const char* key, T otherwise, const std::string& where) {
  if (!object.contains(key) || object[key].is_null()) return otherwise;
  try {
    return object[key].get<T>();
  } catch (const json::exception&) {
    fail(ErrorKind::model, "{}: {} is {}; expected {}", where, key, object[key].dump(),
         std::is_same_v<T, bool>  ? "true or false"
         : std::is_same_v<T, int> ? "a number"
                                  : "a text");
  }
}

json common_config(const ModelBundle& bundle) {
  return {{"hidden_size", bundle.model->config().hidden},
          {"model_class", "BertAdapterModel"},
          {"model_name", fs::absolute(bundle.base->folder).lexically_normal().string()},
          {"model_type", "bert"},
          {"name", kOwnName},
          {"version", kWrittenFor}};
}

}  // namespace

bool is_hub_config(const json& config) {
  return !config.contains("peft_type") && config.contains("config") && config["config"].is_object();
}

std::shared_ptr<peft::Method> hub_method(const json& config, const std::string& where) {
  if (const auto type = field<std::string>(config, "model_type", "bert", where); type != "bert")
    fail(ErrorKind::model, "{}: model_type is '{}'; attune has adapters of 'bert'", where, type);
  const json& own = config["config"];
  if (const auto kind = field<std::string>(own, "architecture", "bottleneck", where); kind != "bottleneck")
    fail(ErrorKind::model, "{}: the adapter's architecture is '{}'; attune has AdapterHub's bottlenecks alone", where,
         kind);
  for (const char* key : {"mh_adapter", "output_adapter", "reduction_factor", "non_linearity"})
    if (!own.contains(key)) fail(ErrorKind::model, "{}: \"config\" lacks {}, which every bottleneck has", where, key);
  auto method = peft::make_method("bottleneck");
  method->read_hub_config(own, where);
  return method;
}

HubHead read_hub_head(const fs::path& folder) {
  if (!fs::exists(folder / kHubHeadConfigFile)) return {};
  const std::string where = (folder / kHubHeadConfigFile).string();
  const json all = parse_json(read_file(folder / kHubHeadConfigFile), where, ErrorKind::model);
  const json head = all.is_object() && all.contains("config") && all["config"].is_object() ? all["config"] : json();
  if (head.is_null())
    fail(ErrorKind::model, "{}: the head is one of model class {}; attune reads those of BertAdapterModel", where,
         all.is_object() && all.contains("model_class") ? all["model_class"].dump() : "?");
  const auto type = field<std::string>(head, "head_type", "", where);
  const HeadKind* kind = nullptr;
  std::string known;
  for (const HeadKind& each : kHeads) {
    if (each.type == type) kind = &each;
    known += (known.empty() ? "" : ", ") + std::string(each.type);
  }
  if (!kind) fail(ErrorKind::model, "{}: head_type is '{}'; attune has {}", where, type, known);
  const bool tag = type == "tagging", pooled = field(head, "use_pooler", false, where);
  const int layers = field(head, "layers", 1, where);
  const auto between = field<std::string>(head, "activation_function", "tanh", where);
  const bool known_layers = tag ? layers == 1 : pooled ? layers == 1 : layers == 2 && between == "tanh";
  if (!known_layers)
    fail(ErrorKind::model, "{}: a {} head of {} with {} between, {} the pooler; attune has {}", where, type,
         layers == 1 ? "one layer" : std::to_string(layers) + " layers", between, pooled ? "behind" : "without",
         tag ? "tagging heads of one layer" : "two layers with tanh, without the pooler, or one layer behind it");
  json config = {{"architectures", json::array({kind->architecture})}};
  if (*kind->problem_type) config["problem_type"] = kind->problem_type;
  if (head.contains("label2id") && head["label2id"].is_object()) {
    config["label2id"] = head["label2id"];
    for (const auto& [label, id] : head["label2id"].items()) config["id2label"][id.dump()] = label;
  }
  return {.config = std::move(config), .layers = layers};
}

std::string plain_hub_name(std::string name, int head_layers) {
  if (name.starts_with("bert.")) name.erase(0, 5);
  if (const size_t part = name.find(kPart); part != std::string::npos) {
    const size_t begin = part + std::string_view(kPart).size();
    return name.replace(begin, name.find('.', begin) - begin, kOwnName);
  }
  if (!name.starts_with("heads.")) return name;
  const size_t place = name.find('.', 6) + 1, end = name.find('.', place);
  const bool pooler = head_layers == 2 && name.substr(place, end - place) == std::to_string(kFirstLinear);
  return (pooler ? "pooler.dense" : "classifier") + name.substr(end);
}

bool is_hub_head_tensor(const std::string& plain) {
  return plain.starts_with("pooler.") || plain.starts_with("classifier.");
}

std::string hub_name(const std::string& plain, bool tag) {
  if (!is_hub_head_tensor(plain)) return "bert." + plain;
  const bool first = tag || plain.starts_with("pooler.");
  return fmt::format("heads.{}.{}{}", kOwnName, first ? kFirstLinear : kSecondLinear, plain.substr(plain.rfind('.')));
}

bool is_hubs(const ModelBundle& bundle) {
  return bundle.base && !bundle.model->adapter()->method().hub_config().is_null();
}

json hub_adapter_config(const ModelBundle& bundle) {
  json config = common_config(bundle);
  config["config"] = bundle.model->adapter()->method().hub_config();
  return config;
}

json hub_head_config(const ModelBundle& bundle) {
  const bool tag = bundle.task->kind == TaskKind::tag;
  json labels = json::object();
  for (int i = 0; i < bundle.labels.size(); ++i) labels[bundle.labels.name(i)] = i;
  if (bundle.labels.size() == 0) labels["LABEL_0"] = 0;
  json head = {{"head_type", tag                                         ? "tagging"
                             : bundle.task->kind == TaskKind::multilabel ? "multilabel_classification"
                                                                         : "classification"},
               {"num_labels", labels.size()},
               {"layers", tag ? 1 : 2},
               {"activation_function", "tanh"},
               {"label2id", std::move(labels)},
               {"use_pooler", false},
               {"bias", true},
               {"dropout_prob", nullptr}};
  json config = common_config(bundle);
  config["config"] = std::move(head);
  return config;
}

}  // namespace attune::tasks
