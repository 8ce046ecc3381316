#include "attune/tune/parse_space.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"

namespace attune::tune {
namespace {

const Dimension& dimension(const Space& space, const std::string& name) {
  const auto found = space.find(name);
  EXPECT_TRUE(found) << name;
  return space.dimensions()[found.value_or(0)];
}
Space one(const std::string& text, Numbers numbers = Numbers::by_spelling) {
  return parse_space({{"lr", text}}, {{"lr", numbers}});
}
const Range& range(const Space& space) {
  return std::get<Range>(space.dimensions()[0].domain);
}

TEST(ParseSpace, Ranges) {
  const Space logarithmic = one(" 1e-5 .. 5e-4 : log "), linear = one("1e-5..5e-4"), whole = one("4..64:log");
  EXPECT_EQ(range(logarithmic).low, 1e-5);
  EXPECT_EQ(range(logarithmic).high, 5e-4);
  EXPECT_EQ(range(logarithmic).scale, Scale::logarithmic);
  EXPECT_FALSE(range(logarithmic).whole);
  EXPECT_EQ(range(linear).scale, Scale::linear);
  EXPECT_TRUE(range(whole).whole);
  EXPECT_EQ(domain_text(whole.dimensions()[0]), "4..64:log");
  EXPECT_EQ(range(one("1..5")).high, 5) << "not 1. and .5";
  EXPECT_EQ(range(one("-1..2:linear")).low, -1);
}

TEST(ParseSpace, WhatIsWhole) {
  EXPECT_TRUE(range(one("0..3")).whole);
  EXPECT_FALSE(range(one("0.0..3")).whole);
  EXPECT_FALSE(range(one("1..1e3")).whole);
  EXPECT_FALSE(range(one("0..3", Numbers::real)).whole) << "the option knows better than the spelling";
  EXPECT_TRUE(range(one("1e2..1e3", Numbers::whole)).whole);
  EXPECT_ERROR(ErrorKind::usage, one("0.5..3", Numbers::whole), "'lr'", "whole numbers");
  EXPECT_ERROR(ErrorKind::usage, one("1|2.5", Numbers::whole), "whole numbers", "\n    ^");
}

TEST(ParseSpace, Choices) {
  const Space numbers = one("32|8| 16"), texts = parse_space({{"schedule", "linear | cosine"}});
  EXPECT_EQ(domain_text(numbers.dimensions()[0]), "8|16|32");
  EXPECT_TRUE(numbers.dimensions()[0].choice()->ordered);
  EXPECT_FALSE(texts.dimensions()[0].choice()->ordered);
  EXPECT_TRUE(texts.dimensions()[0].unordered());
  EXPECT_TRUE(dimension(parse_space({{"lr", "3e-5"}, {"epochs", "1..3"}}), "lr").fixed());
  EXPECT_FALSE(dimension(parse_space({{"decay", "none|0.1"}}), "decay").choice()->ordered);
}

TEST(ParseSpace, AlternativesWithDimensionsOfTheirOwn) {
  const Space space = parse_space({{"loss", "cross_entropy | focal(gamma=0.5..3)"},
                                   {"adapter", "none|lora(r=4|8|16, alpha=16, targets=query|value)"}});
  ASSERT_EQ(space.dimensions().size(), 4u);
  const Dimension &gamma = dimension(space, "loss.focal.gamma"), &r = dimension(space, "adapter.lora.r");
  EXPECT_EQ(gamma.parent, (Parent{*space.find("loss"), 1}));
  EXPECT_EQ(domain_text(gamma), "0.5..3");
  EXPECT_EQ(r.parent, (Parent{*space.find("adapter"), 1}));
  EXPECT_EQ(domain_text(r), "4|8|16");
  EXPECT_EQ(domain_text(dimension(space, "loss")), "cross_entropy|focal(gamma=?)");
  EXPECT_EQ(domain_text(dimension(space, "adapter")), "none|lora(r=?,alpha=16,targets=query|value)")
      << "texts parted by | are the option's own list";
  ASSERT_EQ(space.groups().size(), 3u);
  EXPECT_FALSE(space.groups()[0].parent);
}

TEST(ParseSpace, CallsWithinCalls) {
  const Space space = parse_space(
      {{"loss",
        "r_drop(0.7*focal(gamma=1.0..2.0) + 0.3 * focal(gamma=2.0..3.0) after 50%, alpha=1..4, how=(a | b(c=1..2)))"}});
  EXPECT_EQ(domain_text(dimension(space, "loss")),
            "r_drop(0.7*focal(gamma=?)+0.3*focal(gamma=?)after 50%,alpha=?,how=?)");
  EXPECT_EQ(domain_text(dimension(space, "loss.focal.gamma")), "1..2");
  EXPECT_EQ(domain_text(dimension(space, "loss.focal.gamma#2")), "2..3");
  EXPECT_TRUE(std::get<Range>(dimension(space, "loss.r_drop.alpha").domain).whole);
  EXPECT_EQ(domain_text(dimension(space, "loss.r_drop.how")), "a|b(c=?)");
  EXPECT_EQ(dimension(space, "loss.b.c").parent, (Parent{*space.find("loss.r_drop.how"), 1}));
}

TEST(ParseSpace, ARangeBesideOthers) {
  const Space space = parse_space({{"decay", "none|1e-3..0.5:log"}});
  EXPECT_EQ(domain_text(dimension(space, "decay.value")), "0.001..0.5:log");
  EXPECT_EQ(dimension(space, "decay.value").parent, (Parent{0, 1}));
}

TEST(ParseSpace, Quotes) {
  const Space space = parse_space({{"loss", "'focal(gamma=0..2)' | formula(\"a | b, c\") | ../x"}, {"lr", "1..2"}});
  EXPECT_EQ(domain_text(dimension(space, "loss")), "focal(gamma=0..2)|formula(\"a | b, c\")|../x");
}

TEST(ParseSpace, InnerNumbersThatAreKnown) {
  const auto is_whole = [](Numbers numbers) {
    const Space space = parse_space({{"loss", "a|focal(gamma=0..3)"}}, {{"loss"}, {"loss.focal.gamma", numbers}});
    return std::get<Range>(dimension(space, "loss.focal.gamma").domain).whole;
  };
  EXPECT_TRUE(is_whole(Numbers::by_spelling));
  EXPECT_FALSE(is_whole(Numbers::real));
}

TEST(ParseSpace, RangesThatAreNone) {
  EXPECT_ERROR(ErrorKind::usage, one("5e-4..1e-5:log"), "'lr'", "0.0005 lies above 1e-05",
               "did you mean 1e-05..0.0005?", "5e-4..1e-5:log\n  ^");
  EXPECT_ERROR(ErrorKind::usage, one("8..8"), "this range is empty", "write 8");
  EXPECT_ERROR(ErrorKind::usage, one("0..1:log"), "0 has no logarithm", "begin above 0");
  EXPECT_ERROR(ErrorKind::usage, one("-1.0..1:log"), "-1 has no logarithm");
  EXPECT_ERROR(ErrorKind::usage, one("1e-5..1e-3:logg"), "expected log or linear", "did you mean 'log'?",
               "\n             ^");
  EXPECT_ERROR(ErrorKind::usage, one("1e-5..fast"), "a number behind '..'", "'fast'", "\n        ^");
  EXPECT_ERROR(ErrorKind::usage, one("..3"), "a number before '..'");
  EXPECT_ERROR(ErrorKind::usage, one("1..inf"), "a number behind '..'", "'inf'");
  EXPECT_ERROR(ErrorKind::usage, parse_space({{"loss", "focal(0.5..3)"}}), "needs a name", "single quotes",
               "\n        ^");
}

TEST(ParseSpace, ChoicesThatAreNone) {
  EXPECT_ERROR(ErrorKind::usage, one(""), "'lr'", "no value");
  EXPECT_ERROR(ErrorKind::usage, one("8||16"), "an alternative is missing", "\n    ^");
  EXPECT_ERROR(ErrorKind::usage, one("8|16|8.0"), "'8' stands there twice", "\n       ^");
  EXPECT_ERROR(ErrorKind::usage, parse_space({{"loss", "focal(gamma=1..2)|focal( gamma = 2.5..3)"}}),
               "'focal(gamma=?)'", "twice", "one range of the two");
  std::string many = "1";
  for (int i = 2; i <= 65; ++i) many += "|" + std::to_string(i);
  EXPECT_ERROR(ErrorKind::usage, one(many), "65 alternatives, of at most 64");
}

TEST(ParseSpace, BracketsAndQuotesThatDoNotClose) {
  EXPECT_ERROR(ErrorKind::usage, one("focal(gamma=1..2"), "this '(' is not closed", "add ')'", "\n       ^");
  EXPECT_ERROR(ErrorKind::usage, one("focal)"), "closes nothing", "\n       ^");
  EXPECT_ERROR(ErrorKind::usage, one("a(b=[1)"), "'[' was opened, ')' closes it");
  EXPECT_ERROR(ErrorKind::usage, one("'a"), "this ' is not closed");
}

TEST(ParseSpace, OptionsThatAreNone) {
  EXPECT_ERROR(ErrorKind::usage, parse_space({{"learning-rate", "1..2"}}, {{"lr"}, {"epochs"}}), "'learning-rate'",
               "did you mean 'lr'?");
  EXPECT_ERROR(ErrorKind::usage, parse_space({{"lr", "1..2"}, {"lr", "2..3"}}), "'lr' is told twice", "'1..2'",
               "'2..3'");
  EXPECT_ERROR(ErrorKind::usage, parse_space({}), "the space is empty");
  EXPECT_ERROR(ErrorKind::usage, parse_space({{"lr", "3e-5"}}), "a single point", "'lr'", "8|16");
}

}  // namespace
}  // namespace attune::tune
