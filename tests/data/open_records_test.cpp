#include "attune/data/open_records.h"

#include <gtest/gtest.h>
#include <sstream>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::data {
namespace {

std::string format_of(const std::string& name, const std::string& bytes, TargetKind target = TargetKind::label,
                      TargetNeed need = TargetNeed::required) {
  return detect_format(name, bytes, {}, target, need);
}

TEST(OpenRecords, FormatByExtension) {
  EXPECT_EQ(format_of("a.csv", ""), "csv");
  EXPECT_EQ(format_of("b/A.CSV", ""), "csv");
  EXPECT_EQ(format_of("a.tsv", ""), "tsv");
  EXPECT_EQ(format_of("a.jsonl", ""), "jsonl");
  EXPECT_EQ(format_of("a.ndjson", ""), "jsonl");
  EXPECT_EQ(format_of("a.conll", ""), "conll");
  EXPECT_EQ(format_of("a.bio", "", TargetKind::tags), "conll");
}

TEST(OpenRecords, FormatByContentWhereTheExtensionSaysNothing) {
  EXPECT_EQ(format_of("a.txt", "some text O\n"), "text");
  EXPECT_EQ(format_of("standard input", "\n {\"text\": 1}"), "jsonl");
  EXPECT_EQ(format_of("a.txt", "anything", TargetKind::tags), "conll");
  const auto need = TargetNeed::optional;
  EXPECT_EQ(format_of("a.txt", "Peter lives here.\n", TargetKind::tags, need), "text");
  EXPECT_EQ(format_of("a.txt", "-DOCSTART- O\n\nPeter B-PER\n", TargetKind::tags, need), "conll");
  EXPECT_EQ(format_of("a.txt", "the O\n", TargetKind::tags, need), "conll");
  EXPECT_EQ(format_of("a.txt", "the\n", TargetKind::tags, need), "text");
}

TEST(OpenRecords, OptionsWin) {
  ReadOptions options;
  options.format = "tsv";
  EXPECT_EQ(detect_format("a.csv", "", options, TargetKind::label, TargetNeed::required), "tsv");
  options.format = "csv";
  options.separator = ";";
  std::istringstream stream("text;label\na,b;1\n");
  const auto reader = open_records(stream, "x", options, TargetKind::label, TargetNeed::required);
  EXPECT_EQ(reader->columns(), (std::vector<std::string>{"text", "label"}));
}

TEST(OpenRecords, Errors) {
  ReadOptions options;
  options.separator = "::";
  std::istringstream stream("text\n");
  EXPECT_ERROR(ErrorKind::usage, open_records(stream, "x.csv", options, TargetKind::label, TargetNeed::required),
               "--separator", "'::'");
  const test::TempFolder folder;
  EXPECT_ERROR(ErrorKind::io, open_records((folder / "no.csv").string(), {}, TargetKind::label, TargetNeed::required),
               "no.csv", "No such file");
}

}  // namespace
}  // namespace attune::data
