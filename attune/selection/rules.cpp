#include "attune/selection/rules.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>

#include "attune/base/error.h"
#include "attune/losses/language/expression.h"
#include "attune/losses/language/make_objective.h"
#include "attune/losses/loss_list.h"
#include "attune/metrics/catalog.h"
#include "attune/metrics/costs.h"
#include "attune/report/format.h"

namespace attune::selection {
namespace {

// How a figure is said: with its value in place of {}, and by name where it was not measured.
struct FigureWords {
  const char* figure;
  const char* said;
  const char* name;
  FigureUnit unit;
};

constexpr FigureWords kWords[] = {
    {"classes", "{} classes", "the number of classes", FigureUnit::count},
    {"density", "{} of the labels hold in a row", "the share of labels that hold in a row", FigureUnit::share},
    {"drift", "early rows told from late ones with an AUC of {}", "drift", FigureUnit::number},
    {"entity_words", "{} of the words stand in entities", "the share of words in entities", FigureUnit::share},
    {"illegal_tags", "{} of the words answered by an I- that continues nothing", "the share of illegal tags",
     FigureUnit::share},
    {"imbalance_ratio", "largest class {} times the smallest", "imbalance", FigureUnit::ratio},
    {"noise_ceiling", "{} of the most confident answers disagree with their label", "the noise ceiling",
     FigureUnit::share},
    {"order_veto", "answers no nearer to their grade than by chance with p = {}", "whether confusions look like grades",
     FigureUnit::number},
    {"rare_rows", "{} of the rows in classes under 20 rows", "the share of rows in rare classes", FigureUnit::share},
    {"rows", "{} rows", "the number of rows", FigureUnit::count},
    {"score_deviation", "scores deviate by {}", "the scores' deviation", FigureUnit::number},
};

// Of labels that may hold together.
constexpr FigureWords kLabelImbalance{"imbalance_ratio", "most frequent label {} times the rarest", "imbalance",
                                      FigureUnit::ratio};

const FigureWords& words_of(std::string_view figure, tasks::TaskKind task) {
  if (task == tasks::TaskKind::multilabel && figure == kLabelImbalance.figure) return kLabelImbalance;
  const auto found = std::find_if(std::begin(kWords), std::end(kWords),
                                  [&](const FigureWords& each) { return figure == each.figure; });
  ATTUNE_CHECK(found != std::end(kWords), "a rule reads '{}', for which there are no words", figure);
  return *found;
}

// With so many significant digits, and no zeros that say nothing: "2.1", "12%", "1,000".
std::string number_text(double value, FigureUnit unit, int digits) {
  if (unit == FigureUnit::count) return report::count(std::llround(value));
  const double shown = unit == FigureUnit::share ? 100 * value : value;
  const double size = shown == 0 ? 0 : std::floor(std::log10(std::abs(shown)));
  const int decimals = std::max(0, digits - 1 - static_cast<int>(size));
  std::string text = decimals > 0 ? report::fixed(shown, decimals) : report::count(std::llround(shown));
  if (decimals > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text + (unit == FigureUnit::share ? "%" : "");
}

constexpr int kThresholdDigits = 6;

// With as many digits as keep a value beside its threshold from looking like it.
std::string value_text(double value, const Condition& condition, FigureUnit unit) {
  std::string text;
  for (int digits = 2; digits <= kThresholdDigits; ++digits) {
    text = number_text(value, unit, digits);
    const auto looks_like = [&](double threshold) {
      return std::isfinite(threshold) && value != threshold && text == number_text(threshold, unit, kThresholdDigits);
    };
    if (!looks_like(condition.at_least) && !looks_like(condition.below)) break;
  }
  return text;
}

// "from 10 on", "up to 20", "below 5%", "from 5% to 20%".
std::string range_text(const Condition& condition, FigureUnit unit) {
  const auto threshold = [&](double value) { return number_text(value, unit, kThresholdDigits); };
  const bool counts = unit == FigureUnit::count;
  const double last = counts ? condition.below - 1 : condition.below;
  if (!std::isfinite(condition.below)) return "from " + threshold(condition.at_least) + " on";
  if (std::isfinite(condition.at_least)) return "from " + threshold(condition.at_least) + " to " + threshold(last);
  return (counts ? "up to " : "below ") + threshold(last);
}

bool holds(const Condition& condition, const Profile& profile) {
  const double value = profile.value(condition.figure);
  return value >= condition.at_least && value < condition.below;
}

// "largest class 2.1 times the smallest, tried from 10 on"
std::string said(const Condition& condition, tasks::TaskKind task, const Profile& profile, const char* verb) {
  const FigureWords& words = words_of(condition.figure, task);
  const std::string range = fmt::format("{} {}", verb, range_text(condition, words.unit));
  const double value = profile.value(condition.figure);
  if (std::isnan(value)) return fmt::format("{} was not measured, {}", words.name, range);
  return fmt::format("{}, {}", fmt::format(fmt::runtime(words.said), value_text(value, condition, words.unit)), range);
}

void add(std::string& text, const std::string& part, std::string_view between = "; ") {
  if (!text.empty()) text += between;
  text += part;
}

const char* words(MetricKind kind) {
  switch (kind) {
    case MetricKind::any:
      return "any";
    case MetricKind::class_means:
      return "in which rare classes count as frequent ones do";
    case MetricKind::ordinal:
      return "of how far off a grade is";
    case MetricKind::probabilities:
      return "of probabilities";
    case MetricKind::decisions:
      return "of decisions";
    case MetricKind::labels_f1:
      return "of labels' F1";
    case MetricKind::entities:
      return "of whole entities";
  }
  return "";
}

std::string why_not_metric(const std::vector<MetricKind>& kinds, const std::string& metric) {
  std::string of;
  for (const MetricKind kind : kinds) {
    if (is_of_kind(metric, kind)) return "";
    add(of, words(kind), " or ");
  }
  return kinds.empty() ? "" : fmt::format("it is for metrics {}, and {} is what is chosen by", of, metric);
}

std::vector<const losses::LossEntry*> entries_in(const std::string& loss) {
  std::vector<const losses::LossEntry*> entries;
  for (const auto& term : losses::parse_loss(loss, losses::strategy_names()).terms)
    entries.push_back(&losses::loss_named(term.call.name));
  return entries;
}

// "0.5*cross_entropy + 0.5*cost_sensitive" with the metric's prices as its costs.
std::string with_prices(std::string loss, const std::string& metric) {
  constexpr std::string_view kTerm = "cost_sensitive";
  const std::string prices = metric.substr(metric.find('(') + 1, metric.rfind(')') - metric.find('(') - 1);
  return loss.insert(loss.find(kTerm) + kTerm.size(), "(costs=" + prices + ")");
}

// For losses that read the order of labels.
std::string why_no_order(tasks::TaskKind task, const Profile& profile) {
  if (task == tasks::TaskKind::tag) return "it reads labels as grades in order, and tags have none";
  const double grades = profile.value("grades"), classes = profile.value("classes");
  if (std::isnan(grades)) return "it reads labels as grades in order; whether these are was not measured";
  if (grades < 1) return "it reads labels as grades in order, and these are not said to be any";
  if (!(classes >= 3))
    return fmt::format("it reads labels as grades in order; {}",
                       std::isnan(classes) ? "how many there are was not measured"
                                           : fmt::format("{} have none that could matter", classes));
  return "";
}

// The queue, from its head.
enum class Place { kept, unmet, advised_against, without_rule, ruled_out };

struct Placed {
  Ruling ruling;
  Place place;

  Strength strength() const { return ruling.rule ? ruling.rule->strength : Strength::none; }
  int leaning() const { return ruling.rule ? selection::leaning(ruling.rule->measured) : 0; }
};

Placed placed(const Rule* rule, std::string loss, Place place, std::string why) {
  const Standing standing = place == Place::kept        ? Standing::kept
                            : place == Place::ruled_out ? Standing::ruled_out
                                                        : Standing::queued;
  return {{.rule = rule, .loss = std::move(loss), .standing = standing, .why = std::move(why)}, place};
}

Placed place(const Rule& rule, const std::string& metric, const Profile& profile, double budget) {
  const auto at = [&](Place place, std::string why) { return placed(&rule, rule.loss, place, std::move(why)); };
  const auto entries = entries_in(rule.loss);
  if (std::any_of(entries.begin(), entries.end(), [](const auto* entry) { return entry->ordered; }))
    if (const std::string why = why_no_order(rule.task, profile); !why.empty()) return at(Place::ruled_out, why);
  if (rule.reads_prices && metrics::is_cost(metric))
    return placed(&rule, with_prices(rule.loss, metric), Place::kept, "the metric says what each mistake costs");
  if (*rule.untried) return at(Place::ruled_out, rule.untried);
  if (const std::string why = why_not_metric(rule.metrics, metric); !why.empty()) return at(Place::ruled_out, why);

  std::string against, unmet, met;
  for (const Condition& condition : rule.out_if)
    if (holds(condition, profile)) add(against, said(condition, rule.task, profile, "advised against"));
  if (!against.empty() && rule.strength == Strength::strong) return at(Place::ruled_out, against);
  if (rule.price > 1 && budget < kBudgetForDear)
    add(against, fmt::format("a run costs {} plain ones and the budget is {}, tried from {} on", rule.price, budget,
                             kBudgetForDear));
  for (const Condition& condition : rule.in_if)
    add(holds(condition, profile) ? met : unmet, said(condition, rule.task, profile, "tried"));
  if (!against.empty()) return at(Place::advised_against, against);
  if (!unmet.empty()) return at(Place::unmet, unmet);
  return at(Place::kept, met.empty() ? "it asks nothing of the data" : met);
}

// What is known of the training rows without reading them: enough to try whether a loss can be made.
losses::LossFacts facts_of(const tasks::Task& task, const Profile& profile) {
  const double classes = profile.value("classes");
  const int64_t labels = task.loss == losses::TargetKind::scores ? 1 : classes >= 2 ? std::llround(classes) : 2;
  losses::LossFacts facts{.labels = labels, .sequences = task.kind == tasks::TaskKind::tag, .score_high = 1};
  facts.items = static_cast<double>(labels);
  facts.counts.assign(static_cast<size_t>(labels), 1.0);
  for (int64_t label = 0; label < labels; ++label) facts.names.push_back(std::to_string(label));
  return facts;
}

// As a loss by itself is trained; some teach nothing alone.
std::string text_of(const losses::LossEntry& entry, const char* plain, losses::TargetKind kind) {
  if (entry.name == std::string_view("z_loss")) return fmt::format("{} + 0.0001*z_loss", plain);
  if (entry.fits != kind) return fmt::format("0.7*{} + 0.3*{}", plain, entry.name);
  return entry.name;
}

// "": the loss language makes it. Else the first line of what it says.
std::string why_not_made(const std::string& loss, const tasks::Task& task, const losses::LossFacts& facts) {
  try {
    losses::make_objective(loss, task.loss, facts);
    return "";
  } catch (const Error& error) {
    return error.message().substr(0, error.message().find('\n'));
  }
}

constexpr const char* kNoEvidence = "no public evidence for text fine-tuning was found";

Placed without_rule(const losses::LossEntry& entry, const tasks::Task& task, const Profile& profile,
                    const losses::LossFacts& facts) {
  const auto out = [&](std::string why) { return placed(nullptr, entry.name, Place::ruled_out, std::move(why)); };
  if (const std::string why = losses::why_unfit(entry, task.loss, facts); !why.empty())
    return out(why.substr(0, why.find("; those that fit")));  // those stand in the list
  if (entry.reads_teacher != losses::Teacher::nothing)
    return out("it learns from another model (--teacher), and none is given");
  if (entry.ordered)
    if (const std::string why = why_no_order(task.kind, profile); !why.empty()) return out(why);
  const std::string loss = text_of(entry, losses::default_loss(task.loss), task.loss);
  if (const std::string why = why_not_made(loss, task, facts); !why.empty()) return out(why);
  return placed(nullptr, loss, Place::without_rule, kNoEvidence);
}

// Of two rulings of a loss the better; both reasons where they are level.
void merge(Placed& before, Placed now) {
  if (now.place < before.place)
    before = std::move(now);
  else if (now.place == before.place && now.ruling.why != before.ruling.why)
    add(before.ruling.why, now.ruling.why, "; or ");
}

}  // namespace

const char* name(Strength strength) {
  switch (strength) {
    case Strength::none:
      return "none";
    case Strength::weak:
      return "weak";
    case Strength::medium:
      return "medium";
    case Strength::strong:
      return "strong";
  }
  return "";
}

bool is_of_kind(std::string_view metric, MetricKind kind) {
  if (kind == MetricKind::any) return true;
  if (metrics::is_cost(metric)) return kind == MetricKind::decisions;
  if (metrics::has_arguments(metric)) return kind == MetricKind::probabilities;
  const auto known = metrics::known_metrics();
  const auto info = std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.name == metric; });
  if (info == known.end()) return false;
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), metric) != names.end();
  };
  switch (kind) {
    case MetricKind::any:
      return true;
    case MetricKind::class_means:
      return metric.find("macro_") != std::string_view::npos || is_one_of({"f1", "precision", "recall", "mcc"});
    case MetricKind::ordinal:
      return is_one_of({"quadratic_kappa", "label_mae"});
    case MetricKind::probabilities:
      return metrics::reads_probabilities(metric);
    case MetricKind::decisions:
      return !metrics::reads_probabilities(metric) && metric != "loss" && info->tasks != "regress" &&
             info->tasks.find("embed") == std::string_view::npos;
    case MetricKind::labels_f1:
      return metric.ends_with("_f1") && info->tasks.find("multilabel") != std::string_view::npos;
    case MetricKind::entities:
      return metric.starts_with("entity_");
  }
  return false;
}

std::string calibrated(const Rule& rule) {
  std::string last;
  for (const MeasuredGain& gain : rule.measured) last = std::max(last, std::string(gain.on.date));
  return last;
}

int leaning(const std::vector<MeasuredGain>& measured) {
  // What a gain differs by from one draw of training rows to the next, beyond the error over seeds: at 40% of flipped
  // labels symmetric_ce gained 3.3 and -1.3 points on two draws, generalized_ce 1.8 and -2.3.
  constexpr double kBetweenDraws = 2;
  double sum = 0, weights = 0;
  for (const MeasuredGain& gain : measured) {
    const double weight = 1 / (gain.error * gain.error + kBetweenDraws * kBetweenDraws);
    sum += weight * gain.points, weights += weight;
  }
  const double z = weights > 0 ? sum / std::sqrt(weights) : 0;
  return z >= 2 ? 1 : z <= -2 ? -1 : 0;
}

Ruling apply_rule(const Rule& rule, const std::string& metric, const Profile& profile, double budget) {
  return place(rule, metric, profile, budget).ruling;
}

std::vector<Ruling> apply_rules(const tasks::Task& task, const std::string& metric, const Profile& profile,
                                double budget) {
  const char* plain = losses::default_loss(task.loss);
  const losses::LossFacts facts = facts_of(task, profile);
  std::vector<Placed> all;
  std::vector<std::string> covered{plain};
  for (const Rule& rule : rules_list()) {
    if (rule.task != task.kind) continue;
    Placed now = place(rule, metric, profile, budget);
    const auto same =
        std::find_if(all.begin(), all.end(), [&](const Placed& each) { return each.ruling.loss == rule.loss; });
    if (same != all.end()) {
      merge(*same, std::move(now));
      continue;
    }
    for (const losses::LossEntry* entry : entries_in(rule.loss)) covered.emplace_back(entry->name);
    covered.push_back(losses::parse_loss(rule.loss, losses::strategy_names()).strategy.name);
    all.push_back(std::move(now));
  }
  const auto is_covered = [&](std::string_view name) {
    return std::find(covered.begin(), covered.end(), name) != covered.end();
  };
  for (const losses::LossEntry* entry : losses::loss_list())
    if (!is_covered(entry->name)) all.push_back(without_rule(*entry, task, profile, facts));
  for (const std::string& strategy : losses::strategy_names()) {
    if (is_covered(strategy)) continue;
    const std::string loss = fmt::format("{}({})", strategy, plain), why = why_not_made(loss, task, facts);
    all.push_back(why.empty() ? placed(nullptr, loss, Place::without_rule, kNoEvidence)
                              : placed(nullptr, loss, Place::ruled_out, why));
  }
  std::stable_sort(all.begin(), all.end(), [](const Placed& a, const Placed& b) {
    return std::tuple(a.place, b.leaning(), b.strength()) < std::tuple(b.place, a.leaning(), a.strength());
  });
  std::vector<Ruling> rulings;
  for (Placed& each : all) rulings.push_back(std::move(each.ruling));
  return rulings;
}

}  // namespace attune::selection
