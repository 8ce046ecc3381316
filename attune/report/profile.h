// Where the time of training steps went: `attune train --profile`. Plain values, shown as a table and as JSON.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace attune::report {

// All calls of one kernel in one role, over all profiled steps.
struct ProfileRow {
  std::string kernel = {};  // as the kernels' header names it
  std::string role = {};    // of products: forward, data gradient, weight gradient
  int64_t calls = 0;
  double seconds = 0;
  double flops = 0, bytes = 0;  // by shape; 0: not known
};

struct Profile {
  int64_t warm_up = 0;  // steps before them that were left out
  int64_t steps = 0;
  int64_t tokens = 0;
  double seconds = 0;            // of the steps, from one batch wanted to the weights updated
  double batch_seconds = 0;      // of these, until the batch stood ready
  std::vector<ProfileRow> rows;  // the longest first
};

// What neither a kernel nor the batches account for: the tape, the loss's own work, copies, calls.
double seconds_between_kernels(const Profile& profile);

// Per step: calls, milliseconds, share of the step, and GFLOP/s or GB/s where they are known. At most `width` columns.
std::string to_text(const Profile& profile, int width = 100);

// {format, warm_up_steps, steps, tokens, ms_per_step, tokens_per_step, tokens_per_second, kernels: [{kernel, role,
// calls_per_step, ms_per_step, share, gflop_per_second or gb_per_second}], between_kernels_ms, preparing_batches_ms}.
// Without steps what is a quotient is null.
nlohmann::ordered_json to_json(const Profile& profile);

}  // namespace attune::report
