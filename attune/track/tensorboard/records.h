// TFRecord framing, in which TensorBoard's event files stand: of each record
//   length u64, masked CRC of those 8 bytes u32, the bytes, masked CRC of them u32; little-endian.
// The CRC is CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected); masked is rotr(crc, 15) + 0xA282EAD8 modulo 2^32.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace attune::track {

uint32_t crc32c(std::string_view bytes);
uint32_t masked_crc32c(std::string_view bytes);

// A record with its frame.
std::string framed(std::string_view record);

// Walks through the records of a file's content; `see` gets each with the offset behind its frame. Returns the offset
// behind the last whole record: less than the content's size where the rest is cut off or damaged.
size_t read_records(std::string_view content, const std::function<void(std::string_view record, size_t end)>& see);

// Whether what read_records left is the beginning of a record whose end was never written, not a damaged one.
bool is_cut_off(std::string_view rest);

}  // namespace attune::track
