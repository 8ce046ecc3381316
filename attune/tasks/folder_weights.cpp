#include "attune/tasks/folder_weights.h"

#include <algorithm>
#include <filesystem>

#include "attune/models/encoder_hash.h"
#include "attune/tasks/label_plan.h"

namespace attune::tasks {

FolderWeights::FolderWeights(const io::ModelFolder& folder) : folder_(folder) {
  if (std::filesystem::exists(folder.path() / kHeadFile)) head_.emplace(folder.path() / kHeadFile);
}

std::vector<std::string> FolderWeights::names() const {
  std::vector<std::string> names;
  for (const auto* tensor : folder_.tensors()) names.push_back(tensor->name);
  if (head_)
    for (const auto& tensor : head_->tensors()) names.push_back(tensor.name);
  return names;
}

std::optional<std::vector<int64_t>> FolderWeights::shape(const std::string& name) const {
  if (head_)
    if (const auto* found = head_->find(name)) return found->shape;
  if (const auto* found = folder_.find(name)) return found->shape;
  return std::nullopt;
}

void FolderWeights::read(const std::string& name, std::span<float> out) const {
  if (head_ && head_->find(name)) return head_->read_f32(name, out);
  folder_.read_f32(name, out);
}

void FolderWeights::read_part(const std::string& name, int64_t first, std::span<float> out) const {
  if (const io::TensorView* own = head_ ? head_->find(name) : nullptr) return head_->read_f32_part(*own, first, out);
  folder_.read_f32_part(name, first, out);
}

bool FolderWeights::has_parameters_of_a_loss() const {
  if (!head_) return false;
  const auto& tensors = head_->tensors();
  return std::any_of(tensors.begin(), tensors.end(), [](const auto& t) { return !models::is_head_tensor(t.name); });
}

std::string encoder_hash(const io::ModelFolder& folder) {
  return models::encoder_hash(models::BertConfig::from_json(folder.config(), config_file(folder)),
                              FolderWeights(folder));
}

std::optional<int64_t> FolderWeights::outputs() const {
  const auto classifier = shape("classifier.weight");
  return classifier && !classifier->empty() ? std::optional(classifier->front()) : std::nullopt;
}

}  // namespace attune::tasks
