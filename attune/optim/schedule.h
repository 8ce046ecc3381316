// The learning rate over training: a peak rate times a factor of the step.
//
// W warm-up steps, T steps in all, t = 0-based step about to be taken:
//   t < W:      t / W          (the first step of a warm-up has rate 0, as in Hugging Face's schedules)
//   constant:   1
//   linear:     (T - t) / (T - W)
//   cosine:     (1 + cos(pi (t - W) / (T - W))) / 2                  Loshchilov & Hutter 2017, arXiv 1608.03983
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace attune::optim {

enum class ScheduleKind { constant, linear, cosine };

struct Schedule {
  ScheduleKind kind = ScheduleKind::linear;
  int64_t warmup = 0;
  int64_t total = 1;

  double factor(int64_t step) const;
};

const std::vector<std::string>& schedule_names();
// Error (usage): unknown name.
ScheduleKind schedule_named(const std::string& name);

}  // namespace attune::optim
