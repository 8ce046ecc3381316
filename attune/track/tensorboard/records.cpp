#include "attune/track/tensorboard/records.h"

#include <array>
#include <bit>
#include <cstring>

namespace attune::track {
namespace {

constexpr std::array<uint32_t, 256> castagnoli_table() {
  constexpr uint32_t kReflected = 0x82F63B78u;  // 0x1EDC6F41, lowest bit first
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ (rest & 1 ? kReflected : 0);
    table[byte] = rest;
  }
  return table;
}

constexpr auto kCastagnoli = castagnoli_table();
constexpr size_t kHead = 12, kTail = 4;  // length and its sum; the record's sum

static_assert(std::endian::native == std::endian::little);

template <class T>
void append_number(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(T));
}

template <class T>
T number_at(std::string_view bytes, size_t at) {
  T number;
  std::memcpy(&number, bytes.data() + at, sizeof(T));
  return number;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t sum = 0xFFFFFFFFu;
  for (const char c : bytes) sum = (sum >> 8) ^ kCastagnoli[(sum ^ static_cast<uint8_t>(c)) & 0xFFu];
  return ~sum;
}

uint32_t masked_crc32c(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xA282EAD8u;
}

std::string framed(std::string_view record) {
  std::string out;
  out.reserve(kHead + record.size() + kTail);
  append_number(out, static_cast<uint64_t>(record.size()));
  append_number(out, masked_crc32c(out));
  out.append(record);
  append_number(out, masked_crc32c(record));
  return out;
}

size_t read_records(std::string_view content, const std::function<void(std::string_view, size_t)>& see) {
  size_t at = 0;
  while (content.size() - at >= kHead + kTail) {
    const auto length = number_at<uint64_t>(content, at);
    if (masked_crc32c(content.substr(at, 8)) != number_at<uint32_t>(content, at + 8)) break;
    if (length > content.size() - at - kHead - kTail) break;
    const std::string_view record = content.substr(at + kHead, length);
    if (masked_crc32c(record) != number_at<uint32_t>(content, at + kHead + length)) break;
    at += kHead + length + kTail;
    see(record, at);
  }
  return at;
}

bool is_cut_off(std::string_view rest) {
  if (rest.size() < kHead) return true;
  return masked_crc32c(rest.substr(0, 8)) == number_at<uint32_t>(rest, 8) &&
         (rest.size() < kHead + kTail || number_at<uint64_t>(rest, 0) > rest.size() - kHead - kTail);
}

}  // namespace attune::track
