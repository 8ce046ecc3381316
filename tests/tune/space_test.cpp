#include "attune/tune/space.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "attune/tune/parse_space.h"

#include "tests/base/expect_error.h"

namespace attune::tune {
namespace {

Space whole_space() {
  return parse_space({{"lr", "1e-5..1e-3:log"},
                      {"batch-size", "8|16|32"},
                      {"epochs", "1..4"},
                      {"loss", "cross_entropy | focal(gamma=0.5..3.0)"},
                      {"adapter", "none | lora(r=4..64:log, alpha=16, how=(plain | dora(s=0.0..1.0)))"}});
}
std::set<std::string> names(const Point& point) {
  std::set<std::string> names;
  for (const auto& [name, value] : point.values) names.insert(name);
  return names;
}

TEST(Space, ADimensionExistsWhereItsAlternativeIsChosen) {
  const Space space = whole_space();
  int focal = 0, dora = 0;
  for (uint64_t key = 0; key < 2000; ++key) {
    const Point point = space.sample(key);
    EXPECT_TRUE(space.outside(point).empty());
    const bool is_focal = point.values.at("loss") == Value("focal(gamma=?)");
    const bool is_lora = point.values.at("adapter") != Value("none");
    EXPECT_EQ(point.values.contains("loss.focal.gamma"), is_focal);
    EXPECT_EQ(point.values.contains("adapter.lora.r"), is_lora);
    const bool is_dora = is_lora && point.values.at("adapter.lora.how") == Value("dora(s=?)");
    EXPECT_EQ(point.values.contains("adapter.dora.s"), is_dora);
    focal += is_focal, dora += is_dora;
  }
  EXPECT_NEAR(focal / 2000.0, 0.5, 0.05);
  EXPECT_NEAR(dora / 2000.0, 0.25, 0.05);
}

TEST(Space, ThePriorIsUniformOnItsScale) {
  const Space space = whole_space();
  std::map<double, int> batches, epochs;
  int low_rates = 0;
  for (uint64_t key = 0; key < 3000; ++key) {
    const Point point = space.sample(key);
    ++batches[std::get<double>(point.values.at("batch-size"))], ++epochs[std::get<double>(point.values.at("epochs"))];
    low_rates += std::get<double>(point.values.at("lr")) < 1e-4;
  }
  EXPECT_NEAR(low_rates / 3000.0, 0.5, 0.04);
  ASSERT_EQ(batches.size(), 3u);
  ASSERT_EQ(epochs.size(), 4u) << "both ends, and nothing beyond";
  for (const auto& [value, count] : batches) EXPECT_NEAR(count / 3000.0, 1.0 / 3, 0.04) << value;
  for (const auto& [value, count] : epochs) EXPECT_NEAR(count / 3000.0, 0.25, 0.04) << value;
}

TEST(Space, DrawsAreKeyedByName) {
  const Space large = parse_space({{"epochs", "1..9"}, {"lr", "1e-5..1e-3:log"}}),
              small = parse_space({{"lr", "1e-5..1e-3:log"}});
  EXPECT_EQ(large.sample(7).values.at("lr"), small.sample(7).values.at("lr"));
  EXPECT_EQ(large.sample(7), large.sample(7));
  EXPECT_NE(large.sample(7), large.sample(8));
}

TEST(Space, PlacesAndValuesAreEachOthersInverse) {
  const Space space =
      parse_space({{"a", "4..64:log"}, {"b", "-3..5"}, {"c", "8|16|32"}, {"d", "x|y"}, {"e", "1e-6..1.0:log"}});
  for (const Dimension& dimension : space.dimensions()) {
    double last = -1;
    for (double unit = 0; unit <= 1; unit += 0.001) {
      const Value value = value_at(dimension, unit);
      EXPECT_FALSE(outside(dimension, value));
      const auto back = unit_of(dimension, value);
      ASSERT_TRUE(back);
      EXPECT_EQ(value_at(dimension, *back), value) << dimension.name << " at " << unit;
      EXPECT_GE(*back, last) << "values ascend";
      last = *back;
      if (const auto cell = cell_at(dimension, unit)) {
        EXPECT_TRUE(cell->low <= unit + 1e-12 && unit <= cell->high + 1e-12) << dimension.name << " at " << unit;
      } else {
        EXPECT_NEAR(*back, unit, 1.0 / 400 + 1e-12);
      }
    }
  }
  EXPECT_EQ(value_at(space.dimensions()[4], 1.0 / 3), Value(1e-4));
  EXPECT_EQ(value_at(space.dimensions()[4], 0.4), Value(0.000251)) << "no more digits than two hundred steps need";
  EXPECT_EQ(value_at(space.dimensions()[0], 0), Value(4.0));
  EXPECT_EQ(value_at(space.dimensions()[0], 1), Value(64.0));
  EXPECT_EQ(value_at(space.dimensions()[4], 1), Value(1.0));
  EXPECT_EQ(cells(space.dimensions()[0]), 61u);
}

TEST(Space, OptionsAsTrainTakesThem) {
  const Space space = whole_space();
  const Point point = space.read({{"lr", 3.2e-5},
                                  {"batch-size", 16},
                                  {"epochs", 3},
                                  {"loss", "focal(gamma=?)"},
                                  {"loss.focal.gamma", 1.37},
                                  {"adapter", "lora(r=?,alpha=16,how=?)"},
                                  {"adapter.lora.r", 8},
                                  {"adapter.lora.how", "dora(s=?)"},
                                  {"adapter.dora.s", 0.25}});
  const std::map<std::string, std::string> expected{{"lr", "3.2e-05"},
                                                    {"batch-size", "16"},
                                                    {"epochs", "3"},
                                                    {"loss", "focal(gamma=1.37)"},
                                                    {"adapter", "lora(r=8,alpha=16,how=dora(s=0.25))"}};
  EXPECT_EQ(space.options(point), expected);
  EXPECT_EQ(space.defaults(expected).point, point) << "and back";
}

TEST(Space, JsonAndBack) {
  const Space space = whole_space();
  for (uint64_t key = 0; key < 200; ++key) {
    const Point point = space.sample(key);
    EXPECT_EQ(space.read(nlohmann::json::parse(canonical_text(point))), point);
    const auto told = space.defaults(space.options(point));
    EXPECT_EQ(told.point, point) << (told.outside.empty() ? "" : told.outside[0]);
  }
}

TEST(Space, PointsThatAreNone) {
  const Space space = parse_space({{"lr", "1e-5..1e-3:log"}, {"loss", "ce|focal(gamma=0.5..3.0)"}});
  const auto read = [&](const char* text) { return space.read(nlohmann::json::parse(text)); };
  EXPECT_ERROR(ErrorKind::input, read(R"({"lr": 0.1, "loss": "ce"})"), "lr: 0.1 lies outside 1e-05..0.001:log");
  EXPECT_ERROR(ErrorKind::input, read(R"({"lr": 1e-4, "loss": "c"})"), "loss: 'c' is none of ce|focal(gamma=?)");
  EXPECT_ERROR(ErrorKind::input, read(R"x({"lr": 1e-4, "loss": "focal(gamma=?)"})x"), "loss.focal.gamma: no value");
  EXPECT_ERROR(ErrorKind::input, read(R"({"lr": 1e-4, "loss": "ce", "loss.focal.gamma": 1})"),
               "loss.focal.gamma: no dimension of the space at this point");
  EXPECT_ERROR(ErrorKind::input, read(R"({"lr": 1e-4, "los": "ce"})"), "los: no dimension", "did you mean 'loss'");
  EXPECT_ERROR(ErrorKind::input, read(R"({"lr": "fast", "loss": "ce"})"), "'fast' is no number of 1e-05..0.001:log");
  EXPECT_ERROR(ErrorKind::input, read(R"({"lr": [1]})"), "'lr': expected a number or a text, got array");
  EXPECT_ERROR(ErrorKind::input, read("[]"), "expected an object, got array");
}

TEST(Space, Defaults) {
  const Space space = whole_space();
  const std::map<std::string, std::string> inside{{"lr", "5e-5"},      {"batch-size", "16"},
                                                  {"epochs", "3"},     {"seed", "1"},
                                                  {"adapter", "none"}, {"loss", " focal( gamma = 2 ) "}};
  const Defaults defaults = space.defaults(inside);
  ASSERT_TRUE(defaults.point) << defaults.outside[0];
  EXPECT_EQ(names(*defaults.point),
            (std::set<std::string>{"lr", "batch-size", "epochs", "adapter", "loss", "loss.focal.gamma"}));
  EXPECT_EQ(defaults.point->values.at("loss.focal.gamma"), Value(2.0));
  EXPECT_EQ(space.options(*defaults.point).at("loss"), "focal(gamma=2)");
}

TEST(Space, ATextThatOnlyBeginsLikeAnAlternative) {
  const Space space = parse_space({{"loss", "ce|focal(gamma=0.5..3.0)"}});
  for (const char* text : {"focal(gamma=2)+poly1", "focal(gamma=2,alpha=1)", "focal(gamma=2", "cel", "focal"}) {
    const Defaults defaults = space.defaults({{"loss", text}});
    EXPECT_FALSE(defaults.point) << text;
    EXPECT_EQ(defaults.outside.at(0), fmt::format("loss: '{}' is none of ce|focal(gamma=?)", text));
  }
}

TEST(Space, DefaultsThatLieOutside) {
  const Defaults defaults =
      whole_space().defaults({{"lr", "0.1"}, {"batch-size", "12"}, {"epochs", "2.5"}, {"loss", "focal(gamma=9)"}});
  EXPECT_FALSE(defaults.point);
  EXPECT_EQ(defaults.outside,
            (std::vector<std::string>{"lr: 0.1 lies outside 1e-05..0.001:log", "batch-size: 12 is none of 8|16|32",
                                      "epochs: 2.5 is no whole number of 1..4",
                                      "loss: loss.focal.gamma: 9 lies outside 0.5..3", "adapter: it has no default"}));
}

}  // namespace
}  // namespace attune::tune
