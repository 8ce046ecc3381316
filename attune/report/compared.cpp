#include "attune/report/compared.h"

#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attune/metrics/catalog.h"
#include "attune/report/format.h"

namespace attune::report {
namespace {

using compare::State;
using Json = nlohmann::ordered_json;

const char* of_each(const Compared& c) {
  return c.same_runs ? "" : " of each";
}

// What one trained model's two answers say, they say of it alone.
const char* of_one_model(const Compared& c) {
  return c.runs() == 1 ? ", for this trained model: one run tells nothing of the next" : "";
}

std::string undecided_text(const Compared& c) {
  const std::string worth = c.units().amount(c.worth);
  if (c.runs() == 1 && !c.same_runs)
    return "undecided: one run of each tells which of two trained models is better on such rows, "
           "and nothing of the next run of either";
  if (c.runs() == 2 && !c.same_runs)
    return fmt::format("undecided: two runs of each can show a difference beyond {} and nothing less", worth);
  if (c.verdict.low <= 0 && c.verdict.high >= 0)
    return "undecided, which does not mean equal: the interval holds 0 and differences that matter";
  return fmt::format("undecided: {} is ahead, and whether by the {} that matter is open{}", leader(c), worth,
                     of_one_model(c));
}

std::string needed_text(const Compared& c) {
  if (c.runs() == 1) return fmt::format("three runs{}, to begin with", of_each(c));
  const auto& needed = c.verdict.needed;
  const auto whole = [](double x) { return count(static_cast<int64_t>(x)); };
  const std::string runs =
      needed.runs ? fmt::format("{} runs{} (there are {})", whole(*needed.runs), of_each(c), c.runs()) : "";
  const char* unit = c.seen.grouped ? "groups of rows" : "rows";
  const std::string rows = needed.units ? fmt::format("{} {} with as many runs (there are {})", whole(*needed.units),
                                                      unit, whole(c.seen.differences.units))
                                        : "";
  if (runs.empty() && rows.empty()) return "no number of runs or rows below a thousand times these";
  return runs.empty() ? rows : rows.empty() ? runs : runs + ", or " + rows;
}

}  // namespace

std::string heading(const Compared& c) {
  const char* rows = c.runs() == 1 ? "" : c.seen.same_rows ? ", the same for all" : " in all";
  return fmt::format("{} against {}, {}: {}{}, {}{}", c.first, c.second, metric_title(c.metric),
                     plural(static_cast<int64_t>(c.runs()), "run"), c.same_runs ? ", answered both ways" : " of each",
                     plural(c.seen.distinct_rows, "row"), rows);
}

std::string side_text(const Compared& c, double compare::BlockFigures::*side) {
  const MetricUnits units = c.units();
  double sum = 0;
  std::string runs;
  for (const auto& block : c.seen.blocks)
    sum += block.*side, runs += (runs.empty() ? "" : " ") + units.value(block.*side);
  return c.runs() <= 1 ? runs : fmt::format("{}   ({})", units.value(sum / static_cast<double>(c.runs())), runs);
}

const std::string& leader(const Compared& c) {
  return c.verdict.difference > 0 ? c.first : c.second;
}

std::string state_text(const Compared& c) {
  const std::string worth = c.units().amount(c.worth);
  switch (c.verdict.state) {
    case State::better_by_worth:
      return fmt::format("{} is better, by more than {}{}", leader(c), worth, of_one_model(c));
    case State::better:
      return fmt::format("{} is better; whether by more than the {} that matter is open{}", leader(c), worth,
                         of_one_model(c));
    case State::no_difference:
      return fmt::format("no difference that matters: it is below {} either way{}", worth, of_one_model(c));
    case State::undecided:
      break;
  }
  return undecided_text(c);
}

std::string difference_title(const Compared& c) {
  const bool lower = metrics::metric_info(c.metric).better == metrics::Better::lower;
  return std::string("difference") + (c.units().points() ? ", in points" : "") + (lower ? " (of less)" : "");
}

std::string difference_text(const Compared& c) {
  const MetricUnits units = c.units();
  return fmt::format("{}   {:g}% interval {} to {}", units.number(c.verdict.difference), 100 * c.level,
                     units.number(c.verdict.low), units.number(c.verdict.high));
}

std::vector<std::pair<std::string, std::string>> verdict_facts(const Compared& c) {
  const compare::Verdict& v = c.verdict;
  const bool one = c.runs() == 1;
  std::vector<std::pair<std::string, std::string>> facts;
  facts.emplace_back(
      std::string("chance that the order is wrong") + (one && c.same_runs ? ", for this trained model" : ""),
      c.order_is_known() ? percent(v.wrong, 1) : "not known from one run");
  if (!one || !c.same_runs)
    facts.emplace_back(fmt::format("chance that one new run{}, on as many new rows, turns it", of_each(c)),
                       one ? "not known from one run" : percent(v.turns, 1));
  facts.emplace_back("smallest difference that would have been seen (4 times of 5)", c.units().amount(v.visible));
  if (!one)
    facts.emplace_back("what holds it up",
                       v.rows_are_the_bottleneck ? (c.seen.grouped ? "groups of rows" : "rows") : "runs");
  if (v.state == State::undecided) facts.emplace_back("would decide, were the difference as it looks", needed_text(c));
  int64_t first = 0, second = 0;
  for (const auto& block : c.seen.blocks) first += block.only_first_right, second += block.only_second_right;
  if (first + second > 0)
    facts.emplace_back("answers that only one side has right",
                       fmt::format("{} and {}, over all runs", count(first), count(second)));
  return facts;
}

Json verdict_json(const Compared& c) {
  const compare::Verdict& v = c.verdict;
  const auto known = [](double value) { return std::isnan(value) ? Json() : Json(value); };
  const auto perhaps = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  const bool says = v.state == State::better || v.state == State::better_by_worth;
  return {{"state", compare::name(v.state)},
          {"better", says ? Json(leader(c)) : Json()},
          {"difference", v.difference},
          {"interval", {v.low, v.high}},
          {"level", c.level},
          {"worth", c.worth},
          {"chance_order_wrong", c.order_is_known() ? Json(v.wrong) : Json()},
          {"chance_new_runs_turn_it", known(v.turns)},
          {"visible_difference", v.visible},
          {"bottleneck", c.runs() == 1 ? Json() : Json(v.rows_are_the_bottleneck ? "rows" : "runs")},
          {"needed", {{"runs", perhaps(v.needed.runs)}, {"units", perhaps(v.needed.units)}}},
          {"rows", c.seen.distinct_rows},
          {"same_rows", c.seen.same_rows},
          {"variance",
           {{"by_block", c.seen.differences.block_variance},
            {"by_rows", c.seen.differences.mean_variance},
            {"by_runs", v.runs_variance},
            {"of_mean", v.variance},
            {"df", std::isfinite(v.df) ? Json(v.df) : Json()}}}};
}

Json blocks_json(const compare::Comparison& seen, const std::vector<std::string>& first_files,
                 const std::vector<std::string>& second_files) {
  const auto side = [](const std::vector<std::string>& files, size_t s, double value) {
    Json one = Json::object();
    if (s < files.size()) one["file"] = files[s];
    one["value"] = value;
    return one;
  };
  Json blocks = Json::array();
  for (size_t s = 0; s < seen.blocks.size(); ++s) {
    const auto& block = seen.blocks[s];
    blocks.push_back({{"first", side(first_files, s, block.first)},
                      {"second", side(second_files, s, block.second)},
                      {"difference", seen.differences.by_block[s]},
                      {"rows", block.rows},
                      {"only_first_right", block.only_first_right},
                      {"only_second_right", block.only_second_right}});
  }
  return blocks;
}

}  // namespace attune::report
