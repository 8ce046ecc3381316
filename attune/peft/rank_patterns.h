// Modules of a PEFT folder with a rank or a weight of their own. An adapter here has one rank throughout: the others'
// matrices are filled up with zeros, which add nothing and, as their gradients are zeros too, stay zeros.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace attune::peft {

// A matrix [rows, cols] as a file has it, or a vector [count].
struct StoredMatrix {
  std::vector<int64_t> shape;
  std::vector<float> values;

  // Row i (column j) goes to where `places` says, among so many; the others are zeros.
  void spread_rows(const std::vector<int64_t>& places, int64_t rows);
  void spread_columns(const std::vector<int64_t>& places, int64_t columns);
  // 0, 1, ... up to what there is.
  static std::vector<int64_t> first(int64_t count);
};

// A name as models have it: without what PEFT and Hugging Face put before it ("base_model.model.bert.").
std::string plain_peft_name(std::string name);

// The module that a tensor's name begins with, and the rest: "encoder.layer.0.attention.self.query", "lora_A.weight".
// Both empty: it is none of such an adapter.
struct LoraName {
  std::string module, part;
};
LoraName lora_name(const std::string& tensor);

inline constexpr int64_t kMostRank = 4096;

// Of LoRA's rank_pattern and alpha_pattern: {"name or expression": number}. A module has that of the first whose
// expression means its whole name, or its end behind a dot (PEFT's get_pattern_key).
class NumberPattern {
 public:
  enum Kind { ranks, weights };
  // Errors (model): no object of whole numbers from 1 to kMostRank (weights: of numbers from 0 on), a broken
  // expression; `where` names the file.
  NumberPattern(const nlohmann::json& config, const char* key, const std::string& where, Kind kind);
  bool empty() const { return numbers_.empty(); }
  double of(const std::string& module, double otherwise) const;
  double most(double otherwise) const;

 private:
  std::vector<std::pair<std::string, double>> numbers_;
};

// Of AdaLoRA's rank_pattern: {"bert....query.lora_E": [true, false, ...]}, of its first ranks those that are left.
// Those of the module; empty: it has all. Errors (model): no list of booleans.
std::vector<bool> ranks_left(const nlohmann::json& config, const std::string& module, const std::string& where);

}  // namespace attune::peft
