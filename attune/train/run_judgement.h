// A trained model judged: its splits, the routing of single labels, and the ladder below it.
#pragma once
#include <filesystem>
#include <optional>

#include "attune/report/report.h"
#include "attune/train/evaluate.h"
#include "attune/train/observer.h"
#include "attune/train/train_options.h"

namespace attune::train {

class RunTracking;

struct Judged {
  std::optional<tasks::Evaluation> dev, test;
};

// dev first (for multi-label it chooses the bundle's thresholds), then test with what dev chose; each enters the
// report. Nothing if the observer asked to stop. Tells `tracking`, where it is given, of the figures, and of test the
// curves and the confusion (of dev it knows them).
std::optional<Judged> judge_splits(report::Report& report, tasks::ModelBundle& bundle, kernels::Kernels& kernels,
                                   const TrainOptions& options, const Split* dev, const Split* test, Observer& observer,
                                   RunTracking* tracking = nullptr);

// Where --predictions leaves what was answered on a split.
std::filesystem::path predictions_file(const TrainOptions& options, const std::string& split);

// Thresholds from dev, judged on test; where one of them is missing the other stands in, and the table says so.
std::optional<report::Routing> route_splits(const Judged& judged);

// What less effort gives on the rows that the report opens with. `untrained`: the model as it was before training.
// `seconds`: what training took.
std::optional<report::Ladder> judge_ladder(const TrainOptions& options, const tasks::ModelBundle& untrained,
                                           kernels::Kernels& kernels, const Split& train, const Split* dev,
                                           const Split* test, const Judged& judged, double seconds, Observer& observer);

}  // namespace attune::train
