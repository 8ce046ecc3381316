#include "attune/losses/embeddings/supcon.h"

#include "attune/losses/embeddings/gram.h"
#include "attune/losses/embeddings/rows.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

class SupCon final : public Loss {
 public:
  SupCon(const SupConOptions& own, const NoOptions&, const LossFacts&) : temperature_(own.temperature) {}
  std::string name() const override { return "supcon"; }
  bool depends_on_batch() const override { return true; }

  double denominator(const Targets& targets) const override {
    const std::vector<int32_t> classes = classes_that_count(targets);
    return weighed_items(targets, [&](int64_t i) { return others_of_class(classes, static_cast<size_t>(i)) > 0; });
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const Targets& targets = input.targets;
    const int64_t m = texts_of(targets);
    ATTUNE_CHECK(m == targets.items(), "{} texts for {} classes", m, targets.items());
    const Tensor s = all_with_all(context, input.features, m, Measure::cosine);
    const std::vector<double> scores = rows_on_host(context, s, m);
    const std::vector<int32_t> classes = classes_that_count(targets);
    ItemsOfGroups out{.items = std::vector<double>(classes.size()),
                      .item_of_row = std::vector<int32_t>(classes.size()),
                      .d_rows = std::vector<double>(context.records(s) ? scores.size() : 0)};
    for (size_t i = 0; i < classes.size(); ++i) {
      out.item_of_row[i] = static_cast<int32_t>(i);
      const std::span<double> all(out.d_rows);
      out.items[i] = cost(classes, i, std::span(scores).subspan(i * classes.size(), classes.size()),
                          all.empty() ? all : all.subspan(i * classes.size(), classes.size()));
    }
    return row_term(context, targets, put_group_items(context, "supcon", s, out), denominator(targets));
  }

 private:
  // Of item i with its row of cosines; writes the gradient by them, if it is asked for.
  double cost(std::span<const int32_t> classes, size_t i, std::span<const double> scores,
              std::span<double> gradient) const {
    const auto positives = static_cast<double>(others_of_class(classes, i));
    if (positives == 0) return 0;
    std::vector<double> z;
    double own = 0;
    for (size_t a = 0; a < classes.size(); ++a) {
      if (a == i || classes[a] == kIgnored) continue;
      z.push_back(scores[a] / temperature_);
      if (classes[a] == classes[i]) own += z.back() / positives;
    }
    const double all = log_sum_exp(z);
    for (size_t a = 0; !gradient.empty() && a < classes.size(); ++a)
      if (a != i && classes[a] != kIgnored)
        gradient[a] =
            (std::exp(scores[a] / temperature_ - all) - (classes[a] == classes[i] ? 1 / positives : 0)) / temperature_;
    return all - own;
  }

  double temperature_;
};

// Whether j is another of i's class.
bool partners(const NaiveBatch& batch, size_t i, size_t j) {
  return i != j && !batch.ignored[j] && batch.u[j] > 0 && batch.items[i].y == batch.items[j].y;
}

long double supcon_reference(const NaiveBatch& batch) {
  long double total = 0;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    if (batch.ignored[i] || batch.u[i] == 0) continue;
    const auto e = [&](size_t j) { return std::exp(batch.cosine(i, j) / batch.items[i].option("temperature")); };
    long double below = 0, sum = 0, count = 0;
    for (size_t a = 0; a < batch.items.size(); ++a)
      if (a != i && !batch.ignored[a] && batch.u[a] > 0) below += e(a);
    for (size_t p = 0; p < batch.items.size(); ++p)
      if (partners(batch, i, p)) sum += std::log(e(p) / below), ++count;
    if (count > 0) total -= batch.u[i] * sum / count;
  }
  return total;
}

long double items_with_partners(const NaiveBatch& batch) {
  long double total = 0;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    bool any = false;
    for (size_t p = 0; p < batch.items.size(); ++p) any = any || (!batch.ignored[i] && partners(batch, i, p));
    if (any) total += batch.u[i];
  }
  return total;
}

}  // namespace

void SupConOptions::visit(OptionList& list) {
  list.add("temperature", temperature, {.help = "T: cosines are divided by it", .min = 1e-3, .max = 100});
}

const LossEntry kSupCon{
    .name = "supcon",
    .fits = TargetKind::embeddings,
    .summary = "texts of a class near each other, away from the rest of the batch; also beside a loss of classes",
    .formula =
        "-1/|P| sum_{p in P} log( exp(s(i, p)/T) / sum_{a != i} exp(s(i, a)/T) )   P: others of i's class; s the "
        "cosine",
    .denominator = "items with another of their class in the batch",
    .source =
        "Khosla et al. 2020, arXiv 2004.11362, eq. 2 (L_out); T 0.1 is the paper's; in fine-tuning Gunel et al. "
        "2021, arXiv 2011.01403",
    .notes =
        "Depends on the batch. A class that stands in it once teaches nothing: "
        "batches should hold several texts of a class. Without the factor T/T_base of the authors' code.",
    .maker = maker_of<SupCon, SupConOptions, NoOptions>,
    .batch_reference = supcon_reference,
    .batch_denominator = items_with_partners,
    .needs = TextRows::labelled};

}  // namespace attune::losses
