// The procedure from plan to choice, on runs that nobody trained (fake_runs.h): what is run, what is claimed, and above
// all what is not.
#include "attune/selection/judge.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "attune/metrics/catalog.h"
#include "attune/selection/arms.h"
#include "attune/selection/budget.h"
#include "attune/selection/run_jobs.h"

#include "tests/base/expect_error.h"
#include "tests/selection/fake_runs.h"

namespace attune::selection {
namespace {

std::vector<Job> of_purpose(const std::vector<Job>& jobs, const std::string& prefix) {
  std::vector<Job> found;
  std::copy_if(jobs.begin(), jobs.end(), std::back_inserter(found),
               [&](const Job& job) { return job.purpose.starts_with(prefix); });
  return found;
}

const Judgement& of_loss(const Choice& choice, const std::string& loss) {
  for (const Judgement& judgement : choice.judgements)
    if (!judgement.same_runs && judgement.first == loss) return judgement;
  ADD_FAILURE() << "no verdict on " << loss;
  return choice.judgements.at(0);
}

bool has_note(const Choice& choice, const std::string& text) {
  return std::any_of(choice.notes.begin(), choice.notes.end(),
                     [&](const std::string& note) { return note.find(text) != std::string::npos; });
}

// ---- without a race

TEST(Judge, OneRunJudgesCorrectionsAlone) {
  const World world{.seed = 3, .rows = 2000, .inner = 400, .bias = 1};
  const Plan plan = fake_plan(world, "1", {"no", "yes"});
  const Made one = made(world, plan);
  ASSERT_TRUE(one.choice);
  ASSERT_EQ(one.jobs.size(), 1U);
  EXPECT_EQ(one.jobs[0].name, "plain");
  EXPECT_EQ(one.jobs[0].seed, 7U);
  EXPECT_EQ(one.jobs[0].block, 0U);
  EXPECT_EQ(one.jobs[0].schedule, 1);
  ASSERT_EQ(one.choice->judgements.size(), 1U);
  EXPECT_TRUE(one.choice->judgements[0].same_runs);
  EXPECT_GT(one.choice->judgements[0].verdict.low, 0) << "the planted shift is taken back";
  EXPECT_TRUE(one.choice->corrections_pay);
  EXPECT_NE(one.choice->correction.find("cut"), std::string::npos);
  EXPECT_NE(one.choice->sentence.find("Corrections after training pay"), std::string::npos) << one.choice->sentence;
  // No loss is claimed to be anything.
  EXPECT_EQ(one.choice->loss, "cross_entropy");
  EXPECT_FALSE(one.choice->loss_is_proven);
  EXPECT_NE(one.choice->sentence.find("no other loss was tried"), std::string::npos) << one.choice->sentence;
  ASSERT_TRUE(one.choice->outlook);
  EXPECT_GT(one.choice->outlook->visible, 0);
  EXPECT_EQ(one.choice->runs[0].plain, one.choice->judgements[0].seen.blocks[0].second);
  EXPECT_EQ(one.choice->runs[0].corrected, one.choice->judgements[0].seen.blocks[0].first);
}

// Not shown to pay, they are taken where they lead: they cost nothing. Nothing is claimed by that; --strict does not.
TEST(Judge, CorrectionsThatLeadAreTakenAndNotPraised) {
  int taken = 0, left = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const World world{.seed = seed, .rows = 150, .inner = 200, .bias = 0.5};
    Plan plan = fake_plan(world, "1", {"no", "yes"});
    const Choice choice = *made(world, plan).choice;
    const compare::Verdict& v = choice.judgements.at(0).verdict;
    if (v.state != compare::State::undecided) continue;
    const bool leads = v.difference > 0;
    EXPECT_EQ(choice.corrections_taken, leads) << seed;
    EXPECT_FALSE(choice.corrections_pay);
    EXPECT_NE(choice.sentence.find("is not decided"), std::string::npos) << choice.sentence;
    EXPECT_EQ(choice.sentence.find("so they are taken") != std::string::npos, leads) << choice.sentence;
    (leads ? taken : left) += 1;
    plan.options.strict = true;
    EXPECT_FALSE(made(world, plan).choice->corrections_taken);
  }
  EXPECT_GT(taken, 0);
  EXPECT_GT(left, 0);
}

TEST(Judge, SeveralBlocksOfThePlainLoss) {
  const World world{.seed = 4};
  const Made four = made(world, fake_plan(world, "3.2"));
  ASSERT_EQ(four.jobs.size(), 4U);
  std::set<uint64_t> seeds;
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(four.jobs[i].block, i + 1);
    EXPECT_EQ(four.jobs[i].loss, "cross_entropy");
    seeds.insert(four.jobs[i].seed);
  }
  EXPECT_EQ(seeds.size(), 4U);
  EXPECT_EQ(four.choice->judgements.at(0).seen.blocks.size(), 4U);
  EXPECT_FALSE(four.choice->loss_is_proven);
}

// ---- with a race: what is run

TEST(Judge, ARaceRunsWhatThePlanSays) {
  const World world{.seed = 5};
  Plan plan = fake_plan(world, "8");
  plan.options.candidates = {"poly(epsilon=2)", "square"};
  const Made race = made(world, plan);
  ASSERT_TRUE(race.choice);
  const Spending spending = spend(8, plan.shape());
  ASSERT_TRUE(spending.race());
  const std::vector<Job> raced = of_purpose(race.jobs, "race"), judged = of_purpose(race.jobs, "verdict");
  EXPECT_EQ(raced.size() + judged.size(), race.jobs.size());
  EXPECT_EQ(raced[0].name, "race-cross_entropy");
  EXPECT_EQ(raced[1].name, "race-cross_entropy-rate-2");
  EXPECT_EQ(raced[2].name, "race-cross_entropy-rate-0.5");
  EXPECT_EQ(raced[3].name, "race-poly_epsilon_2") << "what the user names races first";
  EXPECT_EQ(raced[4].name, "race-square");
  double price = 0;
  for (size_t i = 3; i < raced.size(); ++i)
    for (const Ruling& ruling : race.choice->rulings)
      if (ruling.loss == raced[i].loss) price += ruling.rule ? ruling.rule->price : 1;
  EXPECT_LE(price, spending.stages[0].arms);
  EXPECT_GT(price, spending.stages[0].arms - 1) << "what is left buys no further loss";
  std::set<std::string> names;
  for (const Job& job : race.jobs) EXPECT_TRUE(names.insert(job.name).second) << job.name << " twice";
  for (const Job& job : raced) {
    EXPECT_EQ(job.block, 0U);
    EXPECT_EQ(job.seed, 7U) << "the same order and draws for all";
    EXPECT_EQ(job.schedule, spending.stages[0].schedule);
    EXPECT_NE(job.rate_times == 1, job.name.find("-rate-") != std::string::npos);
  }
  // Pairs: the plain loss and the finalist share block and seed; no seed or block of the race comes again.
  ASSERT_EQ(judged.size(), 6U);
  for (size_t block = 1; block <= 3; ++block) {
    const Job &plain = judged[2 * block - 2], &finalist = judged[2 * block - 1];
    EXPECT_EQ(plain.name, fmt::format("verdict-{}-cross_entropy", block));
    EXPECT_EQ(plain.loss, "cross_entropy");
    EXPECT_EQ(plain.rate_times, 1);
    for (const Job* job : {&plain, &finalist}) {
      EXPECT_EQ(job->block, block);
      EXPECT_EQ(job->seed, 7 + 1000 + block);
      EXPECT_EQ(job->schedule, 1);
    }
    EXPECT_NE(finalist.name, plain.name);
  }
  // One finalist, the first of the table beside the plain loss, and the same in every block.
  EXPECT_EQ(
      std::count_if(race.choice->race.begin(), race.choice->race.end(), [](const RaceLine& l) { return l.finalist; }),
      1);
  EXPECT_TRUE(race.choice->race.at(1).finalist);
  EXPECT_EQ(race.choice->race.size(), raced.size());
  for (size_t i = 2; i < race.choice->race.size(); ++i)
    EXPECT_GE(race.choice->race[i - 1].shrunk, race.choice->race[i].shrunk);
  EXPECT_EQ(race.choice->runs.size(), race.jobs.size()) << "every run is told";
  ASSERT_EQ(race.choice->judgements.size(), 2U);
  EXPECT_TRUE(race.choice->judgements[0].same_runs);
  EXPECT_EQ(race.choice->judgements[0].seen.blocks.size(), 3U);
  EXPECT_EQ(race.choice->judgements[1].first, race.choice->race[1].arm);
}

TEST(Judge, MoreBudgetTwoFinalistsInFiveBlocks) {
  const World world{.seed = 6, .rows = 200};
  const Plan plan = fake_plan(world, "30");
  const Made race = made(world, plan);
  const std::vector<Job> judged = of_purpose(race.jobs, "verdict");
  EXPECT_EQ(judged.size(), 15U);
  ASSERT_EQ(race.choice->judgements.size(), 3U);
  // Both have the runs' variance in common.
  const auto &one = race.choice->judgements[1], &two = race.choice->judgements[2];
  const double apart = one.seen.differences.block_variance - two.seen.differences.block_variance;
  if (one.verdict.runs_variance > 0 && two.verdict.runs_variance > 0) {
    EXPECT_NEAR(two.verdict.runs_variance - one.verdict.runs_variance, 0.5 * apart, 1e-12);
  }
  EXPECT_EQ(race.choice->judgements[0].seen.blocks.size(), 5U);
}

TEST(Judge, StoppedAnywhereThereIsNothing) {
  const World world{.seed = 5, .rows = 60};
  const Plan plan = fake_plan(world, "8");
  const size_t all = made(world, plan).jobs.size();
  for (size_t done = 0; done < all; ++done) {
    FakeRunner runner(world, plan);
    runner.stop_after = done;
    EXPECT_FALSE(judge(plan, {}, runner)) << "after " << done << " runs";
    EXPECT_EQ(runner.jobs.size(), done + 1) << "nothing runs after the one that was stopped";
  }
}

TEST(Judge, TheSameRunsGiveTheSameChoice) {
  const World world{.seed = 8};
  const Plan plan = fake_plan(world, "8");
  const Choice a = *made(world, plan).choice, b = *made(world, plan).choice;
  EXPECT_EQ(a.sentence, b.sentence);
  EXPECT_EQ(a.judgements.at(1).verdict.low, b.judgements.at(1).verdict.low);
  EXPECT_EQ(a.judgements.at(1).verdict.high, b.judgements.at(1).verdict.high);
}

// ---- what is claimed

TEST(Judge, ALossThatIsBetterWins) {
  const World world{.seed = 9, .rows = 1000, .better = {{"planted", 0.06}}};
  Plan plan = fake_plan(world, "8");
  plan.options.candidates = {"planted"};
  for (const bool strict : {false, true}) {
    plan.options.strict = strict;
    const Choice choice = *made(world, plan).choice;
    EXPECT_EQ(choice.loss, "planted");
    EXPECT_TRUE(choice.loss_is_proven);
    EXPECT_EQ(choice.rate_times, 1);
    const Judgement& verdict = of_loss(choice, "planted");
    EXPECT_NEAR(verdict.verdict.difference, 0.06, 0.025) << "seed 9";
    EXPECT_EQ(verdict.verdict.state, compare::State::better_by_worth);
    EXPECT_NE(choice.sentence.find("planted is better than cross_entropy by"), std::string::npos) << choice.sentence;
  }
}

// Worse by as much: never taken, and no claim the other way round.
TEST(Judge, ALossThatIsWorseIsNot) {
  World world{.seed = 9, .rows = 1000};
  Plan plan = fake_plan(world, "8");
  plan.options.candidates = {"planted"};
  // All that race are worse, the other rates too, so that one of them is the finalist.
  const Change worse = [](const Job& job, Answers& answers) {
    if (job.loss == "cross_entropy" && job.rate_times == 1) return;
    for (size_t i = 0; i < answers.judged.rows.size(); i += 15)
      for (auto& [label, z] : answers.judged.rows[i].logits) z = label == answers.judged.rows[i].gold[0] ? -1 : z;
  };
  const Choice choice = *made(world, plan, worse).choice;
  EXPECT_EQ(choice.loss, "cross_entropy");
  EXPECT_FALSE(choice.loss_is_proven);
  ASSERT_EQ(choice.judgements.size(), 2U);
  EXPECT_LT(choice.judgements[1].verdict.high, 0) << "it is seen to be worse";
  EXPECT_NE(choice.sentence.find("No loss was shown to be better"), std::string::npos) << choice.sentence;
}

// What a correction brings is no loss's merit: both sides have theirs, in the race and in the verdict.
TEST(Judge, CorrectedAgainstCorrected) {
  int proven = 0;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const World world{.seed = seed, .rows = 1000, .inner = 600, .bias = 1.5};
    const Choice choice = *made(world, fake_plan(world, "8", {"no", "yes"})).choice;
    EXPECT_TRUE(choice.corrections_pay) << "or this test says nothing";
    proven += choice.loss_is_proven;
    ASSERT_EQ(choice.judgements.size(), 2U);
    const Judgement &corrections = choice.judgements[0], &verdict = choice.judgements[1];
    const auto figures = [&](const std::string& purpose, bool plain) {
      return *std::find_if(choice.runs.begin(), choice.runs.end(), [&](const RunFigures& run) {
        return run.purpose == purpose && plain == run.name.ends_with("-cross_entropy");
      });
    };
    for (size_t block = 0; block < 3; ++block) {
      const std::string purpose = fmt::format("verdict {}", block + 1);
      EXPECT_EQ(verdict.seen.blocks[block].first, figures(purpose, false).corrected);
      EXPECT_EQ(verdict.seen.blocks[block].second, figures(purpose, true).corrected);
      EXPECT_EQ(corrections.seen.blocks[block].first, figures(purpose, true).corrected);
      EXPECT_EQ(corrections.seen.blocks[block].second, figures(purpose, true).plain);
      EXPECT_GT(figures(purpose, true).corrected, figures(purpose, true).plain + 0.01);
    }
    for (const RaceLine& line : choice.race)
      EXPECT_LT(std::abs(line.difference), 0.1) << line.arm << ": the correction alone is worth 0.18";
  }
  EXPECT_EQ(proven, 0) << "of 4, seeds 1 to 4";
}

TEST(Judge, OfAnotherRateTheRateIsTaken) {
  const World world{.seed = 10, .rows = 1000};
  const Plan plan = fake_plan(world, "8");
  const Change worse = [](const Job& job, Answers& answers) {
    if (job.rate_times == 2) return;
    for (size_t i = 0; i < answers.judged.rows.size(); i += 12)
      for (auto& [label, z] : answers.judged.rows[i].logits) z = label == answers.judged.rows[i].gold[0] ? -1 : z;
  };
  const Choice choice = *made(world, plan, worse).choice;
  EXPECT_EQ(choice.loss, "cross_entropy");
  EXPECT_EQ(choice.rate_times, 2);
  EXPECT_TRUE(choice.loss_is_proven);
}

// Better, and perhaps by less than what matters: --strict keeps the plain loss.
TEST(Judge, StrictWantsMoreThanWorth) {
  const World world{.seed = 12, .rows = 4000, .inner = 60, .tau = 0, .better = {{"planted", 0.02}}};
  Plan plan = fake_plan(world, "8");
  plan.options.candidates = {"planted"}, plan.options.worth = 1.5;
  const Choice loose = *made(world, plan).choice;
  ASSERT_EQ(of_loss(loose, "planted").verdict.state, compare::State::better) << "or this test says nothing";
  EXPECT_EQ(loose.loss, "planted");
  EXPECT_DOUBLE_EQ(loose.worth, 0.015);
  plan.options.strict = true;
  const Choice strict = *made(world, plan).choice;
  EXPECT_EQ(strict.loss, "cross_entropy");
  EXPECT_FALSE(strict.loss_is_proven);
  EXPECT_NE(strict.sentence.find("No loss was shown to be better"), std::string::npos) << strict.sentence;
}

// What would have been seen is at least what matters; of --strict that much more.
TEST(Judge, TheSentenceDoesNotPromiseMoreThanTheRule) {
  const World world{.seed = 13, .rows = 4000, .tau = 0};
  Plan plan = fake_plan(world, "8");
  plan.options.worth = 20;
  const Choice loose = *made(world, plan).choice;
  EXPECT_NE(loose.sentence.find("an advantage above 20 points"), std::string::npos) << loose.sentence;
  plan.options.strict = true;
  const Choice strict = *made(world, plan).choice;
  EXPECT_EQ(strict.sentence.find("an advantage above 20 points"), std::string::npos) << strict.sentence;
}

TEST(Judge, AnAliasIsNeverBetter) {
  const World world{.seed = 14, .alias = {{"alias", "cross_entropy"}}};
  Plan plan = fake_plan(world, "8");
  for (const double worth : {0.5, 0.0}) {
    plan.options.candidates = {"alias"}, plan.options.worth = worth;
    // Nothing else survives the race, so the alias is the finalist.
    const Change failing = [](const Job& job, Answers& answers) {
      if (job.loss != "alias" && (job.loss != "cross_entropy" || job.rate_times != 1)) answers.failed = true;
    };
    const Choice choice = *made(world, plan, failing).choice;
    const Judgement& verdict = of_loss(choice, "alias");
    EXPECT_EQ(verdict.verdict.difference, 0);
    EXPECT_EQ(verdict.verdict.low, 0);
    EXPECT_EQ(verdict.verdict.high, 0);
    for (const double difference : verdict.seen.differences.by_block) EXPECT_EQ(difference, 0);
    EXPECT_EQ(choice.loss, "cross_entropy");
    EXPECT_FALSE(choice.loss_is_proven);
  }
  // So is the plain loss itself, named as a candidate: it is not even run twice.
  plan.options.candidates = {"cross_entropy"};
  const Made named = made(world, plan);
  std::set<std::string> names;
  for (const Job& job : named.jobs) EXPECT_TRUE(names.insert(job.name).second) << job.name;
  EXPECT_FALSE(named.choice->loss_is_proven && named.choice->rate_times == 1);
}

// Losses whose names differ beyond what a file's name holds are run apart.
TEST(Judge, LongNamesAreToldApart) {
  const std::string stem = "cross_entropy+" + std::string(90, 'x');
  EXPECT_NE(file_name_of(stem + "1"), file_name_of(stem + "2"));
  EXPECT_LE(file_name_of(stem).size(), 80U);
  EXPECT_EQ(file_name_of("focal(gamma=2)"), "focal_gamma_2");
  EXPECT_EQ(file_name_of("poly(epsilon=-1)"), "poly_epsilon_-1");
  const World world{.seed = 15, .rows = 60};
  Plan plan = fake_plan(world, "8");
  plan.options.candidates = {stem + "1", stem + "2"};
  const Made race = made(world, plan);
  for (const char* end : {"1", "2"})
    EXPECT_TRUE(
        std::any_of(race.jobs.begin(), race.jobs.end(), [&](const Job& job) { return job.loss == stem + end; }));
}

// ---- runs that fail

TEST(Judge, ARunThatFailsTwiceLosesItsBlockForBoth) {
  const World world{.seed = 16, .rows = 1000, .better = {{"planted", 0.06}}};
  Plan plan = fake_plan(world, "8");
  plan.options.candidates = {"planted"};
  const Change failing = [](const Job& job, Answers& answers) {
    if (job.name.starts_with("verdict-2-planted"))
      answers = {.inner = {}, .judged = {}, .failed = true, .failure = "NaN"};
  };
  const Made out = made(world, plan, failing);
  const Choice& choice = *out.choice;
  const auto again = std::find_if(out.jobs.begin(), out.jobs.end(),
                                  [](const Job& job) { return job.name == "verdict-2-planted-again"; });
  ASSERT_NE(again, out.jobs.end());
  EXPECT_EQ(again->seed, 7U + 1000 + 2 + 500) << "another seed";
  EXPECT_EQ(again->block, 2U);
  const Judgement& verdict = of_loss(choice, "planted");
  ASSERT_EQ(verdict.seen.blocks.size(), 2U);
  for (size_t i = 0; i < 2; ++i)  // the blocks that are left: 1 and 3, each with its own partner
    EXPECT_EQ(verdict.seen.blocks[i].second, choice.judgements[0].seen.blocks[i == 0 ? 0 : 2].first);
  EXPECT_EQ(choice.judgements[0].seen.blocks.size(), 3U) << "the plain loss's own runs stand";
  EXPECT_EQ(std::count_if(choice.runs.begin(), choice.runs.end(), [](const RunFigures& run) { return run.failed; }), 2);
  EXPECT_TRUE(has_note(choice, "block 2 is lost: planted failed twice (NaN)"));
  EXPECT_TRUE(has_note(choice, fmt::format("2 of {} runs failed", out.jobs.size())));
}

TEST(Judge, ThePlainLossLosesItsBlockToo) {
  const World world{.seed = 16, .rows = 1000, .better = {{"planted", 0.06}}};
  Plan plan = fake_plan(world, "8");
  plan.options.candidates = {"planted"};
  const Change failing = [](const Job& job, Answers& answers) {
    if (job.name.starts_with("verdict-3-cross_entropy")) answers.failed = true, answers.failure = "NaN";
  };
  const Made out = made(world, plan, failing);
  EXPECT_EQ(of_loss(*out.choice, "planted").seen.blocks.size(), 2U);
  EXPECT_EQ(out.choice->judgements[0].seen.blocks.size(), 2U);
  EXPECT_TRUE(has_note(*out.choice, "block 3 is lost: cross_entropy failed twice"));
  for (const Job& job : out.jobs) EXPECT_NE(job.name, "verdict-3-planted") << "nobody to compare it with";
}

// A run that fails once is run again, and counts as it then is; so in the race.
TEST(Judge, ARunThatFailsOnceIsRunAgain) {
  const World world{.seed = 17, .rows = 1000, .better = {{"planted", 0.06}}};
  Plan plan = fake_plan(world, "8");
  plan.options.candidates = {"planted"};
  const Change failing = [](const Job& job, Answers& answers) {
    if (job.name == "race-planted" || job.name == "verdict-1-planted" || job.name == "verdict-2-cross_entropy")
      answers.failed = true;
  };
  const Made out = made(world, plan, failing);
  EXPECT_EQ(out.choice->loss, "planted");
  EXPECT_EQ(of_loss(*out.choice, "planted").seen.blocks.size(), 3U);
  EXPECT_TRUE(has_note(*out.choice, "3 of"));
  EXPECT_FALSE(has_note(*out.choice, "is lost"));
}

// Tags after a cut are those that the run wrote; rows without them stay.
TEST(Judge, TagsAreCorrectedByWhatTheRunWrote) {
  const auto row = [](const char* id, std::vector<std::string> tags, std::vector<std::string> at_one) {
    compare::PredictionRow made;
    made.id = id, made.gold = {"B-X", "O"}, made.predicted = std::move(tags);
    if (!at_one.empty()) made.tags_at = {{"1", std::move(at_one)}};
    return made;
  };
  compare::PredictionFile file{.path = "x", .kind = data::TargetKind::tags, .has_ids = true, .rows = {}};
  for (int i = 0; i < 10; ++i)
    file.rows.push_back(i % 3 == 2 ? row("right", {"B-X", "O"}, {}) : row("wrong", {"O", "O"}, {"B-X", "O"}));
  const metrics::Correction found = fit({.inner = file, .judged = {}}, {}, "entity_f1");
  EXPECT_EQ(found.outside, 1);
  const compare::PredictionFile after = corrected(file, found, {});
  for (const auto& each : after.rows) EXPECT_EQ(each.predicted, each.gold);
  EXPECT_EQ(value_of(after, "entity_f1"), 1);
  EXPECT_FALSE(fit({.inner = after, .judged = {}}, {}, "entity_f1").helps());
}

// Rare classes: a model that never says them has not failed.
TEST(Judge, OneAnswerForNearlyOneClassIsNoFailure) {
  const auto file = [](int rare, double spread) {
    compare::PredictionFile rows{.path = "x", .kind = data::TargetKind::label, .has_ids = true, .rows = {}};
    for (int i = 0; i < 100; ++i) {
      compare::PredictionRow row;
      row.id = std::to_string(i), row.gold = {i < rare ? "yes" : "no"};
      row.logits = {{"no", 2.0}, {"yes", (i < rare ? 1.0 : 0.0) * spread}};
      rows.rows.push_back(row);
    }
    return rows;
  };
  EXPECT_FALSE(has_collapsed(file(2, 1)));
  EXPECT_TRUE(has_collapsed(file(40, 1))) << "two in five are of the other class";
}

TEST(Judge, AConstantRunHasFailed) {
  const World world{.seed = 18};
  Plan plan = fake_plan(world, "8");
  plan.options.candidates = {"stuck"};
  const Change stuck = [](const Job& job, Answers& answers) {
    if (job.loss == "stuck") make_constant(answers);
  };
  const Choice choice = *made(world, plan, stuck).choice;
  const auto line =
      std::find_if(choice.race.begin(), choice.race.end(), [](const RaceLine& l) { return l.arm == "stuck"; });
  ASSERT_NE(line, choice.race.end());
  EXPECT_TRUE(line->failed);
  EXPECT_FALSE(line->finalist);
  EXPECT_TRUE(choice.race.back().failed) << "failed ones stand last";
  int failed = 0;
  for (const RunFigures& run : choice.runs) {
    if (!run.failed) continue;
    ++failed;
    EXPECT_EQ(run.loss, "stuck");
    EXPECT_EQ(run.failure, "one answer for every row");
  }
  EXPECT_EQ(failed, 2) << "the race's, and once more";
  // Where the plain loss answers alike everywhere, in both of its runs, nothing can be decided.
  const Change all = [](const Job& job, Answers& answers) {
    if (job.loss == "cross_entropy") make_constant(answers);
  };
  EXPECT_ERROR(ErrorKind::numeric, made(world, plan, all), "cross_entropy failed twice in the race",
               "one answer for every row");
  EXPECT_ERROR(ErrorKind::numeric, made(world, fake_plan(world, "1"), all), "every run of cross_entropy failed");
}

// Every finalist's runs fail: nothing is claimed, and it is not said that nothing was tried.
TEST(Judge, NothingIsLeftToJudge) {
  const World world{.seed = 19};
  const Change failing = [](const Job& job, Answers& answers) {
    if (job.purpose.starts_with("verdict") && (job.loss != "cross_entropy" || job.rate_times != 1))
      answers.failed = true, answers.failure = "NaN";
  };
  const Choice choice = *made(world, fake_plan(world, "8"), failing).choice;
  EXPECT_FALSE(choice.loss_is_proven);
  EXPECT_EQ(choice.judgements.size(), 1U);
  EXPECT_EQ(choice.sentence.find("no other loss was tried"), std::string::npos) << choice.sentence;
  EXPECT_NE(choice.sentence.find("No loss was shown to be better"), std::string::npos) << choice.sentence;
}

// Of two finalists one keeps a single block: it knows nothing of runs, and lends the other no certainty.
TEST(Judge, AFinalistOfOneBlockDoesNotNarrowTheOther) {
  const World world{.seed = 20, .rows = 300, .tau = 0.03};
  const Plan plan = fake_plan(world, "30");
  const Made whole = made(world, plan);
  ASSERT_EQ(whole.choice->judgements.size(), 3U);
  const std::string kept = whole.choice->judgements[1].first, lost = whole.choice->judgements[2].first;
  const std::string name = whole.jobs.back().name.substr(std::string("verdict-5-").size());  // the second finalist's
  const Change failing = [&](const Job& each, Answers& answers) {
    if (each.purpose.starts_with("verdict") && each.block > 1 && each.name.find(name) != std::string::npos)
      answers.failed = true;
  };
  const Choice choice = *made(world, plan, failing).choice;
  const Judgement &one = of_loss(choice, kept), &other = of_loss(choice, lost);
  ASSERT_EQ(other.seen.blocks.size(), 1U);
  EXPECT_EQ(other.verdict.state, compare::State::undecided) << "one run says nothing of the next";
  // Its own degrees of freedom, times 0.75.
  const compare::Verdict own =
      compare::judge(one.seen.differences, {.level = 0.95,
                                            .finalists = 2,
                                            .runs_freedom = static_cast<double>(one.seen.blocks.size() - 1),
                                            .worth = choice.worth});
  EXPECT_DOUBLE_EQ(one.verdict.runs_variance, own.runs_variance);
  EXPECT_DOUBLE_EQ(one.verdict.low, own.low);
  EXPECT_GT(own.runs_variance, 0) << "or this test says nothing";
}

// ---- metrics that have no value

TEST(Judge, AMetricWithoutAValueIsAnError) {
  const World world{.seed = 21};
  for (const char* budget : {"1", "8"}) {
    Plan plan = fake_plan(world, budget);
    plan.metric = "f1";  // of two classes; there are three
    EXPECT_ERROR(ErrorKind::input, made(world, plan), "f1", "undefined",
                 std::string(metrics::metric_info("f1").undefined), "there are 3 labels");
  }
}

// Scores: one loss answers alike everywhere, so that its correlation has no value; it has failed, and no more.
TEST(Judge, AnArmWithoutAValueHasFailed) {
  const World world{.seed = 24, .rows = 200};
  Plan plan = fake_plan(world, "8");
  plan.options.train.task = "regress", plan.metric = "spearman", plan.plain_loss = "mse";
  plan.options.candidates = {"flat"};
  const auto as_scores = [](const Job& job, compare::PredictionFile& file, bool flat) {
    file.kind = data::TargetKind::score;
    for (compare::PredictionRow& row : file.rows) {
      const auto at = static_cast<uint32_t>(row.line);
      row.gold_score = random_normal(job.block, at);
      row.score = flat ? 0.5 : row.gold_score + random_normal(mix_key(data::text_hash(job.loss), job.seed), at);
      row.gold.clear(), row.logits.clear();
    }
  };
  const Change scores = [&](const Job& job, Answers& answers) {
    as_scores(job, answers.inner, job.loss == "flat"), as_scores(job, answers.judged, job.loss == "flat");
  };
  plan.labels = {"a", "b"};  // fake_runs.h draws rows by them
  const Choice choice = *made(world, plan, scores).choice;
  EXPECT_NEAR(choice.race.at(0).value, 0.69, 0.1) << "a normal variable, and itself with as much noise";
  const auto line =
      std::find_if(choice.race.begin(), choice.race.end(), [](const RaceLine& each) { return each.arm == "flat"; });
  ASSERT_NE(line, choice.race.end());
  EXPECT_TRUE(line->failed);
  EXPECT_FALSE(line->finalist);
  for (const RaceLine& each : choice.race) EXPECT_EQ(each.failed, each.arm == "flat") << each.arm;
  // Of the plain loss that is no race.
  const Change all = [&](const Job& job, Answers& answers) {
    as_scores(job, answers.inner, true), as_scores(job, answers.judged, true);
  };
  EXPECT_ERROR(ErrorKind::numeric, made(world, plan, all), "mse failed twice", "one answer for every row");
}

// ---- time as a budget

TEST(Judge, TimeBuysWhatTheFirstRunLeaves) {
  const World world{.seed = 22, .rows = 100};
  // A run takes 80 seconds on a block: 100 on all rows.
  const Made little = made(world, fake_plan(world, "120s"));
  EXPECT_EQ(little.jobs.size(), 1U);
  EXPECT_DOUBLE_EQ(little.choice->budget, 1.2);
  const Made race = made(world, fake_plan(world, "1000s"));
  EXPECT_EQ(race.jobs[0].name, "plain");
  EXPECT_DOUBLE_EQ(race.choice->budget, 10);
  EXPECT_FALSE(race.choice->race.empty());
  // What measuring the rows took is spent.
  const Plan timed = fake_plan(world, "1000s");
  Profile profile;
  profile.seconds = 200;
  FakeRunner rest(world, timed);
  EXPECT_DOUBLE_EQ(judge(timed, profile, rest)->budget, 8);
  // A first run that fails takes no time at all, and buys nothing by that.
  const Change failing = [](const Job&, Answers& answers) {
    answers = {.inner = {}, .judged = {}, .failed = true, .failure = "NaN"};
  };
  FakeRunner runner(world, fake_plan(world, "1000s"));
  runner.change = failing;
  const Plan plan = fake_plan(world, "1000s");
  EXPECT_ERROR(ErrorKind::numeric, judge(plan, {}, runner), "every run of cross_entropy failed", "NaN");
  EXPECT_EQ(runner.jobs.size(), 2U);
}

// The run that was made again tells what a run takes.
TEST(Judge, TimeIsToldByTheRunThatWorked) {
  const World world{.seed = 22, .rows = 100};
  const Made race = made(world, fake_plan(world, "1000s"), [](const Job& job, Answers& answers) {
    if (job.name == "plain") answers = {.inner = {}, .judged = {}, .failed = true, .failure = "NaN"};
  });
  EXPECT_EQ(race.jobs.at(1).name, "plain-again");
  EXPECT_FALSE(race.choice->race.empty());
  EXPECT_DOUBLE_EQ(race.choice->budget, 10);
}

TEST(Budget, HugeOnesAreStillPlans) {
  const RunShape shape{.steps = 1000, .epochs = 3};
  EXPECT_EQ(spend(1e300, shape).stages.at(0).arms, 24);
  EXPECT_EQ(spend(1e300, shape).blocks, kMostBlocks);
  EXPECT_FALSE(spend(7.999, shape).race());
  EXPECT_TRUE(spend(8, shape).race());
  for (const char* wrong : {"", "0", "-1", "x", "8x", "nan", "inf", "1 s"})
    EXPECT_ERROR(ErrorKind::usage, parse_budget(wrong), "--budget");
  EXPECT_EQ(parse_budget("1.5h").seconds, 5400);
}

// Many begin in the upper layers, the best go on in all layers, one is judged; each stage against its own plain run.
TEST(Judge, TheUpperLayersPickWhoRacesInAllOfThem) {
  const World world{.seed = 41, .rows = 2000, .better = {{"good", 0.08}, {"fair", 0.05}, {"bad", -0.1}}};
  Plan plan = fake_plan(world, "8");
  plan.layers = 12, plan.upper_layers = 3;
  plan.options.candidates = {"bad", "fair", "good"};
  const Made race = made(world, plan);
  ASSERT_TRUE(race.choice);
  const Spending spending = spend(8, plan.shape());
  ASSERT_EQ(spending.stages.size(), 2U);
  const auto upper = of_purpose(race.jobs, "race, upper layers");
  std::vector<Job> whole;
  for (const Job& job : race.jobs)
    if (job.purpose == "race") whole.push_back(job);
  EXPECT_LE(std::ssize(upper), 1 + spending.stages[0].rates + spending.stages[0].arms) << "some are dear";
  EXPECT_GT(std::ssize(upper), 2 * std::ssize(whole));
  EXPECT_EQ(std::ssize(whole), 1 + spending.stages[1].arms);
  for (const Job& job : upper) {
    EXPECT_EQ(job.frozen, 9);
    EXPECT_TRUE(job.name.starts_with("upper-")) << job.name;
    EXPECT_FALSE(job.loss.starts_with("fgm(")) << "it moves embeddings, which are frozen here";
  }
  std::vector<std::string> gone_on;
  for (const Job& job : whole) {
    EXPECT_EQ(job.frozen, 0);
    gone_on.push_back(job.loss);
  }
  EXPECT_EQ(gone_on.at(0), "cross_entropy");
  EXPECT_EQ(gone_on.at(1), "good");
  EXPECT_EQ(gone_on.at(2), "fair");
  const auto& lines = race.choice->race;
  EXPECT_FALSE(lines.at(0).upper) << "the last stage is told first";
  EXPECT_TRUE(lines.at(1).finalist);
  EXPECT_EQ(lines.at(1).arm, "good");
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const RaceLine& line) { return line.finalist; }), 1);
  EXPECT_EQ(race.choice->loss, "good") << race.choice->sentence;
}

TEST(Jobs, TheUpperLayersAreTrainedOverKeptStates) {
  Plan plan = fake_plan({.seed = 1}, "8");
  plan.layers = 6, plan.upper_layers = 2;
  const Job upper = race_job(plan, {"focal", "focal"}, {.upper = true, .schedule = 0.5});
  const train::TrainOptions options = options_of(plan, "folder", upper);
  EXPECT_EQ(options.freeze_layers, 4);
  EXPECT_TRUE(options.cache_frozen);
  const train::TrainOptions all = options_of(plan, "folder", race_job(plan, {"focal", "focal"}, {.schedule = 0.5}));
  EXPECT_EQ(all.freeze_layers, 0);
  EXPECT_FALSE(all.cache_frozen);
}

// What the upper layers alone cost buys more losses; those that are left over run whole, or go into the verdict.
TEST(Budget, UpperLayersCarryMoreLosses) {
  const RunShape small{.steps = 100, .epochs = 3}, large{.steps = 10'000, .epochs = 3};
  const auto upper = [](RunShape shape) { return shape.upper = 1.0 / 3, shape; };
  const Spending whole = spend(8, small), cheap = spend(8, upper(small));
  ASSERT_EQ(whole.stages.size(), 1U);
  EXPECT_FALSE(whole.stages[0].upper);
  EXPECT_LE(whole.stages[0].arms, 2);
  ASSERT_EQ(cheap.stages.size(), 1U) << "whole runs of a whole schedule are too dear beside it";
  EXPECT_TRUE(cheap.stages[0].upper);
  EXPECT_GE(cheap.stages[0].arms, 7);
  EXPECT_EQ(cheap.stages[0].schedule, 1);
  const Spending two = spend(8, upper(large));
  ASSERT_EQ(two.stages.size(), 2U);
  EXPECT_TRUE(two.stages[0].upper);
  EXPECT_FALSE(two.stages[1].upper);
  EXPECT_LT(two.stages[1].arms, two.stages[0].arms);
  EXPECT_EQ(two.stages[1].schedule, 0.4);
  for (const Spending& plan : {whole, cheap, two}) EXPECT_EQ(plan.blocks, 3);
  // Where few may race, what is left makes the verdict surer.
  RunShape few = upper(small);
  few.most_arms = 2, few.rates = false;
  EXPECT_EQ(spend(8, few).stages.at(0).arms, 2);
  EXPECT_EQ(spend(8, few).stages.at(0).rates, 0);
  EXPECT_EQ(spend(8, few).blocks, 4);
}

}  // namespace
}  // namespace attune::selection
