#include "attune/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune::optim {

double Schedule::factor(int64_t step) const {
  if (step < warmup) return static_cast<double>(step) / static_cast<double>(std::max<int64_t>(1, warmup));
  const double left = static_cast<double>(total - step) / static_cast<double>(std::max<int64_t>(1, total - warmup));
  switch (kind) {
    case ScheduleKind::constant:
      return 1;
    case ScheduleKind::linear:
      return std::max(0.0, left);
    case ScheduleKind::cosine:
      return std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * (1 - left))));
  }
  return 1;
}

const std::vector<std::string>& schedule_names() {
  static const std::vector<std::string> names{"constant", "cosine", "linear"};
  return names;
}

ScheduleKind schedule_named(const std::string& name) {
  if (name == "constant") return ScheduleKind::constant;
  if (name == "cosine") return ScheduleKind::cosine;
  if (name == "linear") return ScheduleKind::linear;
  fail(ErrorKind::usage, "unknown schedule '{}'; known: constant, cosine, linear{}", name,
       did_you_mean(name, schedule_names()));
}

}  // namespace attune::optim
