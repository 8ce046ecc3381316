// How a step is split into micro-batches, and how many rows an evaluation takes at once, changes rounding only: with
// dropout on, because draws are named by row and place, not by the batch. Golden BERT, 37 rows of 1 to 20 pieces.
#include "attune/losses/language/make_objective.h"
#include "attune/train/batches.h"
#include "attune/train/evaluate.h"
#include "attune/train/train_step.h"

#include "golden_bert.h"

namespace attune {
namespace {

using tensor::DType;

constexpr int kRows = 37;  // steps of 16, 16 and 5
constexpr double kRate = 1e-3;

data::Dataset dataset() {
  data::Dataset set;
  set.files = {"rows"};
  for (int row = 0; row < kRows; ++row) {
    data::Example example;
    example.labels = {"label_" + std::to_string(row * row % 3)};
    set.examples.push_back(std::move(example));
  }
  return set;
}

data::EncodedSet sequences() {
  data::EncodedSet set;
  for (int32_t row = 0; row < kRows; ++row) {
    const int32_t length = 1 + row * 7 % 20;
    set.begin_example(length, false);
    for (int32_t t = 0; t < length; ++t)
      set.add_piece(t == 0 ? 3 : 4 + (row * 13 + t * t * 5) % 90, t > length / 2 ? 1 : 0);
    set.end_sequence();
  }
  return set;
}

class SplitRun : protected test::GoldenBert {
 public:
  explicit SplitRun(float dropout) : GoldenBert(test::kVariants[0], DType::f32, dropout) {
    bundle_.loss = losses::make_objective("cross_entropy", losses::TargetKind::classes, {.labels = 3});
    bundle_.task = &tasks::task_named("classify");
    bundle_.labels = data::Labels({"label_0", "label_1", "label_2"});
    data::Dataset rows = dataset();
    tasks::TargetTable targets(*bundle_.task, bundle_.labels, rows, "the model");
    split_ = std::make_unique<train::Split>(train::Split{.name = "train",
                                                         .files = "rows",
                                                         .data = std::move(rows),
                                                         .encoded = sequences(),
                                                         .targets = std::move(targets),
                                                         .corpus = {}});
    bundle_.model = std::move(model_);
  }

  struct Trained {
    std::vector<double> losses, norms;
    std::vector<std::vector<double>> gradients, weights;  // by tensor: the first step's, and after three
    std::vector<std::string> names;
  };
  Trained train(int64_t micro_batch) {
    auto& parameters = bundle_.model->parameters();
    auto optimizer = optim::make_optimizer(parameters, {});
    train::TrainStep step(
        *bundle_.model, bundle_.loss, *optimizer, *kernels_,
        {.peak_rate = kRate, .clip = 1, .seed = 11, .schedule = {.kind = optim::ScheduleKind::constant, .total = 3}});
    train::StepBatches batches(*split_, false, {.batch_size = 16, .micro_batch = micro_batch, .seed = 5});
    Trained trained;
    for (int64_t t = 0; t < 3; ++t) {
      const auto micro = batches.at(t);
      const int64_t rows = batches.rows_of(t);
      EXPECT_EQ(static_cast<int64_t>(micro.size()), (rows + micro_batch - 1) / micro_batch);
      const auto report = step.run(micro, t);
      trained.losses.push_back(report.loss), trained.norms.push_back(report.gradient_norm);
      for (const auto& p : parameters.all())
        if (t == 0) trained.gradients.emplace_back(p->gradient.as<float>(), p->gradient.as<float>() + p->shape.count());
    }
    for (const auto& p : parameters.all()) {
      trained.weights.emplace_back(p->value.as<float>(), p->value.as<float>() + p->shape.count());
      trained.names.push_back(p->name);
    }
    return trained;
  }

  tasks::Evaluation evaluate(int64_t batch_size) {
    return *train::evaluate(bundle_, *kernels_, *split_, {.batch_size = batch_size});
  }

  static double relative(const std::vector<double>& a, const std::vector<double>& b) {
    double off = 0;
    for (size_t i = 0; i < a.size(); ++i) off += (a[i] - b[i]) * (a[i] - b[i]);
    return std::sqrt(off) / norm(b);
  }

 private:
  tasks::ModelBundle bundle_;
  std::unique_ptr<train::Split> split_;
};

// Gradients of key biases are rounding alone, and Adam makes full steps of it (see bert_parity_test.cpp): the middle
// third of query_key_value.bias is left out.
std::vector<double> without_key_bias(const std::string& name, std::vector<double> values) {
  const auto third = static_cast<std::ptrdiff_t>(values.size() / 3);
  if (name.ends_with("query_key_value.bias")) values.erase(values.begin() + third, values.begin() + 2 * third);
  return values;
}

TEST(SplitInvariance, MicroBatchesWithDropoutOn) {
  const SplitRun::Trained whole = SplitRun(0.1f).train(16);
  EXPECT_GT(std::abs(whole.losses[0] / SplitRun(0).train(16).losses[0] - 1), 1e-3) << "dropout is off";
  for (const int64_t micro_batch : {1, 3}) {
    SCOPED_TRACE(micro_batch);
    const SplitRun::Trained split = SplitRun(0.1f).train(micro_batch);
    for (size_t t = 0; t < 3; ++t) {
      EXPECT_NEAR(split.losses[t] / whole.losses[t], 1, 1e-5) << "step " << t;
      EXPECT_NEAR(split.norms[t] / whole.norms[t], 1, 1e-5) << "step " << t;
    }
    for (size_t p = 0; p < whole.names.size(); ++p) {
      const auto& name = whole.names[p];
      const auto same = [&](const std::vector<double>& a, const std::vector<double>& b) {
        return SplitRun::relative(without_key_bias(name, a), without_key_bias(name, b));
      };
      EXPECT_LE(same(split.gradients[p], whole.gradients[p]), 1e-5) << "gradient of " << name;
      EXPECT_LE(same(split.weights[p], whole.weights[p]), 1e-5) << name << " after three steps";
    }
  }
}

TEST(SplitInvariance, EvaluationBatchSize) {
  SplitRun run(0.1f);
  const tasks::Evaluation one = run.evaluate(1);
  EXPECT_GT(one.scores.value("loss"), 0);
  for (const int64_t batch_size : {7, 64}) {
    SCOPED_TRACE(batch_size);
    const tasks::Evaluation many = run.evaluate(batch_size);
    ASSERT_EQ(many.scores.size(), one.scores.size());
    ASSERT_GE(one.scores.size(), 5U);
    for (const auto& score : one.scores) EXPECT_NEAR(many.scores.value(score.name), score.value, 1e-6) << score.name;
    ASSERT_EQ(many.classes.size(), static_cast<size_t>(kRows));
    for (size_t row = 0; row < many.classes.size(); ++row)
      EXPECT_EQ(many.classes[row].log_prob_gold, one.classes[row].log_prob_gold)
          << "row " << row << ": a row's bits do not depend on its company";
  }
}

}  // namespace
}  // namespace attune
