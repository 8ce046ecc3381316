#include "attune/io/resolve.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/io/set_environment.h"

namespace attune::io {
namespace {

using test::SetEnvironment;
using test::TempFolder;
namespace fs = std::filesystem;

class Resolve : public testing::Test {
 protected:
  Resolve() : before_(fs::current_path()) {
    fs::create_directories(temp / "work");
    fs::current_path(temp / "work");
  }
  ~Resolve() override { fs::current_path(before_); }
  TempFolder temp;
  SetEnvironment own{"ATTUNE_CACHE", (temp / "cache").string()}, hub{"HF_HUB_CACHE", (temp / "hub").string()};

 private:
  fs::path before_;
};

TEST_F(Resolve, AFolder) {
  temp.put("work/runs/a/config.json", "{}");
  EXPECT_EQ(resolve_model("runs/a"), "runs/a");
  EXPECT_EQ(resolve_model((temp / "work/runs/a").string()), temp / "work/runs/a");
}

TEST_F(Resolve, AKnownModel) {
  EXPECT_ERROR(ErrorKind::usage, resolve_model("minilm"), "'minilm' is not on this machine yet",
               (temp / "cache/models/minilm").string(), "attune models get minilm");
  temp.put("work/minilm/config.json", "{}");
  EXPECT_ERROR(ErrorKind::usage, resolve_model("minilm"), "attune models get minilm");
  EXPECT_EQ(resolve_model("./minilm"), "./minilm");
  temp.put("cache/models/minilm/config.json", "{}");
  EXPECT_EQ(resolve_model("minilm"), temp / "cache/models/minilm");
  EXPECT_ERROR(ErrorKind::usage, resolve_model("multilingual"), "attune models get multilingual");
}

TEST_F(Resolve, AFolderPlacedByHand) {
  temp.put("cache/models/mine/config.json", "{}");
  EXPECT_EQ(resolve_model("mine"), temp / "cache/models/mine");
}

TEST_F(Resolve, AHubId) {
  temp.put("hub/models--org--name/refs/main", "abc");
  temp.put("hub/models--org--name/snapshots/abc/config.json", "{}");
  EXPECT_EQ(resolve_model("org/name"), temp / "hub/models--org--name/snapshots/abc");
  EXPECT_ERROR(ErrorKind::usage, resolve_model("org/nam"), "there is no model 'org/nam'", "did you mean 'org/name'?",
               "hf download org/nam", "huggingface-cli download org/nam", "HF_ENDPOINT", (temp / "hub").string());
}

TEST_F(Resolve, ANameThatIsNowhere) {
  EXPECT_ERROR(ErrorKind::usage, resolve_model(""), "--model is empty");
  EXPECT_ERROR(ErrorKind::usage, resolve_model("minlm"), "there is no model 'minlm'", "did you mean 'minilm'?",
               "attune models list");
  EXPECT_ERROR(ErrorKind::usage, resolve_model("bert-large-cased"), "hf download bert-large-cased");
  fs::create_directories(temp / "work/runs/banking");
  EXPECT_ERROR(ErrorKind::usage, resolve_model("runs/bankin"), "did you mean 'runs/banking'?");
  EXPECT_ERROR(ErrorKind::usage, resolve_model("./runs/a/b"), "neither a folder nor a model kept by attune");
  temp.put("work/file", "");
  EXPECT_ERROR(ErrorKind::usage, resolve_model("file"), "--model file is a file; give the folder");
}

}  // namespace
}  // namespace attune::io
