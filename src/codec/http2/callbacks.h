#pragma once

#include <nghttp2/nghttp2.h>

#include "codec/http2/session.h"

namespace gatehouse::codec::http2 {

// What nghttp2 calls while it receives and sends; `user` is the Session, a stream's user data its Stream or null.
struct Callbacks {
  static int OnBeginHeaders(nghttp2_session* native, const nghttp2_frame* frame, void* user);
  static int OnHeader(nghttp2_session* native, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t flags,
                      void* user);
  static int OnInvalidHeader(nghttp2_session* native, const nghttp2_frame* frame, nghttp2_rcbuf* name,
                             nghttp2_rcbuf* value, std::uint8_t flags, void* user);
  static int OnDataChunk(nghttp2_session* native, std::uint8_t flags, std::int32_t id, const std::uint8_t* bytes,
                         std::size_t size, void* user);
  static int OnFrame(nghttp2_session* native, const nghttp2_frame* frame, void* user);
  static int OnInvalidFrame(nghttp2_session* native, const nghttp2_frame* frame, int error, void* user);
  static int OnStreamClose(nghttp2_session* native, std::int32_t id, std::uint32_t code, void* user);
  static ssize_t OnRead(nghttp2_session* native, std::int32_t id, std::uint8_t* into, std::size_t room,
                        std::uint32_t* flags, nghttp2_data_source* source, void* user);

  // The table of all these; lives as long as the process.
  static const nghttp2_session_callbacks& Table();
  static Stream* Find(nghttp2_session* native, StreamId id);

 private:
  static int Verdict(const Session& session);
  static void EndBlock(Stream& stream, End end);
  static void OnControl(Session& session, const nghttp2_frame& frame);
};

}  // namespace gatehouse::codec::http2
