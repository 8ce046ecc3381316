// The last layer made for the rows that the head reads alone: the same bits of logits, and the gradients of the whole.
#include "attune/train/strategy.h"
#include "attune/train/train_step.h"

#include "golden_bert.h"

namespace attune {
namespace {

using models::Model;
using tensor::DType;

struct Kind {
  test::Variant variant;
  DType compute;
};

class LastLayer : public testing::TestWithParam<Kind>, protected test::GoldenBert {
 protected:
  LastLayer() : GoldenBert(GetParam().variant, GetParam().compute, 0.2f) {}

  // All rows of sequences; for a token head the labelled ones are few, and some sequence has none.
  tasks::Batch few_reads() const {
    if (variant_.head == models::HeadKind::sequence) return batch(test::kAllRows, variant_.losses.front());
    tasks::Batch batch;
    batch.clear();
    for (const int r : test::kAllRows) {
      const auto ids = golden_["sequences"][r]["ids"].get<std::vector<int32_t>>();
      const std::vector<uint8_t> segments(ids.size(), 0);
      std::vector<data::LabelPlace> places;
      for (int32_t t = 1; r != 2 && t < static_cast<int32_t>(ids.size()); t += 3) {
        places.push_back({t, t});
        batch.targets.classes.push_back(t % 3);
      }
      batch.add({ids, segments, places, r}, true, 0);
    }
    batch.finish();
    return batch;
  }

  struct Outcome {
    std::vector<float> logits;
    std::vector<std::vector<double>> gradients;
    bool all_rows = false;
  };
  Outcome run(Model::Hidden hidden) {
    const tasks::Batch rows = few_reads();
    tensor::Arena arena;
    autograd::Tape tape(arena, *kernels_);
    model_->parameters().begin_step();
    model_->parameters().attach(tape);
    autograd::Context context{.kernels = *kernels_,
                              .arena = arena,
                              .tape = &tape,
                              .compute = compute_,
                              .training = true,
                              .random = {.seed = 3, .step = 5}};
    const auto output = model_->forward(context, rows.rows, rows.head(), hidden);
    const auto term =
        loss(variant_.losses.front())->evaluate(context, {.logits = output.logits, .targets = rows.targets});
    losses::seed_backward(context, term, 1 / term.denominator);
    tape.backward();
    Outcome outcome;
    const float* z = output.logits.as<float>();
    outcome.logits.assign(z, z + rows.read_count * output.logits.cols());
    outcome.all_rows = output.hidden.defined();
    for_each_tensor(
        true, [&](const std::string&, const std::vector<double>& gradient) { outcome.gradients.push_back(gradient); });
    return outcome;
  }
};

TEST_P(LastLayer, ReadRowsAloneOrAmongAll) {
  const Outcome few = run(Model::Hidden::read_rows), all = run(Model::Hidden::all_rows);
  EXPECT_FALSE(few.all_rows);
  EXPECT_TRUE(all.all_rows);
  EXPECT_EQ(few.logits, all.logits);
  ASSERT_EQ(few.gradients.size(), all.gradients.size());
  // Weight gradients of the last layer are summed over other rows; in bf16 the sums are rounded before they go down.
  const double tolerance = compute_ == DType::bf16 ? 2e-2 : 1e-5;
  for (size_t i = 0; i < few.gradients.size(); ++i) {
    const auto& want = all.gradients[i];
    EXPECT_LE(distance(few.gradients[i], {want.begin(), want.end()}), tolerance * (norm(want) + 1e-4)) << i;
  }
}

std::vector<Kind> kinds() {
  std::vector<Kind> kinds;
  for (const auto& variant : test::kVariants)
    for (const DType compute : {DType::f32, DType::bf16}) kinds.push_back({variant, compute});
  return kinds;
}
INSTANTIATE_TEST_SUITE_P(Variants, LastLayer, testing::ValuesIn(kinds()), [](const auto& test) {
  return std::string(test.param.variant.folder) + "_" + tensor::name(test.param.compute);
});

}  // namespace
}  // namespace attune
