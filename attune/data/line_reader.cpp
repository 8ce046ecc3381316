#include "attune/data/line_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/base/utf8.h"

namespace attune::data {
namespace {

constexpr size_t kChunk = size_t{64} << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// What would make the bytes UTF-8. Which encoding it was cannot be known from one byte, so the usual ones are named.
std::string encoding_remedy(const std::string& file, std::string_view start) {
  const bool utf16 = start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF");
  if (utf16) return fmt::format("it begins like UTF-16; convert it: iconv -f UTF-16 -t UTF-8 '{0}' > '{0}.utf8'", file);
  return fmt::format(
      "convert the file, for example: iconv -f WINDOWS-1252 -t UTF-8 '{0}' > '{0}.utf8' (Chinese: -f GB18030)", file);
}

}  // namespace

LineReader::LineReader(std::istream& stream, std::string name) : stream_(&stream), name_(std::move(name)) {}

LineReader LineReader::open(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code))
    fail(ErrorKind::io, "cannot read '{}': it is a folder, expected a data file", path);
  errno = 0;
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*file) {
    const int reason = errno;
    fail(ErrorKind::io, "cannot read '{}': {}{}", path, reason ? std::strerror(reason) : "the system gave no reason",
         reason == ENOENT ? did_you_mean_beside(path) : "");
  }
  LineReader reader(*file, path);
  reader.owned_ = std::move(file);
  return reader;
}

bool LineReader::fill() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  // Waits for one byte and takes what came with it: who writes to a pipe may wait for the answer before writing more.
  // A stream that cannot tell what it has is read in whole chunks.
  const bool any = stream_->peek() != std::istream::traits_type::eof();
  const std::streamsize known = any ? stream_->rdbuf()->in_avail() : 0;
  const size_t wanted = known > 0 ? std::min(kChunk, static_cast<size_t>(known)) : kChunk;
  const size_t before = buffer_.size();
  size_t got = 0;
  if (any) {
    buffer_.resize(before + wanted);
    stream_->read(buffer_.data() + before, static_cast<std::streamsize>(wanted));
    got = static_cast<size_t>(stream_->gcount());
    buffer_.resize(before + got);
  }
  if (stream_->bad()) fail(ErrorKind::io, "reading '{}' failed after line {}", name_, number_);
  if (got < wanted) ended_ = true;
  return got > 0;
}

std::string_view LineReader::peek(bool (*enough)(std::string_view)) {
  drop_mark();
  while (buffer_.size() - at_ < kChunk && !enough(std::string_view(buffer_).substr(at_)))
    if (!fill()) break;
  return std::string_view(buffer_).substr(at_, kChunk);
}

bool LineReader::line_at_hand() {
  for (size_t searched = at_;;) {
    if (buffer_.find('\n', searched) != std::string::npos) return true;
    if (ended_) return at_ < buffer_.size();
    if (stream_->rdbuf()->in_avail() <= 0) return false;
    const size_t known = buffer_.size() - at_;
    fill();
    searched = at_ + known;
  }
}

void LineReader::drop_mark() {
  if (started_) return;
  while (buffer_.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(buffer_))
    if (!fill()) break;
  started_ = true;
  if (!std::string_view(buffer_).starts_with(kByteOrderMark)) return;
  at_ = kByteOrderMark.size();
  next_offset_ = static_cast<int64_t>(at_);
}

bool LineReader::next(std::string_view& line) {
  drop_mark();
  size_t searched = at_, end;
  while ((end = buffer_.find('\n', searched)) == std::string::npos) {
    const size_t known = buffer_.size() - at_;
    if (known > kLongestLine)
      fail(ErrorKind::input, "{} line {} is longer than {} MiB; expected lines of text", name_, number_ + 1,
           kLongestLine >> 20);
    if (!fill()) break;
    searched = at_ + known;
  }
  const bool last = end == std::string::npos;
  if (last) end = buffer_.size();
  if (last && end == at_) return false;
  line = std::string_view(buffer_).substr(at_, end - at_);
  line_end_ = last ? "" : "\n";
  if (!last && line.ends_with('\r')) line.remove_suffix(1), line_end_ = "\r\n";
  ++number_;
  line_offset_ = next_offset_;
  const size_t consumed = end - at_ + (last ? 0 : 1);
  next_offset_ += static_cast<int64_t>(consumed);
  at_ += consumed;
  check_utf8(line);
  if (line.find('\r') != std::string_view::npos) lone_cr_ = true;
  return true;
}

void LineReader::check_utf8(std::string_view line) const {
  const auto bad = utf8::first_invalid(line);
  if (!bad) return;
  const auto hex = static_cast<unsigned>(static_cast<unsigned char>(line[*bad]));
  fail(ErrorKind::input, "{} line {}, column {} (byte {} of the file): byte 0x{:02X} is not valid UTF-8; {}", name_,
       number_, utf8::length(line.substr(0, *bad)) + 1, line_offset_ + static_cast<int64_t>(*bad), hex,
       encoding_remedy(name_, number_ == 1 ? line : std::string_view()));
}

}  // namespace attune::data
