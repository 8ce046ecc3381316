#include "attune/data/dataset.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::data {
namespace {

using Names = std::vector<std::string>;

TEST(Dataset, ReadsSeveralFilesAndNamesEachRow) {
  const test::TempFolder folder;
  const std::string a = folder.put("a.csv", "text,label\nx,1\n").string();
  const std::string b = folder.put("b.jsonl", "{\"text\":\"y\",\"label\":\"2\"}\n").string();
  const Dataset data = read_dataset({a, b}, TargetKind::label, {});
  ASSERT_EQ(data.examples.size(), 2u);
  EXPECT_EQ(data.describe(data.examples[0].origin), a + " line 2");
  EXPECT_EQ(data.describe(data.examples[1].origin), b + " line 1");
  EXPECT_EQ(data.notes.size(), 4u);
}

TEST(Dataset, MissingEmptyAndHeaderOnlyFiles) {
  const test::TempFolder folder;
  const auto read = [&](const char* name) { read_dataset({(folder / name).string()}, TargetKind::label, {}); };
  folder.put("empty.csv", "");
  folder.put("empty.jsonl", "\n\n");
  folder.put("header.csv", "text,label\n");
  EXPECT_ERROR(ErrorKind::io, read("missing.csv"), "missing.csv", "No such file");
  EXPECT_ERROR(ErrorKind::input, read("empty.csv"), "empty.csv is empty");
  EXPECT_ERROR(ErrorKind::input, read("empty.jsonl"), "empty.jsonl has no rows");
  EXPECT_ERROR(ErrorKind::input, read("header.csv"), "header.csv has no rows", "a header and no rows");
  EXPECT_ERROR(ErrorKind::usage, read_dataset({}, TargetKind::label, {}), "no data file");
}

TEST(Dataset, RowsOfOneSetAreOfOneKind) {
  const test::TempFolder folder;
  const std::string pairs = folder.put("p.csv", "anchor,positive\na,b\n").string();
  const std::string scored = folder.put("s.csv", "sentence1,sentence2,score\na,b,1\n").string();
  EXPECT_EQ(read_dataset({pairs, pairs}, TargetKind::texts, {}).examples.size(), 2u);
  EXPECT_ERROR(ErrorKind::input, read_dataset({pairs, scored}, TargetKind::texts, {}),
               "p.csv holds pairs of texts that belong together", "s.csv holds pairs of texts with a score");
}

TEST(Dataset, ConvertsTagsByFileAndSaysSo) {
  const test::TempFolder folder;
  const std::string a = folder.put("a.txt", "EU I-ORG\nsays O\n\nUN I-ORG\nEU B-ORG\n").string();
  const std::string b = folder.put("b.txt", "EU S-ORG\n").string();
  const Dataset data = read_dataset({a, b}, TargetKind::tags, {});
  EXPECT_EQ(data.examples[0].labels, (Names{"B-ORG", "O"}));
  EXPECT_EQ(data.examples[1].labels, (Names{"B-ORG", "B-ORG"}));
  EXPECT_EQ(data.examples[2].labels, Names{"B-ORG"});
  EXPECT_EQ(data.tags.converted, 3);
  EXPECT_EQ(data.tags.sentences, 3);
  ASSERT_EQ(data.notes.size(), 2u);
  EXPECT_EQ(data.notes[0], a + ": tags are IOB1 (recognised); 2 of 4 rewritten as IOB2");
  EXPECT_EQ(data.notes[1], b + ": tags are IOBES (recognised); 1 of 1 rewritten as IOB2");
}

TEST(Dataset, StrictTags) {
  const test::TempFolder folder;
  const std::string path = folder.put("a.txt", "EU B-ORG\n\nx O\nUN I-ORG\n").string();
  const Dataset repaired = read_dataset({path}, TargetKind::tags, {});
  EXPECT_EQ(repaired.examples[1].labels, (Names{"O", "B-ORG"}));
  EXPECT_EQ(repaired.tags.repaired, 1);
  ASSERT_EQ(repaired.notes.size(), 1u);
  EXPECT_NE(repaired.notes[0].find("1 I- tag continued no entity and became B- (first: " + path + " line 4, 'I-ORG')"),
            std::string::npos);
  ReadOptions options;
  options.strict_tags = true;
  EXPECT_ERROR(ErrorKind::input, read_dataset({path}, TargetKind::tags, options), "a.txt line 4: 'I-ORG'",
               "expected B-", "--strict-tags");
  // A file that is IOB1 throughout is strict in its own scheme, unless it is declared IOB2.
  const std::string iob1 = folder.put("b.txt", "EU I-ORG\n").string();
  EXPECT_EQ(read_dataset({iob1}, TargetKind::tags, options).examples[0].labels, Names{"B-ORG"});
  options.tag_scheme = "iob2";
  EXPECT_ERROR(ErrorKind::input, read_dataset({iob1}, TargetKind::tags, options), "b.txt line 1: 'I-ORG'");
}

TEST(Dataset, ATagWithoutPrefixAmongPrefixedOnes) {
  const test::TempFolder folder;
  const std::string path = folder.put("a.txt", "EU B-ORG\nParis LOC\n").string();
  EXPECT_ERROR(ErrorKind::input, read_dataset({path}, TargetKind::tags, {}), "a.txt line 2: the tag 'LOC'",
               "--tag-scheme plain");
  ReadOptions options;
  options.tag_scheme = "plain";
  EXPECT_EQ(read_dataset({path}, TargetKind::tags, options).examples[0].labels, (Names{"B-ORG", "LOC"}));
}

TEST(Dataset, FingerprintIsOfBytesAndOrder) {
  const test::TempFolder folder;
  const std::string a = folder.put("a", "ab").string(), b = folder.put("b", "c").string();
  const std::string c = folder.put("c", "a").string(), d = folder.put("d", "bc").string();
  const std::string copy = folder.put("copy", "ab").string();
  EXPECT_EQ(fingerprint_files({a, b}).size(), 64u);
  EXPECT_EQ(fingerprint_files({a, b}), fingerprint_files({copy, b}));
  EXPECT_NE(fingerprint_files({a, b}), fingerprint_files({b, a}));
  EXPECT_NE(fingerprint_files({a, b}), fingerprint_files({c, d}));
  EXPECT_NE(fingerprint_files({a}), fingerprint_files({a, b}));
  EXPECT_ERROR(ErrorKind::io, fingerprint_files({(folder / "none").string()}), "none");
}

TEST(Dataset, InputHashIsOfTheInputOnly) {
  Example a, b;
  a.text = b.text = "same text";
  a.labels = {"x"};
  EXPECT_EQ(input_hash(a), input_hash(b));
  b.has_pair = true;
  EXPECT_NE(input_hash(a), input_hash(b));
  b = a;
  b.text = "same texu";
  EXPECT_NE(input_hash(a), input_hash(b));
  a.text = std::string("a\0", 2);
  b.text = "a";
  EXPECT_NE(input_hash(a), input_hash(b));
}

}  // namespace
}  // namespace attune::data
