#include "net/fake/fake_stream.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace gatehouse::net::fake {

class FakePipe final : private Timer {
 public:
  enum class State : std::uint8_t { kOpen, kEnded, kReset };

  FakePipe(Loop& loop, FakeStream::Options options) : Timer(loop), loop_(loop), options_(options) {}

  void Attach(FakeStream* reader, FakeStream* writer) {
    reader_ = reader;
    writer_ = writer;
  }
  void DetachReader() {
    reader_ = nullptr;
    NudgeBoth();
  }
  void DetachWriter() {
    writer_ = nullptr;
    End();
  }
  bool has_reader() const { return reader_ != nullptr; }
  State state() const { return state_; }

  // What can be moved in this turn.
  std::size_t Readable() const {
    return read_blocked_ ? 0 : std::min(arrived_.size(), ChunkLeft(read_turn_, read_in_turn_));
  }
  std::size_t Room() const {
    if (write_blocked_ || held_ >= options_.buffer_bytes) return 0;
    return std::min(options_.buffer_bytes - held_, ChunkLeft(write_turn_, written_in_turn_));
  }
  // Only this turn's chunk stands in the way.
  bool Gated(Direction direction) const {
    if (direction == Direction::kRead) {
      return !read_blocked_ && !arrived_.empty() && ChunkLeft(read_turn_, read_in_turn_) == 0;
    }
    return !write_blocked_ && held_ < options_.buffer_bytes && ChunkLeft(write_turn_, written_in_turn_) == 0;
  }
  bool AtEnd() const { return state_ == State::kEnded && held_ == 0; }

  std::size_t Read(std::span<char> into) {
    const auto bytes = std::min(into.size(), Readable());
    std::copy_n(arrived_.begin(), bytes, into.begin());
    arrived_.erase(0, bytes);
    held_ -= bytes;
    Count(read_turn_, read_in_turn_, bytes);
    if (writer_ != nullptr) writer_->Nudge();
    return bytes;
  }
  void Write(std::string_view bytes) {
    held_ += bytes.size();
    Count(write_turn_, written_in_turn_, bytes.size());
    under_way_.push_back({.arrives = loop_.clock().Now() + options_.latency, .bytes = std::string(bytes)});
    Deliver();
  }
  std::string TakeArrived() {
    held_ -= arrived_.size();
    if (writer_ != nullptr) writer_->Nudge();
    return std::exchange(arrived_, {});
  }

  void End() {
    if (state_ == State::kOpen) state_ = State::kEnded;
    NudgeBoth();
  }
  void Reset() {
    state_ = State::kReset;
    arrived_.clear();
    under_way_.clear();
    held_ = 0;
    NudgeBoth();
  }
  bool& blocked(Direction direction) { return direction == Direction::kRead ? read_blocked_ : write_blocked_; }

 private:
  struct Segment {
    base::TimePoint arrives;
    std::string bytes;
  };

  std::size_t ChunkLeft(std::uint64_t turn, std::size_t moved) const {
    return turn == loop_.turn() ? options_.max_chunk - moved : options_.max_chunk;
  }
  void Count(std::uint64_t& turn, std::size_t& moved, std::size_t bytes) {
    if (turn != loop_.turn()) moved = 0;
    turn = loop_.turn();
    moved = std::min(options_.max_chunk, moved + bytes);
  }
  void Deliver() {
    while (!under_way_.empty() && under_way_.front().arrives <= loop_.clock().Now()) {
      arrived_ += under_way_.front().bytes;
      under_way_.pop_front();
    }
    if (!under_way_.empty()) Arm(under_way_.front().arrives);
    if (reader_ != nullptr) reader_->Nudge();
  }
  void OnTimer() override { Deliver(); }
  void NudgeBoth() {
    if (reader_ != nullptr) reader_->Nudge();
    if (writer_ != nullptr) writer_->Nudge();
  }

  Loop& loop_;
  FakeStream::Options options_;
  FakeStream* reader_ = nullptr;  // the ends; null once dropped
  FakeStream* writer_ = nullptr;
  State state_ = State::kOpen;
  std::deque<Segment> under_way_;
  std::string arrived_;
  std::size_t held_ = 0;  // under way and arrived
  std::uint64_t read_turn_ = 0;
  std::uint64_t write_turn_ = 0;
  std::size_t read_in_turn_ = 0;
  std::size_t written_in_turn_ = 0;
  bool read_blocked_ = false;
  bool write_blocked_ = false;
};

FakeStream::Pair FakeStream::Connect(Loop& loop, Options options) {
  auto outward = std::make_shared<FakePipe>(loop, options);
  auto inward = std::make_shared<FakePipe>(loop, options);
  Pair pair{.near = std::unique_ptr<FakeStream>(new FakeStream(loop, inward, outward)),
            .far = std::unique_ptr<FakeStream>(new FakeStream(loop, outward, inward))};
  outward->Attach(pair.far.get(), pair.near.get());
  inward->Attach(pair.near.get(), pair.far.get());
  return pair;
}

FakeStream::FakeStream(Loop& loop, std::shared_ptr<FakePipe> incoming, std::shared_ptr<FakePipe> outgoing)
    : loop_(loop),
      incoming_(std::move(incoming)),
      outgoing_(std::move(outgoing)),
      peer_{.address = "192.0.2.7:51234"} {}

FakeStream::~FakeStream() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  incoming_->DetachReader();
  outgoing_->DetachWriter();
}

IoOutcome FakeStream::Fail(std::string_view why) {
  last_error_ = why;
  return {.state = IoState::kFailed};
}

IoOutcome FakeStream::TryRead(std::span<char> into) {
  if (incoming_->state() == FakePipe::State::kReset) return Fail("Connection reset by peer");
  if (into.empty()) return {.state = IoState::kDone};
  if (incoming_->Readable() == 0) return {.state = incoming_->AtEnd() ? IoState::kEnd : IoState::kWouldBlock};
  const auto bytes = incoming_->Read(into);
  return {.state = IoState::kDone, .bytes = bytes, .drained = !MayProgress(Direction::kRead)};
}

IoOutcome FakeStream::TryWrite(std::span<const std::string_view> pieces) {
  if (outgoing_->state() == FakePipe::State::kReset) return Fail("Connection reset by peer");
  if (!outgoing_->has_reader() || outgoing_->state() == FakePipe::State::kEnded) return Fail("Broken pipe");
  std::size_t total = 0;
  for (const auto piece : pieces) total += piece.size();
  const auto room = std::min(total, outgoing_->Room());
  if (room == 0 && total > 0) return {.state = IoState::kWouldBlock};
  std::string bytes;
  for (const auto piece : pieces) bytes += piece.substr(0, std::min(piece.size(), room - bytes.size()));
  if (!bytes.empty()) outgoing_->Write(bytes);
  return {.state = IoState::kDone, .bytes = bytes.size()};
}

bool FakeStream::PeerGone() const { return incoming_->state() != FakePipe::State::kOpen; }

void FakeStream::OnPeerGone(std::move_only_function<void()> callback) {
  on_peer_gone_ = std::move(callback);
  if (PeerGone()) Nudge();
}

void FakeStream::CloseWrite() { outgoing_->End(); }

bool FakeStream::MayProgress(Direction direction) const {
  const auto& pipe = PipeOf(direction);
  if (pipe.state() == FakePipe::State::kReset) return true;
  if (direction == Direction::kRead) return pipe.Readable() > 0 || pipe.AtEnd();
  return !pipe.has_reader() || pipe.state() == FakePipe::State::kEnded || pipe.Room() > 0;
}

void FakeStream::OnWait(Direction direction) {
  static_cast<void>(direction);
  Nudge();
}

// Tells whoever waits and can go on. Each of them may drop the stream.
void FakeStream::OnTurnEnd() {
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (const auto direction : {Direction::kRead, Direction::kWrite}) {
    if (!HasWaiter(direction)) continue;
    if (PipeOf(direction).Gated(direction)) Nudge();
    if (MayProgress(direction)) Wake(direction);
    if (destroyed) return;
  }
  if (on_peer_gone_ && PeerGone()) std::exchange(on_peer_gone_, nullptr)();
  if (!destroyed) destroyed_ = nullptr;
}

void FakeStream::Send(std::string_view bytes) { outgoing_->Write(bytes); }
std::string FakeStream::Received() { return incoming_->TakeArrived(); }

void FakeStream::Reset() {
  incoming_->Reset();
  outgoing_->Reset();
}

void FakeStream::Block(Direction direction) { PipeOf(direction).blocked(direction) = true; }

void FakeStream::Unblock(Direction direction) {
  PipeOf(direction).blocked(direction) = false;
  Nudge();
}

}  // namespace gatehouse::net::fake
