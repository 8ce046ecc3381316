// Functions to search, for tests.
#pragma once
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "attune/tune/draws.h"
#include "attune/tune/parse_space.h"
#include "attune/tune/sampler.h"

namespace attune::tune::test {

inline double number(const Point& point, const std::string& name) {
  return std::get<double>(point.values.at(name));
}
inline const std::string& label(const Point& point, const std::string& name) {
  return std::get<std::string>(point.values.at(name));
}

// Branin's function, turned, over a rate by logarithms and an even share; best: -0.397887.
inline Space branin_space() {
  return parse_space({{"lr", "1e-6..1e-2:log"}, {"dropout", "0.0..1.0"}});
}
inline double branin(const Point& point) {
  const double x = -5 + 15 * (std::log10(number(point, "lr")) + 6) / 4, y = 15 * number(point, "dropout");
  constexpr double pi = std::numbers::pi;
  const double inner = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
  return -(inner * inner + 10 * (1 - 1 / (8 * pi)) * std::cos(x) + 10);
}

// One alternative of six is good, and only near a place of its own two dimensions; best: 1.
inline Space conditional_space() {
  return parse_space({{"lr", "1e-6..1e-2:log"},
                      {"loss",
                       "plain | a(p=0.0..1.0) | b(p=0.0..1.0, q=0.0..1.0) | focal(gamma=0.0..5.0, alpha=0.0..1.0) | "
                       "c(p=1..9) | d"}});
}
inline double conditional(const Point& point) {
  const double rate = (std::log10(number(point, "lr")) + 4.5) / 2, base = 0.5 - 0.3 * rate * rate;
  if (label(point, "loss") != "focal(gamma=?,alpha=?)") return base;
  const double g = (number(point, "loss.focal.gamma") - 2) / 2, a = (number(point, "loss.focal.alpha") - 0.3) / 0.4;
  return base + 0.5 - 0.6 * (g * g + a * a);
}

// A bowl in five dimensions of every kind under noise as large as the last tenth of it; judged without the noise.
// Best: 1.
inline Space noisy_space() {
  return parse_space({{"lr", "1e-6..1e-3:log"},
                      {"batch-size", "4|8|16|32|64"},
                      {"epochs", "1..10"},
                      {"warmup", "0.0..0.5"},
                      {"schedule", "linear|cosine|constant|polynomial"}});
}
inline double noisy(const Point& point) {
  const auto squared = [](double x) { return x * x; };
  double value = 1 - squared((std::log10(number(point, "lr")) + 4.3) / 1.5) -
                 0.1 * squared(std::log2(number(point, "batch-size")) - 4) -
                 squared((number(point, "epochs") - 6) / 6) - squared((number(point, "warmup") - 0.1) / 0.5);
  if (label(point, "schedule") != "cosine") value -= 0.3;
  return value;
}
inline double noise(uint64_t seed, int64_t number) {
  return 0.1 * random_normal(mix_key(seed, static_cast<uint64_t>(number)), 0);
}

// What a search of `trials` points ends with; `observed` gives what the search sees.
template <class Observed, class True>
double searched(const Space& space, const SamplerOptions& options, int trials, const Observed& observed,
                const True& truth) {
  std::vector<Trial> history;
  for (int number = 0; number < trials; ++number) {
    const Point point = propose(space, history, {}, number, options);
    history.push_back({.point = point, .value = observed(point, number)});
  }
  const auto best = std::max_element(history.begin(), history.end(),
                                     [](const Trial& a, const Trial& b) { return *a.value < *b.value; });
  return truth(best->point);
}

}  // namespace attune::tune::test
