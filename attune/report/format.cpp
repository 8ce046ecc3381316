#include "attune/report/format.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <utility>

namespace attune::report {

std::string count(int64_t number) {
  std::string digits = std::to_string(number < 0 ? -number : number);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return fmt::format("{}{}", number < 0 ? "-" : "", digits);
}

std::string percent(double share, int digits) {
  return std::isnan(share) ? "-" : fmt::format("{:.{}f}%", 100 * share, digits);
}

std::string fixed(double value, int digits) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, digits);
}

std::string seconds(double value) {
  if (std::isnan(value)) return "-";
  if (value < 1) return fmt::format("{:.2f} s", value);
  if (value < 60) return fmt::format("{:.1f} s", value);
  const auto whole = static_cast<int64_t>(std::llround(value));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string plural(int64_t number, std::string_view noun) {
  return count(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

bool is_share(std::string_view metric) {
  for (const std::string_view word : {"accuracy", "f1", "precision", "recall", "auroc", "hamming"}) {
    if (metric.find(word) != std::string_view::npos) return true;
  }
  return false;
}

std::string metric_value(std::string_view metric, double value) {
  if (std::isnan(value)) return "undefined";
  return is_share(metric) ? percent(value, 2) : fixed(value, 4);
}

std::string metric_interval(std::string_view metric, const metrics::Interval& interval) {
  if (!interval.defined()) return "";
  const bool share = is_share(metric);
  const auto text = [&](double value) { return share ? percent(value, 1) : fixed(value, 3); };
  return text(interval.low) + " to " + text(interval.high);
}

std::string metric_title(std::string_view metric) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 23> kTitles = {{
      {"auroc", "AUROC"},
      {"auroc_micro", "AUROC (micro)"},
      {"average_precision_micro", "average precision (micro)"},
      {"ece", "calibration error"},
      {"label_mae", "label distance"},
      {"quadratic_kappa", "quadratic kappa"},
      {"entity_f1_strict", "entity F1 (strict)"},
      {"f1", "F1"},
      {"hamming_loss", "Hamming loss"},
      {"mae", "mean absolute error"},
      {"map", "MAP"},
      {"mcc", "Matthews correlation"},
      {"mrr", "MRR"},
      {"mrr_10", "MRR at 10"},
      {"mse", "mean squared error"},
      {"ndcg_10", "nDCG at 10"},
      {"pearson", "Pearson"},
      {"r2", "R2"},
      {"recall_1", "recall at 1"},
      {"recall_10", "recall at 10"},
      {"recall_5", "recall at 5"},
      {"rmse", "root mean squared error"},
      {"spearman", "Spearman"},
  }};
  for (const auto& [name, title] : kTitles) {
    if (name == metric) return std::string(title);
  }
  const size_t open = std::min(metric.find('('), metric.size());
  std::string title(metric.substr(0, open));
  for (char& c : title) c = c == '_' ? ' ' : c;
  if (const size_t at = title.find(" f1"); at != title.npos) title[at + 1] = 'F';
  // Prices are a matrix; a precision is short.
  if (open < metric.size() && title != "cost") title += " " + std::string(metric.substr(open));
  return title;
}

std::string compact(double value, int digits) {
  if (std::isnan(value)) return "-";
  return fmt::format("{:.{}g}", value, digits);
}

}  // namespace attune::report
