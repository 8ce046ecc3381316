// By what procedures are compared, checked before anything is trained.
#pragma once
#include <string>

#include "attune/data/labels.h"
#include "attune/tasks/task.h"

namespace attune::selection {

// `named`, or what the task is judged by where it is empty. Errors (usage): no metric of the task's (suggests); "loss",
// by which every loss would be judged by a measure of its own; prices that are no square matrix.
std::string chosen_metric(const std::string& named, const tasks::Task& task);

// Of classes a metric may be one of two classes alone, or of grades. Errors (usage): it has no value with these labels.
void check_metric(const std::string& metric, const tasks::Task& task, const data::Labels& labels);

}  // namespace attune::selection
