#include "attune/base/suggest.h"

#include <algorithm>
#include <tuple>
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

namespace {

using Words = std::vector<std::string>;

// "max-seq_length" as {"max", "seq", "length"}.
Words words_of(std::string_view name) {
  Words words(1);
  for (const char c : name) {
    if (c == '-' || c == '_')
      words.emplace_back();
    else
      words.back() += c;
  }
  std::erase(words, "");
  return words;
}

Words sorted(Words words) {
  std::sort(words.begin(), words.end());
  return words;
}

// The first letters of several words, in their order.
std::string initials(const Words& words) {
  std::string letters;
  if (words.size() > 1)
    for (const auto& word : words) letters += word[0];
  return letters;
}

bool same_stem(std::string_view a, std::string_view b) {
  constexpr size_t kShortest = 5;
  const auto ends = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto common = static_cast<size_t>(ends.first - a.begin());
  return common >= kShortest && 2 * common >= std::max(a.size(), b.size());
}

enum class Likeness { nearly, partly, none };

Likeness likeness(std::string_view unknown, std::string_view known, int distance) {
  if (known.empty()) return Likeness::none;
  const Words a = words_of(unknown), b = words_of(known), x = sorted(a), y = sorted(b);
  if (distance <= std::max(1, static_cast<int>(unknown.size()) / 3)) return Likeness::nearly;
  if (x == y || initials(a) == known || initials(b) == unknown) return Likeness::nearly;
  const bool prefix = unknown.size() >= 2 && (known.starts_with(unknown) || unknown.starts_with(known));
  const auto within = [](const Words& few, const Words& many) {
    return !few.empty() && std::includes(many.begin(), many.end(), few.begin(), few.end());
  };
  return prefix || within(x, y) || within(y, x) || same_stem(unknown, known) ? Likeness::partly : Likeness::none;
}

}  // namespace

std::vector<std::string> nearest(std::string_view unknown, const std::vector<std::string>& known, size_t most) {
  std::vector<std::tuple<Likeness, int, std::string>> found;
  for (const auto& candidate : known) {
    const int distance = edit_distance(unknown, candidate);
    const Likeness like = likeness(unknown, candidate, distance);
    if (like != Likeness::none) found.emplace_back(like, distance, candidate);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(most, found.size()); ++i) names.push_back(std::get<std::string>(found[i]));
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
