#include "attune/data/truncation.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/base/expect_error.h"

namespace attune::data {
namespace {

TEST(Truncation, LongestFirstEqualsTheReference) {
  std::ifstream golden(ATTUNE_TEST_DATA "/data/golden/longest_first.txt");
  int cases = 0;
  for (std::string line; std::getline(golden, line);) {
    if (line.starts_with('#')) continue;
    int room = 0, first = 0, second = 0, kept_first = 0, kept_second = 0;
    std::istringstream(line) >> room >> first >> second >> kept_first >> kept_second;
    EXPECT_EQ(longest_first(first, second, room), std::pair(kept_first, kept_second)) << line;
    ++cases;
  }
  EXPECT_EQ(cases, 12 * 13 * 13);
}

TEST(Truncation, KeptPieces) {
  const auto kept = [](int length, int room, Truncation how) {
    const Kept k = kept_pieces(length, room, how);
    return std::pair(k.head, k.tail);
  };
  EXPECT_EQ(kept(5, 8, Truncation::tail), std::pair(5, 0));
  EXPECT_EQ(kept(20, 8, Truncation::head), std::pair(8, 0));
  EXPECT_EQ(kept(20, 8, Truncation::tail), std::pair(0, 8));
  EXPECT_EQ(kept(2000, 510, Truncation::head_tail), std::pair(128, 382));
  EXPECT_EQ(kept(20, 8, Truncation::longest_first), std::pair(8, 0));
}

TEST(Truncation, Names) {
  EXPECT_EQ(parse_truncation("auto", true), Truncation::stride);
  EXPECT_EQ(parse_truncation("auto", false), Truncation::longest_first);
  EXPECT_EQ(parse_truncation("head-tail", false), Truncation::head_tail);
  EXPECT_ERROR(ErrorKind::usage, parse_truncation("stride", false), "for tagging");
  EXPECT_ERROR(ErrorKind::usage, parse_truncation("tial", false), "'tial'", "did you mean 'tail'");
}

}  // namespace
}  // namespace attune::data
