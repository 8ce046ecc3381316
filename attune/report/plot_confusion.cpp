#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <set>

#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/report/html_parts.h"

namespace attune::report {
namespace {

constexpr size_t kMostClasses = 100;  // more would not be legible
constexpr size_t kShownOfMany = 60;

using Cells = std::vector<metrics::ConfusionCell>;

// The classes on the axes, in label order: all that occur, or of too many those with the most errors.
std::vector<int32_t> shown_classes(const Cells& cells) {
  std::map<int32_t, int64_t> errors;
  for (const auto& cell : cells) {
    const int64_t wrong = cell.gold == cell.predicted ? 0 : cell.count;
    errors[cell.gold] += wrong;
    errors[cell.predicted] += wrong;
  }
  std::vector<int32_t> classes;
  for (const auto& [label, wrong] : errors) classes.push_back(label);
  if (classes.size() <= kMostClasses) return classes;
  std::stable_sort(classes.begin(), classes.end(), [&](int32_t a, int32_t b) { return errors[a] > errors[b]; });
  classes.resize(kShownOfMany);
  std::sort(classes.begin(), classes.end());
  return classes;
}

struct Layout {
  double cell, font, label;  // side of a cell, font size, room for the labels
  int characters;            // of a label
};

Layout layout(const std::vector<int32_t>& classes, const std::vector<std::string>& labels) {
  const auto side = static_cast<double>(classes.size());
  const double cell = std::clamp(600 / side, 11.0, 56.0), font = std::clamp(cell * 0.78, 8.6, 13.0);
  int longest = 4;
  for (const int32_t label : classes) longest = std::max(longest, display_width(printable(label_name(labels, label))));
  const int characters = std::min(longest, 34);
  return {cell, font, characters * font * 0.56 + 12, characters};
}

std::string axis_labels(const std::vector<int32_t>& classes, const std::vector<std::string>& labels, const Layout& at) {
  std::string out;
  for (size_t i = 0; i < classes.size(); ++i) {
    const std::string name = label_name(labels, classes[i]);
    const std::string shown = escape(fit(printable(name), at.characters));
    const double middle = at.label + (static_cast<double>(i) + 0.5) * at.cell;
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}<title>{}</title></text>", at.label - 5,
                       middle + at.font * 0.36, shown, escape(name));
    out += fmt::format("<text transform=\"translate({:.1f} {:.1f}) rotate(-90)\">{}<title>{}</title></text>\n",
                       middle + at.font * 0.36, at.label - 5, shown, escape(name));
  }
  return out;
}

std::string grid(size_t classes, const Layout& at) {
  const double end = at.label + static_cast<double>(classes) * at.cell;
  std::string d;
  for (size_t i = 0; i <= classes; i += classes > 20 ? 5 : 1) {
    const double place = at.label + static_cast<double>(i) * at.cell;
    d += fmt::format("M{0:.1f} {1:.1f}V{2:.1f}M{1:.1f} {0:.1f}H{2:.1f}", place, at.label, end);
  }
  d += fmt::format("M{0:.1f} {1:.1f}V{0:.1f}H{1:.1f}", end, at.label);
  return fmt::format("<path class=\"axis\" fill=\"none\" d=\"{}\"/>\n", d);
}

}  // namespace

std::string plot_confusion(const Cells& cells, const std::vector<std::string>& labels) {
  const std::vector<int32_t> classes = shown_classes(cells);
  if (classes.empty()) return "";
  std::map<int32_t, size_t> place;
  for (size_t i = 0; i < classes.size(); ++i) place[classes[i]] = i;
  std::map<int32_t, int64_t> gold;
  std::set<int32_t> all;
  for (const auto& cell : cells) {
    gold[cell.gold] += cell.count;
    all.insert({cell.gold, cell.predicted});
  }

  const Layout at = layout(classes, labels);
  const bool numbers = at.cell >= 26;
  const double size = at.label + static_cast<double>(classes.size()) * at.cell + 4;
  std::string out = fmt::format(
      "<figure><div class=\"scroll\"><svg viewBox=\"0 0 {0:.0f} {0:.0f}\" width=\"{0:.0f}\" role=\"img\" "
      "font-size=\"{1:.1f}\"><title>Confusion matrix of {2} classes</title>\n",
      size, at.font, classes.size());
  out += grid(classes.size(), at) + axis_labels(classes, labels, at);
  for (const auto& cell : cells) {
    const auto row = place.find(cell.gold), column = place.find(cell.predicted);
    if (row == place.end() || column == place.end()) continue;
    const double share = static_cast<double>(cell.count) / static_cast<double>(gold[cell.gold]);
    const bool hit = cell.gold == cell.predicted;
    const double x = at.label + static_cast<double>(column->second) * at.cell;
    const double y = at.label + static_cast<double>(row->second) * at.cell;
    // Errors are few: their colour grows with the root of their share, and where a cell is too small for its count
    // even a single row must stay visible.
    const double strength = hit ? 0.1 + (numbers ? 0.5 : 0.8) * share : (numbers ? 0.08 : 0.3) + 0.7 * std::sqrt(share);
    out += fmt::format(
        "<rect class=\"{} cell\" fill-opacity=\"{:.2f}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\"><title>gold {}, predicted {}: {} ({} of the class)</title></rect>",
        hit ? "hit" : "miss", strength, x + 0.5, y + 0.5, at.cell - 1, at.cell - 1,
        escape(label_name(labels, cell.gold)), escape(label_name(labels, cell.predicted)), plural(cell.count, "row"),
        percent(share, 1));
    if (numbers) {
      out += fmt::format(
          "<text class=\"ink\" pointer-events=\"none\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
          x + at.cell / 2, y + at.cell / 2 + at.font * 0.36, count(cell.count));
    }
    out += "\n";
  }
  out +=
      "</svg></div><figcaption>Rows: gold. Columns: predicted. Colour: share of the gold class; blue is right, orange "
      "wrong. Point at a cell for its count.";
  if (classes.size() < all.size()) {
    out += fmt::format(" Of {} classes the {} with the most errors are shown.", all.size(), classes.size());
  }
  return out + "</figcaption></figure>\n";
}

}  // namespace attune::report
