// A loss that remembers training rows (early_learning), through the code that takes steps and keeps checkpoints: dry
// passes, evaluations and failed steps leave its memory alone, splits and orders change nothing, and a resumed run goes
// on with the same bits.
#include "attune/train/checkpoint.h"
#include "attune/train/train_step.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/train/golden_bert.h"

namespace attune {
namespace {

using Rows = std::vector<std::vector<int>>;

class TinyRun : public test::GoldenBert {
 public:
  explicit TinyRun(test::DType compute = test::DType::f32) : GoldenBert(test::kVariants[0], compute, 0.1F) {
    loss = losses::make_objective("0.5*early_learning + 0.5*cross_entropy", losses::TargetKind::classes,
                                  {.labels = outputs_, .items = 5});
    optimizer = optim::make_optimizer(model_->parameters(), {});
  }
  std::vector<tasks::Batch> micro(const Rows& rows) const {
    std::vector<tasks::Batch> micro;
    for (const auto& some : rows) {
      micro.push_back(batch(some, "cross_entropy"));
      micro.back().targets.examples.assign(some.begin(), some.end());
    }
    return micro;
  }
  train::StepReport step(int64_t number, const Rows& rows, double rate = 1e-3) {
    train::TrainStep step(*model_, loss, *optimizer, *kernels_,
                          {.peak_rate = rate, .seed = 3, .schedule = {.total = 100}});
    return step.run(micro(rows), number);
  }
  void rehearse(const Rows& rows) {
    train::TrainStep step(*model_, loss, *optimizer, *kernels_, {.seed = 3, .schedule = {.total = 100}});
    step.rehearse(micro(rows), 0);
  }
  const std::vector<float>& memory() const { return loss.states()[0].second->values(); }
  std::vector<float> weights() {
    std::vector<float> all;
    for (const auto& p : model_->parameters().all())
      all.insert(all.end(), p->value.as<float>(), p->value.as<float>() + p->shape.count());
    return all;
  }
  nn::Parameters& parameters() { return model_->parameters(); }
  models::Model& model() { return *model_; }

  losses::Objective loss;
  std::unique_ptr<optim::Optimizer> optimizer;
};

TEST(LossState, IsWrittenAfterAStepAndByNothingElse) {
  TinyRun run;
  run.rehearse({{0, 1, 2}});
  EXPECT_EQ(run.memory(), std::vector<float>(15)) << "room for all rows, and nothing in it";
  run.step(0, {{0, 1}, {3}});
  const std::vector<float> once = run.memory();
  double sum = 0;
  for (size_t c = 0; c < 3; ++c) {
    sum += static_cast<double>(once[c]);
    EXPECT_EQ(once[6 + c], 0) << "row 2 was not there";
  }
  EXPECT_NEAR(sum, 0.3, 1e-6) << "1 - beta of a distribution";

  run.rehearse({{0, 1, 2}});
  EXPECT_EQ(run.memory(), once);
  nn::Parameter* bias = run.parameters().find("classifier.bias");
  bias->value.as<float>()[0] = std::nanf("");
  EXPECT_ERROR(ErrorKind::numeric, run.step(1, {{0, 1, 2}}), "weights were left as they were");
  EXPECT_EQ(run.memory(), once) << "a step that failed";
  bias->value.as<float>()[0] = 0;
  run.step(1, {{2}});
  std::vector<float> others = run.memory();
  EXPECT_NE(others[6], 0);
  std::copy_n(once.begin() + 6, 3, others.begin() + 6);
  EXPECT_EQ(others, once) << "what was noted in the failed step is forgotten";
}

// In f64, where rounding is far below what a wrong order would show.
TEST(LossState, OrdersAndSplitsChangeNothing) {
  const auto trained = [](const Rows& rows) {
    TinyRun run(test::DType::f64);
    std::vector<double> outcome;
    for (int64_t step = 0; step < 3; ++step) outcome.push_back(run.step(step, rows).loss);
    for (const float t : run.memory()) outcome.push_back(static_cast<double>(t));
    return outcome;
  };
  const std::vector<double> whole = trained({{0, 1, 2, 3, 4}});
  for (const Rows& rows : {Rows{{0, 1}, {2}, {3, 4}}, Rows{{3, 4}, {2}, {0, 1}}, Rows{{4, 3, 2, 1, 0}}}) {
    const std::vector<double> split = trained(rows);
    for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(split[i], whole[i], 1e-6) << i;
  }
}

TEST(LossState, ResumesToTheSameBits) {
  const test::TempFolder folder;
  const Rows first{{0, 1}, {2}}, then{{3, 0}, {4}};
  TinyRun straight;
  straight.step(0, first), straight.step(1, then);
  train::save_checkpoint(folder.path(), straight.model(), straight.optimizer.get(), straight.loss, {.step = 2}, {}, 1);
  straight.step(2, first), straight.step(3, then);

  TinyRun resumed;
  train::load_checkpoint(*train::newest_checkpoint(folder.path()), resumed.model(), *resumed.optimizer, resumed.loss,
                         {});
  EXPECT_NE(resumed.memory(), straight.memory());
  resumed.step(2, first), resumed.step(3, then);
  EXPECT_EQ(resumed.memory(), straight.memory());
  EXPECT_EQ(resumed.weights(), straight.weights());
}

}  // namespace
}  // namespace attune
