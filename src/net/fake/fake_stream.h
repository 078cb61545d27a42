#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::net::fake {

// One direction of an in-memory connection: bytes under way from one FakeStream to the other. Shared by both.
class FakePipe;

// One end of an in-memory connection with bounded buffers, which behaves as a TCP socket does: what is written at one
// end becomes readable at the other in a later turn; dropping an end ends the other's reads in order and breaks its
// writes. A test holds one end itself and scripts it with the functions below.
class FakeStream final : public Stream, private Deferral {
 public:
  struct Options {
    std::size_t buffer_bytes = 65536;                                 // per direction, as a socket buffer
    std::size_t max_chunk = std::numeric_limits<std::size_t>::max();  // bytes per turn and direction
    base::Duration latency = base::Duration::zero();                  // from the write to its being readable
  };
  struct Pair;
  static Pair Connect(Loop& loop, Options options);
  static Pair Connect(Loop& loop);

  ~FakeStream() override;

  IoOutcome TryRead(std::span<char> into) override;
  IoOutcome TryWrite(std::span<const std::string_view> pieces) override;
  bool PeerGone() const override;
  void OnPeerGone(std::move_only_function<void()> callback) override;
  void CloseWrite() override;
  std::string last_error() const override { return last_error_; }
  const PeerIdentity& peer() const override { return peer_; }
  Loop& loop() override { return loop_; }
  bool MayProgress(Direction direction) const override;

  // For the test that scripts this end. Send ignores the bound of the buffer; Received takes what the other end has
  // written and what latency has let through.
  void Send(std::string_view bytes);
  std::string Received();
  // Both ends fail from now on, as after a RST; what was under way is lost.
  void Reset();
  // While blocked, this end moves nothing in that direction, as if the network had stopped.
  void Block(Direction direction);
  void Unblock(Direction direction);
  void set_peer(PeerIdentity peer) { peer_ = std::move(peer); }

 private:
  friend class FakePipe;
  FakeStream(Loop& loop, std::shared_ptr<FakePipe> incoming, std::shared_ptr<FakePipe> outgoing);
  void OnTurnEnd() override;
  void OnWait(Direction direction) override;
  FakePipe& PipeOf(Direction direction) const { return direction == Direction::kRead ? *incoming_ : *outgoing_; }
  void Nudge() { Schedule(loop_); }
  IoOutcome Fail(std::string_view why);

  Loop& loop_;
  std::shared_ptr<FakePipe> incoming_;
  std::shared_ptr<FakePipe> outgoing_;
  PeerIdentity peer_;
  std::string last_error_;
  std::move_only_function<void()> on_peer_gone_;
  bool* destroyed_ = nullptr;  // set while waiters are told
};

struct FakeStream::Pair {
  std::unique_ptr<FakeStream> near;
  std::unique_ptr<FakeStream> far;
};

inline FakeStream::Pair FakeStream::Connect(Loop& loop) { return Connect(loop, Options{}); }

}  // namespace gatehouse::net::fake
