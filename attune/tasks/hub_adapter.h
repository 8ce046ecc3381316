// AdapterHub's folder of a bottleneck adapter, as its package `adapters` (1.x) writes and reads it:
//
//   adapter_config.json     {"config": the kind's options, "name", "model_name", "model_type", "hidden_size", ...}
//   adapter.safetensors     "bert.encoder.layer.0.output.adapters.NAME.adapter_down.0.weight" and so on
//   head_config.json        {"config": {"head_type", "layers", "label2id", ...}}
//   model_head.safetensors  "heads.NAME.1.weight": linear layers among dropout and activations, by their place
//
// Of heads: two layers with tanh between, which are BERT's pooler and its classifier; and a single one, which reads
// the pooler of the base, or (tags) each word's state.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "attune/peft/method.h"

namespace attune::tasks {

namespace fs = std::filesystem;

struct ModelBundle;

inline constexpr const char* kHubWeightsFile = "adapter.safetensors";
inline constexpr const char* kHubHeadFile = "model_head.safetensors";
inline constexpr const char* kHubHeadConfigFile = "head_config.json";

// Whether an adapter_config.json is AdapterHub's.
bool is_hub_config(const nlohmann::json& config);
// Errors (model): another model than BERT, a kind or an option that attune does not have; `where` names the file.
std::shared_ptr<peft::Method> hub_method(const nlohmann::json& config, const std::string& where);

struct HubHead {
  nlohmann::json config = nlohmann::json::object();  // what it adds to the base's: architectures and labels
  int layers = 0;                                    // 0: there is no head
};
// Errors (model): a head that attune does not have.
HubHead read_hub_head(const fs::path& folder);
// As models name a tensor of either file.
std::string plain_hub_name(std::string name, int head_layers);
// The other way, for the two files of what save_bundle writes; `tag`: a head of one layer.
std::string hub_name(const std::string& plain, bool tag);
bool is_hub_head_tensor(const std::string& plain);

// Whether save_bundle writes the bundle's adapter in this form, and the files' contents then.
bool is_hubs(const ModelBundle& bundle);
nlohmann::json hub_adapter_config(const ModelBundle& bundle);
nlohmann::json hub_head_config(const ModelBundle& bundle);

}  // namespace attune::tasks
