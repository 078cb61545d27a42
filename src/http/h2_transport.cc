#include "http/h2_transport.h"

#include <array>

namespace gatehouse::http {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;     // a TLS record
constexpr int kReadsPerTurn = 16;                 // so that one busy peer does not hold up the others
constexpr std::size_t kOutputBytes = 64 * 1024;   // framed and not yet written
constexpr std::size_t kKeptCapacity = 16 * 1024;  // of an empty output, while streams are open

}  // namespace

H2Transport::H2Transport(net::Stream& stream, codec::http2::Session& session, Owner& owner,
                         base::Duration write_timeout)
    : stream_(stream),
      session_(session),
      owner_(owner),
      write_timeout_(write_timeout),
      reader_(*this),
      writer_(*this),
      last_received_(stream.loop().Now()) {}

H2Transport::~H2Transport() {
  if (waiting_to_read_) stream_.RemoveWaiter(net::Direction::kRead, reader_);
  if (waiting_to_write_) stream_.RemoveWaiter(net::Direction::kWrite, writer_);
}

void H2Transport::Start(std::string_view received) {
  if (!received.empty()) Receive(received);
  if (!ended_) OnReadable();
  if (!ended_) Flush();
}

void H2Transport::Flush() {
  if (ended_) return;
  session_.Produce(out_, kOutputBytes);
  Schedule(stream_.loop());
}

void H2Transport::FlushAtTurnEnd() {
  if (!ended_) Schedule(stream_.loop());
}

void H2Transport::FlushNow() {
  if (!waiting_to_write_) WriteOut();
}

void H2Transport::Receive(std::string_view bytes) {
  last_received_ = stream_.loop().Now();
  const base::Status taken = session_.Receive(bytes, last_received_);
  owner_.OnReceived();
  if (ended_) return;
  Flush();
  if (taken.ok()) return;
  WriteOut();  // the GOAWAY, as far as it fits
  End(Ending::kViolation);
}

H2Transport::ReadOutcome H2Transport::ReadOnce() {
  std::array<char, kReadBytes> bytes;
  const net::IoOutcome read = stream_.TryRead(bytes);
  if (read.state == net::IoState::kWouldBlock) return ReadOutcome::kDrained;
  if (read.state != net::IoState::kDone) {
    End(Ending::kPeerGone);
    return ReadOutcome::kEnded;
  }
  Receive({bytes.data(), read.bytes});
  if (ended_) return ReadOutcome::kEnded;
  return read.drained ? ReadOutcome::kDrained : ReadOutcome::kMore;
}

void H2Transport::OnReadable() {
  waiting_to_read_ = false;
  for (int reads = 0; reads < kReadsPerTurn; ++reads) {
    const ReadOutcome outcome = ReadOnce();
    if (outcome == ReadOutcome::kEnded) return;
    if (outcome == ReadOutcome::kMore) continue;
    waiting_to_read_ = true;
    stream_.AddWaiter(net::Direction::kRead, reader_);
    return;
  }
  Schedule(stream_.loop());  // goes on from there
}

void H2Transport::OnWritable() {
  waiting_to_write_ = false;
  writer_.Disarm();
  WriteOut();
}

void H2Transport::OnTurnEnd() {
  if (!waiting_to_write_) WriteOut();
  if (!ended_ && !waiting_to_read_) OnReadable();
}

void H2Transport::WriteOut() {
  std::size_t written = 0;
  while (!ended_ && !waiting_to_write_) {
    if (written == out_.size()) {
      out_.clear();
      written = 0;
      session_.Produce(out_, kOutputBytes);
    }
    if (out_.empty()) break;
    const std::array<std::string_view, 1> rest{std::string_view(out_).substr(written)};
    const net::IoOutcome outcome = stream_.TryWrite(rest);
    if (outcome.state == net::IoState::kDone) {
      written += outcome.bytes;
    } else if (outcome.state == net::IoState::kWouldBlock) {
      AwaitWritable();
    } else {
      return End(Ending::kPeerGone);
    }
  }
  out_.erase(0, written);
  const std::size_t kept = session_.open_streams() > 0 ? kKeptCapacity : 0;
  if (out_.empty() && out_.capacity() > kept) std::string().swap(out_);
  if (!ended_ && out_.empty() && session_.finished()) End(Ending::kFinished);
}

void H2Transport::AwaitWritable() {
  waiting_to_write_ = true;
  writer_.Arm(stream_.loop().Now() + write_timeout_);
  stream_.AddWaiter(net::Direction::kWrite, writer_);
}

void H2Transport::End(Ending ending) {
  if (ended_) return;
  ended_ = true;
  Withdraw();
  writer_.Disarm();
  owner_.OnEnded(ending);
}

}  // namespace gatehouse::http
