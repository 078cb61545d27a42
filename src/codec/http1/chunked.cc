#include "codec/http1/chunked.h"

#include <algorithm>
#include <cstring>

#include "codec/http1/characters.h"

namespace gatehouse::codec::http1 {
namespace {

// 15 digits stay below 2^60, so that no sum of a size and an offset overflows.
constexpr std::size_t kMaxSizeDigits = 15;

constexpr int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsForbiddenTrailer(std::string_view name) {
  static constexpr std::string_view kForbidden[] = {
      "content-length", "transfer-encoding", "host",          "connection",      "te", "trailer", "upgrade", "expect",
      "authorization",  "content-type",      "content-range", "content-encoding"};
  return std::ranges::any_of(kForbidden, [name](std::string_view bad) { return EqualsIgnoringCase(name, bad); });
}

}  // namespace

struct ChunkedDecoder::Pass {
  char* at;
  char* end;
  char* payload = nullptr;
  std::size_t payload_size = 0;

  void Keep(std::size_t size) {
    if (payload == nullptr) payload = at;
    char* const target = payload + payload_size;
    if (target != at) std::memmove(target, at, size);
    payload_size += size;
    at += size;
  }
};

void ChunkedDecoder::Reset() {
  phase_ = Phase::kSizeStart;
  reason_ = Reason::kNone;
  left_ = 0;
  size_digits_ = extension_bytes_ = 0;
  trailer_bytes_.clear();
  trailers_.Reset(0);
}

void ChunkedDecoder::Reject(Reason reason) {
  reason_ = reason;
  phase_ = Phase::kRejected;
}

ChunkedDecoder::Step ChunkedDecoder::Decode(std::span<char> bytes) {
  Pass pass{.at = bytes.data(), .end = bytes.data() + bytes.size()};
  while (pass.at != pass.end && phase_ != Phase::kDone && phase_ != Phase::kRejected) {
    if (phase_ == Phase::kPayload) {
      TakePayload(pass);
    } else if (phase_ == Phase::kTrailers) {
      TakeTrailers(pass);
    } else {
      TakeFraming(pass);
    }
  }
  const Progress progress = phase_ == Phase::kDone       ? Progress::kDone
                            : phase_ == Phase::kRejected ? Progress::kRejected
                                                         : Progress::kNeedMore;
  return {progress, static_cast<std::size_t>(pass.at - bytes.data()), {pass.payload, pass.payload_size}};
}

// One byte between two payloads.
void ChunkedDecoder::TakeFraming(Pass& pass) {
  const char c = *pass.at++;
  switch (phase_) {
    case Phase::kSizeStart:
    case Phase::kSize: return TakeSizeByte(c);
    case Phase::kExtension: return TakeExtensionByte(c);
    case Phase::kSizeLf:
      if (c != '\n') return Reject(Reason::kBareCr);
      phase_ = left_ == 0 ? Phase::kTrailers : Phase::kPayload;
      return;
    case Phase::kPayloadCr:
      if (c != '\r') return Reject(Reason::kBadChunkEnd);
      phase_ = Phase::kPayloadLf;
      return;
    case Phase::kPayloadLf:
      if (c != '\n') return Reject(Reason::kBadChunkEnd);
      phase_ = Phase::kSizeStart;
      return;
    default: return;
  }
}

void ChunkedDecoder::TakeSizeByte(char c) {
  if (const int digit = HexDigit(c); digit >= 0) {
    if (phase_ == Phase::kSizeStart) left_ = size_digits_ = 0;
    if (++size_digits_ > kMaxSizeDigits) return Reject(Reason::kChunkSizeOverflow);
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    phase_ = Phase::kSize;
    return;
  }
  if (c == '\n') return Reject(Reason::kBareLf);
  if (phase_ == Phase::kSizeStart || (c != '\r' && c != ';')) return Reject(Reason::kBadChunkSize);
  phase_ = c == '\r' ? Phase::kSizeLf : Phase::kExtension;
}

void ChunkedDecoder::TakeExtensionByte(char c) {
  if (c == '\r') {
    phase_ = Phase::kSizeLf;
    return;
  }
  if (c == '\n') return Reject(Reason::kBareLf);
  if (!IsFieldByte(c)) return Reject(Reason::kBadChunkExtension);
  if (++extension_bytes_ > limits_.max_extension_bytes) Reject(Reason::kChunkExtensionTooLong);
}

void ChunkedDecoder::TakePayload(Pass& pass) {
  const auto size = std::min<std::uint64_t>(left_, static_cast<std::uint64_t>(pass.end - pass.at));
  pass.Keep(static_cast<std::size_t>(size));
  left_ -= size;
  if (left_ == 0) phase_ = Phase::kPayloadCr;
}

// Trailers are rare and short: they are gathered here, byte for byte until their end is known.
void ChunkedDecoder::TakeTrailers(Pass& pass) {
  if (trailer_bytes_.size() == limits_.max_trailer_bytes) return Reject(Reason::kTrailersTooLarge);
  trailer_bytes_.push_back(*pass.at++);
  if (const char last = trailer_bytes_.back(); last != '\n' && IsFieldByte(last)) return;
  const Progress progress = trailers_.Feed(trailer_bytes_);
  if (progress == Progress::kRejected) return Reject(trailers_.reason());
  if (progress == Progress::kDone) CheckTrailers();
}

void ChunkedDecoder::CheckTrailers() {
  phase_ = Phase::kDone;
  for (std::size_t i = 0; i < trailers_.size(); ++i) {
    if (IsForbiddenTrailer(trailers_.at(i).name)) return Reject(Reason::kForbiddenTrailer);
  }
}

ChunkHead::ChunkHead(std::uint64_t size) : at_(bytes_.size() - 2) {
  bytes_[at_] = '\r';
  bytes_[at_ + 1] = '\n';
  do {
    bytes_[--at_] = "0123456789abcdef"[size & 0xF];
    size >>= 4;
  } while (size != 0);
}

}  // namespace gatehouse::codec::http1
