// A table of a page: cells are text, which is escaped; heads stand as the cells below them do.
#pragma once
#include <string>
#include <vector>

namespace attune::report {

inline constexpr size_t kTallTable = 25;  // a table of more rows scrolls by itself

// How a column's cells stand: a number to the right; a row's name; a word or two; words that wrap; the same, softer.
enum class Look { figure, name, mark, words, soft };

class Table {
 public:
  struct Head {
    std::string text;
    Look look = Look::figure;
  };
  explicit Table(std::vector<Head> heads) : heads_(std::move(heads)) {}
  // `style`: the row's class. Missing cells are blank.
  void row(std::vector<std::string> texts, std::string style = "");
  // A column without any text is left out; "" where there is no row. A tall table scrolls by itself.
  std::string html() const;

 private:
  struct Row {
    std::vector<std::string> texts;
    std::string style;
  };
  bool used(size_t column) const;

  std::vector<Head> heads_;
  std::vector<Row> rows_;
};

}  // namespace attune::report
