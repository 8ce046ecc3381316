#include "attune/losses/embeddings/cosine_mse.h"

#include "attune/losses/embeddings/distance.h"
#include "attune/losses/embeddings/rows.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

class CosineMse final : public Loss {
 public:
  CosineMse(const CosineMseOptions& own, const NoOptions&, const LossFacts& facts) {
    if (own.low || own.high)
      low_ = own.low.value_or(0), high_ = own.high.value_or(1);
    else if (facts.score_low < -1 || facts.score_high > 1)
      low_ = facts.score_low, high_ = facts.score_high;
    if (!(low_ < high_))
      fail(ErrorKind::usage, "scores from {} to {} cannot be scaled to 0 to 1; low must be less than high", low_,
           high_);
  }
  std::string name() const override { return "cosine_mse"; }

  double denominator(const Targets& targets) const override {
    return weighed_items(targets, [&](int64_t i) { return !std::isnan(targets.values[static_cast<size_t>(i)]); });
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const Targets& targets = input.targets;
    const TextVectors vectors(context, input.features, texts_of(targets));
    const bool wanted = context.records(input.features);
    ItemsOfGroups out{.items = std::vector<double>(static_cast<size_t>(targets.items())),
                      .item_of_row = std::vector<int32_t>(vectors.size(), -1),
                      .d_rows = std::vector<double>(wanted ? vectors.size() * vectors.width() : 0)};
    for (size_t i = 0; i < out.items.size(); ++i) {
      const auto score = static_cast<double>(targets.values[i]);
      if (std::isnan(score)) continue;
      const size_t a = two_texts(targets, i), b = a + 1;
      const double off = vectors.cosine(a, b) - (score - low_) / (high_ - low_);
      out.items[i] = off * off;
      out.item_of_row[a] = out.item_of_row[b] = static_cast<int32_t>(i);
      if (wanted) vectors.add_cosine_slope(a, b, 2 * off, out.d_rows);
    }
    return row_term(context, targets, put_group_items(context, "cosine_mse", input.features, out),
                    denominator(targets));
  }

 private:
  double low_ = 0, high_ = 1;  // as they are
};

long double cosine_mse_reference(const NaiveBatch& batch) {
  long double total = 0;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    const auto& row = batch.items[i];
    long double y = row.targets[0];
    if (std::isnan(y)) continue;
    const bool low = row.text("low") != "null", high = row.text("high") != "null";
    if (low || high) {
      const long double from = low ? row.option("low") : 0, to = high ? row.option("high") : 1;
      y = (y - from) / (to - from);
    } else if (std::max(-batch.score_low, batch.score_high) > 1) {
      y = (y - batch.score_low) / (batch.score_high - batch.score_low);
    }
    total += batch.u[i] * std::pow(batch.cosine(batch.sequences[i], batch.sequences[i] + 1) - y, 2);
  }
  return total;
}

long double known(const NaiveBatch& batch) {
  long double total = 0;
  for (size_t i = 0; i < batch.items.size(); ++i) total += std::isnan(batch.items[i].targets[0]) ? 0 : batch.u[i];
  return total;
}

}  // namespace

void CosineMseOptions::visit(OptionList& list) {
  list.add("low", low, {.help = "the score that means a cosine of 0"});
  list.add("high", high, {.help = "the score that means a cosine of 1"});
}

const LossEntry kCosineMse{
    .name = "cosine_mse",
    .fits = TargetKind::embeddings,
    .summary = "the cosine of two texts is to be their score",
    .formula =
        "(cos(a, b) - y)^2   y: the score, from [low, high] to [0, 1] where these are told or scores leave [-1, 1]",
    .denominator = "rows whose score is known",
    .source = "Reimers & Gurevych 2019, arXiv 1908.10084, section 3 (regression objective)",
    .notes =
        "Scores of 0 to 5 are scaled by themselves, from the training's range: tell high=5 where it may not be all "
        "of it. Knows no order of rows: cosent mostly ranks better.",
    .maker = maker_of<CosineMse, CosineMseOptions, NoOptions>,
    .batch_reference = cosine_mse_reference,
    .batch_denominator = known,
    .needs = TextRows::scored};

}  // namespace attune::losses
