#include <gtest/gtest.h>

#include "attune/selection/answers.h"
#include "attune/study/judge_study.h"
#include "attune/study/judging_rows.h"
#include "attune/study/schedule.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/study/sample_plan.h"

namespace attune::study {
namespace {

// Two full runs of a search, on 60 rows that judge it and 60, between them, that judge the verdict.
struct Searched {
  attune::test::TempFolder folder;
  StudyPlan plan = test::sample_plan();
  History history = {};

  Searched() {
    plan.options.train.out = folder.path().string(), plan.options.train.task = "classify";
    for (int row = 0; row < 120; ++row) plan.judges_search.push_back(row % 2 == 0);
  }
  Assignment full(int64_t trial) const {
    Assignment a{.trial = trial, .point = tune::Point{{{"lr", trial == 0 ? 5e-5 : 3e-4}}}};
    if (trial == 0) a.point = plan.space.defaults_point;
    return a;
  }
  // Right on these many of ten rows of each kind.
  void add(int64_t trial, int of_search, int of_verdict) {
    std::string lines;
    for (int row = 0; row < 120; ++row) {
      const int right = row % 2 == 0 ? of_search : of_verdict;
      const int gold = row / 2 % 2, label = (row / 2 * 7) % 10 < right ? gold : 1 - gold;
      lines += fmt::format(R"({{"gold": "{}", "label": "{}"}})", gold, label) + "\n";
    }
    const Assignment a = full(trial);
    folder.put("runs/" + run_name(a) + "/predictions/test.jsonl", lines);
    history.runs.push_back({.id = trial + 1,
                            .assignment = a,
                            .state = tune::RunState::finished,
                            .seconds = 10,
                            .value = of_search / 10.0});
  }
};

TEST(JudgingRows, AreToldFromTheSearchsOwn) {
  Searched searched;
  searched.add(0, 9, 2);
  const auto of_search = answers_on(searched.plan, searched.full(0), Purpose::search),
             of_verdict = answers_on(searched.plan, searched.full(0), Purpose::verdict);
  ASSERT_EQ(of_search.rows.size(), 60u);
  ASSERT_EQ(of_verdict.rows.size(), 60u);
  EXPECT_NEAR(selection::value_of(of_search, "accuracy"), 0.9, 1e-12);
  EXPECT_NEAR(selection::value_of(of_verdict, "accuracy"), 0.2, 1e-12);
  searched.plan.judges_search.pop_back();
  EXPECT_ERROR(ErrorKind::input, answers_on(searched.plan, searched.full(0), Purpose::search),
               "120 answers where 119 rows are asked");
}

// Without runs of its own the verdict goes by the rows that chose nothing: here they say the contrary.
TEST(JudgeStudy, FullRunsOfTheSearchJudgeWhereThereAreNoOthers) {
  Searched searched;
  searched.add(0, 5, 9), searched.add(1, 9, 6);
  const auto finalist = finalist_of(searched.plan, searched.history);
  ASSERT_TRUE(finalist);
  const Outcome outcome = make_outcome(searched.plan, searched.history, finalist);
  EXPECT_FALSE(outcome.new_seeds);
  ASSERT_EQ(outcome.judged.judgements.size(), 1u);
  EXPECT_NEAR(outcome.judged.judgements[0].verdict.difference, -0.3, 1e-12);
  EXPECT_FALSE(outcome.finalist_taken);
  EXPECT_NE(outcome.sentence.find("on rows that the search never saw"), std::string::npos) << outcome.sentence;
  ASSERT_FALSE(outcome.notes.empty());
  EXPECT_NE(outcome.notes[0].find("no time was left"), std::string::npos) << outcome.notes[0];
}

}  // namespace
}  // namespace attune::study
