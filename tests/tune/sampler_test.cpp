#include "attune/tune/sampler.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <numeric>
#include <set>

#include "attune/tune/parzen.h"

#include "tests/tune/objectives.h"

namespace attune::tune {
namespace {

using test::number;

// By how much searches of 60 trials miss the best, over 20 seeds.
struct Contest {
  double tpe = 0, random = 0;
  int won = 0;
};
template <class Function>
Contest contest(const Space& space, double best, const Function& function, double noise = 0) {
  Contest contest;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto observed = [&](const Point& point, int64_t trial) {
      return function(point) + noise * test::noise(seed, trial);
    };
    const double tpe = best - test::searched(space, {.seed = seed}, 60, observed, function);
    const double random =
        best - test::searched(space, {.seed = seed, .method = Method::random}, 60, observed, function);
    contest.tpe += tpe / 20, contest.random += random / 20, contest.won += tpe < random;
  }
  return contest;
}

// A sampler that takes the worst candidate, or splits the wrong way, misses by more than random search does; one that
// draws from the good ones and does not look at the bad ones misses two of the three.
TEST(Sampler, FindsMoreThanRandomSearch) {
  const Contest branin = contest(test::branin_space(), -0.397887, test::branin);
  EXPECT_LT(branin.tpe, 0.35 * branin.random);
  EXPECT_GE(branin.won, 14);
  const Contest conditional = contest(test::conditional_space(), 1, test::conditional);
  EXPECT_LT(conditional.tpe, 0.6 * conditional.random);
  EXPECT_GE(conditional.won, 14);
  const Contest noisy = contest(test::noisy_space(), 1, test::noisy, 1);
  EXPECT_LT(noisy.tpe, 0.45 * noisy.random);
  EXPECT_GE(noisy.won, 16);
  SCOPED_TRACE(fmt::format("branin {} {} {}, conditional {} {} {}, noisy {} {} {}", branin.tpe, branin.random,
                           branin.won, conditional.tpe, conditional.random, conditional.won, noisy.tpe, noisy.random,
                           noisy.won));
  EXPECT_FALSE(testing::Test::HasFailure());
}

std::vector<Trial> history(const Space& space, int trials) {
  std::vector<Trial> history;
  for (int i = 0; i < trials; ++i) {
    const Point point = random_point(space, i, 1);
    Trial trial{.point = point, .value = test::conditional(point), .fidelity = i % 3 == 0 ? 1.0 / 3 : 1};
    if (i % 7 == 0) trial.value.reset();
    history.push_back(trial);
  }
  return history;
}

TEST(Sampler, TheOrderOfTheHistoryIsNothing) {
  const Space space = test::conditional_space();
  auto trials = history(space, 60);
  std::vector<Point> pending;
  for (int i = 100; i < 104; ++i) pending.push_back(random_point(space, i, 1));
  const Point proposal = propose(space, trials, pending, 60, {.seed = 3});
  for (uint64_t shuffle = 0; shuffle < 20; ++shuffle) {
    for (size_t i = trials.size() - 1; i > 0; --i) std::swap(trials[i], trials[below(shuffle, i, i + 1)]);
    std::reverse(pending.begin(), pending.end());
    ASSERT_EQ(propose(space, trials, pending, 60, {.seed = 3}), proposal);
  }
  EXPECT_NE(propose(space, trials, pending, 61, {.seed = 3}), proposal);
  EXPECT_NE(propose(space, trials, pending, 60, {.seed = 4}), proposal);
  trials.pop_back();
  trials.pop_back();
  trials.push_back({.point = proposal, .value = 1});
  EXPECT_NE(propose(space, trials, pending, 60, {.seed = 3}), proposal) << "what is known counts";
}

TEST(Sampler, PendingPointsSpreadProposals) {
  const Space space = test::branin_space();
  std::vector<Trial> trials;
  for (int i = 0; i < 30; ++i) {
    const Point point = random_point(space, i, 1);
    trials.push_back({.point = point, .value = test::branin(point)});
  }
  // Mean distance of 8 proposals, made without a result in between, to the nearest of the others.
  const auto spread = [&](bool told) {
    double sum = 0;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      std::vector<Point> pending, all;
      for (int i = 0; i < 8; ++i) {
        all.push_back(propose(space, trials, pending, 30 + i, {.seed = seed}));
        if (told) pending.push_back(all.back());
      }
      for (size_t i = 0; i < all.size(); ++i) {
        double nearest = 9;
        for (size_t j = 0; j < all.size(); ++j) {
          double distance = i == j ? 9 : 0;
          for (const Dimension& d : space.dimensions())
            distance += std::abs(*unit_of(d, all[i].values.at(d.name)) - *unit_of(d, all[j].values.at(d.name)));
          nearest = std::min(nearest, distance);
        }
        sum += nearest / 160;
      }
    }
    return sum;
  };
  const double told = spread(true), untold = spread(false);
  EXPECT_GT(told, 1.3 * untold) << told << " against " << untold;
}

TEST(Sampler, StartUpVisitsEveryTenth) {
  const Space space = parse_space({{"a", "0.0..1.0"}, {"b", "0.0..1.0"}, {"c", "p|q|r|s|t"}});
  for (const int block : {0, 1}) {
    std::set<int> a, b, differences;
    std::map<std::string, int> c;
    for (int i = 0; i < 10; ++i) {
      const Point point = propose(space, {}, {}, 10 * block + i, {.seed = 1});
      a.insert(static_cast<int>(10 * number(point, "a"))), b.insert(static_cast<int>(10 * number(point, "b")));
      differences.insert(static_cast<int>(10 * number(point, "a")) - static_cast<int>(10 * number(point, "b")));
      ++c[test::label(point, "c")];
    }
    EXPECT_GT(differences.size(), 3u) << "not along the diagonal";
    EXPECT_EQ(a.size(), 10u);
    EXPECT_EQ(b.size(), 10u);
    for (const auto& [label, count] : c) EXPECT_EQ(count, 2) << label;
  }
}

TEST(Sampler, FailedRunsAreAvoidedAndEndNoStartUp) {
  const Space space = parse_space({{"x", "0.0..1.0"}});
  std::vector<Trial> trials;
  for (int i = 0; i < 12; ++i) trials.push_back({.point = space.at(std::vector{0.9 + 0.001 * i}), .value = {}});
  EXPECT_EQ(propose(space, trials, {}, 3, {.seed = 1}), propose(space, {}, {}, 3, {.seed = 1}));
  // Two places are equally good; at one of them runs fail.
  trials.clear();
  for (int i = 0; i < 20; ++i) {
    trials.push_back({.point = space.at(std::vector{0.025 + 0.05 * i}), .value = i == 5 || i == 14 ? 1 : 0.5});
    if (i < 10) trials.push_back({.point = space.at(std::vector{0.68 + 0.01 * i}), .value = {}});
  }
  int low = 0;
  for (int i = 0; i < 100; ++i) low += number(propose(space, trials, {}, i, {.seed = 1}), "x") < 0.5;
  EXPECT_GT(low, 80);
}

// A short run's values are larger here: only a sampler that mixes fidelities would follow them.
TEST(Sampler, ValuesCompareWithinAFidelity) {
  const Space space = parse_space({{"x", "0.0..1.0"}});
  std::vector<Trial> trials;
  for (int i = 0; i < 30; ++i) {
    const double x = (i + 0.5) / 30;
    trials.push_back({.point = space.at(std::vector{x}), .value = 10 + x, .fidelity = 1.0 / 9});
    if (i % 3 == 0) trials.push_back({.point = space.at(std::vector{x}), .value = 1 - x, .fidelity = 1});
  }
  int low = 0;
  for (int i = 0; i < 40; ++i) low += number(propose(space, trials, {}, i, {.seed = 1}), "x") < 0.35;
  EXPECT_GE(low, 30);
}

TEST(Sampler, NothingIsProposedTwiceWhileThereIsMore) {
  const Space space = parse_space({{"a", "1|2|3|4"}, {"b", "p|q|r"}});
  for (const Method method : {Method::tpe, Method::random}) {
    std::vector<Trial> trials;
    std::set<std::string> seen;
    for (int i = 0; i < 12; ++i) {
      const Point point = propose(space, trials, {}, i, {.seed = 1, .method = method, .startup = 4});
      EXPECT_TRUE(seen.insert(canonical_text(point)).second) << i;
      trials.push_back({.point = point, .value = number(point, "a")});
    }
    EXPECT_TRUE(seen.contains(canonical_text(propose(space, trials, {}, 12, {.seed = 1, .method = method}))));
  }
}

TEST(Sampler, PointsOfAnotherSpaceDoNoHarm) {
  const Space space = test::conditional_space();
  auto trials = history(space, 40);
  trials.push_back({.point = {{{"lr", 5.0}, {"loss", "gone"}}}, .value = 9});
  trials.push_back({.point = {{{"other", 5.0}}}, .value = 9});
  trials.push_back({.point = {{{"lr", "text"}, {"loss", "focal(gamma=?,alpha=?)"}}}, .value = std::nan("")});
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(space.outside(propose(space, trials, {}, i, {})).empty());
}

TEST(Parzen, IsADensity) {
  const Space space = parse_space({{"x", "0.0..1.0"}, {"n", "1..7"}, {"c", "p|q|r"}});
  const std::vector<size_t> all{0, 1, 2};
  std::vector<Point> points;
  std::vector<const Point*> some;
  for (uint64_t i = 0; i < 5; ++i) points.push_back(space.sample(i));
  for (const Point& point : points) some.push_back(&point);
  for (const auto& of : {std::vector<const Point*>{}, some}) {
    const Parzen parzen(space, all, of);
    double sum = 0;
    std::map<std::string, double> by_cell;
    constexpr int kSteps = 200;
    for (int i = 0; i < kSteps; ++i)
      for (int n = 0; n < 7; ++n)
        for (int c = 0; c < 3; ++c) {
          const double p =
              std::exp(parzen.log_density(std::vector{(i + 0.5) / kSteps, (n + 0.5) / 7, (c + 0.5) / 3})) / kSteps;
          sum += p, by_cell[fmt::format("{} {}", n, c)] += p;
        }
    EXPECT_NEAR(sum, 1, 1e-3);
    // Draws fall as it says.
    std::map<std::string, double> drawn;
    constexpr int kDraws = 20000;
    for (uint64_t i = 0; i < kDraws; ++i) {
      const auto units = parzen.sample(i);
      drawn[fmt::format("{} {}", static_cast<int>(units[1] * 7), static_cast<int>(units[2] * 3))] += 1.0 / kDraws;
    }
    std::vector<double> off(7);
    for (const auto& [cell, share] : by_cell) {
      EXPECT_NEAR(drawn[cell], share, 0.012) << cell;
      off[static_cast<size_t>(cell[0] - '0')] += drawn[cell] - share;
    }
    for (const double one : off) EXPECT_NEAR(one, 0, 0.012);
  }
}

}  // namespace
}  // namespace attune::tune
