// Text laid out in columns: widths as a terminal shows them, not bytes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace attune::report {

inline constexpr int kTextWidth = 100;  // of reports

// Columns that `text` takes in a terminal: 2 for East Asian wide characters and emoji, 0 for combining marks.
int display_width(std::string_view text);

// `text` safe for a terminal: control characters (escape sequences, line ends) become spaces or U+FFFD, invalid UTF-8
// is repaired.
std::string printable(std::string_view text);

// Cut to at most `width` columns; what is cut is marked by an ellipsis at the end, or at the start (for paths).
enum class Cut { end, start };
std::string fit(std::string_view text, int width, Cut cut = Cut::end);

enum class Align { left, right };
std::string pad(std::string_view text, int width, Align align);

// Rows of cells under a header. Columns are as wide as their widest cell; where the whole is wider than `width`, the
// widest left-aligned columns give way.
class Columns {
 public:
  // An empty title leaves that header cell blank; with all titles empty there is no header line.
  Columns& column(std::string title, Align align = Align::right, Cut cut = Cut::end);
  void row(std::vector<std::string> cells);  // missing cells are blank
  void line(std::string text);               // a line of its own across all columns, cut to the width
  bool empty() const { return rows_.empty(); }
  // Lines, each indented by `indent` spaces and ended by a newline; no trailing spaces.
  std::string text(int width, int indent = 2) const;

 private:
  struct Column {
    std::string title;
    Align align;
    Cut cut;
  };
  struct Row {
    std::vector<std::string> cells;  // empty: a line across
    std::string line;
  };
  std::vector<int> widths(int available) const;
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

// Words wrapped at `width`, each line indented.
std::string wrapped(std::string_view text, int width, int indent = 2);

}  // namespace attune::report
