// Texts as a batch packs them: end to end, whatever their lengths.
#include "attune/tasks/batch.h"

#include <gtest/gtest.h>

#include "attune/data/encode.h"

#include "tests/data/tokenizers.h"

namespace attune::tasks {
namespace {

// [CLS] a ... a [SEP] for texts of so many words.
data::EncodedSet encoded(const std::vector<int>& words, int max_length = 128) {
  static const data::WordTokenizer tokenizer({"a", "b"});
  std::vector<data::Example> examples;
  for (const int count : words) {
    data::Example example;
    for (int i = 0; i < count; ++i) example.text += i % 2 ? "b " : "a ";
    example.labels = {"x"};
    examples.push_back(std::move(example));
  }
  return data::encode_all(examples, tokenizer, data::TargetKind::label, {.max_length = max_length});
}

Batch packed(const data::EncodedSet& set) {
  Batch batch;
  batch.clear();
  for (int64_t s = 0; s < set.size(); ++s) {
    batch.add(set.at(s), false, 0);
    batch.targets.classes.push_back(0);
  }
  batch.finish();
  return batch;
}

// docs/article.md, 5.2: its data set class gives each text its own length and nobody pads, so the texts form no tensor
// [texts, length]. Packed, they need none: not a row lies between two sequences.
TEST(Article, TextsOfDifferentLengthFormNoTensorAndNeedNone) {
  const data::EncodedSet set = encoded({3, 1, 9, 5});
  int64_t longest = 0, tokens = 0;
  for (int64_t s = 0; s < set.size(); ++s) longest = std::max<int64_t>(longest, set.length(s)), tokens += set.length(s);
  EXPECT_EQ(tokens, 5 + 3 + 11 + 7);
  EXPECT_NE(set.size() * longest, tokens) << "as a table of one width, 18 of 44 places would be padding";

  const Batch batch = packed(set);
  const tensor::PackedRows& rows = batch.rows;
  EXPECT_EQ(rows.tokens(), tokens);
  EXPECT_EQ(rows.offsets, (std::vector<int32_t>{0, 5, 8, 19, 26}));
  std::vector<int32_t> end_to_end, places;
  for (int64_t s = 0; s < set.size(); ++s) {
    const auto ids = set.at(s).ids;
    end_to_end.insert(end_to_end.end(), ids.begin(), ids.end());
    for (int32_t t = 0; t < set.length(s); ++t) places.push_back(t);
  }
  EXPECT_EQ(std::vector<int32_t>(rows.ids.begin(), rows.ids.begin() + 26), end_to_end);
  EXPECT_EQ(std::vector<int32_t>(rows.positions.begin(), rows.positions.begin() + 26), places);
  EXPECT_EQ(std::count(end_to_end.begin(), end_to_end.end(), 0), 0) << "no piece of the batch is [PAD]";
  EXPECT_EQ(rows.rows(), 32) << "filled up to a multiple of 16, once, behind all of them";
}

// And nothing cuts them: a text beyond the model's positions fails inside it. Ours is cut, and counted.
TEST(Article, LongTextsAreCutAndCounted) {
  const data::EncodedSet set = encoded({600, 4}, 512);
  EXPECT_EQ(set.length(0), 512);
  EXPECT_EQ(set.length(1), 6);
  EXPECT_TRUE(set.truncated(0));
  EXPECT_FALSE(set.truncated(1));
  EXPECT_EQ(set.counts().rows_truncated, 1);
  EXPECT_EQ(set.counts().pieces_lost, 600 - 510);
}

TEST(Batch, ReadsAndKeys) {
  const data::EncodedSet set = encoded({2, 1, 3});
  const Batch batch = packed(set);
  EXPECT_EQ(batch.read_count, 3);
  EXPECT_EQ(batch.read_rows.size(), 16U);
  EXPECT_EQ(std::vector<int32_t>(batch.read_rows.begin(), batch.read_rows.begin() + 4),
            (std::vector<int32_t>{0, 4, 7, -1}));
  EXPECT_EQ(batch.examples, (std::vector<int32_t>{0, 1, 2}));
  // A row's draws are named by its example and place: the same in any company.
  Batch alone;
  alone.clear();
  alone.add(set.at(2), false, 0);
  alone.finish();
  for (int32_t t = 0; t < set.length(2); ++t)
    EXPECT_EQ(alone.rows.keys[static_cast<size_t>(t)], batch.rows.keys[static_cast<size_t>(7 + t)]) << t;
  EXPECT_NE(batch.rows.keys[0], batch.rows.keys[4]);
}

// Cleared and filled anew, nothing of the old batch is left.
TEST(Batch, IsUsedAgain) {
  Batch batch = packed(encoded({20, 20}));
  const data::EncodedSet set = encoded({1});
  batch.clear();
  batch.add(set.at(0), false, 0);
  batch.targets.classes.push_back(1);
  batch.finish();
  EXPECT_EQ(batch.rows.rows(), 16);
  EXPECT_EQ(batch.rows.tokens(), 3);
  EXPECT_EQ(batch.read_count, 1);
  EXPECT_EQ(batch.targets.items(), 1);
  EXPECT_EQ(std::vector<int32_t>(batch.rows.ids.begin() + 3, batch.rows.ids.end()), std::vector<int32_t>(13, 0));
}

}  // namespace
}  // namespace attune::tasks
