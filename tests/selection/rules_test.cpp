#include "attune/selection/rules.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <set>

#include "attune/losses/language/expression.h"
#include "attune/losses/language/make_objective.h"
#include "attune/losses/loss_list.h"
#include "attune/metrics/catalog.h"

namespace attune::selection {
namespace {

using losses::LossEntry;
using tasks::Task;
using tasks::TaskKind;

constexpr double kBudget = 30;

// What the headers measure_rows.h, measure_model.h and measure_answers.h list, copied by hand.
const std::set<std::string> kFigures{
    "rows", "classes", "smallest_class", "imbalance_ratio", "rare_classes", "rare_rows", "evenness", "rarest_share",
    "cardinality", "density", "smallest_label", "label_sets", "lone_sets", "pairs_together", "grades", "score_low",
    "score_high", "score_deviation", "words", "entity_words", "tokens_median", "tokens_p95", "truncated",
    "unknown_tokens", "tokens_a_word", "exact_duplicates", "near_duplicates", "contradictions", "clusters", "overlap",
    "drift", "drift_labels",
    // of a model
    "probe_accuracy", "information", "information_share", "ngram_information_share", "hardest_recall",
    // of answers
    "noise_ceiling", "error", "order_veto", "illegal_tags"};

const Task& task_of(TaskKind kind) {
  const auto& list = tasks::task_list();
  return *std::find_if(list.begin(), list.end(), [&](const Task& task) { return task.kind == kind; });
}

std::vector<const LossEntry*> entries_in(const std::string& loss) {
  std::vector<const LossEntry*> entries;
  for (const auto& term : losses::parse_loss(loss, losses::strategy_names()).terms)
    entries.push_back(&losses::loss_named(term.call.name));
  return entries;
}

bool reads_order(const Rule& rule) {
  const auto entries = entries_in(rule.loss);
  return std::any_of(entries.begin(), entries.end(), [](const LossEntry* entry) { return entry->ordered; });
}

Profile profile_with(const std::vector<std::pair<const char*, double>>& figures) {
  Profile profile;
  for (const auto& [name, value] : figures) profile.set({.name = name, .title = name, .value = value});
  return profile;
}

void set(Profile& profile, const char* name, double value) {
  profile.set({.name = name, .title = name, .value = value});
}

// On the boundary where that belongs to it.
double value_within(const Condition& condition) {
  return std::isfinite(condition.at_least) ? condition.at_least : condition.below / 2;
}

// One beyond each bound that it has.
std::vector<double> values_beyond(const Condition& condition) {
  std::vector<double> values;
  if (std::isfinite(condition.at_least)) values.push_back(0.5 * condition.at_least);
  if (std::isfinite(condition.below)) values.push_back(condition.below);
  return values;
}

// Where all that the rule asks holds, and nothing that speaks against it.
Profile fitting(const Rule& rule) {
  Profile profile = profile_with({{"grades", 1}, {"classes", 5}});
  for (const Condition& condition : rule.in_if) set(profile, condition.figure, value_within(condition));
  return profile;
}

// A metric of the task that the rule is for.
std::string fitting_metric(const Rule& rule) {
  for (const std::string& metric : metrics::metric_names(task_of(rule.task).name)) {
    if (metric == "loss") continue;
    if (rule.metrics.empty()) return metric;
    for (const MetricKind kind : rule.metrics)
      if (is_of_kind(metric, kind)) return metric;
  }
  return "";
}

Ruling ruling_of(const std::vector<Ruling>& rulings, const std::string& loss) {
  for (const Ruling& ruling : rulings)
    if (ruling.loss == loss) return ruling;
  ADD_FAILURE() << loss << " is not among the rulings";
  return {};
}

size_t place_of(const std::vector<Ruling>& rulings, const std::string& loss) {
  for (size_t at = 0; at < rulings.size(); ++at)
    if (rulings[at].loss == loss) return at;
  ADD_FAILURE() << loss << " is not among the rulings";
  return rulings.size();
}

losses::LossFacts facts_of(const Task& task, int64_t labels) {
  losses::LossFacts facts{.labels = labels, .sequences = task.kind == TaskKind::tag, .score_high = 1};
  for (int64_t label = 0; label < labels; ++label) {
    facts.counts.push_back(static_cast<double>(10 + label));
    facts.items += facts.counts.back();
    facts.names.push_back(label == 0 ? "oos" : std::to_string(label));
  }
  return facts;
}

// Whether the rule's own conditions allow so many labels.
bool admits(const Rule& rule, int64_t labels) {
  const auto count = static_cast<double>(labels);
  for (const Condition& condition : rule.in_if)
    if (condition.figure == std::string("classes") && !(count >= condition.at_least && count < condition.below))
      return false;
  for (const LossEntry* entry : entries_in(rule.loss))
    if (labels < entry->least_labels) return false;
  return labels >= 3 || !reads_order(rule);
}

TEST(Rules, SayWhatTheyStandOn) {
  TaskKind last = TaskKind::classify;
  for (const Rule& rule : rules_list()) {
    SCOPED_TRACE(rule.loss);
    EXPECT_GE(rule.task, last) << "sorted by task";
    last = rule.task;
    EXPECT_GT(std::string(rule.evidence).size(), 20U);
    EXPECT_STRNE(rule.source, "");
    EXPECT_EQ(rule.measured.empty(), calibrated(rule).empty()) << "measured, but when?";
    for (const MeasuredGain& gain : rule.measured) EXPECT_GT(gain.error, 0) << gain.on.data;
    EXPECT_GE(rule.price, 1);
    EXPECT_NE(fitting_metric(rule), "") << "no metric of its task is of its kinds";
    const bool passes_twice = !losses::parse_loss(rule.loss, losses::strategy_names()).strategy.name.empty();
    EXPECT_EQ(rule.price > 1, passes_twice);
  }
}

TEST(Rules, LeanWhereMeasurementsDo) {
  EXPECT_EQ(leaning({}), 0);
  EXPECT_EQ(leaning({{{"a", "2026-11-20"}, 4.5, 1}}), 1) << "with 2 points between draws an error of 2.24";
  EXPECT_EQ(leaning({{{"a", "2026-11-20"}, -4.5, 1}}), -1);
  EXPECT_EQ(leaning({{{"a", "2026-11-20"}, 3.3, 0.01}}), 0) << "however sure over seeds";
  EXPECT_EQ(leaning({{{"a", "2026-11-20"}, 3.2, 1}, {{"b", "2026-11-20"}, 3.2, 1}}), 1) << "with an error of 1.58";
  EXPECT_EQ(leaning({{{"a", "2026-11-20"}, 3, 1}, {{"b", "2026-11-20"}, -10, 1}}), -1);
}

TEST(Rules, MeasuredGainsComeBeforeTheLiterature) {
  const auto at = [](const std::vector<Ruling>& rulings, const char* loss) { return place_of(rulings, loss); };
  Profile imbalanced = profile_with({{"imbalance_ratio", 49}, {"classes", 2}, {"noise_ceiling", 0.02}, {"rows", 1500}});
  const auto rulings = apply_rules(task_of(TaskKind::classify), "macro_f1", imbalanced, kBudget);
  EXPECT_LT(at(rulings, "logit_adjusted"), at(rulings, "square")) << "measured to help, before medium evidence";
  EXPECT_LT(at(rulings, "focal"), at(rulings, "square"));
  Profile grades = profile_with({{"grades", 1}, {"classes", 5}, {"rows", 1500}});
  const auto graded = apply_rules(task_of(TaskKind::classify), "quadratic_kappa", grades, kBudget);
  EXPECT_LT(at(graded, "0.5*cross_entropy + 0.5*emd"), at(graded, "corn")) << "measured to harm";
  EXPECT_LT(at(graded, "square"), at(graded, "oll")) << "both of medium evidence, one measured to harm";
}

TEST(Rules, ReadFiguresThatAreMeasured) {
  for (const Rule& rule : rules_list())
    for (const auto* conditions : {&rule.in_if, &rule.out_if})
      for (const Condition& condition : *conditions) {
        EXPECT_TRUE(kFigures.contains(condition.figure)) << rule.loss << " reads " << condition.figure;
        EXPECT_TRUE(std::isfinite(condition.at_least) || std::isfinite(condition.below)) << rule.loss;
        EXPECT_LT(condition.at_least, condition.below) << rule.loss;
      }
}

TEST(Rules, NameLossesThatTheirTaskCanBeTrainedWith) {
  int64_t tried = 0;
  for (const Rule& rule : rules_list()) {
    const Task& task = task_of(rule.task);
    std::vector<const char*> texts{rule.loss};
    texts.insert(texts.end(), rule.variants.begin(), rule.variants.end());
    for (const int64_t labels : {2, 5, 77}) {
      if (!admits(rule, labels)) continue;
      const losses::LossFacts facts = facts_of(task, task.kind == TaskKind::regress ? 1 : labels);
      for (const char* text : texts) {
        EXPECT_NO_THROW(losses::make_objective(text, task.loss, facts)) << text << " with " << labels << " labels";
        ++tried;
      }
    }
    EXPECT_TRUE(admits(rule, 5) || admits(rule, 77)) << rule.loss;
    for (const char* variant : rule.variants) {
      EXPECT_STRNE(variant, rule.loss);
      for (const LossEntry* entry : entries_in(variant)) {
        const auto own = entries_in(rule.loss);
        EXPECT_NE(std::find(own.begin(), own.end(), entry), own.end()) << variant << " is no variant of " << rule.loss;
      }
    }
  }
  EXPECT_GT(tried, 100);
}

// Each rule by itself: all conditions met; each missed in turn, and not measured; each that speaks against it.
TEST(Rules, KeepWhereTheirConditionsHold) {
  for (const Rule& rule : rules_list()) {
    SCOPED_TRACE(rule.loss);
    const Ruling ruling = apply_rule(rule, fitting_metric(rule), fitting(rule), kBudget);
    EXPECT_EQ(ruling.rule, &rule);
    EXPECT_EQ(ruling.loss, rule.loss);
    if (*rule.untried) {
      EXPECT_EQ(ruling.standing, Standing::ruled_out);
      EXPECT_EQ(ruling.why, rule.untried);
      continue;
    }
    EXPECT_EQ(ruling.standing, Standing::kept) << ruling.why;
    EXPECT_NE(ruling.why, "");
    if (!rule.in_if.empty()) {
      EXPECT_NE(ruling.why.find(", tried "), std::string::npos) << ruling.why;
    }
  }
}

TEST(Rules, QueueWhereAConditionIsMissed) {
  int missed = 0;
  for (const Rule& rule : rules_list())
    for (const Condition& condition : rule.in_if) {
      SCOPED_TRACE(std::string(rule.loss) + ", " + condition.figure);
      const std::string metric = fitting_metric(rule);
      std::vector<double> values = values_beyond(condition);
      values.push_back(metrics::kUndefined);
      for (const double value : values) {
        Profile profile = fitting(rule);
        set(profile, condition.figure, value);
        const Ruling ruling = apply_rule(rule, metric, profile, kBudget);
        EXPECT_EQ(ruling.standing, Standing::queued) << value << ": " << ruling.why;
        EXPECT_EQ(std::isnan(value), ruling.why.find("not measured") != std::string::npos) << ruling.why;
        // What speaks against it may be all that is said.
        if (rule.out_if.empty()) {
          EXPECT_NE(ruling.why.find(", tried "), std::string::npos) << ruling.why;
        }
        ++missed;
      }
    }
  EXPECT_GT(missed, 30);
}

TEST(Rules, YieldToWhatSpeaksAgainstThemAsTheyAreStrong) {
  int against = 0;
  for (const Rule& rule : rules_list())
    for (const Condition& condition : rule.out_if) {
      SCOPED_TRACE(std::string(rule.loss) + ", " + condition.figure);
      Profile profile = fitting(rule);
      set(profile, condition.figure, value_within(condition));
      const Ruling ruling = apply_rule(rule, fitting_metric(rule), profile, kBudget);
      EXPECT_EQ(ruling.standing, rule.strength == Strength::strong ? Standing::ruled_out : Standing::queued);
      EXPECT_NE(ruling.why.find(", advised against "), std::string::npos) << ruling.why;
      for (const Strength strength : {Strength::none, Strength::weak, Strength::medium, Strength::strong}) {
        Rule other = rule;
        other.strength = strength;
        EXPECT_EQ(apply_rule(other, fitting_metric(rule), profile, kBudget).standing,
                  strength == Strength::strong ? Standing::ruled_out : Standing::queued)
            << name(strength);
      }
      // Not measured, it speaks against nothing.
      Profile unknown = fitting(rule);
      if (!unknown.find(condition.figure)) {
        EXPECT_EQ(apply_rule(rule, fitting_metric(rule), unknown, kBudget).standing, Standing::kept);
      }
      ++against;
    }
  EXPECT_GE(against, 13);
}

TEST(Rules, AreForTheirMetrics) {
  for (const Rule& rule : rules_list()) {
    if (rule.metrics.empty() || *rule.untried) continue;
    for (const std::string& metric : metrics::metric_names(task_of(rule.task).name)) {
      const bool fits = std::any_of(rule.metrics.begin(), rule.metrics.end(),
                                    [&](MetricKind kind) { return is_of_kind(metric, kind); });
      const Ruling ruling = apply_rule(rule, metric, fitting(rule), kBudget);
      EXPECT_EQ(ruling.standing, fits ? Standing::kept : Standing::ruled_out) << rule.loss << " by " << metric;
      if (!fits) {
        EXPECT_NE(ruling.why.find(metric), std::string::npos) << ruling.why;
      }
    }
  }
}

TEST(Rules, TellTheFigureAndTheThreshold) {
  using enum TaskKind;
  using enum Standing;
  std::set<std::string> read;
  const auto tells = [&](TaskKind task, const char* metric, const char* loss,
                         const std::vector<std::pair<const char*, double>>& figures, Standing standing,
                         const char* why) {
    const Ruling ruling = ruling_of(apply_rules(task_of(task), metric, profile_with(figures), kBudget), loss);
    EXPECT_EQ(ruling.standing, standing) << loss;
    EXPECT_EQ(ruling.why, why);
    for (const auto& [figure, value] : figures) read.insert(figure);
  };
  tells(classify, "accuracy", "focal", {{"imbalance_ratio", 2.1}}, queued,
        "largest class 2.1 times the smallest, tried from 10 on");
  tells(classify, "accuracy", "focal", {{"imbalance_ratio", 9.96}}, queued,
        "largest class 9.96 times the smallest, tried from 10 on");
  tells(classify, "accuracy", "focal", {{"imbalance_ratio", 1234.5}}, kept,
        "largest class 1,235 times the smallest, tried from 10 on");
  tells(classify, "accuracy", "focal", {}, queued, "imbalance was not measured, tried from 10 on");
  tells(classify, "accuracy", "focal", {{"imbalance_ratio", 31.4}, {"noise_ceiling", 0.1234}}, queued,
        "12% of the most confident answers disagree with their label, advised against from 10% on");
  tells(classify, "macro_f1", "logit_adjusted", {{"imbalance_ratio", 1.5}}, queued,
        "largest class 1.5 times the smallest, advised against below 3");
  tells(classify, "accuracy", "logit_adjusted", {{"imbalance_ratio", 31.4}}, ruled_out,
        "it is for metrics in which rare classes count as frequent ones do, and accuracy is what is chosen by");
  tells(classify, "accuracy", "generalized_ce", {{"noise_ceiling", 0.07}, {"classes", 77}}, queued,
        "7% of the most confident answers disagree with their label, tried from 10% on; 77 classes, tried up to 20");
  tells(classify, "accuracy", "generalized_ce", {{"noise_ceiling", 0.0}, {"classes", 4}}, queued,
        "0% of the most confident answers disagree with their label, advised against below 5%");
  tells(classify, "accuracy", "0.5*cross_entropy + 0.5*oll", {{"classes", 5}, {"grades", 1}, {"order_veto", 0.617}},
        queued, "answers no nearer to their grade than by chance with p = 0.62, advised against from 0.5 on");
  tells(classify, "accuracy", "square", {{"classes", 77}}, queued, "77 classes, tried up to 41");
  tells(classify, "accuracy", "square(m=15)", {{"classes", 77}}, kept, "77 classes, tried from 42 on");
  tells(classify, "accuracy", "0.7*cross_entropy + 0.3*supcon", {{"rows", 2000}, {"rare_rows", 0.034}}, queued,
        "2,000 rows, tried up to 1,000; or 3.4% of the rows in classes under 20 rows, tried from 50% on");
  tells(classify, "accuracy", "0.7*cross_entropy + 0.3*supcon", {{"rows", 300}, {"rare_rows", 0}}, kept,
        "300 rows, tried up to 1,000");
  tells(classify, "accuracy", "0.7*cross_entropy + 0.3*supcon", {{"rows", 12'345}, {"rare_rows", 0.9}}, queued,
        "12,345 rows, advised against from 10,000 on");
  tells(classify, "accuracy", "cross_entropy(label_smoothing=0.1)", {{"drift", 0.52}, {"noise_ceiling", 0.3}}, queued,
        "early rows told from late ones with an AUC of 0.52, tried from 0.6 on; or 30% of the most confident answers "
        "disagree with their label, tried from 5% to 20%");
  tells(classify, "accuracy", "cross_entropy(label_smoothing=0.1)", {{"drift", 0.7}, {"noise_ceiling", 0.3}}, kept,
        "early rows told from late ones with an AUC of 0.7, tried from 0.6 on");
  tells(classify, "log_loss", "cross_entropy(label_smoothing=0.1)", {}, kept, "it asks nothing of the data");
  tells(multilabel, "micro_f1", "asymmetric", {{"density", 0.151}}, queued,
        "15% of the labels hold in a row, tried below 3%");
  tells(multilabel, "micro_f1", "distribution_balanced", {{"imbalance_ratio", 44}}, queued,
        "most frequent label 44 times the rarest, tried from 50 on");
  tells(regress, "spearman", "huber", {{"score_deviation", 0.236}}, queued, "scores deviate by 0.24, tried from 1 on");
  tells(tag, "entity_f1", "crf", {{"illegal_tags", 0.00123}}, queued,
        "0.12% of the words answered by an I- that continues nothing, tried from 0.5% on");
  tells(tag, "entity_f1", "focal", {{"entity_words", 0.166}}, queued,
        "17% of the words stand in entities, tried below 10%");
  for (const Rule& rule : rules_list())
    for (const auto* conditions : {&rule.in_if, &rule.out_if})
      for (const Condition& condition : *conditions)
        EXPECT_TRUE(read.contains(condition.figure)) << condition.figure << " is read and never looked at here";
}

TEST(Rules, RuleOutOrderWhereThereIsNone) {
  const Task& classify = task_of(TaskKind::classify);
  const auto ruling = [&](const Profile& profile, const char* loss) {
    return ruling_of(apply_rules(classify, "quadratic_kappa", profile, kBudget), loss);
  };
  for (const char* loss : {"oll", "corn", "coral", "0.5*cross_entropy + 0.5*emd", "0.5*cross_entropy + 0.5*oll"}) {
    SCOPED_TRACE(loss);
    EXPECT_EQ(ruling(profile_with({{"classes", 5}, {"grades", 1}}), loss).standing, Standing::kept);
    for (const Profile& profile :
         {profile_with({{"classes", 5}, {"grades", 0}}), profile_with({{"classes", 2}, {"grades", 1}}),
          profile_with({{"classes", 5}}), profile_with({{"grades", 1}})}) {
      const Ruling out = ruling(profile, loss);
      EXPECT_EQ(out.standing, Standing::ruled_out);
      EXPECT_TRUE(out.why.starts_with("it reads labels as grades in order")) << out.why;
    }
  }
  const Profile grades = profile_with({{"classes", 5}, {"grades", 1}});
  EXPECT_EQ(ruling_of(apply_rules(classify, "accuracy", grades, kBudget), "oll").standing, Standing::ruled_out);
  EXPECT_EQ(ruling_of(apply_rules(classify, "accuracy", grades, kBudget), "0.5*cross_entropy + 0.5*oll").standing,
            Standing::kept);
  for (const char* loss : {"oll", "corn", "coral", "emd"})
    EXPECT_EQ(ruling_of(apply_rules(task_of(TaskKind::tag), "entity_f1", grades, kBudget), loss).why,
              "it reads labels as grades in order, and tags have none");
}

TEST(Rules, SendWhatCostsTwiceToTheEndOfASmallBudget) {
  const Task& classify = task_of(TaskKind::classify);
  const Profile profile = profile_with({{"classes", 4}, {"imbalance_ratio", 2}});
  const std::string loss = "r_drop(cross_entropy)";
  EXPECT_EQ(ruling_of(apply_rules(classify, "accuracy", profile, 8), loss).standing, Standing::kept);
  for (const double budget : {2.0, 7.9}) {
    const auto rulings = apply_rules(classify, "accuracy", profile, budget);
    EXPECT_EQ(ruling_of(rulings, loss).standing, Standing::queued);
    EXPECT_GT(place_of(rulings, loss), place_of(rulings, "generalized_ce"))
        << "behind conditions that are not met, though its evidence is stronger";
    EXPECT_LT(place_of(rulings, loss), place_of(rulings, "flooding(cross_entropy)")) << "before those without a rule";
  }
  EXPECT_EQ(ruling_of(apply_rules(classify, "accuracy", profile, 2), loss).why,
            "a run costs 2 plain ones and the budget is 2, tried from 8 on");
  for (const TaskKind kind : {TaskKind::classify, TaskKind::multilabel, TaskKind::regress, TaskKind::tag})
    for (const Ruling& ruling :
         apply_rules(task_of(kind), std::string(metrics::default_best_metric(task_of(kind).name)), profile, 2))
      if (ruling.loss.starts_with("r_drop") || ruling.loss.starts_with("fgm")) {
        ASSERT_TRUE(ruling.rule) << "its price would be lost";
        EXPECT_EQ(ruling.rule->price, 2);
        EXPECT_EQ(ruling.standing, Standing::queued);
      }
}

TEST(Rulings, HaveEveryLossOfTheCatalogueOnce) {
  for (const Task& task : tasks::task_list()) {
    SCOPED_TRACE(task.name);
    const std::string plain = losses::default_loss(task.loss);
    const auto rulings = apply_rules(task, std::string(metrics::default_best_metric(task.name)),
                                     profile_with({{"classes", 5}, {"grades", 1}}), kBudget);
    std::set<std::string> losses;
    for (const Ruling& ruling : rulings) {
      EXPECT_TRUE(losses.insert(ruling.loss).second) << ruling.loss << " stands there twice";
      EXPECT_NE(ruling.why, "") << ruling.loss;
      EXPECT_NE(ruling.loss, plain);
      if (ruling.rule) {
        EXPECT_EQ(ruling.rule->task, task.kind);
        EXPECT_EQ(ruling.loss, ruling.rule->loss);
      }
    }
    for (const LossEntry* entry : losses::loss_list()) {
      if (entry->name == plain) continue;
      int by_rule = 0, without = 0;
      for (const Ruling& ruling : rulings) {
        const auto entries = entries_in(ruling.loss);
        if (std::find(entries.begin(), entries.end(), entry) != entries.end()) ++(ruling.rule ? by_rule : without);
      }
      EXPECT_EQ(without, by_rule > 0 ? 0 : 1) << entry->name;
    }
    for (const std::string& strategy : losses::strategy_names()) {
      int times = 0;
      for (const Ruling& ruling : rulings)
        if (losses::parse_loss(ruling.loss, losses::strategy_names()).strategy.name == strategy) ++times;
      EXPECT_EQ(times, 1) << strategy;
    }
    for (const Rule& rule : rules_list()) {
      if (rule.task == task.kind) {
        EXPECT_TRUE(losses.contains(rule.loss)) << rule.loss;
      }
    }
  }
}

TEST(Rulings, OfLossesWithoutARule) {
  const Profile profile = profile_with({{"classes", 5}});
  struct Case {
    const char* task;
    const char* loss;
    Standing standing;
    const char* why;
  };
  const char* nothing = "no public evidence for text fine-tuning was found";
  const char* teacher = "it learns from another model (--teacher), and none is given";
  for (const Case& each : std::vector<Case>{
           {"classify", "cross_entropy + 0.0001*z_loss", Standing::queued, nothing},
           {"classify", "0.7*cross_entropy + 0.3*batch_triplet", Standing::queued, nothing},
           {"classify", "l2_sp(cross_entropy)", Standing::queued, nothing},
           {"classify", "distill", Standing::ruled_out, teacher},
           {"classify", "distill_hidden", Standing::ruled_out, teacher},
           {"classify", "crf", Standing::ruled_out, "crf: it is for tags of words in sentences (--task tag)"},
           {"classify", "dice", Standing::ruled_out, "it is for labels, this task has classes"},
           {"multilabel", "distill_labels", Standing::ruled_out, teacher},
           {"multilabel", "supcon", Standing::ruled_out, "it is for embeddings, this task has labels"},
           {"multilabel", "cross_entropy", Standing::ruled_out, "it is for classes, this task has labels"},
           {"regress", "log_cosh", Standing::queued, nothing},
           {"regress", "distill_score", Standing::ruled_out, teacher},
           {"tag", "poly1", Standing::queued, nothing},
           {"tag", "dice", Standing::ruled_out, "it is for labels, this task has classes"},
           {"tag", "early_learning", Standing::ruled_out,
            "early_learning: it remembers an answer for each training row, and tags have one for each word"},
           {"embed", "triplet", Standing::queued, nothing},
       }) {
    const Task& task = tasks::task_named(each.task);
    const Ruling ruling =
        ruling_of(apply_rules(task, std::string(metrics::default_best_metric(task.name)), profile, kBudget), each.loss);
    EXPECT_EQ(ruling.standing, each.standing) << each.task << ", " << each.loss;
    EXPECT_EQ(ruling.why, each.why) << each.task << ", " << each.loss;
    EXPECT_FALSE(ruling.rule);
  }
}

// Kept: as measured, by strength, then as listed; queued: not met, spoken against, without a rule; then what is ruled
// out.
TEST(Rulings, StandInTheOrderInWhichTheyAreTried) {
  const Task& classify = task_of(TaskKind::classify);
  const Profile profile =
      profile_with({{"rows", 5000}, {"classes", 5}, {"grades", 1}, {"imbalance_ratio", 20}, {"noise_ceiling", 0.02}});
  const auto rulings = apply_rules(classify, "macro_f1", profile, kBudget);
  std::vector<std::string> kept;
  for (size_t at = 0; at < rulings.size(); ++at) {
    if (rulings[at].standing == Standing::kept) kept.push_back(rulings[at].loss);
    if (at > 0) {
      EXPECT_LE(rulings[at - 1].standing, rulings[at].standing);
    }
  }
  EXPECT_EQ(kept, (std::vector<std::string>{"logit_adjusted", "focal", "0.5*cross_entropy + 0.5*oll", "square",
                                            "r_drop(cross_entropy)", "cross_entropy(weights=balanced)",
                                            "fgm(cross_entropy)", "poly1"}));
  const std::vector<std::string> in_turn{"square(m=15)", "generalized_ce", "l2_sp(cross_entropy)", "oll"};
  for (size_t at = 1; at < in_turn.size(); ++at)
    EXPECT_LT(place_of(rulings, in_turn[at - 1]), place_of(rulings, in_turn[at])) << in_turn[at];

  const auto again = apply_rules(classify, "macro_f1", profile, kBudget);
  ASSERT_EQ(again.size(), rulings.size());
  for (size_t at = 0; at < rulings.size(); ++at) {
    EXPECT_EQ(again[at].loss, rulings[at].loss);
    EXPECT_EQ(again[at].why, rulings[at].why);
  }
}

TEST(Rulings, OfWhatMayBeTriedCanBeTrained) {
  for (const Task& task : tasks::task_list())
    for (const int64_t labels : {2, 5, 77}) {
      const bool scores = task.loss == losses::TargetKind::scores;
      const losses::LossFacts facts = facts_of(task, scores ? 1 : labels);
      const Profile profile = profile_with({{"classes", static_cast<double>(labels)}, {"grades", labels > 2 ? 1 : 0}});
      for (const std::string& metric : metrics::metric_names(task.name))
        for (const Ruling& ruling : apply_rules(task, metric, profile, kBudget))
          if (ruling.standing != Standing::ruled_out) {
            EXPECT_NO_THROW(losses::make_objective(ruling.loss, task.loss, facts))
                << ruling.loss << ", " << labels << " labels";
          }
    }
}

TEST(MetricKinds, HaveTheirMetrics) {
  const auto of_kind = [](MetricKind kind) {
    std::set<std::string_view> names;
    for (const auto& info : metrics::known_metrics())
      if (is_of_kind(info.name, kind)) names.insert(info.name);
    return names;
  };
  using Names = std::set<std::string_view>;
  EXPECT_EQ(of_kind(MetricKind::any).size(), metrics::known_metrics().size());
  EXPECT_EQ(of_kind(MetricKind::class_means), (Names{"entity_macro_f1", "f1", "macro_f1", "macro_precision",
                                                     "macro_recall", "mcc", "precision", "recall", "token_macro_f1"}));
  EXPECT_EQ(of_kind(MetricKind::ordinal), (Names{"label_mae", "quadratic_kappa"}));
  EXPECT_EQ(of_kind(MetricKind::probabilities),
            (Names{"auroc", "auroc_micro", "average_precision", "average_precision_micro", "ece", "log_loss"}));
  EXPECT_EQ(of_kind(MetricKind::labels_f1), (Names{"macro_f1", "micro_f1", "samples_f1", "weighted_f1"}));
  EXPECT_EQ(of_kind(MetricKind::entities),
            (Names{"entity_f1", "entity_f1_strict", "entity_macro_f1", "entity_precision", "entity_recall"}));
  const Names decisions = of_kind(MetricKind::decisions);
  for (const char* metric : {"accuracy", "label_mae", "hamming_loss", "entity_f1", "micro_f1", "mcc", "token_accuracy"})
    EXPECT_TRUE(decisions.contains(metric)) << metric;
  for (const char* metric : {"loss", "log_loss", "auroc", "mae", "rmse", "r2", "pearson", "spearman", "ndcg_10", "map"})
    EXPECT_FALSE(decisions.contains(metric)) << metric;
  EXPECT_FALSE(is_of_kind("speed", MetricKind::decisions));
  EXPECT_TRUE(is_of_kind("speed", MetricKind::any));
}

TEST(MetricKinds, AndStrengthsHaveNames) {
  EXPECT_STREQ(name(Strength::none), "none");
  EXPECT_STREQ(name(Strength::weak), "weak");
  EXPECT_STREQ(name(Strength::medium), "medium");
  EXPECT_STREQ(name(Strength::strong), "strong");
}

// Prices that the metric gives are the loss's too.
TEST(Rules, AMetricOfPricesBringsItsLoss) {
  const std::string metric = "cost([[0, 9], [1, 0]])";
  Profile profile;
  profile.set({.name = "classes", .title = "classes", .value = 2});
  const auto rulings = apply_rules(tasks::task_named("classify"), metric, profile, 8);
  const auto with = std::find_if(rulings.begin(), rulings.end(), [](const Ruling& each) {
    return each.loss.find("cost_sensitive") != std::string::npos;
  });
  ASSERT_NE(with, rulings.end());
  EXPECT_EQ(with->standing, Standing::kept) << with->why;
  EXPECT_EQ(with->loss, "0.5*cross_entropy + 0.5*cost_sensitive(costs=[[0, 9], [1, 0]])");
  losses::make_objective(with->loss, losses::TargetKind::classes, {.labels = 2, .counts = {1, 1}, .items = 2});
}

}  // namespace
}  // namespace attune::selection
