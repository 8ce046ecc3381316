#include "attune/losses/check/check.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attune/losses/check/naive.h"

namespace attune::losses {
namespace {

constexpr int64_t kRows = 7;
constexpr double kShift = 2.5;

// Keeps the largest error and where it was.
class Worst {
 public:
  Worst(const char* check, double allowed) : result_{.check = check, .allowed = allowed, .where = {}} {}

  void see(double got, double want, const Setting& setting, const char* what, size_t at = 0) {
    const double scale = std::max(1.0, std::abs(want));
    see_error(std::isfinite(got) && std::isfinite(want) ? std::abs(got - want) / scale : INFINITY, setting,
              fmt::format("{} {}: {:.9g}, expected {:.9g}", what, at, got, want));
  }
  void see(const std::vector<double>& got, const std::vector<double>& want, const Setting& setting, const char* what) {
    if (got.size() != want.size())
      return see_error(INFINITY, setting, fmt::format("{} {}s, expected {}", got.size(), what, want.size()));
    for (size_t i = 0; i < got.size(); ++i) see(got[i], want[i], setting, what, i);
  }
  void must(bool holds, const Setting& setting, const char* what) {
    if (!holds) see_error(INFINITY, setting, what);
  }
  CheckResult result() const { return result_; }

 private:
  void see_error(double error, const Setting& setting, const std::string& what) {
    if (error <= result_.error && !result_.where.empty()) return;
    result_.error = std::max(error, result_.error);
    result_.where = fmt::format("{}: {}", setting.text(), what);
  }
  CheckResult result_;
};

CheckResult none(const char* check) {
  return {.check = check, .where = {}, .applies = false};
}

class Checker {
 public:
  explicit Checker(const LossEntry& entry) : entry_(entry), settings_(settings_of(entry)) {}

  std::vector<CheckResult> all() const {
    return {value(), single_precision(), gradient(), extremes(), ignored(), few(),
            soft(),  weights(),          split(),    order(),    shift(),   padding()};
  }

 private:
  static Outcome run(const Setting& setting, const Batch& batch, Precision precision = Precision::f64) {
    const auto loss = setting.make();
    return try_loss(*loss, batch, precision);
  }
  CheckResult value() const {
    Worst worst("value", 1e-9);
    for (const Setting& setting : settings_)
      for (const uint64_t seed : {1, 2, 3}) {
        const Batch batch = sample(setting, kRows, seed);
        const Outcome got = run(setting, batch);
        const NaiveOutcome want = naive(setting, batch);
        worst.see(got.sum, static_cast<double>(want.sum), setting, "sum");
        worst.see(got.denominator, static_cast<double>(want.denominator), setting, "denominator");
        worst.see(setting.make()->denominator(batch.targets), got.denominator, setting, "denominator of the targets");
      }
    return worst.result();
  }

  CheckResult single_precision() const {
    Worst worst("f32", entry_.fits == TargetKind::embeddings ? 5e-5 : 1e-5);
    for (const Setting& setting : settings_) {
      const Batch batch = sample(setting, kRows, 4);
      const Outcome wide = run(setting, batch), narrow = run(setting, batch, Precision::f32);
      worst.see(narrow.sum, wide.sum, setting, "sum");
      worst.see(narrow.d_logits, wide.d_logits, setting, "gradient");
    }
    return worst.result();
  }

  // Central differences of fourth order.
  CheckResult gradient() const {
    const double kStep = entry_.fits == TargetKind::embeddings ? 1e-4 : 1e-3;  // small temperatures bend fast
    Worst worst("gradient", 1e-7);
    for (const Setting& setting : settings_) {
      Batch batch = sample(setting, kRows, 5);
      const Batch at_rest = batch;
      const Outcome here = run(setting, batch);
      const auto along = [&](double& at, double want, const char* what, size_t i) {
        const double x = at;
        const auto sum_at = [&](double step) {
          at = x + step;
          return entry_.holds_constants ? static_cast<double>(naive(setting, batch, &at_rest).sum)
                                        : run(setting, batch).sum;
        };
        const double slope =
            (sum_at(-2 * kStep) - 8 * sum_at(-kStep) + 8 * sum_at(kStep) - sum_at(2 * kStep)) / (12 * kStep);
        at = x;
        worst.see(want, slope, setting, what, i);
      };
      for (size_t i = 0; i < batch.logits.size(); ++i) along(batch.logits[i], here.d_logits[i], "logit", i);
      worst.must(here.d_own.size() == batch.own.size(), setting, "own parameters without gradients");
      for (size_t i = 0; i < batch.own.size(); ++i) along(batch.own[i], here.d_own[i], "own parameter", i);
    }
    return worst.result();
  }

  CheckResult extremes() const {
    Worst worst("extremes", 1e-5);
    for (const Setting& setting : settings_) {
      Batch batch = sample(setting, 9, 6);
      batch.logits = entry_.fits == TargetKind::embeddings ? far_vectors(batch) : far_logits(batch);
      const Outcome wide = run(setting, batch), narrow = run(setting, batch, Precision::f32);
      worst.see(narrow.sum, wide.sum, setting, "sum");
      worst.see(narrow.d_logits, wide.d_logits, setting, "gradient");
    }
    return worst.result();
  }

  static std::vector<double> far_logits(const Batch& batch) {
    std::vector<double> far = batch.logits;
    for (size_t i = 0; i < far.size(); ++i) far[i] = std::vector{1e4, -1e4, 0.0, 1e4}[(i * i + i / 3) % 4];
    return far;
  }

  // Vectors as they are times 1e4, the third and every fifth after it without length.
  static std::vector<double> far_vectors(const Batch& batch) {
    std::vector<double> far = batch.logits;
    const auto width = static_cast<size_t>(batch.columns);
    for (size_t i = 0; i < far.size(); ++i) far[i] *= i / width % 5 == 2 ? 0 : 1e4;
    return far;
  }

  CheckResult ignored() const {
    Worst worst("ignored", 0);
    for (const Setting& setting : settings_) {
      Batch batch = sample(setting, kRows, 7);
      std::fill(batch.targets.classes.begin(), batch.targets.classes.end(), kIgnored);
      const float unknown = entry_.fits == TargetKind::labels ? -1.0F : std::nanf("");
      std::fill(batch.targets.values.begin(), batch.targets.values.end(), unknown);
      // a pair has nothing that may be unknown
      if (entry_.needs == TextRows::pairs || entry_.needs == TextRows::none)
        batch.targets.weights.assign(batch.targets.weights.size(), 0);
      const Outcome got = run(setting, batch);
      worst.see(got.sum, 0, setting, "sum");
      worst.see(got.denominator, 0, setting, "denominator");
      worst.see(got.d_logits, std::vector<double>(got.d_logits.size()), setting, "gradient");
    }
    return worst.result();
  }

  CheckResult few() const {
    Worst worst("few", 1e-9);
    for (const Setting& setting : settings_) {
      const Outcome nothing = run(setting, sample(setting, 0, 8));
      worst.see(nothing.sum, 0, setting, "sum of no item");
      worst.see(nothing.denominator, 0, setting, "denominator of no item");
      const Batch one = sample(setting, 1, 9, false);
      const NaiveOutcome want = naive(setting, one);
      worst.see(run(setting, one).sum, static_cast<double>(want.sum), setting, "sum of one item");
      Batch same = sample(setting, kRows, 10, false);  // one class alone in the batch
      std::fill(same.targets.classes.begin(), same.targets.classes.end(), 1);
      const NaiveOutcome of_one_class = naive(setting, same);
      worst.see(run(setting, same).sum, static_cast<double>(of_one_class.sum), setting, "sum of one class");
    }
    return worst.result();
  }

  // A soft target costs the mean of the hard ones under it.
  CheckResult soft() const {
    if (entry_.fits != TargetKind::classes || entry_.outputs != 0 || entry_.sequential) return none("soft");
    Worst worst("soft", 1e-9);
    for (const Setting& setting : settings_) {
      const Batch batch = sample(setting, 3, 11, false);
      const auto k = static_cast<size_t>(setting.facts.labels);
      Batch mixed = batch;
      mixed.targets.classes.clear();
      double sum = 0, denominator = 0;
      std::vector<double> gradient(batch.logits.size());
      for (size_t c = 0; c < k; ++c) {
        Batch hard = batch;
        std::fill(hard.targets.classes.begin(), hard.targets.classes.end(), static_cast<int32_t>(c));
        const Outcome got = run(setting, hard);
        const double share = static_cast<double>(static_cast<float>(c + 1)) / static_cast<double>(k * (k + 1) / 2);
        sum += share * got.sum, denominator += share * got.denominator;
        for (size_t i = 0; i < gradient.size(); ++i) gradient[i] += share * got.d_logits[i];
      }
      for (int64_t i = 0; i < batch.rows(); ++i)
        for (size_t c = 0; c < k; ++c)
          mixed.targets.values.push_back(
              static_cast<float>(static_cast<double>(c + 1) / static_cast<double>(k * (k + 1) / 2)));
      const Outcome got = run(setting, mixed);
      constexpr double kTargets = 1e-6;  // targets are f32
      worst.must(std::abs(got.sum - sum) <= kTargets * std::max(1.0, std::abs(sum)), setting, "sum");
      worst.must(std::abs(got.denominator - denominator) <= kTargets * denominator, setting, "denominator");
      for (size_t i = 0; i < gradient.size(); ++i)
        worst.must(std::abs(got.d_logits[i] - gradient[i]) <= kTargets * std::max(1.0, std::abs(gradient[i])), setting,
                   "gradient");
    }
    return worst.result();
  }

  // What weight 0 means to a row's company: it is absent.
  void weigh_nothing(Worst& worst, const Setting& setting) const {
    const std::vector<int64_t> kept{0, 1, 3, 4, 6};
    Batch batch = sample(setting, kRows, 12);
    for (const int64_t absent : {2, 5}) batch.targets.weights[static_cast<size_t>(absent)] = 0;
    const Batch fewer = rows_of(batch, kept);
    const Outcome got = run(setting, batch), want = run(setting, fewer);
    worst.see(got.sum, want.sum, setting, "sum without rows of weight 0");
    worst.see(got.denominator, want.denominator, setting, "denominator without rows of weight 0");
    std::vector<double> gradient(batch.logits.size());
    for (int64_t i = 0; i < std::ssize(kept); ++i)
      std::copy(want.d_logits.begin() + first_row(fewer, i) * batch.columns,
                want.d_logits.begin() + first_row(fewer, i + 1) * batch.columns,
                gradient.begin() + first_row(batch, kept[static_cast<size_t>(i)]) * batch.columns);
    worst.see(got.d_logits, gradient, setting, "gradient");
  }

  CheckResult weights() const {
    Worst worst("weights", 1e-9);
    for (const Setting& setting : settings_) {
      if (entry_.fits == TargetKind::embeddings && setting.make()->depends_on_batch()) {
        weigh_nothing(worst, setting);
        continue;
      }
      Batch once = sample(setting, 3, 12, false);
      set_weights(once, {1, 3, 0});
      Batch copied = rows_of(once, {0, 1, 1, 1});
      set_weights(copied, {1, 1, 1, 1});
      const Outcome got = run(setting, once), want = run(setting, copied);
      worst.see(got.sum, want.sum, setting, "sum");
      worst.see(got.denominator, want.denominator, setting, "denominator");
      for (int64_t c = 0; c < once.columns; ++c) {
        const auto at = [&](const Outcome& of, int64_t row) {
          return of.d_logits[static_cast<size_t>(first_row(once, row) * once.columns + c)];
        };
        worst.see(at(got, 1), 3 * at(want, 1), setting, "gradient of three");
        worst.see(at(got, 2), 0, setting, "gradient of weight 0");
      }
    }
    return worst.result();
  }

  CheckResult split() const {
    Worst worst("split", 1e-9);
    for (const Setting& setting : settings_) {
      const Batch batch = sample(setting, kRows, 13);
      const Outcome whole = run(setting, batch), first = run(setting, rows_of(batch, {0, 1, 2})),
                    rest = run(setting, rows_of(batch, {3, 4, 5, 6}));
      const bool differs = std::abs(first.sum + rest.sum - whole.sum) > 1e-9 * std::max(1.0, std::abs(whole.sum));
      if (setting.make()->depends_on_batch()) {
        worst.must(differs, setting, "it says that it depends on the batch, and does not");
        continue;
      }
      worst.see(first.sum + rest.sum, whole.sum, setting, "sum of parts");
      worst.see(first.denominator + rest.denominator, whole.denominator, setting, "denominator of parts");
      std::vector<double> gradient = first.d_logits;
      gradient.insert(gradient.end(), rest.d_logits.begin(), rest.d_logits.end());
      worst.see(gradient, whole.d_logits, setting, "gradient");
    }
    return worst.result();
  }

  CheckResult order() const {
    Worst worst("order", 1e-9);
    for (const Setting& setting : settings_) {
      const Batch batch = sample(setting, kRows, 14);
      const Outcome got = run(setting, batch), turned = run(setting, rows_of(batch, {6, 2, 4, 0, 5, 1, 3}));
      worst.see(turned.sum, got.sum, setting, "sum of rows in another order");
      if (!entry_.ordered && !entry_.own && entry_.outputs == 0 && entry_.fits != TargetKind::scores &&
          entry_.fits != TargetKind::embeddings && setting.options.empty())
        worst.see(run(labels_reversed(setting), labels_reversed(batch)).sum, got.sum, setting,
                  "sum of labels in another order");
    }
    return worst.result();
  }

  static Setting labels_reversed(Setting setting) {
    std::reverse(setting.facts.counts.begin(), setting.facts.counts.end());
    std::reverse(setting.facts.names.begin(), setting.facts.names.end());
    return setting;
  }
  static Batch labels_reversed(Batch batch) {
    const auto k = static_cast<size_t>(batch.columns);
    for (size_t at = 0; at < batch.logits.size(); at += k)
      std::reverse(batch.logits.begin() + static_cast<std::ptrdiff_t>(at),
                   batch.logits.begin() + static_cast<std::ptrdiff_t>(at + k));
    for (size_t at = 0; at < batch.targets.values.size(); at += k)
      std::reverse(batch.targets.values.begin() + static_cast<std::ptrdiff_t>(at),
                   batch.targets.values.begin() + static_cast<std::ptrdiff_t>(at + k));
    for (size_t at = 0; at < batch.targets.teacher.size(); at += k)
      std::reverse(batch.targets.teacher.begin() + static_cast<std::ptrdiff_t>(at),
                   batch.targets.teacher.begin() + static_cast<std::ptrdiff_t>(at + k));
    for (int32_t& y : batch.targets.classes)
      if (y != kIgnored) y = static_cast<int32_t>(k) - 1 - y;
    return batch;
  }

  CheckResult shift() const {
    if (entry_.fits != TargetKind::classes || !entry_.shifts) return none("shift");
    Worst worst("shift", 1e-9);
    for (const Setting& setting : settings_) {
      const Batch batch = sample(setting, kRows, 15);
      Batch moved = batch;
      for (double& z : moved.logits) z += kShift;
      worst.see(run(setting, moved).sum, run(setting, batch).sum, setting, "sum");
    }
    return worst.result();
  }

  // Rows beyond the items (trial.cpp fills them) change nothing: seen as their gradient, and as a batch that needs
  // none.
  CheckResult padding() const {
    Worst worst("padding", 1e-9);
    for (const Setting& setting : settings_) {
      const Outcome got = run(setting, sample(setting, kRows, 16));
      worst.see(got.padding, 0, setting, "gradient of padding");
      const Outcome narrow = run(setting, sample(setting, kRows, 16), Precision::f32);
      worst.see(narrow.padding, 0, setting, "gradient of padding, f32");
      for (size_t i = kRows; !entry_.batch_reference && i < got.items.size(); ++i)
        worst.see(got.items[i], 0, setting, "item of padding", i);
    }
    return worst.result();
  }

  const LossEntry& entry_;
  std::vector<Setting> settings_;
};

}  // namespace

bool LossReport::passed() const {
  return std::all_of(results.begin(), results.end(), [](const CheckResult& result) { return result.passed(); });
}

double LossReport::error_of(std::string_view check) const {
  for (const CheckResult& result : results)
    if (check == result.check) return result.error;
  return 0;
}

LossReport check_loss(const LossEntry& entry) {
  return {.name = entry.name, .results = Checker(entry).all()};
}

}  // namespace attune::losses
