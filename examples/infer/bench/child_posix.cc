// posix_spawn, pipes, poll. On Linux the peak comes from /proc while the child lives: what wait4 says there includes
// what this process had before the exec.
#ifndef _WIN32
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "bench/child.h"
#include "handles.h"
#include "session.h"

extern char** environ;

namespace infer::tool {
namespace {

constexpr size_t kMostOut = size_t{4} << 20, kErrTail = 4096;
constexpr int kTickMs = 20;

class Pipe {
 public:
  Pipe() {
    if (pipe(ends_.data()) != 0) throw Failure{std::string("cannot make a pipe: ") + std::strerror(errno), ""};
    for (const int end : ends_) fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  Pipe(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_end(size_t end) {
    if (ends_[end] >= 0) close(ends_[end]);
    ends_[end] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

std::vector<std::string> environment(const std::string& library_folder) {
#if defined(__APPLE__)
  const std::string key = "DYLD_LIBRARY_PATH=";
#else
  const std::string key = "LD_LIBRARY_PATH=";
#endif
  std::vector<std::string> out;
  std::string folders = library_folder;
  for (char** e = environ; *e; ++e) {
    if (!library_folder.empty() && std::strncmp(*e, key.c_str(), key.size()) == 0) {
      folders += std::string(":") + (*e + key.size());
    } else {
      out.emplace_back(*e);
    }
  }
  if (!library_folder.empty()) out.push_back(key + folders);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& w : words) out.push_back(w.data());
  out.push_back(nullptr);
  return out;
}

pid_t spawn(std::vector<std::string> words, const std::string& library_folder, const Pipe& out, const Pipe& err) {
  std::vector<std::string> values = environment(library_folder);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.writer(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.writer(), 2);
  pid_t pid = -1;
  const int error =
      posix_spawnp(&pid, words[0].c_str(), &actions, nullptr, pointers(words).data(), pointers(values).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw Failure{"cannot start '" + words[0] + "': " + std::strerror(error), "is it there, and may this user run it?"};
  }
  return pid;
}

int64_t peak_of([[maybe_unused]] pid_t pid) {
#if defined(__linux__)
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtoll(line.c_str() + 6, nullptr, 10) * 1024;
  }
#endif
  return 0;
}

int64_t peak_of([[maybe_unused]] const rusage& usage) {
#if defined(__APPLE__)
  return usage.ru_maxrss;
#else
  return 0;
#endif
}

// What is there to read now. False: nothing more will come.
bool drain(int fd, std::string& into) {
  char block[16384];
  const ssize_t n = read(fd, block, sizeof block);
  if (n > 0) into.append(block, static_cast<size_t>(n));
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

}  // namespace

Child run_child(const std::vector<std::string>& words, const std::string& library_folder, double most_seconds) {
  Child child;
  Pipe out, err;
  const double start = now_ms();
  const pid_t pid = spawn(words, library_folder, out, err);
  out.close_end(1);
  err.close_end(1);
  for (const int fd : {out.reader(), err.reader()}) fcntl(fd, F_SETFL, O_NONBLOCK);
  pollfd open[2] = {{out.reader(), POLLIN, 0}, {err.reader(), POLLIN, 0}};
  const auto look = [&] {
    if (open[0].fd >= 0 && !drain(open[0].fd, child.out)) open[0].fd = -1;
    if (child.first_byte_s == 0 && !child.out.empty()) child.first_byte_s = (now_ms() - start) / 1000;
    if (open[1].fd >= 0 && !drain(open[1].fd, child.err)) open[1].fd = -1;
    if (child.err.size() > 2 * kErrTail) child.err.erase(0, child.err.size() - kErrTail);
  };

  int status = 0;
  rusage usage{};
  while (wait4(pid, &status, WNOHANG, &usage) == 0) {
    child.peak_bytes = std::max(child.peak_bytes, peak_of(pid));
    poll(open, 2, open[0].fd < 0 && open[1].fd < 0 ? 1 : kTickMs);
    look();
    if (*child.broken == '\0' && now_ms() - start > 1000 * most_seconds) child.broken = "it took too long";
    if (*child.broken == '\0' && child.out.size() > kMostOut) child.broken = "it printed too much";
    if (*child.broken != '\0') kill(pid, SIGKILL);
  }
  child.seconds = (now_ms() - start) / 1000;
  // What it printed last; programs that it left behind may hold the pipes, so this does not wait for their end.
  while ((open[0].fd >= 0 || open[1].fd >= 0) && poll(open, 2, 0) > 0 && child.out.size() <= kMostOut) look();
  if (child.err.size() > kErrTail) child.err.erase(0, child.err.size() - kErrTail);
  child.peak_bytes = std::max(child.peak_bytes, peak_of(usage));
  child.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return child;
}

BusyProcess::BusyProcess() {
  const pid_t parent = getpid();
  id_ = fork();
  if (id_ < 0) throw Failure{std::string("cannot start a busy process: ") + std::strerror(errno), ""};
  if (id_ > 0) return;
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  for (uint64_t turns = 0;; ++turns) {
    asm volatile("" : : "r"(turns));  // a loop without effect may be left out
    if ((turns & 0xfffffff) == 0 && getppid() != parent) _exit(0);
  }
}

BusyProcess::~BusyProcess() {
  kill(static_cast<pid_t>(id_), SIGKILL);
  waitpid(static_cast<pid_t>(id_), nullptr, 0);
}

}  // namespace infer::tool
#endif
