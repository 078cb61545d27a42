#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http2/session.h"

namespace gatehouse::codec::http2 {

// A stream that writes down, as text, what it was told. For tests and fuzzing.
class RecordingStream final : public Stream {
 public:
  std::string log;
  std::string body;
  std::size_t unread = 0;
  bool headed = false;
  bool ended = false;
  bool too_large = false;
  bool closed = false;
  ErrorCode code = ErrorCode::kNoError;

 protected:
  void OnField(Block block, std::string_view name, std::string_view value) override {
    if (block == Block::kTrailers) log += "trailer ";
    if (block == Block::kInterim) log += "interim ";
    log.append(name).append("=").append(value).append("\n");
  }
  void OnBlockEnd(Block block, End /*end*/) override {
    if (block == Block::kHead) headed = true;
    log += "--\n";
  }
  void OnHeadTooLarge() override { too_large = true; }
  void OnBody(std::string_view bytes) override {
    body += bytes;
    unread += bytes.size();
  }
  void OnBodyEnd() override { ended = true; }
  void OnTaken() override {}
  void OnClosed(ErrorCode closing) override {
    closed = true;
    code = closing;
  }
};

// One end of a connection, with all its streams in the order in which they were opened.
class RecordingPeer : public SessionObserver {
 public:
  explicit RecordingPeer(Role role, const SessionLimits& limits = {}) : session(role, limits, *this) {}

  Stream& OnStream() override { return *streams.emplace_back(std::make_unique<RecordingStream>()); }
  void OnGoaway(ErrorCode code) override {
    goaways += 1;
    goaway_code = code;
  }
  void OnPong() override { pongs += 1; }

  RecordingStream& Open(std::vector<Field> fields, End end) {
    auto& stream = *streams.emplace_back(std::make_unique<RecordingStream>());
    opened = session.Open(stream, fields, end).ok();
    return stream;
  }

  std::string Output() {
    std::string out;
    session.Produce(out, kEverything);
    return out;
  }

  static constexpr std::size_t kEverything = std::size_t{64} * 1024 * 1024;
  std::vector<std::unique_ptr<RecordingStream>> streams;
  int goaways = 0;
  int pongs = 0;
  bool opened = false;
  ErrorCode goaway_code = ErrorCode::kNoError;
  Session session;
};

}  // namespace gatehouse::codec::http2
