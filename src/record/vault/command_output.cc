#include "record/vault/command_output.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>  // explicit_bzero
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>
#include <vector>

#include "base/check.h"

namespace gatehouse::record::vault {
namespace {

base::Error Failed(base::ErrorCode code, std::string why) {
  return {.code = code, .source = base::ErrorSource::kStore, .public_message = std::move(why)};
}

// A program that runs, and the end of the pipe that it writes to. Dropping it kills the program and waits for it.
class Child {
 public:
  Child(pid_t process, int output) : process_(process), output_(output) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::close(output_);
    if (process_ < 0) return;
    ::kill(-process_, SIGKILL);
    static_cast<void>(Reap());
  }

  int output() const { return output_; }
  // Waits for the end of the program; its wait status.
  int Reap() {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return status;
  }
  // The status if the program has ended.
  bool HasEnded(int& status) {
    if (::waitpid(process_, &status, WNOHANG) != process_) return false;
    process_ = -1;
    return true;
  }

 private:
  pid_t process_;
  const int output_;
};

// In a process group of its own, with nothing open but what every program has.
int Spawn(std::span<const std::string> words, int output, pid_t& process) {
  std::vector<char*> arguments;
  std::vector<std::string> copies(words.begin(), words.end());
  arguments.reserve(copies.size() + 1);
  for (std::string& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  GH_CHECK(::posix_spawn_file_actions_init(&actions) == 0 && ::posix_spawnattr_init(&attributes) == 0);
  GH_CHECK(::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0);
  GH_CHECK(::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0);
  GH_CHECK(::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP) == 0);
  const int failed = ::posix_spawn(&process, copies.front().c_str(), &actions, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return failed;
}

// How long to wait for output, in milliseconds, at least one while there is time.
int WaitMs(base::TimePoint deadline, const base::Clock& clock) {
  constexpr std::int64_t kLongestMs = 1000;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.Now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, kLongestMs));
}

enum class Got : std::uint8_t { kMore, kAll, kNothing };

// Adds what there is to `text`.
Got ReadSome(int output, std::string& text) {
  std::array<char, 512> buffer;
  const ssize_t got = ::read(output, buffer.data(), buffer.size());
  if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  explicit_bzero(buffer.data(), buffer.size());
  if (got > 0) return Got::kMore;
  return got < 0 && (errno == EINTR || errno == EAGAIN) ? Got::kNothing : Got::kAll;
}

base::Status CheckEnd(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return base::Ok();
  const std::string how = WIFEXITED(status) ? "with status " + std::to_string(WEXITSTATUS(status))
                                            : "by signal " + std::to_string(WTERMSIG(status));
  return Failed(base::ErrorCode::kUnavailable, "was not given: it ended " + how);
}

// What is written before the deadline. The program may close its output and go on, or leave it to another and end.
base::Status ReadAll(Child& child, std::string& text, std::size_t limit, base::TimePoint deadline,
                     const base::Clock& clock) {
  Got got = Got::kNothing;
  int status = 0;
  while (clock.Now() < deadline) {
    pollfd ready = {.fd = got == Got::kAll ? -1 : child.output(), .events = POLLIN, .revents = 0};
    constexpr int kPauseMs = 5;  // between looks at a program that has closed its output
    const int wait = WaitMs(deadline, clock);
    const int events = ::poll(&ready, 1, got == Got::kAll ? std::min(wait, kPauseMs) : wait);
    if (events > 0) got = ReadSome(child.output(), text);
    if (text.size() > limit) return Failed(base::ErrorCode::kInvalidRequest, "is longer than a key can be");
    if (got == Got::kAll && child.HasEnded(status)) return CheckEnd(status);
  }
  return Failed(base::ErrorCode::kTimeout, "was not given in time: the command was ended at its deadline");
}

}  // namespace

base::Result<base::Secret> CommandOutput(std::span<const std::string> words, base::TimePoint deadline,
                                         std::size_t limit, const base::Clock& clock) {
  if (words.empty() || !words.front().starts_with('/')) {
    return Failed(base::ErrorCode::kInvalidRequest, "needs the full path of the program");
  }
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return Failed(base::ErrorCode::kUnavailable, "cannot be asked for");
  pid_t process = -1;
  const int failed = Spawn(words, pipe[1], process);
  ::close(pipe[1]);
  Child child(failed == 0 ? process : -1, pipe[0]);
  if (failed != 0) {
    return Failed(base::ErrorCode::kNotFound, "cannot be asked for: " + std::generic_category().message(failed));
  }
  std::string text;
  text.reserve(2 * limit);  // so that nothing of it stays behind where it grew
  const auto status = ReadAll(child, text, limit, deadline, clock);
  base::Secret output(std::move(text));
  if (!status.ok()) return status.error();
  return output;
}

}  // namespace gatehouse::record::vault
