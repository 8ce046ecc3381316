#include "attune/peft/modules.h"

#include <algorithm>
#include <regex>

#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune::peft {
namespace {

bool ends_in(const std::string& name, const std::string& part) {
  return name == part || name.ends_with("." + part);
}

// Whether `pattern`, in which * stands for anything, is all of `text`.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*')
    return !text.empty() && pattern.front() == text.front() && matches(pattern.substr(1), text.substr(1));
  for (size_t skipped = 0; skipped <= text.size(); ++skipped)
    if (matches(pattern.substr(1), text.substr(skipped))) return true;
  return false;
}

bool is_expression(const std::string& name) {
  return name.size() >= 2 && (name.front() == '^' || (name.front() == '"' && name.back() == '"'));
}

bool means(const std::string& told, const Module& module, const std::string& option) {
  if (told == "all-linear") return true;
  const std::string name = told.starts_with("bert.") ? told.substr(5) : told;
  if (is_expression(name)) {
    const bool quoted = name.front() == '"';
    try {
      // PEFT's expressions are for names with "bert." before them too.
      const std::regex expression(quoted ? name.substr(1, name.size() - 2) : name);
      return std::regex_match(module.name, expression) || std::regex_match("bert." + module.name, expression);
    } catch (const std::regex_error& error) {
      fail(ErrorKind::usage, "{}: '{}' is no regular expression ({})", option, name, error.what());
    }
  }
  if (name.find('*') == name.npos) return ends_in(module.name, name);
  return matches(name, module.name) || matches("*." + name, module.name);
}

// What one may write for the modules: every tail of a name from its first word on.
std::vector<std::string> short_names(const std::vector<Module>& all) {
  std::vector<std::string> names{"all-linear"};
  for (const Module& module : all) {
    if (module.layer > 0) break;
    for (size_t dot = module.name.find("attention.") != module.name.npos
                          ? module.name.find("attention.")
                          : module.name.find_last_of('.', module.name.rfind('.') - 1) + 1;
         dot != std::string::npos && dot < module.name.size();) {
      const std::string tail = module.name.substr(dot);
      if (std::find(names.begin(), names.end(), tail) == names.end()) names.push_back(tail);
      const size_t next = module.name.find('.', dot);
      dot = next == std::string::npos ? next : next + 1;
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> parted_names(const std::string& names) {
  std::vector<std::string> parts{""};
  bool quoted = false;
  for (const char c : names) {
    quoted ^= c == '"';
    if (c == '|' && !quoted && parts.back().substr(0, 1) != "^")
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::vector<Module> modules_of(const EncoderShape& shape) {
  std::vector<Module> all;
  const int64_t hidden = shape.hidden;
  for (int64_t i = 0; i < shape.layers; ++i) {
    const std::string layer = "encoder.layer." + std::to_string(i) + ".";
    const auto add = [&](const char* name, Place place, int64_t begin, int64_t end, int64_t in) {
      all.push_back({layer + name, static_cast<int>(i), place, begin, end, in});
    };
    add("attention.self.query", Place::query_key_value, 0, hidden, hidden);
    add("attention.self.key", Place::query_key_value, hidden, 2 * hidden, hidden);
    add("attention.self.value", Place::query_key_value, 2 * hidden, 3 * hidden, hidden);
    add("attention.output.dense", Place::attention_output, 0, hidden, hidden);
    add("intermediate.dense", Place::intermediate, 0, shape.intermediate, hidden);
    add("output.dense", Place::output, 0, hidden, shape.intermediate);
  }
  return all;
}

std::vector<std::span<const Module>> by_product(std::span<const Module> modules) {
  std::vector<std::span<const Module>> products;
  for (size_t first = 0; first < modules.size();) {
    size_t end = first + 1;
    while (end < modules.size() && modules[end].layer == modules[first].layer &&
           modules[end].place == modules[first].place)
      ++end;
    products.push_back(modules.subspan(first, end - first));
    first = end;
  }
  return products;
}

std::vector<Module> modules_named(const std::vector<Module>& all, const std::string& names, const std::string& option) {
  const std::vector<std::string> parts = parted_names(names);
  std::vector<bool> meant(all.size(), false);
  for (const std::string& part : parts) {
    bool any = false;
    for (size_t i = 0; i < all.size(); ++i)
      if (means(part, all[i], option)) meant[i] = true, any = true;
    if (any) continue;
    const std::vector<std::string> known = short_names(all);
    const std::string near = did_you_mean(part, known);
    fail(ErrorKind::usage, "{}: no module of the encoder is called '{}'{}", option, part,
         near.empty() ? "; there are " + fmt::format("{}", fmt::join(known, ", ")) : near);
  }
  std::vector<Module> chosen;
  for (size_t i = 0; i < all.size(); ++i)
    if (meant[i]) chosen.push_back(all[i]);
  return chosen;
}

}  // namespace attune::peft
