#include "attune/tasks/model_bundle.h"

#include <algorithm>

#include "attune/base/files.h"
#include "attune/io/model_folder.h"
#include "attune/io/resolve.h"
#include "attune/io/safetensors_writer.h"
#include "attune/kernels/kernels.h"
#include "attune/tasks/probe.h"

namespace attune::tasks {
namespace {

using nlohmann::json;

constexpr const char* kRecordFile = "attune.json";
constexpr const char* kHeadFile = "attune_head.safetensors";

// A model folder as the models room reads weights.
class FolderWeights final : public models::WeightSource {
 public:
  FolderWeights(const io::ModelFolder& folder, const io::Safetensors* head) : folder_(folder), head_(head) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto* tensor : folder_.tensors()) names.push_back(tensor->name);
    if (head_)
      for (const auto& tensor : head_->tensors()) names.push_back(tensor.name);
    return names;
  }
  std::optional<std::vector<int64_t>> shape(const std::string& name) const override {
    if (head_)
      if (const auto* found = head_->find(name)) return found->shape;
    if (const auto* found = folder_.find(name)) return found->shape;
    return std::nullopt;
  }
  void read(const std::string& name, std::span<float> out) const override {
    if (head_ && head_->find(name)) return head_->read_f32(name, out);
    folder_.read_f32(name, out);
  }

 private:
  const io::ModelFolder& folder_;
  const io::Safetensors* head_;
};

std::string where_of(const io::ModelFolder& folder) {
  return (folder.path() / "config.json").string();
}

[[noreturn]] void refuse_record(const fs::path& path, const std::string& what) {
  fail(ErrorKind::model, "{}: {}; restore the file, or remove it to open the folder as Hugging Face does",
       path.string(), what);
}

json read_record(const fs::path& folder) {
  const fs::path path = folder / kRecordFile;
  if (!fs::exists(path)) return nullptr;
  json record = json::parse(read_file(path), nullptr, false);
  if (!record.is_object()) refuse_record(path, "not a JSON object");
  for (const char* key : {"task", "pooling", "decoding"})
    if (record.contains(key) && !record[key].is_string())
      refuse_record(path, fmt::format("'{}' is {}, expected a name", key, record[key].dump()));
  if (record.contains("task"))
    with_context([&] { return "in " + path.string(); }, [&] { task_named(record["task"].get<std::string>()); });
  if (record.contains("decoding"))
    with_context([&] { return "in " + path.string(); }, [&] { decoding_named(record["decoding"].get<std::string>()); });
  return record;
}

std::string first_architecture(const json& config) {
  if (config.contains("architectures") && config["architectures"].is_array() && !config["architectures"].empty() &&
      config["architectures"][0].is_string())
    return config["architectures"][0].get<std::string>();
  return "";
}

std::string text_field(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

// id2label as an ordered list; empty where the config has none.
std::vector<std::string> config_labels(const json& config, const std::string& where) {
  if (!config.contains("id2label") || !config["id2label"].is_object()) return {};
  std::vector<std::string> names(config["id2label"].size());
  std::vector<bool> seen(names.size(), false);
  for (const auto& [key, value] : config["id2label"].items()) {
    size_t id = names.size();
    const bool number = !key.empty() &&
                        std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
                        key.size() < 8;
    if (number) id = std::stoul(key);
    if (id >= names.size() || seen[id] || !value.is_string())
      fail(ErrorKind::model, "{}: id2label must number its {} labels 0, 1, ... and name each; found \"{}\": {}", where,
           names.size(), key, value.dump());
    seen[id] = true;
    names[id] = value.get<std::string>();
  }
  return names;
}

// "LABEL_0", "LABEL_1": names that Hugging Face makes up; they say nothing.
bool made_up(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] != "LABEL_" + std::to_string(i)) return false;
  return true;
}

// How texts were cut, how tags are decoded, and a multi-label model's thresholds, as the record has them.
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
  if (!bundle.record.contains("thresholds")) return;
  const json& thresholds = bundle.record["thresholds"];
  if (!thresholds.is_array() || static_cast<int>(thresholds.size()) != bundle.labels.size() ||
      !std::all_of(thresholds.begin(), thresholds.end(), [](const json& value) { return value.is_number(); }))
    refuse_record(path, fmt::format("'thresholds' is {}, expected a number for each of the {} labels",
                                    thresholds.dump(), bundle.labels.size()));
  bundle.thresholds = thresholds.get<std::vector<double>>();
}

struct Continued {
  std::vector<std::string> labels;  // of the model; empty: it has no head for this task
  bool usable = false;
};

Continued continued_head(const io::ModelFolder& folder, const json& record, const Task& task,
                         const FolderWeights& weights) {
  const auto classifier = weights.shape("classifier.weight");
  if (!classifier || classifier->empty()) return {};
  const std::string own = text_field(record, "task");
  const std::string architecture = first_architecture(folder.config());
  if (own.empty() && architecture != task.architecture) return {};
  const Task& was = own.empty() ? task_of_config(architecture, text_field(folder.config(), "problem_type"),
                                                 classifier->front(), where_of(folder))
                                : task_named(own);
  if (was.kind != task.kind) return {};
  return {config_labels(folder.config(), where_of(folder)), true};
}

struct LabelPlan {
  data::Labels labels;
  std::vector<int64_t> old_output;  // see models::LoadOptions
  std::vector<std::string> notes;
};

LabelPlan plan_labels(const TrainingModelOptions& options, const Continued& continued) {
  LabelPlan plan;
  const bool keep = continued.usable && !options.new_head && !continued.labels.empty() && !made_up(continued.labels);
  if (!keep) {
    plan.labels =
        options.labels_file.empty() ? data::Labels(options.data_labels) : data::Labels::from_file(options.labels_file);
    return plan;
  }
  std::vector<std::string> names = continued.labels;
  const size_t old = names.size();
  for (const auto& label : options.data_labels)
    if (std::find(names.begin(), names.end(), label) == names.end()) names.push_back(label);
  for (size_t i = 0; i < names.size(); ++i) plan.old_output.push_back(i < old ? static_cast<int64_t>(i) : -1);
  plan.notes.push_back(
      names.size() == old
          ? fmt::format("the model's own {} labels are kept in their order", old)
          : fmt::format("the model's own {} labels keep their rows; {} new ones are added", old, names.size() - old));
  plan.labels = data::Labels(std::move(names), "the model's labels and the data's");
  return plan;
}

void check_vocabulary(const ModelBundle& bundle) {
  if (bundle.tokenizer->vocabulary_size() > bundle.model->config().vocabulary)
    fail(ErrorKind::model,
         "{}: the tokenizer has {} pieces, the model's embedding {} rows (vocab_size); they do not belong together",
         bundle.source.string(), bundle.tokenizer->vocabulary_size(), bundle.model->config().vocabulary);
}

void check_max_length(ModelBundle& bundle, bool given) {
  const int64_t positions = bundle.model->config().positions;
  if (bundle.encode.max_length <= positions) return;
  if (given)
    fail(ErrorKind::usage, "--max-length is {}; the model has positions for {} tokens: give at most {}",
         bundle.encode.max_length, positions, positions);
  bundle.encode.max_length = static_cast<int>(positions);
}

void note_ignored_settings(ModelBundle& bundle) {
  for (const auto& setting : bundle.tokenizer->ignored_settings()) bundle.notes.push_back(setting);
}

models::BertConfig with_dropout(models::BertConfig config, const TrainingModelOptions& options) {
  if (options.dropout) {
    // The head's rate follows the hidden one unless the config or the user says otherwise.
    if (config.classifier_dropout == config.hidden_dropout)
      config.classifier_dropout = static_cast<float>(*options.dropout);
    config.hidden_dropout = static_cast<float>(*options.dropout);
  }
  if (options.attention_dropout) config.attention_dropout = static_cast<float>(*options.attention_dropout);
  if (options.classifier_dropout) config.classifier_dropout = static_cast<float>(*options.classifier_dropout);
  return config;
}

std::string list_of(const std::vector<std::string>& names, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(most, names.size()); ++i) text += (i ? ", " : "") + names[i];
  return text + (names.size() > most ? fmt::format(" and {} more", names.size() - most) : "");
}

void note_loaded(ModelBundle& bundle) {
  constexpr size_t kMost = 6;
  if (!bundle.loaded.initialised.empty())
    bundle.notes.push_back("newly initialised: " + list_of(bundle.loaded.initialised, kMost));
  if (!bundle.loaded.skipped.empty())
    bundle.notes.push_back("in the file, not used by this model: " + list_of(bundle.loaded.skipped, kMost));
}

std::optional<io::Safetensors> head_file(const fs::path& folder) {
  if (!fs::exists(folder / kHeadFile)) return std::nullopt;
  return io::Safetensors(folder / kHeadFile);
}

json with_task(json config, const ModelBundle& bundle, bool hugging_face_head) {
  config["architectures"] = json::array({hugging_face_head ? bundle.task->architecture : "BertModel"});
  config["torch_dtype"] = "float32";
  config.erase("dtype");
  json id2label = json::object(), label2id = json::object();
  for (int i = 0; i < bundle.labels.size(); ++i) {
    id2label[std::to_string(i)] = bundle.labels.name(i);
    label2id[bundle.labels.name(i)] = i;
  }
  if (bundle.labels.size() == 0) id2label["0"] = "LABEL_0", label2id["LABEL_0"] = 0;
  config["id2label"] = id2label;
  config["label2id"] = label2id;
  config.erase("num_labels");
  if (*bundle.task->problem_type)
    config["problem_type"] = bundle.task->problem_type;
  else
    config.erase("problem_type");
  return config;
}

void write_tensors(const std::vector<models::NamedTensor>& named, const fs::path& path) {
  std::vector<io::TensorSpec> specs;
  for (const auto& [name, tensor] : named) {
    std::vector<int64_t> shape{tensor.shape[0]};
    if (tensor.shape.rank() == 2) shape.push_back(tensor.cols());
    specs.push_back({name, io::FileDType::f32, std::move(shape)});
  }
  io::SafetensorsWriter writer(path, std::move(specs));
  for (const auto& [name, tensor] : named)
    writer.append_f32(name, {tensor.as<float>(), static_cast<size_t>(tensor.count())});
  writer.commit();
}

}  // namespace

ModelBundle open_for_training(const TrainingModelOptions& options) {
  const io::ModelFolder folder = io::ModelFolder::open(io::resolve_model(options.model));
  ModelBundle bundle;
  bundle.source = folder.path();
  bundle.task = options.task;
  bundle.config = folder.config();
  bundle.record = read_record(folder.path());
  const models::BertConfig config =
      with_dropout(models::BertConfig::from_json(folder.config(), where_of(folder)), options);
  bundle.tokenizer = text::Tokenizer::load(folder.path());

  const auto head = head_file(folder.path());
  const FolderWeights weights(folder, head ? &*head : nullptr);
  const Continued continued = continued_head(folder, bundle.record, *options.task, weights);
  LabelPlan plan = plan_labels(options, continued);
  bundle.labels = std::move(plan.labels);
  bundle.notes = std::move(plan.notes);
  const int64_t outputs = options.task->kind == TaskKind::regress ? 1 : bundle.labels.size();
  if (options.make_loss) bundle.loss = options.make_loss(bundle.labels);
  bundle.model = std::make_unique<models::Model>(
      config, models::HeadOptions{.kind = options.task->head, .pooling = options.pooling, .outputs = outputs},
      options.compute, [&](nn::Parameters& parameters) {
        if (bundle.loss) bundle.loss->add_parameters(parameters);
      });
  bundle.loaded = with_context(
      [&] { return "in " + folder.path().string(); },
      [&] {
        return models::load_weights(
            *bundle.model, weights,
            {.seed = options.seed, .old_output = plan.old_output, .new_head = options.new_head || !continued.usable});
      });
  bundle.encode = options.encode;
  bundle.decoding = options.decoding;
  check_vocabulary(bundle);
  check_max_length(bundle, options.max_length_given);
  note_ignored_settings(bundle);
  note_loaded(bundle);
  return bundle;
}

ModelBundle open_for_inference(const std::string& model, tensor::DType compute) {
  const io::ModelFolder folder = io::ModelFolder::open(io::resolve_model(model));
  ModelBundle bundle;
  bundle.source = folder.path();
  bundle.config = folder.config();
  bundle.record = read_record(folder.path());
  bundle.tokenizer = text::Tokenizer::load(folder.path());
  const auto head = head_file(folder.path());
  const FolderWeights weights(folder, head ? &*head : nullptr);
  const auto classifier = weights.shape("classifier.weight");
  if (!classifier || classifier->empty())
    fail(
        ErrorKind::model,
        "{}: there is no 'classifier.weight': this is an encoder without a task head; fine-tune it with `attune train`",
        folder.path().string());
  const std::string own = text_field(bundle.record, "task");
  bundle.task = own.empty()
                    ? &task_of_config(first_architecture(folder.config()), text_field(folder.config(), "problem_type"),
                                      classifier->front(), where_of(folder))
                    : &task_named(own);
  if (bundle.task->kind != TaskKind::regress) {
    std::vector<std::string> names = config_labels(folder.config(), where_of(folder));
    if (static_cast<int64_t>(names.size()) != classifier->front())
      fail(ErrorKind::model, "{}: id2label names {} labels, the last layer has {} outputs", where_of(folder),
           names.size(), classifier->front());
    bundle.labels = data::Labels(std::move(names), where_of(folder));
  }
  if (bundle.record.is_object()) apply_record(bundle);
  const auto pooling = text_field(bundle.record, "pooling") == "mean" ? models::Pooling::mean : models::Pooling::first;
  bundle.model = std::make_unique<models::Model>(
      models::BertConfig::from_json(folder.config(), where_of(folder)),
      models::HeadOptions{.kind = bundle.task->head, .pooling = pooling, .outputs = classifier->front()}, compute);
  bundle.loaded = with_context([&] { return "in " + folder.path().string(); },
                               [&] { return models::load_weights(*bundle.model, weights, {}); });
  if (!bundle.loaded.initialised.empty())
    fail(ErrorKind::model, "{}: the weights lack {}; a fine-tuned model has them", folder.path().string(),
         list_of(bundle.loaded.initialised, 6));
  check_vocabulary(bundle);
  check_max_length(bundle, false);
  if (bundle.record.is_object() && bundle.record.contains("probe"))
    replay_probe(*bundle.model, bundle.record["probe"], (folder.path() / kRecordFile).string());
  return bundle;
}

void save_bundle(ModelBundle& bundle, const fs::path& folder, json record) {
  const bool hugging_face_head = bundle.model->head().pooling == models::Pooling::first;
  for (const auto& name : bundle.tokenizer->files())
    if (bundle.source != folder) write_file_atomically(folder / name, read_file(bundle.source / name));

  auto named = models::named_tensors(*bundle.model, hugging_face_head ? "bert." : "");
  if (hugging_face_head) {
    write_tensors(named, folder / "model.safetensors");
  } else {
    const auto first_of_head = std::stable_partition(named.begin(), named.end(), [](const auto& n) {
      return !n.name.starts_with("classifier.") && !n.name.starts_with("pooler.");
    });
    write_tensors({first_of_head, named.end()}, folder / kHeadFile);
    named.erase(first_of_head, named.end());
    write_tensors(named, folder / "model.safetensors");
  }
  write_file_atomically(folder / "config.json", with_task(bundle.config, bundle, hugging_face_head).dump(2) + "\n");

  record["task"] = bundle.task->name;
  record["labels"] = bundle.labels.names();
  record["max_length"] = bundle.encode.max_length;
  record["truncate"] = bundle.encode.truncate;
  record["pooling"] = hugging_face_head ? "cls" : "mean";
  if (bundle.task->kind == TaskKind::tag) record["decoding"] = name(bundle.decoding);
  if (!bundle.thresholds.empty()) record["thresholds"] = bundle.thresholds;
  record["probe"] = make_probe(*bundle.model);
  write_file_atomically(folder / kRecordFile, record.dump(2) + "\n");
}

tensor::DType compute_type(const std::string& precision) {
  if (precision == "f32") return tensor::DType::f32;
  if (precision == "bf16") return tensor::DType::bf16;
  if (precision == "auto") return kernels::cpu::has_fast_bf16() ? tensor::DType::bf16 : tensor::DType::f32;
  fail(ErrorKind::usage, "--precision is '{}'; expected auto, bf16 or f32", precision);
}

}  // namespace attune::tasks
