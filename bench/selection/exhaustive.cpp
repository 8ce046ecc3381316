// What every run of an exhaustive bank (fill_bank with candidates) is worth, before and after its corrections, as the
// procedure would see it.
//
//   exhaustive SEEDS all|upper OUT.json BANK METRIC LOSS...
//
// METRIC: "-" for the bank's own. LOSS: beside the plain one, as fill_bank was given them.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/selection/choice_folder.h"
#include "attune/selection/run_book.h"
#include "attune/selection/run_jobs.h"

#include "bench/selection/bank.h"
#include "bench/selection/program.h"

namespace {

using namespace attune;

int run(int argc, char** argv) {
  if (argc < 6) fail(ErrorKind::usage, "usage: exhaustive SEEDS all|upper OUT.json BANK METRIC LOSS...");
  const int seeds = std::atoi(argv[1]);
  const bool upper = std::string(argv[2]) == "upper";
  const std::string bank = argv[4], metric = argv[5];
  selection::Plan plan = selection::read_plan(bank);
  if (metric != "-") plan.metric = metric;
  selection::StoredRunner runner(plan, bank);
  selection::Choice choice;
  selection::RunBook book(plan, runner, choice);
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const std::string& loss : bench::bank_losses(plan, {argv + 6, argv + argc}))
    for (int seed = 1; seed <= seeds; ++seed)
      for (const size_t block : bench::bank_blocks(plan)) {
        book.answers(bench::bank_job(plan, block, seed, loss, upper));
        const selection::RunFigures& run = choice.runs.back();
        out.push_back({{"loss", loss},
                       {"seed", seed},
                       {"block", block},
                       {"plain", run.plain},
                       {"corrected", run.corrected},
                       {"correction", run.correction},
                       {"failed", run.failed},
                       {"seconds", run.seconds}});
      }
  write_file_atomically(argv[3], out.dump(1) + "\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return attune::bench::told(argc, argv, run);
}
