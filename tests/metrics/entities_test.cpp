#include "attune/metrics/entities.h"

#include <gtest/gtest.h>

namespace attune::metrics {
namespace {

const std::vector<std::string> kLabels = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};

TEST(Entities, TypesAreSortedAndTagsTakenApart) {
  const TagScheme scheme(kLabels);
  EXPECT_EQ(scheme.types(), (std::vector<std::string>{"LOC", "PER"}));
  EXPECT_EQ(scheme.outside(), 0);
  EXPECT_EQ(scheme.tag(2).prefix, 'I');
  EXPECT_EQ(scheme.tag(2).type, 1);
  EXPECT_EQ(scheme.tag(-1).prefix, 'O');
  EXPECT_TRUE(scheme.has_entities());
}

TEST(Entities, PartsOfSpeechAreNoEntities) {
  const std::vector<std::string> labels = {"NOUN", "VERB", "BE", "INTJ", "SYM"};
  EXPECT_FALSE(TagScheme(labels).has_entities());
  EXPECT_EQ(TagScheme(labels).outside(), -1);
}

TEST(Entities, DefaultRepairsWhatStrictRefuses) {
  const TagScheme scheme(kLabels);
  const int32_t tags[] = {2, 2, 0, 3, 2, 1};  // I-PER I-PER O B-LOC I-PER B-PER
  EXPECT_EQ(entities(scheme, tags), (std::vector<Entity>{{1, 0, 2}, {0, 3, 4}, {1, 4, 5}, {1, 5, 6}}));
  EXPECT_EQ(strict_entities(scheme, tags), (std::vector<Entity>{{0, 3, 4}, {1, 5, 6}}));
}

TEST(Entities, EmptySentenceHasNone) {
  const TagScheme scheme(kLabels);
  EXPECT_TRUE(entities(scheme, {}).empty());
  EXPECT_TRUE(strict_entities(scheme, {}).empty());
}

TEST(Entities, SinglesAndEnds) {
  const std::vector<std::string> labels = {"O", "B-X", "I-X", "E-X", "S-X"};
  const TagScheme scheme(labels);
  const int32_t tags[] = {1, 2, 3, 4, 4, 3};
  EXPECT_EQ(entities(scheme, tags), (std::vector<Entity>{{0, 0, 3}, {0, 3, 4}, {0, 4, 5}, {0, 5, 6}}));
}

}  // namespace
}  // namespace attune::metrics
