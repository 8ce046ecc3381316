#include "attune/selection/arms.h"

#include "attune/base/files.h"

namespace attune::selection {
namespace {

constexpr uint64_t kVerdictSeeds = 1000;

std::string run_name(const Arm& arm) {
  const std::string rate = arm.rate_times == 1 ? "" : fmt::format("-rate-{:g}", arm.rate_times);
  return file_name_of(arm.loss) + rate;
}

}  // namespace

std::vector<Arm> arms_of(const Plan& plan, const Stage& stage, const std::vector<Ruling>& rulings) {
  std::vector<Arm> arms;
  constexpr std::pair<double, const char*> kRates[] = {{2, "at twice the rate"}, {0.5, "at half the rate"}};
  for (int i = 0; i < stage.rates; ++i)
    arms.push_back({plan.plain_loss + " " + kRates[i].second, plan.plain_loss, kRates[i].first});
  double left = stage.arms;
  for (const Ruling& ruling : rulings) {
    const double price = ruling.rule ? ruling.rule->price : 1;
    if (ruling.standing == Standing::ruled_out || left < price) continue;
    if (stage.upper && needs_all_layers(ruling.loss)) continue;
    arms.push_back({ruling.loss, ruling.loss});
    left -= price;
  }
  return arms;
}

bool needs_all_layers(const std::string& loss) {
  return loss.starts_with("fgm(");
}

Job race_job(const Plan& plan, const Arm& arm, const Stage& stage) {
  return {.name = (stage.upper ? "upper-" : "race-") + run_name(arm),
          .purpose = stage.upper ? "race, upper layers" : "race",
          .loss = arm.loss,
          .rate_times = arm.rate_times,
          .schedule = stage.schedule,
          .frozen = stage.upper ? plan.layers - plan.upper_layers : 0,
          .block = 0,
          .seed = plan.options.train.seed};
}

Job plain_job(const Plan& plan, size_t block) {
  return {.name = block == 0 ? "plain" : fmt::format("verdict-{}-{}", block, file_name_of(plan.plain_loss)),
          .purpose = block == 0 ? "plain" : fmt::format("verdict {}", block),
          .loss = plan.plain_loss,
          .block = block,
          .seed = plan.options.train.seed + (block == 0 ? 0 : kVerdictSeeds + block)};
}

Job finalist_job(const Plan& plan, const Arm& arm, size_t block) {
  Job job = plain_job(plan, block);
  job.loss = arm.loss, job.rate_times = arm.rate_times;
  job.name = fmt::format("verdict-{}-{}", block, run_name(arm));
  return job;
}

std::string file_name_of(const std::string& loss) {
  std::string name;
  for (const char c : loss) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (plain)
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  // What is cut off still tells losses apart: runs are known by their names.
  constexpr size_t kLongest = 80;
  if (name.size() <= kLongest) return name;
  return name.substr(0, kLongest - 9) + "-" + sha256_hex(loss).substr(0, 8);
}

}  // namespace attune::selection
