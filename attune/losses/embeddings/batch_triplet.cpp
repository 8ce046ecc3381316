#include "attune/losses/embeddings/batch_triplet.h"

#include <algorithm>

#include "attune/losses/embeddings/distance.h"
#include "attune/losses/embeddings/rows.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

struct Sides {
  std::vector<size_t> positives, negatives;
  bool both() const { return !positives.empty() && !negatives.empty(); }
};

Sides sides_of(std::span<const int32_t> classes, size_t i) {
  Sides sides;
  for (size_t j = 0; j < classes.size() && classes[i] != kIgnored; ++j)
    if (j != i && classes[j] != kIgnored) (classes[j] == classes[i] ? sides.positives : sides.negatives).push_back(j);
  return sides;
}

class BatchTriplet final : public Loss {
 public:
  BatchTriplet(const BatchTripletOptions& own, const NoOptions&, const LossFacts&)
      : own_(own), distance_(distance_named(own.distance)) {}
  std::string name() const override { return "batch_triplet"; }
  bool depends_on_batch() const override { return true; }

  double denominator(const Targets& targets) const override {
    const std::vector<int32_t> classes = classes_that_count(targets);
    return weighed_items(targets, [&](int64_t i) { return sides_of(classes, static_cast<size_t>(i)).both(); });
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const Targets& targets = input.targets;
    const int64_t m = texts_of(targets);
    ATTUNE_CHECK(m == targets.items(), "{} texts for {} classes", m, targets.items());
    const Tensor measured = all_with_all(context, input.features, m, measure());
    std::vector<double> d = rows_on_host(context, measured, m);
    for (double& each : d) each = distance_ == Distance::cosine ? 1 - each : std::sqrt(each);
    const std::vector<int32_t> classes = classes_that_count(targets);
    const size_t n = classes.size();
    ItemsOfGroups out{.items = std::vector<double>(n),
                      .item_of_row = std::vector<int32_t>(n),
                      .d_rows = std::vector<double>(context.records(measured) ? d.size() : 0)};
    for (size_t i = 0; i < n; ++i) {
      out.item_of_row[i] = static_cast<int32_t>(i);
      const std::span<double> all(out.d_rows);
      out.items[i] =
          cost(sides_of(classes, i), std::span(d).subspan(i * n, n), all.empty() ? all : all.subspan(i * n, n));
    }
    return row_term(context, targets, put_group_items(context, "batch_triplet", measured, out), denominator(targets));
  }

 private:
  Measure measure() const {
    return distance_ == Distance::cosine  ? Measure::cosine
           : distance_ == Distance::chord ? Measure::chord
                                          : Measure::euclidean;
  }

  // Of an anchor with its distances d; writes the gradient by what they were measured from, if it is asked for.
  double cost(const Sides& sides, std::span<const double> d, std::span<double> gradient) const {
    if (!sides.both()) return 0;
    const auto nearer = [&](size_t a, size_t b) { return d[a] < d[b]; };
    const auto nearest = [&](const std::vector<size_t>& of) { return *std::min_element(of.begin(), of.end(), nearer); };
    const auto farthest = [&](const std::vector<size_t>& of) {
      return *std::max_element(of.begin(), of.end(), nearer);
    };
    if (own_.mining == "hard") return hinge(farthest(sides.positives), nearest(sides.negatives), 1, d, gradient);
    double sum = 0;
    const auto positives = static_cast<double>(sides.positives.size());
    for (const size_t p : sides.positives) {
      std::vector<size_t> chosen = sides.negatives;
      if (own_.mining == "semihard") {
        std::erase_if(chosen, [&](size_t n) { return d[n] <= d[p]; });
        chosen = {chosen.empty() ? farthest(sides.negatives) : nearest(chosen)};
      }
      const double share = 1 / (positives * static_cast<double>(chosen.size()));
      for (const size_t n : chosen) sum += hinge(p, n, share, d, gradient);
    }
    return sum;
  }

  double hinge(size_t p, size_t n, double share, std::span<const double> d, std::span<double> gradient) const {
    const double off = d[p] - d[n] + own_.margin;
    if (off <= 0) return 0;
    if (!gradient.empty()) gradient[p] += share * slope(d[p]), gradient[n] -= share * slope(d[n]);
    return share * off;
  }

  // Of the distance, by the cosine or the squared distance.
  double slope(double d) const {
    if (distance_ == Distance::cosine) return -1;
    return d > 0 ? 1 / (2 * d) : 0;
  }

  BatchTripletOptions own_;
  Distance distance_;
};

// What an item of `batch` costs; below 0 where it does not count.
long double naive_item(const NaiveBatch& batch, size_t i) {
  const auto counts = [&](size_t j) { return !batch.ignored[j] && batch.u[j] > 0; };
  const auto& told = batch.items[i];
  std::vector<long double> near, far;  // distances of positives and of negatives
  for (size_t j = 0; j < batch.items.size(); ++j)
    if (i != j && counts(i) && counts(j))
      (batch.items[j].y == told.y ? near : far).push_back(naive_distance(batch, told.text("distance"), i, j));
  if (near.empty() || far.empty()) return -1;
  std::sort(near.begin(), near.end()), std::sort(far.begin(), far.end());
  const auto hinge = [&](long double p, long double n) { return std::max(0.0L, p - n + told.option("margin")); };
  if (told.text("mining") == "hard") return hinge(near.back(), far.front());
  long double sum = 0, count = 0;
  for (const long double p : near) {
    if (told.text("mining") == "semihard") {
      const auto outside = std::upper_bound(far.begin(), far.end(), p);
      sum += hinge(p, outside == far.end() ? far.back() : *outside), ++count;
      continue;
    }
    for (const long double n : far) sum += hinge(p, n), ++count;
  }
  return sum / count;
}

long double batch_triplet_reference(const NaiveBatch& batch) {
  long double total = 0;
  for (size_t i = 0; i < batch.items.size(); ++i) total += batch.u[i] * std::max(0.0L, naive_item(batch, i));
  return total;
}

long double items_that_count(const NaiveBatch& batch) {
  long double total = 0;
  for (size_t i = 0; i < batch.items.size(); ++i) total += naive_item(batch, i) >= 0 ? batch.u[i] : 0;
  return total;
}

}  // namespace

void BatchTripletOptions::visit(OptionList& list) {
  list.add("mining", mining,
           {.help = "which triplets of the batch: the hardest of each anchor, for each positive the nearest negative "
                    "beyond it, or all",
            .choices = {"hard", "semihard", "all"}});
  add_distance_option(list, distance);
  list.add("margin", margin, {.help = "by how much nearer a positive is to be", .min = 0, .max = 1e3});
}

const LossEntry kBatchTriplet{
    .name = "batch_triplet",
    .fits = TargetKind::embeddings,
    .summary = "texts of a class nearer than others by a margin: triplets mined from the batch's classes",
    .formula = "max(0, max_p d(i, p) - min_n d(i, n) + margin)   p: others of i's class, n: the rest; d = 1 - cos",
    .denominator = "items with a positive and a negative in the batch",
    .source =
        "Hermans et al. 2017, arXiv 1703.07737, eq. 5 (hard), 6 (all, a sum there); semihard: Schroff et al. 2015, "
        "arXiv 1503.03832, section 3.2",
    .notes =
        "Depends on the batch. Batches should hold several texts of a class. hard "
        "can draw all texts to one point: the loss then stays at the margin; try semihard or all.",
    .maker = maker_of<BatchTriplet, BatchTripletOptions, NoOptions>,
    .batch_reference = batch_triplet_reference,
    .batch_denominator = items_that_count,
    .needs = TextRows::labelled};

}  // namespace attune::losses
