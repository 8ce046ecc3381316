#include "attune/tasks/pairs.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"

namespace attune::tasks {
namespace {

data::Dataset rows(std::initializer_list<bool> pairs) {
  data::Dataset set;
  set.files = {"rows.csv"};
  for (const bool pair : pairs) {
    data::Example row;
    row.has_pair = pair;
    row.origin = {0, static_cast<int64_t>(set.examples.size()) + 2};
    set.examples.push_back(row);
  }
  return set;
}

TEST(Pairs, OfAllRowsOrNotKnown) {
  EXPECT_EQ(pairs_of(task_named("classify"), rows({true, true})), true);
  EXPECT_EQ(pairs_of(task_named("regress"), rows({false, false})), false);
  EXPECT_EQ(pairs_of(task_named("classify"), rows({true, false})), std::nullopt);
  EXPECT_EQ(pairs_of(task_named("tag"), rows({false})), std::nullopt);
}

TEST(Pairs, TheFirstRowOfTheOtherKindIsNamed) {
  ModelBundle bundle;
  bundle.task = &task_named("classify");
  bundle.source = "run";
  check_pairs(bundle, rows({true, false}));  // the folder does not say
  EXPECT_EQ(pairs_note(bundle, true),
            "run does not say whether it was trained on pairs of texts; rows are read as pairs");
  bundle.pairs = true;
  EXPECT_EQ(pairs_note(bundle, true), "");
  EXPECT_ERROR(ErrorKind::usage, check_pairs(bundle, rows({true, false})), "rows.csv line 3",
               "run was trained on pairs", "--text-pair");
  bundle.pairs = false;
  EXPECT_ERROR(ErrorKind::usage, check_pairs(bundle, rows({true, false})), "rows.csv line 2",
               "run was trained on single ones", "--text COLUMN");
}

}  // namespace
}  // namespace attune::tasks
