#include "attune/report/page.h"

#include <fmt/format.h>

#include "attune/report/columns.h"
#include "attune/report/html_parts.h"

namespace attune::report {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string section(std::string_view id, std::string_view title, std::string_view aside, std::string_view body) {
  if (body.empty()) return "";
  const std::string note = aside.empty() ? "" : fmt::format("<p class=\"aside\">{}</p>\n", aside);
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n{2}{3}\n</section>\n", id,
      escape(title), note, body);
}

namespace {

// Links to the sections that are there.
std::string contents(std::string_view body) {
  std::string links;
  constexpr std::string_view kOpen = "<section id=\"", kTitle = "-title\">";
  for (size_t at = body.find(kOpen); at != std::string_view::npos; at = body.find(kOpen, at + 1)) {
    const size_t id = at + kOpen.size(), id_end = body.find('"', id);
    const size_t heading = body.find("<h2", id_end);
    const size_t title = body.find(kTitle, heading) + kTitle.size(), title_end = body.find("</h2>", title);
    links +=
        fmt::format("<a href=\"#{}\">{}</a>\n", body.substr(id, id_end - id), body.substr(title, title_end - title));
  }
  return links.empty() ? "" : "<nav aria-label=\"Sections\">\n" + links + "</nav>\n";
}

}  // namespace

std::string page_html(const Page& page) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  out +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'\">\n";
  out += fmt::format("<title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n", escape(page.title), kPageStyle,
                     page.style);
  out += fmt::format("<header>\n<h1>{}</h1>\n{}{}</header>\n<main>\n{}</main>\n", escape(page.title), page.headline,
                     contents(page.body), page.body);
  return out + fmt::format("<footer>{}</footer>\n<script>{}</script>\n</body>\n</html>\n", page.footer, kPageScript);
}

}  // namespace attune::report
