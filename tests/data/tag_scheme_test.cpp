#include "attune/data/tag_scheme.h"

#include <gtest/gtest.h>

namespace attune::data {
namespace {

using Tags = std::vector<std::string>;

Example sentence(Tags tags, int64_t line = 1) {
  Example example;
  example.labels = std::move(tags);
  example.origin = {0, line};
  example.line_a_word = true;
  return example;
}

TagScheme detect(const std::vector<Tags>& sentences) {
  TagSchemeDetector detector;
  for (const auto& tags : sentences) detector.add(sentence(tags));
  return detector.scheme();
}

Tags converted(Tags tags, TagScheme scheme, TagCounts* counts = nullptr) {
  TagCounts unused;
  convert_to_iob2(tags, scheme, counts ? *counts : unused);
  return tags;
}

TEST(TagScheme, Detection) {
  EXPECT_EQ(detect({{"B-PER", "I-PER", "O"}}), TagScheme::iob2);
  EXPECT_EQ(detect({{"I-PER", "I-PER", "O", "I-LOC", "B-LOC"}}), TagScheme::iob1);
  EXPECT_EQ(detect({{"B-PER", "E-PER", "S-LOC"}}), TagScheme::iobes);
  EXPECT_EQ(detect({{"B-PER", "L-PER", "U-LOC"}}), TagScheme::iobes);
  EXPECT_EQ(detect({{"NN", "VB", "O"}}), TagScheme::plain);
  EXPECT_EQ(detect({{"O", "O"}}), TagScheme::iob2);
  // One orphan among proper beginnings is a mistake, not another scheme.
  EXPECT_EQ(detect({{"B-PER", "O"}, {"I-LOC", "O"}}), TagScheme::iob2);
}

TEST(TagScheme, Iob1BecomesIob2) {
  TagCounts counts;
  EXPECT_EQ(converted({"I-PER", "I-PER", "B-PER", "I-PER", "I-LOC", "O", "I-LOC"}, TagScheme::iob1, &counts),
            (Tags{"B-PER", "I-PER", "B-PER", "I-PER", "B-LOC", "O", "B-LOC"}));
  EXPECT_EQ(counts.converted, 3);
  EXPECT_EQ(counts.repaired, 0);
  EXPECT_EQ(counts.words, 7);
}

TEST(TagScheme, IobesAndItsKinBecomeIob2) {
  TagCounts counts;
  EXPECT_EQ(converted({"S-PER", "B-LOC", "I-LOC", "E-LOC", "O", "S-LOC", "S-LOC"}, TagScheme::iobes, &counts),
            (Tags{"B-PER", "B-LOC", "I-LOC", "I-LOC", "O", "B-LOC", "B-LOC"}));
  EXPECT_EQ(counts.converted, 4);
  EXPECT_EQ(converted({"B-X", "M-X", "E-X", "U-X", "W-X"}, TagScheme::iobes),
            (Tags{"B-X", "I-X", "I-X", "B-X", "B-X"}));
}

TEST(TagScheme, WhatContinuesNothingIsRepaired) {
  TagCounts counts;
  EXPECT_EQ(converted({"I-PER", "I-PER", "O", "B-LOC", "I-PER"}, TagScheme::iob2, &counts),
            (Tags{"B-PER", "I-PER", "O", "B-LOC", "B-PER"}));
  EXPECT_EQ(counts.repaired, 2);
  EXPECT_EQ(counts.converted, 0);
  // After an end, an inside begins anew.
  counts = {};
  EXPECT_EQ(converted({"B-X", "E-X", "I-X", "E-Y"}, TagScheme::iobes, &counts), (Tags{"B-X", "I-X", "B-X", "B-Y"}));
  EXPECT_EQ(counts.repaired, 2);
}

TEST(TagScheme, PlainTagsStay) {
  EXPECT_EQ(converted({"NN", "I-X"}, TagScheme::plain), (Tags{"NN", "I-X"}));
}

TEST(TagScheme, RemembersWhereTheFirstFaultsAre) {
  TagSchemeDetector detector;
  detector.add(sentence({"B-PER", "O"}, 10));
  detector.add(sentence({"O", "LOC", "I-PER"}, 20));
  ASSERT_TRUE(detector.stray());
  EXPECT_EQ(detector.stray()->origin.line, 21);
  EXPECT_EQ(detector.stray()->tag, "LOC");
  ASSERT_TRUE(detector.first_orphan());
  EXPECT_EQ(detector.first_orphan()->origin.line, 22);
  EXPECT_EQ(detector.orphans(), 1);
}

TEST(TagScheme, TypesMayHoldDashes) {
  EXPECT_EQ(split_tag("B-GPE-NAM").type, "GPE-NAM");
  EXPECT_EQ(split_tag("O").prefix, 0);
  EXPECT_EQ(split_tag("B-").prefix, 0);
  EXPECT_EQ(split_tag("X-PER").prefix, 0);
}

}  // namespace
}  // namespace attune::data
