#include "attune/data/read_options.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"

namespace attune::data {
namespace {

TEST(ReadOptions, AreSetByTheNamesPeopleType) {
  ReadOptions options;
  OptionList list;
  options.visit(list);
  list.set("text", "review");
  list.set("text-pair", "answer");
  list.set("label", "a");
  list.set("label", "b");
  list.set("no-header", "true");
  list.set("strict-tags", "true");
  EXPECT_EQ(options.text, "review");
  EXPECT_EQ(options.text_pair, "answer");
  EXPECT_EQ(options.label, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(options.header);
  EXPECT_TRUE(options.strict_tags);
  EXPECT_ERROR(ErrorKind::usage, list.set("format", "excel"), "--format", "excel");
}

}  // namespace
}  // namespace attune::data
