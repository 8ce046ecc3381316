// Runs that nobody trained: a loss is a true accuracy, a run is that plus its own luck, and rows are as hard for one
// run as for another. All from counters: a run of the same loss, rate, seed and block answers the same.
#pragma once
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attune/base/rng.h"
#include "attune/data/examples.h"
#include "attune/selection/job.h"
#include "attune/selection/judge.h"
#include "attune/selection/plan.h"

namespace attune::selection {

inline double quantile_of_normal(double p) {
  double low = -8, high = 8;
  while (high - low > 1e-9) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

struct World {
  uint64_t seed = 1;
  int rows = 400, inner = 60;                     // of a block: that judge, that corrections are fitted on
  double accuracy = 0.85;                         // of every loss
  double tau = 0.005;                             // of a run's true accuracy
  double bias = 0;                                // added to the second class's logit after the fact
  std::map<std::string, double> better = {};      // by how much a loss is, where it is
  std::map<std::string, std::string> alias = {};  // losses that are another by another name
};

class FakeRunner final : public JobRunner {
 public:
  FakeRunner(const World& world, const Plan& plan) : world_(world), labels_(plan.labels) {}

  std::optional<Answers> run(const Job& job) override {
    jobs.push_back(job);
    if (stop_after && jobs.size() > *stop_after) return std::nullopt;
    Answers answers{.inner = file(job, 'i', world_.inner), .judged = file(job, 'j', world_.rows), .seconds = 80};
    if (change) change(job, answers);
    return answers;
  }

  std::vector<Job> jobs;                             // in their order
  std::optional<size_t> stop_after;                  // runs that are made
  std::function<void(const Job&, Answers&)> change;  // what happens to a run

 private:
  compare::PredictionFile file(const Job& job, char part, int rows) const {
    const auto real = world_.alias.find(job.loss);
    const std::string& loss = real == world_.alias.end() ? job.loss : real->second;
    const uint64_t block = mix_key(mix_key(world_.seed, static_cast<uint64_t>(part)), job.block);
    const uint64_t run = mix_key(mix_key(mix_key(mix_key(world_.seed, data::text_hash(loss)), job.seed), job.block),
                                 static_cast<uint64_t>(1000 * job.rate_times));
    const auto gain = world_.better.find(loss);
    const double luck = world_.tau * random_normal(run, 0xffffff);
    const double bar = quantile_of_normal(
        std::clamp(world_.accuracy + (gain == world_.better.end() ? 0 : gain->second) + luck, 0.01, 0.99));
    compare::PredictionFile out{.path = job.name, .has_ids = true, .rows = {}};
    const auto k = static_cast<uint32_t>(labels_.size());
    const uint64_t own = mix_key(run, static_cast<uint64_t>(part));
    for (int i = 0; i < rows; ++i) {
      const auto at = static_cast<uint32_t>(i);
      const double hard = std::sqrt(0.6) * random_normal(block, at) + std::sqrt(0.4) * random_normal(own, at);
      const uint32_t gold = random_below(mix_key(block, 1), at, k);
      const uint32_t answer = hard < bar ? gold : (gold + 1 + random_below(mix_key(block, 2), at, k - 1)) % k;
      compare::PredictionRow row;
      row.id = fmt::format("{}{}.{}", part, job.block, i), row.line = i + 1;
      row.has_gold = row.has_prediction = true, row.probability_sum = 1;
      row.gold = {labels_[gold]};
      for (uint32_t c = 0; c < k; ++c)
        row.logits.emplace_back(labels_[c],
                                (c == answer ? 0.05 + std::abs(bar - hard) : 0.0) + (c == 1 ? world_.bias : 0.0));
      out.rows.push_back(std::move(row));
    }
    return out;
  }

  const World& world_;
  std::vector<std::string> labels_;
};

inline Plan fake_plan(const World& world, const std::string& budget,
                      std::vector<std::string> labels = {"a", "b", "c"}) {
  Plan plan;
  plan.options.budget = budget;
  plan.options.train.task = "classify", plan.options.train.model = "fake", plan.options.train.seed = 7;
  plan.options.draws = 200;
  plan.metric = "accuracy", plan.plain_loss = "cross_entropy", plan.labels = std::move(labels);
  plan.files = {"train.csv"}, plan.pool_rows = 10000;
  for (int block = 0; block <= 5; ++block)
    plan.blocks.push_back({.parts = fmt::format("parts/{}.txt", block),
                           .counts = std::vector<double>(plan.labels.size(), 1000.0),
                           .learns = 8000,
                           .inner = world.inner,
                           .judges = world.rows});
  return plan;
}

// One answer for every row.
inline void make_constant(Answers& answers) {
  for (compare::PredictionFile* file : {&answers.inner, &answers.judged})
    for (compare::PredictionRow& row : file->rows)
      for (auto& [label, z] : row.logits) z = label == "a" ? 1 : 0;
}

// A choice, and the runs that it asked for.
struct Made {
  std::optional<Choice> choice;
  std::vector<Job> jobs;
};
using Change = std::function<void(const Job&, Answers&)>;

inline Made made(const World& world, const Plan& plan, const Change& change = {}) {
  FakeRunner runner(world, plan);
  runner.change = change;
  Made out{.choice = judge(plan, {}, runner), .jobs = {}};
  out.jobs = runner.jobs;
  return out;
}

}  // namespace attune::selection
