#include "attune/losses/embeddings/distill_hidden.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/embeddings/gram.h"
#include "attune/losses/embeddings/rows.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// Of each text the item that it counts for; -1: it does not. `words`: items are words, and sequences their sentences.
std::vector<int32_t> texts_that_count(const Targets& targets, bool words) {
  std::vector<int32_t> item_of(static_cast<size_t>(words ? targets.items() : texts_of(targets)), -1);
  if (targets.teacher_hidden.empty()) return item_of;
  const size_t width = targets.teacher_hidden.size() / item_of.size();
  for (int64_t i = 0; i < targets.items(); ++i) {
    const bool ignored = !targets.classes.empty() && targets.classes[static_cast<size_t>(i)] == kIgnored;
    if (ignored || targets.weight(i) == 0) continue;
    const auto own = static_cast<size_t>(i);
    const TextSpan texts = words ? TextSpan{own, own + 1} : texts_of(targets, i);
    for (size_t r = texts.first; r < texts.last; ++r)
      if (!std::isnan(targets.teacher_hidden[r * width])) item_of[r] = static_cast<int32_t>(i);
  }
  return item_of;
}

int64_t count_of(const std::vector<int32_t>& item_of) {
  return std::ssize(item_of) - std::count(item_of.begin(), item_of.end(), -1);
}

class DistillHidden final : public Loss {
 public:
  DistillHidden(const NoOptions&, const NoOptions&, const LossFacts& facts) : words_(facts.sequences) {}
  std::string name() const override { return "distill_hidden"; }
  bool depends_on_batch() const override { return true; }

  double denominator(const Targets& targets) const override {
    const std::vector<int32_t> item_of = texts_that_count(targets, words_);
    double sum = 0;
    if (count_of(item_of) < 2) return 0;
    for (const int32_t i : item_of) sum += i < 0 ? 0 : targets.weight(i);
    return sum;
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const Targets& targets = input.targets;
    const std::vector<int32_t> item_of = texts_that_count(targets, words_);
    const size_t m = item_of.size();
    const int64_t count = count_of(item_of);
    const Tensor ours = all_with_all(context, input.features, static_cast<int64_t>(m), Measure::cosine);
    ItemsOfGroups out{.items = std::vector<double>(static_cast<size_t>(targets.items())),
                      .item_of_row = item_of,
                      .d_rows = std::vector<double>(context.records(ours) ? m * m : 0)};
    if (count > 1) {
      const std::vector<double> cosines = rows_on_host(context, ours, static_cast<int64_t>(m));
      const std::vector<double> theirs = teachers_cosines(context, targets, m);
      const double share = 1 / static_cast<double>(count - 1);
      for (size_t r = 0; r < m; ++r)
        for (size_t s = 0; s < m; ++s) {
          if (r == s || item_of[r] < 0 || item_of[s] < 0) continue;
          const double off = cosines[r * m + s] - theirs[r * m + s];
          out.items[static_cast<size_t>(item_of[r])] += share * off * off;
          if (!out.d_rows.empty()) out.d_rows[r * m + s] = share * 2 * off;
        }
    }
    return row_term(context, targets, put_group_items(context, "distill_hidden", ours, out), denominator(targets));
  }

 private:
  static std::vector<double> teachers_cosines(Context& context, const Targets& targets, size_t m) {
    std::vector<double> states(targets.teacher_hidden.begin(), targets.teacher_hidden.end());
    for (double& each : states)
      if (std::isnan(each)) each = 0;
    const auto width = static_cast<int64_t>(states.size() / m);
    const auto rows = static_cast<int64_t>(m);
    return rows_on_host(context,
                        all_with_all(context, tensor_of(context, {rows, width}, states), rows, Measure::cosine), rows);
  }

  bool words_;
};

// The item of each text that counts, by definition.
std::vector<int64_t> owners(const NaiveBatch& batch) {
  std::vector<int64_t> owner(batch.vectors.size(), -1);
  for (size_t i = 0; i < batch.items.size(); ++i)
    for (size_t r = batch.sequences[i]; r < batch.sequences[i + 1]; ++r)
      if (!batch.ignored[i] && batch.u[i] > 0 && !batch.teacher_vectors.empty() &&
          !std::isnan(batch.teacher_vectors[r][0]))
        owner[r] = static_cast<int64_t>(i);
  return owner;
}

long double distill_hidden_reference(const NaiveBatch& batch) {
  const std::vector<int64_t> owner = owners(batch);
  const auto cosine = [](const std::vector<long double>& a, const std::vector<long double>& b) {
    long double ab = 0, aa = 0, bb = 0;
    for (size_t c = 0; c < a.size(); ++c) ab += a[c] * b[c], aa += a[c] * a[c], bb += b[c] * b[c];
    return aa > 0 && bb > 0 ? ab / (std::sqrt(aa) * std::sqrt(bb)) : 0;
  };
  long double total = 0;
  for (size_t r = 0; r < owner.size(); ++r) {
    long double sum = 0, others = 0;
    for (size_t s = 0; s < owner.size(); ++s) {
      if (owner[r] < 0 || owner[s] < 0 || r == s) continue;
      const long double off = batch.cosine(r, s) - cosine(batch.teacher_vectors[r], batch.teacher_vectors[s]);
      sum += off * off, others += 1;
    }
    if (others > 0) total += batch.u[static_cast<size_t>(owner[r])] * sum / others;
  }
  return total;
}

long double texts_in_company(const NaiveBatch& batch) {
  const std::vector<int64_t> owner = owners(batch);
  long double total = 0, count = 0;
  for (const int64_t i : owner)
    if (i >= 0) total += batch.u[static_cast<size_t>(i)], count += 1;
  return count > 1 ? total : 0;
}

}  // namespace

const LossEntry kDistillHidden{
    .name = "distill_hidden",
    .fits = TargetKind::embeddings,
    .summary = "texts lie to each other as in a teacher (--teacher FOLDER); beside the loss of any task",
    .formula =
        "sum over its texts r of mean over other texts s of (cos(h[r], h[s]) - cos(t[r], t[s]))^2   h: what the last "
        "layer reads; t: the teacher's",
    .denominator = "texts that the teacher has read and that have company",
    .source =
        "Tung & Mori 2019, arXiv 1907.09682, eq. 2-4, with the states' own norms; Park et al. 2019, arXiv 1904.05068, "
        "sec. 3.2",
    .notes =
        "Depends on the batch. The teacher may be of any width. Squares of cosines are small: give it a large weight, "
        "as "
        "in cross_entropy + 10*distill_hidden. Evaluations have no teacher: it counts for nothing there.",
    .maker = maker_of<DistillHidden, NoOptions, NoOptions>,
    .batch_reference = distill_hidden_reference,
    .batch_denominator = texts_in_company,
    .reads_teacher = Teacher::hidden,
    .beside_any = true};

}  // namespace attune::losses
