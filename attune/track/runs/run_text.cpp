#include "attune/track/runs/run_text.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fmt/format.h>

#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/track/runs/run_values.h"

namespace attune::track {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using report::Align;

constexpr size_t kMostOptions = 4, kBlocks = 32;

std::string number_text(const json& value) {
  return value.is_number() ? report::fixed(value.get<double>(), 4) : "-";
}

std::string facts_text(const StoredRun& run, int width) {
  report::Columns facts;
  facts.column("", Align::left).column("", Align::left);
  facts.row({"run", fmt::format("{}, number {}", run.name, run.id)});
  facts.row({"state", run.state + (run.error.empty() ? "" : ": " + run.error)});
  facts.row({"task", run.task});
  facts.row({"folder", run.out});
  facts.row({"began", time_text(run.started)});
  facts.row({"steps", fmt::format("{} of {}", run.step, run.steps)});
  if (run.seconds > 0) facts.row({"in steps", report::seconds(run.seconds)});
  facts.row({"attune", run.version});
  const json data = run.identity.is_object() ? run.identity.value("data_sha256", json::object()) : json::object();
  for (const auto& [file, sum] : data.items())
    facts.row({"data", fmt::format("{} (SHA-256 {:.12}...)", file, shown(sum))});
  return facts.text(width);
}

std::string finals_text(const StoredRun& run, int width) {
  if (run.finals.empty()) return "";
  report::Columns columns;
  columns.column("reached", Align::left).column("dev").column("test");
  std::map<std::string, std::array<json, 2>> by_metric;
  for (const auto& [name, value] : run.finals)
    by_metric[name.substr(name.find('/') + 1)][name.starts_with("test/")] = value;
  for (const auto& [metric, values] : by_metric) columns.row({metric, number_text(values[0]), number_text(values[1])});
  return "\n" + columns.text(width);
}

std::string curves_text(const std::map<std::string, Curve>& curves, int width) {
  if (curves.empty()) return "";
  report::Columns columns;
  columns.column("by step", Align::left).column("first").column("last").column("", Align::left);
  for (const auto& [name, curve] : curves)
    columns.row({name, report::compact(curve.values.front(), 4), report::compact(curve.values.back(), 4),
                 spark(curve.values, kBlocks)});
  return "\n" + columns.text(width);
}

std::string options_text(const StoredRun& run, int width) {
  report::Columns columns;
  columns.column("option", Align::left).column("", Align::left);
  if (run.options.is_object())
    for (const auto& [name, value] : run.options.items())
      if (shown(value) != "-") columns.row({name, shown(value)});
  return columns.empty() ? "" : "\n" + columns.text(width);
}

}  // namespace

std::string headline_metric(const StoredRun& run) {
  for (const std::string& name : run.headline)
    if (run.finals.contains(name)) return name;
  return "";
}

std::string time_text(double seconds) {
  const auto whole = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::localtime_r(&whole, &parts);
  char text[32];
  return std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts) > 0 ? text : "-";
}

std::string list_text(std::span<const StoredRun> runs, const std::string& metric, int width) {
  std::vector<std::string> options = differing_options(runs);
  if (options.size() > kMostOptions) options.resize(kMostOptions);
  report::Columns columns;
  columns.column("").column("run", Align::left).column("state", Align::left).column("began", Align::left);
  columns.column("took").column(metric.empty() ? "reached" : metric);
  if (metric.empty()) columns.column("", Align::left);
  for (const std::string& option : options) columns.column(option, Align::left);
  for (const StoredRun& run : runs) {
    const std::string judged = metric.empty() ? headline_metric(run) : metric;
    std::vector<std::string> cells{std::to_string(run.id),
                                   run.name,
                                   run.state,
                                   time_text(run.started),
                                   run.seconds > 0 ? report::seconds(run.seconds) : "-",
                                   judged.empty() ? "-" : number_text(metric_of(run, judged))};
    if (metric.empty()) cells.push_back(judged);
    for (const std::string& option : options) cells.push_back(shown(value_of(run, option)));
    columns.row(std::move(cells));
  }
  return columns.text(width);
}

std::string show_text(const StoredRun& run, const std::map<std::string, Curve>& curves, int width) {
  return facts_text(run, width) + finals_text(run, width) + curves_text(curves, width) + options_text(run, width);
}

std::string spark(const std::vector<double>& values, size_t most) {
  static const char* const kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty() || most == 0) return "";
  const size_t bars = std::min(most, values.size());
  std::vector<double> means(bars);
  for (size_t b = 0; b < bars; ++b) {
    const size_t begin = b * values.size() / bars, end = (b + 1) * values.size() / bars;
    for (size_t i = begin; i < end; ++i) means[b] += values[i] / static_cast<double>(end - begin);
  }
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  std::string out;
  for (const double mean : means) {
    const double share = *high > *low ? (mean - *low) / (*high - *low) : 0.5;
    out += kBars[static_cast<size_t>(std::lround(share * 7))];
  }
  return out;
}

ordered_json to_json(const StoredRun& run) {
  return {{"id", run.id},
          {"name", run.name},
          {"state", run.state},
          {"error", run.error.empty() ? ordered_json() : ordered_json(run.error)},
          {"task", run.task},
          {"out", run.out},
          {"attune", run.version},
          {"started", run.started},
          {"ended", run.ended > 0 ? ordered_json(run.ended) : ordered_json()},
          {"seconds", run.seconds},
          {"step", run.step},
          {"steps", run.steps},
          {"metrics", run.finals},
          {"headline", run.headline},
          {"options", run.options},
          {"identity", run.identity}};
}

ordered_json to_json(const std::map<std::string, Curve>& curves) {
  ordered_json all = ordered_json::object();
  for (const auto& [name, curve] : curves) all[name] = {{"step", curve.steps}, {"value", curve.values}};
  return all;
}

}  // namespace attune::track
