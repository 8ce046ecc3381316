#include "attune/tasks/tag_decoder.h"

#include <cmath>
#include <gtest/gtest.h>

#include "attune/base/rng.h"

#include "tests/base/expect_error.h"

namespace attune::tasks {
namespace {

using data::LabelPlace;

const std::vector<std::string> kLabels{"B-LOC", "B-PER", "I-LOC", "I-PER", "O"};
enum { kBLoc, kBPer, kILoc, kIPer, kO };

std::vector<LabelPlace> word_by_word(int32_t words) {
  std::vector<LabelPlace> places;
  for (int32_t w = 0; w < words; ++w) places.push_back({w + 1, w});
  return places;
}

std::vector<int32_t> decode(Decoding decoding, const std::vector<float>& logits,
                            const std::vector<std::string>& labels = kLabels) {
  const auto words = static_cast<int32_t>(logits.size() / labels.size());
  return TagDecoder(labels, decoding).decode(static_cast<size_t>(words), word_by_word(words), logits).labels;
}

bool valid(const std::vector<int32_t>& path) {
  for (size_t i = 0; i < path.size(); ++i) {
    const int32_t before = i == 0 ? kO : path[i - 1];
    if (path[i] == kILoc && before != kBLoc && before != kILoc) return false;
    if (path[i] == kIPer && before != kBPer && before != kIPer) return false;
  }
  return true;
}

// Every one of the 5^n sequences tried; `rule`: those that break it are left out.
std::vector<int32_t> best_of_all(const std::vector<float>& logits, const losses::LabelChain& chain = {},
                                 bool rule = true) {
  const size_t n = logits.size() / 5;
  std::vector<int32_t> path(n, 0), best;
  double best_score = -INFINITY;
  for (size_t code = 0, all = static_cast<size_t>(std::pow(5, n)); code < all; ++code) {
    double score = 0;
    for (size_t i = 0, rest = code; i < n; ++i, rest /= 5) {
      path[i] = static_cast<int32_t>(rest % 5);
      score += logits[i * 5 + static_cast<size_t>(path[i])];
    }
    for (size_t i = 0; !chain.empty() && i < n; ++i) {
      const auto label = static_cast<size_t>(path[i]);
      if (i == 0) score += chain.begin[label];
      if (i + 1 == n) score += chain.end[label];
      if (i > 0) score += chain.transitions[static_cast<size_t>(path[i - 1]) * 5 + label];
    }
    if ((!rule || valid(path)) && score > best_score) best_score = score, best = path;
  }
  return best;
}

TEST(TagDecoder, FindsTheBestOfAllSequencesThatKeepTheRule) {
  int changed = 0;
  for (uint64_t trial = 0; trial < 200; ++trial) {
    std::vector<float> logits;
    for (uint32_t i = 0; i < 5 * 5; ++i) logits.push_back(random_unit(mix64(trial), i));
    const auto found = decode(Decoding::iob2, logits);
    EXPECT_EQ(found, best_of_all(logits)) << trial;
    changed += found != decode(Decoding::argmax, logits);
  }
  EXPECT_GT(changed, 50);  // random logits mostly break the rule
  EXPECT_LT(changed, 200);
}

// Scores of neighbours, as a CRF learns them, count in every sentence, with the rule and without.
TEST(TagDecoder, AddsWhatALossHasLearnedOfNeighbours) {
  int changed = 0;
  for (uint64_t trial = 0; trial < 100; ++trial) {
    const auto draws = [&](uint64_t stream, uint32_t count) {
      std::vector<float> values;
      for (uint32_t i = 0; i < count; ++i) values.push_back(2 * random_unit(mix_key(trial, stream), i) - 1);
      return values;
    };
    const std::vector<float> logits = draws(1, 25);
    const losses::LabelChain chain{.begin = draws(2, 5), .end = draws(3, 5), .transitions = draws(4, 25)};
    for (const auto decoding : {Decoding::argmax, Decoding::iob2}) {
      const auto found = TagDecoder(kLabels, decoding, chain).decode(5, word_by_word(5), logits).labels;
      EXPECT_EQ(found, best_of_all(logits, chain, decoding == Decoding::iob2)) << trial;
      changed += found != decode(decoding, logits);
    }
  }
  EXPECT_GT(changed, 100);
  const losses::LabelChain other{.begin = {0, 0}, .end = {0, 0}, .transitions = {0, 0, 0, 0}};
  EXPECT_ERROR(ErrorKind::internal, TagDecoder(kLabels, Decoding::iob2, other), "a chain of other labels");
}

// As the loss counted them: a sentence is its words with a piece; one without is passed over, begins and ends nothing.
TEST(TagDecoder, ChainsGoOnAcrossAWordWithoutAnAnswer) {
  const std::vector<LabelPlace> places{{1, 0}, {2, 2}};  // word 1 has no piece
  losses::LabelChain chain{
      .begin = {0, 0, 0, 0, 0}, .end = {0, 0, 0, 0, 0}, .transitions = std::vector<float>(25, 0.0f)};
  const std::vector<float> logits{0, 2, 0, 0, 1, /**/ 0, 0, 0, 2, 1};
  const auto tags = [&](Decoding decoding) { return TagDecoder(kLabels, decoding, chain).decode(3, places, logits); };
  EXPECT_EQ(tags(Decoding::argmax).labels, (std::vector<int32_t>{kBPer, -1, kIPer}));
  EXPECT_EQ(tags(Decoding::iob2).labels, (std::vector<int32_t>{kBPer, -1, kO})) << "the rule sees an O between";
  chain.transitions[kBPer * 5 + kO] = -5, chain.transitions[kBPer * 5 + kBLoc] = 3;
  EXPECT_EQ(tags(Decoding::iob2).labels, (std::vector<int32_t>{kBPer, -1, kBLoc}));
  chain.begin[kBLoc] = 9, chain.end[kBPer] = 9;  // of the sentence, not of its parts
  EXPECT_EQ(tags(Decoding::argmax).labels, (std::vector<int32_t>{kBLoc, -1, kBPer}));
}

TEST(TagDecoder, AnOrphanBecomesWhatCostsLeast) {
  //                          B-LOC B-PER I-LOC I-PER  O
  const std::vector<float> a{0, 0, 0, 2, 3, /* O then I-PER: */ 0, 2.5f, 0, 3, 1};
  EXPECT_EQ(decode(Decoding::argmax, a), (std::vector<int32_t>{kO, kIPer}));
  EXPECT_EQ(decode(Decoding::iob2, a), (std::vector<int32_t>{kO, kBPer}));
  // B-PER I-LOC: the second word is so sure of LOC that the first gives way.
  const std::vector<float> b{1.9f, 2, 0, 0, 0, 0, 0, 5, 0, 0};
  EXPECT_EQ(decode(Decoding::argmax, b), (std::vector<int32_t>{kBPer, kILoc}));
  EXPECT_EQ(decode(Decoding::iob2, b), (std::vector<int32_t>{kBLoc, kILoc}));
}

TEST(TagDecoder, CharactersOfAPieceGoOnWithItsTag) {
  const TagDecoder decoder(kLabels, Decoding::iob2);
  const std::vector<LabelPlace> places{{1, 0, 3}, {2, 3, 2}, {3, 5, 1}};
  const std::vector<float> logits{0, 9, 0, 0, 0, /**/ 0, 0, 0, 9, 0, /**/ 0, 0, 0, 0, 9};
  const WordTags tags = decoder.decode(6, places, logits);
  EXPECT_EQ(tags.labels, (std::vector<int32_t>{kBPer, kIPer, kIPer, kIPer, kIPer, kO}));
  const double certain = 1 / (1 + 4 * std::exp(-9.0));
  for (const float p : tags.probabilities) EXPECT_NEAR(p, certain, 1e-6);
}

TEST(TagDecoder, AWordWithoutAnAnswerIsOAndEndsAnEntity) {
  const TagDecoder decoder(kLabels, Decoding::iob2);
  // Words 0 and 2 are read, word 1 has no piece: I-PER cannot go on from B-PER across it.
  const std::vector<LabelPlace> places{{1, 0}, {2, 2}};
  const std::vector<float> logits{0, 9, 0, 0, 0, /**/ 0, 3, 0, 9, 0};
  const WordTags tags = decoder.decode(3, places, logits);
  EXPECT_EQ(tags.labels, (std::vector<int32_t>{kBPer, -1, kBPer}));
  EXPECT_EQ(tags.probabilities[1], 0.0f);
  EXPECT_NEAR(tags.probabilities[2], std::exp(3.0) / (std::exp(3.0) + std::exp(9.0) + 3),
              1e-6);  // of the label that is said
  EXPECT_EQ(decoder.decode(2, {}, {}).labels, (std::vector<int32_t>{-1, -1}));
  EXPECT_TRUE(decoder.decode(0, {}, {}).labels.empty());
}

TEST(TagDecoder, LabelSetsWithoutTheRuleAreDecodedAlike) {
  const std::vector<std::string> parts_of_speech{"IN", "NOUN", "VERB"};
  const std::vector<float> logits{3, 0, 0, 3, 0, 0};
  EXPECT_EQ(decode(Decoding::iob2, logits, parts_of_speech), (std::vector<int32_t>{0, 0}));
  const std::vector<std::string> iob1{"I-PER", "O"};  // I- opens an entity
  EXPECT_EQ(decode(Decoding::iob2, {3, 0, 3, 0}, iob1), (std::vector<int32_t>{0, 0}));
}

TEST(TagDecoder, Names) {
  for (const auto& each : decoding_names()) EXPECT_EQ(name(decoding_named(each)), each);
  EXPECT_ERROR(ErrorKind::usage, decoding_named("iob"), "unknown decoding 'iob'", "did you mean 'iob2'");
  const TagDecoder decoder(kLabels, Decoding::argmax);
  const std::vector<LabelPlace> places{{1, 0}};
  EXPECT_ERROR(ErrorKind::internal, decoder.decode(1, places, std::vector<float>{1, 2}), "2 logits for 1 places");
}

}  // namespace
}  // namespace attune::tasks
