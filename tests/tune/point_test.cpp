#include "attune/tune/point.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace attune::tune {
namespace {

TEST(PointText, NumbersAreShortAndReadBack) {
  EXPECT_EQ(number_text(16), "16");
  EXPECT_EQ(number_text(-3), "-3");
  EXPECT_EQ(number_text(3.2e-05), "3.2e-05");
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(1234567), "1234567");
  EXPECT_EQ(number_text(1e300), "1e+300");
}

TEST(PointText, SixDigits) {
  EXPECT_EQ(number_text(rounded(1.0 / 3)), "0.333333");
  EXPECT_EQ(number_text(rounded(123456789.0)), "123457000");
  EXPECT_EQ(number_text(rounded(2.99999951e-5)), "3e-05");
  EXPECT_EQ(rounded(0), 0);
}

TEST(PointText, OneTextOfEqualPoints) {
  const Point point{{{"loss", "focal(gamma=?)"}, {"lr", 3.2e-5}, {"batch-size", 16.0}, {"loss.focal.gamma", 1.37}}};
  EXPECT_EQ(canonical_text(point),
            R"x({"batch-size":16,"loss":"focal(gamma=?)","loss.focal.gamma":1.37,"lr":3.2e-05})x");
  Point other = point;
  EXPECT_EQ(point, other);
  other.values["lr"] = 3.3e-5;
  EXPECT_NE(point, other);
  EXPECT_NE(hash(point), hash(other));
}

// Draws of studies that exist are keyed by it.
TEST(PointText, TheHashStays) {
  EXPECT_EQ(hash("lr"), 4111699304361056180ULL);
  EXPECT_EQ(hash(Point{{{"lr", 3.2e-5}}}), hash(R"({"lr":3.2e-05})"));
  EXPECT_NE(hash("ab"), hash("ba"));
}

}  // namespace
}  // namespace attune::tune
