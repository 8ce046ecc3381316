#include "attune/peft/method.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/peft/adalora.h"
#include "attune/peft/bottleneck.h"
#include "attune/peft/ia3.h"
#include "attune/peft/lora.h"
#include "attune/peft/own_parameters.h"
#include "attune/peft/virtual_tokens.h"

namespace attune::peft {
namespace {

using nlohmann::json;

constexpr const char* kOption = "--adapter";

std::string without_blanks(std::string_view text) {
  return std::string(trimmed(text, " \t"));
}

struct Call {
  std::string name;
  std::vector<std::pair<std::string, std::string>> options;
};

[[noreturn]] void fail_to_parse(const std::string& text, const std::string& why) {
  fail(ErrorKind::usage,
       "{}: '{}' {}; expected a method with options, as in 'lora(r=8, alpha=16, targets=query|value)'", kOption, text,
       why);
}

// name or name(option=value, ...); commas within quotes part nothing.
Call parsed(const std::string& text) {
  const size_t open = text.find('(');
  Call call{.name = without_blanks(text.substr(0, open)), .options = {}};
  if (open == std::string::npos) return call;
  const size_t close = text.rfind(')');
  if (close == std::string::npos || close < open) fail_to_parse(text, "has no closing ')'");
  if (!without_blanks(text.substr(close + 1)).empty())
    fail_to_parse(text, fmt::format("goes on after ')' with '{}'", without_blanks(text.substr(close + 1))));
  std::vector<std::string> parts{""};
  bool quoted = false;
  for (const char c : text.substr(open + 1, close - open - 1)) {
    quoted ^= c == '"';
    if (c == ',' && !quoted)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  if (quoted) fail_to_parse(text, "has an open quote");
  for (const std::string& part : parts) {
    if (parts.size() == 1 && without_blanks(part).empty()) break;
    const size_t equals = part.find('=');
    if (equals == std::string::npos || without_blanks(part.substr(0, equals)).empty())
      fail_to_parse(text, fmt::format("has '{}' where an option=value should stand", without_blanks(part)));
    call.options.emplace_back(without_blanks(part.substr(0, equals)), without_blanks(part.substr(equals + 1)));
  }
  return call;
}

std::string value_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  return value.dump();
}

}  // namespace

json Method::peft_config(const EncoderShape&) const {
  return nullptr;
}

void Method::read_peft_config(const json&, const std::string& where) {
  fail(ErrorKind::model, "{}: PEFT has no adapter of the kind '{}'", where, name());
}

bool Method::fits_peft_tensors(const json&) const {
  return false;
}

void Method::fit_peft_tensor(const json&, const std::string&, const std::string&, StoredMatrix&) const {}

json Method::hub_config() const {
  return {};
}

void Method::read_hub_config(const json&, const std::string& where) {
  fail(ErrorKind::model, "{}: AdapterHub has no adapters of attune's kind '{}'", where, name());
}

std::string Method::text() {
  OptionList list{""};
  visit(list);
  const json values = list.to_json();
  std::string options;
  for (const auto& [key, value] : values.items())
    if (!value.is_null()) options += (options.empty() ? "" : ", ") + key + "=" + value_text(value);
  return options.empty() ? name() : fmt::format("{}({})", name(), options);
}

void Method::check_ranges(const std::string& where) {
  OptionList list{fmt::format("the adapter's ")};
  visit(list);
  try {
    OptionList again{fmt::format("the adapter's ")};
    visit(again);
    again.set_from_json(list.to_json(), where);
  } catch (const Error& error) {
    fail(ErrorKind::model, "{}", error.message());
  }
}

const std::vector<MethodEntry>& methods() {
  static const std::vector<MethodEntry> all{
      adalora_entry(),     bitfit_entry(), bottleneck_entry(), ia3_entry(),
      last_layers_entry(), lora_entry(),   prefix_entry(),     prompt_entry(),
  };
  return all;
}

double rate_at_width(double rate_of_bert_base, int64_t hidden) {
  constexpr double kBertBase = 768;
  return rate_of_bert_base * std::clamp(kBertBase / static_cast<double>(hidden), 1.0, 2.0);
}

std::shared_ptr<Method> make_method(const std::string& text) {
  const Call call = parsed(text);
  const auto& all = methods();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) { return call.name == entry.name; });
  if (found == all.end()) {
    std::vector<std::string> names;
    for (const auto& entry : all) names.emplace_back(entry.name);
    const std::string near = did_you_mean(call.name, names);
    fail(ErrorKind::usage, "{}: there is no method '{}'{}", kOption, call.name,
         near.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : near);
  }
  std::shared_ptr<Method> method = found->make();
  OptionList list{fmt::format("{} {}: ", kOption, call.name)};
  method->visit(list);
  std::vector<std::string> told;
  for (const auto& [name, value] : call.options) {
    if (std::find(told.begin(), told.end(), name) != told.end())
      fail(ErrorKind::usage, "{} {}: {} is given twice", kOption, call.name, name);
    told.push_back(name);
    list.set(name, value);
  }
  method->check();
  return method;
}

}  // namespace attune::peft
