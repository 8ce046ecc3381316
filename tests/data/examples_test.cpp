// Rows in memory, in a scratch file, and in parts of a set read as they were written.
#include "attune/data/examples.h"

#include <cmath>
#include <gtest/gtest.h>

#include "attune/data/dataset.h"
#include "attune/data/encode.h"
#include "attune/data/first_rows.h"
#include "attune/data/labels.h"
#include "attune/data/report.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/data/reading.h"
#include "tests/data/tokenizers.h"

namespace attune::data {
namespace {

namespace fs = std::filesystem;

std::vector<Example> odd_rows() {
  Example plain;
  plain.text = std::string("a\0b", 3);
  plain.labels = {"x"};
  plain.has_target = true;
  plain.origin = {0, 2};
  Example pair;
  pair.text_pair = "c";
  pair.has_pair = true;
  pair.score = -0.0;
  pair.weight = 0.25;
  pair.id = "7";
  pair.origin = {3, int64_t{1} << 40};
  Example tagged;
  tagged.text = "EU says";
  tagged.words = {"EU", "says"};
  tagged.word_spans = {{0, 2}, {3, 7}};
  tagged.labels = {"B-ORG", "O"};
  tagged.line_a_word = true;
  Example words_only = tagged;
  words_only.word_spans.clear();
  Example triplet = pair;
  triplet.text = "asks";
  triplet.negatives = {"not this", "", "nor this"};
  return {plain, pair, tagged, words_only, {}, triplet};
}

void expect_equal(const Example& a, const Example& b) {
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.text_pair, b.text_pair);
  EXPECT_EQ(a.has_pair, b.has_pair);
  EXPECT_EQ(a.words, b.words);
  EXPECT_EQ(a.negatives, b.negatives);
  ASSERT_EQ(a.word_spans.size(), b.word_spans.size());
  for (size_t w = 0; w < a.word_spans.size(); ++w) EXPECT_EQ(a.word_spans[w].end, b.word_spans[w].end);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.score, b.score);
  EXPECT_EQ(std::signbit(a.score), std::signbit(b.score));
  EXPECT_EQ(a.has_target, b.has_target);
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.origin.file, b.origin.file);
  EXPECT_EQ(a.origin.line, b.origin.line);
  EXPECT_EQ(a.line_a_word, b.line_a_word);
  EXPECT_EQ(input_hash(a), input_hash(b));
}

TEST(Examples, ReadAsTheyWereWritten) {
  const test::TempFolder folder;
  for (const auto& scratch : {fs::path(), folder / "."}) {
    Examples examples(scratch);
    for (const Example& row : odd_rows()) examples.push_back(row);
    examples.seal();
    ASSERT_EQ(examples.size(), 6u);
    Example reused = odd_rows()[2];  // what is read leaves nothing of what was there
    for (size_t row = 0; row < examples.size(); ++row) {
      examples.read(row, reused);
      expect_equal(reused, odd_rows()[row]);
      EXPECT_EQ(examples.view(row).input_hash, input_hash(reused));
    }
    EXPECT_EQ(examples.view(5).negative_count, 3);
    EXPECT_EQ(examples.view(4).negative_count, 0);
    EXPECT_EQ(examples.label_names(), (std::vector<std::string>{"x", "B-ORG", "O"}));
    const Examples part = examples.part({4, 2, 0, 5}), part_of_part = part.part({2, 1, 3});
    ASSERT_EQ(part_of_part.size(), 3u);
    expect_equal(part_of_part[0], odd_rows()[0]);
    expect_equal(part_of_part[1], odd_rows()[2]);
    expect_equal(part_of_part[2], odd_rows()[5]);
    EXPECT_ERROR(ErrorKind::internal, examples.push_back({}), "parts share them");
  }
  EXPECT_TRUE(fs::is_empty(folder / ".")) << "scratch files have no name";
}

TEST(Examples, NegativesAreInput) {
  const Example with = odd_rows()[5];
  Example other = with, without = with;
  other.negatives = {"not this", "nor this"};
  without.negatives.clear();
  EXPECT_NE(input_hash(with), input_hash(other));
  EXPECT_NE(input_hash(with), input_hash(without));
}

TEST(Examples, MoreMayBeAddedAfterReading) {
  const test::TempFolder folder;
  Examples examples(folder / ".");
  Example row;
  for (int i = 0; i < 30000; ++i) {
    row.text = "row " + std::to_string(i);
    row.labels = {std::to_string(i % 7)};
    examples.push_back(row);
    if (i % 10000 == 9999) {
      examples.seal();
      EXPECT_EQ(examples[static_cast<size_t>(i)].text, row.text);
    }
  }
  EXPECT_EQ(examples[12345].text, "row 12345");
  EXPECT_EQ(examples[12345].labels[0], std::to_string(12345 % 7));
  examples.let_go();
  EXPECT_EQ(examples[29999].text, "row 29999") << "pages come back";
}

TEST(FirstRows, NamesTheFirstOfEqualInputs) {
  std::vector<Example> rows(1000);
  for (size_t i = 0; i < rows.size(); ++i) rows[i].text = std::to_string(i % 300);
  const Examples examples(rows);
  FirstRows first(examples);
  for (int32_t i = 0; i < 1000; ++i) EXPECT_EQ(first.add(i), i % 300);
  EXPECT_EQ(first.find(input_hash(rows[299])), 299);
  EXPECT_EQ(first.find(input_hash(Example())), FirstRows::kNone);
}

// A file read through scratch files and in memory: the same rows, pieces, numbers and report.
TEST(Examples, ThroughScratchFilesOrInMemory) {
  const test::TempFolder folder;
  fs::create_directories(folder / "scratch");
  std::string bytes = "text,text_pair,label,w\n";
  for (int i = 0; i < 20000; ++i)
    bytes += fmt::format("a {} b,{},{},{}\n", i % 5000, i % 3 ? "a" : "b ?", i % 4, 1 + i % 2);
  const std::string path = folder.put("train.csv", bytes).string();
  const ReadOptions options = options_of({{"text", "text"}, {"text-pair", "text_pair"}, {"weight", "w"}});
  const Dataset memory = read_dataset({path}, TargetKind::label, options);
  const Dataset scratch = read_dataset({path}, TargetKind::label, options, TargetNeed::required, folder / "scratch");
  ASSERT_EQ(memory.examples.size(), 20000u);
  ASSERT_EQ(scratch.examples.size(), 20000u);
  for (size_t row : {0u, 1u, 777u, 19999u}) expect_equal(memory.examples[row], scratch.examples[row]);
  const WordTokenizer tokenizer({"a", "b"});
  const EncodedSet a = encode_all(memory.examples, tokenizer, TargetKind::label, {.max_length = 8});
  const EncodedSet b = encode_all(scratch.examples, tokenizer, TargetKind::label, {.max_length = 8});
  ASSERT_EQ(a.size(), b.size());
  for (int64_t s = 0; s < a.size(); ++s) {
    const Encoded one = a.at(s), other = b.at(s);
    ASSERT_TRUE(std::ranges::equal(one.ids, other.ids) && std::ranges::equal(one.segments, other.segments)) << s;
    ASSERT_EQ(one.example, other.example);
    ASSERT_EQ(a.truncated(s), b.truncated(s));
  }
  const LabelIds numbers = number_labels(memory, labels_of(memory, TargetKind::label));
  const LabelIds others = number_labels(scratch, labels_of(scratch, TargetKind::label));
  EXPECT_TRUE(std::ranges::equal(numbers.ids.values(), others.ids.values()));
  const std::vector<SplitInput> first{{"train", &memory, &a}}, second{{"train", &scratch, &b}};
  EXPECT_EQ(to_text(profile_data(first, TargetKind::label, 8)), to_text(profile_data(second, TargetKind::label, 8)));
}

}  // namespace
}  // namespace attune::data
