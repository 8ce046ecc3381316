#include "attune/data/columns.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/data/reading.h"

namespace attune::data {
namespace {

using Names = std::vector<std::string>;

ReadOptions only(std::optional<std::string> ReadOptions::*option, const char* value) {
  ReadOptions options;
  options.*option = value;
  return options;
}

Columns choose(const Names& names, TargetKind target = TargetKind::label, const ReadOptions& options = {},
               TargetNeed need = TargetNeed::required, const char* format = "csv") {
  return choose_columns({names, "t.csv", format, target, need}, options);
}

TEST(Columns, RecognisesUsualNamesAndSaysSo) {
  const Columns plain = choose({"idx", "Text", "label"});
  EXPECT_EQ(plain.text, 1);
  EXPECT_EQ(plain.text_pair, -1);
  EXPECT_EQ(plain.label, std::vector<int>{2});
  EXPECT_EQ(plain.id, 0);
  EXPECT_EQ(plain.notes, (Names{"t.csv: text is column 'Text'", "t.csv: label is column 'label'"}));
  const Columns pair = choose({"premise", "hypothesis", "label"});
  EXPECT_EQ(pair.text, 0);
  EXPECT_EQ(pair.text_pair, 1);
  EXPECT_EQ(pair.notes[0], "t.csv: text is column 'premise', its pair is column 'hypothesis'");
  EXPECT_EQ(choose({"text_a", "text_b", "label"}).text_pair, 1);
  EXPECT_EQ(choose({"review", "sentiment"}).label, std::vector<int>{1});
  EXPECT_EQ(choose({"title", "text", "label"}).text, 1);
  EXPECT_EQ(choose({"sentence1", "sentence2", "score"}, TargetKind::score).label, std::vector<int>{2});
  EXPECT_EQ(choose({"评论", "标签"}).text, 0);
  EXPECT_EQ(choose({"text", "label", "label_text"}).label, std::vector<int>{1});
  EXPECT_EQ(choose({"tokens", "ner_tags"}, TargetKind::tags).label, std::vector<int>{1});
}

TEST(Columns, OptionsWinAndNeedNoNotes) {
  const ReadOptions options = options_of({{"text", "b"}, {"label", "a"}, {"weight", "w"}});
  const Columns columns = choose({"a", "b", "w", "text"}, TargetKind::label, options);
  EXPECT_EQ(columns.text, 1);
  EXPECT_EQ(columns.label, std::vector<int>{0});
  EXPECT_EQ(columns.weight, 2);
  EXPECT_TRUE(columns.notes.empty());
}

TEST(Columns, MissingOnesListAllAndTheNearest) {
  ReadOptions options;
  options.label = {"lable"};
  EXPECT_ERROR(ErrorKind::input, choose({"text", "label"}, TargetKind::label, options), "t.csv: --label",
               "no column 'lable'", "did you mean 'label'?", "'text', 'label'");
  EXPECT_ERROR(ErrorKind::input, choose({"foo", "label"}), "recognised as the text", "--text COLUMN", "'foo', 'label'");
  EXPECT_ERROR(ErrorKind::input, choose({"text", "foo"}), "recognised as the label", "--label COLUMN");
  EXPECT_ERROR(ErrorKind::input, choose({"text;label"}), "--separator");
}

TEST(Columns, AmbiguousOnesListTheCandidates) {
  EXPECT_ERROR(ErrorKind::input, choose({"review", "comment", "label"}), "which column holds the text?",
               "'review', 'comment'", "--text COLUMN");
  EXPECT_ERROR(ErrorKind::input, choose({"text", "class", "category"}), "which column holds the label?",
               "'class', 'category'");
  EXPECT_ERROR(ErrorKind::input, choose({"text", "sentence1", "sentence2", "label"}), "which column",
               "'sentence1', 'sentence2', 'text'");
  EXPECT_ERROR(ErrorKind::input, choose({"text", "text", "label"}), "which column holds the text?");
}

TEST(Columns, OneColumnServesOnce) {
  ReadOptions options = options_of({{"text", "text"}, {"text-pair", "text"}});
  EXPECT_ERROR(ErrorKind::input, choose({"text", "label"}, TargetKind::label, options), "'text' is used for --text",
               "--text-pair");
  options = options_of({{"text", "x"}});
  EXPECT_ERROR(ErrorKind::input, choose({"x", "x", "label"}, TargetKind::label, options), "stands twice");
}

TEST(Columns, SeveralLabelColumnsAreForMultiLabel) {
  ReadOptions options;
  options.label = {"toxic", "spam"};
  EXPECT_EQ(choose({"text", "spam", "toxic"}, TargetKind::labels, options).label, (std::vector<int>{2, 1}));
  EXPECT_ERROR(ErrorKind::usage, choose({"text", "spam", "toxic"}, TargetKind::label, options), "--task multilabel");
}

TEST(Columns, PredictionNeedsNoLabel) {
  EXPECT_TRUE(choose({"text", "x"}, TargetKind::label, {}, TargetNeed::optional).label.empty());
  EXPECT_TRUE(choose({"text", "label"}, TargetKind::label, {}, TargetNeed::ignored).label.empty());
  ReadOptions options;
  options.label = {"intent"};
  EXPECT_TRUE(choose({"text"}, TargetKind::label, options, TargetNeed::optional).label.empty());
}

TEST(Columns, ConllColumnsAreNumbers) {
  const Names four = {"1", "2", "3", "4"};
  const auto conll = [&](const ReadOptions& options, TargetNeed need = TargetNeed::required) {
    return choose(four, TargetKind::tags, options, need, "conll");
  };
  EXPECT_EQ(conll({}).text, 0);
  EXPECT_EQ(conll({}).label, std::vector<int>{3});
  ReadOptions options = options_of({{"text", "2"}, {"label", "-2"}});
  EXPECT_EQ(conll(options).text, 1);
  EXPECT_EQ(conll(options).label, std::vector<int>{2});
  options.label = {"5"};
  EXPECT_ERROR(ErrorKind::input, conll(options), "column number from 1 to 4", "'5'");
  EXPECT_ERROR(ErrorKind::usage, conll(only(&ReadOptions::weight, "2")), "--weight 2", "JSONL");
  EXPECT_ERROR(ErrorKind::usage, conll(only(&ReadOptions::text_pair, "3")), "--text-pair 3", "words and tags");
  EXPECT_ERROR(ErrorKind::input, choose({"1"}, TargetKind::tags, {}, TargetNeed::required, "conll"),
               "expected a word and its tag");
  EXPECT_ERROR(ErrorKind::input, choose(four, TargetKind::label, {}, TargetNeed::required, "conll"), "tags of words");
}

TEST(Columns, EmbedRecognisesWhatRowsAre) {
  const auto embed = [](const Names& names, const ReadOptions& options = {}, TargetNeed need = TargetNeed::required) {
    return choose(names, TargetKind::texts, options, need);
  };
  const Columns anchors = embed({"positive", "anchor"});
  EXPECT_EQ(anchors.text, 1);
  EXPECT_EQ(anchors.text_pair, 0);
  EXPECT_EQ(anchors.shape, TextShape::pairs);
  EXPECT_EQ(anchors.notes, (Names{"t.csv: text is column 'anchor', its pair is column 'positive'"}));
  EXPECT_EQ(embed({"id", "question", "answer"}).shape, TextShape::pairs);
  EXPECT_EQ(embed({"query", "positive", "document"}).text_pair, 1) << "an embedding task's own names win";
  const Columns scored = embed({"sentence1", "sentence2", "score"});
  EXPECT_EQ(scored.shape, TextShape::scored);
  EXPECT_EQ(scored.label, std::vector<int>{2});
  EXPECT_EQ(scored.notes.back(), "t.csv: score is column 'score'");
  const Columns labelled = embed({"text", "label"});
  EXPECT_EQ(labelled.shape, TextShape::labelled);
  EXPECT_EQ(labelled.text_pair, -1);
  EXPECT_EQ(labelled.notes.back(), "t.csv: label is column 'label'");
  const Columns told = embed({"q", "a", "n", "s"}, options_of({{"text", "q"}, {"text-pair", "a"}, {"negative", "n"}}));
  EXPECT_EQ(told.text_pair, 1);
  EXPECT_EQ(told.negatives, std::vector<int>{2});
  EXPECT_EQ(told.shape, TextShape::pairs);
  const Columns graded = embed({"q", "a", "s"}, options_of({{"text", "q"}, {"text-pair", "a"}, {"label", "s"}}));
  EXPECT_EQ(graded.shape, TextShape::scored);
  EXPECT_EQ(embed({"text"}, {}, TargetNeed::ignored).shape, TextShape::none);
  EXPECT_TRUE(embed({"text", "negative"}, {}, TargetNeed::ignored).negatives.empty()) << "only vectors are asked for";
  EXPECT_EQ(embed({"text", "x"}, {}, TargetNeed::optional).shape, TextShape::none);
}

TEST(Columns, EmbedTakesNegatives) {
  const Columns several =
      choose({"anchor", "positive", "negative_1", "Negative_2", "hard_negatives", "negativity"}, TargetKind::texts);
  EXPECT_EQ(several.negatives, (std::vector<int>{2, 3, 4}));
  EXPECT_EQ(several.shape, TextShape::pairs);
  EXPECT_EQ(several.notes.back(), "t.csv: negatives are 'negative_1', 'Negative_2', 'hard_negatives'");
  EXPECT_TRUE(choose({"question", "answer", "negative", "score"}, TargetKind::texts).label.empty())
      << "rows with negatives have no score unless it is asked for";
  ReadOptions options;
  options.negative = {"worse", "worst"};
  EXPECT_EQ(choose({"question", "answer", "worst", "negative", "worse"}, TargetKind::texts, options).negatives,
            (std::vector<int>{4, 2}))
      << "those that are named, and no others";
  EXPECT_TRUE(choose({"text", "text_pair", "label", "negative"}).negatives.empty()) << "other tasks have none";
}

TEST(Columns, EmbedRefusesWhatIsNoRow) {
  const auto refused = [](const Names& names, std::vector<std::pair<std::string, std::string>> given, auto... words) {
    EXPECT_ERROR(ErrorKind::input, choose(names, TargetKind::texts, options_of(given)), words...);
  };
  refused({"text", "x"}, {}, "t.csv: rows have one text", "--text-pair COLUMN", "--label COLUMN", "'text', 'x'");
  refused({"text", "negative"}, {}, "negatives and no text that belongs", "--text-pair");
  refused({"anchor", "positive"}, {{"negative", "negativ"}}, "--negative: there is no column 'negativ'");
  refused({"anchor", "positive"}, {{"text", "anchor"}, {"text-pair", "anchor"}}, "'anchor' is used for --text");
  refused({"anchor", "positive"}, {{"negative", "positive"}}, "'positive' is used for --text-pair", "--negative");
  refused({"anchor", "positive", "negative", "s"}, {{"label", "s"}}, "a score ('s') and negatives ('negative')",
          "leave out --label");
  ReadOptions twice;
  twice.label = {"a", "b"};
  EXPECT_ERROR(ErrorKind::usage, choose({"text", "a", "b"}, TargetKind::texts, twice), "--label is given 2 times");
  EXPECT_ERROR(ErrorKind::input, choose({"text"}, TargetKind::texts, {}, TargetNeed::required, "text"),
               "plain text lines have no second texts");
}

TEST(Columns, PlainTextHasNoLabels) {
  EXPECT_EQ(choose({"text"}, TargetKind::label, {}, TargetNeed::optional, "text").text, 0);
  EXPECT_ERROR(ErrorKind::input, choose({"text"}, TargetKind::label, {}, TargetNeed::required, "text"),
               "plain text lines have no labels", "--format");
}

}  // namespace
}  // namespace attune::data
