#include "attune/tasks/folder_weights.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "attune/io/sentence_folder.h"
#include "attune/models/encoder_hash.h"
#include "attune/tasks/label_plan.h"

namespace attune::tasks {

namespace {

std::string without_bert(const std::string& name) {
  return name.starts_with("bert.") ? name.substr(5) : name;
}

}  // namespace

FolderWeights::FolderWeights(const io::ModelFolder& folder, const AdapterFolder* adapter) : folder_(folder) {
  if (fs::exists(folder.path() / kHeadFile)) head_.emplace(folder.path() / kHeadFile);
  if (adapter) adapted_ = adapter->tensors();
}

std::optional<FolderWeights::Found> FolderWeights::find(const std::string& name) const {
  if (const auto found = adapted_.find(without_bert(name)); found != adapted_.end())
    return Found{found->second.file, found->second.name, found->second.fitted.get()};
  if (head_ && head_->find(name)) return Found{&*head_, name};
  if (folder_.find(name)) return Found{nullptr, name};
  return std::nullopt;
}

std::vector<std::string> FolderWeights::names() const {
  std::vector<std::string> names;
  for (const auto* tensor : folder_.tensors())
    if (!adapted_.contains(without_bert(tensor->name))) names.push_back(tensor->name);
  if (head_)
    for (const auto& tensor : head_->tensors()) names.push_back(tensor.name);
  for (const auto& [name, unused] : adapted_) names.push_back("bert." + name);  // the first spelling asked for
  return names;
}

std::optional<std::vector<int64_t>> FolderWeights::shape(const std::string& name) const {
  const auto found = find(name);
  if (!found) return std::nullopt;
  asked_.insert(without_bert(name));
  if (found->fitted) return found->fitted->shape;
  return found->file ? found->file->find(found->name)->shape : folder_.find(found->name)->shape;
}

void FolderWeights::read(const std::string& name, std::span<float> out) const {
  constexpr size_t kPart = size_t{1} << 20;  // elements after which the file's memory is given back
  for (size_t first = 0; first < out.size(); first += kPart)
    read_part(name, static_cast<int64_t>(first), out.subspan(first, std::min(kPart, out.size() - first)));
}

void FolderWeights::read_part(const std::string& name, int64_t first, std::span<float> out) const {
  const auto found = find(name);
  if (found && found->fitted) {
    std::copy_n(found->fitted->values.begin() + first, out.size(), out.begin());
    return;
  }
  found && found->file ? found->file->read_f32_part(*found->file->find(found->name), first, out)
                       : folder_.read_f32_part(name, first, out);
}

std::vector<std::string> FolderWeights::unused_of_adapter() const {
  const auto changes_layers = [](const std::string& name) {
    return models::is_encoder_tensor(name) || name.find(".lora_") != name.npos || name.find(".ia3_") != name.npos;
  };
  std::vector<std::string> unused;
  for (const auto& [name, stored] : adapted_)
    if (!asked_.contains(name) && changes_layers(name)) unused.push_back(stored.name);
  return unused;
}

bool FolderWeights::has_parameters_of_a_loss() const {
  if (!head_) return false;
  const auto& tensors = head_->tensors();
  return std::any_of(tensors.begin(), tensors.end(), [](const auto& t) { return !models::is_head_tensor(t.name); });
}

namespace {

// Whether the adapter has values of its own for something of the encoder's (bitfit's biases).
bool changes_encoder(const AdapterFolder& adapter, const io::ModelFolder& base) {
  const auto& tensors = adapter.tensors();
  return std::any_of(tensors.begin(), tensors.end(), [&](const auto& tensor) {
    return models::is_encoder_tensor(tensor.first) &&
           (base.find(tensor.first) != nullptr || base.find("bert." + tensor.first) != nullptr);
  });
}

// Hashes read every weight, and a server opens many adapters over one base: of files that have not changed since the
// process read them the hash is known.
std::string known_hash(const io::ModelFolder& folder, const models::BertConfig& config) {
  static std::mutex mutex;
  static std::map<std::string, std::string> known;
  std::string key = models::encoder_sizes(config);
  for (const fs::path& file : folder.weight_files()) key += "\n" + file_identity(file);
  {
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(key); found != known.end()) return found->second;
  }
  const std::string hash = models::encoder_hash(config, FolderWeights(folder));
  const std::lock_guard lock(mutex);
  return known[key] = hash;
}

}  // namespace

std::string encoder_hash(const io::ModelFolder& folder, const AdapterFolder* adapter) {
  const auto config = models::BertConfig::from_json(folder.config(), config_file(folder));
  if (!adapter || !changes_encoder(*adapter, folder)) return known_hash(folder, config);
  return models::encoder_hash(config, FolderWeights(folder, adapter));
}

std::string encoder_hash_at(const fs::path& place) {
  if (!AdapterFolder::is_at(place)) return encoder_hash(io::ModelFolder::open(io::transformer_folder(place)));
  const AdapterFolder adapter(place);
  return encoder_hash(adapter.over_base(), &adapter);
}

std::optional<int64_t> FolderWeights::outputs() const {
  const auto classifier = shape("classifier.weight");
  return classifier && !classifier->empty() ? std::optional(classifier->front()) : std::nullopt;
}

}  // namespace attune::tasks
