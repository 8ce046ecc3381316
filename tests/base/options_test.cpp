#include "attune/base/options.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/base/expect_error.h"

namespace attune {
namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;

struct Sample {
  double lr = 5e-5;
  int batch_size = 32;
  int64_t steps = -1;
  uint64_t seed = 1;
  bool progress = true, json = false;
  std::string task = "classify", out;
  Strings train;
  std::vector<double> betas = {0.9, 0.999};
  std::optional<double> clip;
  std::optional<int64_t> limit;
  std::optional<std::string> dev;

  OptionList list() {
    OptionList l;
    l.group("Data");
    l.add("train", train, {.help = "files to learn from", .placeholder = "FILE"});
    l.add("dev", dev, {.help = "file to choose by", .placeholder = "FILE"});
    l.add("out", out, {.help = "folder of the run", .placeholder = "FOLDER", .required = true});
    l.group("Training");
    l.add("lr", lr, {.help = "peak learning rate", .placeholder = "RATE", .unit = "per step", .min = 0, .max = 1});
    l.add("batch-size", batch_size, {.help = "examples a step", .min = 1});
    l.add("steps", steps, {.help = "most steps"});
    l.add("seed", seed, {.help = "seed", .max = 100});
    l.add("betas", betas, {.help = "decay of the moments"});
    l.add("clip", clip, {.help = "largest norm"});
    l.add("limit", limit, {});
    l.add("task", task, {.help = "what a target is", .choices = {"classify", "multilabel", "regress", "tag"}});
    l.group("Output");
    l.add("progress", progress, {.help = "a live bar", .output_only = true});
    l.add("json", json, {.help = "lines of JSON", .output_only = true});
    return l;
  }
};

TEST(OptionList, KnowsNamesFlagsAndGiven) {
  Sample s;
  OptionList l = s.list();
  EXPECT_EQ(l.names().front(), "train");
  EXPECT_EQ(l.names().size(), 13u);
  EXPECT_TRUE(l.has("batch-size"));
  EXPECT_TRUE(l.has("batch_size"));
  EXPECT_TRUE(l.has("no-progress"));
  EXPECT_FALSE(l.has("no-lr"));
  EXPECT_TRUE(l.is_flag("json"));
  EXPECT_TRUE(l.is_flag("no-json"));
  EXPECT_FALSE(l.is_flag("lr"));
  EXPECT_FALSE(l.given("lr"));
  l.set("lr", "1e-3");
  EXPECT_TRUE(l.given("lr"));
}

TEST(OptionList, SetsEveryType) {
  Sample s;
  OptionList l = s.list();
  l.set("lr", "2e-4");
  l.set("batch-size", "16");
  l.set("steps", "-9000000000");
  l.set("seed", "+7");
  l.set("task", "tag");
  l.set("clip", "1.5");
  l.set("limit", "3");
  l.set("dev", "a,b.csv");
  EXPECT_EQ(s.lr, 2e-4);
  EXPECT_EQ(s.batch_size, 16);
  EXPECT_EQ(s.steps, -9000000000);
  EXPECT_EQ(s.seed, 7u);
  EXPECT_EQ(s.task, "tag");
  EXPECT_EQ(s.clip, 1.5);
  EXPECT_EQ(s.limit, 3);
  EXPECT_EQ(s.dev, "a,b.csv");
}

TEST(OptionList, Bools) {
  Sample s;
  OptionList l = s.list();
  for (const char* yes : {"true", "yes", "on", "1"}) {
    s.json = false;
    l.set("json", yes);
    EXPECT_TRUE(s.json) << yes;
  }
  for (const char* no : {"false", "no", "off", "0"}) {
    s.json = true;
    l.set("json", no);
    EXPECT_FALSE(s.json) << no;
  }
  l.set("no-progress", "true");
  EXPECT_FALSE(s.progress);
  l.set("no_progress", "no");
  EXPECT_TRUE(s.progress);
  EXPECT_ERROR(ErrorKind::usage, l.set("json", "maybe"), "--json: expected true or false", "got 'maybe'");
}

TEST(OptionList, VectorsAppendAfterReplacingTheDefault) {
  Sample s;
  OptionList l = s.list();
  l.set("betas", "0.8,0.9");
  EXPECT_EQ(s.betas, (std::vector<double>{0.8, 0.9}));
  l.set("betas", "0.7");
  EXPECT_EQ(s.betas, (std::vector<double>{0.8, 0.9, 0.7}));
  l.set("train", "a,b");
  l.set("train", "c");
  EXPECT_EQ(s.train, (Strings{"a,b", "c"}));
  EXPECT_ERROR(ErrorKind::usage, l.set("betas", "0.1,,2"), "--betas: expected a number, got ''");
  EXPECT_EQ(s.betas.size(), 3u);  // an error changes nothing
}

TEST(OptionList, ErrorsOfValues) {
  Sample s;
  OptionList l = s.list();
  EXPECT_ERROR(ErrorKind::usage, l.set("lr", "fast"), "--lr: expected a number, got 'fast'");
  EXPECT_ERROR(ErrorKind::usage, l.set("lr", "1x"), "got '1x'");
  EXPECT_ERROR(ErrorKind::usage, l.set("lr", ""), "--lr: expected a number, got ''");
  EXPECT_ERROR(ErrorKind::usage, l.set("lr", "nan"), "--lr: expected a finite number, got 'nan'");
  EXPECT_ERROR(ErrorKind::usage, l.set("clip", "inf"), "--clip: expected a finite number, got 'inf'");
  EXPECT_ERROR(ErrorKind::usage, l.set("lr", "2"), "--lr: expected a number from 0 to 1, got 2");
  EXPECT_ERROR(ErrorKind::usage, l.set("batch-size", "0"), "--batch-size: expected a number at least 1, got 0");
  EXPECT_ERROR(ErrorKind::usage, l.set("batch-size", "1.5"), "--batch-size: expected a whole number, got '1.5'");
  EXPECT_ERROR(ErrorKind::usage, l.set("batch-size", "3000000000"), "3000000000 is beyond what fits");
  EXPECT_ERROR(ErrorKind::usage, l.set("seed", "-1"), "--seed: expected a whole number of at least 0, got '-1'");
  EXPECT_ERROR(ErrorKind::usage, l.set("seed", "101"), "--seed: expected a number at most 100, got 101");
  EXPECT_ERROR(ErrorKind::usage, l.set("task", "clasify"),
               "--task: expected one of classify, multilabel, regress, tag; got 'clasify'; did you mean 'classify'?");
  EXPECT_ERROR(ErrorKind::usage, l.set("batchsize", "1"), "unknown option 'batchsize'; did you mean 'batch-size'?");
  EXPECT_ERROR(ErrorKind::usage, l.set("no-progres", "1"), "did you mean 'no-progress'");
  EXPECT_ERROR(ErrorKind::usage, l.is_flag("zzz"), "unknown option 'zzz'");
  EXPECT_ERROR(ErrorKind::usage, l.given("zzz"), "unknown option 'zzz'");
  EXPECT_EQ(s.lr, 5e-5);
  EXPECT_FALSE(l.given("lr"));
}

TEST(OptionList, JsonFillsWhatFlagsLeft) {
  Sample s;
  OptionList l = s.list();
  l.set("lr", "0.5");
  l.set_from_json(json::parse(R"({"lr": 0.1, "batch_size": 8.0, "train": ["a", "b"], "dev": null,
                                  "no_progress": true, "betas": 0.5, "seed": 3, "clip": 2})"),
                  "run.json");
  EXPECT_EQ(s.lr, 0.5);
  EXPECT_EQ(s.batch_size, 8);
  EXPECT_EQ(s.train, (Strings{"a", "b"}));
  EXPECT_EQ(s.dev, std::nullopt);
  EXPECT_FALSE(l.given("dev"));
  EXPECT_FALSE(s.progress);
  EXPECT_EQ(s.betas, std::vector<double>{0.5});
  EXPECT_EQ(s.clip, 2.0);
  EXPECT_TRUE(l.given("seed"));
}

TEST(OptionList, JsonErrorsNameTheFile) {
  Sample s;
  OptionList l = s.list();
  const auto set = [&](const char* text) { l.set_from_json(json::parse(text), "run.json"); };
  EXPECT_ERROR(ErrorKind::usage, set("[1]"), "expected a JSON object of options, got array", "in run.json");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"epoch": 1, "sed": 2})"), "unknown option", "in run.json");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"sed": 2})"), "unknown option 'sed'; did you mean 'seed'?");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"batch-size": 1, "batch_size": 2})"), "--batch-size is given twice");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"lr": "fast"})"), R"(--lr: expected a number, got "fast")");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"lr": [1]})"), "--lr: expected a number, got [1]");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"lr": null})"), "--lr: expected a number, got null");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"steps": 1.5})"), "--steps: expected a whole number, got '1.5'");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"task": 3})"), "--task: expected a string, got 3");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"task": "tags"})"), "--task: expected one of", "did you mean 'tag'?");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"json": 1})"), "--json: expected true or false, got 1");
  EXPECT_ERROR(ErrorKind::usage, set(R"({"train": [1]})"), "--train: expected a string, got 1");
}

TEST(OptionList, Required) {
  Sample s;
  OptionList l = s.list();
  EXPECT_ERROR(ErrorKind::usage, l.check_required(), "--out is required (folder of the run)");
  l.set("out", "x");
  l.check_required();
}

TEST(OptionList, JsonRoundTrip) {
  Sample s;
  OptionList l = s.list();
  l.set("lr", "0.125");
  l.set("train", "a");
  l.set("dev", "d");
  l.set("out", "o");
  const json all = l.to_json();
  EXPECT_EQ(all, json::parse(R"({"lr": 0.125, "batch_size": 32, "steps": -1, "seed": 1, "progress": true,
      "json": false, "task": "classify", "out": "o", "train": ["a"], "betas": [0.9, 0.999], "clip": null,
      "limit": null, "dev": "d"})"));
  const json result = l.to_json(true);
  EXPECT_FALSE(result.contains("progress"));
  EXPECT_EQ(result.size(), all.size() - 2);
  Sample other;
  OptionList again = other.list();
  again.set_from_json(all, "config.resolved.json");
  EXPECT_EQ(again.to_json(), all);
}

TEST(OptionList, Schema) {
  Sample s;
  const json schema = s.list().schema();
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], json::array({"out"}));
  const json& p = schema["properties"];
  EXPECT_EQ(p["lr"], json::parse(R"({"type": "number", "minimum": 0.0, "maximum": 1.0, "default": 5e-05,
                                     "description": "peak learning rate, per step"})"));
  EXPECT_EQ(p["clip"]["type"], json::array({"number", "null"}));
  EXPECT_FALSE(p["clip"].contains("default"));
  EXPECT_EQ(p["betas"]["items"]["type"], "number");
  EXPECT_EQ(p["betas"]["default"], json::array({0.9, 0.999}));
  EXPECT_EQ(p["train"]["default"], json::array());
  EXPECT_EQ(p["task"]["enum"], json::array({"classify", "multilabel", "regress", "tag"}));
  EXPECT_EQ(p["progress"]["default"], true);
  EXPECT_EQ(p["batch_size"]["type"], "integer");
}

TEST(OptionList, HelpIsAlignedGroupedAndWrapped) {
  Sample s;
  const std::string help = s.list().help(60);
  EXPECT_EQ(help, R"(Data:
  --train FILE     files to learn from (may be repeated)
  --dev FILE       file to choose by
  --out FOLDER     folder of the run (required)

Training:
  --lr RATE        peak learning rate, per step (0 to 1;
                   default 5e-05)
  --batch-size N   examples a step (at least 1; default 32)
  --steps N        most steps (default -1)
  --seed N         seed (at most 100; default 1)
  --betas X        decay of the moments (commas between
                   several; default 0.9,0.999)
  --clip X         largest norm
  --limit N
  --task NAME      what a target is: classify | multilabel |
                   regress | tag (default classify)

Output:
  --[no-]progress  a live bar (default: on)
  --json           lines of JSON
)");
}

TEST(OptionList, HelpPutsLongNamesOnTheirOwnLine) {
  std::string value;
  OptionList l;
  l.add("a-name-that-is-longer-than-thirty", value, {.help = "help"});
  bool b = false;
  l.add("b", b, {.help = "other"});
  EXPECT_EQ(l.help(), "  --a-name-that-is-longer-than-thirty TEXT\n       help\n  --b  other\n");
  EXPECT_EQ(OptionList().help(), "");
}

TEST(OptionList, AnOptionTwiceIsAttunesFault) {
  int a = 0;
  OptionList l;
  l.add("a", a, {});
  EXPECT_ERROR(ErrorKind::internal, l.add("a", a, {}), "option a twice");
  EXPECT_ERROR(ErrorKind::internal, l.add("b_c", a, {}), "underscore");
}

}  // namespace
}  // namespace attune
