#include "attune/metrics/confusion.h"

#include <gtest/gtest.h>

namespace attune::metrics {
namespace {

TEST(Confusion, CellsAreSortedAndKeepMinusOne) {
  Confusion confusion;
  confusion.add(2, 0);
  confusion.add(0, -1, 3);
  confusion.add(0, 0, 5);
  confusion.add(2, 0);
  const std::vector<ConfusionCell> cells = confusion.cells();
  ASSERT_EQ(cells.size(), 3U);
  EXPECT_EQ(cells[0].predicted, -1);
  EXPECT_EQ(cells[0].count, 3);
  EXPECT_EQ(cells[2].gold, 2);
  EXPECT_EQ(cells[2].count, 2);
}

TEST(Confusion, MostConfusedLeavesTheDiagonalOut) {
  const std::vector<ConfusionCell> cells = {{0, 0, 90}, {0, 1, 2}, {1, 0, 7}, {1, 2, 2}, {2, 2, 50}};
  const std::vector<ConfusionCell> worst = most_confused(cells, 2);
  ASSERT_EQ(worst.size(), 2U);
  EXPECT_EQ(worst[0].gold, 1);
  EXPECT_EQ(worst[0].count, 7);
  EXPECT_EQ(worst[1].gold, 0);
  EXPECT_EQ(worst[1].predicted, 1);
}

}  // namespace
}  // namespace attune::metrics
