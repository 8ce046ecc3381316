// How far two texts of a row are apart, on the host in f64: for losses that need few pairs. For all pairs: gram.h.
//
//   cosine      1 - cos(a, b); a vector without length (rows.h) has the cosine 0 and gets no gradient
//   euclidean   |a - b|; its gradient at 0 is 0
//   chord       |a/|a| - b/|b||, which is sqrt(2 (1 - cos)) unless one has no length
#pragma once
#include <string>
#include <vector>

#include "attune/losses/embeddings/gram.h"
#include "attune/losses/entry.h"

namespace attune::losses {

enum class Distance { cosine, euclidean, chord };
// Of its name; the option takes only these.
Distance distance_named(const std::string& name);
void add_distance_option(OptionList& list, std::string& distance);

// By definition.
long double naive_distance(const NaiveBatch& batch, const std::string& distance, size_t a, size_t b);

class TextVectors {
 public:
  // The first m rows of the features.
  TextVectors(Context& context, const Tensor& features, int64_t m);
  size_t size() const { return inverse_.size(); }
  size_t width() const { return width_; }

  // The cosine, or the distance; adds `slope` times its gradient to rows a and b of d [m, C], if there is one.
  double cosine(size_t a, size_t b) const;
  void add_cosine_slope(size_t a, size_t b, double slope, std::span<double> d) const;
  double distance(Distance distance, size_t a, size_t b) const;
  void add_distance_slope(Distance distance, size_t a, size_t b, double slope, std::span<double> d) const;

 private:
  std::vector<double> x_;        // [m, C]
  std::vector<double> inverse_;  // [m] 1 / |x|, or 0
  size_t width_;
};

}  // namespace attune::losses
