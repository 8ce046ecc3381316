#include "attune/io/model_folder.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/base/suggest.h"

namespace attune::io {
namespace {

using nlohmann::json;

constexpr const char* kConfig = "config.json";
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

bool has(const fs::path& folder, std::string_view name) {
  std::error_code ignored;
  return fs::is_regular_file(folder / name, ignored);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored))
    names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// One line of Python that turns pytorch_model.bin, or its shards, into model.safetensors.
std::string conversion_line(const fs::path& folder) {
  return "python3 -c 'import glob, sys, torch; from safetensors.torch import save_file; "
         "save_file({n: t.clone().contiguous() for f in sorted(glob.glob(sys.argv[1] + \"/pytorch_model*.bin\")) "
         "for n, t in torch.load(f, map_location=\"cpu\", weights_only=True).items()}, "
         "sys.argv[1] + \"/model.safetensors\", metadata={\"format\": \"pt\"})' " +
         shell_quoted(folder.string());
}

[[noreturn]] void fail_without_weights(const fs::path& folder) {
  const std::string where = folder.string();
  const auto names = names_in(folder);
  const auto is_torch = [](const std::string& n) { return n.starts_with("pytorch_model") && n.ends_with(".bin"); };
  if (std::any_of(names.begin(), names.end(), is_torch))
    fail(ErrorKind::model,
         "{} holds its weights as pytorch_model.bin, which attune does not read; convert them once with\n  {}", where,
         conversion_line(folder));
  for (const char* other : {"tf_model.h5", "flax_model.msgpack"})
    if (has(folder, other))
      fail(ErrorKind::model,
           "{} holds its weights as {}, which attune does not read; save the model from Python with "
           "`model.save_pretrained(FOLDER, safe_serialization=True)`",
           where, other);
  for (const auto& name : names)
    if (name.ends_with(".safetensors"))
      fail(ErrorKind::model, "{} has {}, but neither {} nor {}; if these are the model's weights, rename the file",
           where, name, kWeights, kIndex);
  fail(ErrorKind::model, "{} has no weights; expected {} or {}", where, kWeights, kIndex);
}

void check_vocabulary(const fs::path& folder) {
  if (has(folder, "tokenizer.json") || has(folder, "vocab.txt")) return;
  for (const char* other : {"sentencepiece.bpe.model", "spiece.model", "vocab.json"})
    if (has(folder, other))
      fail(ErrorKind::model,
           "{} has its vocabulary as {} only; make tokenizer.json from it with\n  python3 -c 'import sys; "
           "from transformers import AutoTokenizer; "
           "AutoTokenizer.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[1])' {}",
           folder.string(), other, shell_quoted(folder.string()));
  fail(ErrorKind::model,
       "{} has no vocabulary; expected tokenizer.json or vocab.txt (copy it from where the model came from)",
       folder.string());
}

void check_folder(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return;
  if (fs::exists(path, ignored))
    fail(ErrorKind::model, "{} is a file; a model is given by its folder (with {}, {} and a vocabulary)", path.string(),
         kConfig, kWeights);
  fail(ErrorKind::model, "there is no model folder {}{}", path.string(), did_you_mean_beside(path));
}

}  // namespace

std::map<std::string, std::vector<std::string>> parse_shard_index(std::string_view text, std::string_view where) {
  const json document = parse_json(text, where, ErrorKind::model);
  const json map = document.is_object() ? document.value("weight_map", json()) : json();
  if (!map.is_object() || map.empty())
    fail(ErrorKind::model, "{}: expected an object 'weight_map' from tensor to file; download the file again", where);
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, shard] : map.items()) {
    const std::string file = shard.is_string() ? shard.get<std::string>() : "";
    // A shard stands beside its index; anything else would let a downloaded file name any file of this machine.
    if (file.empty() || file.find('/') != file.npos || file.find('\0') != file.npos || file == "..")
      fail(ErrorKind::model, "{}: tensor '{}': expected the name of a file in the same folder, got {}", where, tensor,
           shard.dump());
    shards[file].push_back(tensor);
  }
  return shards;
}

ModelFolder ModelFolder::open(const std::filesystem::path& path) {
  check_folder(path);
  ModelFolder model;
  model.path_ = model.weights_path_ = path;
  if (!has(path, kConfig))
    fail(ErrorKind::model, "{} has no {}{}; a model folder has {}, {} and a vocabulary", path.string(), kConfig,
         did_you_mean(kConfig, names_in(path)), kConfig, kWeights);
  const std::string where = (path / kConfig).string();
  model.config_text_ = read_file(path / kConfig);
  model.config_ = std::make_shared<const json>(parse_json(model.config_text_, where, ErrorKind::model));
  if (!model.config_->is_object())
    fail(ErrorKind::model, "{}: expected an object, got {}", where, model.config_->type_name());
  if (has(path, kWeights)) {
    model.files_.push_back(std::make_shared<const Safetensors>(path / kWeights));
    for (const auto& tensor : model.files_.back()->tensors()) model.add(tensor, *model.files_.back());
  } else if (has(path, kIndex)) {
    model.open_index(path / kIndex);
  } else {
    fail_without_weights(path);
  }
  check_vocabulary(path);
  return model;
}

ModelFolder ModelFolder::known_as(const std::filesystem::path& path, json config) const {
  ModelFolder other = *this;
  other.path_ = path;
  other.config_text_ = config.dump(2);
  other.config_ = std::make_shared<const json>(std::move(config));
  return other;
}

void ModelFolder::add(const TensorView& tensor, const Safetensors& file) {
  by_name_[tensor.name] = {&tensor, &file};
  tensors_.push_back(&tensor);
}

void ModelFolder::open_index(const std::filesystem::path& index) {
  const std::string where = index.string();
  const auto shards = parse_shard_index(read_file(index), where);
  std::vector<std::string> missing;
  for (const auto& [file, unused] : shards)
    if (!has(path_, file)) missing.push_back(file);
  if (!missing.empty())
    fail(ErrorKind::model, "{} names {} shard{} of which {} not there: {}; download {} into {}", where, shards.size(),
         shards.size() == 1 ? "" : "s", missing.size() == 1 ? "one is" : fmt::format("{} are", missing.size()),
         fmt::join(missing, ", "), missing.size() == 1 ? "it" : "them", path_.string());
  for (const auto& [file, names] : shards) {
    files_.push_back(std::make_shared<const Safetensors>(path_ / file));
    for (const auto& name : names) {
      const TensorView* tensor = files_.back()->find(name);
      if (tensor == nullptr)
        fail(ErrorKind::model, "{} promises tensor '{}' in {}, which does not hold it; download both again", where,
             name, file);
      add(*tensor, *files_.back());
    }
  }
}

std::vector<std::filesystem::path> ModelFolder::weight_files() const {
  std::vector<std::filesystem::path> paths;
  for (const auto& file : files_) paths.push_back(file->path());
  return paths;
}

const TensorView* ModelFolder::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second.tensor;
}

const ModelFolder::Entry& ModelFolder::entry(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    std::vector<std::string> names;
    for (const auto& [known, unused] : by_name_) names.push_back(known);
    fail(ErrorKind::model, "{}: there is no tensor '{}'{}", path_.string(), name, did_you_mean(name, names));
  }
  return found->second;
}

void ModelFolder::read_f32(std::string_view name, std::span<float> out) const {
  const Entry& found = entry(name);
  attune::io::read_f32(*found.tensor, found.file->path(), out);
}

void ModelFolder::read_f32_part(std::string_view name, int64_t first, std::span<float> out) const {
  const Entry& found = entry(name);
  found.file->read_f32_part(*found.tensor, first, out);
}

}  // namespace attune::io
