// The folder of a run: made, refused, replaced or resumed; and what a resumed run must agree with.
#pragma once
#include <nlohmann/json.hpp>

#include "attune/train/train_options.h"

namespace attune::train {

// Looks, and touches nothing: to be asked before any work is done. True where --resume finds a finished run: nothing is
// left to do. Errors (usage): it exists and neither --overwrite nor --resume was given; --overwrite of a folder that is
// no run of attune's (nothing but runs is ever removed), or that holds the model or the data.
bool check_run_folder(const TrainOptions& options);
// Empties it with --overwrite, makes it with mode 0700, clears away what a killed process left half-written. To be
// called once everything else is known to be right. Errors: io.
void make_run_folder(const TrainOptions& options);

// Options that change the result, fingerprints of data and model, the precision in force.
nlohmann::json run_identity(TrainOptions options, const std::string& data_fingerprint,
                            const std::string& model_fingerprint, const std::string& precision);

// SHA-256 over a model folder's weights and config.
std::string model_fingerprint(const std::string& folder);

// Processor, threads, build: what a figure may depend on.
nlohmann::json environment(int threads);

}  // namespace attune::train
