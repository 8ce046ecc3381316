#include "attune/track/picture/confusion_picture.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace attune::track {
namespace {

constexpr Colour kPaper{255, 255, 255}, kInk{32, 32, 32}, kLine{214, 214, 214}, kRight{21, 94, 178},
    kWrong{196, 52, 40};
constexpr int kMostNamed = 100, kMostDrawn = 1500;
constexpr int kMargin = 10, kMostLetters = 24;

struct Grid {
  int rows = 0, columns = 0, cell = 0;
  int left = 0, top = 0;
  bool named = false;
};

std::string cut(const std::string& label) {
  return label.size() <= kMostLetters ? label : label.substr(0, kMostLetters - 2) + "..";
}

Colour blend(Colour paper, Colour ink, double share) {
  const auto mix = [&](uint8_t from, uint8_t to) {
    return static_cast<uint8_t>(std::lround(from + (to - from) * std::clamp(share, 0.0, 1.0)));
  };
  return {mix(paper.red, ink.red), mix(paper.green, ink.green), mix(paper.blue, ink.blue)};
}

std::string count_text(int64_t count) {
  return count < 10000      ? std::to_string(count)
         : count < 10000000 ? std::to_string(count / 1000) + "k"
                            : std::to_string(count / 1000000) + "M";
}

Grid grid_of(const ConfusionTable& table) {
  Grid grid;
  grid.rows = std::min<int>(kMostDrawn, static_cast<int>(table.labels.size()));
  const bool unanswered =
      std::any_of(table.cells.begin(), table.cells.end(), [](const auto& cell) { return cell.predicted < 0; });
  grid.columns = grid.rows + (unanswered ? 1 : 0);
  grid.named = grid.rows <= kMostNamed;
  grid.cell = grid.rows <= 12   ? 44
              : grid.rows <= 24 ? 32
              : grid.rows <= 40 ? 20
              : grid.named      ? 10
                                : std::max(1, 800 / grid.rows);
  int longest = grid.columns > grid.rows ? Picture::text_width("none") : 0;
  for (const std::string& label : table.labels) longest = std::max(longest, Picture::text_width(cut(label)));
  const int axis = Picture::kTextHeight + 8;  // the words on each side
  grid.left = kMargin + axis + (grid.named ? longest + 6 : 0);
  grid.top = kMargin + axis + (grid.named ? longest + 6 : 0);
  return grid;
}

void draw_names(Picture& picture, const Grid& grid, const ConfusionTable& table) {
  picture.text(grid.left, kMargin, "answered", kInk);
  picture.text_upwards(kMargin, grid.top + Picture::text_width("right"), "right", kInk);
  if (!grid.named) return;
  const int middle = (grid.cell - Picture::kTextHeight) / 2;
  for (int i = 0; i < grid.rows; ++i) {
    const std::string label = cut(table.labels[static_cast<size_t>(i)]);
    picture.text(grid.left - 6 - Picture::text_width(label), grid.top + i * grid.cell + middle, label, kInk);
    picture.text_upwards(grid.left + i * grid.cell + middle, grid.top - 6, label, kInk);
  }
  if (grid.columns > grid.rows)
    picture.text_upwards(grid.left + grid.rows * grid.cell + middle, grid.top - 6, "none", kInk);
}

void draw_cells(Picture& picture, const Grid& grid, const ConfusionTable& table) {
  std::vector<double> totals(table.labels.size());
  for (const auto& cell : table.cells) totals[static_cast<size_t>(cell.gold)] += static_cast<double>(cell.count);
  for (const auto& cell : table.cells) {
    const int column = cell.predicted < 0 ? grid.rows : cell.predicted;
    if (cell.gold >= grid.rows || column >= grid.columns) continue;
    const double share = static_cast<double>(cell.count) / totals[static_cast<size_t>(cell.gold)];
    // A single mistake among many rows is still to be seen.
    const double depth = 0.08 + 0.92 * share;
    const int x = grid.left + column * grid.cell, y = grid.top + cell.gold * grid.cell;
    picture.fill(x, y, grid.cell, grid.cell, blend(kPaper, cell.gold == cell.predicted ? kRight : kWrong, depth));
    const std::string text = count_text(cell.count);
    const int width = Picture::text_width(text) - 1;
    if (width + 2 <= grid.cell && Picture::kTextHeight + 2 <= grid.cell)
      picture.text(x + (grid.cell - width) / 2, y + (grid.cell - Picture::kTextHeight) / 2, text,
                   depth > 0.55 ? kPaper : kInk);
  }
}

void draw_lines(Picture& picture, const Grid& grid) {
  const int width = grid.columns * grid.cell, height = grid.rows * grid.cell;
  const int every = grid.cell >= 6 ? 1 : std::max(grid.rows, 1);  // small cells: the frame alone
  for (int i = 0; i <= grid.rows; i += every) picture.fill(grid.left, grid.top + i * grid.cell, width + 1, 1, kLine);
  for (int i = 0; i <= grid.columns; i += every) picture.fill(grid.left + i * grid.cell, grid.top, 1, height, kLine);
  picture.fill(grid.left + width, grid.top, 1, height + 1, kLine);
}

}  // namespace

Picture confusion_picture(const ConfusionTable& table) {
  const Grid grid = grid_of(table);
  Picture picture(grid.left + grid.columns * grid.cell + kMargin, grid.top + grid.rows * grid.cell + kMargin, kPaper);
  draw_cells(picture, grid, table);
  draw_lines(picture, grid);
  draw_names(picture, grid, table);
  return picture;
}

}  // namespace attune::track
