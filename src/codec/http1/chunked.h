#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "codec/http1/fields.h"

namespace gatehouse::codec::http1 {

struct ChunkedLimits {
  std::size_t max_extension_bytes = 4 * 1024;  // of all chunks of one body together
  std::size_t max_trailer_bytes = 8 * 1024;
  std::size_t max_trailer_fields = 32;
};

// Takes the chunked transfer coding off (RFC 9112, 7.1), strictly: hexadecimal sizes without white space, CRLF only.
// Works in place: what comes out is never longer than what went in. Trailers are kept; fields that frame or route a
// message are refused in them. Incremental; the payload does not depend on how the bytes were cut.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(ChunkedLimits limits = {}) : limits_(limits), trailers_(limits.max_trailer_fields) {}

  void Reset();

  struct Step {
    Progress progress;        // kNeedMore: all bytes were used up; kDone: the body has ended
    std::size_t consumed;     // bytes of the input that belong to this body
    std::span<char> payload;  // inside the input
  };
  Step Decode(std::span<char> bytes);

  Reason reason() const { return reason_; }  // after kRejected
  // After kDone: views into this decoder, until Reset().
  const FieldSection& trailers() const { return trailers_; }

 private:
  enum class Phase : std::uint8_t {
    kSizeStart,
    kSize,
    kExtension,
    kSizeLf,
    kPayload,
    kPayloadCr,
    kPayloadLf,
    kTrailers,
    kDone,
    kRejected
  };
  // One pass over the input; gathers the payload of several chunks into one piece.
  struct Pass;

  void Reject(Reason reason);
  void TakeFraming(Pass& pass);
  void TakeSizeByte(char c);
  void TakeExtensionByte(char c);
  void TakePayload(Pass& pass);
  void TakeTrailers(Pass& pass);
  void CheckTrailers();

  ChunkedLimits limits_;
  Phase phase_ = Phase::kSizeStart;
  Reason reason_ = Reason::kNone;
  std::uint64_t left_ = 0;  // of the chunk under way
  std::size_t size_digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::string trailer_bytes_;
  FieldSection trailers_;
};

// `size` in hexadecimal and CRLF, what stands before the bytes of a chunk; kChunkEnd stands behind them.
class ChunkHead {
 public:
  explicit ChunkHead(std::uint64_t size);
  std::string_view view() const { return {bytes_.data() + at_, bytes_.size() - at_}; }

 private:
  std::array<char, 18> bytes_;
  std::size_t at_;
};
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";            // without trailers
inline constexpr std::string_view kLastChunkBeforeTrailers = "0\r\n";  // then field lines and an empty line

}  // namespace gatehouse::codec::http1
