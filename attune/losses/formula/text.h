// The text of a formula, taken apart: what is computed, and the numbers and options behind it.
//
//   'formula:' EXPRESSION { ';' NAME '=' VALUE }
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace attune::losses::formula {

struct Setting {
  std::string name, value;  // value: as OptionList::set takes it
  size_t name_at = 0, value_at = 0;
};

struct Text {
  std::string text;           // whole, line breaks and tabs as spaces
  size_t begin = 0, end = 0;  // of the expression
  std::vector<Setting> settings;

  const Setting* setting(std::string_view name) const;  // nullptr: not told
  // "formula: EXPRESSION; g=2", one space where there were some: means the same, and is its own normal form.
  std::string normalized() const;
};

// Whether it begins so, behind spaces.
bool is_formula(std::string_view text);

// Errors (usage), with a caret: more than 4,096 characters, no expression, a setting without '=', name or value, a name
// twice.
Text split(std::string_view text);

}  // namespace attune::losses::formula
