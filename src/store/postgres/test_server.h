#pragma once

// A real PostgreSQL server for tests; never included by product code.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/postgres/connection.h"

namespace gatehouse::store::postgres {

// The server of Debian's package, on a socket in a folder of its own; stopped and gone with the object. As root it runs
// as the package's user, because PostgreSQL refuses root.
class TestServer {
 public:
  // One for all tests of a program: making it takes seconds.
  static TestServer& Shared() {
    static TestServer server;
    return server;
  }

  TestServer() {
    std::string name = (std::filesystem::temp_directory_path() / "gatehouse-pg-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    if (const passwd* user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr; user != nullptr) {
      EXPECT_EQ(::chown(name.c_str(), user->pw_uid, user->pw_gid), 0);
      user_ = *user;
    }
    EXPECT_EQ(Wait(Spawn({Program("initdb"), "-D", Data(), "-U", "gatehouse", "-A", "trust", "-E", "UTF8", "--locale=C",
                          "--no-sync", "--no-instructions"})),
              0);
    Start();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  void Start() const {
    const std::string options = "-k " + folder_.string() +
                                " -c listen_addresses= -c max_connections=200 -c fsync=off "
                                "-c deadlock_timeout=10ms";
    EXPECT_EQ(Wait(Spawn({Program("pg_ctl"), "-D", Data(), "-w", "-s", "-o", options, "start"})), 0);
  }
  // At once, as after a crash.
  void Stop() const {
    EXPECT_EQ(Wait(Spawn({Program("pg_ctl"), "-D", Data(), "-w", "-s", "-m", "immediate", "stop"})), 0);
  }
  // All its processes: connections stay, and nothing answers.
  void Pause() const { SignalAll(SIGSTOP); }
  void Resume() const { SignalAll(SIGCONT); }

  // An empty database, and how to reach it.
  std::string NewDatabase() {
    const std::string name = "t" + std::to_string(++databases_);
    auto connection = Open("postgres");
    EXPECT_TRUE(connection.ok()) << connection.error().detail;
    EXPECT_TRUE(connection.value()->Run({.sql = "CREATE DATABASE " + name}, base::TimePoint::max()).ok());
    return ConnectionTo(name);
  }

 private:
  std::string ConnectionTo(const std::string& database) const {
    return "host=" + folder_.string() + " user=gatehouse dbname=" + database;
  }
  base::Result<std::unique_ptr<Connection>> Open(const std::string& database) const {
    return Connection::Open(ConnectionTo(database), {}, base::SystemClock());
  }
  std::string Data() const { return (folder_ / "data").string(); }
  static std::string Program(const std::string& name) { return "/usr/lib/postgresql/15/bin/" + name; }

  void SignalAll(int signal) const {
    pid_t main = 0;
    std::ifstream(folder_ / "data" / "postmaster.pid") >> main;
    std::vector<pid_t> all = {main};
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream stat(entry.path() / "stat");
      pid_t self = 0;
      pid_t parent = 0;
      std::string name;
      char state = 0;
      if (stat >> self >> name >> state >> parent && parent == main) all.push_back(self);
    }
    for (const pid_t process : all) ::kill(process, signal);
  }

  pid_t Spawn(std::vector<std::string> command) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (user_ && (::setgid(user_->pw_gid) != 0 || ::setuid(user_->pw_uid) != 0)) ::_exit(126);
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    const int log = ::open((folder_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  static int Wait(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::filesystem::path folder_;
  std::optional<passwd> user_;
  int databases_ = 0;
};

}  // namespace gatehouse::store::postgres
