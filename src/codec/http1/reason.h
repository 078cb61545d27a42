#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::codec::http1 {

// Why a message is refused. Every one of them ends the connection: after it nobody can say where the next message
// starts.
enum class Reason : std::uint8_t {
  kNone,
  kBareLf,            // a line that ends in LF alone
  kBareCr,            // CR without LF
  kControlCharacter,  // NUL and the other control characters
  kBadMethod,         // not a token, or too long
  kBadRequestLine,    // not `method SP target SP version`
  kBadTarget,         // neither origin-form, absolute-form nor `OPTIONS *`
  kTargetTooLong,
  kConnectRefused,      // CONNECT: this is no tunnel
  kBadVersion,          // not HTTP/digit.digit
  kUnsupportedVersion,  // a version other than 1.0 and 1.1
  kBadStatusLine,
  kObsoleteFold,  // a field line that starts with white space
  kEmptyFieldName,
  kSpaceBeforeColon,
  kBadFieldName,
  kTooManyFields,
  kHeadTooLarge,
  kMissingHost,
  kDuplicateHost,
  kBadHost,
  kBadContentLength,
  kDuplicateContentLength,  // also with equal values
  kContentLengthOverflow,
  kBadTransferEncoding,  // anything but one final `chunked`
  kTransferEncodingOnHttp10,
  kLengthAndTransferEncoding,
  kBadExpectation,
  kUnexpectedUpgrade,  // 101 to a request that asked for none
  kBadChunkSize,
  kChunkSizeOverflow,
  kBadChunkExtension,
  kChunkExtensionTooLong,
  kBadChunkEnd,  // no CRLF after the chunk's bytes
  kTrailersTooLarge,
  kForbiddenTrailer,  // a field that frames or routes the message
};

// A short English phrase, fit for a client.
std::string_view ToString(Reason reason);

// The status a server answers with before it closes.
std::uint16_t StatusFor(Reason reason);

}  // namespace gatehouse::codec::http1
