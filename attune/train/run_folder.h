// The folder of a run: made, refused, replaced or resumed; and what a resumed run must agree with.
#pragma once
#include <nlohmann/json.hpp>

#include "attune/train/train_options.h"

namespace attune::train {

// The last file of a run: where it stands, the run is finished.
inline constexpr const char* kConfigFile = "config.resolved.json";

// Looks, and touches nothing: to be asked before any work is done. True where --resume finds a finished run: nothing is
// left to do. Errors (usage): it exists and neither --overwrite nor --resume was given; --overwrite of a folder that is
// no run of attune's (nothing but runs is ever removed), or that holds the model or the data.
bool check_run_folder(const TrainOptions& options);
// Makes it with mode 0700, clears away what a killed process left half-written. With --overwrite a finished run that
// stands there moves into replaced_run(), until the new one is finished. To be called once everything else is known to
// be right. Errors: io.
void make_run_folder(const TrainOptions& options);
// Where the run that is being replaced stands meanwhile.
std::filesystem::path replaced_run(const TrainOptions& options);
// The new run is finished: what it replaced goes.
void drop_replaced_run(const TrainOptions& options);

// The options as `attune train --config` reads them, without what is of one call alone (--resume, --overwrite, --json).
void write_options(const std::filesystem::path& path, TrainOptions options);

// Options that change the result, fingerprints of data files (by name) and model, the precision in force.
nlohmann::json run_identity(TrainOptions options, const nlohmann::json& data_fingerprints,
                            const std::string& model_fingerprint, const std::string& precision);

// SHA-256 over what decides how a model folder reads and answers: weights, config, tokenizer files.
std::string model_fingerprint(const std::string& folder);

// Processor, threads, build: what a figure may depend on.
nlohmann::json environment(int threads);

}  // namespace attune::train
