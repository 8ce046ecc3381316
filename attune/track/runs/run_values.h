// What a run can be sorted, filtered and shown by: one name, one value.
//
//   id, name, state, task, out, version, started, took, steps, step   of the run (started: seconds since 1970)
//   lr, batch_size, ...       its options; dashes do as well
//   test/accuracy, ...        what the kept model reached; accuracy alone: on test, where there is none on dev
#pragma once
#include "attune/track/runs/run_store.h"

namespace attune::track {

// Null where the run has no such value.
nlohmann::json value_of(const StoredRun& run, std::string_view name);

// The metric alone, where an option has the same name (loss): "test/loss", or "loss" of test, else of dev.
nlohmann::json metric_of(const StoredRun& run, std::string_view metric);

// Every name that one of the runs knows.
std::vector<std::string> value_names(std::span<const StoredRun> runs);

// Errors (usage): no run knows the name; suggests the nearest.
void check_name(std::span<const StoredRun> runs, std::string_view name, std::string_view option);

// Options that do not say what is learned from, or how: where files stand and what is shown.
bool is_about_output(std::string_view option);

// Names of options whose values differ among the runs.
std::vector<std::string> differing_options(std::span<const StoredRun> runs);

// A value as tables show it: texts without quotes, "-" for none.
std::string shown(const nlohmann::json& value);

}  // namespace attune::track
