#include "attune/selection/judge.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"
#include "attune/compare/worth.h"
#include "attune/metrics/catalog.h"
#include "attune/report/format.h"
#include "attune/selection/judgement.h"
#include "attune/selection/measure/answers.h"
#include "attune/selection/measure/heads.h"
#include "attune/selection/outlook.h"
#include "attune/selection/race.h"
#include "attune/selection/report/sentence.h"
#include "attune/selection/run_book.h"
#include "attune/tasks/task.h"
#include "attune/train/prediction_writer.h"

namespace attune::selection {
namespace {

class Judging {
 public:
  Judging(const Plan& plan, Profile profile, JobRunner& runner, const Announce& announce)
      : plan_(plan), options_(plan.options), runner_(runner), announce_(announce), book_(plan, runner, choice_) {
    choice_.profile = std::move(profile);
    choice_.model = options_.train.model, choice_.task = options_.train.task, choice_.metric = plan.metric;
    choice_.plain_loss = plan.plain_loss, choice_.loss = plan.plain_loss;
    choice_.files = plan.files, choice_.level = options_.level, choice_.strict = options_.strict;
    choice_.pool_rows = plan.pool_rows;
  }

  Choice run() {
    const Budget budget = parse_budget(options_.budget);
    choice_.budget = budget.runs;
    Spending spending = spend(budget.runs, plan_.shape());
    if (budget.seconds) spending = from_time(*budget.seconds);
    const Block& block = plan_.blocks[spending.blocks > 1 || spending.race() ? 1 : 0];
    choice_.train_rows = block.learns, choice_.judge_rows = block.judges;
    spending.blocks = std::max(1, std::min(spending.blocks, static_cast<int>(plan_.blocks.size()) - 1));
    if (spending.race()) {
      finalists_ = Race(
                       plan_, book_, runner_, choice_, [&](const std::string& text) { say(text); },
                       [&](const Answers& first) { see_plain(first); })
                       .run(spending);
      verdict(spending);
    } else {
      plain_alone(spending.blocks);
    }
    decide();
    return std::move(choice_);
  }

 private:
  void say(const std::string& text) const {
    if (announce_) announce_(text);
  }

  // ---- what matters, and what was measured

  void see_plain(const Answers& answers) {
    choice_.worth = compare::worth_of(plan_.metric, options_.worth, value_of(plain(answers.judged), plan_.metric));
    measure_answers(plain(answers.judged), choice_.profile);
    for (SuspiciousRow& row : choice_.profile.suspicious) row.place = train::place_of_name(row.place, plan_.files);
    choice_.rulings = apply_rules(tasks::task_named(choice_.task), plan_.metric, choice_.profile, choice_.budget);
    std::erase_if(choice_.rulings, [&](const Ruling& ruling) { return ruling.loss == plan_.plain_loss; });
    heed_frozen_features();
    heed_candidates();
  }

  // Other options where they do better, and out with what is far below.
  void heed_frozen_features() {
    for (Ruling& ruling : choice_.rulings) {
      if (ruling.standing == Standing::ruled_out) continue;
      const HeadsVerdict tried = heads_verdict(choice_.profile.heads, ruling.loss, plan_.metric);
      if (!tried.dropped.empty()) ruling.standing = Standing::ruled_out, ruling.why = tried.dropped;
      if (tried.best.empty() || !tried.dropped.empty()) continue;
      const bool stands = std::any_of(choice_.rulings.begin(), choice_.rulings.end(),
                                      [&](const Ruling& each) { return each.loss == tried.best; });
      if (stands) continue;
      ruling.why += fmt::format("; its options by frozen features, instead of {}", ruling.loss);
      ruling.loss = tried.best;
    }
    std::stable_partition(choice_.rulings.begin(), choice_.rulings.end(),
                          [](const Ruling& each) { return each.standing != Standing::ruled_out; });
  }

  // What the user names races first, whatever the rules say; of --only-candidates nothing else.
  void heed_candidates() {
    for (Ruling& ruling : choice_.rulings)
      if (options_.only_candidates && ruling.standing != Standing::ruled_out)
        ruling.standing = Standing::ruled_out, ruling.why = "--only-candidates: it is not among them";
    for (auto named = options_.candidates.rbegin(); named != options_.candidates.rend(); ++named) {
      std::erase_if(choice_.rulings, [&](const Ruling& ruling) { return ruling.loss == *named; });
      choice_.rulings.insert(choice_.rulings.begin(),
                             {.loss = *named, .standing = Standing::kept, .why = "named by --candidate"});
    }
  }

  JudgementOptions judging(bool same_runs, int finalists = 1) const {
    return {.metric = plan_.metric,
            .worth = choice_.worth,
            .level = options_.level,
            .draws = static_cast<int>(options_.draws),
            .finalists = finalists,
            .same_runs = same_runs,
            .files = plan_.files};
  }

  // ---- without a race

  // A first whole run tells what a plain run takes; what it and the profile leave buys the rest.
  Spending from_time(double seconds) {
    const Answers& first = book_.answers_or_again(plain_job(plan_, 0));
    if (first.failed) return spend(kBlockPrice, plan_.shape());  // told where the plain loss is judged
    const double run = std::max(1e-3, first.seconds / kBlockPrice);
    choice_.budget = kBlockPrice + std::max(0.0, seconds - choice_.profile.seconds - first.seconds) / run;
    const double left = choice_.budget - kBlockPrice;
    if (left >= kRaceBudget) return spend(left, plan_.shape());
    return spend(left < kBlockPrice * 2 ? kBlockPrice : left, plan_.shape());
  }

  void plain_alone(int blocks) {
    const size_t first = blocks == 1 ? 0 : 1;
    say(fmt::format("{} on {}", plan_.plain_loss, report::plural(blocks, "block")));
    Side before{.name = plan_.plain_loss, .runs = {}},
        behind{.name = plan_.plain_loss + " with corrections", .runs = {}};
    double seconds = 0;
    for (size_t block = first; block < first + static_cast<size_t>(blocks); ++block) {
      const Answers& run = book_.answers_or_again(plain_job(plan_, block));
      if (run.failed) {
        lose(block, plan_.plain_loss, run);
        continue;
      }
      seconds = run.seconds / kBlockPrice;
      if (before.runs.empty()) see_plain(run);
      before.runs.push_back(plain(run.judged)), behind.runs.push_back(book_.after(run, block));
    }
    if (before.runs.empty())
      fail(ErrorKind::numeric,
           "every run of {} failed ({}); a lower --lr or more --warmup helps. Nothing can be decided from this",
           plan_.plain_loss, choice_.runs.back().failure);
    const compare::PredictionFile judged = behind.runs[0];
    judge_corrections(behind, before);
    choice_.outlook = look_out(
        choice_, {.judged = judged, .train_rows = choice_.train_rows, .shape = plan_.shape(), .run_seconds = seconds},
        kRaceBudget);
  }

  void judge_corrections(const Side& behind, const Side& before) {
    choice_.judgements.push_back(make_judgement(behind, before, judging(/*same_runs=*/true)));
  }

  void lose(size_t block, const std::string& loss, const Answers& run) {
    choice_.notes.push_back(fmt::format("block {} is lost: {} failed twice ({})", block, loss, run.failure));
  }

  // ---- the verdict

  void verdict(const Spending& spending) {
    Side before{.name = plan_.plain_loss, .runs = {}},
        behind{.name = plan_.plain_loss + " with corrections", .runs = {}};
    std::vector<Side> sides, opposed;
    for (const Arm& arm : finalists_)
      sides.push_back({.name = arm.name, .runs = {}}), opposed.push_back({.name = plan_.plain_loss, .runs = {}});
    std::vector<Job> jobs;
    for (size_t block = 1; block <= static_cast<size_t>(spending.blocks); ++block) {
      jobs.push_back(plain_job(plan_, block));
      for (const Arm& arm : finalists_) jobs.push_back(finalist_job(plan_, arm, block));
    }
    runner_.prepare(jobs);
    for (size_t block = 1; block <= static_cast<size_t>(spending.blocks); ++block) {
      say(fmt::format("verdict: block {} of {}", block, spending.blocks));
      const Answers& base = book_.answers_or_again(plain_job(plan_, block));
      if (base.failed) {
        lose(block, plan_.plain_loss, base);
        continue;
      }
      before.runs.push_back(plain(base.judged)), behind.runs.push_back(book_.after(base, block));
      for (size_t i = 0; i < finalists_.size(); ++i) {
        const Answers& run = book_.answers_or_again(finalist_job(plan_, finalists_[i], block));
        if (run.failed) {
          lose(block, finalists_[i].name, run);
          continue;
        }
        sides[i].runs.push_back(book_.after(run, block)), opposed[i].runs.push_back(behind.runs.back());
      }
    }
    if (before.runs.empty())
      fail(ErrorKind::numeric, "every run of {} failed; nothing can be decided from this", plan_.plain_loss);
    judge_corrections(behind, before);
    // A finalist that lost every block is not judged, and takes nothing from the level of the others.
    const auto judged = std::count_if(sides.begin(), sides.end(), [](const Side& side) { return !side.runs.empty(); });
    const JudgementOptions options = judging(/*same_runs=*/false, std::max(1, static_cast<int>(judged)));
    const size_t first = choice_.judgements.size();
    for (size_t i = 0; i < sides.size(); ++i)
      if (!sides[i].runs.empty()) choice_.judgements.push_back(make_judgement(sides[i], opposed[i], options));
    std::vector<Judgement*> finalists;
    for (size_t i = first; i < choice_.judgements.size(); ++i) finalists.push_back(&choice_.judgements[i]);
    settle(finalists, options);
  }

  // ---- what to take

  bool wins(const Judgement& judgement) const {
    const compare::Verdict& v = judgement.verdict;
    return v.difference > 0 &&
           (v.state == compare::State::better_by_worth || (v.state == compare::State::better && !options_.strict));
  }

  void decide() {
    const Judgement* corrections = nullptr;
    const Judgement* winner = nullptr;
    for (const Judgement& judgement : choice_.judgements) {
      if (judgement.same_runs)
        corrections = &judgement;
      else if (wins(judgement) && (!winner || judgement.verdict.difference > winner->verdict.difference))
        winner = &judgement;
    }
    choice_.corrections_pay = corrections && wins(*corrections);
    for (const RunFigures& run : choice_.runs)
      if (run.loss == plan_.plain_loss && run.rate == options_.train.lr && !run.purpose.starts_with("race") &&
          !run.failed && !run.correction.empty())
        choice_.correction = run.correction;
    const bool leads = corrections && corrections->verdict.state == compare::State::undecided &&
                       corrections->verdict.difference > 0 && !choice_.correction.empty();
    choice_.corrections_taken = choice_.corrections_pay || (leads && !options_.strict);
    if (winner) {
      const auto arm =
          std::find_if(finalists_.begin(), finalists_.end(), [&](const Arm& a) { return a.name == winner->first; });
      choice_.loss = arm->loss, choice_.loss_is_proven = true, choice_.rate_times = arm->rate_times;
    }
    const auto failures =
        std::count_if(choice_.runs.begin(), choice_.runs.end(), [](const RunFigures& r) { return r.failed; });
    if (failures > 0) choice_.notes.push_back(fmt::format("{} of {} runs failed", failures, choice_.runs.size()));
    choice_.sentence = sentence(choice_, corrections, winner);
  }

  const Plan& plan_;
  const SelectOptions& options_;
  JobRunner& runner_;
  const Announce& announce_;
  Choice choice_;
  RunBook book_;
  std::vector<Arm> finalists_;
};

}  // namespace

std::optional<Choice> judge(const Plan& plan, Profile profile, JobRunner& runner, const Announce& announce) {
  try {
    return Judging(plan, std::move(profile), runner, announce).run();
  } catch (const Stopped&) {
    return std::nullopt;
  }
}

}  // namespace attune::selection
