// The folder of an adapter, in PEFT's form: what was trained, and the base that it belongs to.
//
//   adapter_config.json        PEFT's; of methods that PEFT has not, peft_type "ATTUNE" and the method's text
//   adapter_model.safetensors  the adapter and the head, under PEFT's names ("base_model.model.bert....lora_A.weight")
//   config.json                the base's with this task's labels, as of a whole model (Hugging Face ignores it here)
//   attune.json                as of a whole model (model_record.h), and "adapter": the method as `--adapter` takes it,
//                              "base": {"name", "encoder_sha256", "held_in"}: that hash is of the weights as the base's
//                              own files have them; "held_in": what they were held in while the adapter trained
//
// Of PEFT's folders only the first two are asked for: labels then have made-up names, and whether the base is the right
// one is not known. Of bottlenecks, which PEFT has not, the first two are AdapterHub's (hub_adapter.h), whose folders
// open likewise.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "attune/io/model_folder.h"
#include "attune/io/safetensors.h"
#include "attune/peft/method.h"
#include "attune/tasks/hub_adapter.h"

namespace attune::tasks {

namespace fs = std::filesystem;

struct ModelBundle;

inline constexpr const char* kAdapterConfigFile = "adapter_config.json";
inline constexpr const char* kAdapterWeightsFile = "adapter_model.safetensors";

class AdapterFolder {
 public:
  static bool is_at(const fs::path& place);
  // The adapter there; nothing where there is none. Errors: those of the constructor.
  static std::optional<AdapterFolder> at(const fs::path& place);
  // Errors (model): not JSON, a kind of adapter or an option of it that attune does not have, no weights; those of
  // io::Safetensors.
  explicit AdapterFolder(const fs::path& place);

  const fs::path& path() const { return path_; }
  const std::shared_ptr<peft::Method>& method() const { return method_; }
  // Of the adapter and its head, by the names that models give them (without "bert.").
  struct Stored {
    const io::Safetensors* file;
    std::string name;                                       // there
    std::shared_ptr<const peft::StoredMatrix> fitted = {};  // in place of what stands there
  };
  const std::map<std::string, Stored>& tensors() const { return tensors_; }
  // The base's folder. Errors (model): it is not where the files say (names both places, and the remedy).
  fs::path base() const;
  // The base's weights under this folder's name, with its config.
  io::ModelFolder over_base() const;
  // Error (model) where the base is another one than the adapter was trained on; nothing where that is not recorded.
  void check_base(const std::string& encoder_sha256) const;
  bool knows_base() const { return !encoder_sha256_.empty(); }
  // "f32", "bf16" or "int8"; empty where it is not recorded.
  const std::string& base_was_held_in() const { return base_held_in_; }

 private:
  void open_weights(const char* name, const std::string& otherwise,
                    const std::function<std::string(const std::string&)>& plain_name);

  void fit_tensors(const std::string& where);

  fs::path path_;
  nlohmann::json config_, record_;
  std::optional<HubHead> hub_ = {};  // it is AdapterHub's
  std::shared_ptr<peft::Method> method_;
  std::vector<std::shared_ptr<const io::Safetensors>> files_;
  std::map<std::string, Stored> tensors_;
  std::string encoder_sha256_, base_held_in_;
};

// The peak rate of a run that was told none: that of the adapter (`--adapter`, or the folder's own) over this model,
// else `otherwise`. Errors: those of io::resolve_model, io::ModelFolder, make_method and AdapterFolder.
double usual_rate(const std::string& model, const std::string& adapter, double otherwise);

// Where a model's tokenizer lies: its folder, or that of an adapter's base.
fs::path tokenizer_folder(const fs::path& place);

// adapter_config.json of a bundle with an adapter, for save_bundle. `hugging_face_head`: the head is one of theirs.
nlohmann::json adapter_config(const ModelBundle& bundle, bool hugging_face_head);
// What attune.json says of it.
nlohmann::json adapter_record(const ModelBundle& bundle);

}  // namespace attune::tasks
