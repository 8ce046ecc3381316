// The frame of attune's HTML pages, each of which needs nothing else: inline style and SVG, a dozen lines of inline
// script for sorting tables, no request to anywhere (a content security policy forbids them), light and dark,
// printable.
#pragma once
#include <string>
#include <string_view>

namespace attune::report {

// Text as HTML text or attribute value: & < > " ' escaped, control characters and invalid UTF-8 replaced.
std::string escape(std::string_view text);

// <section id=..><h2>title</h2> aside  body</section>, or "" for an empty body. `title` is text, the others markup.
std::string section(std::string_view id, std::string_view title, std::string_view aside, std::string_view body);

struct Page {
  std::string title;          // text; all others are markup
  std::string headline = {};  // below the title, above the links to the sections
  std::string body = {};      // sections
  std::string footer = {};
  std::string_view style = {};  // beside the house's own
};
std::string page_html(const Page& page);

}  // namespace attune::report
