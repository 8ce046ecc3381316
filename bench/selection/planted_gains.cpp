// How often a verdict finds a gain of accuracy that was planted, by rows of a block and blocks. Runs come from banks of
// the plain loss (bank.h); one side's wrong answers are made right on as many rows as give the gain, in every block.
// One label a text.
//
//   planted_gains TURNS SEEDS OUT.json BANK...
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/rng.h"
#include "attune/selection/judgement.h"

#include "bench/selection/program.h"
#include "bench/selection/tally.h"

namespace attune::bench {
namespace {

using namespace attune::selection;

// Wrong answers made right on as many rows as give `gain`, the last by chance, so that the gain is right on average.
void plant(compare::PredictionFile& file, double gain, uint64_t key) {
  auto wanted = gain * static_cast<double>(file.rows.size());
  for (const int at : shuffled(static_cast<int>(file.rows.size()), mix_key(key, 0x706c616e74))) {
    compare::PredictionRow& row = file.rows[static_cast<size_t>(at)];
    const auto best = std::max_element(row.logits.begin(), row.logits.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best->first == row.gold[0]) continue;
    if (wanted < 1 && random_unit(key, 0) >= wanted) return;
    if (wanted-- <= 0) return;
    for (auto& [label, z] : row.logits)
      if (label == row.gold[0]) std::swap(z, best->second);
  }
}

// Verdicts on `blocks` blocks of `rows` rows each, with a gain of accuracy planted in one side.
Tally planted(const Bank& bank, double gain, size_t rows, size_t blocks, int count, uint64_t stream) {
  Tally tally;
  for (int turn = 0; turn < count; ++turn) {
    const uint64_t key = mix_key(stream, static_cast<uint64_t>(turn));
    Side better{.name = "better", .runs = {}}, plain{.name = "plain", .runs = {}};
    for (const int block : shuffled(kBankBlocks, key)) {
      if (plain.runs.size() == blocks) break;
      const auto& runs = bank.runs[static_cast<size_t>(block)];
      const uint64_t own = mix_key(key, static_cast<uint64_t>(block) + 1);
      const auto seeds = shuffled(static_cast<int>(runs.size()), own);
      auto some = shuffled(static_cast<int>(runs[0].judged.rows.size()), mix_key(own, 2));
      some.resize(std::min(some.size(), rows));
      for (Side* side : {&plain, &better}) {
        const Answers& run = runs[static_cast<size_t>(seeds[side == &plain ? 0 : 1])];
        compare::PredictionFile whole = selection::plain(run.judged);
        compare::PredictionFile file{.path = whole.path, .kind = whole.kind, .has_ids = whole.has_ids, .rows = {}};
        for (const int at : some) file.rows.push_back(std::move(whole.rows[static_cast<size_t>(at)]));
        if (side == &better) plant(file, gain, mix_key(own, 3));
        side->runs.push_back(std::move(file));
      }
    }
    const Judgement judged = make_judgement(better, plain, {.metric = "accuracy", .worth = 0.005, .draws = 100});
    tally.see(judged.verdict, gain);
  }
  return tally;
}

int run(int argc, char** argv) {
  if (argc < 5) fail(ErrorKind::usage, "usage: planted_gains TURNS SEEDS OUT.json BANK...");
  const int turns = std::atoi(argv[1]), seeds = std::atoi(argv[2]);
  nlohmann::ordered_json out{{"turns", turns}, {"seeds", seeds}};
  for (int i = 4; i < argc; ++i) {
    const Bank bank = read_bank(argv[i], seeds);
    for (const size_t rows : {75U, 150U, 300U})
      for (const size_t blocks : {2U, 3U, 5U})
        for (const double gain : {0.0, 0.01, 0.02, 0.04, 0.08}) {
          const Tally found = planted(bank, gain, rows, blocks, turns, 100 + static_cast<uint64_t>(i));
          out[bank.name].push_back(
              {{"rows", rows}, {"blocks", blocks}, {"gain", 100 * gain}, {"found", found.to_json()}});
          fmt::print(
              "{}: {} blocks of {} rows, {:g} points planted: better {:.0f}%, by more than what matters {:.0f}%\n",
              bank.name, blocks, rows, 100 * gain, 100.0 * found.better / found.races,
              100.0 * found.by_worth / found.races);
        }
    write_file_atomically(argv[3], out.dump(1) + "\n");
  }
  return 0;
}

}  // namespace
}  // namespace attune::bench

int main(int argc, char** argv) {
  return attune::bench::told(argc, argv, attune::bench::run);
}
