// Losses that answer in ways of their own, through the code that trains, judges, saves and
// opens models: LDAM with a last layer of cosines, CORN with a narrower last layer and its link, a CRF with parameters
// that choose the tags.
#include <gtest/gtest.h>

#include "attune/base/files.h"
#include "attune/io/safetensors.h"
#include "attune/losses/language/make_objective.h"
#include "attune/train/batches.h"
#include "attune/train/evaluate.h"
#include "attune/train/predictor.h"
#include "attune/train/train_step.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/losses/on_tape.h"
#include "tests/train/tiny_model.h"

namespace attune {
namespace {

using nlohmann::json;
using tensor::DType;
using test::graded_texts;
using test::kGrades;
using test::make_model;

const std::vector<std::string> kTags{"B-X", "I-X", "O"};

class LossInterface : public testing::Test {
 protected:
  tasks::TrainingModelOptions options(const char* task, std::vector<std::string> labels, tasks::MakeLoss make_loss) {
    return {.model = (folder_.path() / "model").string(),
            .task = &tasks::task_named(task),
            .data_labels = std::move(labels),
            .make_loss = std::move(make_loss),
            .new_head = true,
            .seed = 1,
            .encode = {}};
  }
  void train(tasks::ModelBundle& bundle, const train::Split& split, int64_t steps) {
    bundle.model->parameters().prepare_gradients();
    const auto optimizer = optim::make_optimizer(bundle.model->parameters(), {});
    train::TrainStep step(*bundle.model, bundle.loss, *optimizer, *kernels_,
                          {.peak_rate = 3e-3, .schedule = {.kind = optim::ScheduleKind::constant, .total = steps}});
    train::StepBatches batches(split, bundle.task->kind == tasks::TaskKind::tag, {.batch_size = 16, .seed = 1});
    for (int64_t t = 0; t < steps; ++t) step.run(batches.at(t), t);
  }
  fs::path save(tasks::ModelBundle& bundle, const char* name) {
    const fs::path folder = folder_.path() / name;
    fs::create_directories(folder);
    tasks::save_bundle(bundle, folder, json::object());
    return folder;
  }
  static std::vector<std::string> tensors_in(const fs::path& file) {
    std::vector<std::string> names;
    const io::Safetensors tensors(file);
    for (const auto& tensor : tensors.tensors()) names.push_back(tensor.name);
    return names;
  }

  test::TempFolder folder_;
  std::unique_ptr<kernels::Kernels> kernels_ = kernels::cpu::make_kernels(1);
};

class LdamModel : public LossInterface {
 protected:
  LdamModel() { make_model(folder_.path() / "model", "sequence_classification"); }
  static tasks::MakeLoss loss(const std::string& text) {
    return [text](const data::Labels& labels) {
      return losses::make_objective(text, losses::TargetKind::classes,
                                    {.labels = labels.size(),
                                     .counts = std::vector<double>(static_cast<size_t>(labels.size()), 30),
                                     .items = 120});
    };
  }
  static bool said(const tasks::ModelBundle& opened, const std::string& words) {
    return std::any_of(opened.notes.begin(), opened.notes.end(),
                       [&](const auto& note) { return note.find(words) != std::string::npos; });
  }
};

TEST_F(LdamModel, ItsLogitsAreCosinesAndItIsOpenedAgain) {
  tasks::ModelBundle bundle = tasks::open_for_training(options("classify", kGrades, loss("ldam(scale=12)")));
  EXPECT_EQ(bundle.model->head().cosine, 12);
  EXPECT_EQ(bundle.model->parameters().find("classifier.bias"), nullptr);
  EXPECT_TRUE(said(bundle, "cosines, for which transformers has no class"));
  const train::Split split = train::make_split("train", "rows", graded_texts(), bundle);
  train(bundle, split, 120);
  const auto after = train::evaluate(bundle, *kernels_, split, {});
  EXPECT_GT(after->scores.value("accuracy"), 0.8);
  EXPECT_LT(after->scores.value("log_loss"), 0.7) << "what is judged is the soft-max of 12 cosines, without margins";

  const fs::path saved = save(bundle, "ldam");
  EXPECT_EQ(tensors_in(saved / "attune_head.safetensors").size(), 3U) << "pooler, and a last layer without a bias";
  const json record = json::parse(read_file(saved / "attune.json"));
  EXPECT_EQ(record["head"], "cosine");
  EXPECT_EQ(record["head_scale"], 12);
  EXPECT_FALSE(record.contains("own_link"));
  const tasks::ModelBundle opened = tasks::open_for_inference(saved.string(), DType::f32);
  EXPECT_EQ(train::evaluate(opened, *kernels_, split, {})->scores.value("log_loss"), after->scores.value("log_loss"));
  train::Predictor predictor(opened, *kernels_);
  const std::vector<data::Example> texts = test::copied(split.data);
  for (const auto& row : predictor.logits(std::span(texts).first(5)))
    for (const float z : row.logits) EXPECT_LE(std::abs(z), 12.0001F);

  json wrong = record;
  wrong["head_scale"] = 20;
  write_file_atomically(saved / "attune.json", wrong.dump());
  EXPECT_ERROR(ErrorKind::model, tasks::open_for_inference(saved.string(), DType::f32), "scale of cosines is 20", "12");
  wrong["head"] = "round";
  write_file_atomically(saved / "attune.json", wrong.dump());
  EXPECT_ERROR(ErrorKind::model, tasks::open_for_inference(saved.string(), DType::f32), "'head' and 'head_scale'");
}

TEST_F(LdamModel, CosinesAndAnOrdinaryLastLayerDoNotGoOnFromEachOther) {
  tasks::ModelBundle bundle = tasks::open_for_training(options("classify", kGrades, loss("ldam")));
  const fs::path saved = save(bundle, "ldam");
  auto go_on = options("classify", kGrades, loss("ldam(head=linear)"));
  go_on.model = saved.string(), go_on.new_head = false;
  tasks::ModelBundle plain = tasks::open_for_training(go_on);
  EXPECT_FALSE(plain.continued_head);
  EXPECT_TRUE(said(plain, "has an ordinary one, the model's own is one of cosines"));
  EXPECT_NE(plain.model->parameters().find("classifier.bias"), nullptr);

  go_on.make_loss = loss("ldam(scale=20)"), go_on.data_labels = {"0", "1", "2", "3", "4"};
  const tasks::ModelBundle more = tasks::open_for_training(go_on);
  EXPECT_TRUE(more.continued_head) << "another scale, and a new label beside the old ones' rows";
  const auto weights = [](const tasks::ModelBundle& of) {
    const float* w = of.model->parameters().find("classifier.weight")->value.as<float>();
    return std::vector<float>(w, w + 4 * of.model->config().hidden);
  };
  EXPECT_EQ(weights(more), weights(bundle));

  go_on.model = save(plain, "plain").string(), go_on.data_labels = kGrades;
  const tasks::ModelBundle back = tasks::open_for_training(go_on);
  EXPECT_FALSE(back.continued_head);
  EXPECT_TRUE(said(back, "has one of cosines, the model's own is an ordinary one"));
}

// Which label is unknown decides what an output means.
TEST_F(LdamModel, OpenSetGoesOnOnlyWithTheSameUnknownLabel) {
  const auto open_set = [](const char* unknown) {
    return [unknown](const data::Labels& labels) {
      return losses::make_objective(fmt::format("open_set(unknown={})", unknown), losses::TargetKind::classes,
                                    {.labels = labels.size(), .names = labels.names()});
    };
  };
  tasks::ModelBundle bundle = tasks::open_for_training(options("classify", kGrades, open_set("0")));
  EXPECT_EQ(bundle.model->head().outputs, 3);
  const train::Split split = train::make_split("train", "rows", graded_texts(), bundle);
  train(bundle, split, 300);
  EXPECT_GT(train::evaluate(bundle, *kernels_, split, {})->scores.value("accuracy"), 0.8) << "texts without a big word";
  auto go_on = options("classify", kGrades, open_set("0"));
  go_on.model = save(bundle, "open").string(), go_on.new_head = false;
  EXPECT_TRUE(tasks::open_for_training(go_on).continued_head);
  go_on.make_loss = open_set("3");
  const tasks::ModelBundle other = tasks::open_for_training(go_on);
  EXPECT_FALSE(other.continued_head);
  EXPECT_TRUE(said(other, "in another way than 'open_set(unknown=0)'"));
}

class CornModel : public LossInterface {
 protected:
  CornModel() { make_model(folder_.path() / "model", "sequence_classification"); }
  static losses::Objective corn(const data::Labels& labels) {
    return losses::make_objective("corn", losses::TargetKind::classes, {.labels = labels.size()});
  }
};

TEST_F(CornModel, ItsLastLayerIsNarrowerAndItsAnswersAreProbabilitiesOfTheClasses) {
  tasks::ModelBundle bundle = tasks::open_for_training(options("classify", kGrades, corn));
  EXPECT_EQ(bundle.model->head().outputs, 3);
  EXPECT_EQ(bundle.logit_count(), 4);
  EXPECT_NE(tasks::why_encoder_only(bundle), "");
  const train::Split split = train::make_split("train", "rows", graded_texts(), bundle);
  const auto before = train::evaluate(bundle, *kernels_, split, {});
  train(bundle, split, 120);
  const auto after = train::evaluate(bundle, *kernels_, split, {});
  EXPECT_GT(after->scores.value("accuracy"), 0.8);
  EXPECT_LT(after->scores.value("loss"), 0.5 * before->scores.value("loss"));
  EXPECT_LT(after->scores.value("log_loss"), 1) << "its logits are calibrated ones of four classes";

  const fs::path saved = save(bundle, "corn");
  EXPECT_EQ(tensors_in(saved / "attune_head.safetensors").size(), 4U) << "pooler and last layer";
  EXPECT_EQ(json::parse(read_file(saved / "config.json"))["architectures"][0], "BertModel");
  EXPECT_EQ(json::parse(read_file(saved / "config.json"))["id2label"].size(), 4U);

  const tasks::ModelBundle opened = tasks::open_for_inference(saved.string(), DType::f32);
  EXPECT_EQ(opened.labels.names(), kGrades);
  const auto again = train::evaluate(opened, *kernels_, split, {});
  EXPECT_EQ(again->scores.value("accuracy"), after->scores.value("accuracy"));
  train::Predictor predictor(opened, *kernels_);
  const std::vector<data::Example> texts = test::copied(split.data);
  for (const auto& row : predictor.logits(std::span(texts).first(5))) {
    ASSERT_EQ(row.logits.size(), 4U);
    double sum = 0;
    for (const float z : row.logits) sum += std::exp(static_cast<double>(z));
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

TEST_F(CornModel, AnotherLossDoesNotReadItsLastLayer) {
  tasks::ModelBundle bundle = tasks::open_for_training(options("classify", kGrades, corn));
  const fs::path saved = save(bundle, "corn");
  EXPECT_EQ(tasks::open_for_inference(saved.string(), DType::f32).loss.text(), "corn") << "made again from its text";

  auto go_on = options("classify", kGrades, {});
  go_on.model = saved.string(), go_on.new_head = false;
  const tasks::ModelBundle other = tasks::open_for_training(go_on);
  EXPECT_EQ(other.loss.text(), "cross_entropy");
  EXPECT_EQ(other.model->head().outputs, 4);
  EXPECT_FALSE(other.continued_head);
  EXPECT_EQ(other.labels.names(), kGrades);
  const auto said = [](const tasks::ModelBundle& opened, const std::string& words) {
    return std::any_of(opened.notes.begin(), opened.notes.end(),
                       [&](const auto& note) { return note.find(words) != std::string::npos; });
  };
  EXPECT_TRUE(said(other, "the last layer is new: the loss 'cross_entropy' reads it in another way than 'corn'"));

  go_on.make_loss = corn, go_on.data_labels = {"0", "1", "2", "3", "4"};
  const tasks::ModelBundle more = tasks::open_for_training(go_on);
  EXPECT_FALSE(more.continued_head) << "four questions where there were three";
  EXPECT_EQ(more.model->head().outputs, 4);
  EXPECT_TRUE(said(more, "1 labels came to the model's own: the last layer is new"));

  go_on.data_labels = kGrades;
  const tasks::ModelBundle same = tasks::open_for_training(go_on);
  EXPECT_TRUE(same.continued_head);
  EXPECT_FALSE(said(same, "the last layer is new"));
  const auto weights = [](const tasks::ModelBundle& opened) {
    return test::doubles(opened.model->parameters().find("classifier.weight")->value);
  };
  EXPECT_EQ(weights(same), weights(bundle));
}

// Words show where an X begins; that it has three of them only its neighbours tell.
data::Dataset chained_sentences() {
  data::Dataset rows;
  for (int32_t i = 0; i < 80; ++i) {
    data::Example row;
    for (int32_t w = 0; w < 9; ++w) {
      const uint32_t draw = random_below(mix64(static_cast<uint64_t>(i)), static_cast<uint32_t>(w), 40);
      const int32_t in_turn = (w + i) % 5;  // B I I O O
      row.labels.push_back(in_turn == 0 ? "B-X" : in_turn < 3 ? "I-X" : "O");
      row.words.push_back(fmt::format("w{}", in_turn == 0 ? 41 + draw : draw));
      row.text += (w ? " " : "") + row.words.back();
    }
    rows.examples.push_back(std::move(row));
  }
  return rows;
}

TEST_F(LossInterface, ACrfsParametersAreThereToChooseTags) {
  make_model(folder_.path() / "model", "token_classification");
  const tasks::MakeLoss crf = [](const data::Labels& labels) -> losses::Objective {
    return losses::make_objective("crf(rate=1)", losses::TargetKind::classes,
                                  {.labels = labels.size(), .sequences = true, .names = labels.names()});
  };
  tasks::ModelBundle bundle = tasks::open_for_training(options("tag", kTags, crf));
  EXPECT_EQ(tasks::why_encoder_only(bundle), "") << "the logits are Hugging Face's; only the choice of tags is not";
  const train::Split split = train::make_split("train", "rows", chained_sentences(), bundle);
  train(bundle, split, 60);
  const losses::LabelChain learned = bundle.loss.chain();
  const auto transition = [&](int from, int to) { return learned.transitions[static_cast<size_t>(from * 3 + to)]; };
  EXPECT_GT(transition(0, 1), transition(0, 0)) << "after B-X comes I-X";
  const auto judged = train::evaluate(bundle, *kernels_, split, {});

  const fs::path saved = save(bundle, "crf");
  EXPECT_EQ(tensors_in(saved / "attune_head.safetensors"), (std::vector<std::string>{"crf.ends", "crf.transitions"}));
  for (const auto& name : tensors_in(saved / "model.safetensors"))
    EXPECT_TRUE(name.starts_with("bert.") || name.starts_with("classifier.")) << name;

  const tasks::ModelBundle opened = tasks::open_for_inference(saved.string(), DType::f32);
  EXPECT_EQ(opened.loss.chain().transitions, learned.transitions);
  EXPECT_EQ(opened.loss.chain().begin, learned.begin);
  const auto again = train::evaluate(opened, *kernels_, split, {});
  EXPECT_EQ(again->scores.value("entity_f1"), judged->scores.value("entity_f1"));
  EXPECT_EQ(again->scores.value("loss"), judged->scores.value("loss"));

  // The same logits, chosen without the chain.
  const auto plain_loss = [](const data::Labels&) {
    return losses::make_objective("cross_entropy", losses::TargetKind::classes, {.labels = 3});
  };
  const auto plain = tasks::open_for_inference(saved.string(), {.precision = DType::f32, .make_loss = plain_loss});
  EXPECT_GT(again->scores.value("entity_f1"), train::evaluate(plain, *kernels_, split, {})->scores.value("entity_f1"));
}

}  // namespace
}  // namespace attune
