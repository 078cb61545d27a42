#include "codec/http2/callbacks.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace gatehouse::codec::http2 {
namespace {

// A block may go on beyond the limit (the answer is an error for its stream), but not for long: HPACK makes a kilobyte
// out of every byte.
constexpr std::uint32_t kHopelessFactor = 4;
constexpr std::size_t kFieldOverhead = 32;  // RFC 9113, 6.5.2

std::string_view View(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool EndsStream(const nghttp2_frame& frame) { return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0; }

struct TableDeleter {
  void operator()(nghttp2_session_callbacks* table) const { nghttp2_session_callbacks_del(table); }
};
using OwnedTable = std::unique_ptr<nghttp2_session_callbacks, TableDeleter>;

OwnedTable MakeTable() {
  nghttp2_session_callbacks* table = nullptr;
  nghttp2_session_callbacks_new(&table);
  nghttp2_session_callbacks_set_on_begin_headers_callback(table, &Callbacks::OnBeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(table, &Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_invalid_header_callback2(table, &Callbacks::OnInvalidHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, &Callbacks::OnDataChunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(table, &Callbacks::OnFrame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table, &Callbacks::OnInvalidFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(table, &Callbacks::OnStreamClose);
  return OwnedTable(table);
}

}  // namespace

const nghttp2_session_callbacks& Callbacks::Table() {
  static const OwnedTable table = MakeTable();
  return *table;
}

Stream* Callbacks::Find(nghttp2_session* native, StreamId id) {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(native, id));
}

int Callbacks::Verdict(const Session& session) { return session.flood_.empty() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE; }

int Callbacks::OnBeginHeaders(nghttp2_session* native, const nghttp2_frame* frame, void* user) {
  auto& session = *static_cast<Session*>(user);
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    session.Attach(session.observer_.OnStream(), frame->hd.stream_id);
  }
  if (auto* stream = Find(native, frame->hd.stream_id)) {
    stream->block_ = stream->head_complete_ ? Block::kTrailers : Block::kHead;
    stream->block_bytes_ = 0;
    stream->block_fields_ = 0;
    stream->too_large_ = false;
  }
  return 0;
}

// NOLINTNEXTLINE(readability-function-size): the library's signature
int Callbacks::OnHeader(nghttp2_session* native, const nghttp2_frame* frame, const std::uint8_t* name,
                        std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                        std::uint8_t /*flags*/, void* user) {
  auto& session = *static_cast<Session*>(user);
  auto* stream = Find(native, frame->hd.stream_id);
  if (stream == nullptr) return 0;
  stream->block_bytes_ += name_size + value_size + kFieldOverhead;
  stream->block_fields_ += 1;
  if (stream->block_bytes_ > session.limits_.max_block_bytes ||
      stream->block_fields_ > session.limits_.max_block_fields) {
    stream->too_large_ = true;
    if (stream->block_bytes_ / kHopelessFactor > session.limits_.max_block_bytes) {
      session.CalmDown("a field block far beyond the limit");
    }
    return Verdict(session);
  }
  const auto text = View(value, value_size);
  if (stream->block_ == Block::kHead && View(name, name_size) == ":status" && text.starts_with('1')) {
    stream->block_ = Block::kInterim;
  }
  stream->OnField(stream->block_, View(name, name_size), text);
  return 0;
}

int Callbacks::OnInvalidHeader(nghttp2_session* /*native*/, const nghttp2_frame* /*frame*/, nghttp2_rcbuf* /*name*/,
                               nghttp2_rcbuf* /*value*/, std::uint8_t /*flags*/, void* /*user*/) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // resets the stream; the default is to drop the field silently
}

int Callbacks::OnDataChunk(nghttp2_session* native, std::uint8_t /*flags*/, std::int32_t id, const std::uint8_t* bytes,
                           std::size_t size, void* /*user*/) {
  if (auto* stream = Find(native, id)) {
    stream->unconsumed_ += size;
    stream->OnBody(View(bytes, size));
  } else {
    nghttp2_session_consume_connection(native, size);
  }
  return 0;
}

void Callbacks::EndBlock(Stream& stream, End end) {
  if (stream.too_large_) {
    if (stream.block_ == Block::kTrailers) {
      stream.Reset(ErrorCode::kEnhanceYourCalm);
    } else {
      stream.OnHeadTooLarge();
    }
    return;
  }
  if (stream.block_ == Block::kHead) stream.head_complete_ = true;
  stream.OnBlockEnd(stream.block_, end);
}

void Callbacks::OnControl(Session& session, const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_PING:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) return session.observer_.OnPong();
      return session.ChargeControl();
    case NGHTTP2_SETTINGS:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) session.ChargeControl();
      return;
    case NGHTTP2_PRIORITY: return session.ChargeControl();
    case NGHTTP2_DATA:
      if (frame.hd.length == 0 && !EndsStream(frame)) session.ChargeControl();
      return;
    case NGHTTP2_GOAWAY:
      session.goaway_received_ = true;
      return session.observer_.OnGoaway(static_cast<ErrorCode>(frame.goaway.error_code));
    default: return;
  }
}

int Callbacks::OnFrame(nghttp2_session* native, const nghttp2_frame* frame, void* user) {
  auto& session = *static_cast<Session*>(user);
  OnControl(session, *frame);
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return Verdict(session);
  auto* stream = Find(native, frame->hd.stream_id);
  if (stream == nullptr) return Verdict(session);
  const End end = EndsStream(*frame) ? End::kEnd : End::kMore;
  stream->received_end_ = end == End::kEnd;
  if (frame->hd.type == NGHTTP2_HEADERS) EndBlock(*stream, end);
  if (end == End::kEnd && stream->open()) stream->OnBodyEnd();
  return Verdict(session);
}

int Callbacks::OnInvalidFrame(nghttp2_session* /*native*/, const nghttp2_frame* /*frame*/, int /*error*/, void* user) {
  auto& session = *static_cast<Session*>(user);
  session.ChargeControl();
  return Verdict(session);
}

int Callbacks::OnStreamClose(nghttp2_session* native, std::int32_t id, std::uint32_t code, void* user) {
  auto& session = *static_cast<Session*>(user);
  auto* stream = Find(native, id);
  // Judged by what happened, not by the code: a reset may say NO_ERROR.
  const bool complete = stream != nullptr && stream->ended_ && stream->received_end_;
  const bool by_us = stream == nullptr || stream->reset_by_us_;
  if (complete) session.resets_.GiveBack();
  if (!complete && !by_us) session.ChargeReset();
  if (stream != nullptr) {
    session.Detach(*stream);
    stream->OnClosed(static_cast<ErrorCode>(code));
  }
  return Verdict(session);
}

// NOLINTNEXTLINE(readability-function-size): the library's signature
ssize_t Callbacks::OnRead(nghttp2_session* native, std::int32_t id, std::uint8_t* into, std::size_t room,
                          std::uint32_t* flags, nghttp2_data_source* /*source*/, void* /*user*/) {
  auto* stream = Find(native, id);
  if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;  // its reset is on the way
  const auto size = std::min(room, stream->pending_.size());
  if (size > 0) std::memcpy(into, stream->pending_.data(), size);
  stream->pending_.remove_prefix(size);
  if (!stream->pending_.empty()) return static_cast<ssize_t>(size);
  if (stream->ending_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    stream->ended_ = true;
  } else if (size == 0) {
    stream->deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  stream->OnTaken();
  return static_cast<ssize_t>(size);
}

}  // namespace gatehouse::codec::http2
