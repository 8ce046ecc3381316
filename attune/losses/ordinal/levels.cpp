#include "attune/losses/ordinal/levels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attune/losses/shared/class_weights.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// What corn and coral share: classes in order, their weights, items made row by row.
class Levels : public Loss {
 public:
  Levels(const LevelOptions& own, const LossFacts& facts)
      : classes_(facts.labels), weights_(class_weights(own.weights, facts)) {
    if (facts.labels < 2) fail(ErrorKind::usage, "it needs at least two ordered labels; there is {}", facts.labels);
  }

 protected:
  int64_t classes() const { return classes_; }
  double weight(int32_t y) const { return weights_.empty() ? 1 : weights_[static_cast<size_t>(y)]; }

  // What the answer a to "is it above?" costs, and d(cost)/da.
  using Cost = CostAt;
  Cost question(double a, bool above, int32_t y) const {
    return {weight(y) * softplus(above ? -a : a), weight(y) * (above ? -sigmoid(-a) : sigmoid(a))};
  }

 private:
  int64_t classes_;
  std::vector<double> weights_;
};

class CornLink final : public Link {
 public:
  int64_t outputs(int64_t labels) const override { return labels - 1; }
  void to_logits(std::span<const float> outputs, std::span<float> logits) const override {
    double above = 0;  // log P(y >= k)
    for (size_t k = 0; k < outputs.size(); ++k) {
      const auto a = static_cast<double>(outputs[k]);
      logits[k] = static_cast<float>(above - softplus(a));
      above -= softplus(-a);
    }
    logits[outputs.size()] = static_cast<float>(above);
  }
};

class Corn final : public Levels {
 public:
  Corn(const LevelOptions& own, const NoOptions&, const LossFacts& facts) : Levels(own, facts) {}
  std::string name() const override { return "corn"; }
  const Link* link() const override { return &link_; }

  double denominator(const Targets& targets) const override {
    double asked = 0;
    for (int64_t i = 0; i < targets.items(); ++i)
      if (const int32_t y = targets.classes[static_cast<size_t>(i)]; y != kIgnored)
        asked += targets.weight(i) * weight(y) * static_cast<double>(std::min<int64_t>(y + 1, classes() - 1));
    return asked;
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    ATTUNE_CHECK(input.logits.cols() == classes() - 1, "{} outputs for {} ordered labels", input.logits.cols(),
                 classes());
    const auto k = static_cast<size_t>(classes() - 1);
    const std::vector<double> a = rows_on_host(context, input.logits, input.targets.items());
    std::vector<double> items(a.size() / k), gradients(a.size());
    for (size_t i = 0; i < items.size(); ++i) {
      const int32_t y = input.targets.classes[i];
      for (size_t level = 0; y != kIgnored && level < k && level <= static_cast<size_t>(y); ++level) {
        const Cost cost = question(a[i * k + level], static_cast<size_t>(y) > level, y);
        items[i] += cost.value;
        gradients[i * k + level] = cost.slope;
      }
    }
    return row_term(context, input.targets, put_items(context, "corn", input.logits, items, gradients),
                    denominator(input.targets));
  }

 private:
  CornLink link_;
};

// Reads the loss's own biases as they stand.
class CoralLink final : public Link {
 public:
  void attach(nn::Parameters& parameters, nn::Parameter* biases) { parameters_ = &parameters, biases_ = biases; }
  int64_t outputs(int64_t) const override { return 1; }
  void to_logits(std::span<const float> outputs, std::span<float> logits) const override {
    const tensor::OnHost<float> biases(parameters_->memory(), biases_->value);
    const auto log_of = [](double probability) {
      return static_cast<float>(
          std::log(std::max(probability, static_cast<double>(std::numeric_limits<float>::min()))));
    };
    double before = 1;  // P(y > k - 1)
    for (size_t k = 0; k + 1 < logits.size(); ++k) {
      const double above = sigmoid(static_cast<double>(outputs[0] + biases.values()[k]));
      logits[k] = log_of(before - above), before = above;
    }
    logits.back() = log_of(before);
  }

 private:
  nn::Parameters* parameters_ = nullptr;
  nn::Parameter* biases_ = nullptr;
};

class Coral final : public Levels {
 public:
  Coral(const CoralOptions& own, const NoOptions&, const LossFacts& facts)
      : Levels(own.shared, facts), rate_(own.rate) {}
  std::string name() const override { return "coral"; }
  const Link* link() const override { return &link_; }
  void add_parameters(nn::Parameters& parameters) override {
    biases_ =
        parameters.add("coral.bias", {1, classes() - 1}, {.init = nn::Init::zeros, .decays = false, .rate = rate_});
    link_.attach(parameters, biases_);
  }

  double denominator(const Targets& targets) const override {
    return weighed_items(targets, [&](int64_t i) {
      const int32_t y = targets.classes[static_cast<size_t>(i)];
      return y == kIgnored ? 0 : weight(y);
    });
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    ATTUNE_CHECK(input.logits.cols() == 1, "{} outputs, coral reads one", input.logits.cols());
    const auto k = static_cast<size_t>(classes() - 1);
    const std::vector<double> g = rows_on_host(context, input.logits, input.targets.items());
    const std::vector<double> b = rows_on_host(context, biases_->value, 1);
    ItemsOfGroups out{
        .items = std::vector<double>(g.size()), .item_of_row = {}, .d_rows = std::vector<double>(g.size())};
    std::vector<double> slopes(g.size() * k);  // d item_i / d(g_i + b_k)
    for (size_t i = 0; i < g.size(); ++i) {
      const int32_t y = input.targets.classes[i];
      out.item_of_row.push_back(static_cast<int32_t>(i));
      for (size_t level = 0; y != kIgnored && level < k; ++level) {
        const Cost cost = question(g[i] + b[level], static_cast<size_t>(y) > level, y);
        out.items[i] += cost.value;
        out.d_rows[i] += slopes[i * k + level] = cost.slope;
      }
    }
    out.own = {OwnGradient{biases_->value, slopes}};
    std::vector<double> u;
    for (int64_t i = 0; i < input.targets.items(); ++i) u.push_back(input.targets.weight(i));
    LossTerm term;
    term.items = put_group_items(context, "coral", input.logits, out);
    term.weights = numbers(context, u);
    term.sum = weighted_sum(context, term.items, term.weights, input.targets.items());
    term.denominator = denominator(input.targets);
    return term;
  }

 private:
  double rate_;
  nn::Parameter* biases_ = nullptr;
  CoralLink link_;
};

long double corn_reference(const NaiveItem& item) {
  long double cost = 0;
  for (size_t k = 0; k < item.z.size() && k <= item.y; ++k) {
    const long double p = 1 / (1 + std::exp(-item.z[k]));
    cost -= std::log(item.y > k ? p : 1 - p);
  }
  return item.weights[item.y] * cost;
}

long double corn_questions(const NaiveItem& item) {
  return item.weights[item.y] * static_cast<long double>(std::min(item.y + 1, item.z.size()));
}

long double coral_reference(const NaiveItem& item) {
  long double cost = 0;
  for (size_t k = 0; k < item.own.size(); ++k) {
    const long double p = 1 / (1 + std::exp(-(item.z[0] + item.own[k])));
    cost -= std::log(item.y > k ? p : 1 - p);
  }
  return item.weights[item.y] * cost;
}

}  // namespace

void LevelOptions::visit(OptionList& list) {
  list.add("weights", weights, {.help = "weights of classes: none, balanced, effective(BETA), or [w1, w2, ...]"});
}

void CoralOptions::visit(OptionList& list) {
  shared.visit(list);
  list.add("rate", rate, {.help = "how much faster than the model its thresholds learn", .min = 1e-3, .max = 1e5});
}

const LossEntry kCorn{
    .name = "corn",
    .fits = TargetKind::classes,
    .summary = "ordered classes as conditional questions: is it above k, if it is at least k?",
    .formula = "sum_{k<=y, k<K-1} -log( sigmoid(z[k]) if y > k else 1 - sigmoid(z[k]) )",
    .denominator = "questions asked, times class weights",
    .source = "Shi, Cao & Raschka 2021, arXiv 2111.08851, eq. 6",
    .notes =
        "K - 1 outputs, read by a link: transformers opens the encoder only. The answer is the most probable label.",
    .maker = maker_of<Corn, LevelOptions, NoOptions>,
    .reference = corn_reference,
    .reference_denominator = corn_questions,
    .ordered = true,
    .shifts = false,
    .outputs = -1};

const LossEntry kCoral{.name = "coral",
                       .fits = TargetKind::classes,
                       .summary = "ordered classes as questions with one score and a threshold each",
                       .formula = "sum_{k<K-1} -log( sigmoid(z + b[k]) if y > k else 1 - sigmoid(z + b[k]) )",
                       .denominator = "class weights of the targets (1 each without)",
                       .source = "Cao, Mirjalili & Raschka 2020, arXiv 1901.07884, eq. 4, without task weights",
                       .notes =
                           "One output and K - 1 thresholds of its own, which learn `rate` times as fast: one "
                           "direction must order all labels. Its answer is the most "
                           "probable label.",
                       .maker = maker_of<Coral, CoralOptions, NoOptions>,
                       .reference = coral_reference,
                       .ordered = true,
                       .shifts = false,
                       .own = [](int64_t labels) { return labels - 1; },
                       .outputs = 1};

}  // namespace attune::losses
