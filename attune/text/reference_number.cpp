#include "attune/text/reference_number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace attune::text {
namespace {

// 10^0 ... 10^308, each the double nearest to it.
double power_of_ten(int exponent) {
  constexpr double kExact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (exponent < static_cast<int>(std::size(kExact))) return kExact[exponent];
  char text[8];
  text[0] = '1';
  text[1] = 'e';
  const char* end = std::to_chars(text + 2, text + sizeof text, exponent).ptr;
  double power = 0;
  std::from_chars(text, end, power);
  return power;
}

}  // namespace

double as_reference_reads(double value) {
  if (!std::isfinite(value) || value == 0) return value;
  char buffer[40];
  const char* end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t mark = text.find('e');
  uint64_t digits = 0;
  int exponent = 0;
  for (const char c : text.substr(0, mark)) {
    if (c == '.') continue;
    digits = digits * 10 + static_cast<uint64_t>(c - '0');
  }
  const size_t sign = mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + sign, end, exponent);
  if (mark > 2) exponent -= static_cast<int>(mark) - 2;  // the digits behind the point
  return reference_number(value < 0, digits, exponent);
}

double reference_number(bool negative, uint64_t digits, int exponent) {
  auto result = static_cast<double>(digits);
  if (exponent < -308) {
    result /= power_of_ten(308);
    exponent += 308;
  }
  result = exponent >= 0 ? result * power_of_ten(exponent) : result / power_of_ten(-exponent);
  return negative ? -result : result;
}

}  // namespace attune::text
