// One file of predictions, its rows in the order of their ids, as a statistic that can be evaluated under weights.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attune/compare/prediction_file.h"
#include "attune/data/labels.h"
#include "attune/metrics/statistics.h"

namespace attune::compare {

class JudgedRun {
 public:
  virtual ~JudgedRun() = default;
  virtual const metrics::Statistics& statistics() const = 0;
  // 1 where a row is right, all of it; empty where rows are neither right nor wrong.
  virtual std::vector<uint8_t> right() const { return {}; }
};

// `labels`: all that occur in any file, in their order. `metric`: what will be asked; a multi-label row's own "labels"
// are taken where it has some, unless that reads probabilities; else probabilities of one half and more.
std::unique_ptr<JudgedRun> judged_run(const PredictionFile& file, const data::Labels& labels, std::string_view metric);

// What keeps a metric that reads probabilities from being taken of this file: "a.jsonl line 3: no probabilities";
// empty: nothing.
std::string why_no_probabilities(const PredictionFile& file);

// The labels of all files, as data::Labels::sorted.
data::Labels labels_of(const std::vector<PredictionFile>& first, const std::vector<PredictionFile>& second);

}  // namespace attune::compare
