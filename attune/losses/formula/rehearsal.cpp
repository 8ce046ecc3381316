#include "attune/losses/formula/rehearsal.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "attune/base/error.h"
#include "attune/base/rng.h"
#include "attune/losses/language/expression.h"

namespace attune::losses::formula {
namespace {

using Numbers = std::vector<double>;

constexpr size_t kMostClasses = 200;  // tried as y
constexpr size_t kMostCompared = 16;  // logits of a row, and classes, whose gradient is compared
constexpr double kTolerance = 1e-5;   // of a slope, relative to the largest of 1, slope and value
constexpr double kLargest = FLT_MAX;  // costs and gradients are kept in f32

bool fine(double x) {
  return std::abs(x) <= kLargest;
}

std::string shown(std::span<const double> numbers) {
  constexpr size_t kShown = 6;
  const auto first = numbers.first(std::min(numbers.size(), kShown));
  return fmt::format("[{:.4g}{}]", fmt::join(first, ", "), numbers.size() > kShown ? ", ..." : "");
}

// A number in [-1, 1), the same in every run.
double draw(uint64_t row, uint64_t k) {
  return static_cast<double>(mix_key(mix64(row + 1), k) >> 11) * 0x1p-52 - 1;
}

// At most `most` of 0 to n - 1, evenly spread.
std::vector<size_t> spread(size_t n, size_t most) {
  std::vector<size_t> some;
  for (size_t i = 0; i < std::min(n, most); ++i) some.push_back(n <= most ? i : i * (n - 1) / (most - 1));
  return some;
}

std::vector<Numbers> ordinary(size_t k) {
  std::vector<Numbers> rows(3, Numbers(k));
  for (size_t r = 0; r < rows.size(); ++r)
    for (size_t c = 0; c < k; ++c) rows[r][c] = 3 * draw(r, c);
  return rows;
}

std::vector<Numbers> extreme(size_t k) {
  std::vector<Numbers> rows;
  for (const double x : {0.0, 50.0, -50.0, 1e4, -1e4}) rows.emplace_back(k, x);
  for (const double x : {50.0, -50.0, 1e4, -1e4}) {
    Numbers first(k), last(k), turns(k);
    first.front() = x, last.back() = x;
    for (size_t c = 0; c < k; ++c) turns[c] = c % 2 ? x : -x;
    for (auto* row : {&first, &last, &turns}) rows.push_back(*row);
  }
  return rows;
}

// What a row is asked with: its class, or its targets.
struct Asked {
  size_t y = 0;
  Numbers targets = {};
};

std::vector<Asked> asked(TargetKind kind, const LossFacts& facts, size_t most) {
  std::vector<Asked> all;
  const auto k = static_cast<size_t>(facts.labels);
  if (kind == TargetKind::scores) {
    for (const double y : {0.0, 1.0, -2.5, 50.0}) all.push_back({.targets = {y}});
  } else if (kind == TargetKind::labels) {
    for (const double y : {0.0, 1.0, 0.3}) all.push_back({.targets = Numbers(k, y)});
    Numbers turns(k), some(k);
    for (size_t c = 0; c < k; ++c) turns[c] = c % 2 ? 0 : 1, some[c] = c % 3 == 1 ? -1 : c % 2 ? 1 : 0;
    all.push_back({.targets = turns}), all.push_back({.targets = some});
  } else {
    for (const size_t y : spread(k, most)) all.push_back({.y = y});
    if (facts.counts.size() == k)
      all.push_back({.y = static_cast<size_t>(std::min_element(facts.counts.begin(), facts.counts.end()) -
                                              facts.counts.begin())});
  }
  return all;
}

class Rehearsal {
 public:
  Rehearsal(const Program& program, const Text& text, TargetKind kind) : program_(program), text_(text), kind_(kind) {}

  // Fails where value or gradient is not finite.
  double run(const Numbers& z, const Asked& asked) {
    const double value = forward(z, asked);
    if (!fine(value)) fail_value(value);
    gradient_.assign(z.size(), 0);
    const double slope = program_.backward(row_, space_, 1, gradient_);
    if (kind_ == TargetKind::classes) {
      for (size_t k = 0; k < z.size(); ++k) gradient_[k] -= slope * p_[k];
      gradient_[asked.y] += slope;
    }
    const auto wrong = std::find_if_not(gradient_.begin(), gradient_.end(), fine);
    if (wrong != gradient_.end()) fail_gradient(static_cast<size_t>(wrong - gradient_.begin()));
    return value;
  }

  void compare(Numbers z, const Asked& asked) {
    const double value = run(z, asked);
    const Numbers gradient = gradient_;
    const auto branches = program_.branches(space_);
    std::vector<size_t> some = spread(z.size(), kMostCompared);
    some.push_back(asked.y);
    for (const size_t k : some) {
      const double x = z[k];
      double best = INFINITY, closest = NAN;
      for (const double step : {1e-3, 1e-4, 1e-5}) {
        bool kink = false;
        const auto at = [&](double off) {
          z[k] = x + off;
          const double there = forward(z, asked);
          kink = kink || program_.branches(space_) != branches;
          return there;
        };
        const double slope = (at(-2 * step) - 8 * at(-step) + 8 * at(step) - at(2 * step)) / (12 * step);
        const double scale = std::max({1.0, std::abs(slope), std::abs(value)});
        const double error = kink ? 0 : std::abs(slope - gradient[k]) / scale;
        if (error < best) best = error, closest = slope;
      }
      z[k] = x;
      if (best > kTolerance) {
        forward(z, asked);
        fail_at(text_.text, text_.begin,
                fmt::format("the gradient does not agree with differences: by logit {} it is {:.9g}, differences say "
                            "{:.9g}, for {}; the formula is too steep there to be trained",
                            k, gradient[k], closest, where()));
      }
    }
  }

  double progress = 0;

 private:
  double forward(const Numbers& z, const Asked& asked) {
    row_ = {.z = z, .log_p = {}, .p = {}, .targets = asked.targets, .y = asked.y, .progress = progress};
    if (kind_ == TargetKind::classes) {
      const double all = log_sum_exp(z);
      log_p_.resize(z.size()), p_.resize(z.size());
      for (size_t k = 0; k < z.size(); ++k) log_p_[k] = z[k] - all, p_[k] = std::exp(log_p_[k]);
      row_.log_p = log_p_, row_.p = p_;
    }
    weights_.clear();
    if (kind_ == TargetKind::labels)
      for (const double y : asked.targets) weights_.push_back(y < 0 ? 0 : 1);
    row_.weights = weights_;
    return program_.forward(row_, space_);
  }

  // "logits [50, 0, 0] and class 1".
  std::string where() const {
    std::string text = kind_ == TargetKind::scores ? fmt::format("z = {:g}", row_.z[0]) : "logits " + shown(row_.z);
    if (kind_ == TargetKind::classes) text += fmt::format(" and class y = {}", row_.y);
    if (kind_ == TargetKind::labels) text += " and targets " + shown(row_.targets);
    if (kind_ == TargetKind::scores) text += fmt::format(" and y = {:g}", row_.targets[0]);
    return program_.reads(Op::progress) ? text + fmt::format(" at t = {}", progress) : text;
  }

  // The first one of node s that is not fine; nothing: all are.
  std::optional<size_t> wrong_element(std::span<const double> values) const {
    const auto found = std::find_if_not(values.begin(), values.end(), fine);
    return found == values.end() ? std::nullopt : std::optional(static_cast<size_t>(found - values.begin()));
  }

  // From the result down to the node that made of fine arguments what is not.
  [[noreturn]] void fail_value(double value) const {
    size_t s = program_.nodes().size() - 1;
    for (bool down = true; down;) {
      down = false;
      for (const int of : {program_.nodes()[s].a, program_.nodes()[s].b, program_.nodes()[s].c})
        if (of >= 0 && !down && wrong_element(program_.value(space_, static_cast<size_t>(of))))
          s = static_cast<size_t>(of), down = true;
    }
    const Node& node = program_.nodes()[s];
    fail_at(text_.text, node.at,
            fmt::format("the formula is {} for {}: {}", value, where(),
                        reason(node, s, wrong_element(program_.value(space_, s)).value_or(0))));
  }

  // The node that passed on a slope that is not fine, having received one that was.
  [[noreturn]] void fail_gradient(size_t k) const {
    const auto& nodes = program_.nodes();
    size_t by = nodes.size() - 1;
    std::string why = "the slopes are too large";
    for (size_t s = nodes.size(); s-- > 0;) {
      if (!wrong_element(program_.adjoint(space_, s))) continue;
      const auto reads = [&](const Node& n) {
        return n.a == static_cast<int>(s) || n.b == static_cast<int>(s) || n.c == static_cast<int>(s);
      };
      for (size_t parent = s + 1; parent < nodes.size(); ++parent)
        if (nodes[parent].active && reads(nodes[parent])) by = parent;
      const Op op = nodes[by].op;
      if (op == Op::power || op == Op::sqrt)
        why = "the slope of a power below 1 has no bound at 0: keep its base away from 0, as in (x + 1e-6)^c";
      if (op == Op::log) why = "the slope of log has no bound at 0" + std::string(kStableLog);
      if (op == Op::divide) why = "the slope of a quotient has no bound where it is divided by 0";
      break;
    }
    fail_at(text_.text, nodes[by].at,
            fmt::format("the gradient by logit {} is {} for {}: {}", k, gradient_[k], where(), why));
  }

  double argument(int of, size_t k) const {
    const auto values = program_.value(space_, static_cast<size_t>(of));
    return values.empty() ? 0 : values[values.size() > 1 ? k : 0];
  }

  std::string reason(const Node& node, size_t s, size_t k) const {
    if (node.op != Op::exp && std::isfinite(program_.value(space_, s)[k])) return "too large for f32";
    switch (node.op) {
      case Op::log:
      case Op::log1p:
      case Op::log1mexp: {
        const double x = argument(node.a, k), of = node.op == Op::log     ? x
                                                   : node.op == Op::log1p ? 1 + x
                                                                          : -std::expm1(x);
        if (of < 0) return fmt::format("log of a number below 0 ({:.4g}); what has a log must be positive", of);
        return "log of 0" + std::string(kStableLog);
      }
      case Op::sqrt:
        return fmt::format("square root of a number below 0 ({:.4g})", argument(node.a, k));
      case Op::divide:
        return fmt::format("{:.4g} divided by {:.4g}; keep what stands below the line away from 0", argument(node.a, k),
                           argument(node.b, k));
      case Op::power:
        return fmt::format(
            "{:.4g}^{:.4g}: a power of a number below 0, of 0 with an exponent below 0, or too large a one",
            argument(node.a, k), argument(node.b, k));
      case Op::exp:
      case Op::expm1:
        return fmt::format("exp of {:.4g} is too large; use p, sigmoid, softplus or logsumexp, or log(...) around it",
                           argument(node.a, k));
      case Op::subtract:
        return "infinity less infinity, or a number too large for f32";
      default:
        return "a number too large for f32, or infinity times 0; where(condition, a, b) leaves out what is not wanted";
    }
  }

  static constexpr const char* kStableLog =
      ": write log(p[y]), log(p) or log(1-p), so that attune can use its stable form, or keep it away from 0, as in "
      "log(x + 1e-6)";

  const Program& program_;
  const Text& text_;
  TargetKind kind_;
  Row row_;
  Numbers log_p_, p_, weights_, gradient_;
  Workspace space_;
};

}  // namespace

void rehearse(const Program& program, const Text& text, TargetKind kind, const LossFacts& facts) {
  const size_t k = kind == TargetKind::scores ? 1 : static_cast<size_t>(facts.labels);
  Rehearsal rehearsal(program, text, kind);
  const bool compares = !program.reads(Op::stopgrad);
  for (const double progress : program.reads(Op::progress) ? Numbers{0, 0.5, 1} : Numbers{0}) {
    rehearsal.progress = progress;
    for (const Asked& asked : asked(kind, facts, kMostCompared))
      for (const Numbers& z : ordinary(k)) compares ? rehearsal.compare(z, asked) : void(rehearsal.run(z, asked));
    const auto rows = extreme(k);
    for (const Asked& asked : asked(kind, facts, kMostClasses))
      for (const Numbers& z : rows) rehearsal.run(z, asked);
  }
}

}  // namespace attune::losses::formula
