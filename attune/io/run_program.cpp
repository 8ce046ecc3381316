#include "attune/io/run_program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attune/base/descriptor.h"
#include "attune/base/error.h"

extern char** environ;

namespace attune::io {
namespace {

constexpr size_t kKeep = 16 << 10;

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(ErrorKind::io, "no pipe: {}", reason_of(errno));
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  void close(size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
};

pid_t spawn(const std::vector<std::string>& arguments, int output) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  pid_t child = 0;
  const int code = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) fail(ErrorKind::io, "cannot run {}: {}", arguments[0], reason_of(code));
  return child;
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& arguments, const std::atomic<bool>* stop) {
  ATTUNE_CHECK(!arguments.empty(), "no program");
  Pipe pipe;
  const pid_t child = spawn(arguments, pipe.ends[1]);
  pipe.close(1);
  ProgramResult result{};
  std::array<char, 4096> buffer{};
  bool interrupted = false;
  for (;;) {
    constexpr int kLook = 100;  // milliseconds
    pollfd ready{.fd = pipe.ends[0], .events = POLLIN, .revents = 0};
    if (stop && !interrupted && *stop) interrupted = true, ::kill(child, SIGTERM);
    if (stop && ::poll(&ready, 1, kLook) <= 0) continue;
    const ssize_t got = ::read(pipe.ends[0], buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    result.output.append(buffer.data(), static_cast<size_t>(got));
    if (result.output.size() > 2 * kKeep) result.output.erase(0, result.output.size() - kKeep);
  }
  if (result.output.size() > kKeep) result.output.erase(0, result.output.size() - kKeep);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail(ErrorKind::io, "lost {}: {}", arguments[0], reason_of(errno));
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace attune::io
