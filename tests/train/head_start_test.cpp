// Who is told of --head-start linear. (What it does: tests/cli/head_start_test.py.)
#include "attune/train/head_start.h"

#include <gtest/gtest.h>

#include "attune/train/ladder.h"

namespace attune::train {
namespace {

report::Ladder ladder(double ngrams, double frozen, double tuned) {
  const std::string name = std::string(kFrozenEncoderRung) + " + logistic regression";
  return {.rows = {{.name = "hashed n-grams + logistic regression", .score = ngrams},
                   {.name = name, .score = frozen},
                   {.name = "fine-tuned", .score = tuned, .fine_tuned = true}}};
}

TEST(HeadStartHint, WhereTheUntouchedEncoderIsBest) {
  TrainOptions options;
  tasks::ModelBundle bundle;
  bundle.loss = losses::make_loss("cross_entropy", losses::TargetKind::classes, {});
  EXPECT_NE(head_start_hint(options, bundle, ladder(0.5, 0.93, 0.90)).find("--head-start linear"), std::string::npos);
  EXPECT_NE(head_start_hint(options, bundle, ladder(0.5, 0.93, 0.93)), "") << "as good, and cheaper";
  EXPECT_EQ(head_start_hint(options, bundle, ladder(0.5, 0.93, 0.94)), "");
  EXPECT_EQ(head_start_hint(options, bundle, ladder(0.95, 0.93, 0.90)), "") << "n-grams are";
  EXPECT_EQ(head_start_hint(options, bundle, {.rows = {{.name = "majority class", .score = 0.9}}}), "") << "cut short";
}

TEST(HeadStartHint, NotWhereItWasDoneOrDoesNotApply) {
  tasks::ModelBundle bundle;
  bundle.loss = losses::make_loss("cross_entropy", losses::TargetKind::classes, {});
  TrainOptions done;
  done.head_start = "linear";
  EXPECT_EQ(head_start_hint(done, bundle, ladder(0.5, 0.93, 0.90)), "");
  bundle.continued_head = true;
  EXPECT_EQ(head_start_hint({}, bundle, ladder(0.5, 0.93, 0.90)), "") << "the old last layer went on";
}

}  // namespace
}  // namespace attune::train
