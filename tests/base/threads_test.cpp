#include "attune/base/threads.h"

#include <gtest/gtest.h>
#include <sched.h>

#include "tests/base/temp_folder.h"

namespace attune {
namespace {

using test::TempFolder;

TEST(ChooseThreads, AskedWins) {
  const ThreadChoice choice = choose_threads(7);
  EXPECT_EQ(choice.threads, 7);
  EXPECT_EQ(choice.reason, "--threads");
}

TEST(ChooseThreads, HereIsAtLeastOneAndAtMostWhatIsAllowed) {
  const ThreadChoice choice = choose_threads(0);
  EXPECT_GE(choice.threads, 1);
  EXPECT_LE(choice.threads, static_cast<int>(allowed_processors().size()));
  EXPECT_FALSE(choice.reason.empty());
}

TEST(AllowedProcessors, FollowsAffinity) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  const auto all = allowed_processors();
  EXPECT_EQ(static_cast<int>(all.size()), CPU_COUNT(&before));
  CPU_ZERO(&one);
  CPU_SET(all.back(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(allowed_processors(), std::vector<int>{all.back()});
  sched_setaffinity(0, sizeof before, &before);
}

TEST(LeastOf, NamesTheReason) {
  const auto check = [](ThreadChoice choice, int threads, const char* reason) {
    EXPECT_EQ(choice.threads, threads) << reason;
    EXPECT_EQ(choice.reason, reason);
  };
  check(least_of(4, 4, 2, {}), 2, "2 physical cores");
  check(least_of(1, 1, 1, {}), 1, "1 physical core");
  check(least_of(8, 8, 8, 1.5), 2, "cgroup quota of 1.5 processors");
  check(least_of(8, 8, 8, 1.0), 1, "cgroup quota of 1 processor");
  check(least_of(8, 8, 8, 0.2), 1, "cgroup quota of 0.2 processors");
  check(least_of(8, 8, 4, 4.0), 4, "4 physical cores");
  check(least_of(8, 8, 4, 1e300), 4, "4 physical cores");
  check(least_of(3, 8, 3, {}), 3, "3 of 8 processors allowed by cpuset or affinity");
  check(least_of(6, 8, 4, {}), 4, "4 physical cores");
  check(least_of(0, 0, 0, {}), 1, "1 physical core");
}

TEST(PhysicalCores, SiblingsCountOnce) {
  const TempFolder root;
  for (int i = 0; i < 4; ++i)
    root.put("sys/devices/system/cpu/cpu" + std::to_string(i) + "/topology/thread_siblings_list",
             i % 2 == 0 ? "0,2\n" : "1,3\n");
  root.put("sys/devices/system/cpu/cpu4/topology/core_cpus_list", "4-5\n");
  root.put("sys/devices/system/cpu/cpu5/topology/core_cpus_list", "4-5\n");
  EXPECT_EQ(physical_cores({0, 1, 2, 3}, root.path()), 2);
  EXPECT_EQ(physical_cores({0, 2}, root.path()), 1);
  EXPECT_EQ(physical_cores({0, 1, 4, 5}, root.path()), 3);
  EXPECT_EQ(physical_cores({0, 8, 9}, root.path()), 3);  // unknown topology: each is a core
}

TEST(OnlineProcessors, ReadsRanges) {
  const TempFolder root;
  EXPECT_EQ(online_processors(root.path(), 6), 6);
  root.put("sys/devices/system/cpu/online", "0-3,8,10-11\n");
  EXPECT_EQ(online_processors(root.path(), 6), 7);
  root.put("sys/devices/system/cpu/online", "nonsense\n");
  EXPECT_EQ(online_processors(root.path(), 6), 6);
}

TEST(CgroupQuota, Version2TakesTheLeastUpwards) {
  const TempFolder root;
  root.put("proc/self/cgroup", "0::/user/job\n");
  EXPECT_EQ(cgroup_quota(root.path()), std::nullopt);
  root.put("sys/fs/cgroup/user/job/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_quota(root.path()), std::nullopt);
  root.put("sys/fs/cgroup/user/cpu.max", "150000 100000\n");
  EXPECT_EQ(cgroup_quota(root.path()), 1.5);
  root.put("sys/fs/cgroup/user/job/cpu.max", "50000 100000\n");
  EXPECT_EQ(cgroup_quota(root.path()), 0.5);
}

TEST(CgroupQuota, InAContainerTheMountIsTheGroup) {
  const TempFolder root;
  root.put("proc/self/cgroup", "0::/host/path/not/here\n");
  root.put("sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(cgroup_quota(root.path()), 3.0);
}

TEST(CgroupQuota, Version1) {
  const TempFolder root;
  root.put("proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n3:cpuset:/job\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_quota(root.path()), std::nullopt);
  root.put("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n");
  EXPECT_EQ(cgroup_quota(root.path()), 2.5);
  root.put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "120000\n");  // under its other name, and further up
  root.put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_quota(root.path()), 1.2);
}

TEST(CgroupQuota, BrokenFilesMeanNoQuota) {
  const TempFolder root;
  EXPECT_EQ(cgroup_quota(root.path()), std::nullopt);
  root.put("proc/self/cgroup", "nonsense\n0::/a\n:\n");
  root.put("sys/fs/cgroup/a/cpu.max", "garbage\n");
  EXPECT_EQ(cgroup_quota(root.path()), std::nullopt);
  root.put("sys/fs/cgroup/a/cpu.max", "100000 0\n");
  EXPECT_EQ(cgroup_quota(root.path()), std::nullopt);
}

}  // namespace
}  // namespace attune
