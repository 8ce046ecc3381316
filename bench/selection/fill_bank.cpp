// Fills a bank: runs of the plain loss, and of every --candidate, on five blocks of a data set, several seeds each.
// With --dev, whose rows all blocks share, on one block. Takes attune select-loss's options; goes on where it was
// stopped. `upper`: as the race's first stage trains them, the upper layers alone.
//
//   fill_bank SEEDS all|upper --model minilm --task classify --train rows.csv --metric accuracy --out bank/sst2 ...
#include <cstdlib>

#include "attune/base/error.h"
#include "attune/selection/run_jobs.h"

#include "bench/selection/bank.h"
#include "bench/selection/program.h"
#include "cli/arguments.h"

namespace {

using namespace attune;

int run(int argc, char** argv) {
  const int seeds = argc > 1 ? std::atoi(argv[1]) : 0;
  const std::string which = argc > 2 ? argv[2] : "";
  if (seeds < 1 || (which != "all" && which != "upper"))
    fail(ErrorKind::usage, "usage: fill_bank SEEDS all|upper [options of attune select-loss]");
  selection::SelectOptions options;
  OptionList list;
  options.visit(list);
  cli::parse_arguments({argv + 3, argv + argc}, list, 0);
  const selection::Plan plan = bench::bank_plan(options);
  train::Observer silent;
  selection::LocalRunner runner(plan, options.train.out, silent);
  double seconds = 0;
  int runs = 0;
  for (int seed = 1; seed <= seeds; ++seed)  // seed by seed: a bank that was cut short has whole seeds
    for (const std::string& loss : bench::bank_losses(plan, options.candidates))
      for (const size_t block : bench::bank_blocks(plan)) {
        const auto answers = runner.run(bench::bank_job(plan, block, seed, loss, which == "upper"));
        if (!answers) return 130;
        seconds += answers->seconds, ++runs;
        const double value =
            answers->failed ? metrics::kUndefined : selection::value_of(selection::plain(answers->judged), plan.metric);
        fmt::print("{} {} {} block {} seed {}: {} {:.4f}{}, {:.1f} s\n", options.train.out, which, loss, block, seed,
                   plan.metric, value, answers->failed ? " FAILED" : "", answers->seconds);
      }
  fmt::print("{}: {} runs, {:.0f} s of training\n", options.train.out, runs, seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::told(argc, argv, run);
}
