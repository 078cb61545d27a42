// What every Stream promises, run on each implementation: a fake pair, a pair of local sockets, TCP over loopback.
#include "net/stream_contract.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/epoll_loop.h"
#include "net/fake/fake_loop.h"
#include "net/fake/fake_stream.h"
#include "net/stream.h"
#include "net/tcp_listener.h"
#include "net/tcp_stream.h"

namespace gatehouse::net {
namespace {

using contract::FakeRig;
using contract::RealRig;

class SocketPairRig final : public RealRig {
 public:
  SocketPairRig() {
    int pair[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    near_ = std::make_unique<TcpStream>(loop_, Descriptor(pair[0]), std::nullopt);
    far_ = std::make_unique<TcpStream>(loop_, Descriptor(pair[1]), std::nullopt);
  }
  // A local socket knows no RST; closing it with unread bytes is the nearest.
  bool CanReset() const override { return false; }
};

std::vector<contract::NamedRig> Rigs() {
  using Options = fake::FakeStream::Options;
  return {
      {"Fake", [] { return std::make_unique<FakeRig>(Options{}); }},
      {"FakeTinyBuffer", [] { return std::make_unique<FakeRig>(Options{.buffer_bytes = 7}); }},
      {"FakeOneByteChunks", [] { return std::make_unique<FakeRig>(Options{.buffer_bytes = 4096, .max_chunk = 1}); }},
      {"FakeSlow", [] { return std::make_unique<FakeRig>(Options{.latency = std::chrono::milliseconds(20)}); }},
      {"SocketPair", [] { return std::make_unique<SocketPairRig>(); }},
      {"TcpLoopback", [] { return std::make_unique<contract::TcpRig>(); }},
  };
}

INSTANTIATE_TEST_SUITE_P(Streams, StreamContractTest, testing::ValuesIn(Rigs()),
                         [](const auto& info) { return info.param.name; });

using namespace std::chrono_literals;

constexpr std::size_t kBulk = 200'000;

std::string Pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

// In pieces of growing size, three to a call.
Task<> WriteInPieces(Stream& stream, std::string bytes) {
  std::string_view rest = bytes;
  std::size_t size = 1;
  while (!rest.empty()) {
    std::array<std::string_view, 3> pieces;
    for (auto& piece : pieces) {
      piece = rest.substr(0, size);
      rest.remove_prefix(piece.size());
      size = size * 3 % 4099 + 1;
    }
    const auto written = co_await WriteAll(stream, pieces, Deadline::Never());
    EXPECT_TRUE(written.ok());
    if (!written.ok()) co_return;
  }
  stream.CloseWrite();
}

Task<> ReadToEnd(Stream& stream, std::string& into) {
  std::size_t size = 1;
  std::string buffer;
  while (true) {
    buffer.resize(size);
    size = size * 5 % 16411 + 1;
    const auto bytes = co_await ReadSome(stream, std::span(buffer), Deadline::Never());
    EXPECT_TRUE(bytes.ok());
    if (!bytes.ok() || bytes.value() == 0) co_return;
    into.append(buffer, 0, bytes.value());
  }
}

Task<> ReadExactly(Stream& stream, std::size_t size, std::string& into) {
  std::string buffer;
  while (into.size() < size) {
    buffer.resize(size - into.size());
    const auto bytes = co_await ReadSome(stream, std::span(buffer), Deadline::Never());
    EXPECT_TRUE(bytes.ok());
    if (!bytes.ok() || bytes.value() == 0) co_return;
    into.append(buffer, 0, bytes.value());
  }
}

Task<> Write(Stream& stream, std::string bytes) {
  const std::array<std::string_view, 1> pieces{bytes};
  const auto written = co_await WriteAll(stream, pieces, Deadline::Never());
  EXPECT_TRUE(written.ok());
}

Task<> All(Loop& loop, std::vector<Task<>> tasks) {
  TaskGroup group(loop);
  for (auto& task : tasks) group.Spawn(std::move(task));
  co_await group.Drained(Deadline::Never());
}

template <class... Tasks>
Task<> Together(Loop& loop, Tasks... tasks) {
  std::vector<Task<>> list;
  (list.push_back(std::move(tasks)), ...);
  return All(loop, std::move(list));
}

TEST_P(StreamContractTest, BytesArriveInOrderBothWaysAtOnce) {
  const auto sent = Pattern(GetParam().name.find("Chunk") != std::string::npos ? kBulk / 20 : kBulk);
  std::string at_far;
  std::string at_near;
  rig_->Drive(Together(rig_->loop(), WriteInPieces(rig_->near(), sent), WriteInPieces(rig_->far(), sent),
                       ReadToEnd(rig_->near(), at_near), ReadToEnd(rig_->far(), at_far)));
  EXPECT_TRUE(at_far == sent);
  EXPECT_TRUE(at_near == sent);
}

Task<> HalfClose(Stream& near, Stream& far) {
  co_await Write(near, "ask");
  near.CloseWrite();
  std::string question;
  co_await ReadToEnd(far, question);
  EXPECT_EQ(question, "ask");
  co_await Write(far, "told");
  far.CloseWrite();
  std::string answer;
  co_await ReadToEnd(near, answer);
  EXPECT_EQ(answer, "told");
}

TEST_P(StreamContractTest, AfterItsOrderlyEndReadingStaysPossible) {
  rig_->Drive(HalfClose(rig_->near(), rig_->far()));
}

Task<> FillUntilBlocked(Stream& stream, std::string_view block, std::size_t& written) {
  while (true) {
    const auto outcome = stream.TryWrite(std::span(&block, 1));
    if (outcome.state == IoState::kDone) {
      written += outcome.bytes;
      continue;
    }
    EXPECT_EQ(outcome.state, IoState::kWouldBlock);
    const auto readiness = co_await stream.Writable(stream.loop().In(50ms));
    if (readiness == Readiness::kTimeout) co_return;
  }
}

TEST_P(StreamContractTest, AWriterIsHeldBackUntilTheReaderReads) {
  const std::string block(1000, 'x');
  std::size_t written = 0;
  rig_->Drive(FillUntilBlocked(rig_->near(), block, written));
  EXPECT_GT(written, 0U);
  EXPECT_LT(written, 64UL << 20);
  std::string received;
  std::size_t more = 0;
  rig_->Drive(Together(rig_->loop(), ReadExactly(rig_->far(), written, received)));
  EXPECT_EQ(received.size(), written);
  rig_->Drive(FillUntilBlocked(rig_->near(), block, more));
  EXPECT_GT(more, 0U);
}

TEST_P(StreamContractTest, WritingNothingSucceeds) {
  EXPECT_EQ(rig_->near().TryWrite({}).state, IoState::kDone);
  const std::string_view empty;
  EXPECT_EQ(rig_->near().TryWrite(std::span(&empty, 1)).state, IoState::kDone);
}

Task<> ExpectReadTimeout(Stream& stream, base::Duration after) {
  std::array<char, 16> buffer{};
  const auto bytes = co_await ReadSome(stream, buffer, stream.loop().In(after));
  EXPECT_FALSE(bytes.ok());
  if (!bytes.ok()) EXPECT_EQ(bytes.error().code, base::ErrorCode::kTimeout);
}

TEST_P(StreamContractTest, AReadEndsAtItsDeadlineAndTheStreamStaysUsable) {
  rig_->Drive(ExpectReadTimeout(rig_->near(), 5ms));
  rig_->Drive(ExpectReadTimeout(rig_->near(), -5ms));
  std::string received;
  rig_->Drive(Together(rig_->loop(), Write(rig_->far(), "late"), ReadExactly(rig_->near(), 4, received)));
  EXPECT_EQ(received, "late");
}

TEST_P(StreamContractTest, ADroppedTaskWithdrawsItsWait) {
  std::string lost;
  for (int i = 0; i < 3; ++i) {
    TaskGroup group(rig_->loop());
    group.Spawn(ReadExactly(rig_->near(), 1, lost));
  }
  std::string received;
  rig_->Drive(Together(rig_->loop(), Write(rig_->far(), "kept"), ReadExactly(rig_->near(), 4, received)));
  EXPECT_EQ(received, "kept");
  EXPECT_EQ(lost, "");
}

Task<> WaitForPeerGone(Stream& stream) {
  while (!stream.PeerGone()) co_await stream.loop().Sleep(1ms);
}

Task<> WriteUntilBroken(Stream& stream) {
  const std::string_view piece = "into the void";
  while (true) {
    const auto written = co_await WriteAll(stream, std::span(&piece, 1), stream.loop().In(1min));
    if (!written.ok()) {
      EXPECT_EQ(written.error().code, base::ErrorCode::kUnavailable);
      EXPECT_NE(stream.last_error(), "");
      co_return;
    }
    co_await stream.loop().Sleep(1ms);
  }
}

TEST_P(StreamContractTest, ADroppedEndIsSeenByTheOther) {
  int told = 0;
  rig_->far().OnPeerGone([&] { ++told; });
  EXPECT_FALSE(rig_->far().PeerGone());
  rig_->TakeNear().reset();
  rig_->Drive(WaitForPeerGone(rig_->far()));
  std::string received;
  rig_->Drive(ReadToEnd(rig_->far(), received));
  EXPECT_EQ(received, "");
  rig_->Drive(WriteUntilBroken(rig_->far()));
  EXPECT_EQ(told, 1);
}

Task<> AwaitPeerGoneCallback(Stream& stream, Event& told) {
  stream.OnPeerGone([&told] { told.Set(); });
  EXPECT_EQ(co_await told.Wait(stream.loop().In(1min)), Event::Outcome::kSet);
}

TEST_P(StreamContractTest, APeerThatIsGoneAlreadyIsToldOfToo) {
  rig_->TakeNear().reset();
  rig_->Drive(WaitForPeerGone(rig_->far()));
  Event told(rig_->loop());
  rig_->Drive(AwaitPeerGoneCallback(rig_->far(), told));
}

TEST_P(StreamContractTest, AWithdrawnPeerGoneCallbackStaysSilent) {
  int told = 0;
  rig_->far().OnPeerGone([&] { ++told; });
  rig_->far().OnPeerGone(nullptr);
  rig_->TakeNear().reset();
  rig_->Drive(WaitForPeerGone(rig_->far()));
  EXPECT_EQ(told, 0);
}

Task<> WaitUntilNull(Loop& loop, std::unique_ptr<Stream>& stream) {
  while (stream != nullptr) co_await loop.Sleep(1ms);
}

TEST_P(StreamContractTest, ThePeerGoneCallbackMayDropTheStream) {
  auto far = rig_->TakeFar();
  far->OnPeerGone([&far] { far.reset(); });
  rig_->TakeNear().reset();
  rig_->Drive(WaitUntilNull(rig_->loop(), far));
}

// Owns its stream, and drops it from within the wake-up that brings the first bytes.
Task<> ReadOnceAndDrop(std::unique_ptr<Stream> stream, std::string& into) {
  std::array<char, 1> buffer{};
  const auto bytes = co_await ReadSome(*stream, buffer, Deadline::Never());
  EXPECT_TRUE(bytes.ok());
  if (bytes.ok()) into.assign(buffer.data(), bytes.value());
}

TEST_P(StreamContractTest, AReaderMayDropItsStreamWhenItWakes) {
  auto far = rig_->TakeFar();
  int told = 0;
  far->OnPeerGone([&] { ++told; });
  std::string received;
  TaskGroup group(rig_->loop());
  group.Spawn(ReadOnceAndDrop(std::move(far), received));
  rig_->Drive(Write(rig_->near(), "a"));
  rig_->TakeNear().reset();
  rig_->Drive(group.Drained(Deadline::Never()));
  EXPECT_EQ(received, "a");
  EXPECT_LE(told, 1);
}

Task<> ExpectReset(Stream& stream) {
  std::array<char, 16> buffer{};
  const auto bytes = co_await ReadSome(stream, buffer, stream.loop().In(1min));
  EXPECT_FALSE(bytes.ok());
  if (!bytes.ok()) EXPECT_EQ(bytes.error().code, base::ErrorCode::kUnavailable);
  EXPECT_NE(stream.last_error(), "");
  EXPECT_TRUE(stream.PeerGone());
}

TEST_P(StreamContractTest, AResetFailsTheReader) {
  if (!rig_->CanReset()) GTEST_SKIP() << "this transport has no reset";
  rig_->Break();
  rig_->TakeNear().reset();
  rig_->Drive(ExpectReset(rig_->far()));
}

TEST_P(StreamContractTest, AResetThatAWriteHasMetIsNotAnOrderlyEndToTheReader) {
  if (!rig_->CanReset()) GTEST_SKIP() << "this transport has no reset";
  rig_->Break();
  rig_->TakeNear().reset();
  rig_->Drive(WriteUntilBroken(rig_->far()));
  rig_->Drive(ExpectReset(rig_->far()));
}

Task<> WriteLater(Stream& stream, std::string bytes) {
  co_await stream.loop().Sleep(5ms);
  co_await Write(stream, std::move(bytes));
}

TEST_P(StreamContractTest, AWriteAfterItsOwnEndFailsAndReadingGoesOn) {
  rig_->near().CloseWrite();
  const std::string_view late = "late";
  EXPECT_EQ(rig_->near().TryWrite(std::span(&late, 1)).state, IoState::kFailed);
  std::string received;
  rig_->Drive(Together(rig_->loop(), ReadExactly(rig_->near(), 4, received), WriteLater(rig_->far(), "more")));
  EXPECT_EQ(received, "more");
}

Task<> PingPong(Stream& near, Stream& far, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    std::string received;
    co_await Write(near, "ping");
    co_await ReadExactly(far, 4, received);
    EXPECT_EQ(received, "ping");
    co_await Write(far, "pong");
    received.clear();
    co_await ReadExactly(near, 4, received);
    EXPECT_EQ(received, "pong");
  }
}

TEST_P(StreamContractTest, ManyShortMessages) { rig_->Drive(PingPong(rig_->near(), rig_->far(), 200)); }

// One end of a connection with a reader and a writer of its own, which may be cut off at any moment.
struct Session {
  Session(Loop& loop, std::unique_ptr<Stream> owned) : stream(std::move(owned)), tasks(loop) {}
  std::unique_ptr<Stream> stream;
  TaskGroup tasks;  // dropped before the stream
};

Task<> WritePattern(Stream& stream, std::string pattern, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string_view rest = pattern;
  while (!rest.empty()) {
    const auto piece = rest.substr(0, 1 + random() % 5000);
    const auto limit = std::chrono::milliseconds(1 + random() % 20);
    const auto written = co_await WriteAll(stream, std::span(&piece, 1), stream.loop().In(limit));
    if (!written.ok()) co_return;
    rest.remove_prefix(piece.size());
  }
  stream.CloseWrite();
}

Task<> CheckPattern(Stream& stream, std::string pattern, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string_view expected = pattern;
  std::string buffer;
  while (true) {
    buffer.resize(1 + random() % 9000);
    const auto bytes = co_await ReadSome(stream, std::span(buffer), stream.loop().In(30ms));
    if (!bytes.ok() || bytes.value() == 0) co_return;
    EXPECT_EQ(expected.substr(0, bytes.value()), std::string_view(buffer).substr(0, bytes.value()));
    expected.remove_prefix(std::min(expected.size(), bytes.value()));
  }
}

Task<> Disturb(contract::StreamRig& rig, std::unique_ptr<Session>& near, std::unique_ptr<Session>& far,
               std::uint32_t seed) {
  std::mt19937 random(seed);
  for (int step = 0; step < 4; ++step) {
    co_await rig.loop().Sleep(std::chrono::microseconds(random() % 4000));
    auto& one = random() % 2 == 0 ? near : far;
    switch (random() % 7) {
      case 0: one.reset(); break;
      case 1:
        if (one) one->stream->CloseWrite();
        break;
      case 2:
        if (one) one->stream->OnPeerGone([&one] { one.reset(); });
        break;
      case 3:
        if (near) rig.Break();
        break;
      case 4: rig.loop().Defer([&one] { one.reset(); }); break;
      default: break;
    }
  }
  co_await rig.loop().Sleep(5ms);
  near.reset();
  far.reset();
}

// Whatever is dropped, closed or reset, and from wherever: what arrives is what was sent, nothing hangs, nothing
// dangles (the sanitizers watch).
TEST_P(StreamContractTest, SurvivesDisturbance) {
  const auto pattern = Pattern(10'000);
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    auto rig = GetParam().make();
    auto near = std::make_unique<Session>(rig->loop(), rig->TakeNear());
    auto far = std::make_unique<Session>(rig->loop(), rig->TakeFar());
    for (auto* session : {near.get(), far.get()}) {
      session->tasks.Spawn(WritePattern(*session->stream, pattern, seed));
      session->tasks.Spawn(CheckPattern(*session->stream, pattern, seed + 1));
    }
    rig->Drive(Disturb(*rig, near, far, seed));
  }
}

}  // namespace
}  // namespace gatehouse::net
