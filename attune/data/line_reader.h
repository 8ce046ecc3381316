// Lines of a file or stream with exact numbers and byte offsets, checked to be UTF-8. All readers stand on it.
#pragma once
#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <string_view>

namespace attune::data {

class LineReader {
 public:
  // Opens a file. Errors (io): missing, a folder, not permitted.
  static LineReader open(const std::string& path);
  // Reads a stream that outlives the reader; `name` stands for it in messages.
  LineReader(std::istream& stream, std::string name);

  // The next line without its end ("\n" or "\r\n"); false at the end. A byte order mark before the first line is
  // dropped. The view is valid until the next call. Errors (input): invalid UTF-8 (file, line, column, byte offset,
  // hex of the byte, remedy); a line above kLongestLine bytes. Errors (io): the system stopped reading.
  bool next(std::string_view& line);

  const std::string& name() const { return name_; }
  int64_t number() const { return number_; }               // of the line last given, from 1
  std::string_view line_end() const { return line_end_; }  // "\n", "\r\n" or "" (end of file) of that line
  bool saw_carriage_returns() const { return lone_cr_; }   // "\r" without "\n" occurred: an old Mac file, perhaps

  // True where next() need not wait: a whole line has come, or the last one. A line given before is not valid any
  // more. A stream that cannot tell (in_avail) says false when what was read is used up, as does the end.
  bool line_at_hand();

  // The first bytes of the input, nothing consumed; only before the first next(). At least as many as are `enough`,
  // but no more than 64 KiB are waited for.
  std::string_view peek(bool (*enough)(std::string_view bytes));

  static constexpr size_t kLongestLine = size_t{64} << 20;

 private:
  bool fill();
  void drop_mark();
  void check_utf8(std::string_view line) const;

  std::unique_ptr<std::istream> owned_;
  std::istream* stream_;
  std::string name_;
  std::string buffer_;
  size_t at_ = 0;            // start of the next line in buffer_
  int64_t line_offset_ = 0;  // of the current line in the file, in bytes
  int64_t next_offset_ = 0;
  int64_t number_ = 0;
  std::string_view line_end_;
  bool ended_ = false, started_ = false, lone_cr_ = false;
};

}  // namespace attune::data
