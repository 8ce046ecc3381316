#include "attune/track/runs/filter.h"

#include <gtest/gtest.h>

#include "attune/track/runs/run_values.h"

#include "tests/base/expect_error.h"

namespace attune::track {
namespace {

StoredRun sample() {
  StoredRun run;
  run.id = 7, run.name = "spam old", run.state = "finished", run.task = "classify";
  run.options = {{"lr", 1e-4}, {"batch_size", 16}, {"shuffle", true}, {"loss", "cross_entropy"}, {"dropout", nullptr}};
  run.finals = {{"dev/macro_f1", 0.7}, {"test/macro_f1", 0.85}, {"dev/mcc", 0.5}};
  return run;
}

bool holds(const std::string& text) {
  return Filter(text).matches(sample());
}

TEST(Filter, ComparesMetricsOptionsAndNames) {
  for (const char* yes : {"",
                          "  ",
                          "macro_f1 > 0.8",
                          "macro_f1>=0.85",
                          "dev/macro_f1 < 0.8",
                          "mcc = 0.5",
                          "lr <= 1e-4",
                          "batch-size = 16",
                          "batch_size == 16.0",
                          "shuffle = on",
                          "shuffle = true",
                          "id = 7",
                          "state = finished",
                          "name ~ old",
                          "name = 'spam old'",
                          "name = \"spam old\"",
                          "loss != focal",
                          "not state = running",
                          "lr < 1 and mcc > 0.4",
                          "lr > 1 or mcc > 0.4",
                          "lr > 1 and lr > 2 or mcc > 0.4",
                          "(lr > 1 or mcc > 0.4) and id = 7",
                          "not (lr > 1 or mcc > 0.6)",
                          "lr < +1"})
    EXPECT_TRUE(holds(yes)) << yes;
  for (const char* no :
       {"macro_f1 > 0.85", "dev/macro_f1 > 0.8", "lr > 1e-4", "batch_size != 16", "shuffle = off", "state = running",
        "name ~ new", "loss > a", "mcc > 0.4 and lr > 1", "lr > 1 and (mcc > 0.4 or mcc < 0.4)"})
    EXPECT_FALSE(holds(no)) << no;
}

TEST(Filter, AConditionOnWhatIsNotThereIsFalse) {
  EXPECT_FALSE(holds("dropout < 1"));
  EXPECT_FALSE(holds("dropout != 1"));
  EXPECT_TRUE(holds("not dropout < 1"));
}

TEST(Filter, NamesWhatItAsksFor) {
  EXPECT_EQ(Filter("(lr > 1 or mcc > 0.4) and not id = 7").names(), (std::vector<std::string>{"lr", "mcc", "id"}));
}

TEST(Filter, SaysWhereAndWhatWasExpected) {
  const auto refused = [](const std::string& text, const char* expected) {
    EXPECT_ERROR(ErrorKind::usage, Filter filter(text), "--where", expected);
  };
  refused("lr", "one of = != < <= > >= ~ at the end");
  refused("lr >", "a value at the end");
  refused("lr > > 3", "a value at '> 3'");
  refused("> 3", "a name at '> 3'");
  refused("lr > 3 lr < 4", "'and', 'or' or the end at 'lr < 4'");
  refused("(lr > 3", "')' at the end");
  refused("lr > 3)", "'and', 'or' or the end at ')'");
  refused("name = 'spam", "a closing quote for the one that opens at ''spam'");
  refused("lr => 3", "one of = != < <= > >= ~ at '=> 3'");
  refused("not", "a name at the end");
  refused(std::string(300, '(') + "lr > 3", "50 deep");
}

TEST(RunValues, AnUnknownNameIsAnErrorWithTheNearest) {
  const StoredRun run = sample();
  EXPECT_ERROR(ErrorKind::usage, check_name(std::span(&run, 1), "macro_f2", "--sort"), "--sort", "'macro_f2'",
               "did you mean 'macro_f1'");
  EXPECT_NO_THROW(check_name(std::span(&run, 1), "batch-size", "--sort"));
}

TEST(RunValues, ALossIsAnOptionAndAMetric) {
  StoredRun run = sample();
  run.finals["test/loss"] = 0.25;
  EXPECT_EQ(value_of(run, "loss"), "cross_entropy");
  EXPECT_EQ(metric_of(run, "loss"), 0.25);
  EXPECT_EQ(value_of(run, "test/loss"), 0.25);
}

}  // namespace
}  // namespace attune::track
