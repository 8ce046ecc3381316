// What `attune quantize` found out, and how it is told.
#pragma once
#include <optional>
#include <string>

#include "attune/train/mixed_precision.h"

namespace attune::cli {

// What was chosen and judged where bytes alone would not do.
struct MixtureFound {
  train::MixedSearch search;
  nn::Precision precision = {};  // what was chosen
  train::HarmFound judged;       // of it, on the other half of the rows
};

struct QuantizeFound {
  std::string reference;  // its precision
  std::string metric;
  train::HarmFound bytes;  // all in int8
  std::optional<MixtureFound> mixed;
  std::string cosines;  // embedding: in place of changed answers

  bool is_mixed() const {
    return mixed && mixed->search.chosen && mixed->judged.verdict.harm != compare::Harm::harmful;
  }
  // What the folder may be served in, and what was found of it.
  const train::HarmFound& served() const { return is_mixed() ? mixed->judged : bytes; }
};

// Text for a terminal. `model` as the user named it; `accepted`: undecided, and taken so.
std::string quantize_text(const QuantizeFound& found, const std::string& model, double level, bool accepted);

}  // namespace attune::cli
