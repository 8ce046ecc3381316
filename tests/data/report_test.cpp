#include "attune/data/report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/data/encode.h"

#include "tests/data/reading.h"
#include "tests/data/tokenizers.h"

namespace attune::data {
namespace {

Dataset dataset(const std::string& bytes, const std::string& name, TargetKind target) {
  Dataset data;
  data.files = {name};
  data.examples = examples_of(bytes, name, target);
  return data;
}

TEST(Report, CountsRowsLabelsDuplicatesAndConflicts) {
  const Dataset train = dataset("text,label\nab,1\ncd,0\nab,1\nab,0\n,1\n", "train.csv", TargetKind::label);
  const std::vector<SplitInput> splits{{"train", &train}};
  const DataReport report = profile_data(splits, TargetKind::label);
  const SplitProfile& profile = report.splits.at(0);
  EXPECT_EQ(profile.rows, 5);
  EXPECT_EQ(profile.empty_texts, 1);
  ASSERT_EQ(profile.labels.size(), 2u);
  EXPECT_EQ(profile.labels[0].label, "0");
  EXPECT_EQ(profile.labels[0].count, 2);
  EXPECT_EQ(profile.labels[1].count, 3);
  EXPECT_EQ(profile.duplicates, 2);
  EXPECT_EQ(profile.conflicts, 1);
  ASSERT_EQ(profile.conflict_places.size(), 1u);
  EXPECT_EQ(profile.conflict_places[0].first, "train.csv line 2");
  EXPECT_EQ(profile.conflict_places[0].second, "train.csv line 5");
  EXPECT_EQ(profile.characters.max, 2);
  EXPECT_FALSE(profile.pieces);
}

TEST(Report, DescribesPairsOfTexts) {
  const auto texts = [](const std::string& bytes, const std::string& name) {
    Dataset data = dataset(bytes, name, TargetKind::texts);
    data.shape = TextShape::pairs;
    return data;
  };
  const Dataset train = texts("anchor,positive,negative\nq1,d1,\nq2,d1,d9\nq1,d2,d1\nq3,,\n", "train.csv");
  Dataset dev = texts("anchor,positive\nq4,d1\nq5,d5\n", "dev.csv");
  auto corpus = std::make_shared<Examples>();
  corpus->push_back({});
  dev.corpus = corpus;
  const std::vector<SplitInput> splits{{"train", &train}, {"dev", &dev}};
  const DataReport report = profile_data(splits, TargetKind::texts);
  ASSERT_TRUE(report.splits[0].belonging && report.splits[1].belonging);
  const PairProfile &first = *report.splits[0].belonging, &second = *report.splits[1].belonging;
  EXPECT_EQ(first.first, 3);
  EXPECT_EQ(first.second, 3) << "d1, d2 and the empty one";
  EXPECT_EQ(first.negatives, 2);
  EXPECT_EQ(first.second_in_other, 0) << "itself is no other split";
  EXPECT_EQ(second.second_in_other, 1);
  EXPECT_EQ(second.documents, 1);
  EXPECT_EQ(report.splits[0].empty_texts, 1) << "a second text counts";
  const nlohmann::json json = to_json(report);
  EXPECT_EQ(json["target"], "texts");
  EXPECT_EQ(json["splits"][0]["rows_are"], "pairs of texts that belong together");
  EXPECT_EQ(json["splits"][0]["pairs_of_texts"], nlohmann::json({{"different_first", 3},
                                                                 {"different_second", 3},
                                                                 {"with_negatives", 2},
                                                                 {"documents", 0},
                                                                 {"second_in_first_split", 0}}));
  EXPECT_EQ(json["splits"][1]["pairs_of_texts"]["second_in_first_split"], 1);
  std::string text;  // without what aligns it
  for (const char c : to_text(report))
    if (c != ' ' || !text.ends_with(' ')) text += c;
  for (const char* line :
       {"different first texts 3 2", "different second texts 3 2", "rows with negatives 2 (50.0%) 0 (0.0%)",
        "documents searched 0 1", "second text also in the first split 0 (0.0%) 1 (50.0%)"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  EXPECT_EQ(text.find("without target"), std::string::npos) << "pairs have none";
}

TEST(Report, DescribesScoredAndLabelledTexts) {
  Dataset scored = dataset("sentence1,sentence2,score\na,b,1\na,b,3\n", "s.csv", TargetKind::texts);
  scored.shape = TextShape::scored;
  const std::vector<SplitInput> one{{"train", &scored}};
  const DataReport report = profile_data(one, TargetKind::texts);
  EXPECT_FALSE(report.splits[0].belonging);
  ASSERT_TRUE(report.splits[0].scores);
  EXPECT_EQ(report.splits[0].scores->mean, 2);
  EXPECT_EQ(report.splits[0].conflicts, 1);
  EXPECT_NE(to_text(report).find("train scores: from 1 to 3"), std::string::npos);
  Dataset labelled = dataset("text,label\na,x\na,y\nb,y\n", "l.csv", TargetKind::texts);
  labelled.shape = TextShape::labelled;
  const std::vector<SplitInput> two{{"train", &labelled}};
  const DataReport labels = profile_data(two, TargetKind::texts);
  EXPECT_EQ(labels.splits[0].labels.size(), 2u);
  EXPECT_EQ(labels.splits[0].conflicts, 1);
  EXPECT_EQ(to_json(labels)["splits"][0]["rows_are"], "texts with a label");
}

TEST(Report, ComparesSplits) {
  const Dataset train = dataset("text,label\na,x\nb,y\n", "train.csv", TargetKind::label);
  const Dataset dev = dataset("text,label\na,y\nc,z\n", "dev.csv", TargetKind::label);
  const std::vector<SplitInput> splits{{"train", &train}, {"dev", &dev}};
  const DataReport report = profile_data(splits, TargetKind::label);
  ASSERT_EQ(report.overlaps.size(), 1u);
  EXPECT_EQ(report.overlaps[0].rows, 1);
  EXPECT_EQ(report.overlaps[0].other_target, 1);
  EXPECT_EQ(report.overlaps[0].places[0].first, "dev.csv line 2");
  EXPECT_EQ(report.overlaps[0].places[0].second, "train.csv line 2");
  ASSERT_EQ(report.uneven_labels.size(), 2u);
  EXPECT_EQ(report.uneven_labels[0].label, "x");
  EXPECT_EQ(report.uneven_labels[0].absent, std::vector<std::string>{"dev"});
  EXPECT_EQ(report.uneven_labels[1].label, "z");
  const std::string text = to_text(report);
  EXPECT_NE(text.find("also in train"), std::string::npos);
  EXPECT_NE(text.find("label 'z' is in dev and not in train"), std::string::npos);
  EXPECT_NE(text.find("1 rows of dev stand in train too"), std::string::npos);
}

TEST(Report, LengthsTruncationAndUnknownPieces) {
  const Dataset train = dataset("text,label\na b a b a b a b,x\na ? a,y\n", "train.csv", TargetKind::label);
  const WordTokenizer tokenizer({"a", "b"});
  const EncodedSet encoded = encode_all(train.examples, tokenizer, TargetKind::label, {.max_length = 8});
  const std::vector<SplitInput> splits{{"train", &train, &encoded}};
  const DataReport report = profile_data(splits, TargetKind::label, 8);
  EXPECT_EQ(report.splits[0].pieces->max, 10);
  EXPECT_EQ(report.splits[0].pieces->min, 5);
  EXPECT_EQ(report.splits[0].encoding->rows_truncated, 1);
  EXPECT_EQ(report.splits[0].encoding->unknown, 1);
  const std::string text = to_text(report);
  EXPECT_NE(text.find("9.1% of the pieces are unknown to the vocabulary: does it fit the language?"),
            std::string::npos);
  EXPECT_NE(text.find("50.0% of the rows are truncated (18.2% of the pieces lost)"), std::string::npos);
  const auto json = to_json(report);
  EXPECT_EQ(json["splits"][0]["encoding"]["pieces_lost"], 2);
  EXPECT_EQ(json["splits"][0]["pieces"]["max"], 10);
  EXPECT_EQ(json["max_length"], 8);
  EXPECT_EQ(json["splits"][0]["labels"][1]["label"], "y");
}

TEST(Report, ScoresAndTags) {
  const Dataset scores = dataset("text,score\na,1\nb,3\na,2\n", "s.csv", TargetKind::score);
  const std::vector<SplitInput> one{{"train", &scores}};
  const DataReport report = profile_data(one, TargetKind::score);
  ASSERT_TRUE(report.splits[0].scores);
  EXPECT_DOUBLE_EQ(report.splits[0].scores->mean, 2);
  EXPECT_DOUBLE_EQ(report.splits[0].scores->max, 3);
  EXPECT_NEAR(report.splits[0].scores->deviation, 0.816496580927726, 1e-12);
  EXPECT_EQ(report.splits[0].conflicts, 1);

  const Dataset tags = dataset("EU B-ORG\nsays O\n\nUN B-ORG\nNations I-ORG\n", "t.conll", TargetKind::tags);
  const std::vector<SplitInput> two{{"train", &tags}};
  const DataReport tagged = profile_data(two, TargetKind::tags);
  EXPECT_EQ(tagged.splits[0].words, 4);
  ASSERT_EQ(tagged.splits[0].entities.size(), 1u);
  EXPECT_EQ(tagged.splits[0].entities[0].label, "ORG");
  EXPECT_EQ(tagged.splits[0].entities[0].count, 2);
  EXPECT_NE(to_text(tagged).find("B-ORG"), std::string::npos);
}

TEST(Report, ManyLabelsAreCutInTextAndWholeInJson) {
  std::string bytes = "text,label\n";
  for (int i = 0; i < 30; ++i) bytes += "t" + std::to_string(i) + "," + std::to_string(i) + "\n";
  bytes += "more,29\n";
  const Dataset data = dataset(bytes, "train.csv", TargetKind::label);
  const std::vector<SplitInput> splits{{"train", &data}};
  const DataReport report = profile_data(splits, TargetKind::label);
  const std::string text = to_text(report, 5);
  EXPECT_NE(text.find("... and 25 rarer ones"), std::string::npos);
  EXPECT_NE(text.find("29     2 (6.5%)"), std::string::npos);
  EXPECT_EQ(to_json(report)["splits"][0]["labels"].size(), 30u);
}

TEST(Report, NeverShowsATextItself) {
  const Dataset data = dataset("text,label\nsecret message,x\nsecret message,y\n", "t.csv", TargetKind::label);
  const std::vector<SplitInput> splits{{"train", &data}};
  const DataReport report = profile_data(splits, TargetKind::label);
  EXPECT_EQ(to_text(report).find("secret"), std::string::npos);
  EXPECT_EQ(to_json(report).dump().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace attune::data
