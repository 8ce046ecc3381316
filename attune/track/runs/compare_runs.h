// Two runs beside each other: what was asked of them, what they read, what they reached, and their curves. Says what
// differs, not which is better: one run of each says little about the next (`attune compare` weighs that).
#pragma once
#include "attune/track/runs/run_store.h"

namespace attune::track {

struct RunsSideBySide {
  StoredRun first, second;
  std::map<std::string, Curve> first_curves, second_curves;
};

std::string compare_text(const RunsSideBySide& both, int width);
nlohmann::ordered_json compare_json(const RunsSideBySide& both);
// A page that needs nothing else: a plot a curve, both runs in it.
std::string compare_page(const RunsSideBySide& both);

}  // namespace attune::track
