#include "attune/data/jsonl.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/data/reading.h"

namespace attune::data {
namespace {

std::vector<Record> records_in_jsonl(const std::string& bytes) {
  Reading<JsonlReader> reading(bytes, "t.jsonl");
  std::vector<Record> records;
  for (Record record; reading.reader.next(record);) records.push_back(record);
  return records;
}

TEST(Jsonl, ReadsEveryKindOfValue) {
  const auto records = records_in_jsonl(
      "{\"s\": \"a\\u00e9\\n\", \"i\": 3, \"d\": 1.5, \"b\": true, \"n\": null, \"l\": [\"x\", 2], \"o\": {}}\n");
  ASSERT_EQ(records.size(), 1u);
  const auto& values = records[0].values;
  ASSERT_EQ(values.size(), 7u);
  EXPECT_EQ(values[0].text, "a\xC3\xA9\n");
  EXPECT_EQ(values[1].text, "3");
  EXPECT_EQ(values[1].kind, Value::Kind::number);
  EXPECT_EQ(values[2].text, "1.5");
  EXPECT_EQ(values[3].text, "true");
  EXPECT_EQ(values[4].kind, Value::Kind::null);
  EXPECT_EQ(values[5].items, (std::vector<std::string>{"x", "2"}));
  EXPECT_EQ(values[6].kind, Value::Kind::object);
}

TEST(Jsonl, KeysKeepTheirColumnWhateverTheOrder) {
  Reading<JsonlReader> reading("{\"a\":1,\"b\":2}\n\n{\"b\":3}\r\n{\"c\":5,\"a\":4}\n", "t.jsonl");
  Record record;
  ASSERT_TRUE(reading.reader.next(record));
  ASSERT_TRUE(reading.reader.next(record));
  EXPECT_EQ(record.line, 3);
  EXPECT_EQ(record.values[0].kind, Value::Kind::absent);
  EXPECT_EQ(record.values[1].text, "3");
  ASSERT_TRUE(reading.reader.next(record));
  EXPECT_EQ(reading.reader.columns(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(record.values[0].text, "4");
  EXPECT_EQ(record.values[2].text, "5");
}

TEST(Jsonl, Errors) {
  EXPECT_ERROR(ErrorKind::input, records_in_jsonl("{\"a\":1}\n{\"a\":\n"), "t.jsonl line 2 is not valid JSON",
               "column");
  EXPECT_ERROR(ErrorKind::input, records_in_jsonl("[{\"a\":1}]\n"), "t.jsonl line 1 holds a JSON array", "jq -c '.[]'");
  EXPECT_ERROR(ErrorKind::input, records_in_jsonl("{\"a\": NaN}\n"), "line 1 is not valid JSON");
  EXPECT_ERROR(ErrorKind::input, records_in_jsonl("{\"a\": 1e999}\n"), "line 1 is not valid JSON");
  EXPECT_ERROR(ErrorKind::input, records_in_jsonl("{\"a\": \"\xE9\"}\n"), "line 1", "not valid UTF-8");
}

TEST(Jsonl, DeepNestingDoesNotOverflowTheStack) {
  const std::string deep(100'000, '[');
  EXPECT_ERROR(ErrorKind::input, records_in_jsonl("{\"a\":" + deep + "}\n"), "not valid JSON");
  const auto records = records_in_jsonl("{\"a\":" + deep + std::string(100'000, ']') + "}\n");
  EXPECT_EQ(records.at(0).values.at(0).kind, Value::Kind::object);
}

}  // namespace
}  // namespace attune::data
