#include "attune/base/error.h"

#include <cstring>
#include <gtest/gtest.h>

#include "tests/base/expect_error.h"

namespace attune {
namespace {

TEST(Error, CarriesKindMessageAndContext) {
  try {
    with_context([] { return "in train.csv"; },
                 [] { with_context([] { return "line 812"; }, [] { fail(ErrorKind::input, "{} of {}", 3, "x"); }); });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_EQ(error.message(), "3 of x");
    EXPECT_EQ(error.context(), (std::vector<std::string>{"line 812", "in train.csv"}));
    EXPECT_STREQ(error.what(), "3 of x\n  line 812\n  in train.csv");
  }
}

TEST(Error, WithContextReturnsWhatTheBodyReturns) {
  int value = 4;
  int& same = with_context([] { return "never"; }, [&]() -> int& { return value; });
  EXPECT_EQ(&same, &value);
}

TEST(Error, EveryKindHasItsName) {
  const char* names[] = {"usage", "input", "model", "io", "numeric", "memory", "internal"};
  for (int i = 0; i < 7; ++i) EXPECT_STREQ(name(static_cast<ErrorKind>(i)), names[i]);
}

TEST(Error, CheckNamesExpressionAndPlace) {
  const int one = 1;
  ATTUNE_CHECK(one == 1, "fine");
  EXPECT_ERROR(ErrorKind::internal, ATTUNE_CHECK(one == 2, "one is {}", one), "error_test.cpp:", "`one == 2`",
               "one is 1");
}

}  // namespace
}  // namespace attune
