#include "attune/compare/blocks.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/compare/judged_run.h"
#include "attune/metrics/bootstrap.h"
#include "attune/metrics/catalog.h"
#include "attune/metrics/moments.h"

namespace attune::compare {
namespace {

using data::TargetKind;

// So that partners stand beside each other.
void sort_by_id(PredictionFile& file) {
  std::sort(file.rows.begin(), file.rows.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
}

bool same_gold(const PredictionRow& a, const PredictionRow& b, TargetKind kind) {
  if (kind == TargetKind::score) return a.gold_score == b.gold_score;
  if (kind == TargetKind::texts) return a.relevant.size() == b.relevant.size();
  if (kind != TargetKind::labels) return a.gold == b.gold;
  auto x = a.gold, y = b.gold;
  std::sort(x.begin(), x.end()), std::sort(y.begin(), y.end());
  return x == y;
}

// Both sorted.
void check_partners(const PredictionFile& a, const PredictionFile& b) {
  for (size_t i = 0; i < std::max(a.rows.size(), b.rows.size()); ++i) {
    const bool only_a = i >= b.rows.size() || (i < a.rows.size() && a.rows[i].id < b.rows[i].id);
    const bool only_b = !only_a && (i >= a.rows.size() || b.rows[i].id < a.rows[i].id);
    if (only_a || only_b)
      fail(ErrorKind::input, "{} and {} are of other rows: '{}' stands in {} alone. Partners must judge the same rows",
           a.path, b.path, (only_a ? a : b).rows[i].id, (only_a ? a : b).path);
    if (!same_gold(a.rows[i], b.rows[i], a.kind))
      fail(ErrorKind::input, "{} and {} say differently what is right of '{}'", a.where(a.rows[i]), b.where(b.rows[i]),
           a.rows[i].id);
  }
}

// A run that gives every row the same answer has failed: an event of its own, not a bad mark.
void note_constant(const PredictionFile& file, std::vector<std::string>& notes) {
  if (file.kind == TargetKind::label && is_constant(file))
    notes.push_back(
        fmt::format("{} says '{}' of every row: a run that failed. It counts as it is, and widens the interval; "
                    "report such runs apart, and run both sides again by the same rule",
                    file.path, answer_of(file.rows[0])));
}

void note_rare(const std::vector<PredictionFile>& files, const std::string& metric, std::vector<std::string>& notes) {
  if (metric.find("macro") == std::string::npos || files[0].kind == TargetKind::tags) return;
  std::unordered_map<std::string, int64_t> rows;
  for (const PredictionRow& row : files[0].rows)
    for (const auto& label : row.gold) ++rows[label];
  int64_t rare = 0;
  for (const auto& [label, count] : rows) rare += count < 10;
  if (rare > 0)
    notes.push_back(
        fmt::format("{} of {} labels have fewer than 10 rows in {}: they weigh as much as the others in {}, and "
                    "intervals are then a little too narrow",
                    rare, rows.size(), files[0].path, metric));
}

// Which rows are drawn together, over all blocks.
class Units {
 public:
  explicit Units(const std::vector<PredictionFile>& files) {
    for (const PredictionFile& file : files) {
      std::vector<uint32_t>& own = of_rows_.emplace_back();
      const auto known = static_cast<uint32_t>(numbers_.size());  // units of blocks before this one
      for (const PredictionRow& row : file.rows) {
        grouped_ |= !row.group.empty();
        // A group's name is no row's.
        const std::string key = row.group.empty() ? "r" + row.id : "g" + row.group;
        const auto at = numbers_.emplace(key, static_cast<uint32_t>(numbers_.size())).first;
        own.push_back(at->second);
        shared_ |= at->second < known;
        rows_.insert(row.id);
      }
    }
  }
  size_t count() const { return numbers_.size(); }
  size_t rows() const { return rows_.size(); }
  bool grouped() const { return grouped_; }
  bool shared() const { return shared_; }  // by blocks
  void weigh(size_t block, std::span<const uint32_t> units, std::vector<uint32_t>& rows) const {
    rows.clear();
    for (const uint32_t unit : of_rows_[block]) rows.push_back(units[unit]);
  }

 private:
  std::vector<std::vector<uint32_t>> of_rows_;  // [blocks][rows]
  std::unordered_map<std::string, uint32_t> numbers_;
  std::unordered_set<std::string> rows_;
  bool grouped_ = false, shared_ = false;
};

struct Pair {
  std::unique_ptr<JudgedRun> first, second;
};

class Metric {
 public:
  Metric(const metrics::Statistics& statistics, const std::string& name, data::TargetKind kind)
      : lower_is_better_(metrics::metric_info(name).better == metrics::Better::lower) {
    const auto& names = statistics.names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      fail(ErrorKind::usage, "--metric {}: these predictions ({}) do not have it{}; they have {}", name,
           task_name(kind), did_you_mean(name, names), fmt::join(names, ", "));
    at_ = static_cast<size_t>(found - names.begin());
  }
  double of(const JudgedRun& run, std::span<const uint32_t> weights) const {
    return run.statistics().evaluate_one(at_, weights);
  }
  // How much better the first is.
  double difference(double first, double second) const { return lower_is_better_ ? second - first : first - second; }
  double difference(const Pair& pair, std::span<const uint32_t> weights) const {
    return difference(of(*pair.first, weights), of(*pair.second, weights));
  }

 private:
  bool lower_is_better_;
  size_t at_ = 0;
};

void add_variances(const std::vector<Pair>& pairs, const Units& units, const Metric& metric,
                   const BlockOptions& options, Comparison& out) {
  std::vector<uint32_t> drawn(units.count()), weights;
  std::vector<metrics::Moments> by_block(pairs.size());
  metrics::Moments of_mean;
  for (int draw = 0; draw < options.draws; ++draw) {
    metrics::draw_weights(options.seed, draw, drawn);
    double sum = 0;
    for (size_t s = 0; s < pairs.size(); ++s) {
      units.weigh(s, drawn, weights);
      const double difference = metric.difference(pairs[s], weights);
      sum += difference;
      if (!std::isnan(difference)) by_block[s].see(difference);
    }
    if (!std::isnan(sum)) of_mean.see(sum / static_cast<double>(pairs.size()));
  }
  if (2 * of_mean.count < options.draws)
    fail(ErrorKind::input,
         "{} is undefined in most draws of these rows: too few of them, or of a class, to say anything",
         options.metric);
  for (const metrics::Moments& block : by_block)
    out.differences.block_variance += block.variance() / static_cast<double>(pairs.size());
  out.differences.mean_variance = of_mean.variance();
  // Blocks that have nothing in common are independent: what their draws share is chance.
  if (!units.shared())
    out.differences.mean_variance = out.differences.block_variance / static_cast<double>(pairs.size());
}

BlockFigures figures(const Pair& pair, const Metric& metric) {
  const std::vector<uint32_t> once(static_cast<size_t>(pair.first->statistics().units()), 1);
  BlockFigures block{
      .first = metric.of(*pair.first, once), .second = metric.of(*pair.second, once), .rows = std::ssize(once)};
  const std::vector<uint8_t> first = pair.first->right(), second = pair.second->right();
  for (size_t i = 0; i < first.size(); ++i)
    block.only_first_right += first[i] > second[i], block.only_second_right += second[i] > first[i];
  return block;
}

void check_kinds(const std::vector<PredictionFile>& first, const std::vector<PredictionFile>& second) {
  for (const auto* side : {&first, &second})
    for (const PredictionFile& file : *side)
      if (file.kind != first[0].kind)
        fail(ErrorKind::input, "{} holds predictions of {}, and {} of {}; --task says which they are", file.path,
             task_name(file.kind), first[0].path, task_name(first[0].kind));
}

}  // namespace

const char* task_name(TargetKind kind) {
  constexpr const char* kNames[] = {"classify", "multilabel", "regress", "tag", "embed"};
  return kNames[static_cast<size_t>(kind)];
}

Comparison compare_blocks(std::vector<PredictionFile> first, std::vector<PredictionFile> second,
                          const BlockOptions& options) {
  ATTUNE_CHECK(!first.empty() && first.size() == second.size(), "{} and {} files", first.size(), second.size());
  check_kinds(first, second);
  metrics::metric_info(options.metric);  // an unknown name is told first
  const data::Labels labels = labels_of(first, second);
  const bool wants_probabilities = metrics::reads_probabilities(options.metric);
  Comparison out;
  std::vector<Pair> pairs;
  for (size_t s = 0; s < first.size(); ++s) {
    PredictionFile &a = first[s], &b = second[s];
    sort_by_id(a), sort_by_id(b);
    check_partners(a, b);
    if (a.kind == TargetKind::label && labels.size() < 2)
      fail(ErrorKind::input, "all rows and all answers are '{}': of one class alone nothing can be decided",
           labels.name(0));
    for (const PredictionFile* file : {&a, &b}) {
      if (const std::string why = wants_probabilities ? why_no_probabilities(*file) : ""; !why.empty())
        fail(ErrorKind::input, "{} reads probabilities. {}", options.metric, why);
      note_constant(*file, out.notes);
    }
    pairs.push_back({judged_run(a, labels, options.metric), judged_run(b, labels, options.metric)});
  }
  note_rare(first, options.metric, out.notes);
  const Metric metric(pairs[0].first->statistics(), options.metric, first[0].kind);
  const Units units(first);
  out.distinct_rows = static_cast<int64_t>(units.rows()), out.grouped = units.grouped();
  out.same_rows = std::all_of(first.begin(), first.end(),
                              [&](const PredictionFile& file) { return file.rows.size() == units.rows(); });
  for (size_t s = 0; s < pairs.size(); ++s) {
    const BlockFigures& block = out.blocks.emplace_back(figures(pairs[s], metric));
    if (std::isnan(block.first) || std::isnan(block.second))
      fail(ErrorKind::input, "{} is undefined for {}: {}", options.metric,
           std::isnan(block.first) ? first[s].path : second[s].path, metrics::metric_info(options.metric).undefined);
    out.differences.by_block.push_back(metric.difference(block.first, block.second));
  }
  out.differences.units = static_cast<double>(units.count());
  add_variances(pairs, units, metric, options, out);
  return out;
}

}  // namespace attune::compare
