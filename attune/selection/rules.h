// Which losses are worth a try, by rule: each rule is a row of data (rules_list.cpp) with its figure, its source and
// how strong that is. A rule rules out only by the kind of task or metric, on strong evidence, or where a run needs
// what only a person can give; weaker evidence orders the queue.
#pragma once
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "attune/selection/profile.h"
#include "attune/tasks/task.h"

namespace attune::selection {

enum class Strength { none, weak, medium, strong };
const char* name(Strength strength);

// A comparison of one figure of the profile: value >= at_least and value < below, as far as they are given.
struct Condition {
  const char* figure;
  double at_least = -std::numeric_limits<double>::infinity();
  double below = std::numeric_limits<double>::infinity();
};

// Data on which losses were run beside the plain one (bench/selection/causes.py).
struct MeasuredOn {
  const char* data;
  const char* date;
};
// What a loss gained over the plain one there, both after corrections: mean and standard error over three to five seeds
// in points of the metric, on rows that no choice saw.
struct MeasuredGain {
  MeasuredOn on;
  double points, error;
};

// What a rule says of metrics.
enum class MetricKind {
  any,
  class_means,    // rare classes count as frequent ones do: macro_f1 and its like, mcc, f1 of one class alone
  ordinal,        // how far off a grade is: quadratic_kappa, label_mae
  probabilities,  // metrics::reads_probabilities
  decisions,      // of classes, labels or words as they are chosen: accuracy, all F1, ordinal ones
  labels_f1,      // F1 of sets of labels: micro_f1, macro_f1, weighted_f1, samples_f1
  entities,       // whole entities: entity_f1 and its like
};
// False for names that are no metric, but for `any`.
bool is_of_kind(std::string_view metric, MetricKind kind);

// Rules of a task with the same `loss` are alternatives: the best of their rulings is the loss's.
struct Rule {
  const char* loss;  // as --loss takes it; options that are tried first
  tasks::TaskKind task;
  std::vector<MetricKind> metrics = {};  // one of them, else it is ruled out; empty: any
  std::vector<Condition> in_if = {};     // all must hold, else it waits behind those for which they do
  std::vector<Condition> out_if = {};    // any that holds sends it to the end; where `strength` is strong it rules out
  Strength strength = Strength::none;    // of the evidence for text fine-tuning
  const char* evidence;                  // what was found, in a sentence or two
  const char* source;                    // who, where (arXiv number)
  std::vector<MeasuredGain> measured = {};  // where its conditions hold, or but for a variant; empty: nowhere yet
  double price = 1;                         // of a run against the plain loss's (R-Drop: 2); above 1: kBudgetForDear
  std::vector<const char*> variants = {};   // the same loss with other options: tried where the budget allows
  bool reads_prices = false;                // its costs are those of a metric of prices, which lifts `untried`
  const char* untried = "";  // rules it out: what only a person could tell, or the loss that it equals; "": nothing
};

// When a rule was last measured; "": never, its place is what the literature says.
std::string calibrated(const Rule& rule);

// Whether gains, pooled by their errors over seeds and by what draws of rows differ by, lie two errors above
// nothing (1), below it (-1), or neither (0).
int leaning(const std::vector<MeasuredGain>& measured);

// Below this budget a loss whose runs cost more than plain ones goes to the end.
inline constexpr double kBudgetForDear = 8;

const std::vector<Rule>& rules_list();

enum class Standing { kept, queued, ruled_out };

struct Ruling {
  const Rule* rule = nullptr;  // null: of the catalogue, without a rule
  std::string loss;            // as --loss takes it; where it does not fit: its name
  Standing standing = Standing::queued;
  std::string why;  // with the figure: "largest class 2.1 times the smallest, tried from 10 on"
};

// What one rule says. A figure that was not measured meets no condition. Terms that read the order of labels
// (losses::LossEntry::ordered) are ruled out for tags, where the figure `grades` is not 1, and where the figure
// `classes` is below 3 or unknown: a rule need not say so. `metric`: what is chosen by. `budget` in plain runs.
Ruling apply_rule(const Rule& rule, const std::string& metric, const Profile& profile, double budget);

// Every loss of the catalogue that the task can be trained with, those that it cannot (ruled out, with the reason), and
// the strategies over the plain loss, each once. Kept ones first, in the order in which they should be tried (what was
// measured to help, what was not measured or not shown, what was measured to harm; then strength, then the list's
// order); then the queued: conditions that do not hold, then what speaks against (an out_if, a price that the budget
// does not bear), then those without a rule; then those ruled out. The plain loss of the task is not among them.
std::vector<Ruling> apply_rules(const tasks::Task& task, const std::string& metric, const Profile& profile,
                                double budget);

}  // namespace attune::selection
