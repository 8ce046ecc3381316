// A choice as one HTML page that needs nothing else (as report/html.h): inline style and SVG, no request to anywhere,
// light and dark, printable. Texts of rows never stand on it, only file and line.
#pragma once
#include <string>

#include "attune/selection/choice.h"

namespace attune::selection {

std::string to_html(const Choice& choice);

}  // namespace attune::selection
