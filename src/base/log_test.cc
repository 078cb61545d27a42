#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace gatehouse::base {
namespace {

// What was written to the pipe, read after its write end is closed.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() { ::close(ends_[0]); }
  int writer() const { return ends_[1]; }
  std::string ReadAll() {
    ::close(ends_[1]);
    std::string all;
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = ::read(ends_[0], buffer.data(), buffer.size())) > 0;)
      all.append(buffer.data(), static_cast<std::size_t>(n));
    return all;
  }

 private:
  std::array<int, 2> ends_{};
};

TEST(Log, WritesOneJsonLineAndForgesNone) {
  Pipe pipe;
  const FakeClock clock;
  {
    LogWriter writer(pipe.writer());
    const Log log(writer, clock, LogLevel::kInfo);
    log.Debug("hidden");
    log.Info("hello \"you\"\n{\"forged\":1}", {{"port", 80}, {"name", "x"}});
  }
  EXPECT_EQ(pipe.ReadAll(),
            "{\"time\":\"2023-11-14T22:13:21.000Z\",\"level\":\"info\",\"message\":\"hello "
            "\\\"you\\\"\\u000a{\\\"forged\\\":1}\","
            "\"port\":80,\"name\":\"x\"}\n");
}

TEST(Log, DropsAndCountsWhatDoesNotFit) {
  Pipe pipe;
  LogWriter writer(pipe.writer(), 8);
  writer.Write("0123456789\n");
  EXPECT_EQ(writer.dropped(), 1U);
}

}  // namespace
}  // namespace gatehouse::base
