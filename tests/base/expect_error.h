// EXPECT_ERROR(kind, statement, "part", ...): the statement throws an attune::Error of this kind and its text holds
// every part.
#pragma once
#include <gtest/gtest.h>
#include <initializer_list>
#include <string>
#include <string_view>

#include "attune/base/error.h"

namespace attune::test {

template <class Body>
void expect_error(const char* file, int line, ErrorKind kind, Body&& body,
                  std::initializer_list<std::string_view> parts) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_STREQ(name(error.kind()), name(kind)) << error.what();
    for (const auto part : parts)
      if (std::string_view(error.what()).find(part) == std::string_view::npos)
        ADD_FAILURE_AT(file, line) << "the message lacks \"" << part << "\":\n" << error.what();
    return;
  } catch (const std::exception& error) {
    ADD_FAILURE_AT(file, line) << "another exception than attune::Error: " << error.what();
    return;
  }
  ADD_FAILURE_AT(file, line) << "no error where one was expected";
}

}  // namespace attune::test

#define EXPECT_ERROR(kind, statement, ...) \
  ::attune::test::expect_error(__FILE__, __LINE__, kind, [&] { statement; }, {__VA_ARGS__})
