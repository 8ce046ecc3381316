#include "attune/losses/embeddings/cosent.h"

#include <algorithm>

#include "attune/losses/embeddings/distance.h"
#include "attune/losses/embeddings/rows.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// A row that counts.
struct Scored {
  size_t text;  // the first of the two
  double y, log_u;
  double cosine = 0, slope = 0;  // slope: d item / d cosine
};

std::vector<Scored> rows_that_count(const Targets& targets) {
  std::vector<Scored> rows;
  for (size_t i = 0; i < static_cast<size_t>(targets.items()); ++i) {
    const auto y = static_cast<double>(targets.values[i]);
    const double u = targets.weight(static_cast<int64_t>(i));
    if (!std::isnan(y) && u > 0) rows.push_back({two_texts(targets, i), y, std::log(u)});
  }
  return rows;
}

class Cosent final : public Loss {
 public:
  Cosent(const CosentOptions& own, const NoOptions&, const LossFacts&) : temperature_(own.temperature) {}
  std::string name() const override { return "cosent"; }
  bool depends_on_batch() const override { return true; }
  // One item of all rows.
  std::vector<int32_t> first_items(const Targets& targets) const override {
    return std::vector<int32_t>(targets.items() > 0 ? 1 : 0, 0);
  }

  double denominator(const Targets& targets) const override {
    const std::vector<Scored> rows = rows_that_count(targets);
    return std::any_of(rows.begin(), rows.end(), [&](const Scored& row) { return row.y != rows[0].y; }) ? 1 : 0;
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const Targets& targets = input.targets;
    const TextVectors vectors(context, input.features, texts_of(targets));
    const bool wanted = context.records(input.features);
    std::vector<Scored> rows = rows_that_count(targets);
    for (Scored& row : rows) row.cosine = vectors.cosine(row.text, row.text + 1);
    ItemsOfGroups out{.items = {cost(rows)},
                      .item_of_row = std::vector<int32_t>(vectors.size(), 0),
                      .d_rows = std::vector<double>(wanted ? vectors.size() * vectors.width() : 0)};
    for (const Scored& row : rows)
      if (wanted) vectors.add_cosine_slope(row.text, row.text + 1, row.slope, out.d_rows);
    LossTerm term;
    term.items = put_group_items(context, "cosent", input.features, out);
    term.weights = numbers(context, std::vector{1.0});
    term.sum = weighted_sum(context, term.items, term.weights, 1);
    term.denominator = denominator(targets);
    return term;
  }

 private:
  // The logarithm, and its slopes by the cosines.
  double cost(std::vector<Scored>& rows) const {
    const auto each_pair = [&](const auto& body) {
      for (Scored& i : rows)
        for (Scored& j : rows)
          if (i.y < j.y) body(i, j, (i.cosine - j.cosine) / temperature_ + i.log_u + j.log_u);
    };
    double most = 0, sum = 0;
    each_pair([&](const Scored&, const Scored&, double z) { most = std::max(most, z); });
    each_pair([&](const Scored&, const Scored&, double z) { sum += std::exp(z - most); });
    if (sum == 0) return 0;
    const double item = most + std::log(std::exp(-most) + sum);
    each_pair([&](Scored& i, Scored& j, double z) {
      const double share = std::exp(z - item) / temperature_;
      i.slope += share, j.slope -= share;
    });
    return item;
  }

  double temperature_;
};

long double cosent_reference(const NaiveBatch& batch) {
  long double sum = 1;
  for (size_t i = 0; i < batch.items.size(); ++i)
    for (size_t j = 0; j < batch.items.size(); ++j)
      if (batch.items[i].targets[0] < batch.items[j].targets[0])
        sum += batch.u[i] * batch.u[j] *
               std::exp((batch.cosine(batch.sequences[i], batch.sequences[i] + 1) -
                         batch.cosine(batch.sequences[j], batch.sequences[j] + 1)) /
                        batch.items[i].option("temperature"));
  return std::log(sum);
}

long double any_pair(const NaiveBatch& batch) {
  for (size_t i = 0; i < batch.items.size(); ++i)
    for (size_t j = 0; j < batch.items.size(); ++j)
      if (batch.items[i].targets[0] < batch.items[j].targets[0] && batch.u[i] * batch.u[j] > 0) return 1;
  return 0;
}

}  // namespace

void CosentOptions::visit(OptionList& list) {
  list.add("temperature", temperature,
           {.help = "T: differences of cosines are divided by it; 0.05 is a scale of 20", .min = 1e-3, .max = 100});
}

const LossEntry kCosent{
    .name = "cosent",
    .fits = TargetKind::embeddings,
    .summary = "pairs of texts ordered by their cosines as by their scores",
    .formula = "log(1 + sum over rows i, j with y_i < y_j of exp((cos_i - cos_j)/T))   over the batch",
    .denominator = "1 (0 where all scores of the batch are equal)",
    .source =
        "Su 2022, CoSENT (kexue.fm/archives/8847); Huang et al. 2024, IEEE/ACM TASLP 32; T 0.05 is their scale 20",
    .notes =
        "Depends on the batch. Only the order of scores matters. Values of other "
        "batch sizes do not compare. A batch of equal scores teaches nothing.",
    .maker = maker_of<Cosent, CosentOptions, NoOptions>,
    .batch_reference = cosent_reference,
    .batch_denominator = any_pair,
    .needs = TextRows::scored};

}  // namespace attune::losses
