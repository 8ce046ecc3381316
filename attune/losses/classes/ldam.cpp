#include "attune/losses/classes/ldam.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

constexpr double kCosineScale = 30;

// S delta_c.
std::vector<double> margins(const LossFacts& facts, double max_margin, double scale) {
  if (std::ssize(facts.counts) != facts.labels)
    fail(ErrorKind::usage, "it is made of the training items by label, which are not known here");
  double least = INFINITY;
  for (const double n : facts.counts)
    if (n > 0) least = std::min(least, n);
  std::vector<double> margins;
  for (const double n : facts.counts) margins.push_back(scale * max_margin * (n > 0 ? std::pow(least / n, 0.25) : 1));
  return margins;
}

class Ldam final : public ClassLoss {
 public:
  Ldam(const LdamOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ClassLoss(shared, facts),
        cosine_(own.head == "cosine"),
        scale_(own.scale.value_or(cosine_ ? kCosineScale : 1)),
        margins_(margins(facts, own.max_margin, scale_)) {}
  std::string name() const override { return "ldam"; }
  double cosine_head() const override { return cosine_ ? scale_ : 0; }

 protected:
  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const override {
    const double right = row.z[y] - margins_[y];
    const auto at = [&](size_t c) { return c == y ? right : row.z[c]; };
    double most = right, sum = 0;
    for (size_t c = 0; c < row.classes(); ++c) most = std::max(most, at(c));
    for (size_t c = 0; c < row.classes(); ++c) sum += std::exp(at(c) - most);
    const double all = most + std::log(sum);
    for (size_t c = 0; c < gradient.size(); ++c) gradient[c] += share * (std::exp(at(c) - all) - (c == y ? 1.0 : 0.0));
    return all - right;
  }

 private:
  bool cosine_;
  double scale_;
  std::vector<double> margins_;
};

long double ldam_reference(const NaiveItem& item) {
  const long double told = item.text("scale") == "null" ? 0 : item.option("scale");
  const long double scale = told > 0 ? told : item.text("head") == "cosine" ? 30 : 1;
  long double least = item.counts[0];
  for (const long double n : item.counts) least = std::min(least, n);
  const long double c = item.option("max-margin") * std::pow(least, 0.25L);
  long double sum = 0;
  for (size_t k = 0; k < item.z.size(); ++k)
    sum += std::exp(item.z[k] - (k == item.y ? scale * c / std::pow(item.counts[k], 0.25L) : 0));
  return -std::log(std::exp(item.z[item.y] - scale * c / std::pow(item.counts[item.y], 0.25L)) / sum);
}

}  // namespace

void LdamOptions::visit(OptionList& list) {
  list.add("max-margin", max_margin, {.help = "M: the margin of the rarest class", .min = 0, .max = 10});
  list.add("head", head,
           {.help = "the last layer: cosines times the scale, or as ever", .choices = {"cosine", "linear"}});
  list.add("scale", scale, {.help = "S: 30 for head=cosine, 1 for head=linear unless given", .min = 1e-3, .max = 1e3});
}

const LossEntry kLdam{
    .name = "ldam",
    .fits = TargetKind::classes,
    .summary = "cross-entropy with margins that are wider for rarer classes, over cosines; for imbalance",
    .formula = "-log softmax(z - S delta[y] onehot(y))[y],  delta[c] = M (n_least / n[c])^(1/4),  z = S cosines",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Cao et al. 2019, arXiv 1906.07413, eq. 12-13; M 0.5 and S 30 are their code's",
    .notes =
        "Its last layer is one of cosines (head=cosine): transformers opens the encoder only. Re-weighted late in "
        "the paper: ldam(weights=effective(0.9999)) after 80%.",
    .maker = maker_of<Ldam, LdamOptions, ClassOptions>,
    .reference = ldam_reference,
    .needs_counts = true};

}  // namespace attune::losses
