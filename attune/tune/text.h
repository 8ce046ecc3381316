// Texts of options, as the space cuts them: brackets and double quotes hold together what stands in them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace attune::tune {

inline bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// A finite number that is the whole text; nothing otherwise.
std::optional<double> whole_number_text(std::string_view text);
// Without blanks at the ends and beside ( ) [ ] , = | + *, others made one; double quotes keep what they hold.
std::string tidied(std::string_view text);
// The first byte from `at` that is one of `ends` and stands in no bracket and no quotes opened since; else the size.
// A closing bracket of what was opened before `at` ends it as well.
size_t end_of_part(std::string_view text, size_t at, std::string_view ends);

}  // namespace attune::tune
