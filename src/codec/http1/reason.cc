#include "codec/http1/reason.h"

namespace gatehouse::codec::http1 {

std::string_view ToString(Reason reason) {
  switch (reason) {
    case Reason::kNone: return "no error";
    case Reason::kBareLf: return "a line ends in LF without CR";
    case Reason::kBareCr: return "CR without LF";
    case Reason::kControlCharacter: return "control character in the message head";
    case Reason::kBadMethod: return "invalid method";
    case Reason::kBadRequestLine: return "invalid request line";
    case Reason::kBadTarget: return "invalid request target";
    case Reason::kTargetTooLong: return "request target too long";
    case Reason::kConnectRefused: return "CONNECT is not available here";
    case Reason::kBadVersion: return "invalid HTTP version";
    case Reason::kUnsupportedVersion: return "unsupported HTTP version";
    case Reason::kBadStatusLine: return "invalid status line";
    case Reason::kObsoleteFold: return "folded header field";
    case Reason::kEmptyFieldName: return "header field without a name";
    case Reason::kSpaceBeforeColon: return "white space before the colon of a header field";
    case Reason::kBadFieldName: return "invalid header field name";
    case Reason::kTooManyFields: return "too many header fields";
    case Reason::kHeadTooLarge: return "message head too large";
    case Reason::kMissingHost: return "missing Host";
    case Reason::kDuplicateHost: return "more than one Host";
    case Reason::kBadHost: return "invalid Host";
    case Reason::kBadContentLength: return "invalid Content-Length";
    case Reason::kDuplicateContentLength: return "more than one Content-Length";
    case Reason::kContentLengthOverflow: return "Content-Length out of range";
    case Reason::kBadTransferEncoding: return "unsupported Transfer-Encoding";
    case Reason::kTransferEncodingOnHttp10: return "Transfer-Encoding on HTTP/1.0";
    case Reason::kLengthAndTransferEncoding: return "both Content-Length and Transfer-Encoding";
    case Reason::kBadExpectation: return "unknown expectation";
    case Reason::kUnexpectedUpgrade: return "unexpected protocol switch";
    case Reason::kBadChunkSize: return "invalid chunk size";
    case Reason::kChunkSizeOverflow: return "chunk size out of range";
    case Reason::kBadChunkExtension: return "invalid chunk extension";
    case Reason::kChunkExtensionTooLong: return "chunk extensions too long";
    case Reason::kBadChunkEnd: return "chunk without its end of line";
    case Reason::kTrailersTooLarge: return "trailer section too large";
    case Reason::kForbiddenTrailer: return "forbidden field in the trailer section";
  }
  return "malformed message";
}

std::uint16_t StatusFor(Reason reason) {
  switch (reason) {
    case Reason::kTargetTooLong: return 414;
    case Reason::kTooManyFields:
    case Reason::kHeadTooLarge:
    case Reason::kTrailersTooLarge: return 431;
    case Reason::kConnectRefused: return 405;
    case Reason::kUnsupportedVersion: return 505;
    case Reason::kBadExpectation: return 417;
    default: return 400;
  }
}

}  // namespace gatehouse::codec::http1
