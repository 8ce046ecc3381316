#include "attune/data/example_reader.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/data/reading.h"

namespace attune::data {
namespace {

using Names = std::vector<std::string>;

TEST(ExampleReader, SingleLabel) {
  const auto rows = examples_of("id,text,label\n7,\"a\nb\", yes \n8, c ,no\n", "t.csv", TargetKind::label);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].text, "a\nb");
  EXPECT_EQ(rows[0].labels, Names{"yes"});
  EXPECT_EQ(rows[0].id, "7");
  EXPECT_TRUE(rows[0].has_target);
  EXPECT_EQ(rows[1].text, " c ");
  EXPECT_EQ(rows[1].origin.line, 4);
  EXPECT_EQ(examples_of("{\"text\":\"x\",\"label\":3}\n", "t.jsonl", TargetKind::label)[0].labels, Names{"3"});
  EXPECT_EQ(examples_of("{\"text\":\"x\",\"label\":[\"a\"]}\n", "t.jsonl", TargetKind::label)[0].labels, Names{"a"});
}

TEST(ExampleReader, PairsAndWeights) {
  const ReadOptions options = options_of({{"weight", "w"}});
  const auto rows = examples_of("premise,hypothesis,label,w\na,b,x,2.5\n", "t.csv", TargetKind::label, options);
  EXPECT_TRUE(rows[0].has_pair);
  EXPECT_EQ(rows[0].text_pair, "b");
  EXPECT_EQ(rows[0].weight, 2.5);
  EXPECT_ERROR(ErrorKind::input, examples_of("text,label,w\na,b,-1\n", "t.csv", TargetKind::label, options), "line 2",
               "weight is -1");
}

TEST(ExampleReader, MultiLabel) {
  EXPECT_EQ(examples_of("{\"text\":\"x\",\"labels\":[\"b\",\"a\"]}\n{\"text\":\"y\",\"labels\":[]}\n", "t.jsonl",
                        TargetKind::labels)[0]
                .labels,
            (Names{"b", "a"}));
  const auto none = examples_of("text,labels\nx,\ny,a|b | c\n", "t.csv", TargetKind::labels);
  EXPECT_TRUE(none[0].labels.empty());
  EXPECT_TRUE(none[0].has_target);
  EXPECT_EQ(none[1].labels, (Names{"a", "b", "c"}));
  ReadOptions options;
  options.label_separator = ", ";
  EXPECT_EQ(examples_of("text,labels\nx,\"a, b\"\n", "t.csv", TargetKind::labels, options)[0].labels,
            (Names{"a", "b"}));
  EXPECT_ERROR(ErrorKind::input, examples_of("text,labels\nx,a|a\n", "t.csv", TargetKind::labels), "t.csv line 2",
               "'a' stands twice");
  EXPECT_ERROR(ErrorKind::input, examples_of("text,labels\nx,a||b\n", "t.csv", TargetKind::labels), "line 2",
               "labels is empty");
  EXPECT_ERROR(ErrorKind::input, examples_of("{\"text\":\"x\",\"labels\":{}}\n", "t.jsonl", TargetKind::labels),
               "t.jsonl line 1", "expected a list of labels");
}

TEST(ExampleReader, IndicatorColumns) {
  ReadOptions options;
  options.label = {"toxic", "spam", "ok"};
  const auto rows = examples_of("text,toxic,spam,ok\nx,1,0,true\ny,0,0,0\n", "t.csv", TargetKind::labels, options);
  EXPECT_EQ(rows[0].labels, (Names{"toxic", "ok"}));
  EXPECT_TRUE(rows[1].labels.empty());
  EXPECT_ERROR(ErrorKind::input, examples_of("text,toxic,spam,ok\nx,1,2,0\n", "t.csv", TargetKind::labels, options),
               "line 2", "column 'spam' holds '2'", "expected 0 or 1");
}

TEST(ExampleReader, Scores) {
  const auto rows = examples_of("text,score\nx,-1.5e1\ny, +3 \n", "t.csv", TargetKind::score);
  EXPECT_EQ(rows[0].score, -15);
  EXPECT_EQ(rows[1].score, 3);
  for (const std::string bad : {"nan", "inf", "-inf", "high", "", "3,5", "1e999", "0x10", "4 stars"})
    EXPECT_ERROR(ErrorKind::input, examples_of("text\tscore\nx\t1\ny\t" + bad + "\n", "t.tsv", TargetKind::score),
                 "t.tsv line 3: the score (column 'score') is '" + bad + "'", "finite number");
  EXPECT_ERROR(ErrorKind::input, examples_of("{\"text\":\"x\",\"score\":[1]}\n", "t.jsonl", TargetKind::score),
               "is a list", "finite number");
}

TEST(ExampleReader, TagsFromColumnsAndFromLists) {
  const auto rows = examples_of("Peter B-PER\nWay I-PER\n. O\n", "t.conll", TargetKind::tags);
  EXPECT_EQ(rows[0].words, (Names{"Peter", "Way", "."}));
  EXPECT_EQ(rows[0].labels, (Names{"B-PER", "I-PER", "O"}));
  EXPECT_EQ(rows[0].text, "Peter Way .");
  EXPECT_EQ(rows[0].word_spans[1].begin, 6);
  const auto lists = examples_of("{\"tokens\":[\"a\",\"b\"],\"ner_tags\":[0,1]}\n", "t.jsonl", TargetKind::tags);
  EXPECT_EQ(lists[0].labels, (Names{"0", "1"}));
  EXPECT_EQ(rows[0].word_origin(2).line, 3);
  EXPECT_EQ(lists[0].word_origin(1).line, 1);
  EXPECT_ERROR(ErrorKind::input,
               examples_of("{\"tokens\":[\"a\",\"b\"],\"tags\":[\"O\"]}\n", "t.jsonl", TargetKind::tags),
               "t.jsonl line 1: 1 tags for 2 words");
  EXPECT_ERROR(ErrorKind::input,
               examples_of("{\"tokens\":[\"a\",\" \"],\"tags\":[\"O\",\"O\"]}\n", "t.jsonl", TargetKind::tags),
               "word 2 of 2 is empty");
  EXPECT_ERROR(ErrorKind::input, examples_of("text,tags\na b,O O\n", "t.csv", TargetKind::tags), "t.csv line 2",
               "expected a list");
}

TEST(ExampleReader, SentencesToTagMayComeAsText) {
  const auto rows = examples_of("Peter's here.\n\n", "t.txt", TargetKind::tags, {}, TargetNeed::optional);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].words, (Names{"Peter", "'", "s", "here", "."}));
  EXPECT_FALSE(rows[0].has_target);
  EXPECT_TRUE(rows[1].words.empty());
}

TEST(ExampleReader, EmptyLabels) {
  EXPECT_ERROR(ErrorKind::input, examples_of("text,label\nx,a\ny, \n", "t.csv", TargetKind::label), "t.csv line 3",
               "label (column 'label') is empty");
  EXPECT_ERROR(ErrorKind::input, examples_of("{\"text\":\"x\",\"label\":null}\n", "t.jsonl", TargetKind::label),
               "is empty");
  EXPECT_ERROR(ErrorKind::input,
               examples_of("{\"text\":\"x\",\"label\":[\"a\",\"b\"]}\n", "t.jsonl", TargetKind::label), "is a list",
               "--task multilabel");
  const auto rows = examples_of("text,label\nx,\ny,b\n", "t.csv", TargetKind::label, {}, TargetNeed::optional);
  EXPECT_FALSE(rows[0].has_target);
  EXPECT_TRUE(rows[1].has_target);
}

TEST(ExampleReader, TextMustBeText) {
  EXPECT_ERROR(ErrorKind::input,
               examples_of("{\"text\":\"a\",\"label\":1}\n{\"label\":1}\n", "t.jsonl", TargetKind::label),
               "t.jsonl line 2: 'text' holds nothing");
  EXPECT_ERROR(ErrorKind::input, examples_of("{\"text\":[1],\"label\":1}\n", "t.jsonl", TargetKind::label),
               "'text' holds a list");
  EXPECT_EQ(examples_of("{\"text\":12,\"label\":1}\n", "t.jsonl", TargetKind::label)[0].text, "12");
}

TEST(ExampleReader, TextsThatBelongTogether) {
  const auto rows =
      examples_of("anchor,positive,negative,negative_2\na,b,c,d\ne,f,,g\nh,i,,\n", "t.csv", TargetKind::texts);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].text, "a");
  EXPECT_EQ(rows[0].text_pair, "b");
  EXPECT_FALSE(rows[0].has_target);
  EXPECT_EQ(rows[0].score, 1);
  EXPECT_EQ(rows[0].negatives, (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(rows[1].negatives, std::vector<std::string>{"g"});
  EXPECT_TRUE(rows[2].negatives.empty());
}

TEST(ExampleReader, NegativesOfJsonl) {
  const auto rows = examples_of(R"({"query":"a","positive":"b"}
{"query":"c","positive":"d","negatives":["e","f"," "]}
{"query":"g","positive":"h","negatives":"i"}
{"query":"j","positive":"k","negatives":null}
)",
                                "t.jsonl", TargetKind::texts);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_TRUE(rows[0].negatives.empty());
  EXPECT_EQ(rows[1].negatives, (std::vector<std::string>{"e", "f"})) << "the first row need not have any";
  EXPECT_EQ(rows[2].negatives, std::vector<std::string>{"i"});
  EXPECT_TRUE(rows[3].negatives.empty());
  EXPECT_ERROR(ErrorKind::input,
               examples_of(R"({"query":"a","positive":"b","negative":{"x":1}})", "t.jsonl", TargetKind::texts),
               "t.jsonl line 1: 'negative' holds", "expected the text");
}

TEST(ExampleReader, ScoredAndLabelledTexts) {
  const auto scored = examples_of("sentence1,sentence2,score\na,b,3.5\n", "t.csv", TargetKind::texts);
  EXPECT_EQ(scored[0].score, 3.5);
  EXPECT_TRUE(scored[0].has_target);
  EXPECT_ERROR(ErrorKind::input, examples_of("sentence1,sentence2,score\na,b,\n", "t.csv", TargetKind::texts),
               "t.csv line 2: the score (column 'score')", "expected a finite number");
  const auto labelled = examples_of("text,label\na, x \n", "t.csv", TargetKind::texts);
  EXPECT_EQ(labelled[0].labels, std::vector<std::string>{"x"});
  EXPECT_FALSE(labelled[0].has_pair);
  EXPECT_ERROR(ErrorKind::input, examples_of("text,label\na,\n", "t.csv", TargetKind::texts), "line 2",
               "the label (column 'label') is empty");
}

}  // namespace
}  // namespace attune::data
