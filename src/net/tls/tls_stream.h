#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/stream.h"
#include "net/tls/openssl_handles.h"

namespace gatehouse::net::tls {

// TLS over another stream, after or during its handshake. OpenSSL keeps no buffer while nothing is under way. Bytes
// that TryWrite has taken are on their way: when the transport stops within a record, the stream keeps that one record
// and sends the rest of it by itself. Dropping it sends close_notify if that can be done without waiting.
class TlsStream final : public Stream {
 public:
  // `context` is what the callbacks of `ssl` refer to; the stream holds it.
  TlsStream(std::unique_ptr<Stream> transport, SslPtr ssl, std::shared_ptr<const void> context);
  ~TlsStream() override;

  // Runs the handshake to its end. kTimeout, or kUnavailable with OpenSSL's reason as the detail.
  Task<base::Status> Handshake(Deadline deadline);

  IoOutcome TryRead(std::span<char> into) override;
  IoOutcome TryWrite(std::span<const std::string_view> pieces) override;
  bool PeerGone() const override { return failed_ || transport_->PeerGone(); }
  void OnPeerGone(std::move_only_function<void()> callback) override;
  void CloseWrite() override;
  std::string last_error() const override;
  const PeerIdentity& peer() const override { return peer_; }
  Loop& loop() override { return transport_->loop(); }
  bool MayProgress(Direction direction) const override;

  bool resumed() const { return SSL_session_reused(ssl_.get()) != 0; }

 private:
  // Passes the transport's readiness on.
  class TransportWaiter final : public ReadyWaiter {
   public:
    TransportWaiter(TlsStream& stream, Direction direction) : stream_(stream), direction_(direction) {}
    TransportWaiter(const TransportWaiter&) = delete;
    TransportWaiter& operator=(const TransportWaiter&) = delete;
    ~TransportWaiter() { stream_.transport_->RemoveWaiter(direction_, *this); }
    void Subscribe();

   private:
    void OnReady() override;
    TlsStream& stream_;
    Direction direction_;
    bool subscribed_ = false;
  };

  enum class Closing : std::uint8_t { kNo, kPending, kSent };

  void OnWait(Direction direction) override;
  void OnTransportReady();
  IoState Flush();
  IoOutcome WriteRecord(std::string_view bytes);
  bool MayClose() const;
  void SendClose();
  // Sorts out why a call failed; remembers in `wants` what it waits for.
  IoState AfterFailure(int result, std::optional<Direction>& wants);
  IoState Fail(std::string why);
  TransportWaiter& WaiterFor(Direction direction) { return direction == Direction::kRead ? on_read_ : on_write_; }

  std::unique_ptr<Stream> transport_;
  std::shared_ptr<const void> context_;
  SslPtr ssl_;
  TransportWaiter on_read_{*this, Direction::kRead};
  TransportWaiter on_write_{*this, Direction::kWrite};
  // What the last try in each direction waits for; nullopt: the next one may do something.
  std::optional<Direction> read_wants_;
  std::optional<Direction> write_wants_;
  Closing closing_ = Closing::kNo;
  bool failed_ = false;
  bool ended_ = false;         // the peer's close_notify has come
  bool* destroyed_ = nullptr;  // set while waiters are told
  std::string unsent_;         // the plaintext of the record that the transport has taken a part of
  std::string last_error_;
  PeerIdentity peer_;
};

}  // namespace gatehouse::net::tls
