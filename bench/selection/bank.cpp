#include "bench/selection/bank.h"

#include <filesystem>
#include <numeric>

#include "attune/base/files.h"
#include "attune/selection/arms.h"
#include "attune/selection/choice_folder.h"
#include "attune/selection/measure/clusters.h"
#include "attune/selection/pool.h"
#include "attune/selection/run_jobs.h"
#include "attune/tasks/task.h"

namespace attune::bench {

using namespace attune::selection;

Job bank_job(const Plan& plan, size_t block, int seed, const std::string& loss, bool upper) {
  const std::string run = fmt::format("{}block-{}-seed-{}", upper ? "upper-" : "", block, seed);
  return {.name = loss.empty() || loss == plan.plain_loss ? run : file_name_of(loss) + "-" + run,
          .purpose = "bank",
          .loss = loss.empty() ? plan.plain_loss : loss,
          .frozen = upper ? plan.layers - plan.upper_layers : 0,
          .block = block,
          .seed = static_cast<uint64_t>(seed)};
}

std::vector<std::string> bank_losses(const Plan& plan, const std::vector<std::string>& others) {
  std::vector<std::string> losses{plan.plain_loss};
  losses.insert(losses.end(), others.begin(), others.end());
  return losses;
}

std::vector<size_t> bank_blocks(const Plan& plan) {
  if (!plan.options.train.dev.empty()) return {1};
  std::vector<size_t> blocks(plan.blocks.size());
  std::iota(blocks.begin(), blocks.end(), size_t{0});
  return blocks;
}

Plan bank_plan(const SelectOptions& options) {
  const tasks::Task& task = tasks::task_named(options.train.task);
  const Pool pool(options, task);
  const auto divisions = divide(pool.rows, task.data, find_clusters(pool.rows.examples),
                                {.dev_from = pool.dev_from, .blocks = kBankBlocks - 1, .seed = options.train.seed});
  const Plan plan = plan_of(options, options.metric, pool, divisions);
  write_plan(options.train.out, plan, divisions);
  return plan;
}

Bank read_bank(const std::string& folder, int seeds) {
  Bank bank{.name = fs::path(folder).filename().string(), .plan = read_plan(folder), .runs = {}};
  StoredRunner runner(bank.plan, folder);
  for (size_t block = 0; block < bank.plan.blocks.size(); ++block) {
    auto& runs = bank.runs.emplace_back();
    for (int seed = 1; seed <= seeds; ++seed) runs.push_back(*runner.run(bank_job(bank.plan, block, seed)));
  }
  return bank;
}

}  // namespace attune::bench
