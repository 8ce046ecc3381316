#include "attune/report/facts.h"

#include <algorithm>
#include <fmt/format.h>

#include "attune/report/columns.h"
#include "attune/report/page.h"

namespace attune::report {

std::string paragraph(std::string_view text, int width, int indent) {
  std::string safe;
  const std::string all = printable(text);
  for (size_t at = 0; at < all.size();) {
    const size_t end = std::min(all.find(' ', at), all.size());
    safe += (safe.empty() ? "" : " ") + fit(std::string_view(all).substr(at, end - at), width - indent);
    at = end + 1;
  }
  return wrapped(safe, width, indent);
}

std::string facts_text(const Facts& facts, int width) {
  int titles = 0;
  for (const auto& [title, value] : facts) titles = std::max(titles, display_width(title));
  const int indent = 2 + titles + 2;
  std::string text;
  for (const auto& [title, value] : facts) {
    const std::string wrapped = paragraph(value, width, indent);
    text += "  " + pad(title, titles, Align::left) +
            (wrapped.empty() ? "\n" : "  " + wrapped.substr(static_cast<size_t>(indent)));
  }
  return text;
}

std::string facts_html(const Facts& facts) {
  std::string rows;
  for (const auto& [title, value] : facts)
    rows +=
        fmt::format("<tr><th scope=\"row\">{}</th><td class=\"l wrap\">{}</td></tr>\n", escape(title), escape(value));
  return fmt::format("<div class=\"scroll\"><table><tbody>\n{}</tbody></table></div>\n", rows);
}

}  // namespace attune::report
