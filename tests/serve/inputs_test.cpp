#include "attune/serve/inputs.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/serve/expect_refusal.h"

namespace attune::serve {
namespace {

using nlohmann::json;

TEST(Inputs, ABodyIsAnObject) {
  EXPECT_EQ(parse_body(R"({"a": 1})")["a"], 1);
  EXPECT_REFUSAL(Fault::syntax, parse_body("{\"a\":\n oops}"), "line 2");
  EXPECT_REFUSAL(Fault::syntax, parse_body(""), "JSON");
  EXPECT_REFUSAL(Fault::syntax, parse_body("{\"a\": \"\xff\"}"), "UTF-8");
  EXPECT_REFUSAL(Fault::syntax, parse_body(std::string(100000, '[')), "nest");
  EXPECT_REFUSAL(Fault::schema, parse_body("[1]"), "expected an object, got a array");
}

TEST(Inputs, FieldsAreChecked) {
  const json body{{"yes", true}, {"word", "w"}, {"number", 3}, {"nothing", nullptr}, {"half", 0.5}};
  EXPECT_TRUE(flag(body, "yes", false));
  EXPECT_TRUE(flag(body, "nothing", true));
  EXPECT_EQ(text(body, "word"), "w");
  EXPECT_EQ(text(body, "absent"), std::nullopt);
  EXPECT_EQ(integer(body, "number"), 3);
  EXPECT_REFUSAL(Fault::schema, flag(body, "word", false), "'word': expected true or false, got a string");
  EXPECT_REFUSAL(Fault::schema, text(body, "number"), "'number': expected a text");
  EXPECT_REFUSAL(Fault::schema, integer(body, "half"), "'half': expected a whole number");
  EXPECT_REFUSAL(Fault::schema, check_fields({{"imputs", 1}}, {"inputs", "model"}), "unknown field 'imputs'",
                 "did you mean 'inputs'");
}

TEST(Inputs, TextsAreOneOrMany) {
  const Inputs one = read_texts({{"inputs", "a"}}, "inputs");
  EXPECT_FALSE(one.batch);
  EXPECT_EQ(one.rows.at(0).text, "a");
  const Inputs many = read_texts({{"inputs", {"a", "b"}}}, "inputs");
  EXPECT_TRUE(many.batch);
  EXPECT_EQ(many.rows.at(1).text, "b");
  EXPECT_REFUSAL(Fault::empty, read_texts({{"inputs", json::array()}}, "inputs"), "'inputs' is empty");
  EXPECT_REFUSAL(Fault::schema, read_texts({{"inputs", {"a", false}}}, "inputs"),
                 "'inputs[1]': expected a text, got a boolean");
  EXPECT_REFUSAL(Fault::schema, read_texts({{"inputs", {1, 2}}}, "inputs"), "token ids", "check_embedding_ctx_length");
  EXPECT_REFUSAL(Fault::schema, read_texts({{"input", "a"}}, "inputs"), "the field 'inputs' is missing");
}

TEST(Inputs, SequencesAsTextEmbeddingsInferenceHasThem) {
  EXPECT_FALSE(read_sequences({{"inputs", "a"}}, "inputs").batch);
  const Inputs pair = read_sequences({{"inputs", {"a", "b"}}}, "inputs");
  EXPECT_FALSE(pair.batch);
  EXPECT_EQ(pair.rows.at(0).pair, "b");
  const Inputs batch = read_sequences(json::parse(R"({"inputs": [["a"], ["b", "c"]]})"), "inputs");
  EXPECT_TRUE(batch.batch);
  EXPECT_EQ(batch.rows.at(0).pair, std::nullopt);
  EXPECT_EQ(batch.rows.at(1).pair, "c");
  EXPECT_REFUSAL(Fault::schema, read_sequences({{"inputs", {"a", "b", "c"}}}, "inputs"),
                 "expected one text or two, got 3");
  EXPECT_REFUSAL(Fault::schema, read_sequences(json::parse(R"({"inputs": [["a"], "b"]})"), "inputs"), "'inputs[1]'");
}

TEST(Inputs, RowsOfOurOwnRoutes) {
  const Inputs rows = read_rows(json::parse(R"({"inputs": ["a", {"text": "b", "text_pair": "c"}]})"), "inputs");
  EXPECT_EQ(rows.rows.at(0).text, "a");
  EXPECT_EQ(rows.rows.at(1).pair, "c");
  EXPECT_FALSE(read_rows({{"inputs", {{"text", "b"}}}}, "inputs").batch);
  EXPECT_REFUSAL(Fault::schema, read_rows(json::parse(R"({"inputs": [{"tekst": "b"}]})"), "inputs"),
                 "unknown field 'tekst'");
  EXPECT_REFUSAL(Fault::schema, read_rows(json::parse(R"({"inputs": [3]})"), "inputs"), "'inputs[0]'");
}

TEST(Inputs, ExamplesByTask) {
  EXPECT_EQ(example_of({.text = "Ada Lovelace, London"}, tasks::TaskKind::tag, 0).words,
            (std::vector<std::string>{"Ada", "Lovelace", ",", "London"}));
  EXPECT_REFUSAL(Fault::schema, example_of({.text = "a", .pair = "b"}, tasks::TaskKind::tag, 4), "row 5: a pair");
  const data::Example pair = example_of({.text = "a", .pair = "b"}, tasks::TaskKind::classify, 0);
  EXPECT_TRUE(pair.has_pair);
  EXPECT_EQ(pair.text_pair, "b");
}

}  // namespace
}  // namespace attune::serve
