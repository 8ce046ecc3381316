#include "attune/text/reference_number.h"

#include <gtest/gtest.h>
#include <limits>

#include "tests/text/folders.h"

namespace attune::text {
namespace {

// The right-hand sides are what `tokenizers` 0.23.3 made of the left-hand sides (Tokenizer.from_str, then to_str).
TEST(ReferenceNumber, RoundsTwiceAsTheReferenceDoes) {
  EXPECT_EQ(as_reference_reads(-13.598176002502441), -0x1.b32441fffffffp+3);
  EXPECT_EQ(as_reference_reads(-11.493908882141113), -0x1.6fce19fffffffp+3);
  EXPECT_EQ(as_reference_reads(123456789012345.67), 0x1.c12218377de6cp+46);
}

TEST(ReferenceNumber, LeavesShortNumbersAlone) {
  for (const double value : {0.0, -0.0, -2.0, -0.1, 1e-7, -6.093497276306152, 1.2345e20, 5e-324,
                             -std::numeric_limits<double>::max(), std::numeric_limits<double>::infinity()})
    EXPECT_EQ(as_reference_reads(value), value);
}

// Two cuts with equal sums but for the last bit: the reference takes x, nn, n.
TEST(ReferenceNumber, DecidesBetweenEqualCuts) {
  const Folder folder(Files{{"tokenizer.json", R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0],
      ["x", -13.598176002502441], ["n", -6.093497276306152], ["nn", -11.493908882141113]]}})"}});
  EXPECT_EQ(numbers(*Tokenizer::load(folder.path()), "xnnn"), (std::vector<int32_t>{1, 0, 1, 3, 1, 3, 2, 3, 4}));
}

}  // namespace
}  // namespace attune::text
