// Titles and what is said of each: how a verdict opens, as text and as a page.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attune::report {

using Facts = std::vector<std::pair<std::string, std::string>>;  // title, text

// Words wrapped at `width`, safe for a terminal, and no word wider than the line.
std::string paragraph(std::string_view text, int width, int indent);
// Titles in a column, beside each its text, wrapped.
std::string facts_text(const Facts& facts, int width);
// The same as rows of a table.
std::string facts_html(const Facts& facts);

}  // namespace attune::report
