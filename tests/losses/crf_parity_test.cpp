// The CRF equals pytorch-crf's: likelihoods, and gradients by emissions, transitions and ends. What is masked there is
// no word of the sentence here. A hole in the mask is where the two part: there the score of the tags goes over the
// hole and the sum over all tags does not, so what comes out is no likelihood (the sentence without the word costs 6.34
// by counting every way, there 5.83).
#include "tests/losses/parity.h"

namespace attune {
namespace {

using test::flat;

void append(std::vector<double>& to, const std::vector<double>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

TEST(CrfParity, EqualsPytorchCrf) {
  const test::json all = test::golden("torchcrf");
  int compared = 0;
  for (const auto& [name, row] : all["cases"].items()) {
    SCOPED_TRACE(name);
    const auto k = static_cast<int64_t>(row["start_transitions"].size());
    losses::Batch batch{.columns = k, .logits = {}, .targets = {}, .own = flat(row["transitions"])};
    append(batch.own, flat(row["start_transitions"]));
    append(batch.own, flat(row["end_transitions"]));
    batch.targets.sequences = {0};
    std::vector<double> want_items, want_gradient, want_own;
    for (size_t s = 0; s < row["mask"].size(); ++s) {
      for (size_t t = 0; t < row["mask"][s].size(); ++t) {
        if (row["mask"][s][t].get<int>() == 0) continue;
        append(batch.logits, flat(row["emissions"][s][t]));
        batch.targets.classes.push_back(row["tags"][s][t].get<int32_t>());
        for (const double d : flat(row["d_emissions"][s][t])) want_gradient.push_back(-d);
      }
      batch.targets.sequences.push_back(static_cast<int32_t>(batch.targets.classes.size()));
      want_items.push_back(-row["none"][s].get<double>());
    }
    for (const char* part : {"d_transitions", "d_start_transitions", "d_end_transitions"})
      for (const double d : flat(row[part])) want_own.push_back(-d);

    const auto loss = losses::make_loss("crf", test::kClasses, {.labels = k, .sequences = true});
    const losses::Outcome got = losses::try_loss(*loss, batch, losses::Precision::f64);
    const auto near = [](const std::vector<double>& a, const std::vector<double>& b, const char* what) {
      ASSERT_EQ(a.size(), b.size()) << what;
      for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-12) << what << " " << i;
    };
    if (name == "a_hole") {
      EXPECT_NEAR(got.items[0], want_items[0], 1e-12) << "the sentence without a hole";
      EXPECT_GT(std::abs(got.items[1] - want_items[1]), 0.1);
      EXPECT_NEAR(got.items[1], 6.340344297122813, 1e-12);
      ++compared;
      continue;
    }
    near(got.items, want_items, "item");
    near(got.d_logits, want_gradient, "emission");
    near(got.d_own, want_own, "own parameter");
    // Their token mean is ours.
    EXPECT_NEAR(got.sum / got.denominator, -row["token_mean"].get<double>(), 1e-12);
    ++compared;
  }
  EXPECT_EQ(compared, 3);
}

}  // namespace
}  // namespace attune
