#include "attune/losses/embeddings/triplet.h"

#include "attune/losses/embeddings/distance.h"
#include "attune/losses/embeddings/rows.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

class Triplet final : public Loss {
 public:
  Triplet(const TripletOptions& own, const NoOptions&, const LossFacts& facts)
      : distance_(distance_named(own.distance)), margin_(own.margin) {
    if (facts.texts == TextRows::pairs && !facts.negatives)
      fail(ErrorKind::usage,
           "rows need a third text that does not belong to the first (a column of negatives), and these have two; "
           "info_nce takes the other rows' texts in its place");
  }
  std::string name() const override { return "triplet"; }

  double denominator(const Targets& targets) const override {
    return weighed_items(targets, [&](int64_t i) { return texts_of(targets, i).size() > 2; });
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const Targets& targets = input.targets;
    const TextVectors vectors(context, input.features, texts_of(targets));
    const bool wanted = context.records(input.features);
    ItemsOfGroups out{.items = std::vector<double>(static_cast<size_t>(targets.items())),
                      .item_of_row = std::vector<int32_t>(vectors.size()),
                      .d_rows = std::vector<double>(wanted ? vectors.size() * vectors.width() : 0)};
    for (int64_t i = 0; i < targets.items(); ++i) {
      const TextSpan texts = texts_of(targets, i);
      std::fill(out.item_of_row.begin() + static_cast<std::ptrdiff_t>(texts.first),
                out.item_of_row.begin() + static_cast<std::ptrdiff_t>(texts.last), static_cast<int32_t>(i));
      out.items[static_cast<size_t>(i)] = cost(vectors, texts, out.d_rows);
    }
    return row_term(context, targets, put_group_items(context, "triplet", input.features, out), denominator(targets));
  }

 private:
  double cost(const TextVectors& vectors, const TextSpan& texts, std::span<double> d) const {
    const size_t anchor = texts.first, positive = anchor + 1;
    const double share = 1 / (static_cast<double>(texts.size()) - 2);
    double sum = 0;
    for (size_t negative = anchor + 2; negative < texts.last; ++negative) {
      const double off =
          vectors.distance(distance_, anchor, positive) - vectors.distance(distance_, anchor, negative) + margin_;
      if (off <= 0) continue;
      sum += share * off;
      if (d.empty()) continue;
      vectors.add_distance_slope(distance_, anchor, positive, share, d);
      vectors.add_distance_slope(distance_, anchor, negative, -share, d);
    }
    return sum;
  }

  Distance distance_;
  double margin_;
};

long double triplet_reference(const NaiveBatch& batch) {
  long double total = 0;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    const auto& told = batch.items[i];
    const size_t a = batch.sequences[i], negatives = batch.sequences[i + 1] - a - 2;
    for (size_t n = 0; n < negatives; ++n) {
      const auto to = [&](size_t text) { return naive_distance(batch, told.text("distance"), a, text); };
      total += batch.u[i] * std::max(0.0L, to(a + 1) - to(a + 2 + n) + told.option("margin")) /
               static_cast<long double>(negatives);
    }
  }
  return total;
}

long double rows_with_negatives(const NaiveBatch& batch) {
  long double total = 0;
  for (size_t i = 0; i < batch.items.size(); ++i)
    total += batch.sequences[i + 1] - batch.sequences[i] > 2 ? batch.u[i] : 0;
  return total;
}

}  // namespace

void TripletOptions::visit(OptionList& list) {
  add_distance_option(list, distance);
  list.add("margin", margin, {.help = "by how much nearer the positive is to be", .min = 0, .max = 1e3});
}

const LossEntry kTriplet{
    .name = "triplet",
    .fits = TargetKind::embeddings,
    .summary = "the positive nearer to the anchor than the row's own negatives, by a margin",
    .formula = "mean over n of max(0, d(a, p) - d(a, n) + margin)   n: the row's negatives; d = 1 - cos",
    .denominator = "rows with negatives",
    .source =
        "Schroff et al. 2015, arXiv 1503.03832, section 3.1; margin 0.2 is theirs (there of squared chords, twice 1 - "
        "cos)",
    .notes =
        "Rows need a column of negatives. Euclidean distances want a margin of their own size "
        "(sentence-transformers: 5). Once every margin is kept nothing is learned: hard negatives matter.",
    .maker = maker_of<Triplet, TripletOptions, NoOptions>,
    .batch_reference = triplet_reference,
    .batch_denominator = rows_with_negatives,
    .needs = TextRows::pairs};

}  // namespace attune::losses
