#include "attune/track/tensorboard/records.h"

#include <gtest/gtest.h>
#include <vector>

namespace attune::track {
namespace {

// Check values of CRC-32C: of the digits (the catalogue of parametrised CRC algorithms, CRC-32/ISCSI) and of RFC 3720,
// appendix B.4.
TEST(Crc32c, GivesThePublishedValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising.push_back(c);
  EXPECT_EQ(crc32c(rising), 0x46DD794Eu);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(Crc32c, IsMaskedByATurnAndASum) {
  // rotr(0xE3069283, 15) = 0x2507C60D, and 0xA282EAD8 more
  EXPECT_EQ(masked_crc32c("123456789"), 0xC78AB0E5u);
}

TEST(Records, AreFramedByLengthAndSums) {
  const std::string frame = framed("abc");
  ASSERT_EQ(frame.size(), 8u + 4 + 3 + 4);
  EXPECT_EQ(frame.substr(0, 8), std::string("\x03\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(frame.substr(12, 3), "abc");
}

struct Read {
  std::vector<std::string> records;
  std::vector<size_t> ends;
  size_t whole = 0;
};

Read read(std::string_view content) {
  Read read;
  read.whole = read_records(content, [&](std::string_view record, size_t end) {
    read.records.emplace_back(record);
    read.ends.push_back(end);
  });
  return read;
}

TEST(Records, AreReadUpToWhatIsCutOff) {
  const std::string two = framed("first") + framed("");
  const Read all = read(two);
  EXPECT_EQ(all.records, (std::vector<std::string>{"first", ""}));
  EXPECT_EQ(all.ends, (std::vector<size_t>{21, 37}));
  EXPECT_EQ(all.whole, two.size());
  for (size_t cut = 21; cut < two.size(); ++cut) EXPECT_EQ(read(two.substr(0, cut)).whole, 21u) << cut;
  for (size_t cut = 0; cut < 21; ++cut) EXPECT_EQ(read(two.substr(0, cut)).whole, 0u) << cut;
}

TEST(Records, AnyChangedByteIsSeen) {
  const std::string good = framed("first") + framed("second");
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    const Read some = read(bad);
    EXPECT_EQ(some.records.size(), at < 21 ? 0u : 1u) << at;
  }
}

TEST(Records, ACutOffEndIsToldFromADamagedOne) {
  const std::string good = framed("a record");
  for (size_t cut = 1; cut < good.size(); ++cut) EXPECT_TRUE(is_cut_off(good.substr(0, cut))) << cut;
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_FALSE(is_cut_off(bad)) << at;
  }
}

TEST(Records, AHugeLengthIsNoRecord) {
  std::string bad(8, '\xFF');
  const uint32_t sum = masked_crc32c(bad);
  bad.append(reinterpret_cast<const char*>(&sum), 4);
  bad += std::string(100, 'x');
  EXPECT_EQ(read(bad).whole, 0u);
}

}  // namespace
}  // namespace attune::track
