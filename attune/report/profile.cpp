#include "attune/report/profile.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <numeric>

#include "attune/metrics/score.h"
#include "attune/report/columns.h"
#include "attune/report/format.h"

namespace attune::report {
namespace {

using Json = nlohmann::ordered_json;

double per_step(const Profile& profile, double total) {
  return profile.steps > 0 ? total / static_cast<double>(profile.steps) : metrics::kUndefined;
}

double share(const Profile& profile, double seconds) {
  return profile.seconds > 0 ? seconds / profile.seconds : metrics::kUndefined;
}

double tokens_per_second(const Profile& profile) {
  return profile.seconds > 0 ? static_cast<double>(profile.tokens) / profile.seconds : metrics::kUndefined;
}

// In 1e9 a second: operations where they are known, else bytes.
double rate(const ProfileRow& row) {
  const double work = row.flops > 0 ? row.flops : row.bytes;
  return work > 0 && row.seconds > 0 ? work * 1e-9 / row.seconds : metrics::kUndefined;
}

std::string rate_text(const ProfileRow& row) {
  const double value = rate(row);
  if (std::isnan(value)) return "";
  return fmt::format("{} {}", fixed(value, value < 100 ? 1 : 0), row.flops > 0 ? "GFLOP/s " : "GB/s    ");
}

// "matmul, weight gradient", "layer norm backward"
std::string title(const ProfileRow& row) {
  std::string text = row.kernel;
  std::replace(text.begin(), text.end(), '_', ' ');
  return row.role.empty() ? text : text + ", " + row.role;
}

double kernel_seconds(const Profile& profile) {
  return std::accumulate(profile.rows.begin(), profile.rows.end(), 0.0,
                         [](double sum, const ProfileRow& row) { return sum + row.seconds; });
}

int64_t kernel_calls(const Profile& profile) {
  return std::accumulate(profile.rows.begin(), profile.rows.end(), int64_t{0},
                         [](int64_t sum, const ProfileRow& row) { return sum + row.calls; });
}

std::string warm_up_note(const Profile& profile) {
  return profile.warm_up > 0 ? fmt::format("; {} before left out: warming up", plural(profile.warm_up, "step")) : "";
}

constexpr auto* figure = metrics::json_number<Json>;

}  // namespace

double seconds_between_kernels(const Profile& profile) {
  return profile.seconds - profile.batch_seconds - kernel_seconds(profile);
}

std::string to_text(const Profile& profile, int width) {
  if (profile.steps == 0)
    return fmt::format("Profile  of no step: the first {} are left out, and steps without a target that counts\n",
                       profile.warm_up);
  const auto ms = [&](double seconds) { return fixed(per_step(profile, seconds) * 1e3, 3); };
  const auto calls = [&](int64_t n) { return fixed(per_step(profile, static_cast<double>(n)), 1); };
  const auto part = [&](double seconds) { return percent(share(profile, seconds), 1); };
  Columns columns;
  columns.column("", Align::left).column("calls").column("ms").column("share").column("rate");
  for (const ProfileRow& row : profile.rows)
    columns.row({title(row), calls(row.calls), ms(row.seconds), part(row.seconds), rate_text(row)});
  columns.line("");
  const double kernels = kernel_seconds(profile), between = seconds_between_kernels(profile);
  columns.row({"all kernels", calls(kernel_calls(profile)), ms(kernels), part(kernels)});
  columns.row({"between kernels", "", ms(between), part(between)});
  columns.row({"preparing batches", "", ms(profile.batch_seconds), part(profile.batch_seconds)});
  columns.row({fmt::format("a step of {} tokens", fixed(per_step(profile, static_cast<double>(profile.tokens)), 0)), "",
               ms(profile.seconds), part(profile.seconds), fixed(tokens_per_second(profile), 0) + " tokens/s"});
  return fmt::format("Profile  of {}, per step{}\n{}", plural(profile.steps, "step"), warm_up_note(profile),
                     columns.text(width));
}

Json to_json(const Profile& profile) {
  Json rows = Json::array();
  for (const ProfileRow& row : profile.rows) {
    Json& entry = rows.emplace_back(Json{{"kernel", row.kernel}});
    if (!row.role.empty()) entry["role"] = row.role;
    entry["calls_per_step"] = figure(per_step(profile, static_cast<double>(row.calls)));
    entry["ms_per_step"] = figure(per_step(profile, row.seconds) * 1e3);
    entry["share"] = figure(share(profile, row.seconds));
    if (const double value = rate(row); !std::isnan(value))
      entry[row.flops > 0 ? "gflop_per_second" : "gb_per_second"] = value;
  }
  return {{"format", 1},
          {"warm_up_steps", profile.warm_up},
          {"steps", profile.steps},
          {"tokens", profile.tokens},
          {"ms_per_step", figure(per_step(profile, profile.seconds) * 1e3)},
          {"tokens_per_step", figure(per_step(profile, static_cast<double>(profile.tokens)))},
          {"tokens_per_second", figure(tokens_per_second(profile))},
          {"kernels", std::move(rows)},
          {"between_kernels_ms", figure(per_step(profile, seconds_between_kernels(profile)) * 1e3)},
          {"preparing_batches_ms", figure(per_step(profile, profile.batch_seconds) * 1e3)}};
}

}  // namespace attune::report
