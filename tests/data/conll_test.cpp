#include "attune/data/conll.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/data/reading.h"

namespace attune::data {
namespace {

using Items = std::vector<std::string>;

std::vector<Record> records_of(const std::string& bytes) {
  Reading<ConllReader> reading(bytes, "t.conll");
  std::vector<Record> records;
  for (Record record; reading.reader.next(record);) records.push_back(record);
  return records;
}

TEST(Conll, ReadsSentencesWithTheirLines) {
  const auto records = records_of("-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\n\n. . O");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].line, 3);
  EXPECT_EQ(records[0].values[0].items, (Items{"EU", "rejects"}));
  EXPECT_EQ(records[0].values[2].items, (Items{"B-ORG", "O"}));
  EXPECT_EQ(records[1].line, 7);
  EXPECT_EQ(records[1].values[0].items, (Items{"."}));
}

TEST(Conll, ADocumentStartEndsASentenceAndMayHaveAnyColumns) {
  const auto records = records_of("a O\n-DOCSTART-\nb O\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].line, 3);
}

TEST(Conll, TabsAloneSeparateWhereTheFirstLineHasOne) {
  const auto records = records_of("New York\tB-LOC\r\n is \tO\t\r\n\r\n");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].values[0].items, (Items{"New York", "is"}));
  EXPECT_EQ(records[0].values[1].items, (Items{"B-LOC", "O"}));
}

TEST(Conll, RunsOfBlanksSeparateAndHashesAreTokens) {
  const auto records = records_of("#   O\n#1 \t O \n");
  EXPECT_EQ(records.at(0).values[0].items, (Items{"#", "#1"}));
}

TEST(Conll, AnIdeographicSpaceIsAToken) {
  EXPECT_EQ(records_of("\xE3\x80\x80 O\n").at(0).values[0].items, (Items{"\xE3\x80\x80"}));
}

TEST(Conll, Errors) {
  EXPECT_ERROR(ErrorKind::input, records_of("EU B-ORG\nrejects\n"), "t.conll line 2", "'rejects' has no tag",
               "expected 2 columns as on line 1");
  EXPECT_ERROR(ErrorKind::input, records_of("EU\tB-ORG\nrejects O\n"), "line 2", "'rejects O' has no tag",
               "between tabs");
  EXPECT_ERROR(ErrorKind::input, records_of("a b O\nc O\n"), "line 2 has 2 columns, expected 3");
  EXPECT_ERROR(ErrorKind::input, records_of("a O\n\n# text = x y\n"), "line 3 has 5 columns", "comments");
  EXPECT_ERROR(ErrorKind::input, records_of("a\tNN\tO\nb\t\tO\n"), "line 2: column 2 is empty");
}

}  // namespace
}  // namespace attune::data
