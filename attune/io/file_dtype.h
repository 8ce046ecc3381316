// Element types that a safetensors file may hold, and their conversion to and from float.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace attune::io {

// In the order in which the reference library lays tensors out, widest last.
enum class FileDType : uint8_t { boolean, u8, i8, f8_e5m2, f8_e4m3, i16, u16, f16, bf16, i32, u32, f32, f64, i64, u64 };

size_t size_of(FileDType type);
// As safetensors spells it: "BF16".
const char* name(FileDType type);
std::optional<FileDType> file_dtype(std::string_view name);
// f16, bf16, f32 and f64: the types that weights come in.
bool is_weight_type(FileDType type);

// Little-endian elements of a weight type to float; f64 is rounded. bytes.size() = out.size() * size_of(type); the
// bytes need not be aligned.
void to_float(FileDType type, std::span<const std::byte> bytes, std::span<float> out);
// The reverse; f16 and bf16 round to nearest even.
void from_float(FileDType type, std::span<const float> values, std::span<std::byte> out);

}  // namespace attune::io
