// EXPECT_REFUSAL(fault, statement, "part", ...): the statement throws a Refusal of this fault whose message holds every
// part.
#pragma once
#include <gtest/gtest.h>
#include <initializer_list>
#include <string_view>

#include "attune/serve/refusal.h"

namespace attune::serve_test {

template <class Body>
void expect_refusal(const char* file, int line, serve::Fault fault, Body&& body,
                    std::initializer_list<std::string_view> parts) {
  try {
    body();
  } catch (const serve::Refusal& refusal) {
    EXPECT_EQ(serve::status_of(refusal.fault), serve::status_of(fault)) << refusal.message;
    for (const auto part : parts)
      if (refusal.message.find(part) == std::string::npos)
        ADD_FAILURE_AT(file, line) << "the message lacks \"" << part << "\":\n" << refusal.message;
    return;
  }
  ADD_FAILURE_AT(file, line) << "not refused";
}

}  // namespace attune::serve_test

#define EXPECT_REFUSAL(fault, statement, ...) \
  ::attune::serve_test::expect_refusal(__FILE__, __LINE__, fault, [&] { static_cast<void>(statement); }, {__VA_ARGS__})
