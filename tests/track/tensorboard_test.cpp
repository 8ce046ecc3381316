#include "attune/track/tensorboard/tensorboard.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "attune/track/tensorboard/records.h"

#include "tensorboard/events.pb.h"
#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::track {
namespace {

RunStart start_of(const fs::path& out, int64_t after_step = 0, nlohmann::json remembered = {}) {
  return {
      .name = "run",
      .out = out,
      .version = "0.1.0",
      .task = "classify",
      .options = {{"lr", 1e-4}, {"shuffle", true}, {"loss", "cross_entropy"}, {"dropout", nullptr}, {"train", {"a"}}},
      .hyperparameters = {"lr", "shuffle", "loss", "dropout", "train"},
      .identity = {},
      .headline = {"test/accuracy"},
      .steps = 100,
      .after_step = after_step,
      .remembered = std::move(remembered)};
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<events::Event> events_in(const fs::path& folder) {
  std::vector<events::Event> all;
  for (const fs::path& file : files_in(folder)) {
    const std::string content = test::slurp(file);
    const size_t whole = read_records(content, [&](std::string_view record, size_t) {
      EXPECT_TRUE(all.emplace_back().ParseFromArray(record.data(), static_cast<int>(record.size())));
    });
    EXPECT_EQ(whole, content.size()) << file;
  }
  return all;
}

// "3 train/loss" for each value, "3 start" and so on for sessions.
std::vector<std::string> told(const fs::path& folder) {
  std::vector<std::string> lines;
  for (const auto& event : events_in(folder)) {
    const std::string step = std::to_string(event.step());
    if (event.has_session())
      lines.push_back(step + (event.session().status() == events::Session::START ? " start" : " mark"));
    for (const auto& value : event.summary().values()) lines.push_back(step + " " + value.tag());
  }
  return lines;
}

const events::SummaryValue& value_of(const std::vector<events::Event>& all, const std::string& tag) {
  for (const auto& event : all)
    for (const auto& value : event.summary().values())
      if (value.tag() == tag) return value;
  throw std::runtime_error("no " + tag);
}

TEST(TensorBoard, BeginsWithTheFormatAndTheHyperparameters) {
  const test::TempFolder folder;
  TensorBoard board(folder / "tb");
  board.begin(start_of(folder / "run"));
  const auto all = events_in(folder / "tb/run");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].file_version(), "brain.Event:2");
  EXPECT_GT(all[0].wall_time(), 1.7e9);
  const auto& session = value_of(all, "_hparams_/session_start_info");
  EXPECT_EQ(session.metadata().plugin().name(), "hparams");
  events::HparamsPlugin content;
  ASSERT_TRUE(content.ParseFromString(session.metadata().plugin().content()));
  const auto& values = content.start().hyperparameters();
  ASSERT_EQ(values.size(), 3u);  // neither what is not set nor lists
  EXPECT_EQ(values.at("lr").number(), 1e-4);
  EXPECT_TRUE(values.at("shuffle").boolean());
  EXPECT_EQ(values.at("loss").text(), "cross_entropy");
  ASSERT_TRUE(content.ParseFromString(value_of(all, "_hparams_/experiment").metadata().plugin().content()));
  ASSERT_EQ(content.experiment().metrics_size(), 1);
  EXPECT_EQ(content.experiment().metrics(0).name().tag(), "final/test/accuracy");
}

TEST(TensorBoard, KeepsWhatItIsTold) {
  const test::TempFolder folder;
  TensorBoard board(folder / "tb");
  board.begin(start_of(folder / "run"));
  const std::vector<Scalar> scalars{{"train/loss", 0.75}, {"train/learning_rate", 2e-5}};
  board.scalars(7, scalars);
  HistogramSum sum;
  sum.add(std::vector<float>{1, 2, 3});
  const NamedHistogram histogram{"weights/head", sum.histogram()};
  board.histograms(8, std::span(&histogram, 1));
  PrCounts counts;
  counts.add(0.9, true), counts.add(0.2, false);
  const NamedPrCurve curve{"dev/label/spam", "spam", counts.curve()};
  board.pr_curves(8, std::span(&curve, 1));
  board.confusion(8, {"dev/confusion", {"ham", "spam"}, {{0, 0, 1}, {1, 0, 1}}});
  board.end({.state = EndState::finished, .error = {}, .step = 9, .seconds = 1, .finals = {{"test/accuracy", 0.5}}});

  const auto all = events_in(folder / "tb/run");
  EXPECT_EQ(told(folder / "tb/run"),
            (std::vector<std::string>{"0 _hparams_/experiment", "0 _hparams_/session_start_info", "7 train/loss",
                                      "7 train/learning_rate", "8 weights/head", "8 dev/label/spam", "8 dev/confusion",
                                      "9 final/test/accuracy", "9 _hparams_/session_end_info"}));
  EXPECT_EQ(value_of(all, "train/loss").scalar(), 0.75f);
  EXPECT_EQ(value_of(all, "weights/head").histogram().count(), 3);
  const auto& tensor = value_of(all, "dev/label/spam").tensor();
  EXPECT_EQ(tensor.shape().dimensions(0).size(), 6);
  EXPECT_EQ(tensor.content().size(), 6u * 201 * 4);
  EXPECT_EQ(value_of(all, "dev/confusion").image().encoded().substr(1, 3), "PNG");
  events::HparamsPlugin content;
  content.ParseFromString(value_of(all, "_hparams_/session_end_info").metadata().plugin().content());
  EXPECT_EQ(content.end().status(), events::SessionEnd::SUCCESS);
}

void tell_steps(TensorBoard& board, int64_t first, int64_t last, int64_t mark_every) {
  for (int64_t step = first; step <= last; ++step) {
    const Scalar scalar{"train/loss", static_cast<double>(step)};
    board.scalars(step, std::span(&scalar, 1));
    if (step % mark_every == 0) board.mark(step);
  }
}

std::vector<int64_t> loss_steps(const fs::path& folder) {
  std::vector<int64_t> steps;
  for (const auto& event : events_in(folder))
    if (event.has_summary() && event.summary().values(0).tag() == "train/loss") steps.push_back(event.step());
  return steps;
}

TEST(TensorBoard, AResumedRunRepeatsNothingAndLosesNothing) {
  const test::TempFolder folder;
  nlohmann::json memory;
  {
    TensorBoard board(folder / "tb");
    board.begin(start_of(folder / "run"));
    memory = board.remember();
    tell_steps(board, 1, 8, 3);  // checkpoints at 3 and 6; killed after 8
  }
  {
    TensorBoard board(folder / "tb");
    board.begin(start_of(folder / "run", 6, memory));
    tell_steps(board, 7, 10, 3);  // one at 9
  }
  EXPECT_EQ(loss_steps(folder / "tb/run"), (std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  TensorBoard board(folder / "tb");
  board.begin(start_of(folder / "run", 3, memory));  // the newest checkpoint was damaged: from the one before
  tell_steps(board, 4, 4, 3);
  EXPECT_EQ(loss_steps(folder / "tb/run"), (std::vector<int64_t>{1, 2, 3, 4}));
  const auto lines = told(folder / "tb/run");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "4 start"), 1);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "0 _hparams_/experiment"), 1);
  EXPECT_EQ(files_in(folder / "tb").size(), 1u);
}

TEST(TensorBoard, WhatFollowedTheLastStepIsToldAgainOnceOnly) {
  const test::TempFolder folder;
  nlohmann::json memory;
  {
    TensorBoard board(folder / "tb");
    board.begin(start_of(folder / "run"));
    memory = board.remember();
    tell_steps(board, 1, 2, 2);
    board.end({.state = EndState::interrupted, .error = {}, .step = 2, .seconds = 0, .finals = {{"dev/accuracy", 1}}});
  }
  TensorBoard board(folder / "tb");
  board.begin(start_of(folder / "run", 2, memory));
  board.end({.state = EndState::finished, .error = {}, .step = 2, .seconds = 0, .finals = {{"dev/accuracy", 1}}});
  const auto lines = told(folder / "tb/run");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "2 final/dev/accuracy"), 1);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "2 _hparams_/session_end_info"), 1);
}

TEST(TensorBoard, ATornEndIsCutWithTheRest) {
  const test::TempFolder folder;
  nlohmann::json memory;
  {
    TensorBoard board(folder / "tb");
    board.begin(start_of(folder / "run"));
    memory = board.remember();
    tell_steps(board, 1, 5, 4);
  }
  const fs::path file = files_in(folder / "tb/run").front();
  fs::resize_file(file, fs::file_size(file) - 3);
  TensorBoard board(folder / "tb");
  board.begin(start_of(folder / "run", 4, memory));
  EXPECT_EQ(loss_steps(folder / "tb/run"), (std::vector<int64_t>{1, 2, 3, 4}));
}

TEST(TensorBoard, ATornEndWithoutAMarkIsCutOff) {
  const test::TempFolder folder;
  nlohmann::json memory;
  {
    TensorBoard board(folder / "tb");
    board.begin(start_of(folder / "run"));
    memory = board.remember();
    tell_steps(board, 1, 3, 100);  // the disk is full in the third; the checkpoint is of step 6
  }
  const fs::path file = files_in(folder / "tb/run").front();
  fs::resize_file(file, fs::file_size(file) - 3);
  TensorBoard board(folder / "tb");
  board.begin(start_of(folder / "run", 6, memory));
  tell_steps(board, 7, 7, 100);
  EXPECT_EQ(loss_steps(folder / "tb/run"), (std::vector<int64_t>{1, 2, 7}));
}

TEST(TensorBoard, DamageBeforeTheMarkIsSaid) {
  const test::TempFolder folder;
  nlohmann::json memory;
  {
    TensorBoard board(folder / "tb");
    board.begin(start_of(folder / "run"));
    memory = board.remember();
    tell_steps(board, 1, 5, 4);
  }
  const fs::path file = files_in(folder / "tb/run").front();
  std::string bytes = test::slurp(file);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  folder.put(file.lexically_relative(folder.path()), bytes);
  TensorBoard board(folder / "tb");
  EXPECT_ERROR(ErrorKind::io, board.begin(start_of(folder / "run", 4, memory)), file.string(), "damaged after",
               "step 4", "--tensorboard");
}

TEST(TensorBoard, WithoutACheckpointARunBeginsAnewInItsFolder) {
  const test::TempFolder folder;
  nlohmann::json memory;
  {
    TensorBoard board(folder / "tb");
    board.begin(start_of(folder / "run"));
    memory = board.remember();
    tell_steps(board, 1, 5, 100);
  }
  TensorBoard board(folder / "tb");
  board.begin(start_of(folder / "run", 0, memory));
  EXPECT_TRUE(loss_steps(folder / "tb/run").empty());
  EXPECT_EQ(files_in(folder / "tb/run").size(), 1u);
  EXPECT_EQ(told(folder / "tb/run").size(), 2u);
}

TEST(TensorBoard, AnotherRunOfTheSameNameGetsAFolderOfItsOwn) {
  const test::TempFolder folder;
  for (int i = 0; i < 3; ++i) TensorBoard(folder / "tb").begin(start_of(folder / "run"));
  EXPECT_EQ(files_in(folder / "tb"),
            (std::vector<fs::path>{folder / "tb/run", folder / "tb/run-2", folder / "tb/run-3"}));
}

}  // namespace
}  // namespace attune::track
