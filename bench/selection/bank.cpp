#include "bench/selection/bank.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/data/labels.h"
#include "attune/losses/loss_list.h"
#include "attune/metrics/catalog.h"
#include "attune/selection/divide.h"
#include "attune/selection/run_jobs.h"
#include "attune/tasks/task.h"
#include "attune/train/parts.h"

namespace attune::bench {

using namespace attune::selection;

Job bank_job(const Plan& plan, size_t block, int seed) {
  return {.name = fmt::format("block-{}-seed-{}", block, seed),
          .purpose = "bank",
          .loss = plan.plain_loss,
          .block = block,
          .seed = static_cast<uint64_t>(seed)};
}

Plan bank_plan(const SelectOptions& options) {
  const tasks::Task& task = tasks::task_named(options.train.task);
  const data::Dataset rows = data::read_dataset(options.train.train, task.data, options.train.read);
  const Clusters clusters = find_clusters(rows.examples);
  const auto divisions =
      divide(rows, task.data, clusters, {.dev_from = std::ssize(rows.examples), .blocks = kBankBlocks - 1, .seed = 1});
  const bool numbers = task.kind == tasks::TaskKind::regress;
  const data::Labels labels = numbers ? data::Labels() : data::labels_of(rows, task.data);
  Plan plan{.options = options,
            .metric = options.metric,
            .plain_loss = losses::default_loss(task.loss),
            .labels = labels.names(),
            .ordered = options.ordered,
            .files = options.train.train,
            .fingerprint = "",
            .pool_rows = std::ssize(rows.examples)};
  const fs::path out = options.train.out;
  fs::create_directories(out / "parts");
  for (size_t block = 0; block < divisions.size(); ++block) {
    std::vector<double> counts(static_cast<size_t>(labels.size()), 0);
    for (size_t row = 0; row < rows.examples.size(); ++row) {
      const data::ExampleView view = rows.examples.view(row);
      if (divisions[block].of_row[row] == 't' && task.kind != tasks::TaskKind::tag)
        for (int32_t i = 0; i < view.label_count; ++i)
          ++counts[static_cast<size_t>(labels.find(rows.examples.label_of(view, i)))];
    }
    plan.blocks.push_back({.parts = fmt::format("parts/{}.txt", block),
                           .counts = std::move(counts),
                           .learns = divisions[block].learns,
                           .inner = divisions[block].inner,
                           .judges = divisions[block].judges});
    write_file_atomically(out / plan.blocks[block].parts, train::parts_text(divisions[block].of_row));
  }
  std::string names;
  for (const auto& label : plan.labels) names += label + "\n";
  write_file_atomically(out / "labels.txt", names);
  write_file_atomically(out / "plan.json", plan.to_json().dump(2) + "\n");
  return plan;
}

Bank read_bank(const std::string& folder, int seeds) {
  const fs::path path = fs::path(folder) / "plan.json";
  Bank bank{.name = fs::path(folder).filename().string(),
            .plan = Plan::from_json(parse_json(read_file(path), path.string()), path.string()),
            .runs = {}};
  StoredRunner runner(bank.plan, folder);
  for (size_t block = 0; block < bank.plan.blocks.size(); ++block) {
    auto& runs = bank.runs.emplace_back();
    for (int seed = 1; seed <= seeds; ++seed) runs.push_back(*runner.run(bank_job(bank.plan, block, seed)));
  }
  return bank;
}

}  // namespace attune::bench
