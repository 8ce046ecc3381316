// Writing a model's folder; the contract stands in model_bundle.h.
#include <algorithm>

#include "attune/base/files.h"
#include "attune/io/model_folder.h"
#include "attune/io/safetensors_writer.h"
#include "attune/io/sentence_folder.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/tasks/folder_weights.h"
#include "attune/tasks/hub_adapter.h"
#include "attune/tasks/model_bundle.h"
#include "attune/tasks/model_record.h"
#include "attune/tasks/probe.h"

namespace attune::tasks {
namespace {

using nlohmann::json;

json with_task(json config, const ModelBundle& bundle, bool hugging_face_head) {
  config["architectures"] = json::array({hugging_face_head ? bundle.task->architecture : "BertModel"});
  config["torch_dtype"] = "float32";
  config.erase("dtype");
  config.erase("num_labels"), config.erase("problem_type");
  if (bundle.task->kind == TaskKind::embed) {
    config.erase("id2label"), config.erase("label2id");
    return config;
  }
  json id2label = json::object(), label2id = json::object();
  for (int i = 0; i < bundle.labels.size(); ++i) {
    id2label[std::to_string(i)] = bundle.labels.name(i);
    label2id[bundle.labels.name(i)] = i;
  }
  if (bundle.labels.size() == 0) id2label["0"] = "LABEL_0", label2id["LABEL_0"] = 0;
  config["id2label"] = id2label;
  config["label2id"] = label2id;
  if (*bundle.task->problem_type) config["problem_type"] = bundle.task->problem_type;
  return config;
}

// A tensor that the model does not use and hands on.
struct HandedOn {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

// transformers' BertModel has a pooler, which vectors do not read; without it, opening the folder there warns.
std::vector<HandedOn> pooler_of_source(const ModelBundle& bundle) {
  const io::ModelFolder folder = io::ModelFolder::open(bundle.source);
  std::vector<HandedOn> handed;
  for (const char* name : {"pooler.dense.weight", "pooler.dense.bias"})
    for (const char* prefix : {"", "bert."})
      if (const io::TensorView* found = folder.find(prefix + std::string(name))) {
        handed.push_back({name, found->shape, std::vector<float>(static_cast<size_t>(found->elements))});
        folder.read_f32(found->name, handed.back().values);
        break;
      }
  return handed;
}

void write_tensors(tensor::Memory& memory, const std::vector<models::NamedTensor>& named, const fs::path& path,
                   const std::vector<HandedOn>& handed = {}) {
  std::vector<io::TensorSpec> specs;
  for (const auto& [name, tensor] : named) {
    std::vector<int64_t> shape{tensor.shape[0]};
    if (tensor.shape.rank() == 2) shape.push_back(tensor.cols());
    specs.push_back({name, io::FileDType::f32, std::move(shape)});
  }
  for (const HandedOn& tensor : handed) specs.push_back({tensor.name, io::FileDType::f32, tensor.shape});
  io::SafetensorsWriter writer(path, std::move(specs));
  for (const HandedOn& tensor : handed) writer.append_f32(tensor.name, tensor.values);
  for (const auto& [name, tensor] : named) writer.append_f32(name, tensor::OnHost<float>(memory, tensor).values());
  writer.commit();
}

// As BertForSequenceClassification and BertForTokenClassification name theirs.
bool is_hugging_faces(const std::string& name) {
  return name.starts_with("bert.") || name.starts_with("classifier.");
}

}  // namespace

namespace {

void save_whole_model(const ModelBundle& bundle, const fs::path& folder, std::vector<models::NamedTensor> named) {
  for (const auto& name : bundle.tokenizer->files())
    if (bundle.source != folder) write_file_atomically(folder / name, read_file(bundle.source / name));
  write_tensors(bundle.model->parameters().memory(), named, folder / "model.safetensors",
                bundle.task->kind == TaskKind::embed ? pooler_of_source(bundle) : std::vector<HandedOn>{});
}

bool is_virtual_tokens(const std::string& name) {
  return name == "prompt_embeddings";
}

// AdapterHub's two files of the adapter, and two of a head that is one of theirs.
void save_hub_adapter(const ModelBundle& bundle, const fs::path& folder, std::vector<models::NamedTensor> named,
                      bool hugging_face_head) {
  std::vector<models::NamedTensor> adapter, head;
  for (auto& tensor : named) {
    const std::string plain = tensor.name.starts_with("bert.") ? tensor.name.substr(5) : tensor.name;
    tensor.name = hub_name(plain, bundle.task->kind == TaskKind::tag);
    (is_hub_head_tensor(plain) ? head : adapter).push_back(tensor);
  }
  tensor::Memory& memory = bundle.model->parameters().memory();
  write_tensors(memory, adapter, folder / kHubWeightsFile);
  write_file_atomically(folder / kAdapterConfigFile, hub_adapter_config(bundle).dump(2) + "\n");
  if (!hugging_face_head) return;
  write_tensors(memory, head, folder / kHubHeadFile);
  write_file_atomically(folder / kHubHeadConfigFile, hub_head_config(bundle).dump(2) + "\n");
}

void save_adapter(const ModelBundle& bundle, const fs::path& folder, std::vector<models::NamedTensor> named,
                  bool hugging_face_head) {
  if (is_hubs(bundle)) return save_hub_adapter(bundle, folder, std::move(named), hugging_face_head);
  const bool prompt = bundle.model->adapter()->method().is_prompt_learning();
  for (auto& tensor : named)
    if (!is_virtual_tokens(tensor.name)) tensor.name = (prompt ? "base_model." : "base_model.model.") + tensor.name;
  write_tensors(bundle.model->parameters().memory(), named, folder / kAdapterWeightsFile);
  write_file_atomically(folder / kAdapterConfigFile, adapter_config(bundle, hugging_face_head).dump(2) + "\n");
}

// The probe of a model whose base was held in less than f32 while its adapter trained: of what stands in the folder,
// opened in f32. The base's weights pass through memory one after the other, so that this takes no more of it than the
// training did.
json probe_of_saved(const ModelBundle& bundle, const fs::path& folder, json record) {
  record.erase("run"), record.erase("probe");  // it is not finished yet
  write_record(bundle, folder, std::move(record));
  nn::Precision precision = tensor::DType::f32;
  precision.frozen = nn::Frozen::in_file;
  const ModelBundle saved = open_for_inference(
      fs::absolute(folder).string(),
      {.precision = precision, .replays_probe = false, .device = bundle.device, .checks_base = false});
  json probe;
  with_device(saved, [&](kernels::Kernels& kernels) { probe = make_probe(*saved.model, kernels); });
  return probe;
}

}  // namespace

void save_bundle(const ModelBundle& bundle, const fs::path& folder, json record) {
  const bool hugging_face_head = bundle.task->kind != TaskKind::embed && why_encoder_only(bundle).empty();
  const bool adapter = bundle.base.has_value();
  with_device(bundle, [&](kernels::Kernels& kernels) { bundle.model->settle_adapter(kernels); });
  auto named = models::named_tensors(*bundle.model, hugging_face_head ? "bert." : "",
                                     adapter ? models::Which::adapter : models::Which::whole_model);
  const auto beside = std::stable_partition(named.begin(), named.end(), [&](const auto& tensor) {
    return is_virtual_tokens(tensor.name) ||
           (hugging_face_head ? is_hugging_faces(tensor.name) : models::is_encoder_tensor(tensor.name));
  });
  if (beside != named.end())
    write_tensors(bundle.model->parameters().memory(), {beside, named.end()}, folder / kHeadFile);
  else
    fs::remove(folder / kHeadFile);
  named.erase(beside, named.end());
  if (adapter)
    save_adapter(bundle, folder, std::move(named), hugging_face_head), record.update(adapter_record(bundle));
  else
    save_whole_model(bundle, folder, std::move(named));
  write_file_atomically(folder / "config.json", with_task(bundle.config, bundle, hugging_face_head).dump(2) + "\n");

  if (bundle.task->kind == TaskKind::embed)
    io::write_sentence_settings(folder,
                                {.mean = bundle.model->head().pooling == models::Pooling::mean,
                                 .normalize = bundle.vectors.normalize,
                                 .max_length = bundle.encode.max_length,
                                 .query_prompt = bundle.encode.query_prefix,
                                 .document_prompt = bundle.encode.passage_prefix,
                                 .similarity = bundle.vectors.similarity},
                                bundle.model->config().hidden);
  if (bundle.model->precision().frozen != nn::Frozen::as_others)
    record["probe"] = probe_of_saved(bundle, folder, record);
  write_record(bundle, folder, std::move(record));
}

}  // namespace attune::tasks
