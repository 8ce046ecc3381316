// Strings that hurt a tokenizer, the same sequence as class Hostile of tools/tokenizer_golden.py.
#pragma once
#include <cstdint>
#include <iterator>
#include <string>

#include "attune/base/utf8.h"

namespace attune::text {

class HostileTexts {
 public:
  explicit HostileTexts(uint64_t seed) : state_(seed) {}

  std::string next() {
    text_.clear();
    for (uint64_t parts = below(12); parts > 0; --parts) part(below(10));
    return text_;
  }

 private:
  uint64_t below(uint64_t n) {  // splitmix64
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return (z ^ (z >> 31)) % n;
  }

  void put(uint64_t c) { utf8::append(text_, c >= 0xD800 && c < 0xE000 ? 0x61 : static_cast<char32_t>(c)); }

  void part(uint64_t kind) {
    if (kind < 3) {
      const auto& [low, high] = kRanges[below(std::size(kRanges))];
      for (uint64_t n = 1 + below(8); n > 0; --n) put(low + below(high - low));
    } else if (kind < 5) {
      text_ += kBits[below(std::size(kBits))];
    } else if (kind == 5) {
      text_ += ' ';
    } else if (kind == 6) {
      const uint64_t c = kRepeated[below(std::size(kRepeated))];
      for (uint64_t n = 1 + below(130); n > 0; --n) put(c);
    } else if (kind == 7) {
      for (uint64_t n = 1 + below(4); n > 0; --n) put(kMarks[below(std::size(kMarks))]);
    } else if (kind == 8) {
      put(below(0x110000));
    } else {
      for (uint64_t n = 1 + below(12); n > 0; --n) put(0x61 + below(26));
    }
  }

  struct Range {
    uint64_t low, high;
  };
  static constexpr Range kRanges[] = {{0x20, 0x7f},       {0x20, 0x7f},       {0x20, 0x7f},       {0x0, 0x20},
                                      {0x7f, 0x100},      {0x100, 0x250},     {0x300, 0x370},     {0x370, 0x530},
                                      {0x590, 0x700},     {0x900, 0x1000},    {0xe00, 0x1200},    {0x1ab0, 0x1b50},
                                      {0x1dc0, 0x2000},   {0x2000, 0x2200},   {0x2200, 0x2c00},   {0x3000, 0x3400},
                                      {0x4e00, 0xa000},   {0xac00, 0xd7a4},   {0xe000, 0xe100},   {0xf900, 0xfb50},
                                      {0xfb50, 0x10000},  {0x10000, 0x12000}, {0x1b000, 0x1d300}, {0x1d400, 0x1f000},
                                      {0x1f000, 0x1fb00}, {0x20000, 0x20100}, {0x2f800, 0x2fa20}, {0xe0000, 0xe0200}};
  static constexpr const char* kBits[] = {"[MASK]",
                                          "[SEP]",
                                          "[CLS]",
                                          "[PAD]",
                                          "[UNK]",
                                          "[mask]",
                                          "##ing",
                                          "unbelievable",
                                          "<s>",
                                          "</s>",
                                          "<unk>",
                                          "\342\226\201",
                                          "  ",
                                          "\012",
                                          "\011",
                                          "\015\012",
                                          "\343\200\200",
                                          "\302\240",
                                          "\357\254\201",
                                          "\304\260",
                                          "\303\237",
                                          "\316\243",
                                          "\355\225\234\352\265\255",
                                          "\315\204",
                                          "\340\275\263\340\275\265",
                                          "\341\255\204",
                                          "\343\200\256",
                                          "\360\235\205\236",
                                          "\360\226\277\260",
                                          "\360\237\221\251\342\200\215\360\237\221\247",
                                          "\360\237\207\250\360\237\207\263",
                                          "e\314\201",
                                          "\344\270\255\346\226\207",
                                          "don't",
                                          "3.14",
                                          "http://x.y/z?a=b",
                                          "\357\273\277",
                                          "\357\277\275",
                                          "\342\205\247",
                                          "\343\217\200",
                                          "\357\267\272",
                                          "\357\275\261\357\276\236",
                                          "caf\303\251",
                                          "\302\251\342\200\215\302\256",
                                          "the",
                                          " of ",
                                          "\340\244\225\340\245\215\340\244\267"};
  static constexpr uint64_t kMarks[] = {0x300,  0x316,  0x327, 0x345, 0x315, 0x1b44, 0x302e, 0x1d165,
                                        0x11a8, 0x1161, 0x5b0, 0x93c, 0x94d, 0xe38,  0x1dce};
  static constexpr uint64_t kRepeated[] = {0x61, 0x4e2d, 0xe9, 0x301, 0x1f600};

  uint64_t state_;
  std::string text_;
};

}  // namespace attune::text
