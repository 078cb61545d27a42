#include "net/tcp_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace gatehouse::net {

namespace {

constexpr std::size_t kMaxPieces = 64;  // per system call

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

constexpr int kProbeAfterSeconds = 60;
constexpr int kProbeEverySeconds = 15;
constexpr int kProbes = 4;

base::Error CannotConnect(const SocketAddress& address, int error) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The upstream cannot be reached. Try again later.",
          .detail = "connect to " + address.ToString() + ": " + std::generic_category().message(error)};
}

base::Error ConnectTimedOut(const SocketAddress& address) {
  return {.code = base::ErrorCode::kTimeout,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The upstream did not accept a connection in time. Try again later.",
          .detail = "connect to " + address.ToString() + " timed out"};
}

void Set(int socket, int level, int option, int value) {
  // A kernel that lacks one of these is no reason to refuse the connection.
  static_cast<void>(setsockopt(socket, level, option, &value, sizeof value));
}

}  // namespace

void KeepConnected(int socket) {
  Set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  Set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  Set(socket, IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfterSeconds);
  Set(socket, IPPROTO_TCP, TCP_KEEPINTVL, kProbeEverySeconds);
  Set(socket, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

TcpStream::TcpStream(EpollLoop& loop, Descriptor socket, std::optional<SocketAddress> peer)
    : TcpStream(loop, std::move(socket), peer, Connection::kEstablished) {}

TcpStream::TcpStream(EpollLoop& loop, Descriptor socket, std::optional<SocketAddress> peer, Connection connection)
    : loop_(loop),
      socket_(std::move(socket)),
      readable_(connection == Connection::kEstablished),
      writable_(connection == Connection::kEstablished),
      address_(peer) {
  const auto token =
      loop_.Register(socket_.get(), *this, EpollLoop::Interest::kReadAndWrite, EpollLoop::Trigger::kEdge);
  if (token) {
    token_ = *token;
  } else {
    Fail(errno);
  }
}

TcpStream::~TcpStream() {
  if (socket_) loop_.Unregister(token_);
  socket_.Reset(-1);
  if (on_closed_) on_closed_();
}

IoOutcome TcpStream::Fail(int error) {
  error_ = error;
  failed_ = true;
  peer_gone_ = true;
  if (on_peer_gone_) Schedule(loop_);
  return {.state = IoState::kFailed};
}

bool TcpStream::MayProgress(Direction direction) const {
  if (direction == Direction::kRead) return (readable_ || peer_gone_ || failed_) && WithinBudget();
  return writable_ || failed_;
}

void TcpStream::Spend(std::size_t bytes) {
  if (turn_ != loop_.turn()) read_in_turn_ = 0;
  turn_ = loop_.turn();
  read_in_turn_ += static_cast<std::uint32_t>(std::min(bytes, kTurnBudget));
}

// The kernel reports a reset once. When a write has had it, reads look like an orderly end. EPIPE says nothing about
// the other direction: the end came before it, or was ours.
bool TcpStream::EndedInOrder() const { return error_ == 0 || error_ == EPIPE; }

IoOutcome TcpStream::TryRead(std::span<char> into) {
  if (into.empty()) return {.state = IoState::kDone};
  if (!MayProgress(Direction::kRead)) return {.state = IoState::kWouldBlock};
  ssize_t bytes = 0;
  do {
    bytes = recv(socket_.get(), into.data(), into.size(), 0);
  } while (bytes < 0 && errno == EINTR);
  if (bytes == 0) return {.state = EndedInOrder() ? IoState::kEnd : IoState::kFailed};
  if (bytes < 0) {
    if (!WouldBlock(errno)) return Fail(errno);
    readable_ = peer_gone_ = failed_ = false;  // the peer is there: what failed was a write after our own end
    return {.state = IoState::kWouldBlock};
  }
  const auto count = static_cast<std::size_t>(bytes);
  if (count < into.size()) readable_ = false;
  Spend(count);
  return {.state = IoState::kDone, .bytes = count, .drained = !MayProgress(Direction::kRead)};
}

IoOutcome TcpStream::TryWrite(std::span<const std::string_view> pieces) {
  if (!MayProgress(Direction::kWrite)) return {.state = IoState::kWouldBlock};
  std::array<iovec, kMaxPieces> vectors;
  const auto count = std::min(pieces.size(), kMaxPieces);
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): sendmsg only reads through it
    vectors[i] = {.iov_base = const_cast<char*>(pieces[i].data()), .iov_len = pieces[i].size()};
    total += pieces[i].size();
  }
  if (total == 0) return {.state = IoState::kDone};
  const msghdr message{.msg_iov = vectors.data(), .msg_iovlen = count};
  ssize_t bytes = 0;
  do {
    bytes = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  } while (bytes < 0 && errno == EINTR);
  if (bytes < 0 && !WouldBlock(errno)) return Fail(errno);
  if (bytes < static_cast<ssize_t>(total)) writable_ = false;
  if (bytes < 0) return {.state = IoState::kWouldBlock};
  return {.state = IoState::kDone, .bytes = static_cast<std::size_t>(bytes)};
}

// Each step may drop the stream.
void TcpStream::OnPoll(PollEvents events) {
  auto& loop = loop_;
  const auto token = token_;
  readable_ |= events.readable;
  writable_ |= events.writable;
  peer_gone_ |= events.peer_gone;
  failed_ |= events.failed;
  if (readable_) Wake(Direction::kRead);
  if (loop.IsLive(token) && writable_) Wake(Direction::kWrite);
  if (loop.IsLive(token) && peer_gone_ && on_peer_gone_) std::exchange(on_peer_gone_, nullptr)();
}

// A reader that has used up its turn has no edge to wait for.
void TcpStream::OnWait(Direction direction) {
  if (direction == Direction::kRead && !WithinBudget()) Schedule(loop_);
}

void TcpStream::OnTurnEnd() {
  auto& loop = loop_;
  const auto token = token_;
  read_in_turn_ = 0;
  if (MayProgress(Direction::kRead)) Wake(Direction::kRead);
  if (loop.IsLive(token) && peer_gone_ && on_peer_gone_) std::exchange(on_peer_gone_, nullptr)();
}

void TcpStream::OnPeerGone(std::move_only_function<void()> callback) {
  on_peer_gone_ = std::move(callback);
  if (peer_gone_ && on_peer_gone_) Schedule(loop_);
}

void TcpStream::CloseWrite() { static_cast<void>(shutdown(socket_.get(), SHUT_WR)); }

std::string TcpStream::last_error() const {
  if (error_ != 0) return std::generic_category().message(error_);
  return peer_gone_ ? "closed by the peer" : "";
}

const PeerIdentity& TcpStream::peer() const {
  if (!identity_)
    identity_ = std::make_unique<PeerIdentity>(PeerIdentity{.address = address_ ? address_->ToString() : ""});
  return *identity_;
}

Task<base::Result<std::unique_ptr<Stream>>> TcpStream::Connect(EpollLoop& loop, SocketAddress address,
                                                               Deadline deadline) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) co_return CannotConnect(address, errno);
  KeepConnected(socket.get());
  const auto connected = connect(socket.get(), address.get(), address.size());
  if (connected != 0 && errno != EINPROGRESS) co_return CannotConnect(address, errno);
  const auto state = connected == 0 ? Connection::kEstablished : Connection::kPending;
  auto stream = std::unique_ptr<TcpStream>(new TcpStream(loop, std::move(socket), address, state));
  const auto readiness = co_await stream->Writable(deadline);
  if (readiness == Readiness::kTimeout) co_return ConnectTimedOut(address);
  int error = stream->error_;
  socklen_t size = sizeof error;
  if (error == 0) getsockopt(stream->descriptor(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) co_return CannotConnect(address, error);
  co_return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace gatehouse::net
