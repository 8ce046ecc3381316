// What a run reads: its splits as rows, before any label is numbered.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "attune/data/dataset.h"
#include "attune/train/observer.h"
#include "attune/train/train_options.h"

namespace attune::train {

struct Sources {
  data::Dataset train;
  std::optional<data::Dataset> dev, test;
  std::string dev_files;
};

// Reads all files into `scratch` (see data::read_dataset); holds out a part of the training rows where neither dev nor
// test was given, and says so. Errors: those of the readers.
Sources read_sources(const TrainOptions& options, data::TargetKind target, const std::filesystem::path& scratch,
                     Observer& observer);

// SHA-256 of each file that a run reads, by its name.
nlohmann::json fingerprint_sources(const TrainOptions& options);
// SHA-256 of all that and of the model: whether two commands read the same.
std::string sources_hash(const TrainOptions& options);

// "a.csv, b.csv"
std::string joined(const std::vector<std::string>& names);

}  // namespace attune::train
