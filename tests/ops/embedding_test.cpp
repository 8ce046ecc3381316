#include "attune/ops/embedding.h"

#include "gradient_check.h"

namespace attune::ops {
namespace {

class Embedding : public test::GradientCheck {
 protected:
  const std::vector<int32_t> words_{2, 0, 2, 1, 0}, places_{0, 1, 2, 0, 0}, segments_{0, 0, 1, 1, 0};
};

TEST_F(Embedding, GradientsOfThreeTables) {
  check({normal({4, 3}, 1), normal({3, 3}, 2), normal({2, 3}, 3)}, [&](Context& run, const Inputs& in) {
    const std::vector<EmbeddingLookup> lookups{
        {in[0], words_.data()}, {in[1], places_.data()}, {in[2], segments_.data()}};
    return std::vector{embedding_sum(run, lookups, 5, 5)};
  });
}

// Rows that fill up look id 0 up and teach it nothing; a word that occurs twice learns from both places.
TEST_F(Embedding, OnlyCountedRowsTeach) {
  const Tensor table = tape_.variable(normal({4, 1}, 1)), frozen = normal({3, 1}, 2);
  Context run = context(&tape_);
  const std::vector<EmbeddingLookup> lookups{{table, words_.data()}, {frozen, places_.data()}};
  const Tensor y = embedding_sum(run, lookups, 5, 4);
  tape_.seed(y, values({5, 1}, {1, 10, 100, 1000, 10000}));
  tape_.backward();
  const double* d = tape_.gradient(table).as<double>();
  EXPECT_EQ(std::vector<double>(d, d + 4), (std::vector<double>{10, 1000, 101, 0}));
}

TEST_F(Embedding, FrozenTablesRecordNothing) {
  Context run = context(&tape_);
  const std::vector<EmbeddingLookup> lookups{{normal({4, 2}, 1), words_.data()}};
  embedding_sum(run, lookups, 5, 5);
  EXPECT_EQ(tape_.nodes(), 0U);
}

}  // namespace
}  // namespace attune::ops
