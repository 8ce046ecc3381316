// Two choices with everything in them, hostile names included: corrections alone (--budget 1), and a race with a
// finalist (--budget 8).
#pragma once
#include <fmt/format.h>
#include <string>
#include <vector>

#include "attune/selection/choice.h"

namespace attune::selection {

inline const char* const kHostileLabel = "<script>alert(\"1\")</script> & 'x'";
inline const char* const kHostileFile = "data/<b onload='x'>.csv";

// Blocks in which the first side is `differences` better, on 1,600 rows each.
inline Judgement judged(const std::string& first, const std::string& second, const std::vector<double>& differences,
                        double rows_variance, double worth) {
  Judgement out;
  out.first = first, out.second = second;
  const auto blocks = static_cast<double>(differences.size());
  out.seen.differences = {.by_block = differences,
                          .block_variance = rows_variance,
                          .mean_variance = rows_variance / blocks,
                          .units = 1600 * blocks};
  out.seen.distinct_rows = static_cast<int64_t>(1600 * blocks);
  for (const double difference : differences) {
    const double noise = 0.003 * static_cast<double>(out.seen.blocks.size());
    out.seen.blocks.push_back({.first = 0.812 + noise + difference,
                               .second = 0.812 + noise,
                               .rows = 1600,
                               .only_first_right = 61,
                               .only_second_right = 48});
    out.gained += 61, out.lost += 48;
  }
  out.verdict = compare::judge(out.seen.differences, {.worth = worth});
  out.classes = {{"card_arrival", 212, 0.861, 0.802},
                 {kHostileLabel, 35, 0.514, 0.466},
                 {"查询余额", 12, 0.583, 0.667},
                 {"transfer_not_received_by_recipient_or_declined_later", 140, 0.842, 0.871}};
  out.changed = {{"train.csv line 812", "card_arrival", "card_arrival", "lost_or_stolen_card", 3},
                 {std::string(kHostileFile) + " line 9", kHostileLabel, "top_up", kHostileLabel, 2}};
  return out;
}

// The same, of runs that were answered in two ways.
inline Judgement judged_twice(const std::vector<double>& differences, double rows_variance, double worth) {
  Judgement out = judged("cross_entropy with corrections", "cross_entropy", differences, rows_variance, worth);
  out.same_runs = true;
  out.verdict = compare::judge(out.seen.differences, {.worth = worth, .same_models = true});
  return out;
}

inline const std::vector<Rule>& sample_rules() {
  static const std::vector<Rule> rules = {
      {.loss = "square",
       .task = tasks::TaskKind::classify,
       .strength = Strength::medium,
       .evidence = "As good as cross-entropy or better in most of 28 tasks, text among them.",
       .source = "Hui & Belkin 2021, arXiv 2006.07322"},
      {.loss = "focal(gamma=2)",
       .task = tasks::TaskKind::classify,
       .strength = Strength::weak,
       .evidence = "No comparison on fine-tuned text models was found.",
       .source = "Lin et al. 2017, arXiv 1708.02002 (proposers, images)",
       .measured = {{{"a set, macro F1", "2026-11-20"}, 2.5, 0.5}}},
      {.loss = "cost_sensitive",
       .task = tasks::TaskKind::classify,
       .strength = Strength::none,
       .evidence = "Theory alone.",
       .source = "Elkan 2001 (IJCAI)"}};
  return rules;
}

inline Profile sample_profile() {
  Profile profile;
  profile.set({.name = "rows", .title = "rows", .value = 8000, .unit = FigureUnit::count, .n = 8000});
  profile.set({.name = "imbalance_ratio",
               .title = "largest class against smallest",
               .value = 34.2,
               .unit = FigureUnit::ratio,
               .n = 77});
  profile.set({.name = "noise_ceiling",
               .title = "labels that disagree with the surest held-out answers",
               .value = 0.043,
               .unit = FigureUnit::share,
               .n = 1280,
               .interval = metrics::Interval{0.033, 0.056},
               .note = "of the surest fifth of each predicted class: noise on hard rows is not seen by it"});
  profile.set({.name = "label_bits", .title = "what labels hold", .value = 5.87, .unit = FigureUnit::bits, .n = 8000});
  profile.set({.name = "order",
               .title = "confusions that keep the order of labels",
               .unit = FigureUnit::number,
               .n = 0,
               .note = "labels are no numbers: no order is known"});
  profile.warnings = {"1,112 of 8,000 rows stand twice with another label: look at them before any loss"};
  profile.suspicious = {
      {"train.csv line 812", "the same text stands in train.csv line 3 as 'top_up'", 0.97, "card_arrival", "top_up"},
      {std::string(kHostileFile) + " line 9", "ranked last of 8,000", 0.91, kHostileLabel, ""}};
  return profile;
}

inline std::vector<Ruling> sample_rulings() {
  const std::vector<Rule>& rules = sample_rules();
  return {{&rules[0], "square", Standing::kept, "77 classes, tried up to 100"},
          {&rules[1], "focal(gamma=2)", Standing::kept, "largest class 34.2 times the smallest, tried from 10 on"},
          {nullptr, "label_smoothing", Standing::queued, "no rule"},
          {nullptr, "poly", Standing::queued, "no rule"},
          {&rules[2], "cost_sensitive", Standing::ruled_out, "it wants the price of each mistake"},
          {nullptr, "crf", Standing::ruled_out, "of other tasks"},
          {nullptr, "zlpr", Standing::ruled_out, "of other tasks"}};
}

inline Choice sample_base(const std::string& metric = "macro_f1") {
  Choice choice;
  choice.model = "nanobert-base", choice.task = "classify", choice.metric = metric;
  choice.loss = choice.plain_loss = "cross_entropy";
  return choice;
}

inline Choice sample_measured() {
  Choice choice = sample_base();
  choice.files = {"train.csv", kHostileFile};
  choice.worth = 0.005;
  choice.pool_rows = 8000, choice.train_rows = 6400, choice.judge_rows = 1600;
  choice.profile = sample_profile();
  choice.rulings = sample_rulings();
  return choice;
}

// --budget 1: the same run, answered in two ways.
inline Choice sample_corrections() {
  Choice choice = sample_measured();
  choice.sentence =
      "Nothing is shown to be better than cross_entropy as it is: one run cannot show what the next will do.";
  choice.plan = "corrections alone, 1 run of 2 min 1 s; a gain of 1.1 points would be seen";
  choice.runs = {{.name = "verdict-1",
                  .loss = "cross_entropy",
                  .purpose = "verdict 1",
                  .rate = 5e-5,
                  .epochs = 3,
                  .seed = 1,
                  .plain = 0.812,
                  .corrected = 0.8173,
                  .correction = "prior +0.35",
                  .seconds = 118.2}};
  choice.judgements = {judged_twice({0.0053}, 9e-6, choice.worth)};
  choice.outlook = Outlook{
      .what = "a race of 6 losses (--budget 8)", .runs = 8, .seconds = 950, .visible = 0.019, .undecided = 0.87};
  choice.seconds = 121;
  return choice;
}

// --budget 8: six arms, one of which failed, one finalist, undecided; corrections that pay.
inline Choice sample_choice() {
  Choice choice = sample_measured();
  choice.budget = 8;
  choice.sentence =
      "Take cross_entropy with corrections: a prior of +0.35 is worth 1.38 points (95% interval 0.76 to 2.00). No "
      "other loss is shown to be better; whether square is remains undecided, which does not mean equal.";
  choice.plan = "6 arms raced at 0.3 of the epochs, 1 finalist in 3 blocks: 8 plain runs, about 16 min";
  choice.corrections_pay = choice.corrections_taken = true;
  choice.correction = "a prior of +0.35, of the last block";
  choice.judgements = {
      judged_twice({0.0128, 0.0161, 0.0124}, 3e-5, choice.worth),
      judged("square with corrections", "cross_entropy with corrections", {0.012, -0.004, 0.009}, 8e-5, choice.worth)};
  choice.judgements[1].seen.notes = {"12 of 77 labels have fewer than 10 rows in runs/verdict-1: they weigh as much"};
  choice.race = {{.arm = "cross_entropy", .value = 0.784},
                 {.arm = "square",
                  .value = 0.8019,
                  .difference = 0.018,
                  .low = 0.003,
                  .high = 0.033,
                  .shrunk = 0.0104,
                  .finalist = true},
                 {"cross_entropy at twice the rate", false, 0.795, 0.011, -0.002, 0.024, 0.0069},
                 {"focal(gamma=2)", false, 0.782, -0.002, -0.016, 0.012, -0.0011},
                 {"balanced_softmax", false, 0.771, -0.013, -0.028, 0.002, -0.0068},
                 {"ldam(max_margin=0.5, scale=30)", false, 0.688, -0.096, -0.121, -0.071, -0.036},
                 {.arm = "gce(q=0.7)", .value = 0.013, .difference = -0.77, .failed = true}};
  for (const RaceLine& line : choice.race)
    choice.runs.push_back({.name = "race-" + std::to_string(choice.runs.size() + 1),
                           .loss = line.arm,
                           .purpose = "race",
                           .rate = 5e-5,
                           .epochs = 1,
                           .seed = 1,
                           .plain = line.value - 0.006,
                           .corrected = line.value,
                           .correction = line.failed ? "" : "prior +0.30",
                           .seconds = 38.5,
                           .failed = line.failed,
                           .failure = line.failed ? "one answer for every row" : ""});
  for (int block = 1; block <= 3; ++block)
    for (const char* loss : {"cross_entropy", "square"})
      choice.runs.push_back({.name = fmt::format("verdict-{}-{}", block, loss),
                             .loss = loss,
                             .purpose = fmt::format("verdict {}", block),
                             .rate = 5e-5,
                             .epochs = 3,
                             .seed = static_cast<uint64_t>(block + 1),
                             .plain = 0.812,
                             .corrected = 0.826,
                             .correction = "prior +0.35",
                             .seconds = 117});
  choice.outlook = Outlook{.what = "two finalists in 5 blocks (--budget 30)",
                           .runs = 30,
                           .seconds = 3560,
                           .visible = 0.011,
                           .undecided = 0.72};
  choice.seconds = 951;
  choice.notes = {"data/" + std::string(kHostileLabel) + " has 35 rows"};
  choice.test = Choice::Test{
      .file = "test.csv", .rows = 3080, .plain = 0.809, .chosen = 0.8214, .interval = metrics::Interval{0.806, 0.837}};
  return choice;
}

}  // namespace attune::selection
