#include "attune/tune/importance.h"

#include <cmath>
#include <gtest/gtest.h>

#include "attune/tune/draws.h"
#include "attune/tune/parse_space.h"

namespace attune::tune {
namespace {

double at(const Point& point, const std::string& name) {
  return std::get<double>(point.values.at(name));
}
template <class Function>
std::vector<Trial> trials_of(const Space& space, int count, const Function& function, uint64_t seed = 1) {
  std::vector<Trial> trials;
  for (int i = 0; i < count; ++i) {
    const Point point = space.sample(mix_key(seed, static_cast<uint64_t>(i)));
    trials.push_back({.point = point, .value = function(point)});
  }
  return trials;
}
const Share* find(const std::vector<Share>& shares, const std::vector<std::string>& dimensions) {
  for (const Share& share : shares)
    if (share.dimensions == dimensions) return &share;
  return nullptr;
}
double share(const Importance& told, const std::string& name) {
  const Share* found = find(told.shares, {name});
  EXPECT_TRUE(found) << name;
  return found ? found->share : -1;
}

// x: 4 of variance 1/12 each, y: 1, c: by halves 0 and d, variance d^2 / 4; z: nothing.
Space additive_space() {
  return parse_space({{"x", "0.0..1.0"}, {"y", "1e-4..1.0:log"}, {"c", "p|q"}, {"z", "0.0..1.0"}, {"fixed", "3"}});
}
double additive(const Point& point) {
  const double y = 1 + std::log10(at(point, "y")) / 4;
  return 4 * at(point, "x") + 2 * y + (point.values.at("c") == Value("q") ? std::sqrt(4.0 / 3) : 0);
}

TEST(Importance, SharesOfAnAdditiveFunction) {
  const Space space = additive_space();  // 16 / 12, 4 / 12, 4 / 12: shares 2/3, 1/6, 1/6
  const Importance told = importance(space, trials_of(space, 300, additive), {.pairs = true});
  EXPECT_EQ(told.too_little, "");
  EXPECT_GT(told.r2, 0.8);
  EXPECT_NEAR(share(told, "x"), 2.0 / 3, 0.08);
  EXPECT_NEAR(share(told, "y"), 1.0 / 6, 0.06);
  EXPECT_NEAR(share(told, "c"), 1.0 / 6, 0.06);
  EXPECT_LT(share(told, "z"), 0.02);
  EXPECT_EQ(told.shares.size(), 4u) << "a fixed one varies nothing";
  EXPECT_EQ(told.shares[0].dimensions, std::vector<std::string>{"x"});
  EXPECT_EQ(told.pairs.size(), 6u);
  for (const Share& one : told.shares) EXPECT_TRUE(one.low <= one.share && one.share <= one.high);
  for (const Share& pair : told.pairs) EXPECT_LT(pair.share, 0.05);
  EXPECT_LT(told.shares[0].low, 2.0 / 3);
  EXPECT_GT(told.shares[0].high, 2.0 / 3);
}

TEST(Importance, APairThatActsTogether) {
  const Space space = parse_space({{"x", "0.0..1.0"}, {"c", "p|q"}, {"z", "0.0..1.0"}});
  const auto function = [](const Point& point) {
    return (point.values.at("c") == Value("q") ? 1 : -1) * (at(point, "x") - 0.5);
  };
  const Importance told = importance(space, trials_of(space, 300, function), {.pairs = true});
  EXPECT_EQ(told.pairs.at(0).dimensions, (std::vector<std::string>{"x", "c"}));
  EXPECT_GT(told.pairs[0].share, 0.7);
  for (const Share& one : told.shares) EXPECT_LT(one.share, 0.15);
}

TEST(Importance, FewerTrialsLeaveMoreOpen) {
  const Space space = additive_space();
  const Importance few = importance(space, trials_of(space, 30, additive)),
                   many = importance(space, trials_of(space, 300, additive));
  ASSERT_EQ(few.too_little, "");
  const Share &a = *find(few.shares, {"x"}), &b = *find(many.shares, {"x"});
  EXPECT_GT(a.high - a.low, 1.5 * (b.high - b.low));
}

TEST(Importance, ConditionalDimensionsAreTakenApartWhereTheyExist) {
  const Space space = parse_space({{"x", "0.0..1.0"}, {"loss", "p | q(a=0.0..1.0, b=0.0..1.0) | r"}});
  const auto function = [](const Point& point) {
    const double base = at(point, "x");
    return point.values.contains("loss.q.a") ? base + 3 + 3 * at(point, "loss.q.a") : base;
  };
  const Importance told = importance(space, trials_of(space, 400, function));
  // Where q is chosen: a 9/12, x 1/12.
  EXPECT_NEAR(share(told, "loss.q.a"), 0.9, 0.08);
  EXPECT_LT(share(told, "loss.q.b"), 0.05);
  EXPECT_NEAR(find(told.shares, {"loss.q.a"})->exists, 1.0 / 3, 1e-12);
  // Everywhere: the loss means 0, 4.5, 0 of variance 4.5; a adds 9/12/3, x 1/12.
  EXPECT_NEAR(share(told, "loss"), 4.5 / (4.5 + 0.25 + 1.0 / 12), 0.06);
  EXPECT_EQ(find(told.shares, {"loss"})->exists, 1);
}

TEST(Importance, MarginalCurves) {
  const Space space = additive_space();
  const Importance told = importance(space, trials_of(space, 300, additive), {.curve_points = 5});
  ASSERT_EQ(told.curves.size(), 4u);
  const MarginalCurve &x = told.curves[0], &c = told.curves[2];
  ASSERT_EQ(x.points.size(), 5u);
  EXPECT_EQ(x.points[1].at, Value(0.25));
  const double rest = 1 + std::sqrt(4.0 / 3) / 2;
  for (size_t i = 1; i < 4; ++i) {
    EXPECT_NEAR(x.points[i].mean, 4 * std::get<double>(x.points[i].at) + rest, 0.35);
    EXPECT_TRUE(x.points[i].low < x.points[i].mean && x.points[i].mean < x.points[i].high);
  }
  ASSERT_EQ(c.points.size(), 2u);
  EXPECT_EQ(c.points[1].at, Value("q"));
  EXPECT_NEAR(c.points[1].mean - c.points[0].mean, std::sqrt(4.0 / 3), 0.3);
}

TEST(Importance, WholeNumbersAreCutBetweenThem) {
  const Space space = parse_space({{"n", "1..4"}, {"z", "0.0..1.0"}});
  const Importance told =
      importance(space, trials_of(space, 200, [](const Point& p) { return at(p, "n") == 1 ? 1.0 : 0.0; }));
  EXPECT_GT(share(told, "n"), 0.97);
  ASSERT_EQ(told.curves[0].points.size(), 4u);
  EXPECT_NEAR(told.curves[0].points[0].mean, 1, 0.02);
  EXPECT_NEAR(told.curves[0].points[1].mean, 0, 0.02);
}

TEST(Importance, NoiseTellsNothing) {
  const Space space = additive_space();
  int told = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto noise = [&](const Point& point) { return random_normal(mix_key(seed, hash(point)), 0); };
    const Importance noisy = importance(space, trials_of(space, 40, noise, seed), {.seed = seed});
    told += noisy.too_little.empty();
    EXPECT_LT(noisy.r2, 0.35) << "of trials that a tree did not see";
    if (noisy.too_little.empty()) continue;
    EXPECT_NE(noisy.too_little.find("40 trials do not show what mattered"), std::string::npos) << noisy.too_little;
    EXPECT_TRUE(noisy.shares.empty() && noisy.curves.empty());
  }
  EXPECT_LE(told, 3) << "1 in 20 by chance";
}

TEST(Importance, FewTrialsTellNothing) {
  const Space space = additive_space();
  auto trials = trials_of(space, 9, additive);
  for (int i = 0; i < 5; ++i) trials.push_back({.point = space.sample(static_cast<uint64_t>(1000 + i)), .value = {}});
  trials.push_back({.point = {{{"x", 7.0}}}, .value = 1});
  EXPECT_EQ(importance(space, trials).too_little,
            "9 trials have a value at one length of training; 10 are the least that say anything");
  EXPECT_EQ(importance(space, {}).trials, 0);
  const auto constant = trials_of(space, 50, [](const Point&) { return 0.5; });
  EXPECT_NE(importance(space, constant).too_little, "");
}

TEST(Importance, OneFidelityAndNoOrder) {
  const Space space = additive_space();
  auto trials = trials_of(space, 60, additive);
  for (Trial& trial : trials) trial.fidelity = 1.0 / 3;
  const Importance alone = importance(space, trials);
  auto other = trials;
  for (size_t i = 0; i < 20; ++i) other[i].fidelity = 1.0 / 9;
  EXPECT_EQ(importance(space, other).trials, 40) << "the most, not the last";
  for (const Trial& trial : trials_of(
           space, 20, [](const Point& p) { return -50 * at(p, "z"); }, 2))
    trials.push_back(trial);
  std::reverse(trials.begin(), trials.end());
  const Importance told = importance(space, trials);
  EXPECT_EQ(told.trials, 60);
  EXPECT_EQ(told.fidelity, 1.0 / 3);
  EXPECT_EQ(told.r2, alone.r2);
  ASSERT_EQ(told.shares.size(), alone.shares.size());
  for (size_t i = 0; i < told.shares.size(); ++i) EXPECT_EQ(told.shares[i].share, alone.shares[i].share);
}

}  // namespace
}  // namespace attune::tune
