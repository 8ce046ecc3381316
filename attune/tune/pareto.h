// Which trials are the best in several things at once, within limits.
//
// One trial dominates another if it is at least as good in every objective and better in one. Within limits: a trial
// that keeps all of them dominates every one that does not, and of two that do not the one that breaks them less does.
// What it breaks them by is the sum over limits of |value - limit| / |limit| (of |value - limit| where the limit is 0).
//
// Source: fronts by non-dominated sorting, and limits by dominance: Deb et al. 2002 (NSGA-II, IEEE TEC 6(2), sections
// III-A and VI-A).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace attune::tune {

enum class Better { more, less };

struct Objective {
  std::string name;  // "macro_f1", "latency"
  Better better = Better::more;
};

struct Limit {
  size_t objective;
  bool at_most;  // else at least
  double bound;
  bool keeps(double value) const { return at_most ? value <= bound : value >= bound; }
};

// "latency <= 5", "macro_f1 >= 0.8". Errors (usage): another form, an objective that is not there (suggests).
Limit parse_limit(const std::string& text, const std::vector<Objective>& objectives);

struct Standing {
  size_t trial = 0;          // its place in the list
  std::optional<int> front;  // 0: nothing dominates it; nothing: it has no finite value of every objective
  double broken = 0;         // 0: it keeps all limits
};

// A standing for each trial, of `values[trial][objective]`: ordered by front, then by what is broken, then as they
// came; those without a front last. Trials of equal values share a front. Errors (internal): a row of another length.
std::vector<Standing> standings(const std::vector<Objective>& objectives, std::span<const Limit> limits,
                                const std::vector<std::vector<double>>& values);

}  // namespace attune::tune
