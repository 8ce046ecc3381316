// Fields of PEFT's adapter_config.json, or of AdapterHub's, checked as they are read.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace attune::peft {

class PeftFields {
 public:
  PeftFields(const nlohmann::json& config, std::string where) : config_(config), where_(std::move(where)) {}

  // Errors (model): another type; a whole number below 1.
  int64_t whole(const char* key, int64_t otherwise) const;
  double number(const char* key, double otherwise) const;
  bool flag(const char* key) const;  // false where it is not there
  std::string name(const char* key, const std::string& otherwise) const;
  // target_modules, a list of names or an expression, as modules_named() takes them. `otherwise`: PEFT's own choice for
  // BERT where the file has none.
  std::string targets(const std::string& otherwise, const char* key = "target_modules") const;

  // Errors (model): the field is there and is something else; it holds something at all; it is none of these.
  void refuse_unless(const char* key, const nlohmann::json& value) const;
  void refuse_filled(const char* key) const;
  void refuse_unless_one_of(const char* key, const std::vector<nlohmann::json>& values) const;

 private:
  const nlohmann::json* find(const char* key) const;
  [[noreturn]] void refuse(const char* key, const std::string& what) const;

  const nlohmann::json& config_;
  std::string where_;
};

// A number as PEFT writes it: whole where it is.
nlohmann::json peft_number(double value);
// The other way: names as PEFT's target_modules.
nlohmann::json peft_targets(const std::string& names);

}  // namespace attune::peft
