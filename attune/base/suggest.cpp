#include "attune/base/suggest.h"

#include <algorithm>
#include <utility>

namespace attune {

int edit_distance(std::string_view a, std::string_view b) {
  const size_t columns = b.size() + 1;
  std::vector<int> before(columns), last(columns), row(columns);
  for (size_t j = 0; j < columns; ++j) last[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j < columns; ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[columns - 1];
}

std::vector<std::string> nearest(std::string_view unknown, const std::vector<std::string>& known, size_t most) {
  const int bound = std::max(1, static_cast<int>(unknown.size()) / 3);
  std::vector<std::pair<int, std::string>> found;
  for (const auto& candidate : known) {
    const int distance = edit_distance(unknown, candidate);
    const bool prefix = unknown.size() >= 2 && (candidate.starts_with(unknown) || unknown.starts_with(candidate));
    if (distance <= bound || (prefix && !candidate.empty())) found.emplace_back(distance, candidate);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(most, found.size()); ++i) names.push_back(found[i].second);
  return names;
}

std::string did_you_mean(std::string_view unknown, const std::vector<std::string>& known) {
  const auto names = nearest(unknown, known);
  if (names.empty()) return "";
  std::string text = "; did you mean ";
  for (size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + ("'" + names[i] + "'");
  return text + "?";
}

std::string did_you_mean_beside(const std::filesystem::path& missing) {
  std::vector<std::string> names;
  const auto parent = missing.has_parent_path() ? missing.parent_path() : std::filesystem::path(".");
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(parent, ignored), end; !ignored && at != end; at.increment(ignored))
    names.push_back(at->path().filename().string());
  return did_you_mean(missing.filename().string(), names);
}

}  // namespace attune
