#include "attune/report/table.h"

#include <algorithm>
#include <fmt/format.h>

#include "attune/report/page.h"

namespace attune::report {
namespace {

std::string cell(const std::string& text, Look look) {
  switch (look) {
    case Look::figure:
      break;
    case Look::name:
      return fmt::format("<th scope=\"row\" class=\"wrap\">{}</th>", escape(text));
    case Look::mark:
      return fmt::format("<td class=\"l\">{}</td>", escape(text));
    case Look::words:
      return fmt::format("<td class=\"l wrap\">{}</td>", escape(text));
    case Look::soft:
      return fmt::format("<td class=\"l soft wrap\">{}</td>", escape(text));
  }
  return fmt::format("<td>{}</td>", escape(text));
}

std::string head_of(const Table::Head& head) {
  if (head.text.empty()) return "<td></td>";
  const char* style = head.look == Look::figure ? "" : " class=\"l\"";
  return fmt::format("<th scope=\"col\"{}>{}</th>", style, escape(head.text));
}

}  // namespace

void Table::row(std::vector<std::string> texts, std::string style) {
  texts.resize(heads_.size());
  rows_.push_back({std::move(texts), std::move(style)});
}

bool Table::used(size_t column) const {
  return std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) { return !row.texts[column].empty(); });
}

std::string Table::html() const {
  if (rows_.empty()) return "";
  std::string head, body;
  for (size_t i = 0; i < heads_.size(); ++i)
    if (used(i)) head += head_of(heads_[i]);
  for (const Row& row : rows_) {
    body += row.style.empty() ? "<tr>" : fmt::format("<tr class=\"{}\">", row.style);
    for (size_t i = 0; i < row.texts.size(); ++i)
      if (used(i)) body += cell(row.texts[i], heads_[i].look);
    body += "</tr>\n";
  }
  const bool titled = std::any_of(heads_.begin(), heads_.end(), [](const Head& one) { return !one.text.empty(); });
  return fmt::format("<div class=\"scroll{}\"><table>\n{}<tbody>\n{}</tbody></table></div>\n",
                     rows_.size() > kTallTable ? " tall" : "", titled ? "<thead><tr>" + head + "</tr></thead>\n" : "",
                     body);
}

}  // namespace attune::report
