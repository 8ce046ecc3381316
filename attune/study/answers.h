// What a trained model answers in each precision that it may be served in, and what an answer costs: asked where a
// study has limits. Facts of a run keep them as {"answers": {"int8": {"value", "latency_ms", "bytes"}}}.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "attune/study/study_plan.h"

namespace attune::study {

struct Answering {
  std::string precision;  // as --precision takes it: f32, bf16, int8
  double value = 0;       // of the metric, its own
  double latency_ms = 0;  // median of single texts, on the process's threads
  double bytes = 0;       // of the weights as they are held
};

struct Limits {
  std::optional<double> latency_ms = {}, bytes = {};
  bool any() const { return latency_ms || bytes; }
  bool keep(const Answering& answering) const {
    return (!latency_ms || answering.latency_ms <= *latency_ms) && (!bytes || answering.bytes <= *bytes);
  }
};
// Errors (usage): neither a time nor a size.
Limits limits_of(const StudyOptions& options);

// The file of a run's answers on its test rows in a precision.
std::filesystem::path answers_file(const std::filesystem::path& run, const std::string& precision);

// Opens the model of a run in each precision, answers its rows, and writes them to answers_file(); values are of the
// rows that judge its kind (judging_rows.h). A precision that the model cannot answer in is left out.
std::vector<Answering> answer_in_all(const StudyPlan& plan, const Assignment& run);

nlohmann::json answers_json(const std::vector<Answering>& answers);
// Of a run's facts; empty where there are none.
std::vector<Answering> answers_of(const nlohmann::json& facts);

// The best by `metric` that keeps the limits; nothing: none does.
std::optional<Answering> best_answering(const std::vector<Answering>& answers, const Limits& limits,
                                        const std::string& metric);

}  // namespace attune::study
