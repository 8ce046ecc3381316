// Sections of the terminal report (internal to this room).
#pragma once
#include <string>
#include <string_view>

#include "attune/report/report.h"

namespace attune::report {

struct TextPage {
  int width = 100;
  bool colour = false;
  std::string out = {};

  std::string bold(std::string_view text) const;
  std::string paint(std::string_view text, int code) const;  // an ANSI colour code
  void heading(std::string_view title, std::string_view aside = "");
};

void text_detail(const Report& report, const Split& split, TextPage& page);
void text_routing(const Report& report, TextPage& page);
void text_truncation(const Report& report, TextPage& page);
void text_mistakes(const Report& report, TextPage& page);

}  // namespace attune::report
