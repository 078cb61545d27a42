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

TEST(Log, WritesWhatComesByTheThousandInOrderWithTheRest) {
  Pipe pipe;
  constexpr int kLines = 300;  // fewer bytes than a pipe holds
  std::string expected;
  {
    LogWriter writer(pipe.writer());
    for (int i = 0; i < kLines; ++i) {
      const std::string line = std::to_string(i) + "\n";
      writer.Write(line, i % 7 == 0 ? LogWriter::Urgency::kNow : LogWriter::Urgency::kSoon);
      expected.append(line);
    }
  }
  EXPECT_EQ(pipe.ReadAll(), expected);
}

// Each line is read before the next one comes, so that the thread has to wake for every one of them.
TEST(Log, WritesALoneLineWithoutWaitingForOthers) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  {
    LogWriter writer(ends[1]);
    for (const auto urgency : {LogWriter::Urgency::kSoon, LogWriter::Urgency::kSoon, LogWriter::Urgency::kNow}) {
      writer.Write("line\n", urgency);
      std::array<char, 16> buffer;
      EXPECT_EQ(::read(ends[0], buffer.data(), buffer.size()), 5);
    }
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Log, DropsAndCountsWhatDoesNotFit) {
  Pipe pipe;
  LogWriter writer(pipe.writer(), 8);
  writer.Write("0123456789\n");
  EXPECT_EQ(writer.dropped(), 1U);
}

}  // namespace
}  // namespace gatehouse::base
