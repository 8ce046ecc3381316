// How often the procedure says that a loss is better where all arms are the same loss, with other seeds. Races are
// drawn from banks (bank.h) through selection::judge, the code that users run.
//
//   null_races RACES SEEDS OUT.json BANK...
//
// Null: every arm's run is another seed of the plain loss, drawn without repetition within a block; the truth is a
// difference of 0. Per bank: share of races in which a given loss (the finalist) is said to be better, which is
// one-sided; share of 95% intervals that hold 0. Pooled, with an interval from a bootstrap over banks and, within them,
// over seeds (races share runs, so a binomial would be too sure).
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/rng.h"
#include "attune/base/threads.h"
#include "attune/selection/judge.h"

#include "bench/selection/program.h"
#include "bench/selection/tally.h"

namespace attune::bench {
namespace {

using namespace attune::selection;

class BankRunner final : public JobRunner {
 public:
  // `seeds`: of the bank, that may be drawn, with repetition in a bootstrap.
  BankRunner(const Bank& bank, std::vector<int> seeds, uint64_t race)
      : bank_(bank), seeds_(std::move(seeds)), race_(race) {}

  std::optional<Answers> run(const Job& job) override {
    auto& taken = taken_[job.block];
    if (taken.order.empty())
      taken.order = shuffled(static_cast<int>(seeds_.size()), mix_key(mix_key(race_, 0x72616365), job.block));
    // A race of more arms than there are seeds: those that are left do not run.
    if (taken.next == taken.order.size())
      return Answers{.inner = {}, .judged = {}, .failed = true, .failure = "no run left"};
    return bank_.runs[job.block][static_cast<size_t>(seeds_[static_cast<size_t>(taken.order[taken.next++])])];
  }

 private:
  struct Taken {
    std::vector<int> order;
    size_t next = 0;
  };
  const Bank& bank_;
  std::vector<int> seeds_;
  uint64_t race_;
  std::map<size_t, Taken> taken_;
};

// Draws of rows, for the variance of metrics that are no means; of a race within the bootstrap, whose own draws blur
// more.
constexpr int kDraws = 200, kFewerDraws = 60;

// A race of as many arms as the bank has seeds for.
Plan race_plan(const Bank& bank, int draws) {
  Plan plan = bank.plan;
  plan.options.budget = "8", plan.options.draws = draws;
  plan.options.candidates = {"arm"};
  return plan;
}

Tally races(const Bank& bank, const std::vector<int>& seeds, int count, int draws, uint64_t stream) {
  Tally tally;
  const Plan plan = race_plan(bank, draws);
  for (int race = 0; race < count; ++race) {
    BankRunner runner(bank, seeds, mix_key(stream, static_cast<uint64_t>(race)));
    const auto choice = judge(plan, {}, runner);
    for (const Judgement& judgement : choice->judgements)
      if (!judgement.same_runs) tally.see(judgement.verdict, 0);
  }
  return tally;
}

// What runs differ by beyond what their judging rows alone bring: of all pairs of a block's seeds, D^2 = 2 tau^2 + v.
nlohmann::ordered_json spread(const Bank& bank) {
  double squares = 0, by_rows = 0, pairs = 0, churn = 0;
  int failed = 0;
  for (const auto& seeds : bank.runs)
    for (size_t a = 0; a < seeds.size(); ++a) {
      failed += compare::is_constant(seeds[a].judged);
      for (size_t b = a + 1; b < seeds.size(); ++b) {
        const compare::Comparison seen = compare::compare_blocks({plain(seeds[a].judged)}, {plain(seeds[b].judged)},
                                                                 {.metric = bank.plan.metric, .draws = 200});
        const double d = seen.differences.by_block[0];
        const auto& block = seen.blocks[0];
        squares += d * d, by_rows += seen.differences.block_variance, ++pairs;
        churn +=
            static_cast<double>(block.only_first_right + block.only_second_right) / static_cast<double>(block.rows);
      }
    }
  const double tau2 = (squares - by_rows) / pairs / 2;
  return {{"tau", std::sqrt(std::max(0.0, tau2))},
          {"tau_squared", tau2},
          {"sd_of_a_difference", std::sqrt(squares / pairs)},
          {"sd_by_rows", std::sqrt(by_rows / pairs)},
          {"rows_that_one_alone_has_right", churn / pairs},
          {"failed_runs", failed}};
}

std::vector<int> all(int n) {
  std::vector<int> seeds(static_cast<size_t>(n));
  std::iota(seeds.begin(), seeds.end(), 0);
  return seeds;
}

constexpr int kBootstrap = 80;  // draws of banks and seeds

// The pooled share of false claims again and again, over banks and, within them, over seeds: `count` races for each
// bank of each draw.
std::vector<double> bootstrap(const std::vector<Bank>& banks, int seeds, int count) {
  std::vector<double> pooled(kBootstrap);
  std::atomic<int> next = 0;
  const auto work = [&] {
    for (int draw = next++; draw < kBootstrap; draw = next++) {
      double sum = 0;
      for (size_t i = 0; i < banks.size(); ++i) {
        const uint64_t key = mix_key(mix_key(0x626f6f74, static_cast<uint64_t>(draw)), i);
        const auto b = static_cast<size_t>(random_below(key, 0, static_cast<uint32_t>(banks.size())));
        std::vector<int> drawn;
        for (int s = 0; s < seeds; ++s)
          drawn.push_back(
              static_cast<int>(random_below(key, 1 + static_cast<uint32_t>(s), static_cast<uint32_t>(seeds))));
        std::sort(drawn.begin(), drawn.end());
        drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());  // no run stands against itself
        const Tally tally = races(banks[b], drawn, count, kFewerDraws, key);
        sum += tally.races ? static_cast<double>(tally.better) / tally.races : 0;
      }
      pooled[static_cast<size_t>(draw)] = sum / static_cast<double>(banks.size());
    }
  };
  std::vector<std::thread> workers;
  for (int i = 1; i < choose_threads(0).threads; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  return pooled;
}

int run(int argc, char** argv) {
  if (argc < 5) fail(ErrorKind::usage, "usage: null_races RACES SEEDS OUT.json BANK...");
  const int count = std::atoi(argv[1]), seeds = std::atoi(argv[2]);
  const std::vector<Bank> banks = read_banks({argv + 4, argv + argc}, seeds);
  nlohmann::ordered_json out{{"races", count}, {"seeds", seeds}, {"null", nlohmann::ordered_json::object()}};
  std::vector<std::future<Tally>> seen;
  for (size_t b = 0; b < banks.size(); ++b)
    seen.push_back(std::async(std::launch::async, [&, b] { return races(banks[b], all(seeds), count, kDraws, b); }));
  double better = 0, holds = 0;
  for (size_t b = 0; b < banks.size(); ++b) {
    const auto between = spread(banks[b]);
    out["spread"][banks[b].name] = between;
    fmt::print("{}: runs differ by tau {:.2f} points beyond their rows\n", banks[b].name,
               100 * between["tau"].get<double>());
    const Tally tally = seen[b].get();
    out["null"][banks[b].name] = tally.to_json();
    better += static_cast<double>(tally.better) / tally.races / static_cast<double>(banks.size());
    holds += static_cast<double>(tally.holds) / tally.races / static_cast<double>(banks.size());
    write_file_atomically(argv[3], out.dump(2) + "\n");
    fmt::print("{}: better {:.1f}%, worse {:.1f}%, interval holds 0 in {:.1f}%, {:.2f} points wide\n", banks[b].name,
               100.0 * tally.better / tally.races, 100.0 * tally.worse / tally.races, 100.0 * tally.holds / tally.races,
               100 * tally.width / tally.races);
  }
  std::vector<double> pooled = bootstrap(banks, seeds, std::max(10, count / 16));
  std::sort(pooled.begin(), pooled.end());
  out["pooled"] = {{"better", better},
                   {"interval", {pooled[kBootstrap / 40], pooled[kBootstrap - 1 - kBootstrap / 40]}},
                   {"interval_holds_truth", holds}};
  fmt::print("pooled: better {:.1f}% ({:.1f} to {:.1f}%), interval holds 0 in {:.1f}%\n", 100 * better,
             100 * pooled[kBootstrap / 40], 100 * pooled[kBootstrap - 1 - kBootstrap / 40], 100 * holds);
  write_file_atomically(argv[3], out.dump(2) + "\n");
  return 0;
}

}  // namespace
}  // namespace attune::bench

int main(int argc, char** argv) {
  return attune::bench::told(argc, argv, attune::bench::run);
}
