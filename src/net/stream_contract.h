#pragma once

// The contract of Stream as a parameterised GoogleTest suite; included by the tests of each implementation, never by
// product code.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "base/clock.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "net/fake/fake_loop.h"
#include "net/fake/fake_stream.h"
#include "net/stream.h"
#include "net/tcp_listener.h"
#include "net/tcp_stream.h"

namespace gatehouse::net::contract {

// A connected pair of streams, and the loop that drives them.
class StreamRig {
 public:
  virtual ~StreamRig() = default;
  virtual Loop& loop() = 0;
  // Runs the task to its end.
  virtual void Drive(Task<> task) = 0;
  virtual bool CanReset() const { return true; }
  // Resets the connection under `near`.
  virtual void Break() = 0;

  Stream& near() { return *near_; }
  Stream& far() { return *far_; }
  std::unique_ptr<Stream> TakeNear() { return std::move(near_); }
  std::unique_ptr<Stream> TakeFar() { return std::move(far_); }

 protected:
  std::unique_ptr<Stream> near_;
  std::unique_ptr<Stream> far_;
};

// On the real loop.
class RealRig : public StreamRig {
 public:
  ~RealRig() override {
    near_.reset();
    far_.reset();
  }
  Loop& loop() override { return loop_; }
  void Drive(Task<> task) override { EXPECT_TRUE(BlockOn(loop_, std::move(task))); }
  void Break() override {}

 protected:
  EpollLoop loop_{base::SystemClock()};
};

// TCP over loopback.
class TcpRig : public RealRig {
 public:
  TcpRig() {
    auto listener = TcpListener::Listen(loop_, *SocketAddress::Parse("127.0.0.1", 0), {});
    EXPECT_TRUE(listener.ok());
    Drive(ConnectBoth(*listener.value()));
  }
  void Break() override {
    const sockaddr nowhere{.sa_family = AF_UNSPEC};
    EXPECT_EQ(connect(wire_, &nowhere, sizeof nowhere), 0);  // sends RST
  }

 private:
  Task<> ConnectBoth(TcpListener& listener) {
    auto near =
        co_await TcpStream::Connect(loop_, *SocketAddress::Parse("127.0.0.1", listener.port()), Deadline::Never());
    auto far = co_await listener.Accept();
    near_ = std::move(near).value();
    far_ = std::move(far).value();
    wire_ = static_cast<TcpStream&>(*near_).descriptor();
  }

  int wire_ = -1;
};

// In memory, on a loop without descriptors.
class FakeRig final : public StreamRig {
 public:
  explicit FakeRig(fake::FakeStream::Options options) {
    auto pair = fake::FakeStream::Connect(loop_, options);
    wire_ = pair.near.get();
    near_ = std::move(pair.near);
    far_ = std::move(pair.far);
  }
  ~FakeRig() override {
    near_.reset();
    far_.reset();
  }
  Loop& loop() override { return loop_; }
  void Drive(Task<> task) override { EXPECT_TRUE(loop_.AwaitFor(std::move(task), std::chrono::hours(1))); }
  void Break() override { wire_->Reset(); }

 private:
  base::FakeClock clock_;
  fake::FakeLoop loop_{clock_};
  fake::FakeStream* wire_ = nullptr;  // `near`, as long as it lives
};

struct NamedRig {
  std::string name;
  std::function<std::unique_ptr<StreamRig>()> make;
  friend std::ostream& operator<<(std::ostream& out, const NamedRig& rig) { return out << rig.name; }
};

}  // namespace gatehouse::net::contract

namespace gatehouse::net {

class StreamContractTest : public testing::TestWithParam<contract::NamedRig> {
 protected:
  std::unique_ptr<contract::StreamRig> rig_ = GetParam().make();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StreamContractTest);

}  // namespace gatehouse::net
