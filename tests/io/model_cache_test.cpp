#include "attune/io/model_cache.h"

#include <gtest/gtest.h>

#include "tests/base/temp_folder.h"
#include "tests/io/set_environment.h"

namespace attune::io {
namespace {

using test::SetEnvironment;
using test::TempFolder;
namespace fs = std::filesystem;

struct NoVariables {
  SetEnvironment a{"ATTUNE_CACHE", {}}, b{"XDG_CACHE_HOME", {}}, c{"HF_HUB_CACHE", {}}, d{"HUGGINGFACE_HUB_CACHE", {}},
      e{"HF_HOME", {}}, f{"HOME", "/home/ann"};
};

TEST(CacheFolder, FirstVariableWins) {
  const NoVariables none;
  EXPECT_EQ(cache_folder(), "/home/ann/.cache/attune");
  const SetEnvironment xdg("XDG_CACHE_HOME", "/xdg");
  EXPECT_EQ(cache_folder(), "/xdg/attune");
  const SetEnvironment own("ATTUNE_CACHE", "~/models");
  EXPECT_EQ(cache_folder(), "/home/ann/models");
  EXPECT_EQ(stored_model_folder("minilm"), "/home/ann/models/models/minilm");
  const SetEnvironment empty("ATTUNE_CACHE", "");
  EXPECT_EQ(cache_folder(), "/xdg/attune");
}

TEST(CacheFolder, WithoutHomeTheUsersEntryIsAsked) {
  const NoVariables none;
  const SetEnvironment home("HOME", {});
  EXPECT_TRUE(cache_folder().is_absolute());
}

TEST(HubCacheFolder, FirstVariableWins) {
  const NoVariables none;
  EXPECT_EQ(hub_cache_folder(), "/home/ann/.cache/huggingface/hub");
  const SetEnvironment xdg("XDG_CACHE_HOME", "/xdg");
  EXPECT_EQ(hub_cache_folder(), "/xdg/huggingface/hub");
  const SetEnvironment home("HF_HOME", "/hf");
  EXPECT_EQ(hub_cache_folder(), "/hf/hub");
  const SetEnvironment hub("HF_HUB_CACHE", "/hub");
  EXPECT_EQ(hub_cache_folder(), "/hub");
}

TEST(HubId, Grammar) {
  for (const char* good : {"org/name", "bert-base-uncased", "a/b.c_d-e", "0/1"}) EXPECT_TRUE(is_hub_id(good)) << good;
  for (const char* bad : {"", "/", "a/", "/a", "a/b/c", "./a", "../a", "~/a", "a b", "a/.b", "-a", "a\\b", "a/b\n"})
    EXPECT_FALSE(is_hub_id(bad)) << bad;
}

class HubSnapshot : public testing::Test {
 protected:
  TempFolder temp;
  SetEnvironment hub{"HF_HUB_CACHE", temp.path().string()};
};

TEST_F(HubSnapshot, FollowsRefsMain) {
  temp.put("models--org--name/refs/main", "abc123\n");
  temp.put("models--org--name/snapshots/abc123/config.json", "{}");
  temp.put("models--org--name/snapshots/zzz/config.json", "{}");
  EXPECT_EQ(hub_snapshot("org/name"), temp / "models--org--name/snapshots/abc123");
  EXPECT_EQ(hub_snapshot("org/other"), std::nullopt);
  EXPECT_EQ(hub_snapshot("../name"), std::nullopt);
}

TEST_F(HubSnapshot, WithoutRefsOnlyASingleSnapshotIsClear) {
  temp.put("models--bert-base-uncased/snapshots/one/config.json", "{}");
  EXPECT_EQ(hub_snapshot("bert-base-uncased"), temp / "models--bert-base-uncased/snapshots/one");
  temp.put("models--bert-base-uncased/snapshots/two/config.json", "{}");
  EXPECT_EQ(hub_snapshot("bert-base-uncased"), std::nullopt);
}

TEST_F(HubSnapshot, BrokenRefs) {
  for (const char* bad : {"", "gone", "../../../etc", ".."}) {
    temp.put("models--org--name/refs/main", bad);
    temp.put("models--org--name/snapshots/abc/config.json", "{}");
    EXPECT_EQ(hub_snapshot("org/name"), std::nullopt) << bad;
  }
}

TEST_F(HubSnapshot, Lists) {
  EXPECT_TRUE(hub_models().empty());
  temp.put("models--org--name/snapshots/abc/config.json", "{}");
  temp.put("models--bert/snapshots/abc/config.json", "{}");
  temp.put("models--org--empty/refs/main", "abc");
  temp.put("datasets--org--data/snapshots/abc/x", "");
  EXPECT_EQ(hub_models(), (std::vector<std::string>{"bert", "org/name"}));
}

}  // namespace
}  // namespace attune::io
