// A way of adapting an encoder, with its options: what `--adapter` names. It makes adapters.
//
//   --adapter "lora(r=8, alpha=16, targets=query|value)"
#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "attune/base/options.h"
#include "attune/nn/parameter.h"
#include "attune/peft/modules.h"
#include "attune/peft/rank_patterns.h"

namespace attune::peft {

class Adapter;

class Method {
 public:
  virtual ~Method() = default;
  virtual const char* name() const = 0;
  virtual void visit(OptionList& list) = 0;
  // Errors (usage): options that do not go together.
  virtual void check() const {}

  // Adds the parameters and what they change.
  virtual void attach(Adapter& adapter, nn::Parameters& parameters) const = 0;
  // Whether it trains this parameter of the encoder's own. (Heads and its own parameters always train.)
  virtual bool trains(const nn::Parameter& parameter, const EncoderShape& shape) const {
    static_cast<void>(parameter), static_cast<void>(shape);
    return false;
  }
  // Whether its parameters are virtual tokens, whose files PEFT names otherwise.
  virtual bool is_prompt_learning() const { return false; }
  // A peak learning rate that is mostly right for an encoder so many units wide.
  virtual double learning_rate(int64_t hidden) const = 0;

  // PEFT's adapter_config.json beyond what all have in common; null: PEFT has no such kind.
  virtual nlohmann::json peft_config(const EncoderShape& shape) const;
  // Options from such a file. Errors (model): what attune does not have; `where` names the file.
  virtual void read_peft_config(const nlohmann::json& config, const std::string& where);

  // Whether tensors of such a folder have to be fitted: modules have ranks of their own (rank_patterns.h). Then for
  // each tensor, by its name without "bert." and what PEFT puts before: what this method has in its place. Errors
  // (model): a shape that the file's ranks do not foretell.
  virtual bool fits_peft_tensors(const nlohmann::json& config) const;
  virtual void fit_peft_tensor(const nlohmann::json& config, const std::string& where, const std::string& name,
                               StoredMatrix& tensor) const;

  // The same method as a folder keeps it: what only makes parameters that are kept is left out (a prefix's projection).
  virtual void as_kept() {}

  // Likewise AdapterHub's: "config" of its adapter_config.json.
  virtual nlohmann::json hub_config() const;
  virtual void read_hub_config(const nlohmann::json& config, const std::string& where);

  // As `--adapter` takes it, every option written out; after options have changed.
  std::string text();
  // Of options that came from a file named `where`. Errors (model): one lies outside its range.
  void check_ranges(const std::string& where);
};

// What suits bert-base's width, for another: rate * min(2, max(1, 768 / hidden)). That narrow ones want more was
// measured on encoders of 384 units (docs/results.md); wider ones were not.
double rate_at_width(double rate_of_bert_base, int64_t hidden);

struct MethodEntry {
  const char* name;
  const char* what;    // one line
  const char* source;  // authors, year, arXiv
  std::unique_ptr<Method> (*make)();
};
const std::vector<MethodEntry>& methods();

// Errors (usage): an unknown method or option (suggests), a value out of range, what does not parse.
std::shared_ptr<Method> make_method(const std::string& text);

}  // namespace attune::peft
