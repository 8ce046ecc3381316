#include "attune/base/threads.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <sched.h>
#include <set>
#include <sstream>
#include <string_view>
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "attune/base/error.h"

namespace attune {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

void keep_least(std::optional<double>& least, std::optional<double> quota) {
  if (quota && (!least || *quota < *least)) least = quota;
}

// cpu.max: "150000 100000" (microseconds of work in each period), or "max 100000".
std::optional<double> quota_v2(const fs::path& folder) {
  std::istringstream line(first_line(folder / "cpu.max"));
  double work = 0, period = 0;
  if (line >> work >> period && work > 0 && period > 0) return work / period;
  return std::nullopt;
}

// cpu.cfs_quota_us is -1 where there is no limit.
std::optional<double> quota_v1(const fs::path& folder) {
  double work = 0, period = 0;
  std::istringstream(first_line(folder / "cpu.cfs_quota_us")) >> work;
  std::istringstream(first_line(folder / "cpu.cfs_period_us")) >> period;
  if (work > 0 && period > 0) return work / period;
  return std::nullopt;
}

// From the process's own group up to the root of the hierarchy. In a container the group's path may be the host's and
// not be there: then what is mounted as the root is the container's own group.
template <class Read>
std::optional<double> least_upwards(const fs::path& mount, std::string_view group, Read read) {
  std::optional<double> least = read(mount);
  fs::path folder = mount;
  for (const auto& part : fs::path(group).relative_path()) keep_least(least, read(folder /= part));
  return least;
}

bool has_cpu_controller(std::string_view controllers) {
  std::istringstream list{std::string(controllers)};
  for (std::string one; std::getline(list, one, ',');)
    if (one == "cpu") return true;
  return false;
}

// "0-3,8" has 5 members.
int count_members(const std::string& list) {
  std::istringstream parts(list);
  int count = 0;
  for (std::string part; std::getline(parts, part, ',');) {
    int first = 0, last = 0;
    char dash = 0;
    std::istringstream range(part);
    if (!(range >> first)) return 0;
    if (!(range >> dash >> last)) last = first;
    count += std::max(0, last - first + 1);
  }
  return count;
}

std::string counted(int n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

}  // namespace

namespace {

// With OMP_PROC_BIND or OMP_PLACES the OpenMP runtime ties this thread to one place as the program begins, so its own
// mask says little: the places of the runtime are what the process may use. Empty where threads are not bound (Clang's
// runtime has places all the same).
std::vector<int> openmp_places() {
  std::set<int> processors;
#ifdef _OPENMP
  const bool bound = omp_get_proc_bind() != omp_proc_bind_false;
  for (int place = 0; bound && place < omp_get_num_places(); ++place) {
    std::vector<int> ids(static_cast<size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, ids.data());
    processors.insert(ids.begin(), ids.end());
  }
#endif
  return {processors.begin(), processors.end()};
}

}  // namespace

std::vector<int> allowed_processors() {
  std::vector<int> found = openmp_places();
  if (!found.empty()) return found;
  for (int room = 1024; room <= 1 << 20; room *= 2) {  // the kernel refuses a mask smaller than its own
    cpu_set_t* mask = CPU_ALLOC(room);
    const size_t bytes = CPU_ALLOC_SIZE(room);
    const bool fits = sched_getaffinity(0, bytes, mask) == 0;
    for (int i = 0; fits && i < room; ++i)
      if (CPU_ISSET_S(i, bytes, mask)) found.push_back(i);
    CPU_FREE(mask);
    if (fits || errno != EINVAL) break;
  }
  if (found.empty()) found.push_back(0);
  return found;
}

void allow_processors(const std::vector<int>& processors) {
  const int room = processors.empty() ? 1 : *std::max_element(processors.begin(), processors.end()) + 1;
  cpu_set_t* mask = CPU_ALLOC(room);
  const size_t bytes = CPU_ALLOC_SIZE(room);
  CPU_ZERO_S(bytes, mask);
  for (const int processor : processors) CPU_SET_S(processor, bytes, mask);
  static_cast<void>(sched_setaffinity(0, bytes, mask));
  CPU_FREE(mask);
}

int online_processors(const fs::path& root, int otherwise) {
  const int online = count_members(first_line(root / "sys/devices/system/cpu/online"));
  return online > 0 ? online : otherwise;
}

int physical_cores(const std::vector<int>& processors, const fs::path& root) {
  std::set<std::string> cores;
  for (const int processor : processors) {
    const fs::path topology = root / fmt::format("sys/devices/system/cpu/cpu{}/topology", processor);
    std::string siblings = first_line(topology / "thread_siblings_list");
    if (siblings.empty()) siblings = first_line(topology / "core_cpus_list");
    cores.insert(siblings.empty() ? fmt::format("processor {}", processor) : siblings);
  }
  return static_cast<int>(cores.size());
}

std::optional<double> cgroup_quota(const fs::path& root) {
  const fs::path mounts = root / "sys/fs/cgroup";
  std::optional<double> least;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "hierarchy:controllers:path"
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), group = line.substr(second + 1);
    if (controllers.empty()) {
      keep_least(least, least_upwards(mounts, group, quota_v2));
      keep_least(least, least_upwards(mounts / "unified", group, quota_v2));
    } else if (has_cpu_controller(controllers)) {
      for (const auto& mount : std::set<fs::path>{mounts / controllers, mounts / "cpu"})
        keep_least(least, least_upwards(mount, group, quota_v1));
    }
  }
  return least;
}

ThreadChoice least_of(int allowed, int online, int cores, std::optional<double> quota) {
  const int by_quota = quota ? std::max(1, static_cast<int>(std::ceil(std::min(*quota, 1e6)))) : cores;
  if (by_quota < std::min(cores, allowed))
    return {by_quota, fmt::format("cgroup quota of {:.4g} processor{}", *quota, *quota == 1 ? "" : "s")};
  if (allowed < online && allowed <= cores)
    return {std::max(1, allowed),
            fmt::format("{} of {} allowed by cpuset or affinity", allowed, counted(online, "processor", "processors"))};
  return {std::max(1, cores), counted(std::max(1, cores), "physical core", "physical cores")};
}

ThreadChoice choose_threads(int asked) {
  if (asked > 0) return {asked, "--threads"};
  const auto allowed = allowed_processors();
  const int count = static_cast<int>(allowed.size());
  return least_of(count, online_processors("/", count), physical_cores(allowed, "/"), cgroup_quota("/"));
}

}  // namespace attune
