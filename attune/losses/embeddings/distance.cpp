#include "attune/losses/embeddings/distance.h"

#include <cmath>

#include "attune/losses/embeddings/rows.h"
#include "attune/losses/shared/host_items.h"

namespace attune::losses {

Distance distance_named(const std::string& name) {
  return name == "cosine" ? Distance::cosine : name == "chord" ? Distance::chord : Distance::euclidean;
}

void add_distance_option(OptionList& list, std::string& distance) {
  list.add("distance", distance,
           {.help = "cosine: 1 - cos; euclidean: of the vectors as they are; chord: euclidean of unit vectors",
            .choices = {"cosine", "euclidean", "chord"}});
}

long double naive_distance(const NaiveBatch& batch, const std::string& distance, size_t a, size_t b) {
  if (distance == "cosine") return 1 - batch.cosine(a, b);
  const auto length = [&](size_t text) {
    const long double square = batch.dot(text, text);
    return distance == "euclidean" || square == 0 ? 1 : std::sqrt(square);
  };
  long double square = 0;
  for (size_t c = 0; c < batch.vectors[a].size(); ++c)
    square += std::pow(batch.vectors[a][c] / length(a) - batch.vectors[b][c] / length(b), 2);
  return std::sqrt(square);
}

TextVectors::TextVectors(Context& context, const Tensor& features, int64_t m)
    : width_(static_cast<size_t>(features.cols())) {
  ATTUNE_CHECK(features.defined() && m <= features.rows(), "{} texts, but features of {}", m, features.shape.text());
  x_ = rows_on_host(context, features, m);
  inverse_ = inverse_lengths(x_, width_);
}

double TextVectors::cosine(size_t a, size_t b) const {
  double sum = 0;
  for (size_t c = 0; c < width_; ++c) sum += x_[a * width_ + c] * x_[b * width_ + c];
  return sum * inverse_[a] * inverse_[b];
}

// d cos / da = (b/|b| - cos a/|a|) / |a|
void TextVectors::add_cosine_slope(size_t a, size_t b, double slope, std::span<double> d) const {
  const double cos = cosine(a, b);
  for (const auto& [own, other] : {std::pair{a, b}, std::pair{b, a}})
    for (size_t c = 0; c < width_; ++c)
      d[own * width_ + c] += slope * inverse_[own] *
                             (x_[other * width_ + c] * inverse_[other] - cos * x_[own * width_ + c] * inverse_[own]);
}

double TextVectors::distance(Distance distance, size_t a, size_t b) const {
  if (distance == Distance::cosine) return 1 - cosine(a, b);
  const bool unit = distance == Distance::chord;
  double square = 0;
  for (size_t c = 0; c < width_; ++c) {
    const double off = x_[a * width_ + c] * (unit ? inverse_[a] : 1) - x_[b * width_ + c] * (unit ? inverse_[b] : 1);
    square += off * off;
  }
  return std::sqrt(square);
}

void TextVectors::add_distance_slope(Distance distance, size_t a, size_t b, double slope, std::span<double> d) const {
  if (distance == Distance::cosine) return add_cosine_slope(a, b, -slope, d);
  const double apart = this->distance(distance, a, b);
  if (apart == 0) return;
  // of unit vectors d^2 = |a'|^2 + |b'|^2 - 2 cos, and their lengths do not move
  if (distance == Distance::chord) return add_cosine_slope(a, b, -slope / apart, d);
  for (size_t c = 0; c < width_; ++c) {
    const double along = slope * (x_[a * width_ + c] - x_[b * width_ + c]) / apart;
    d[a * width_ + c] += along;
    d[b * width_ + c] -= along;
  }
}

}  // namespace attune::losses
