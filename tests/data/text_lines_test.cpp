#include "attune/data/text_lines.h"

#include <gtest/gtest.h>

#include "tests/data/reading.h"

namespace attune::data {
namespace {

TEST(TextLines, KeepsEveryLineSoThatResultsLineUp) {
  Reading<TextLineReader> reading("one\r\n\n three \n", "t.txt");
  std::vector<std::string> lines;
  std::vector<int64_t> numbers;
  for (Record record; reading.reader.next(record);) {
    lines.push_back(record.values.at(0).text);
    numbers.push_back(record.line);
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "", " three "}));
  EXPECT_EQ(numbers, (std::vector<int64_t>{1, 2, 3}));
}

}  // namespace
}  // namespace attune::data
