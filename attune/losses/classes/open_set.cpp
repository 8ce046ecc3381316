#include "attune/losses/classes/open_set.h"

#include <algorithm>
#include <cmath>

#include "attune/base/suggest.h"
#include "attune/losses/shared/class_weights.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// Which label means none of the others.
size_t unknown_label(const OpenSetOptions& own, const LossFacts& facts) {
  if (facts.names.empty())
    fail(ErrorKind::usage, "one of the labels means 'none of the others', and their names are not known here");
  const auto found = std::find(facts.names.begin(), facts.names.end(), own.unknown);
  if (found == facts.names.end())
    fail(ErrorKind::usage,
         "unknown names the label of rows that belong to no other class, and there is no label '{}'{}", own.unknown,
         did_you_mean(own.unknown, facts.names));
  if (facts.labels < 3)
    fail(ErrorKind::usage, "it needs at least two labels beside '{}'; there are {} in all", own.unknown, facts.labels);
  return static_cast<size_t>(found - facts.names.begin());
}

class OpenSetLink final : public Link {
 public:
  OpenSetLink(const OpenSetOptions& own, size_t unknown)
      : name_(own.unknown), unknown_(unknown), log_threshold_(static_cast<float>(std::log(own.threshold))) {}
  int64_t outputs(int64_t labels) const override { return labels - 1; }
  void to_logits(std::span<const float> outputs, std::span<float> logits) const override {
    const std::vector<double> z(outputs.begin(), outputs.end());
    const double all = log_sum_exp(z);
    for (size_t c = 0; c < z.size(); ++c) logits[c + (c >= unknown_ ? 1 : 0)] = static_cast<float>(z[c] - all);
    logits[unknown_] = log_threshold_;
  }
  bool is_softmax() const override { return true; }
  std::string told() const override { return "unknown=" + name_; }

 private:
  std::string name_;
  size_t unknown_;
  float log_threshold_;
};

class OpenSet final : public Loss {
 public:
  OpenSet(const OpenSetOptions& own, const NoOptions&, const LossFacts& facts)
      : known_(static_cast<size_t>(facts.labels - 1)),
        unknown_(unknown_label(own, facts)),
        weights_(class_weights(own.weights, facts)),
        link_(own, unknown_) {}
  std::string name() const override { return "open_set"; }
  const Link* link() const override { return &link_; }

  double denominator(const Targets& targets) const override {
    return weighed_items(targets, [&](int64_t i) {
      const int32_t y = targets.classes[static_cast<size_t>(i)];
      return y == kIgnored ? 0 : weight(y);
    });
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    ATTUNE_CHECK(input.logits.cols() == static_cast<int64_t>(known_), "{} outputs for {} known classes",
                 input.logits.cols(), known_);
    const std::vector<double> z = rows_on_host(context, input.logits, input.targets.items());
    std::vector<double> items(z.size() / known_), gradients(z.size());
    for (size_t i = 0; i < items.size(); ++i)
      if (const int32_t y = input.targets.classes[i]; y != kIgnored)
        items[i] = cost(std::span(z).subspan(i * known_, known_), y, std::span(gradients).subspan(i * known_, known_));
    return row_term(context, input.targets, put_items(context, "open_set", input.logits, items, gradients),
                    denominator(input.targets));
  }

 private:
  double weight(int32_t y) const { return weights_.empty() ? 1 : weights_[static_cast<size_t>(y)]; }

  double cost(std::span<const double> z, int32_t label, std::span<double> gradient) const {
    const auto y = static_cast<size_t>(label);
    const double all = log_sum_exp(z), w = weight(label), even = 1 / static_cast<double>(known_);
    double cost = 0;
    for (size_t c = 0; c < known_; ++c) {
      const double target = y == unknown_ ? even : c + (c >= unknown_ ? 1 : 0) == y ? 1 : 0;
      if (target != 0) cost -= target * (z[c] - all);
      gradient[c] = w * (std::exp(z[c] - all) - target);
    }
    return w * cost;
  }

  size_t known_, unknown_;
  std::vector<double> weights_;
  OpenSetLink link_;
};

long double open_set_reference(const NaiveItem& item) {
  const auto unknown =
      static_cast<size_t>(std::find(item.names.begin(), item.names.end(), item.text("unknown")) - item.names.begin());
  std::vector<size_t> label;  // of each output
  for (size_t k = 0; k < item.names.size(); ++k)
    if (k != unknown) label.push_back(k);
  long double cost = 0;
  for (size_t c = 0; c < label.size(); ++c) {
    if (item.y == unknown) cost -= std::log(item.softmax(c)) / static_cast<long double>(label.size());
    if (item.y == label[c]) cost -= std::log(item.softmax(c));
  }
  return item.weights[item.y] * cost;
}

}  // namespace

void OpenSetOptions::visit(OptionList& list) {
  list.add("unknown", unknown, {.help = "the label of rows that belong to none of the other classes"});
  list.add("threshold", threshold, {.help = "an answer less probable than this is unknown", .min = 1e-6, .max = 1});
  list.add("weights", weights, {.help = "weights of classes: none, balanced, effective(BETA), or [w1, w2, ...]"});
}

const LossEntry kOpenSet{
    .name = "open_set",
    .fits = TargetKind::classes,
    .summary = "cross-entropy of known classes; rows of one label teach the model to be unsure",
    .formula = "-log p[y], or -1/C sum_c log p[c] where y is unknown;  p = softmax(z) over the C known classes",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Dhamija, Guenther & Boult 2018, arXiv 1811.04110, eq. 1",
    .notes =
        "K - 1 outputs, read by a link: transformers opens the encoder only. Unknown is the answer where no known "
        "class is more probable than the threshold.",
    .maker = maker_of<OpenSet, OpenSetOptions, NoOptions>,
    .reference = open_set_reference,
    .least_labels = 3,
    .outputs = -1};

}  // namespace attune::losses
