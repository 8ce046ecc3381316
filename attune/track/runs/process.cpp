#include "attune/track/runs/process.h"

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <unistd.h>

namespace attune::track {
namespace {

// Field 22 of /proc/PID/stat; the second one, the program's name, may hold blanks and brackets.
std::string start_of(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return "";
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number)
    if (!(fields >> field)) return "";
  return field;
}

// What a number of a process counts in.
std::string world() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  file >> boot;
  char name[64] = {};
  const ssize_t length = ::readlink("/proc/self/ns/pid", name, sizeof(name) - 1);
  if (boot.empty() || length <= 0) return "";
  return boot + " " + name;
}

}  // namespace

std::string this_process() {
  const std::string around = world(), pid = std::to_string(::getpid()), start = start_of(pid);
  return around.empty() || start.empty() ? "" : fmt::format("{} {} {}", around, pid, start);
}

std::optional<bool> is_running(const std::string& process) {
  std::istringstream words(process);
  std::string boot, space, pid, start;
  if (!(words >> boot >> space >> pid >> start) || boot + " " + space != world()) return std::nullopt;
  return start_of(pid) == start;
}

}  // namespace attune::track
