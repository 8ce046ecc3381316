// What is right, where the files of predictions do not say it themselves: a labelled data file.
#pragma once
#include <string>
#include <vector>

#include "attune/compare/prediction_file.h"
#include "attune/data/read_options.h"

namespace attune::compare {

// Gives the files' rows their gold from `path`: by id where both have one, else by place. Tags that stand as places
// (attune predict's entities) become tags of the words. Errors (input): a row without its like, another number of
// rows, places that are no words. `files` are all of one kind.
void take_gold(std::vector<PredictionFile>& files, const std::string& path, const data::ReadOptions& options);

// Errors (input): a row that has none; tags of another number than gold's.
void check_gold(const std::vector<PredictionFile>& files);

}  // namespace attune::compare
