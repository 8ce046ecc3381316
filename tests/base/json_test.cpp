#include "attune/base/json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/base/expect_error.h"

namespace attune {
namespace {

TEST(ParseJson, GivesTheDocument) {
  const auto json = parse_json("\xEF\xBB\xBF{\"a\": [1, {\"a\": 2}], \"b\": {\"a\": \"\u4f60\"}}", "x.json");
  EXPECT_EQ(json["a"][1]["a"], 2);
  EXPECT_EQ(json["b"]["a"], "\u4f60");
}

TEST(ParseJson, ErrorsNameFileAndLine) {
  EXPECT_ERROR(ErrorKind::model, parse_json("{\n\"a\": 1,\n}", "c.json", ErrorKind::model), "c.json line 3: not JSON",
               "syntax error");
  EXPECT_ERROR(ErrorKind::input, parse_json("", "c.json"), "c.json line 1: not JSON", "unexpected end of input");
  EXPECT_ERROR(ErrorKind::input, parse_json("{\n\"a\xff\": 1}", "c.json"), "c.json line 2: byte 4 is not UTF-8");
  EXPECT_ERROR(ErrorKind::input, parse_json("[1e999]", "c.json"), "c.json: not JSON that can be read",
               "number overflow");
  EXPECT_ERROR(ErrorKind::input, parse_json(R"({"a": 1, "b": {"a": 1}, "a": 2})", "c.json"),
               "the key 'a' stands twice");
}

TEST(ParseJson, DepthIsBounded) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  parse_json(nested(60), "x");
  EXPECT_ERROR(ErrorKind::input, parse_json(nested(100), "deep.json"), "deep.json: nested deeper than 64 levels");
  EXPECT_ERROR(ErrorKind::input, parse_json(std::string(10 << 20, '['), "bomb.json"), "nested deeper");
}

TEST(ParseJson, LongTokensAreCutInTheMessage) {
  try {
    parse_json("[\"" + std::string(1 << 20, 'x'), "long.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_LT(error.message().size(), 400u);
  }
}

}  // namespace
}  // namespace attune
