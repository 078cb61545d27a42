#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/descriptor.h"
#include "net/epoll_loop.h"
#include "net/socket_address.h"
#include "net/stream.h"

namespace gatehouse::net {

// Turns Nagle's delay off and probes on when the peer is silent, so that it is noticed when it is gone for good and no
// middle box forgets a connection that waits for a slow answer. For a socket that will connect, or listen: what it
// accepts inherits this.
void KeepConnected(int socket);

// A TCP connection. Registered with epoll once, edge-triggered, for its whole life; what the last edge and the last
// call said decides whether a try reaches the kernel at all. Dropping it closes the socket.
class TcpStream final : public Stream, private Pollable, private Deferral {
 public:
  // Bytes that one stream may read in one turn: then the others have theirs.
  static constexpr std::size_t kTurnBudget = 256UL << 10;

  // A socket that is connected already. Non-blocking; `peer` where it is known.
  TcpStream(EpollLoop& loop, Descriptor socket, std::optional<SocketAddress> peer);
  ~TcpStream() override;

  // Connects to one address. kTimeout, or kUnavailable.
  static Task<base::Result<std::unique_ptr<Stream>>> Connect(EpollLoop& loop, SocketAddress address, Deadline deadline);

  IoOutcome TryRead(std::span<char> into) override;
  IoOutcome TryWrite(std::span<const std::string_view> pieces) override;
  bool PeerGone() const override { return peer_gone_; }
  void OnPeerGone(std::move_only_function<void()> callback) override;
  void CloseWrite() override;
  std::string last_error() const override;
  const PeerIdentity& peer() const override;
  Loop& loop() override { return loop_; }
  bool MayProgress(Direction direction) const override;

  // Called when the connection is closed, by its destructor: how a listener counts what it has accepted.
  void OnClosed(std::move_only_function<void()> callback) { on_closed_ = std::move(callback); }
  int descriptor() const { return socket_.get(); }

 private:
  enum class Connection : std::uint8_t { kEstablished, kPending };
  TcpStream(EpollLoop& loop, Descriptor socket, std::optional<SocketAddress> peer, Connection connection);

  void OnPoll(PollEvents events) override;
  void OnTurnEnd() override;
  void OnWait(Direction direction) override;
  bool WithinBudget() const { return turn_ != loop_.turn() || read_in_turn_ < kTurnBudget; }
  void Spend(std::size_t bytes);
  IoOutcome Fail(int error);
  bool EndedInOrder() const;

  EpollLoop& loop_;
  Descriptor socket_;
  int error_ = 0;  // errno of what failed last
  EpollLoop::Token token_;
  bool readable_ = true;  // a call may find something: no edge has been used up yet
  bool writable_ = true;
  bool peer_gone_ = false;
  bool failed_ = false;
  std::uint32_t read_in_turn_ = 0;
  std::uint64_t turn_ = 0;
  std::optional<SocketAddress> address_;
  mutable std::unique_ptr<PeerIdentity> identity_;  // made when it is asked for
  std::move_only_function<void()> on_peer_gone_;
  std::move_only_function<void()> on_closed_;
};

}  // namespace gatehouse::net
