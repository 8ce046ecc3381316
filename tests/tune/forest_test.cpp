#include "attune/tune/forest.h"

#include <bit>
#include <gtest/gtest.h>

#include "attune/tune/draws.h"
#include "attune/tune/parse_space.h"

namespace attune::tune {
namespace {

Space conditional() {
  return parse_space({{"n", "1..16:log"}, {"loss", "p | q(a=0.0..1.0, b=(s|t(c=0.0..1.0))) | r"}, {"k", "2|4|8|16"}});
}
std::vector<Row> rows_of(const Space& space, size_t count) {
  std::vector<Row> rows;
  for (size_t i = 0; i < count; ++i) {
    const Point point = space.sample(i);
    double y = std::get<double>(point.values.at("n")) + 0.5 * std::get<double>(point.values.at("k"));
    if (const auto a = point.values.find("loss.q.a"); a != point.values.end()) y += 20 * std::get<double>(a->second);
    if (const auto c = point.values.find("loss.t.c"); c != point.values.end()) y += 20 * std::get<double>(c->second);
    rows.push_back(row_of(space, point, y));
  }
  return rows;
}
Tree tree_of(const Space& space, const std::vector<Row>& rows) {
  std::vector<size_t> all(rows.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return {space, rows, all, 1, {}};
}

// Which of the dimensions a and c are cut anywhere.
std::pair<bool, bool> check_leaves(const Space& space, const Tree& tree) {
  double whole = 0;
  bool cut_a = false, cut_c = false;
  const size_t loss = *space.find("loss"), a = *space.find("loss.q.a"), b = *space.find("loss.q.b"),
               c = *space.find("loss.t.c");
  for (const Leaf& leaf : tree.leaves()) {
    double share = 1;
    for (size_t d = 0; d < leaf.sides.size(); ++d) {
      const double own = share_of(space.dimensions()[d], leaf.sides[d]);
      EXPECT_GT(own, 0);
      share *= own;
    }
    whole += share;
    const auto is_cut = [&](size_t d) { return share_of(space.dimensions()[d], leaf.sides[d]) < 1; };
    const bool under_q = leaf.sides[loss].alternatives == 2u, under_t = leaf.sides[b].alternatives == 2u;
    EXPECT_TRUE(under_q || !(is_cut(a) || is_cut(b))) << "only where it exists";
    EXPECT_TRUE(under_t || !is_cut(c));
    cut_a = cut_a || is_cut(a), cut_c = cut_c || is_cut(c);
  }
  EXPECT_NEAR(whole, 1, 1e-9);
  return {cut_a, cut_c};
}

TEST(Forest, LeavesPartThePrior) {
  const Space space = conditional();
  const Tree tree = tree_of(space, rows_of(space, 300));
  ASSERT_GT(tree.leaves().size(), 20u);
  const auto [cut_a, cut_c] = check_leaves(space, tree);
  EXPECT_TRUE(cut_a && cut_c);
  // Here only what does not exist everywhere tells the values apart.
  std::vector<Row> rows = rows_of(space, 300);
  for (Row& row : rows) row.y = row.units[2] < 0.5 ? -1 : row.units[2] >= 0.5 ? 1 : 0;
  check_leaves(space, tree_of(space, rows));
}

TEST(Forest, CellsAreCutAtTheirBorders) {
  const Space space = conditional();
  const Tree tree = tree_of(space, rows_of(space, 40));
  for (const char* name : {"n", "k"}) {
    const size_t d = *space.find(name);
    bool cut = false;
    for (const Leaf& leaf : tree.leaves()) {
      if (leaf.sides[d].low <= 0) continue;
      cut = true;
      const double low = leaf.sides[d].low;
      EXPECT_NE(value_at(space.dimensions()[d], low - 1e-6), value_at(space.dimensions()[d], low + 1e-6)) << name;
    }
    EXPECT_TRUE(cut) << name;
  }
}

TEST(Forest, PredictsTheMeanOfTheLeaf) {
  const Space space = conditional();
  const auto rows = rows_of(space, 300);
  const Tree tree = tree_of(space, rows);
  double errors = 0, squares = 0, mean = 0;
  for (const Row& row : rows) mean += row.y / 300;
  for (const Row& row : rows) {
    errors += (row.y - tree.predict(space, row)) * (row.y - tree.predict(space, row));
    squares += (row.y - mean) * (row.y - mean);
  }
  EXPECT_LT(errors, 0.1 * squares);
  EXPECT_GT(errors, 0);
}

TEST(Forest, SidesInCommon) {
  const Space space = conditional();
  const Dimension &n = space.dimensions()[0], &loss = space.dimensions()[1];
  EXPECT_NEAR(common_share(n, {.low = 0.2, .high = 0.6}, {.low = 0.5, .high = 1}), 0.1, 1e-12);
  EXPECT_EQ(common_share(n, {.low = 0, .high = 0.4}, {.low = 0.5, .high = 1}), 0);
  EXPECT_NEAR(common_share(loss, {.alternatives = 0b011}, {.alternatives = 0b110}), 1.0 / 3, 1e-12);
  EXPECT_TRUE(holds(n, {.low = 0.5, .high = 1}, 1.0));
  EXPECT_FALSE(holds(n, {.low = 0.2, .high = 0.5}, 0.5)) << "the upper end is the next one's";
  EXPECT_FALSE(holds(loss, {.alternatives = 0b011}, 0.9));
}

}  // namespace
}  // namespace attune::tune
