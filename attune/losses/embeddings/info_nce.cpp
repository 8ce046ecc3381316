#include "attune/losses/embeddings/info_nce.h"

#include "attune/losses/embeddings/gram.h"
#include "attune/losses/embeddings/rows.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// What a text is to the batch.
struct Candidate {
  size_t text;   // row of the features
  int64_t row;   // whose text it is
  bool partner;  // the row's anchor or positive; else one of its negatives
};

class InfoNce final : public Loss {
 public:
  InfoNce(const InfoNceOptions& own, const NoOptions&, const LossFacts&) : own_(own) {}
  std::string name() const override { return "info_nce"; }
  bool depends_on_batch() const override { return true; }

  double denominator(const Targets& targets) const override {
    return weighed_items(targets, [](int64_t) { return true; });
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const Targets& targets = input.targets;
    const int64_t m = texts_of(targets);
    const Measure measure = own_.similarity == "dot" ? Measure::dot : Measure::cosine;
    const Tensor s = all_with_all(context, input.features, m, measure);
    const std::vector<double> scores = rows_on_host(context, s, m);
    ItemsOfGroups out{.items = std::vector<double>(static_cast<size_t>(targets.items())),
                      .item_of_row = std::vector<int32_t>(static_cast<size_t>(m), -1),
                      .d_rows = std::vector<double>(context.records(s) ? scores.size() : 0)};
    const std::vector<Candidate> others = candidates(targets, false), anchors = candidates(targets, true);
    for (int64_t i = 0; i < targets.items(); ++i) {
      if (targets.weight(i) == 0) continue;
      add_direction(targets, i, others, false, scores, out);
      if (own_.symmetric) add_direction(targets, i, anchors, true, scores, out);
    }
    return row_term(context, targets, put_group_items(context, "info_nce", s, out), denominator(targets));
  }

 private:
  // Anchors, or all other texts of rows that count.
  static std::vector<Candidate> candidates(const Targets& targets, bool anchors) {
    std::vector<Candidate> all;
    for (int64_t i = 0; i < targets.items(); ++i) {
      const TextSpan texts = texts_of(targets, i);
      ATTUNE_CHECK(texts.size() >= 2, "row {} has {} text(s), expected an anchor and a positive", i, texts.size());
      if (targets.weight(i) == 0) continue;
      if (anchors) all.push_back({texts.first, i, true});
      for (size_t t = texts.first + 1; !anchors && t < texts.last; ++t) all.push_back({t, i, t == texts.first + 1});
    }
    return all;
  }

  // Adds the item's cost from one of its two texts (the anchor, or back from the positive) to the other side's.
  void add_direction(const Targets& targets, int64_t i, std::span<const Candidate> candidates, bool back,
                     std::span<const double> scores, ItemsOfGroups& out) const {
    const size_t anchor = texts_of(targets, i).first, from = anchor + (back ? 1 : 0), to = anchor + (back ? 0 : 1);
    const size_t m = out.item_of_row.size();
    const double share = own_.symmetric ? 0.5 : 1, t = own_.temperature;
    std::vector<size_t> among;
    std::vector<double> z;
    for (const Candidate& each : candidates)
      if (each.row == i || !is_false_negative(targets, i, each, back))
        among.push_back(each.text), z.push_back(scores[from * m + each.text] / t);
    const double most = log_sum_exp(z);
    out.items[static_cast<size_t>(i)] += share * (most - scores[from * m + to] / t);
    out.item_of_row[from] = static_cast<int32_t>(i);
    if (out.d_rows.empty()) return;
    for (size_t c = 0; c < among.size(); ++c)
      out.d_rows[from * m + among[c]] += share / t * (std::exp(z[c] - most) - (among[c] == to ? 1 : 0));
  }

  // Whether another row's text belongs to row i as well.
  bool is_false_negative(const Targets& targets, int64_t i, const Candidate& other, bool back) const {
    if (own_.duplicates == "keep" || targets.texts.empty()) return false;
    const std::vector<uint64_t>& id = targets.texts;
    const size_t anchor = texts_of(targets, i).first;
    const uint64_t a = id[anchor], p = id[anchor + 1], it = id[other.text];
    if (it == a || it == p) return true;
    if (!other.partner) return false;
    return back ? id[other.text + 1] == p : id[other.text - 1] == a;
  }

  InfoNceOptions own_;
};

// One direction of row i by definition: over the texts that `may` lets stand.
template <class May>
long double naive_direction(const NaiveBatch& batch, size_t from, size_t to, const May& may) {
  const auto& told = batch.items[0];
  const auto s = [&](size_t other) {
    return (told.text("similarity") == "dot" ? batch.dot(from, other) : batch.cosine(from, other)) /
           told.option("temperature");
  };
  long double sum = 0;
  for (size_t text = 0; text < batch.vectors.size(); ++text)
    if (text == to || may(text)) sum += std::exp(s(text) - s(to));
  return std::log(sum);
}

long double info_nce_reference(const NaiveBatch& batch) {
  if (batch.items.empty()) return 0;
  const bool mask = batch.items[0].text("duplicates") == "mask", symmetric = batch.items[0].text("symmetric") == "true";
  std::vector<size_t> row_of;
  for (size_t i = 0; i < batch.items.size(); ++i)
    for (size_t t = batch.sequences[i]; t < batch.sequences[i + 1]; ++t) row_of.push_back(i);
  const auto place = [&](size_t text) { return text - batch.sequences[row_of[text]]; };
  long double total = 0;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    const size_t a = batch.sequences[i], p = a + 1;
    const auto& id = batch.texts;
    const auto known = [&](size_t text) { return id[text] == id[a] || id[text] == id[p]; };
    const long double there = naive_direction(batch, a, p, [&](size_t text) {
      if (place(text) == 0 || batch.u[row_of[text]] == 0) return false;
      if (row_of[text] == i || !mask) return true;
      return !known(text) && !(place(text) == 1 && id[text - 1] == id[a]);
    });
    const long double back = naive_direction(batch, p, a, [&](size_t text) {
      if (place(text) != 0 || batch.u[row_of[text]] == 0) return false;
      return row_of[text] == i || !mask || (!known(text) && id[text + 1] != id[p]);
    });
    total += batch.u[i] * (symmetric ? (there + back) / 2 : there);
  }
  return total;
}

long double rows_that_count(const NaiveBatch& batch) {
  long double sum = 0;
  for (const long double u : batch.u) sum += u;
  return sum;
}

}  // namespace

void InfoNceOptions::visit(OptionList& list) {
  list.add("temperature", temperature,
           {.help = "T: similarities are divided by it; 0.05 is a scale of 20", .min = 1e-3, .max = 100});
  list.add("symmetric", symmetric, {.help = "also find the anchor from the positive; the mean of both"});
  list.add("similarity", similarity,
           {.help = "the cosine, or the product of the vectors as they are", .choices = {"cosine", "dot"}});
  list.add("duplicates", duplicates,
           {.help = "texts of other rows that are no negatives, for they equal this row's: left out, or kept",
            .choices = {"mask", "keep"}});
}

const LossEntry kInfoNce{
    .name = "info_nce",
    .fits = TargetKind::embeddings,
    .summary = "each text is to find its partner among the texts of the batch; rows may bring negatives of their own",
    .formula = "log sum_c exp(s(a, c)/T) - s(a, p)/T   over the positives and negatives c of the batch; s the cosine",
    .denominator = "rows",
    .source =
        "van den Oord et al. 2018, arXiv 1807.03748, eq. 4; Henderson et al. 2017, arXiv 1705.00652; T 0.05 is the "
        "scale 20 of sentence-transformers' MultipleNegativesRankingLoss",
    .notes =
        "Depends on the batch: in micro-batches by gradient caching, for accumulation would add no negatives. Texts "
        "that a "
        "batch has twice would be false negatives: left out unless duplicates=keep. One row alone costs 0. T = 0.01 "
        "multiplies cosines by 100: a few rows then decide all.",
    .maker = maker_of<InfoNce, InfoNceOptions, NoOptions>,
    .batch_reference = info_nce_reference,
    .batch_denominator = rows_that_count,
    .needs = TextRows::pairs};

}  // namespace attune::losses
