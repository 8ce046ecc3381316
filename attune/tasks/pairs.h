// Whether rows are pairs of texts, and whether that is what a model was trained on.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "attune/data/dataset.h"
#include "attune/tasks/model_bundle.h"

namespace attune::tasks {

// True: every row is a pair; false: none is. Nothing: both occur, or the rows are to be tagged.
std::optional<bool> pairs_of(const Task& task, const data::Dataset& dataset);

// Errors (usage): a row that is a pair for a model of single texts, or the other way round. `place` names the row for
// that message.
void check_pair(const ModelBundle& bundle, bool is_pair, const std::function<std::string()>& place);
void check_pairs(const ModelBundle& bundle, const data::Dataset& dataset);

// What to tell where the model's folder does not say what it was trained on; else "".
std::string pairs_note(const ModelBundle& bundle, bool pairs);

}  // namespace attune::tasks
