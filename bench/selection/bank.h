// A bank of what runs of the plain loss answered: for each block of the procedure's division several seeds. Races and
// verdicts can be drawn from it through the real code, thousands of times, at the price of reading files.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "attune/selection/job.h"
#include "attune/selection/plan.h"

namespace attune::bench {

struct Bank {
  std::string name;
  selection::Plan plan;
  std::vector<std::vector<selection::Answers>> runs;  // [block][seed]
};

inline constexpr int kBankBlocks = 5;  // the race's and four of the verdict

// The job of a block's seed; of another loss than the plain one: in an exhaustive bank, which all arms fill. `upper`:
// as the race's first stage trains it, the upper layers alone.
selection::Job bank_job(const selection::Plan& plan, size_t block, int seed, const std::string& loss = {},
                        bool upper = false);

// What a bank is filled with: the plain loss and the others; blocks of their own rows, or one that --dev judges.
std::vector<std::string> bank_losses(const selection::Plan& plan, const std::vector<std::string>& others);
std::vector<size_t> bank_blocks(const selection::Plan& plan);

// The plan of a bank over the rows of `options`; writes its files where they are not there yet.
selection::Plan bank_plan(const selection::SelectOptions& options);

// Errors (input): a run is missing.
Bank read_bank(const std::string& folder, int seeds);

}  // namespace attune::bench
