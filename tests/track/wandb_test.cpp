#include "attune/track/wandb/wandb.h"

#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <zlib.h>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "wandb/wandb.pb.h"

namespace attune::track {
namespace {

// Read without the code that wrote it.
std::vector<std::string> records_of(const std::string& bytes) {
  std::vector<std::string> records;
  EXPECT_EQ(bytes.substr(0, 7), std::string(":W&B\xE1\xBE\0", 7));
  std::string open;
  bool begun = false;  // a first piece may be empty: where a head alone fits into the block
  for (size_t at = 7; at < bytes.size();) {
    const size_t left = 32768 - at % 32768;
    if (left < 7) {
      EXPECT_EQ(bytes.substr(at, left), std::string(std::min(left, bytes.size() - at), '\0'));
      at += left;
      continue;
    }
    uint32_t sum = 0;
    uint16_t length = 0;
    std::memcpy(&sum, bytes.data() + at, 4), std::memcpy(&length, bytes.data() + at + 4, 2);
    const char kind = bytes[at + 6];
    const std::string piece = bytes.substr(at + 7, length);
    EXPECT_EQ(piece.size(), length);
    EXPECT_LE(7u + length, left);
    const std::string summed = kind + piece;
    EXPECT_EQ(::crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size())), sum);
    EXPECT_EQ(begun, kind == 3 || kind == 4) << at;
    begun = kind == 2 || kind == 3;
    open += piece;
    if (kind == 1 || kind == 4) records.push_back(open), open.clear();
    at += 7 + length;
  }
  EXPECT_FALSE(begun);
  return records;
}

TEST(WandbLogFile, CutsRecordsAtBlocks) {
  const test::TempFolder folder;
  std::vector<std::string> told;
  {
    WandbLogFile log(folder / "a");
    for (const size_t size : {0u, 5u, 32700u, 20u, 100000u, 1u}) {
      told.push_back(std::string(size, static_cast<char>('a' + told.size())));
      log.write(told.back());
    }
    EXPECT_EQ(log.bytes(), static_cast<int64_t>(fs::file_size(folder / "a")));
  }
  EXPECT_EQ(records_of(test::slurp(folder / "a")), told);
}

TEST(WandbLogFile, FillsABlockToItsLastByte) {
  // Records that leave 0 to 14 bytes of the first block: a head fits from 7 on.
  for (size_t left = 0; left <= 14; ++left) {
    const test::TempFolder folder;
    const std::vector<std::string> told{std::string(32768 - 7 - 7 - left, 'x'), "next one"};
    {
      WandbLogFile log(folder / "a");
      for (const std::string& record : told) log.write(record);
    }
    EXPECT_EQ(records_of(test::slurp(folder / "a")), told) << left;
  }
}

TEST(WandbLogFile, GoesOnAnywhere) {
  const test::TempFolder folder;
  int64_t mark = 0;
  {
    WandbLogFile log(folder / "a");
    log.write("kept"), mark = log.bytes(), log.write("dropped");
  }
  {
    WandbLogFile log(folder / "a", mark);
    log.write("new");
  }
  EXPECT_EQ(records_of(test::slurp(folder / "a")), (std::vector<std::string>{"kept", "new"}));
  EXPECT_ERROR(ErrorKind::io, WandbLogFile(folder / "a", 1 << 20), "cannot go on", "bytes");
}

std::vector<wb::Record> told_in(const fs::path& root) {
  std::vector<wb::Record> records;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".wandb") continue;
    for (const std::string& bytes : records_of(test::slurp(entry.path())))
      EXPECT_TRUE(records.emplace_back().ParseFromString(bytes));
  }
  for (size_t i = 0; i < records.size(); ++i) EXPECT_EQ(records[i].number(), static_cast<int64_t>(i) + 1);
  return records;
}

std::vector<int64_t> history_steps(const fs::path& root) {
  std::vector<int64_t> steps;
  for (const auto& record : told_in(root))
    if (record.has_history()) steps.push_back(record.history().step().number());
  return steps;
}

RunStart wandb_start(const fs::path& out, int64_t after_step = 0, nlohmann::json remembered = {}) {
  return {.name = "spam",
          .out = out,
          .version = "0.1.0",
          .task = "classify",
          .options = {{"lr", 1e-4}, {"train", {"a.csv"}}, {"dropout", nullptr}},
          .hyperparameters = {},
          .identity = {},
          .headline = {},
          .steps = 10,
          .after_step = after_step,
          .remembered = std::move(remembered)};
}

void tell_steps(Wandb& wandb, int64_t first, int64_t last, int64_t mark_every) {
  for (int64_t step = first; step <= last; ++step) {
    const Scalar loss{"train/loss", 1.0 / static_cast<double>(step)}, accuracy{"dev/accuracy", 0.5};
    wandb.scalars(step, std::span(&loss, 1));
    wandb.scalars(step, std::span(&accuracy, 1));
    if (step % mark_every == 0) wandb.mark(step);
  }
}

TEST(Wandb, WritesARunItsStepsAndItsEnd) {
  const test::TempFolder folder;
  Wandb wandb(folder / "w");
  wandb.begin(wandb_start(folder / "run"));
  tell_steps(wandb, 1, 2, 100);
  wandb.confusion(2, {"dev/confusion", {"a", "b"}, {{0, 0, 3}}});
  wandb.end({.state = EndState::finished, .error = {}, .step = 2, .seconds = 1, .finals = {{"test/accuracy", 0.5}}});
  const auto records = told_in(folder / "w");
  EXPECT_TRUE(records.at(0).has_header());
  EXPECT_EQ(records.at(1).run().title(), "spam");
  std::map<std::string, std::string> config;
  for (const auto& item : records[1].run().config().updates()) config[item.key()] = item.json();
  EXPECT_EQ(config, (std::map<std::string, std::string>{{"lr", "0.0001"}, {"train", R"(["a.csv"])"}}));
  EXPECT_EQ(history_steps(folder / "w"), (std::vector<int64_t>{1, 2}));  // what is told of a step is one record
  EXPECT_EQ(records.back().exit().code(), 0);
  std::string path;
  for (const auto& record : records)
    if (record.has_files()) path = record.files().files(0).path();
  const fs::path run = fs::directory_iterator(folder / "w")->path();
  EXPECT_EQ(test::slurp(run / "files" / path).substr(1, 3), "PNG");
}

TEST(Wandb, AResumedRunRepeatsNothingAndLosesNothing) {
  const test::TempFolder folder;
  nlohmann::json memory;
  {
    Wandb wandb(folder / "w");
    wandb.begin(wandb_start(folder / "run"));
    memory = wandb.remember();
    tell_steps(wandb, 1, 8, 3);
  }
  Wandb wandb(folder / "w");
  wandb.begin(wandb_start(folder / "run", 6, memory));
  tell_steps(wandb, 7, 9, 3);
  EXPECT_EQ(history_steps(folder / "w"), (std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  Wandb again(folder / "w");
  again.begin(wandb_start(folder / "run", 0, memory));  // no checkpoint: anew, and the old one goes
  EXPECT_TRUE(history_steps(folder / "w").empty());
}

}  // namespace
}  // namespace attune::track
