#include "attune/study/report/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/report/compared.h"
#include "attune/selection/report/words.h"

namespace attune::study {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json run_json(const RunLine& run) {
  Json json{{"name", run.name},         {"trial", run.trial},         {"stage", run.stage}, {"share", run.share},
            {"state", name(run.state)}, {"value", number(run.value)}, {"began", run.began}, {"seconds", run.seconds}};
  if (!run.failure.empty()) json["failure"] = run.failure;
  return json;
}

Json trial_json(const TrialLine& trial) {
  Json runs = Json::array();
  for (const RunLine& run : trial.runs) runs.push_back(run_json(run));
  Json json{{"trial", trial.number},
            {"arm", name(trial.arm)},
            {"point", trial.point ? Json(tune::to_json(*trial.point)) : Json(nullptr)},
            {"changes", trial.changes},
            {"value", number(trial.value)},
            {"share", trial.share},
            {"seconds", trial.seconds}};
  if (!trial.answers.empty()) json["answers"] = Json(answers_json(trial.answers));
  if (!trial.precision.empty()) json["precision"] = trial.precision;
  json["keeps_limits"] = trial.keeps_limits;
  json["runs"] = std::move(runs);
  return json;
}

Json share_json(const tune::Share& share) {
  return {{"option", share.dimensions[0]},
          {"share", share.share},
          {"low", share.low},
          {"high", share.high},
          {"exists", share.exists}};
}

Json importance_json(const tune::Importance& importance) {
  Json shares = Json::array(), curves = Json::object();
  for (const tune::Share& share : importance.shares) shares.push_back(share_json(share));
  for (const tune::MarginalCurve& curve : importance.curves) {
    Json points = Json::array();
    for (const tune::Marginal& point : curve.points) {
      const Json at = std::visit([](const auto& value) { return Json(value); }, point.at);
      points.push_back(
          {{"at", at}, {"mean", number(point.mean)}, {"low", number(point.low)}, {"high", number(point.high)}});
    }
    curves[curve.dimension] = std::move(points);
  }
  return {{"too_little", importance.too_little},   {"trials", importance.trials},
          {"share_of_a_run", importance.fidelity}, {"r2", number(importance.r2)},
          {"options", std::move(shares)},          {"curves", std::move(curves)}};
}

Json judgement_json(const Outcome& outcome) {
  if (outcome.judged.judgements.empty()) return nullptr;
  const auto& judged = outcome.judged.judgements[0];
  Json json{{"first", judged.first}, {"second", judged.second}};
  json.update(report::verdict_json(selection::compared(outcome.judged, judged)));
  json["new_seeds"] = outcome.new_seeds;
  json["blocks"] = report::blocks_json(judged.seen);
  return json;
}

}  // namespace

Json to_json(const Outcome& outcome) {
  Json space = Json::object(), trials = Json::array(), verdict = Json::array();
  for (const auto& [name, domain] : outcome.space) space[name] = domain;
  for (const TrialLine& trial : outcome.trials) trials.push_back(trial_json(trial));
  for (const RunLine& run : outcome.verdict_runs) verdict.push_back(run_json(run));
  Json json{{"sentence", outcome.sentence},
            {"model", outcome.model},
            {"task", outcome.task},
            {"metric", outcome.metric},
            {"budget_seconds", outcome.budget},
            {"seconds", outcome.seconds},
            {"rows",
             {{"all", outcome.pool_rows},
              {"search", Json(outcome.search.to_json())},
              {"judgement", Json(outcome.verdict.to_json())}}},
            {"space", std::move(space)},
            {"defaults", outcome.defaults},
            {"finalist", outcome.finalist ? Json(outcome.finalist->trial) : Json(nullptr)},
            {"taken", outcome.finalist_taken},
            {"proven", outcome.finalist_proven},
            {"chosen", outcome.chosen},
            {"judgement", judgement_json(outcome)},
            {"trials", std::move(trials)},
            {"judgement_runs", std::move(verdict)},
            {"importance", importance_json(outcome.importance)}};
  if (outcome.finalist_taken && !outcome.finalist->precision.empty()) json["answer_in"] = outcome.finalist->precision;
  if (outcome.limits.latency_ms) json["max_latency_ms"] = *outcome.limits.latency_ms;
  if (outcome.limits.bytes) json["max_bytes"] = *outcome.limits.bytes;
  if (outcome.test)
    json["test"] = {{"file", outcome.test->file}, {"rows", outcome.test->rows}, {"value", number(outcome.test->value)}};
  if (!outcome.final_model.empty()) json["final_model"] = outcome.final_model;
  json["notes"] = outcome.notes;
  return json;
}

}  // namespace attune::study
