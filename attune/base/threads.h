// How many threads to use, and why.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace attune {

struct ThreadChoice {
  int threads;         // at least 1
  std::string reason;  // "2 physical cores", "cgroup quota of 1.5 processors", "--threads"
};

// The least of: processors this process may run on (cpuset, affinity), the cgroup's processor quota (v2 cpu.max, v1
// cfs quota; rounded up), physical cores (siblings of one core count once). `asked` > 0 wins.
ThreadChoice choose_threads(int asked);

// The parts of that choice. `root` stands for "/", so that a test can bring its own /proc and /sys.

// Processors this process may run on, ascending; with OMP_PROC_BIND or OMP_PLACES those of the OpenMP runtime.
std::vector<int> allowed_processors();
// Lets this thread, and the program that it may become, run on these. Where the system refuses, all stays as it is.
void allow_processors(const std::vector<int>& processors);
// Processors that are switched on (/sys/devices/system/cpu/online), or `otherwise` where the system does not say.
int online_processors(const std::filesystem::path& root, int otherwise);
// Distinct cores among `processors`; a processor whose topology is not known counts as a core.
int physical_cores(const std::vector<int>& processors, const std::filesystem::path& root);
// The smallest quota of the process's cgroup and all above it, in processors; nothing where there is none.
std::optional<double> cgroup_quota(const std::filesystem::path& root);
// `quota` in processors; at least 1 thread comes out.
ThreadChoice least_of(int allowed, int online, int cores, std::optional<double> quota);

}  // namespace attune
