// "Did you mean ...?": the names nearest to one that is not known.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace attune {

// Damerau-Levenshtein distance (optimal string alignment) over bytes.
int edit_distance(std::string_view a, std::string_view b);

// Up to `most` of `known` that are plausibly meant by `unknown`, in this order, by distance within each:
//   nearly the same   distance at most a third of its length (at least 1); or the same words, parted by - or _, in
//                     another order ("f1_macro", "macro_f1"); or one is the other's initials ("learning-rate", "lr")
//   partly the same   one is a prefix of the other; or all words of one are among the other's ("max-seq-length",
//                     "max-length"); or they begin with the same stem ("classification", "classify": at least five
//                     bytes, and half of the longer one's)
std::vector<std::string> nearest(std::string_view unknown, const std::vector<std::string>& known, size_t most = 3);

// "; did you mean 'a', 'b' or 'c'?" or "" where nothing is near.
std::string did_you_mean(std::string_view unknown, const std::vector<std::string>& known);

// The same for a path where nothing stands, from the names that stand in its folder.
std::string did_you_mean_beside(const std::filesystem::path& missing);

}  // namespace attune
