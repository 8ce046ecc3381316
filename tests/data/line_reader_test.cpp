#include "attune/data/line_reader.h"

#include <gtest/gtest.h>
#include <sstream>
#include <vector>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::data {
namespace {

std::vector<std::string> lines_of(const std::string& bytes) {
  std::istringstream stream(bytes);
  LineReader reader(stream, "lines.txt");
  std::vector<std::string> lines;
  for (std::string_view line; reader.next(line);) lines.emplace_back(line);
  return lines;
}

using Lines = std::vector<std::string>;

TEST(LineReader, TakesBothLineEndsAndAMissingLastOne) {
  EXPECT_EQ(lines_of("a\nb\r\nc"), (Lines{"a", "b", "c"}));
  EXPECT_EQ(lines_of("a\n\nb\n"), (Lines{"a", "", "b"}));
  EXPECT_EQ(lines_of("\n"), (Lines{""}));
  EXPECT_EQ(lines_of(""), Lines{});
}

TEST(LineReader, TellsLineEndsAndNumbers) {
  std::istringstream stream("a\r\nb\nc");
  LineReader reader(stream, "x");
  std::string_view line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(reader.line_end(), "\r\n");
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(reader.line_end(), "\n");
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(reader.line_end(), "");
  EXPECT_EQ(reader.number(), 3);
  EXPECT_FALSE(reader.next(line));
}

TEST(LineReader, DropsAByteOrderMarkAtTheBeginningOnly) {
  EXPECT_EQ(lines_of("\xEF\xBB\xBFx\n\xEF\xBB\xBFy"), (Lines{"x", "\xEF\xBB\xBFy"}));
  EXPECT_EQ(lines_of("\xEF\xBB\xBF"), Lines{});
}

TEST(LineReader, ReadsLinesLongerThanItsBuffer) {
  const std::string a(200'000, 'a'), b(70'000, 'b');
  EXPECT_EQ(lines_of(a + "\r\n" + b + "\nc"), (Lines{a, b, "c"}));
}

// A pipe whose writer waits: pieces that come one by one. It counts those that were waited for.
class Pieces final : public std::streambuf {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  size_t taken() const { return taken_; }

 private:
  int_type underflow() override {
    if (taken_ == pieces_.size()) return traits_type::eof();
    std::string& piece = pieces_[taken_++];
    setg(piece.data(), piece.data(), piece.data() + piece.size());
    return traits_type::to_int_type(*gptr());
  }
  std::vector<std::string> pieces_;
  size_t taken_ = 0;
};

bool whole_line(std::string_view bytes) {
  return bytes.find('\n') != std::string_view::npos;
}

TEST(LineReader, WaitsForNoMoreThanTheNextLine) {
  Pieces pieces({"one\ntwo\nth", "ree\n", "four"});
  std::istream stream(&pieces);
  LineReader reader(stream, "pipe");
  std::string_view line;
  EXPECT_FALSE(reader.line_at_hand());  // nothing has come yet, as far as it can tell
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "one");
  EXPECT_EQ(pieces.taken(), 1u);
  EXPECT_TRUE(reader.line_at_hand());
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "two");
  EXPECT_FALSE(reader.line_at_hand());  // half a line is none
  EXPECT_EQ(pieces.taken(), 1u);
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "three");
  EXPECT_EQ(pieces.taken(), 2u);
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "four");
  EXPECT_FALSE(reader.next(line));
}

TEST(LineReader, AFileIsAtHand) {
  const test::TempFolder folder;
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i) + "\n";
  LineReader reader = LineReader::open(folder.put("long.txt", text + "end").string());
  std::string_view line;
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(reader.line_at_hand()) << i;
    ASSERT_TRUE(reader.next(line));
    ASSERT_EQ(line, "line " + std::to_string(i));
  }
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "end");
}

TEST(LineReader, AMarkAndTheFirstLineMayComeInPieces) {
  Pieces pieces({"\xEF", "\xBB", "\xBF{", "\"a\":1}\n", "z"});
  std::istream stream(&pieces);
  LineReader reader(stream, "pipe");
  EXPECT_EQ(reader.peek(whole_line), "{\"a\":1}\n");
  EXPECT_EQ(pieces.taken(), 4u);
  std::string_view line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "{\"a\":1}");
}

TEST(LineReader, PeekConsumesNothing) {
  std::istringstream stream("\xEF\xBB\xBF{\"a\":1}\nz");
  LineReader reader(stream, "x");
  EXPECT_TRUE(reader.peek(whole_line).starts_with("{\"a\""));
  std::string_view line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "{\"a\":1}");
}

TEST(LineReader, NamesTheInvalidByte) {
  EXPECT_ERROR(ErrorKind::input, lines_of("fine\ncaf\xC3\xA9 na\xEFve\n"), "lines.txt line 2, column 8", "byte 13 of",
               "0xEF", "not valid UTF-8", "iconv -f WINDOWS-1252 -t UTF-8 'lines.txt'", "GB18030");
  EXPECT_ERROR(ErrorKind::input,
               lines_of("\xEF\xBB\xBF"
                        "ab\xFF"),
               "line 1, column 3", "byte 5 of");
  EXPECT_ERROR(ErrorKind::input,
               lines_of(std::string("\xFF\xFE"
                                    "a\0b\0",
                                    6)),
               "UTF-16", "iconv -f UTF-16");
  EXPECT_ERROR(ErrorKind::input, lines_of("ok\n\xE4\xBD"), "line 2, column 1", "0xE4");
}

TEST(LineReader, SaysWhyAFileDoesNotOpen) {
  const test::TempFolder folder;
  EXPECT_ERROR(ErrorKind::io, LineReader::open((folder / "none.csv").string()), "none.csv", "No such file");
  EXPECT_ERROR(ErrorKind::io, LineReader::open(folder.path().string()), "is a folder");
}

}  // namespace
}  // namespace attune::data
