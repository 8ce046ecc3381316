#include "attune/data/delimited.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/data/reading.h"

namespace attune::data {
namespace {

struct Row {
  int64_t line;
  std::vector<std::string> fields;
  bool operator==(const Row&) const = default;
};

std::vector<Row> rows_of(const std::string& bytes, DelimitedOptions options = {}) {
  Reading<DelimitedReader, DelimitedOptions> reading(bytes, "t.csv", options);
  std::vector<Row> rows;
  for (Record record; reading.reader.next(record);) rows.push_back({record.line, texts_of(record)});
  return rows;
}

using Rows = std::vector<Row>;

TEST(Delimited, ReadsQuotesSeparatorsAndLineEndsInside) {
  EXPECT_EQ(rows_of("a,b\n1,\"x, \"\"y\"\"\nz\"\r\n2,plain\n"), (Rows{{2, {"1", "x, \"y\"\nz"}}, {4, {"2", "plain"}}}));
  EXPECT_EQ(rows_of("a,b\r\n\"p\r\nq\",\r\n"), (Rows{{2, {"p\r\nq", ""}}}));
  EXPECT_EQ(rows_of("a\n\"\"\n"), (Rows{{2, {""}}}));
  EXPECT_EQ(rows_of("a,b\n,\n"), (Rows{{2, {"", ""}}}));
}

TEST(Delimited, CountsLinesThroughQuotedOnesAndSkipsEmptyLines) {
  EXPECT_EQ(rows_of("a,b\n\"1\n\n2\",x\n\n\n3,y"), (Rows{{2, {"1\n\n2", "x"}}, {7, {"3", "y"}}}));
}

TEST(Delimited, AQuoteInsideAnUnquotedFieldIsACharacter) {
  EXPECT_EQ(rows_of("a,b\n5\" disk,it's\n"), (Rows{{2, {"5\" disk", "it's"}}}));
}

TEST(Delimited, TabsAndNoQuotesAndNoHeader) {
  EXPECT_EQ(rows_of("a\tb\n\"x\ty\n", {.separator = '\t', .quotes = false}), (Rows{{2, {"\"x", "y"}}}));
  Reading<DelimitedReader, DelimitedOptions> reading("p,q\nr,s\n", "t.csv", DelimitedOptions{.header = false});
  EXPECT_EQ(reading.reader.columns(), (std::vector<std::string>{"1", "2"}));
  Record record;
  ASSERT_TRUE(reading.reader.next(record));
  EXPECT_EQ(texts_of(record), (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(record.line, 1);
  ASSERT_TRUE(reading.reader.next(record));
  EXPECT_EQ(texts_of(record), (std::vector<std::string>{"r", "s"}));
  EXPECT_FALSE(reading.reader.next(record));
}

TEST(Delimited, RaggedLines) {
  EXPECT_ERROR(ErrorKind::input, rows_of("text,label\nok,1\none, two,1\n"), "t.csv line 3 has 3 fields",
               "expected 2 as in the header", "one |  two | 1", "must be quoted");
  EXPECT_ERROR(ErrorKind::input, rows_of("text,label\nalone\n"), "t.csv line 2 has 1 field,", "every row needs all");
}

TEST(Delimited, UnclosedQuoteNamesTheLineWhereItOpened) {
  EXPECT_ERROR(ErrorKind::input, rows_of("text,label\nok,1\n\"never closed,1\nx,2\ny,3\n"), "t.csv line 3",
               "never closed", "--no-quotes");
  EXPECT_ERROR(ErrorKind::input, rows_of("text,label\n\"a\nb\",\"c"), "t.csv line 3", "field 2");
}

TEST(Delimited, TextAfterAClosingQuote) {
  EXPECT_ERROR(ErrorKind::input, rows_of("text,label\n\"say \"hi\" now\",1\n"), "t.csv line 2", "'hi\" now\",1'",
               "double the quotes");
}

TEST(Delimited, EmptyAndHeaderOnly) {
  EXPECT_ERROR(ErrorKind::input, rows_of(""), "t.csv is empty", "header line");
  EXPECT_ERROR(ErrorKind::input, rows_of("\n\n"), "t.csv is empty");
  Reading<DelimitedReader, DelimitedOptions> reading("a,b\n", "t.csv", DelimitedOptions{});
  Record record;
  EXPECT_FALSE(reading.reader.next(record));
  EXPECT_EQ(reading.reader.emptiness(), "it has a header and no rows");
  Reading<DelimitedReader, DelimitedOptions> mac("a,b\r1,2\r3,4", "t.csv", DelimitedOptions{});
  EXPECT_FALSE(mac.reader.next(record));
  EXPECT_NE(mac.reader.emptiness().find("old Mac line ends"), std::string::npos);
}

}  // namespace
}  // namespace attune::data
