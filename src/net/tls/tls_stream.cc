#include "net/tls/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "net/tls/peer_certificate.h"
#include "net/tls/tls_error.h"

namespace gatehouse::net::tls {

namespace {

constexpr std::size_t kRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;

// Cuts pieces into records: a piece that fills one as it is, small ones joined.
class RecordCutter {
 public:
  explicit RecordCutter(std::span<const std::string_view> pieces) : pieces_(pieces) {}

  // The next record's plaintext, empty at the end; valid until the next call.
  std::string_view Next() {
    SkipEmpty();
    if (pieces_.empty()) return {};
    const auto head = pieces_.front().substr(offset_);
    if (head.size() >= kRecordBytes || pieces_.size() == 1) return Take(head.substr(0, kRecordBytes));
    return Join();
  }

 private:
  void SkipEmpty() {
    while (!pieces_.empty() && offset_ == pieces_.front().size()) {
      pieces_ = pieces_.subspan(1);
      offset_ = 0;
    }
  }
  std::string_view Take(std::string_view bytes) {
    offset_ += bytes.size();
    return bytes;
  }
  std::string_view Join() {
    std::size_t size = 0;
    for (; size < joined_.size() && !pieces_.empty(); SkipEmpty()) {
      const auto part = Take(pieces_.front().substr(offset_, joined_.size() - size));
      size += part.copy(joined_.data() + size, part.size());
    }
    return {joined_.data(), size};
  }

  std::span<const std::string_view> pieces_;
  std::size_t offset_ = 0;
  std::array<char, kRecordBytes> joined_;
};

base::Error HandshakeTimedOut() {
  return {.code = base::ErrorCode::kTimeout,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The peer did not finish the TLS handshake in time. Try again later.",
          .detail = "TLS handshake timed out"};
}

}  // namespace

void TlsStream::TransportWaiter::Subscribe() {
  if (std::exchange(subscribed_, true)) return;
  stream_.transport_->AddWaiter(direction_, *this);
}

void TlsStream::TransportWaiter::OnReady() {
  subscribed_ = false;
  stream_.OnTransportReady();
}

TlsStream::TlsStream(std::unique_ptr<Stream> transport, SslPtr ssl, std::shared_ptr<const void> context)
    : transport_(std::move(transport)), context_(std::move(context)), ssl_(std::move(ssl)) {
  peer_.address = transport_->peer().address;
}

TlsStream::~TlsStream() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  if (MayClose() && unsent_.empty()) SSL_shutdown(ssl_.get());
  // A session whose connection was not shut down is not resumed; that its end was not waited for is no reason.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ERR_clear_error();
}

IoState TlsStream::Fail(std::string why) {
  failed_ = true;
  last_error_ = std::move(why);
  ERR_clear_error();
  return IoState::kFailed;
}

IoState TlsStream::AfterFailure(int result, std::optional<Direction>& wants) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: wants = Direction::kRead; return IoState::kWouldBlock;
    case SSL_ERROR_WANT_WRITE: wants = Direction::kWrite; return IoState::kWouldBlock;
    case SSL_ERROR_ZERO_RETURN: return IoState::kEnd;
    case SSL_ERROR_SYSCALL: return Fail(transport_->last_error());
    default: return Fail(TakeOpenSslError());
  }
}

Task<base::Status> TlsStream::Handshake(Deadline deadline) {
  while (true) {
    ERR_clear_error();
    const auto result = SSL_do_handshake(ssl_.get());
    if (result == 1) break;
    std::optional<Direction> wants;
    if (AfterFailure(result, wants) != IoState::kWouldBlock) {
      if (!failed_) Fail("closed by the peer");
      co_return HandshakeFailed(*ssl_, last_error_);
    }
    auto readiness = Readiness::kReady;
    if (wants == Direction::kWrite) {
      readiness = co_await transport_->Writable(deadline);
    } else {
      readiness = co_await transport_->Readable(deadline);
    }
    if (readiness == Readiness::kTimeout) {
      Fail("handshake timed out");
      co_return HandshakeTimedOut();
    }
  }
  DescribePeer(*ssl_, peer_);
  co_return base::Ok();
}

bool TlsStream::MayProgress(Direction direction) const {
  const auto& wants = direction == Direction::kRead ? read_wants_ : write_wants_;
  return failed_ || !wants || transport_->MayProgress(*wants);
}

IoOutcome TlsStream::TryRead(std::span<char> into) {
  if (failed_) return {.state = IoState::kFailed};
  if (ended_) return {.state = IoState::kEnd};
  if (into.empty()) return {.state = IoState::kDone};
  ERR_clear_error();
  read_wants_.reset();
  std::size_t bytes = 0;
  const auto result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
  if (result != 1) {
    const auto state = AfterFailure(result, read_wants_);
    ended_ = state == IoState::kEnd;
    return {.state = state};
  }
  const bool drained = SSL_has_pending(ssl_.get()) == 0 && !transport_->MayProgress(Direction::kRead);
  if (drained) read_wants_ = Direction::kRead;
  return {.state = IoState::kDone, .bytes = bytes, .drained = drained};
}

// kDone when nothing is held back any more.
IoState TlsStream::Flush() {
  if (unsent_.empty()) return IoState::kDone;
  ERR_clear_error();
  std::size_t bytes = 0;
  const auto result = SSL_write_ex(ssl_.get(), unsent_.data(), unsent_.size(), &bytes);
  if (result != 1) {
    const auto state = AfterFailure(result, write_wants_);
    return state == IoState::kEnd ? Fail("closed by the peer") : state;
  }
  GH_CHECK(bytes == unsent_.size());
  unsent_ = std::string();
  write_wants_.reset();
  if (closing_ == Closing::kPending) SendClose();
  return IoState::kDone;
}

IoOutcome TlsStream::WriteRecord(std::string_view bytes) {
  ERR_clear_error();
  write_wants_.reset();
  std::size_t written = 0;
  const auto result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
  if (result == 1) return {.state = IoState::kDone, .bytes = written};
  const auto state = AfterFailure(result, write_wants_);
  if (state != IoState::kWouldBlock) return {.state = IoState::kFailed};
  unsent_ = bytes;
  WaiterFor(*write_wants_).Subscribe();
  return {.state = IoState::kDone, .bytes = bytes.size()};
}

IoOutcome TlsStream::TryWrite(std::span<const std::string_view> pieces) {
  if (failed_) return {.state = IoState::kFailed};
  if (closing_ != Closing::kNo) {
    last_error_ = "write after the end";
    return {.state = IoState::kFailed};
  }
  if (const auto state = Flush(); state != IoState::kDone) return {.state = state};
  RecordCutter cutter(pieces);
  IoOutcome total{.state = IoState::kDone};
  while (unsent_.empty()) {
    const auto record = cutter.Next();
    if (record.empty()) break;
    const auto outcome = WriteRecord(record);
    if (outcome.state != IoState::kDone) return outcome;
    total.bytes += outcome.bytes;
  }
  return total;
}

bool TlsStream::MayClose() const {
  return !failed_ && closing_ == Closing::kNo && SSL_is_init_finished(ssl_.get()) != 0;
}

void TlsStream::CloseWrite() {
  if (!MayClose()) return;
  closing_ = Closing::kPending;
  if (unsent_.empty()) SendClose();
}

void TlsStream::SendClose() {
  ERR_clear_error();
  const auto result = SSL_shutdown(ssl_.get());
  if (result < 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE) return on_write_.Subscribe();
  closing_ = Closing::kSent;
  transport_->CloseWrite();
}

void TlsStream::OnPeerGone(std::move_only_function<void()> callback) { transport_->OnPeerGone(std::move(callback)); }

std::string TlsStream::last_error() const { return last_error_.empty() ? transport_->last_error() : last_error_; }

void TlsStream::OnWait(Direction direction) {
  const auto& wants = direction == Direction::kRead ? read_wants_ : write_wants_;
  WaiterFor(wants.value_or(direction)).Subscribe();
}

void TlsStream::OnTransportReady() {
  if (!unsent_.empty()) {
    if (Flush() == IoState::kWouldBlock) WaiterFor(*write_wants_).Subscribe();
  } else if (closing_ == Closing::kPending && !failed_) {
    SendClose();
  }
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (const auto direction : {Direction::kRead, Direction::kWrite}) {
    if (!HasWaiter(direction)) continue;
    if (!MayProgress(direction)) {
      OnWait(direction);
      continue;
    }
    Wake(direction);
    if (destroyed) return;
  }
  destroyed_ = nullptr;
}

}  // namespace gatehouse::net::tls
