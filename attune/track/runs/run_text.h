// Runs as a terminal shows them, and as JSON.
#pragma once
#include "attune/track/runs/run_store.h"

namespace attune::track {

// The metric that judges a run where nobody says: the first of its headline that it has; "" where it has none.
std::string headline_metric(const StoredRun& run);

// A line a run: number, name, state, when it began, how long it trained, `metric` (empty: each run's own headline) and
// the options that differ among them, as far as `width` has room.
std::string list_text(std::span<const StoredRun> runs, const std::string& metric, int width);

// One run: what it is, what it reached, its curves as small pictures of blocks, its options.
std::string show_text(const StoredRun& run, const std::map<std::string, Curve>& curves, int width);

// "▂▃▅▇█" of at most `most` blocks, from the smallest value to the largest; of more values the means of stretches.
std::string spark(const std::vector<double>& values, size_t most);

nlohmann::ordered_json to_json(const StoredRun& run);
// {"train/loss": {"step": [10, 20], "value": [0.7, 0.6]}}
nlohmann::ordered_json to_json(const std::map<std::string, Curve>& curves);

// "2026-11-29 23:10", of this machine's time zone.
std::string time_text(double seconds);

}  // namespace attune::track
