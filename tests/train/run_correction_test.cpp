// --correct-for: what is fitted on dev is written into the folder, which then answers z / T - shift of the model as it
// was trained.
#include "attune/train/run_correction.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "attune/losses/language/make_objective.h"
#include "attune/metrics/correction.h"
#include "attune/train/run.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/train/tiny_model.h"

namespace attune::train {
namespace {

class CorrectModel : public testing::Test {
 protected:
  CorrectModel() { test::make_model(folder_ / "model", "sequence_classification"); }

  void open(const char* task, std::vector<std::string> labels) {
    bundle_ = tasks::open_for_training({.model = (folder_ / "model").string(),
                                        .task = &tasks::task_named(task),
                                        .data_labels = std::move(labels),
                                        .new_head = true,
                                        .seed = 1,
                                        .encode = {}});
    // An untrained layer says nearly the same of all rows.
    scale("classifier.weight", 30);
  }
  void scale(const char* name, float by) {
    tensor::Tensor& value = bundle_.model->parameters().find(name)->value;
    for (int64_t i = 0; i < value.count(); ++i) value.as<float>()[i] *= by;
  }
  // Graded texts with other targets.
  template <class Change>
  Split split(const char* name, const Change& change) const {
    data::Dataset set = test::graded_texts();
    std::vector<data::Example> rows = test::copied(set);
    for (size_t i = 0; i < rows.size(); ++i) rows[i].has_target = true, change(i, rows[i]);
    set.examples = rows;
    return make_split(name, "rows", std::move(set), bundle_);
  }
  std::vector<double> logits(const tasks::ModelBundle& bundle, const Split& rows) {
    std::vector<double> all;
    evaluate(bundle, *kernels_, rows,
             {.see = [&](int32_t, std::span<const data::LabelPlace>, std::span<const float> row) {
               all.insert(all.end(), row.begin(), row.end());
             }});
    return all;
  }
  // Corrected, saved and opened again.
  tasks::ModelBundle saved_and_opened() {
    const fs::path folder = folder_ / "saved";
    fs::create_directories(folder);
    tasks::save_bundle(bundle_, folder, test::json::object());
    return tasks::open_for_inference(folder.string(), tensor::DType::f32);
  }
  std::optional<std::string> correct(const char* metric, const Split& train, const Split& dev) {
    TrainOptions o;
    o.task = bundle_.task->name, o.correct_for = metric;
    return correct_model(o, bundle_, *kernels_, train, dev, {});
  }
  static void expect_near(const std::vector<double>& got, const std::vector<double>& want) {
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 2e-5 * (1 + std::abs(want[i]))) << i;
  }

  test::TempFolder folder_;
  std::unique_ptr<kernels::Kernels> kernels_ = kernels::cpu::make_kernels(1);
  tasks::ModelBundle bundle_;
};

TEST_F(CorrectModel, TemperatureIntoTheLastLayer) {
  open("classify", test::kGrades);
  const Split train = split("train", [](size_t, data::Example&) {});
  const std::vector<double> before = logits(bundle_, train);
  // Right in three of four rows, and much surer than that.
  const Split dev = split("dev", [&](size_t i, data::Example& row) {
    const auto z = before.begin() + static_cast<std::ptrdiff_t>(4 * i);
    const auto best = static_cast<size_t>(std::max_element(z, z + 4) - z);
    row.labels = {test::kGrades[i % 4 == 0 ? (best + 1) % 4 : best]};
  });
  metrics::ClassAnswers answers{.classes = 4, .logits = before, .gold = {}, .prior = {30, 30, 30, 30}};
  for (int64_t row = 0; row < dev.rows(); ++row) answers.gold.push_back(dev.targets.labels(row)[0]);
  const double temperature = metrics::fit_correction("log_loss", answers).temperature;
  ASSERT_GT(std::abs(std::log(temperature)), 0.1) << "or this test says nothing";

  const auto done = correct("log_loss", train, dev);
  ASSERT_TRUE(done);
  EXPECT_NE(done->find("temperature"), std::string::npos) << *done;
  std::vector<double> want = before;
  for (double& z : want) z /= temperature;
  expect_near(logits(saved_and_opened(), train), want);
}

TEST_F(CorrectModel, AShiftIntoTheLastLayer) {
  open("classify", test::kGrades);
  // 100 of the first grade to 5 and 15: the prior that is taken off.
  const Split train = split("train", [](size_t i, data::Example& row) {
    row.labels = {test::kGrades[i < 90 ? 0 : i < 95 ? 1 : i < 105 ? 2 : 3]};
  });
  const std::vector<double> before = logits(bundle_, train);
  const std::vector<double> prior{90, 5, 10, 15};
  // Right is what is answered with the prior taken off.
  const Split dev = split("dev", [&](size_t i, data::Example& row) {
    size_t best = 0;
    double most = -1e9;
    for (size_t k = 0; k < 4; ++k)
      if (const double z = before[4 * i + k] - std::log((prior[k] + 1) / 124); z > most) best = k, most = z;
    row.labels = {test::kGrades[best]};
  });
  metrics::ClassAnswers answers{.classes = 4, .logits = before, .gold = {}, .prior = prior};
  for (int64_t row = 0; row < dev.rows(); ++row) answers.gold.push_back(dev.targets.labels(row)[0]);
  const metrics::Correction found = metrics::fit_correction("accuracy", answers);
  ASSERT_TRUE(found.helps()) << "or this test says nothing";

  const auto done = correct("accuracy", train, dev);
  ASSERT_TRUE(done);
  EXPECT_EQ(*done, found.text + ", fitted on dev");
  std::vector<double> want = before;
  for (size_t at = 0; at < want.size(); ++at) want[at] -= found.shift[at % 4];
  expect_near(logits(saved_and_opened(), train), want);
}

TEST_F(CorrectModel, CutsBecomeTheFoldersThresholds) {
  open("multilabel", {"x", "y"});
  const Split all = split("train", [](size_t i, data::Example& row) {
    row.labels = i % 2 ? std::vector<std::string>{"x"} : std::vector<std::string>{"x", "y"};
  });
  const std::vector<double> before = logits(bundle_, all);
  std::vector<double> sorted = before;
  std::sort(sorted.begin(), sorted.end());
  const double bar = sorted[sorted.size() / 3];
  const Split dev = split("dev", [&](size_t i, data::Example& row) {
    row.labels.clear();
    if (before[2 * i] > bar) row.labels.emplace_back("x");
    if (before[2 * i + 1] > bar) row.labels.emplace_back("y");
  });
  const auto done = correct("micro_f1", all, dev);
  ASSERT_TRUE(done);
  EXPECT_NE(done->find("cut"), std::string::npos) << *done;
  const tasks::ModelBundle opened = saved_and_opened();
  EXPECT_EQ(logits(opened, all), before) << "the weights stay";
  ASSERT_EQ(opened.thresholds.size(), 2U);
  const double cut = std::log(opened.thresholds[0] / (1 - opened.thresholds[0]));
  EXPECT_DOUBLE_EQ(opened.thresholds[0], opened.thresholds[1]);
  int64_t wrong = 0;
  for (const double z : before) wrong += (z > bar) != (z >= cut);
  EXPECT_LE(wrong, 3) << "within a hundredth of the rows of the best cut";
}

TEST_F(CorrectModel, ALineIntoTheLastLayer) {
  open("regress", {});
  const Split train =
      split("train", [](size_t i, data::Example& row) { row.labels.clear(), row.score = static_cast<double>(i); });
  const std::vector<double> before = logits(bundle_, train);
  const Split dev =
      split("dev", [&](size_t i, data::Example& row) { row.labels.clear(), row.score = 4 - 1.5 * before[i]; });
  const auto done = correct("mse", train, dev);
  ASSERT_TRUE(done);
  EXPECT_NE(done->find("times the score"), std::string::npos) << *done;
  std::vector<double> want;
  for (const double s : before) want.push_back(4 - 1.5 * s);
  const std::vector<double> got = logits(saved_and_opened(), train);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-3) << i;
}

TEST_F(CorrectModel, WhereNothingHelpsTheModelStays) {
  open("classify", test::kGrades);
  const Split train = split("train", [](size_t, data::Example&) {});
  const std::vector<double> before = logits(bundle_, train);
  const Split dev = split("dev", [&](size_t i, data::Example& row) {
    const auto z = before.begin() + static_cast<std::ptrdiff_t>(4 * i);
    row.labels = {test::kGrades[static_cast<size_t>(std::max_element(z, z + 4) - z)]};
  });
  EXPECT_EQ(correct("accuracy", train, dev), "none helps on dev");
  EXPECT_EQ(logits(bundle_, train), before);
  TrainOptions o;
  o.correct_for = "accuracy";
  EXPECT_FALSE(correct_model(o, bundle_, *kernels_, train, dev, [] { return true; })) << "stopped";
}

// The same run with and without --correct-for, as folders.
TEST_F(CorrectModel, AWholeRunAnswersAsTheOneWithoutIt) {
  std::string csv = "text,label\n";
  for (const data::Example& row : test::graded_texts().examples) csv += row.text + "," + row.labels[0] + "\n";
  TrainOptions o;
  o.task = "classify", o.model = (folder_ / "model").string();
  o.train = {folder_.put("train.csv", csv).string()}, o.dev = folder_.put("dev.csv", csv).string();
  o.lr = 1e-3, o.epochs = 3, o.bootstrap = 0, o.ladder = false, o.threads = 1;
  o.label_smoothing = 0.5;  // far less sure than it is right
  const auto run = [&](const char* name, const char* metric) {
    o.out = (folder_ / name).string(), o.correct_for = metric;
    Observer observer;
    EXPECT_EQ(run_training(o, observer).state, RunResult::State::finished);
    return tasks::open_for_inference(o.out, tensor::DType::f32);
  };
  const tasks::ModelBundle plain = run("plain", ""), corrected = run("corrected", "log_loss");
  bundle_ = tasks::open_for_inference((folder_ / "plain").string(), tensor::DType::f32);
  const Split dev = split("dev", [](size_t, data::Example&) {});
  const std::vector<double> before = logits(plain, dev);
  metrics::ClassAnswers answers{.classes = 4, .logits = before, .gold = {}, .prior = {30, 30, 30, 30}};
  for (int64_t row = 0; row < dev.rows(); ++row) answers.gold.push_back(dev.targets.labels(row)[0]);
  const metrics::Correction found = metrics::fit_correction("log_loss", answers);
  ASSERT_TRUE(found.helps()) << "or this test says nothing";
  // One temperature for all; that of the run is fitted to its own logits, whose last bits are others.
  const std::vector<double> got = logits(corrected, dev);
  const auto largest = std::max_element(before.begin(), before.end()) - before.begin();
  const double temperature = before[static_cast<size_t>(largest)] / got[static_cast<size_t>(largest)];
  EXPECT_NEAR(temperature, found.temperature, 0.01 * found.temperature);
  std::vector<double> want = before;
  for (double& z : want) z /= temperature;
  expect_near(got, want);
  EXPECT_NE(test::slurp(folder_ / "corrected/report.txt").find(found.text), std::string::npos);
}

// Right is what the model answers with one taken off the logit of O.
TEST_F(CorrectModel, ACutOfOutsideIntoTheBias) {
  const std::vector<std::string> tags{"B-X", "I-X", "O"};
  open("tag", tags);
  const auto sentences = [&](const std::vector<std::vector<std::string>>& gold) {
    data::Dataset set;
    for (int32_t i = 0; i < 60; ++i) {
      data::Example row;
      for (int32_t w = 0; w < 6; ++w) {
        row.words.push_back(
            fmt::format("w{}", random_below(mix64(static_cast<uint64_t>(i)), static_cast<uint32_t>(w), 90)));
        row.text += (w ? " " : "") + row.words.back();
        row.labels.push_back(gold.empty() ? "O" : gold[static_cast<size_t>(i)][static_cast<size_t>(w)]);
      }
      row.has_target = true;
      set.examples.push_back(std::move(row));
    }
    return make_split("dev", "rows", std::move(set), bundle_);
  };
  const Split unlabelled = sentences({});
  const std::vector<double> before = logits(bundle_, unlabelled);
  const tasks::TagDecoder decoder(tags, bundle_.decoding);
  std::vector<std::vector<std::string>> gold;
  evaluate(bundle_, *kernels_, unlabelled,
           {.see = [&](int32_t, std::span<const data::LabelPlace> places, std::span<const float> row) {
             std::vector<float> moved(row.begin(), row.end());
             for (size_t at = 2; at < moved.size(); at += 3) moved[at] -= 1;
             auto& own = gold.emplace_back();
             for (const int32_t tag : decoder.decode(6, places, moved).labels)
               own.push_back(tags[static_cast<size_t>(tag)]);
           }});
  const Split dev = sentences(gold);
  const double plain = evaluate(bundle_, *kernels_, dev, {})->scores.value("entity_f1");
  ASSERT_LT(plain, 0.99) << "or this test says nothing";
  const auto done = correct("entity_f1", dev, dev);
  ASSERT_TRUE(done);
  EXPECT_NE(done->find("O less likely by +"), std::string::npos) << *done;
  const tasks::ModelBundle opened = saved_and_opened();
  EXPECT_DOUBLE_EQ(evaluate(opened, *kernels_, dev, {})->scores.value("entity_f1"), 1);
  std::vector<double> want = before;
  const double cut = before[2] - logits(opened, dev)[2];
  EXPECT_GT(cut, 0);
  for (size_t at = 2; at < want.size(); at += 3) want[at] -= cut;
  expect_near(logits(opened, dev), want);
}

TEST_F(CorrectModel, RefusedBeforeAnythingIsTrained) {
  open("classify", test::kGrades);
  TrainOptions o;
  check_correction(o, bundle_, false);  // nothing asked for
  o.correct_for = "accuracy";
  check_correction(o, bundle_, true);
  EXPECT_ERROR(ErrorKind::usage, check_correction(o, bundle_, false), "--dev FILE");
  o.correct_for = "acuracy";
  EXPECT_ERROR(ErrorKind::usage, check_correction(o, bundle_, true), "acuracy", "did you mean 'accuracy'");
  for (const char* metric : {"label_mae", "quadratic_kappa", "auroc", "precision", "spearman", "loss"}) {
    o.correct_for = metric;
    EXPECT_ERROR(ErrorKind::usage, check_correction(o, bundle_, true), metric, "no correction serves it", "macro_f1");
  }
  o.correct_for = "accuracy";
  for (const char* loss : {"corn", "ldam"}) {
    bundle_.loss =
        losses::make_objective(loss, losses::TargetKind::classes,
                               {.labels = 4, .counts = {30, 30, 30, 30}, .items = 120, .names = test::kGrades});
    EXPECT_ERROR(ErrorKind::usage, check_correction(o, bundle_, true), loss, "is read in another way");
  }
  bundle_.task = &tasks::task_named("tag");
  EXPECT_ERROR(ErrorKind::usage, check_correction(o, bundle_, true), "accuracy", "in the task tag", "entity_f1");
  bundle_.task = &tasks::task_named("embed");
  EXPECT_ERROR(ErrorKind::usage, check_correction(o, bundle_, true), "the task embed has no corrections");
}

}  // namespace
}  // namespace attune::train
