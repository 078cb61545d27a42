#include "net/tcp_listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "net/tcp_stream.h"

namespace gatehouse::net {

struct TcpListener::Places {
  Places(EpollLoop& loop, std::size_t limit) : limit(limit), changed(loop) {}

  std::size_t limit;
  std::size_t taken = 0;
  Event changed;  // a place came free, or there may be something to accept
};

namespace {

base::Error CannotListen(const SocketAddress& address, std::string_view step) {
  const auto reason = std::generic_category().message(errno);
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kGateway,
          .public_message = "The gateway cannot listen on a configured address. See its log.",
          .detail = "listen on " + address.ToString() + ": " + std::string(step) + ": " + reason};
}

base::Error Closed() {
  return {.code = base::ErrorCode::kCancelled,
          .source = base::ErrorSource::kGateway,
          .public_message = "The gateway is shutting down.",
          .detail = "listener closed"};
}

bool SetOption(int socket, int level, int option) {
  const int on = 1;
  return setsockopt(socket, level, option, &on, sizeof on) == 0;
}

enum class Refusal : std::uint8_t { kNothingThere, kThisOneFailed, kNoResources };

Refusal Classify(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return Refusal::kNothingThere;
  if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) return Refusal::kNoResources;
  return Refusal::kThisOneFailed;  // ECONNABORTED and the network errors of accept(2)
}

}  // namespace

base::Result<std::unique_ptr<TcpListener>> TcpListener::Listen(EpollLoop& loop, const SocketAddress& address,
                                                               ListenOptions options) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return CannotListen(address, "socket");
  if (!SetOption(socket.get(), SOL_SOCKET, SO_REUSEADDR) || !SetOption(socket.get(), SOL_SOCKET, SO_REUSEPORT)) {
    return CannotListen(address, "setsockopt");
  }
  KeepConnected(socket.get());  // accepted sockets inherit it
  if (bind(socket.get(), address.get(), address.size()) != 0) return CannotListen(address, "bind");
  if (listen(socket.get(), options.backlog) != 0) return CannotListen(address, "listen");
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return CannotListen(address, "getsockname");
  }
  const auto port = SocketAddress::FromKernel(reinterpret_cast<sockaddr*>(&bound)).value_or(address).port();
  auto listener = std::unique_ptr<TcpListener>(new TcpListener(loop, std::move(socket), port, options));
  const auto token =
      loop.Register(listener->socket_.get(), *listener, EpollLoop::Interest::kRead, EpollLoop::Trigger::kEdge);
  if (!token) return CannotListen(address, "epoll_ctl");
  listener->token_ = *token;
  return listener;
}

TcpListener::TcpListener(EpollLoop& loop, Descriptor socket, std::uint16_t port, ListenOptions options)
    : loop_(loop),
      socket_(std::move(socket)),
      port_(port),
      places_(std::make_shared<Places>(loop, options.max_connections)) {}

TcpListener::~TcpListener() { Close(); }

void TcpListener::Close() {
  loop_.Unregister(token_);
  socket_.Reset(-1);
  places_->changed.Set();
}

std::size_t TcpListener::open_connections() const { return places_->taken; }

void TcpListener::OnPoll(PollEvents events) {
  if (events.readable) places_->changed.Set();
}

bool TcpListener::BatchIsComplete() {
  if (turn_ != loop_.turn()) accepted_in_turn_ = 0;
  turn_ = loop_.turn();
  return accepted_in_turn_++ >= kBatch;
}

std::unique_ptr<Stream> TcpListener::Adopt(Descriptor socket, const SocketAddress& peer) {
  auto stream = std::make_unique<TcpStream>(loop_, std::move(socket), peer);
  ++places_->taken;
  stream->OnClosed([places = places_] {
    if (places->taken-- == places->limit) places->changed.Set();
  });
  return stream;
}

Task<base::Result<std::unique_ptr<Stream>>> TcpListener::Accept() {
  while (socket_) {
    if (places_->taken >= places_->limit) {
      co_await places_->changed.Wait(Deadline::Never());
      continue;
    }
    if (BatchIsComplete()) {
      co_await loop_.Sleep(base::Duration::zero());
      continue;
    }
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    auto* address = reinterpret_cast<sockaddr*>(&from);
    Descriptor accepted(accept4(socket_.get(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted) co_return Adopt(std::move(accepted), SocketAddress::FromKernel(address).value_or(SocketAddress()));
    switch (Classify(errno)) {
      case Refusal::kNothingThere: co_await places_->changed.Wait(Deadline::Never()); break;
      case Refusal::kNoResources: co_await loop_.Sleep(kPause); break;
      case Refusal::kThisOneFailed: break;
    }
  }
  co_return Closed();
}

}  // namespace gatehouse::net
