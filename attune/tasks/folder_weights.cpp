#include "attune/tasks/folder_weights.h"

#include <algorithm>
#include <filesystem>

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
    return Found{found->second.file, found->second.name};
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
  return found->file ? found->file->find(found->name)->shape : folder_.find(found->name)->shape;
}

void FolderWeights::read(const std::string& name, std::span<float> out) const {
  constexpr size_t kPart = size_t{1} << 20;  // elements after which the file's memory is given back
  for (size_t first = 0; first < out.size(); first += kPart)
    read_part(name, static_cast<int64_t>(first), out.subspan(first, std::min(kPart, out.size() - first)));
}

void FolderWeights::read_part(const std::string& name, int64_t first, std::span<float> out) const {
  const auto found = find(name);
  found && found->file ? found->file->read_f32_part(*found->file->find(found->name), first, out)
                       : folder_.read_f32_part(name, first, out);
}

bool FolderWeights::has_parameters_of_a_loss() const {
  if (!head_) return false;
  const auto& tensors = head_->tensors();
  return std::any_of(tensors.begin(), tensors.end(), [](const auto& t) { return !models::is_head_tensor(t.name); });
}

std::string encoder_hash(const io::ModelFolder& folder, const AdapterFolder* adapter) {
  return models::encoder_hash(models::BertConfig::from_json(folder.config(), config_file(folder)),
                              FolderWeights(folder, adapter));
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
