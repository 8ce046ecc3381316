#include "attune/track/picture/picture.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "attune/base/error.h"
#include "attune/track/picture/confusion_picture.h"
#include "attune/track/picture/letters.h"

namespace attune::track {
namespace {

uint32_t big_endian(const std::string& bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
  return number;
}

struct Decoded {
  uint32_t width = 0, height = 0;
  std::string rows;  // each behind its filter byte
};

// The chunks, their sums checked.
Decoded decode(const std::string& png) {
  Decoded decoded;
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  std::vector<std::string> kinds;
  for (size_t at = 8; at + 12 <= png.size();) {
    const uint32_t length = big_endian(png, at);
    const std::string kind = png.substr(at + 4, 4), content = png.substr(at + 8, length);
    const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(png.data() + at + 4), length + 4);
    EXPECT_EQ(sum, big_endian(png, at + 8 + length)) << kind;
    kinds.push_back(kind);
    if (kind == "IHDR") {
      decoded.width = big_endian(content, 0), decoded.height = big_endian(content, 4);
      EXPECT_EQ(content.substr(8), std::string("\x08\x02\0\0\0", 5));
    }
    if (kind == "IDAT") {
      uLongf size = (decoded.width * 3 + 1) * decoded.height;
      decoded.rows.resize(size);
      EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(decoded.rows.data()), &size,
                             reinterpret_cast<const Bytef*>(content.data()), static_cast<uLong>(content.size())),
                Z_OK);
      EXPECT_EQ(size, decoded.rows.size());
    }
    at += 12 + length;
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"IHDR", "IDAT", "IEND"}));
  return decoded;
}

TEST(Picture, PngHoldsThePixels) {
  Picture picture(3, 2, {10, 20, 30});
  picture.fill(1, 1, 5, 5, {255, 0, 128});
  const Decoded decoded = decode(picture.png());
  EXPECT_EQ(decoded.width, 3u);
  EXPECT_EQ(decoded.height, 2u);
  const std::string paper("\x0A\x14\x1E", 3), mark("\xFF\0\x80", 3), plain("\0", 1);
  EXPECT_EQ(decoded.rows, plain + paper + paper + paper + plain + paper + mark + mark);
}

TEST(Picture, RefusesSidesThatNobodyMeans) {
  EXPECT_THROW(Picture(0, 5, {0, 0, 0}), Error);
  EXPECT_THROW(Picture(5, 20000, {0, 0, 0}), Error);
}

std::vector<std::string> drawn(const Picture& picture) {
  std::vector<std::string> rows(static_cast<size_t>(picture.height()));
  for (int y = 0; y < picture.height(); ++y)
    for (int x = 0; x < picture.width(); ++x) rows[static_cast<size_t>(y)] += picture.at(x, y).red == 0 ? '#' : '.';
  return rows;
}

TEST(Picture, WritesLettersAcrossAndUpwards) {
  Picture across(5, 7, {255, 255, 255});
  across.text(0, 0, "L", {0, 0, 0});
  EXPECT_EQ(drawn(across), (std::vector<std::string>{"#....", "#....", "#....", "#....", "#....", "#....", "#####"}));
  Picture up(7, 5, {255, 255, 255});
  up.text_upwards(0, 4, "L", {0, 0, 0});
  EXPECT_EQ(drawn(up), (std::vector<std::string>{"......#", "......#", "......#", "......#", "#######"}));
}

TEST(Picture, LettersDifferAndOthersAreOneBlockEach) {
  for (char a = ' '; a < '~'; ++a)
    for (char b = static_cast<char>(a + 1); b <= '~'; ++b) EXPECT_NE(letter(a), letter(b)) << a << b;
  EXPECT_EQ(Picture::text_width("ab"), 12);
  EXPECT_EQ(Picture::text_width("\xE4\xBD\xA0\xE5\xA5\xBD"), 12);  // two Chinese characters
  EXPECT_EQ(letter('\n')[3], 31);
}

TEST(ConfusionPicture, IsBlueWhereRightAndRedWhereWrong) {
  const ConfusionTable table{"dev/confusion", {"no", "yes"}, {{0, 0, 90}, {0, 1, 10}, {1, 1, 5}}};
  const Picture picture = confusion_picture(table);
  EXPECT_GT(picture.width(), 2 * 44);
  int blue = 0, red = 0;
  for (int y = 0; y < picture.height(); ++y)
    for (int x = 0; x < picture.width(); ++x) {
      const Colour c = picture.at(x, y);
      blue += c.blue > c.red + 30, red += c.red > c.blue + 10;
    }
  EXPECT_GT(blue, 2 * 40 * 40);
  EXPECT_GT(red, 40 * 30);
  EXPECT_LT(red, 44 * 44);
}

TEST(ConfusionPicture, AnAnswerWithoutALabelHasItsColumn) {
  const ConfusionTable plain{"c", {"a", "b"}, {{0, 0, 1}, {1, 1, 1}}}, cut{"c", {"a", "b"}, {{0, 0, 1}, {1, -1, 1}}};
  EXPECT_EQ(confusion_picture(cut).width() - confusion_picture(plain).width(), 44 + 3 * 6);
}

TEST(ConfusionPicture, StaysSmallWithManyLabels) {
  ConfusionTable table{"c", {}, {}};
  for (int32_t i = 0; i < 3000; ++i)
    table.labels.push_back("label " + std::to_string(i)), table.cells.push_back({i, i, 3});
  const Picture picture = confusion_picture(table);
  EXPECT_LT(picture.width(), 1600);
}

}  // namespace
}  // namespace attune::track
