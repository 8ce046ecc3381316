// The Replace normalizer: every match of a pattern becomes a fixed text.
#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "attune/text/normalizer.h"

namespace attune::text {

// object: {"pattern": {"String": text} or {"Regex": expression}, "content": text}. Of regular expressions those are
// known that are a row of characters, \s or classes like [ \t], at most one of them with a quantifier: + {n} {n,}
// {n,m}. Errors (model): any other expression, by name.
std::unique_ptr<Normalizer> make_replace(const nlohmann::json& object);

}  // namespace attune::text
