// Corrections after training: a few numbers that move what a model answers, fitted on rows that it was not trained on.
// The weights stay. They are the cheapest gain there is, and often all of it.
//
//   many classes   z'_k = z_k - tau log prior_k      one tau for all, from -0.5 to 2; prior: shares of the training
//   rows,
//                                                    one row more for each class (Menon et al. 2021, arXiv 2007.07314,
//                                                    sec. 4.2: logit adjustment after training)
//   two classes    z'_1 = z_1 - cut                  decided for class 1 from z_1 - z_0 >= cut on
//   grades         decided by the median grade, or the mean one rounded, instead of the most probable: what is least
//                  wrong by distance (label_mae, quadratic_kappa)
//   prices         z'_k = z_k + alpha log price_k    mistakes that cost the same whatever the answer (costs.h), from
//                                                    alpha 0.1 to 1.5; of other prices the answer that is expected to
//                                                    be the cheapest (Elkan 2001), at the temperature that does best
//   probabilities  z' = z / T                        (log_loss, ece; Guo et al. 2017, arXiv 1706.04599)
//   many labels    z'_k = z_k - cut_k                micro F1 and its like: one cut for all; macro and weighted F1: by
//                                                    label, shrunk to it: (n_k own_k + 10 common) / (n_k + 10), n_k the
//                                                    label's positives
//   tags           z'_O = z_O - cut                  before the tags of a sentence are decoded: with more or fewer
//   words
//                                                    in entities, from -2 to 2 (entity F1, words' F1 and accuracy)
//   scores         s' = a + b s                      by least squares (mse, rmse, mae, r2)
//
// A correction is taken only if it gains on rows that it was not fitted on (five folds of those given, each corrected
// by what the others say): the best of many always looks better on the rows that it was chosen by.
//
// Of equals the smallest change is taken. Metrics that no such number moves (ranks), or that one can win by answering
// alike everywhere (precision or recall alone), have no correction.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attune::metrics {

enum class Decide { largest, median, mean, cheapest };

struct Correction {
  double temperature = 1;
  std::vector<double> shift = {};   // [K], taken off the logits after the temperature; empty: none
  Decide decide = Decide::largest;  // grades: median or mean; prices: cheapest
  std::vector<double> prices = {};  // [K, K], of `cheapest`
  double outside = 0;               // of tags: what is taken off the logit of O
  double offset = 0, slope = 1;     // of scores
  std::string text = {};            // "cut +0.35", "prior, tau +0.7", "temperature 1.4"; "" where nothing helps
  bool helps() const { return !text.empty(); }

  // In place.
  void apply(std::span<double> logits) const;
  double apply(double score) const { return offset + slope * score; }
  // The class that is decided for, of logits that were corrected.
  int32_t decision(std::span<const double> logits) const;
};

// What it is fitted on: [rows, K] logits, row major, and what is right.
struct ClassAnswers {
  int classes = 2;
  bool ordered = false;             // classes are grades
  std::vector<double> logits = {};  // up to a number a row
  std::vector<int32_t> gold = {};   // [rows]
  std::vector<double> prior = {};   // [K] training rows by class
  size_t rows() const { return gold.size(); }
};
struct LabelAnswers {
  int labels = 1;
  std::vector<double> logits = {};
  std::vector<uint8_t> gold = {};  // [rows, K]
  size_t rows() const { return gold.size() / static_cast<size_t>(labels); }
};
struct ScoreAnswers {
  std::vector<double> predicted = {}, gold = {};
  size_t rows() const { return gold.size(); }
};

// The label of words outside of entities, and what may be taken off its logit, the least first. A run writes the tags
// that follow from each, for only it can decode them.
inline constexpr std::string_view kOutside = "O";
inline constexpr double kOutsideCuts[] = {0.25, -0.25, 0.5, -0.5, 0.75, -0.75, 1, -1, 1.5, -1.5, 2, -2};
// "0.25"
std::string outside_name(double cut);

// Rows are dealt to so many folds by their place, row i to fold i % kCorrectionFolds.
inline constexpr size_t kCorrectionFolds = 5;
// The metric of rows whose tags can be had after each cut: those of fold f after cuts[f], or left out where there is
// none. NaN where it is undefined.
using OutsideValue = std::function<double(const std::array<std::optional<double>, kCorrectionFolds>& cuts)>;
Correction fit_outside(std::string_view metric, const OutsideValue& value);

// The metrics that some correction serves. label_mae and quadratic_kappa
// are not among them: their corrections decide in another way, which no last layer can be told.
std::vector<std::string> corrected_metrics(std::string_view task);
// The same of one metric; of a cost too, where a last layer can be told it.
bool is_corrected(std::string_view metric, std::string_view task);

Correction fit_correction(std::string_view metric, const ClassAnswers& answers);
Correction fit_correction(std::string_view metric, const LabelAnswers& answers);
Correction fit_correction(std::string_view metric, const ScoreAnswers& answers);

}  // namespace attune::metrics
