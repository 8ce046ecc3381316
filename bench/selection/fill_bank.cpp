// Fills a bank: runs of the plain loss, and of every --candidate, on five blocks of a data set, several seeds each.
// With --dev, whose rows all blocks share, on one block. Takes attune select-loss's options; goes on where it was
// stopped. `upper`: as the race's first stage trains them, the upper layers alone.
//
//   fill_bank SEEDS all|upper --model minilm --task classify --train rows.csv --metric accuracy --out bank/sst2 ...
#include <cstdio>
#include <cstdlib>

#include "attune/base/error.h"
#include "attune/selection/run_jobs.h"

#include "bench/selection/bank.h"
#include "cli/arguments.h"

int main(int argc, char** argv) {
  using namespace attune;
  try {
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
    std::vector<std::string> losses{plan.plain_loss};
    losses.insert(losses.end(), options.candidates.begin(), options.candidates.end());
    const size_t first = options.train.dev.empty() ? 0 : 1, last = options.train.dev.empty() ? bench::kBankBlocks : 2;
    double seconds = 0;
    int runs = 0;
    for (int seed = 1; seed <= seeds; ++seed)  // seed by seed: a bank that was cut short has whole seeds
      for (const std::string& loss : losses)
        for (size_t block = first; block < last; ++block, ++runs) {
          const auto answers = runner.run(bench::bank_job(plan, block, seed, loss, which == "upper"));
          if (!answers) return 130;
          seconds += answers->seconds;
          const double value = answers->failed ? metrics::kUndefined
                                               : selection::value_of(selection::plain(answers->judged), plan.metric);
          fmt::print("{} {} {} block {} seed {}: {} {:.4f}{}, {:.1f} s\n", options.train.out, which, loss, block, seed,
                     plan.metric, value, answers->failed ? " FAILED" : "", answers->seconds);
          std::fflush(stdout);
        }
    fmt::print("{}: {} runs, {:.0f} s of training\n", options.train.out, runs, seconds);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
