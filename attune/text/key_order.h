// Sorting of many short keys.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace attune::text {

using KeyedEntry = std::pair<std::string_view, int32_t>;  // key, value

// The indices of the entries in the order of their keys' bytes; equal keys stay in the order given.
std::vector<uint32_t> key_order(const std::vector<KeyedEntry>& entries);

}  // namespace attune::text
