// --parts: what each row is for, in a file of a word a line.
#include "attune/train/parts.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/train/run_sources.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::train {
namespace {

class PartsFile : public testing::Test {
 protected:
  std::string put(const std::string& text) { return folder_.put("parts.txt", text).string(); }
  TrainOptions options(const std::string& parts) {
    TrainOptions o;
    o.task = "classify";
    o.train = {folder_.put("a.csv", "text,label\none,x\ntwo,y\nthree,x\n").string(),
               folder_.put("b.csv", "text,label\nfour,y\nfive,x\n").string()};
    o.parts = put(parts);
    return o;
  }
  Sources read(const TrainOptions& o) {
    Observer observer;
    return read_sources(o, data::TargetKind::label, {}, observer);
  }
  static std::vector<std::string> texts(const data::Dataset& set) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < set.examples.size(); ++i) texts.emplace_back(set.examples.view(i).text);
    return texts;
  }
  test::TempFolder folder_;
};

TEST_F(PartsFile, WordsALine) {
  const Parts parts = read_parts(put("train\ndev\nnone\ntest\r\ntrain\ndev"), 6);
  EXPECT_EQ(parts.train, (std::vector<int32_t>{0, 4}));
  EXPECT_EQ(parts.dev, (std::vector<int32_t>{1, 5}));
  EXPECT_EQ(parts.test, std::vector<int32_t>{3});
}

TEST_F(PartsFile, WhatIsWrittenIsRead) {
  const std::string of_row = "tde-ttde--t";
  const Parts parts = read_parts(put(parts_text(of_row)), 11);
  std::string back(of_row.size(), '-');
  for (const int32_t row : parts.train) back[static_cast<size_t>(row)] = 't';
  for (const int32_t row : parts.dev) back[static_cast<size_t>(row)] = 'd';
  for (const int32_t row : parts.test) back[static_cast<size_t>(row)] = 'e';
  EXPECT_EQ(back, of_row);
}

TEST_F(PartsFile, Refusals) {
  EXPECT_ERROR(ErrorKind::input, read_parts(put("train\ntrian\n"), 2), "parts.txt line 2", "'trian'",
               "did you mean 'train'", "expected train, dev, test or none");
  EXPECT_ERROR(ErrorKind::input, read_parts(put("train\n\ndev\n"), 3), "line 2", "''");
  EXPECT_ERROR(ErrorKind::input, read_parts(put("train\ndev\n"), 3), "has 2 lines and the training files 3 rows");
  EXPECT_ERROR(ErrorKind::input, read_parts(put("train\ndev\ntest\n"), 2), "has 3 lines and the training files 2 rows");
  EXPECT_ERROR(ErrorKind::input, read_parts(put("dev\ntest\n"), 2), "no line says train");
  EXPECT_ERROR(ErrorKind::input, read_parts(put(""), 2), "has 0 lines");
  EXPECT_ERROR(ErrorKind::io, read_parts((folder_ / "nowhere").string(), 2), "nowhere");
}

TEST_F(PartsFile, RowsOfAllTrainingFiles) {
  const Sources s = read(options("train\ntest\ndev\ntrain\nnone\n"));
  EXPECT_EQ(texts(s.train), (std::vector<std::string>{"one", "four"}));
  ASSERT_TRUE(s.dev && s.test);
  EXPECT_EQ(texts(*s.dev), std::vector<std::string>{"three"});
  EXPECT_EQ(texts(*s.test), std::vector<std::string>{"two"});
  // Where a row stands, whatever its part.
  EXPECT_EQ(s.train.describe(s.train.examples.view(1).origin), s.train.files.at(1) + " line 2");
}

TEST_F(PartsFile, NothingIsHeldOutBeside) {
  const Sources s = read(options("train\ntrain\nnone\ntrain\ntest\n"));
  EXPECT_EQ(s.train.examples.size(), 3U);
  EXPECT_FALSE(s.dev);
  ASSERT_TRUE(s.test);
}

TEST_F(PartsFile, NotBesideDevOrTest) {
  TrainOptions o = options("train\ntrain\ndev\ntrain\ntest\n");
  o.dev = o.train[1];
  EXPECT_ERROR(ErrorKind::usage, read(o), "--parts says which rows", "leave --dev out");
  o.dev.clear(), o.test = o.train[1];
  EXPECT_ERROR(ErrorKind::usage, read(o), "leave --test out");
  o.test.clear(), o.dev = "none";
  EXPECT_TRUE(read(o).dev) << "none is no file";
}

TEST_F(PartsFile, ItIsPartOfWhatTheRunReads) {
  const TrainOptions o = options("train\ntrain\ndev\ntrain\ntest\n");
  const auto before = fingerprint_sources(o);
  put("train\ntrain\ndev\ntrain\ndev\n");
  EXPECT_NE(fingerprint_sources(o), before) << "a run does not go on with other parts";
}

}  // namespace
}  // namespace attune::train
