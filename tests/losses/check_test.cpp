// Every loss of the list passes every check, and each check sees a loss that is broken in its way.
#include "attune/losses/check/check.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "attune/losses/embeddings/info_nce.h"
#include "attune/losses/loss_list.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune {
namespace {

using losses::LossEntry;
using losses::LossFacts;
using losses::LossInput;
using losses::LossTerm;
using losses::TargetKind;
using losses::Targets;

class EachLoss : public testing::TestWithParam<const LossEntry*> {};

TEST_P(EachLoss, PassesItsChecks) {
  const losses::LossReport report = losses::check_loss(*GetParam());
  ASSERT_EQ(report.results.size(), 12U);
  for (const auto& result : report.results)
    EXPECT_TRUE(result.passed()) << result.check << ": " << result.error << " > " << result.allowed << "; "
                                 << result.where;
}

TEST_P(EachLoss, SaysWhatItIs) {
  const LossEntry& entry = *GetParam();
  for (const char* text : {entry.summary, entry.formula, entry.denominator, entry.source, entry.notes})
    EXPECT_FALSE(std::string(text).empty());
  EXPECT_TRUE(entry.reference || entry.batch_reference);
  const auto maker = entry.maker();
  for (const Option& option : maker->options.options()) EXPECT_FALSE(option.info.help.empty()) << option.name;
}

INSTANTIATE_TEST_SUITE_P(List, EachLoss, testing::ValuesIn(losses::loss_list()),
                         [](const auto& test) { return std::string(test.param->name); });

TEST(LossList, IsSortedWithinWhatFits) {
  const auto& list = losses::loss_list();
  for (size_t i = 1; i < list.size(); ++i)
    if (list[i]->fits == list[i - 1]->fits && list[i]->ordered == list[i - 1]->ordered &&
        list[i]->sequential == list[i - 1]->sequential) {
      EXPECT_LT(std::string(list[i - 1]->name), list[i]->name);
    }
}

// ---- Cross-entropy, broken in one way each.

enum class Broken {
  nothing,
  value,
  gradient,
  extremes,
  ignored,
  soft,
  weights,
  split,
  order,
  shift,
  padding,
  f32,
  few
};

class BrokenLoss final : public losses::Loss {
 public:
  BrokenLoss(Broken how, const LossFacts& facts) : how_(how), facts_(facts) {}
  std::string name() const override { return "broken"; }
  bool depends_on_batch() const override { return false; }

  double denominator(const Targets& targets) const override {
    double sum = 0;
    for (int64_t i = 0; i < targets.items(); ++i) {
      const bool ignored = !targets.classes.empty() && targets.classes[static_cast<size_t>(i)] == losses::kIgnored;
      double mass = ignored ? 0 : 1;
      if (targets.classes.empty())
        for (int64_t c = 0; c < facts_.labels; ++c) mass += targets.values[static_cast<size_t>(i * facts_.labels + c)];
      if (targets.classes.empty()) mass -= 1;
      sum += (how_ == Broken::weights ? 1 : targets.weight(i)) * mass;
    }
    if (how_ == Broken::ignored && sum == 0) return 1;  // "so that nothing is divided by 0"
    return sum;
  }

  LossTerm evaluate(losses::Context& context, const LossInput& input) const override {
    const int64_t n = input.targets.items();
    const auto k = static_cast<size_t>(facts_.labels);
    const auto z = losses::rows_on_host(context, input.logits, n);
    std::vector<double> items(static_cast<size_t>(n)), d(z.size());
    for (size_t i = 0; i < items.size(); ++i)
      row(context, input.targets, i, std::span(z).subspan(i * k, k), items[i], std::span(d).subspan(i * k, k));
    if (how_ == Broken::split && n > 0) items[0] *= static_cast<double>(n);
    if (how_ == Broken::few && n <= 1) items.assign(items.size(), 0);
    if (how_ == Broken::padding) d.resize(static_cast<size_t>(input.logits.count()), 0.5);
    LossTerm term;
    term.weights = losses::item_weights(context, input.targets, input.logits.rows());
    if (how_ == Broken::padding) context.kernels.fill({.y = term.weights, .value = 1});
    term.items = losses::put_items(context, "broken", input.logits, items, d);
    term.sum = losses::weighted_sum(context, term.items, term.weights, n);
    term.denominator = denominator(input.targets);
    return term;
  }

 private:
  void row(losses::Context& context, const Targets& targets, size_t i, std::span<const double> z, double& item,
           std::span<double> d) const {
    double sum = 0, most = how_ == Broken::extremes ? 0 : *std::max_element(z.begin(), z.end());
    for (const double x : z) sum += std::exp(x - most);
    for (size_t c = 0; c < z.size(); ++c) {
      const bool soft = targets.classes.empty();
      if (!soft && targets.classes[i] == losses::kIgnored) continue;
      double t = soft ? static_cast<double>(targets.values[i * z.size() + c])
                      : (targets.classes[i] == static_cast<int32_t>(c) ? 1.0 : 0.0);
      if (how_ == Broken::soft && soft) t = t > 0.4 ? 1 : 0;  // the label alone
      if (how_ == Broken::order && c == 0) t *= 1.5;
      const double log_p = z[c] - most - std::log(sum);
      item -= t * log_p;
      for (size_t j = 0; j < z.size(); ++j)
        d[j] -= t * ((j == c ? 1 : 0) - std::exp(z[j] - most) / sum) * (how_ == Broken::gradient ? 1.001 : 1);
      if (how_ == Broken::value) item += 1e-6 * t;
      if (how_ == Broken::shift) item += 1e-3 * t * z[c], d[c] += 1e-3 * t;
      if (how_ == Broken::f32 && context.sums() == tensor::DType::f32) item += 1e-3 * t;  // "half precision will do"
    }
  }

  Broken how_;
  LossFacts facts_;
};

long double sound_reference(const losses::NaiveItem& item) {
  return losses::loss_named("cross_entropy").reference(item);
}

template <Broken how>
std::unique_ptr<losses::LossMaker> broken_maker() {
  class Maker final : public losses::LossMaker {
   public:
    std::unique_ptr<losses::Loss> make(const LossFacts& facts) const override {
      return std::make_unique<BrokenLoss>(how, facts);
    }
  };
  return std::make_unique<Maker>();
}

template <Broken how>
std::vector<std::string> failures() {
  const LossEntry entry{.name = "broken",
                        .fits = TargetKind::classes,
                        .summary = "",
                        .formula = "",
                        .denominator = "",
                        .source = "",
                        .notes = "",
                        .maker = broken_maker<how>,
                        .reference = sound_reference};
  std::vector<std::string> names;
  for (const auto& result : losses::check_loss(entry).results)
    if (!result.passed()) names.emplace_back(result.check);
  return names;
}

bool has(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TEST(LossChecks, EachSeesALossThatIsBrokenInItsWay) {
  EXPECT_EQ(failures<Broken::nothing>(), std::vector<std::string>{});
  EXPECT_TRUE(has(failures<Broken::value>(), "value"));
  EXPECT_EQ(failures<Broken::gradient>(), std::vector<std::string>{"gradient"});
  EXPECT_EQ(failures<Broken::extremes>(), std::vector<std::string>{"extremes"});
  EXPECT_TRUE(has(failures<Broken::ignored>(), "ignored"));
  EXPECT_EQ(failures<Broken::soft>(), std::vector<std::string>{"soft"});
  EXPECT_TRUE(has(failures<Broken::weights>(), "weights"));
  EXPECT_TRUE(has(failures<Broken::split>(), "split"));
  EXPECT_TRUE(has(failures<Broken::order>(), "order"));
  EXPECT_TRUE(has(failures<Broken::shift>(), "shift"));
  EXPECT_TRUE(has(failures<Broken::padding>(), "padding"));
  EXPECT_TRUE(has(failures<Broken::f32>(), "f32"));
  EXPECT_TRUE(has(failures<Broken::few>(), "few"));
}

// ---- info_nce, broken in one way each.

class BrokenPairs final : public losses::Loss {
 public:
  BrokenPairs(Broken how, const losses::InfoNceOptions& own, const LossFacts& facts) : how_(how) {
    const auto maker = losses::loss_named("info_nce").maker();
    maker->options.set("temperature", fmt::format("{}", own.temperature));
    maker->options.set("symmetric", own.symmetric ? "true" : "false");
    maker->options.set("similarity", own.similarity);
    maker->options.set("duplicates", how == Broken::value ? "keep" : own.duplicates);
    sound_ = maker->make(facts);
  }
  std::string name() const override { return "broken_pairs"; }
  bool depends_on_batch() const override { return how_ != Broken::split; }

  double denominator(const Targets& targets) const override {
    const double sum = sound_->denominator(targets);
    return how_ == Broken::ignored && sum == 0 ? 1 : sum;
  }

  LossTerm evaluate(losses::Context& context, const LossInput& input) const override {
    Targets targets = input.targets;
    if (how_ == Broken::weights)  // what has no weight is a candidate still
      for (float& u : targets.weights) u = std::max(u, 1e-30F);
    losses::Context without = context;
    without.tape = nullptr;
    LossTerm term = sound_->evaluate(how_ == Broken::gradient ? without : context,
                                     {.logits = {}, .features = input.features, .targets = targets});
    term.denominator = denominator(input.targets);
    const bool narrow = context.sums() == tensor::DType::f32;
    if (how_ == Broken::few && targets.items() == 1) term.sum += 1;
    if (how_ == Broken::f32 && narrow) term.sum *= 1.001;
    if (how_ == Broken::order && targets.items() > 0 && targets.texts[0] % 2 == 0) term.sum += 1;
    if (how_ == Broken::extremes && narrow && largest(context, input) > 1e3) term.sum = NAN;
    if (how_ == Broken::padding) reach_padding(context, input, term);
    return term;
  }

 private:
  static double largest(losses::Context& context, const LossInput& input) {
    const auto x = losses::rows_on_host(context, input.features, input.targets.sequences.back());
    return x.empty() ? 0 : *std::max_element(x.begin(), x.end());
  }
  // Adds rows that belong to nobody to the last item's company.
  static void reach_padding(losses::Context& context, const LossInput& input, LossTerm& term) {
    const std::vector<double> slopes(static_cast<size_t>(input.features.count()), 0.5);
    const std::vector<double> nothing(static_cast<size_t>(input.features.rows()));
    term.items = losses::put_items(context, "broken", input.features, nothing, slopes);
    term.weights = losses::tensor_of(context, {input.features.rows()}, std::vector(nothing.size(), 1.0));
  }

  Broken how_;
  std::unique_ptr<losses::Loss> sound_;
};

template <Broken how>
std::vector<std::string> failures_of_pairs() {
  LossEntry entry = losses::loss_named("info_nce");
  entry.maker = [] {
    class Maker final : public losses::LossMaker {
     public:
      Maker() { own_.visit(options); }
      std::unique_ptr<losses::Loss> make(const LossFacts& facts) const override {
        return std::make_unique<BrokenPairs>(how, own_, facts);
      }

     private:
      losses::InfoNceOptions own_;
    };
    return std::unique_ptr<losses::LossMaker>(std::make_unique<Maker>());
  };
  std::vector<std::string> names;
  for (const auto& result : losses::check_loss(entry).results)
    if (!result.passed()) names.emplace_back(result.check);
  return names;
}

TEST(LossChecks, EachSeesALossOfEmbeddingsThatIsBrokenInItsWay) {
  EXPECT_EQ(failures_of_pairs<Broken::nothing>(), std::vector<std::string>{});
  EXPECT_TRUE(has(failures_of_pairs<Broken::value>(), "value"));
  EXPECT_EQ(failures_of_pairs<Broken::gradient>(), std::vector<std::string>{"gradient"});
  EXPECT_TRUE(has(failures_of_pairs<Broken::ignored>(), "ignored"));
  EXPECT_TRUE(has(failures_of_pairs<Broken::weights>(), "weights"));
  EXPECT_TRUE(has(failures_of_pairs<Broken::split>(), "split"));
  EXPECT_TRUE(has(failures_of_pairs<Broken::padding>(), "padding"));
  EXPECT_TRUE(has(failures_of_pairs<Broken::order>(), "order"));
  EXPECT_TRUE(has(failures_of_pairs<Broken::few>(), "few"));
  EXPECT_TRUE(has(failures_of_pairs<Broken::f32>(), "f32"));
  EXPECT_TRUE(has(failures_of_pairs<Broken::extremes>(), "extremes"));
}

}  // namespace
}  // namespace attune
