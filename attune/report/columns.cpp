#include "attune/report/columns.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "attune/base/utf8.h"

namespace attune::report {
namespace {

struct Range {
  char32_t first, last;
};

// Blocks of Unicode 15 whose characters are wide (East_Asian_Width W or F) in every common terminal, by block and not
// by character: a column may be one off for a rare one.
constexpr std::array<Range, 16> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0x33FF},
                                          {0x3400, 0x4DBF},
                                          {0x4E00, 0x9FFF},
                                          {0xA000, 0xA4CF},
                                          {0xA960, 0xA97F},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F},
                                          {0x1F680, 0x1F6FF},
                                          {0x1F900, 0x1F9FF},
                                          {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 9> kZero = {{{0x0300, 0x036F},
                                         {0x0483, 0x0489},
                                         {0x0591, 0x05BD},
                                         {0x064B, 0x065F},
                                         {0x1AB0, 0x1AFF},
                                         {0x200B, 0x200F},
                                         {0x20D0, 0x20FF},
                                         {0xFE00, 0xFE0F},
                                         {0xE0100, 0xE01EF}}};

template <size_t N>
bool inside(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range r) { return c >= r.first && c <= r.last; });
}

int width_of(char32_t c) {
  return inside(kZero, c) ? 0 : inside(kWide, c) ? 2 : 1;
}

bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  for (size_t at = 0; at < text.size();) {
    const utf8::Decoded next = utf8::decode(text, at);
    width += width_of(next.code_point);
    at += static_cast<size_t>(next.bytes);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const utf8::Decoded next = utf8::decode(text, at);
    const char32_t c = next.code_point;
    utf8::append(out, c == '\n' || c == '\t' || c == '\r' ? U' ' : is_control(c) ? U'\uFFFD' : c);
    at += static_cast<size_t>(next.bytes);
  }
  return out;
}

std::string fit(std::string_view text, int width, Cut cut) {
  if (display_width(text) <= width) return std::string(text);
  if (width <= 0) return "";
  std::vector<std::string_view> kept;  // characters
  for (size_t at = 0; at < text.size();) {
    const auto bytes = static_cast<size_t>(utf8::decode(text, at).bytes);
    kept.push_back(text.substr(at, bytes));
    at += bytes;
  }
  if (cut == Cut::start) std::reverse(kept.begin(), kept.end());
  int used = 1;  // the ellipsis
  size_t characters = 0;
  while (characters < kept.size() && used + display_width(kept[characters]) <= width) {
    used += display_width(kept[characters++]);
  }
  kept.resize(characters);
  if (cut == Cut::start) std::reverse(kept.begin(), kept.end());
  std::string out = cut == Cut::start ? "…" : "";
  for (const std::string_view character : kept) out += character;
  return cut == Cut::end ? out + "…" : out;
}

std::string pad(std::string_view text, int width, Align align) {
  const std::string space(static_cast<size_t>(std::max(0, width - display_width(text))), ' ');
  return align == Align::left ? std::string(text) + space : space + std::string(text);
}

Columns& Columns::column(std::string title, Align align, Cut cut) {
  columns_.push_back({std::move(title), align, cut});
  return *this;
}

void Columns::row(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell);
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells), ""});
}

void Columns::line(std::string text) {
  rows_.push_back({{}, printable(text)});
}

std::vector<int> Columns::widths(int available) const {
  std::vector<int> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    int width = display_width(columns_[c].title);
    for (const Row& row : rows_) {
      if (!row.cells.empty()) width = std::max(width, display_width(row.cells[c]));
    }
    widths.push_back(width);
  }
  const int gaps = 2 * (static_cast<int>(columns_.size()) - 1);
  while (std::accumulate(widths.begin(), widths.end(), gaps) > available) {
    int widest = -1;
    for (int c = 0; c < static_cast<int>(columns_.size()); ++c) {
      if (columns_[c].align == Align::left && (widest < 0 || widths[c] > widths[widest])) widest = c;
    }
    if (widest < 0 || widths[widest] <= 6) break;
    --widths[widest];
  }
  return widths;
}

std::string Columns::text(int width, int indent) const {
  const std::vector<int> widths = this->widths(width - indent);
  std::string out;
  const auto add = [&](std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  const std::string margin(static_cast<size_t>(indent), ' ');
  const auto add_cells = [&](auto cell) {
    std::string text = margin;
    for (size_t c = 0; c < columns_.size(); ++c) {
      text += pad(fit(cell(c), widths[c], columns_[c].cut), widths[c], columns_[c].align) + "  ";
    }
    add(std::move(text));
  };
  if (std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.title.empty(); })) {
    add_cells([&](size_t c) -> std::string_view { return columns_[c].title; });
  }
  for (const Row& row : rows_) {
    if (row.cells.empty()) {
      add(margin + fit(row.line, width - indent));
    } else {
      add_cells([&](size_t c) -> std::string_view { return row.cells[c]; });
    }
  }
  return out;
}

std::string wrapped(std::string_view text, int width, int indent) {
  const std::string margin(static_cast<size_t>(indent), ' ');
  std::string out, line;
  const auto flush = [&] {
    if (!line.empty()) out += margin + line + "\n";
    line.clear();
  };
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (!line.empty() && indent + display_width(line) + 1 + display_width(word) > width) flush();
    if (!line.empty()) line += ' ';
    line += word;
  }
  flush();
  return out;
}

}  // namespace attune::report
