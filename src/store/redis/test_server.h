#pragma once

// A real Redis server for tests; never included by product code.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace gatehouse::store::redis {

// The server of Debian's package on a free port of loopback, with nothing on disk; stopped and gone with the object.
class TestServer {
 public:
  enum class Transport : std::uint8_t { kPlain, kTls };
  // `options` as on its command line.
  explicit TestServer(std::vector<std::string> options = {}, Transport transport = Transport::kPlain)
      : options_(std::move(options)), transport_(transport) {
    std::string name = (std::filesystem::temp_directory_path() / "gatehouse-redis-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    // Between finding a free port and taking it another program may have.
    constexpr int kTries = 5;
    for (int i = 0; i < kTries && process_ <= 0; ++i) {
      port_ = FreePort();
      Start();
    }
    EXPECT_GT(process_, 0) << "redis-server does not start";
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  std::uint16_t port() const { return port_; }

  // On the port it had. Ready when it returns.
  void Start() {
    std::array<int, 2> output{};
    ASSERT_EQ(::pipe(output.data()), 0);
    process_ = ::fork();
    if (process_ == 0) Become(output[1]);
    ::close(output[1]);
    if (!WaitForWord(output[0], "Ready to accept connections")) {
      ::waitpid(process_, nullptr, 0);
      process_ = -1;
    }
    output_ = output[0];
  }
  // At once, as after a crash.
  void Stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::close(output_);
    process_ = -1;
  }
  // Connections stay, and nothing answers.
  void Pause() const { ::kill(process_, SIGSTOP); }
  void Resume() const { ::kill(process_, SIGCONT); }

 private:
  static std::uint16_t FreePort() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{
        .sin_family = AF_INET, .sin_port = 0, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(probe, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ::close(probe);
    return ntohs(address.sin_port);
  }

  [[noreturn]] void Become(int output) const {
    const bool tls = transport_ == Transport::kTls;
    const std::string port = std::to_string(port_);
    std::vector<std::string> command = {"redis-server", "--port",    tls ? "0" : port, "--tls-port", tls ? port : "0",
                                        "--bind",       "127.0.0.1", "--save",         "",           "--appendonly",
                                        "no",           "--dir",     folder_.string()};
    command.insert(command.end(), options_.begin(), options_.end());
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }

  static bool WaitForWord(int from, const std::string& word) {
    std::string seen;
    std::array<char, 4096> bytes{};
    while (!seen.contains(word)) {
      const ssize_t got = ::read(from, bytes.data(), bytes.size());
      if (got <= 0) return false;
      seen.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return true;
  }

  const std::vector<std::string> options_;
  const Transport transport_;
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
  int output_ = -1;  // kept open: the server writes there
};

}  // namespace gatehouse::store::redis
