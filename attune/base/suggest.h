// "Did you mean ...?": the names nearest to one that is not known.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace attune {

// Damerau-Levenshtein distance (optimal string alignment) over bytes.
int edit_distance(std::string_view a, std::string_view b);

// Up to `most` of `known`, nearest first, that are plausibly meant by `unknown` (distance at most a third of its
// length, at least 1; or one is a prefix of the other).
std::vector<std::string> nearest(std::string_view unknown, const std::vector<std::string>& known, size_t most = 3);

// "; did you mean 'a', 'b' or 'c'?" or "" where nothing is near.
std::string did_you_mean(std::string_view unknown, const std::vector<std::string>& known);

// The same for a path where nothing stands, from the names that stand in its folder.
std::string did_you_mean_beside(const std::filesystem::path& missing);

}  // namespace attune
