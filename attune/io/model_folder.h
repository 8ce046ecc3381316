// A Hugging Face model folder: config.json, weights (one file or shards) and a vocabulary.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attune/io/safetensors.h"

namespace attune::io {

// The tensors of each shard, from the text of model.safetensors.index.json. Errors (model): not JSON, no `weight_map`,
// a shard that is not the name of a file beside the index.
std::map<std::string, std::vector<std::string>> parse_shard_index(std::string_view text, std::string_view where);

class ModelFolder {
 public:
  // Checks that everything is there and whole before anything is used. Weights: model.safetensors, else the shards of
  // model.safetensors.index.json. Errors (model): not a folder; no config.json, or it is no JSON object; no weights
  // (where other formats stand there, the line that converts them); a missing or foreign shard, a tensor that its
  // shard lacks; no vocabulary (tokenizer.json or vocab.txt); and those of parse_safetensors.
  static ModelFolder open(const std::filesystem::path& path);

  // The same weights under another folder's name, as that one's config describes them (an adapter's).
  ModelFolder known_as(const std::filesystem::path& path, nlohmann::json config) const;

  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& weights_path() const { return weights_path_; }
  const nlohmann::json& config() const { return *config_; }
  const std::string& config_text() const { return config_text_; }

  std::vector<std::filesystem::path> weight_files() const;

  // All tensors, shard by shard.
  const std::vector<const TensorView*>& tensors() const { return tensors_; }
  const TensorView* find(std::string_view name) const;
  // Errors (model): no such name (suggests), and those of io::read_f32.
  void read_f32(std::string_view name, std::span<float> out) const;
  // Elements [first, first + out.size()). Errors (model): no such name (suggests), and those of io::read_f32_part.
  void read_f32_part(std::string_view name, int64_t first, std::span<float> out) const;

 private:
  struct Entry {
    const TensorView* tensor;
    const Safetensors* file;
  };
  void add(const TensorView& tensor, const Safetensors& file);
  const Entry& entry(std::string_view name) const;
  void open_index(const std::filesystem::path& index);

  std::filesystem::path path_, weights_path_;
  std::string config_text_;
  std::shared_ptr<const nlohmann::json> config_;
  std::vector<std::shared_ptr<const Safetensors>> files_;
  std::vector<const TensorView*> tensors_;
  std::map<std::string, Entry, std::less<>> by_name_;
};

}  // namespace attune::io
