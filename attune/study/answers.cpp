#include "attune/study/answers.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "attune/base/error.h"
#include "attune/base/scratch_file.h"
#include "attune/base/threads.h"
#include "attune/metrics/catalog.h"
#include "attune/selection/answers.h"
#include "attune/study/judging_rows.h"
#include "attune/train/prediction_writer.h"
#include "attune/train/predictor.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_sources.h"

namespace attune::study {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr size_t kTimedTexts = 50, kWarmUp = 5;

// The weights as this model holds them to answer; of a bf16 model the products' alone are narrow.
double bytes_of(const tasks::ModelBundle& bundle) {
  const nn::Parameters& parameters = bundle.model->parameters();
  const bool bf16 = bundle.model->compute() == tensor::DType::bf16;
  double bytes = 0;
  for (const auto& p : parameters.all()) {
    const auto count = static_cast<double>(p->shape.count());
    const bool narrow = parameters.holds_narrow(*p) || (bf16 && p->options.product_weight);
    bytes += parameters.holds_bytes(*p) ? count + 4.0 * static_cast<double>(p->shape.rows())
             : narrow                   ? 2 * count
                                        : 4 * count;
  }
  return bytes;
}

// A text at a time, as a request that comes alone.
double latency_of(const tasks::ModelBundle& bundle, kernels::Kernels& kernels,
                  const std::vector<data::Example>& texts) {
  train::Predictor predictor(bundle, kernels, 1);
  std::vector<double> times;
  for (size_t i = 0; i < texts.size() + kWarmUp; ++i) {
    const auto begun = Clock::now();
    predictor.logits({&texts[i % texts.size()], 1});
    if (i >= kWarmUp) times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
  }
  std::nth_element(times.begin(), times.begin() + std::ssize(times) / 2, times.end());
  return times[times.size() / 2];
}

std::vector<std::string> precisions() {
  std::vector<std::string> names{"f32", "int8"};
  if (tasks::inference_precision("auto").compute == tensor::DType::bf16) names.insert(names.begin() + 1, "bf16");
  return names;
}

// The model held and timed in one precision; what it answers is left in its file.
Answering answer(const train::TrainOptions& run, const std::string& precision, kernels::Kernels& kernels) {
  const tasks::ModelBundle bundle = tasks::open_for_inference(run.out, tasks::inference_precision(precision));
  train::Observer silent;
  train::Sources sources = train::read_sources(run, bundle.task->data, scratch_folder_for(run.out), silent);
  ATTUNE_CHECK(sources.test, "a run of a study has rows that judge it");
  const train::Split split = train::make_split("test", sources.dev_files, std::move(*sources.test), bundle);
  train::PredictionWriter writer(answers_file(run.out, precision), bundle, split);
  train::evaluate(bundle, kernels, split,
                  {.batch_size = run.eval_batch_size,
                   .scorer = {.thresholds = bundle.thresholds, .decoding = bundle.decoding},
                   .see = writer.see()});
  writer.commit();
  std::vector<data::Example> texts;
  for (const data::Example& example : split.data.examples) {
    if (texts.size() == kTimedTexts) break;
    texts.push_back(example);
  }
  return {.precision = precision, .latency_ms = latency_of(bundle, kernels, texts), .bytes = bytes_of(bundle)};
}

}  // namespace

Limits limits_of(const StudyOptions& options) {
  Limits limits;
  if (!options.max_latency.empty()) limits.latency_ms = parse_milliseconds(options.max_latency, "--max-latency");
  if (!options.max_size.empty()) limits.bytes = parse_bytes(options.max_size, "--max-size");
  return limits;
}

fs::path answers_file(const fs::path& run, const std::string& precision) {
  return run / "predictions" / ("test-" + precision + ".jsonl");
}

std::vector<Answering> answer_in_all(const StudyPlan& plan, const Assignment& run) {
  const train::TrainOptions options = options_of(plan, run);
  const auto kernels = kernels::cpu::make_kernels(choose_threads(options.threads).threads);
  std::vector<Answering> answers;
  for (const std::string& precision : precisions()) try {
      answers.push_back(answer(options, precision, *kernels));
      answers.back().value = selection::value_of(answers_on(plan, run, run.purpose, precision), plan.metric);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage) throw;  // some adapters have no int8
    }
  std::erase_if(answers, [](const Answering& each) { return !std::isfinite(each.value); });
  return answers;
}

nlohmann::json answers_json(const std::vector<Answering>& answers) {
  nlohmann::json json = nlohmann::json::object();
  for (const Answering& each : answers)
    json[each.precision] = {{"value", each.value}, {"latency_ms", each.latency_ms}, {"bytes", each.bytes}};
  return json;
}

std::vector<Answering> answers_of(const nlohmann::json& facts) {
  std::vector<Answering> answers;
  if (!facts.is_object() || !facts.contains("answers")) return answers;
  for (const auto& [precision, each] : facts.at("answers").items())
    answers.push_back({.precision = precision,
                       .value = each.at("value").get<double>(),
                       .latency_ms = each.at("latency_ms").get<double>(),
                       .bytes = each.at("bytes").get<double>()});
  return answers;
}

std::optional<Answering> best_answering(const std::vector<Answering>& answers, const Limits& limits,
                                        const std::string& metric) {
  std::optional<Answering> best;
  for (const Answering& each : answers)
    if (limits.keep(each) && (!best || metrics::is_better(metric, each.value, best->value))) best = each;
  return best;
}

}  // namespace attune::study
