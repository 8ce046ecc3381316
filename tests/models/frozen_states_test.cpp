// States kept by text: made once, right in any company, the same where there is no room to keep them.
#include "attune/models/frozen_states.h"

#include <gtest/gtest.h>

namespace attune::models {
namespace {

constexpr int64_t kWidth = 2;

tensor::PackedRows packed(const std::vector<std::vector<int32_t>>& texts, int32_t segment = 0) {
  tensor::PackedRows rows;
  rows.offsets.push_back(0);
  for (const auto& text : texts) {
    for (size_t i = 0; i < text.size(); ++i) {
      rows.ids.push_back(text[i]), rows.positions.push_back(static_cast<int32_t>(i));
      rows.segments.push_back(segment), rows.keys.push_back(rows.ids.size());
    }
    rows.offsets.push_back(static_cast<int32_t>(rows.ids.size()));
  }
  const auto rounded = static_cast<size_t>(tensor::rounded_rows(std::ssize(rows.ids)));
  rows.ids.resize(rounded), rows.positions.resize(rounded), rows.segments.resize(rounded), rows.keys.resize(rounded);
  return rows;
}

// Ten times the id, and the position with the segment: what a text's row is told by.
struct Maker {
  int calls = 0;
  std::vector<int64_t> sequences = {};

  std::vector<float> states(FrozenStates& kept, const tensor::PackedRows& rows) {
    std::vector<float> states(static_cast<size_t>(rows.rows() * kWidth), -1);
    kept.fill(rows, states.data(), [&](const tensor::PackedRows& some) {
      ++calls, sequences.push_back(some.sequences());
      EXPECT_EQ(some.rows() % tensor::kRowMultiple, 0);
      std::vector<float> made;
      for (size_t i = 0; i < static_cast<size_t>(some.rows()); ++i)
        made.push_back(10.0F * static_cast<float>(some.ids[i])),
            made.push_back(static_cast<float>(some.positions[i] + 100 * some.segments[i]));
      return made;
    });
    return states;
  }
};

void expect_states(const std::vector<float>& states, const tensor::PackedRows& rows) {
  for (size_t i = 0; i < static_cast<size_t>(rows.rows()); ++i) {
    const bool real = static_cast<int64_t>(i) < rows.tokens();
    EXPECT_EQ(states[2 * i], real ? 10.0F * static_cast<float>(rows.ids[i]) : 0) << i;
    EXPECT_EQ(states[2 * i + 1], real ? static_cast<float>(rows.positions[i] + 100 * rows.segments[i]) : 0) << i;
  }
}

TEST(FrozenStates, AreMadeOnceATextInAnyCompany) {
  FrozenStates kept(kWidth, 1 << 20);
  Maker maker;
  for (const auto& texts : std::vector<std::vector<std::vector<int32_t>>>{
           {{1, 2, 3}, {4}}, {{4}, {1, 2, 3}}, {{5, 6}, {4}, {7}}, {{1, 2, 3}, {7}, {5, 6}}}) {
    const auto rows = packed(texts);
    expect_states(maker.states(kept, rows), rows);
  }
  EXPECT_EQ(maker.sequences, (std::vector<int64_t>{2, 2})) << "the first batch's, then the two new texts of the third";
  EXPECT_EQ(kept.bytes(), 7 * kWidth * sizeof(float));
}

TEST(FrozenStates, ATextIsItsIdsInOrderAndItsSegments) {
  FrozenStates kept(kWidth, 1 << 20);
  Maker maker;
  for (const auto& rows : {packed({{1, 2}}), packed({{2, 1}}), packed({{1, 2}}, 1), packed({{1, 2, 0}})})
    expect_states(maker.states(kept, rows), rows);
  EXPECT_EQ(maker.calls, 4);
}

TEST(FrozenStates, WithoutRoomTheyAreMadeAgain) {
  FrozenStates kept(kWidth, 3 * kWidth * sizeof(float));
  Maker maker;
  const auto rows = packed({{1, 2}, {3, 4}});  // room for one of the two
  for (int turn = 0; turn < 3; ++turn) expect_states(maker.states(kept, rows), rows);
  EXPECT_EQ(maker.sequences, (std::vector<int64_t>{2, 1, 1}));
  EXPECT_LE(kept.bytes(), 3 * kWidth * sizeof(float));
}

}  // namespace
}  // namespace attune::models
