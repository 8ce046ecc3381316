#include "attune/track/picture/picture.h"

#include <algorithm>
#include <zlib.h>

#include "attune/base/error.h"
#include "attune/track/picture/letters.h"

namespace attune::track {
namespace {

constexpr int kAdvance = kLetterWidth + 1;
constexpr int kLongestSide = 16384;

void append_u32(std::string& out, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

// Length, kind, content, CRC of kind and content; big-endian.
void append_chunk(std::string& png, const std::string& kind, const std::string& content) {
  append_u32(png, static_cast<uint32_t>(content.size()));
  const std::string summed = kind + content;
  png += summed;
  append_u32(png, static_cast<uint32_t>(
                      ::crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size()))));
}

std::string compressed(const std::string& bytes) {
  uLongf size = ::compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  const int result = ::compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                                 reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()), 6);
  ATTUNE_CHECK(result == Z_OK, "zlib says {}", result);
  out.resize(size);
  return out;
}

// Bytes of one letter each, but a letter beyond ASCII is one block, not one a byte.
std::string letters_of(std::string_view text) {
  std::string out;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0u) != 0x80u) out.push_back(c);
  return out;
}

}  // namespace

Picture::Picture(int width, int height, Colour paper) : width_(width), height_(height) {
  ATTUNE_CHECK(width >= 1 && width <= kLongestSide && height >= 1 && height <= kLongestSide, "{} x {}", width, height);
  pixels_.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  fill(0, 0, width, height, paper);
}

Colour Picture::at(int x, int y) const {
  ATTUNE_CHECK(x >= 0 && x < width_ && y >= 0 && y < height_, "({}, {})", x, y);
  const uint8_t* pixel = &pixels_[(static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)) * 3];
  return {pixel[0], pixel[1], pixel[2]};
}

void Picture::put(int x, int y, Colour colour) {
  if (x < 0 || x >= width_ || y < 0 || y >= height_) return;
  uint8_t* pixel = &pixels_[(static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)) * 3];
  pixel[0] = colour.red, pixel[1] = colour.green, pixel[2] = colour.blue;
}

void Picture::fill(int x, int y, int width, int height, Colour colour) {
  for (int row = std::max(0, y); row < std::min(height_, y + height); ++row)
    for (int column = std::max(0, x); column < std::min(width_, x + width); ++column) put(column, row, colour);
}

void Picture::text(int x, int y, std::string_view text, Colour colour) {
  for (const char c : letters_of(text)) {
    const auto rows = letter(c);
    for (int row = 0; row < kLetterHeight; ++row)
      for (int column = 0; column < kLetterWidth; ++column)
        if (rows[static_cast<size_t>(row)] >> (kLetterWidth - 1 - column) & 1u) put(x + column, y + row, colour);
    x += kAdvance;
  }
}

void Picture::text_upwards(int x, int y, std::string_view text, Colour colour) {
  for (const char c : letters_of(text)) {
    const auto rows = letter(c);
    for (int row = 0; row < kLetterHeight; ++row)
      for (int column = 0; column < kLetterWidth; ++column)
        if (rows[static_cast<size_t>(row)] >> (kLetterWidth - 1 - column) & 1u) put(x + row, y - column, colour);
    y -= kAdvance;
  }
}

int Picture::text_width(std::string_view text) {
  return static_cast<int>(letters_of(text).size()) * kAdvance;
}

std::string Picture::png() const {
  std::string rows;
  const size_t row_bytes = static_cast<size_t>(width_) * 3;
  for (int y = 0; y < height_; ++y) {
    rows.push_back(0);  // the row's filter: none
    rows.append(reinterpret_cast<const char*>(&pixels_[static_cast<size_t>(y) * row_bytes]), row_bytes);
  }
  std::string head;
  append_u32(head, static_cast<uint32_t>(width_));
  append_u32(head, static_cast<uint32_t>(height_));
  head += std::string("\x08\x02\x00\x00\x00", 5);  // 8 bits; red, green, blue; the only compression and filters; plain
  std::string png = "\x89PNG\r\n\x1a\n";
  append_chunk(png, "IHDR", head);
  append_chunk(png, "IDAT", compressed(rows));
  append_chunk(png, "IEND", "");
  return png;
}

}  // namespace attune::track
