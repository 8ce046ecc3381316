// A small picture in colours, drawn pixel by pixel, and its PNG.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attune::track {

struct Colour {
  uint8_t red, green, blue;
};

class Picture {
 public:
  // Errors (internal): a side that is not in [1, 16384].
  Picture(int width, int height, Colour paper);
  int width() const { return width_; }
  int height() const { return height_; }
  Colour at(int x, int y) const;

  // What falls outside is left out.
  void fill(int x, int y, int width, int height, Colour colour);
  // Text from the left edge x and the top y on, in letters of 5 by 7 pixels, 6 apart. Control characters and letters
  // beyond ASCII become blocks.
  void text(int x, int y, std::string_view text, Colour colour);
  // The same read from below: the text begins at the bottom y and goes up, its letters' heads to the left.
  void text_upwards(int x, int y, std::string_view text, Colour colour);
  static int text_width(std::string_view text);
  static constexpr int kTextHeight = 7;

  // 8 bits a channel, no alpha (PNG, ISO/IEC 15948). Errors: internal (no memory for the compression).
  std::string png() const;

 private:
  void put(int x, int y, Colour colour);
  int width_, height_;
  std::vector<uint8_t> pixels_;  // [height, width, 3]
};

}  // namespace attune::track
