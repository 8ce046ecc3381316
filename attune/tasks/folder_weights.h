// A model folder as the models room reads weights: the folder's own tensors, and those that stand beside them because
// Hugging Face has no class for them.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attune/io/model_folder.h"
#include "attune/models/load.h"
#include "attune/tasks/adapter_folder.h"

namespace attune::tasks {

// Holds what Hugging Face's classes have no place for: the head where it is none of theirs, a loss's own parameters.
inline constexpr const char* kHeadFile = "attune_head.safetensors";

class FolderWeights final : public models::WeightSource {
 public:
  // The folder, and the adapter over it if there is one, outlive this object. Errors: those of io::Safetensors for the
  // head's file.
  explicit FolderWeights(const io::ModelFolder& folder, const AdapterFolder* adapter = nullptr);

  std::vector<std::string> names() const override;
  std::optional<std::vector<int64_t>> shape(const std::string& name) const override;
  void read(const std::string& name, std::span<float> out) const override;
  void read_part(const std::string& name, int64_t first, std::span<float> out) const override;

  // Whether something stands beside that is no head.
  bool has_parameters_of_a_loss() const;

  // Tensors of the adapter, beside its head, that nobody has asked for so far: they change what no part of the model
  // does, so its answers are not that adapter's.
  std::vector<std::string> unused_of_adapter() const;

  // Outputs of the last layer; nothing where there is none.
  std::optional<int64_t> outputs() const;

 private:
  struct Found {
    const io::Safetensors* file;  // nullptr: the folder's
    std::string name;
    const peft::StoredMatrix* fitted = nullptr;  // in place of what stands in the file
  };
  std::optional<Found> find(const std::string& name) const;

  const io::ModelFolder& folder_;
  std::optional<io::Safetensors> head_;
  std::map<std::string, AdapterFolder::Stored> adapted_;  // what the adapter's files have
  mutable std::set<std::string> asked_;                   // for its shape, of those
};

// models::encoder_hash of the folder's model, without what an adapter does to it while it runs. Errors: those of the
// config too.
std::string encoder_hash(const io::ModelFolder& folder, const AdapterFolder* adapter = nullptr);
// The same of what `place` names: a model's folder, or an adapter's.
std::string encoder_hash_at(const fs::path& place);

}  // namespace attune::tasks
