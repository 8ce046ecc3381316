#include "attune/track/wandb/log_file.h"

#include <algorithm>
#include <string>
#include <zlib.h>

namespace attune::track {
namespace {

constexpr int64_t kLogBlock = 32768, kPieceHead = 7;
constexpr std::string_view kFileHead("\x3A\x57\x26\x42\xE1\xBE\x00", 7);
enum class Piece : uint8_t { whole = 1, first = 2, middle = 3, last = 4 };

std::string framed_piece(Piece kind, std::string_view content) {
  std::string summed(1, static_cast<char>(kind));
  summed += content;
  const auto sum = static_cast<uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size())));
  const auto length = static_cast<uint16_t>(content.size());
  std::string out(reinterpret_cast<const char*>(&sum), sizeof(sum));
  out.append(reinterpret_cast<const char*>(&length), sizeof(length));
  return out + summed;
}

}  // namespace

WandbLogFile::WandbLogFile(const std::filesystem::path& path) : file_(path) {
  file_.write(kFileHead);
  bytes_ = std::ssize(kFileHead);
}

WandbLogFile::WandbLogFile(const std::filesystem::path& path, int64_t bytes) : file_(path, bytes), bytes_(bytes) {}

void WandbLogFile::write(std::string_view record) {
  std::string out;
  bool begins = true;
  do {
    int64_t room = kLogBlock - (bytes_ + std::ssize(out)) % kLogBlock;
    if (room < kPieceHead) {
      out.append(static_cast<size_t>(room), '\0');
      room = kLogBlock;
    }
    const auto now = static_cast<size_t>(std::min(std::ssize(record), room - kPieceHead));
    const bool ends = now == record.size();
    out += framed_piece(begins ? ends ? Piece::whole : Piece::first
                        : ends ? Piece::last
                               : Piece::middle,
                        record.substr(0, now));
    record.remove_prefix(now);
    begins = false;
    if (ends) break;
  } while (true);
  file_.write(out);
  bytes_ += std::ssize(out);
}

}  // namespace attune::track
