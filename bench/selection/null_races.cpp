// How often the procedure says that a loss is better where all arms are the same loss, with other seeds; and how often
// it finds a gain that was planted. Races are drawn from banks (bank.h) through selection::judge, the code that users
// run.
//
//   null_races RACES SEEDS OUT.json BANK...
//
// Null: every arm's run is another seed of the plain loss, drawn without repetition within a block; the truth is a
// difference of 0. Per bank: share of races in which a given loss (the finalist) is said to be better, which is
// one-sided; share of 95% intervals that hold 0. Pooled, with an interval from a bootstrap over banks and, within them,
// over seeds (races share runs, so a binomial would be too sure). Power: the finalist's wrong answers are made right on
// as many rows as give `gain` points of accuracy, in every block; classes only.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/rng.h"
#include "attune/selection/judge.h"

#include "bench/selection/bank.h"

namespace attune::bench {
namespace {

using namespace attune::selection;

// Of 0..n-1 the first ones in an order that the key draws.
std::vector<int> shuffled(int n, uint64_t key) {
  std::vector<int> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (int i = n - 1; i > 0; --i)
    std::swap(order[static_cast<size_t>(i)],
              order[random_below(key, static_cast<uint32_t>(i), static_cast<uint32_t>(i) + 1)]);
  return order;
}

class BankRunner final : public JobRunner {
 public:
  // `seeds`: of the bank, that may be drawn, with repetition in a bootstrap; `gain`: planted where the loss is
  // `better`.
  BankRunner(const Bank& bank, std::vector<int> seeds, uint64_t race, double gain, std::string better)
      : bank_(bank), seeds_(std::move(seeds)), race_(race), gain_(gain), better_(std::move(better)) {}

  std::optional<Answers> run(const Job& job) override {
    auto& taken = taken_[job.block];
    if (taken.order.empty())
      taken.order = shuffled(static_cast<int>(seeds_.size()), mix_key(mix_key(race_, 0x72616365), job.block));
    // A race of more arms than there are seeds: those that are left do not run.
    if (taken.next == taken.order.size())
      return Answers{.inner = {}, .judged = {}, .failed = true, .failure = "no run left"};
    Answers answers =
        bank_.runs[job.block][static_cast<size_t>(seeds_[static_cast<size_t>(taken.order[taken.next++])])];
    if (gain_ > 0 && job.loss == better_) plant(answers.judged, job.block), plant(answers.inner, job.block + 100);
    return answers;
  }

 private:
  void plant(compare::PredictionFile& file, size_t where) const {
    auto wanted = gain_ * static_cast<double>(file.rows.size());
    const auto order = shuffled(static_cast<int>(file.rows.size()), mix_key(mix_key(race_, 0x706c616e74), where));
    for (const int at : order) {
      compare::PredictionRow& row = file.rows[static_cast<size_t>(at)];
      const auto best = std::max_element(row.logits.begin(), row.logits.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
      if (best->first == row.gold[0]) continue;
      // The last row by chance, so that the gain is right on average.
      if (wanted < 1 && random_unit(mix_key(race_, where), 0) >= wanted) return;
      if (wanted-- <= 0) return;
      for (auto& [label, z] : row.logits)
        if (label == row.gold[0]) std::swap(z, best->second);
    }
  }

  struct Taken {
    std::vector<int> order;
    size_t next = 0;
  };
  const Bank& bank_;
  std::vector<int> seeds_;
  uint64_t race_;
  double gain_;
  std::string better_;
  std::map<size_t, Taken> taken_;
};

struct Tally {
  int races = 0, better = 0, worse = 0, holds = 0, no_difference = 0, by_worth = 0;
  double width = 0;
};

// A race of as many arms as the bank has seeds for.
Plan race_plan(const Bank& bank) {
  Plan plan = bank.plan;
  plan.options.budget = "8", plan.options.draws = 200;
  plan.options.candidates = {"arm"};
  return plan;
}

void tell(const Choice& choice, double truth, Tally& tally) {
  for (const Judgement& judgement : choice.judgements) {
    if (judgement.same_runs) continue;
    const compare::Verdict& v = judgement.verdict;
    const bool says = v.state == compare::State::better || v.state == compare::State::better_by_worth;
    ++tally.races, tally.width += v.high - v.low;
    tally.better += says && v.difference > 0, tally.worse += says && v.difference < 0;
    tally.by_worth += v.state == compare::State::better_by_worth && v.difference > 0;
    tally.no_difference += v.state == compare::State::no_difference;
    tally.holds += v.low <= truth && truth <= v.high;
  }
}

Tally races(const Bank& bank, const std::vector<int>& seeds, int count, uint64_t stream, double gain) {
  Tally tally;
  const Plan plan = race_plan(bank);
  for (int race = 0; race < count; ++race) {
    BankRunner runner(bank, seeds, mix_key(stream, static_cast<uint64_t>(race)), gain, "arm");
    if (const auto choice = judge(plan, {}, runner)) tell(*choice, gain, tally);
  }
  return tally;
}

nlohmann::ordered_json json_of(const Tally& t) {
  const auto share = [&](int n) { return t.races ? static_cast<double>(n) / t.races : 0; };
  return {{"races", t.races},
          {"better", share(t.better)},
          {"better_by_worth", share(t.by_worth)},
          {"worse", share(t.worse)},
          {"no_difference", share(t.no_difference)},
          {"interval_holds_truth", share(t.holds)},
          {"mean_width", t.races ? t.width / t.races : 0}};
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

int run(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a log that can be watched
  if (argc < 5) fail(ErrorKind::usage, "usage: null_races RACES SEEDS OUT.json BANK...");
  const int count = std::atoi(argv[1]), seeds = std::atoi(argv[2]);
  std::vector<Bank> banks;
  for (int i = 4; i < argc; ++i) banks.push_back(read_bank(argv[i], seeds));
  nlohmann::ordered_json out{{"races", count}, {"seeds", seeds}, {"null", nlohmann::ordered_json::object()}};
  double better = 0, holds = 0;
  for (size_t b = 0; b < banks.size(); ++b) {
    const auto between = spread(banks[b]);
    out["spread"][banks[b].name] = between;
    fmt::print("{}: runs differ by tau {:.2f} points beyond their rows\n", banks[b].name,
               100 * between["tau"].get<double>());
    const Tally tally = races(banks[b], all(seeds), count, b, 0);
    out["null"][banks[b].name] = json_of(tally);
    better += static_cast<double>(tally.better) / tally.races / static_cast<double>(banks.size());
    holds += static_cast<double>(tally.holds) / tally.races / static_cast<double>(banks.size());
    write_file_atomically(argv[3], out.dump(2) + "\n");
    fmt::print("{}: better {:.1f}%, worse {:.1f}%, interval holds 0 in {:.1f}%, {:.2f} points wide\n", banks[b].name,
               100.0 * tally.better / tally.races, 100.0 * tally.worse / tally.races, 100.0 * tally.holds / tally.races,
               100 * tally.width / tally.races);
    if (banks[b].plan.metric != "accuracy") continue;
    for (const double gain : {0.01, 0.02, 0.04, 0.08}) {
      const Tally planted = races(banks[b], all(seeds), count / 4, 100 + b, gain);
      out["power"][banks[b].name][fmt::format("{:g}", 100 * gain)] = json_of(planted);
      fmt::print("  planted {:g} points: better {:.0f}%, by more than what matters {:.0f}%\n", 100 * gain,
                 100.0 * planted.better / planted.races, 100.0 * planted.by_worth / planted.races);
    }
  }
  // Over banks, and within them over seeds.
  constexpr int kDraws = 40;
  std::vector<double> pooled;
  for (int draw = 0; draw < kDraws; ++draw) {
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
      const Tally tally = races(banks[b], drawn, std::max(10, count / 40), key, 0);
      sum += tally.races ? static_cast<double>(tally.better) / tally.races : 0;
    }
    pooled.push_back(sum / static_cast<double>(banks.size()));
  }
  std::sort(pooled.begin(), pooled.end());
  out["pooled"] = {{"better", better}, {"interval", {pooled[1], pooled[kDraws - 2]}}, {"interval_holds_truth", holds}};
  fmt::print("pooled: better {:.1f}% ({:.1f} to {:.1f}%), interval holds 0 in {:.1f}%\n", 100 * better, 100 * pooled[1],
             100 * pooled[kDraws - 2], 100 * holds);
  write_file_atomically(argv[3], out.dump(2) + "\n");
  return 0;
}

}  // namespace
}  // namespace attune::bench

int main(int argc, char** argv) {
  try {
    return attune::bench::run(argc, argv);
  } catch (const attune::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
