#include "attune/io/file_dtype.h"

#include <array>
#include <bit>
#include <cstring>

#include "attune/base/error.h"
#include "attune/io/half.h"

namespace attune::io {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian, and so is what attune reads");

struct Row {
  FileDType type;
  const char* name;
  size_t bytes;
};

constexpr std::array<Row, 15> kTypes{{
    {FileDType::boolean, "BOOL", 1},
    {FileDType::u8, "U8", 1},
    {FileDType::i8, "I8", 1},
    {FileDType::f8_e5m2, "F8_E5M2", 1},
    {FileDType::f8_e4m3, "F8_E4M3", 1},
    {FileDType::i16, "I16", 2},
    {FileDType::u16, "U16", 2},
    {FileDType::f16, "F16", 2},
    {FileDType::bf16, "BF16", 2},
    {FileDType::i32, "I32", 4},
    {FileDType::u32, "U32", 4},
    {FileDType::f32, "F32", 4},
    {FileDType::f64, "F64", 8},
    {FileDType::i64, "I64", 8},
    {FileDType::u64, "U64", 8},
}};

// Round to nearest even; NaN stays NaN.
uint16_t float_to_bfloat(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<uint16_t>((bits >> 16) | 0x40U);
  return static_cast<uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

template <class Stored, class Convert>
void each_to_float(std::span<const std::byte> bytes, std::span<float> out, Convert convert) {
  for (size_t i = 0; i < out.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = convert(stored);
  }
}

template <class Stored, class Convert>
void each_from_float(std::span<const float> values, std::span<std::byte> out, Convert convert) {
  for (size_t i = 0; i < values.size(); ++i) {
    const Stored stored = convert(values[i]);
    std::memcpy(out.data() + i * sizeof(Stored), &stored, sizeof(Stored));
  }
}

}  // namespace

size_t size_of(FileDType type) {
  return kTypes[static_cast<size_t>(type)].bytes;
}

const char* name(FileDType type) {
  return kTypes[static_cast<size_t>(type)].name;
}

std::optional<FileDType> file_dtype(std::string_view name) {
  for (const Row& row : kTypes)
    if (name == row.name) return row.type;
  return std::nullopt;
}

bool is_weight_type(FileDType type) {
  return type == FileDType::f16 || type == FileDType::bf16 || type == FileDType::f32 || type == FileDType::f64;
}

void to_float(FileDType type, std::span<const std::byte> bytes, std::span<float> out) {
  ATTUNE_CHECK(bytes.size() == out.size() * size_of(type), "{} bytes for {} of {}", bytes.size(), out.size(),
               name(type));
  switch (type) {
    case FileDType::f32:
      if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
      return;
    case FileDType::f16:
      return each_to_float<uint16_t>(bytes, out, half_to_float);
    case FileDType::bf16:
      return each_to_float<uint16_t>(bytes, out,
                                     [](uint16_t x) { return std::bit_cast<float>(static_cast<uint32_t>(x) << 16); });
    case FileDType::f64:
      return each_to_float<double>(bytes, out, [](double x) { return static_cast<float>(x); });
    default:
      fail(ErrorKind::internal, "no conversion from {} to float", name(type));
  }
}

void from_float(FileDType type, std::span<const float> values, std::span<std::byte> out) {
  ATTUNE_CHECK(out.size() == values.size() * size_of(type), "{} bytes for {} of {}", out.size(), values.size(),
               name(type));
  switch (type) {
    case FileDType::f32:
      if (!out.empty()) std::memcpy(out.data(), values.data(), out.size());
      return;
    case FileDType::f16:
      return each_from_float<uint16_t>(values, out, float_to_half);
    case FileDType::bf16:
      return each_from_float<uint16_t>(values, out, float_to_bfloat);
    case FileDType::f64:
      return each_from_float<double>(values, out, [](float x) { return static_cast<double>(x); });
    default:
      fail(ErrorKind::internal, "no conversion from float to {}", name(type));
  }
}

}  // namespace attune::io
