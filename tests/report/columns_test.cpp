#include "attune/report/columns.h"

#include <gtest/gtest.h>

namespace attune::report {
namespace {

TEST(Columns, DisplayWidthIsWhatATerminalShows) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("味道"), 4);
  EXPECT_EQ(display_width("e\u0301"), 1);  // a combining accent
  EXPECT_EQ(display_width("é→█"), 3);
  EXPECT_EQ(display_width("\U0001F600"), 2);
  EXPECT_EQ(display_width(""), 0);
}

TEST(Columns, PrintableStopsEscapeSequences) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\uFFFD[31mb");
  EXPECT_EQ(printable("a\nb\tc"), "a b c");
  EXPECT_EQ(printable("\xff"), "\uFFFD");
  EXPECT_EQ(printable("\u202Etxt"), "\uFFFDtxt") << "direction overrides would reorder the line";
}

TEST(Columns, FitCutsByWidthAndMarksIt) {
  EXPECT_EQ(fit("abcdef", 6), "abcdef");
  EXPECT_EQ(fit("abcdef", 4), "abc…");
  EXPECT_EQ(fit("abcdef", 4, Cut::start), "…def");
  EXPECT_EQ(fit("味道很好", 6), "味道…") << "half a wide character is not shown";
  EXPECT_EQ(fit("味道很好", 0), "");
}

TEST(Columns, AlignsAndTrims) {
  Columns columns;
  columns.column("name", Align::left).column("n");
  columns.row({"味道", "7"});
  columns.row({"a", "123"});
  columns.line("across");
  EXPECT_EQ(columns.text(40), "  name    n\n  味道    7\n  a     123\n  across\n");
}

TEST(Columns, WideTablesGiveWayInTheWidestTextColumn) {
  Columns columns;
  columns.column("", Align::left).column("", Align::left).column("");
  columns.row({std::string(60, 'x'), "short", "12345"});
  const std::string text = columns.text(30);
  EXPECT_EQ(display_width(text) - 1, 30);
  EXPECT_NE(text.find("…  short  12345"), std::string::npos) << text;
}

TEST(Columns, WrapsWords) {
  EXPECT_EQ(wrapped("one two three", 9), "  one two\n  three\n");
  EXPECT_EQ(wrapped("", 9), "");
  EXPECT_EQ(wrapped("unbreakable", 5, 0), "unbreakable\n");
}

}  // namespace
}  // namespace attune::report
