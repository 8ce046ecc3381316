#include "attune/metrics/ranks.h"

#include <cmath>
#include <limits>

#include "tests/base/expect_error.h"

namespace attune::metrics {
namespace {

using Ranks = std::vector<int64_t>;

Ranks ranks(const std::vector<float>& scores, const Ranks& relevant, const Ranks& left_out = {}) {
  return ranks_of_relevant(scores, relevant, left_out);
}

TEST(Ranks, InTheOrderOfTheRelevantDocuments) {
  EXPECT_EQ(ranks({0.1F, 0.9F, 0.5F, 0.7F}, {2, 1}), (Ranks{3, 1}));
  EXPECT_EQ(ranks({0.1F, 0.9F, 0.5F, 0.7F}, {1, 2, 0}), (Ranks{1, 3, 4}));
  EXPECT_EQ(ranks({2}, {0}), (Ranks{1}));
  EXPECT_EQ(ranks({1, 2}, {}), Ranks{});
}

TEST(Ranks, TiesCountAgainst) {
  // Wherever the relevant document stands among its equals.
  for (int64_t at = 0; at < 4; ++at) EXPECT_EQ(ranks({1, 1, 1, 1}, {at}), (Ranks{4})) << at;
  // Among relevant equals the order given decides; irrelevant equals stand before all of them.
  EXPECT_EQ(ranks({1, 1, 1, 2}, {2, 0}), (Ranks{3, 4}));
  EXPECT_EQ(ranks({1, 1, 1, 2}, {0, 2, 3}), (Ranks{3, 4, 1}));
}

TEST(Ranks, DocumentsThatAreLeftOutTakeNoPlace) {
  EXPECT_EQ(ranks({9, 8, 7, 7, 1}, {3}, {0}), (Ranks{3}));
  EXPECT_EQ(ranks({9, 8, 7, 7, 1}, {3}, {2, 0, 4}), (Ranks{2}));
  EXPECT_EQ(ranks({9, 8, 7, 7, 1}, {4, 3}, {2, 0}), (Ranks{3, 2}));
}

TEST(Ranks, InfiniteScores) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(ranks({-infinity, 0, infinity}, {0, 2}), (Ranks{3, 1}));
}

TEST(Ranks, NaNNamesTheDocument) {
  EXPECT_ERROR(ErrorKind::numeric, ranks({0, 1, NAN}, {0}), "document 2", "NaN");
  EXPECT_ERROR(ErrorKind::numeric, ranks({0, NAN}, {1}), "document 1");
}

TEST(Ranks, IndicesAreInRangeAndGivenOnce) {
  EXPECT_ERROR(ErrorKind::internal, ranks({0, 1}, {2}), "of 2");
  EXPECT_ERROR(ErrorKind::internal, ranks({0, 1}, {0}, {-1}), "-1");
  EXPECT_ERROR(ErrorKind::internal, ranks({0, 1}, {1, 1}), "document 1 is given twice");
  EXPECT_ERROR(ErrorKind::internal, ranks({0, 1}, {1}, {1}), "document 1 is given twice");
  EXPECT_ERROR(ErrorKind::internal, ranks({0, 1}, {1}, {0, 0}), "document 0 is given twice");
}

}  // namespace
}  // namespace attune::metrics
