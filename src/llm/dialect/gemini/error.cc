#include "llm/dialect/gemini/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "codec/json/writer.h"
#include "llm/dialect/common/refusal_word.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using base::ErrorCode;
using codec::json::Value;
using codec::json::Writer;

constexpr std::string_view kRetryInfo = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::string_view kErrorInfo = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr std::string_view kRequestInfo = "type.googleapis.com/google.rpc.RequestInfo";

// Google's canonical codes (google/rpc/code.proto); the first word of each code is the one that is written.
constexpr common::Word<ErrorCode> kStatuses[] = {
    {"INVALID_ARGUMENT", ErrorCode::kInvalidRequest},
    {"OUT_OF_RANGE", ErrorCode::kInvalidRequest},
    {"INVALID_ARGUMENT", ErrorCode::kUnsupported},
    {"INVALID_ARGUMENT", ErrorCode::kContextLength},
    {"INVALID_ARGUMENT", ErrorCode::kTooLarge},
    {"INVALID_ARGUMENT", ErrorCode::kContentFiltered},
    {"UNAUTHENTICATED", ErrorCode::kUnauthenticated},
    {"PERMISSION_DENIED", ErrorCode::kDenied},
    {"FAILED_PRECONDITION", ErrorCode::kPaymentRequired},  // no billing, or not offered where we stand
    {"NOT_FOUND", ErrorCode::kNotFound},
    {"UNIMPLEMENTED", ErrorCode::kMethodNotAllowed},
    {"ABORTED", ErrorCode::kConflict},
    {"ALREADY_EXISTS", ErrorCode::kConflict},
    {"RESOURCE_EXHAUSTED", ErrorCode::kRateLimited},
    {"RESOURCE_EXHAUSTED", ErrorCode::kBudgetExceeded},
    {"CANCELLED", ErrorCode::kCancelled},
    {"DEADLINE_EXCEEDED", ErrorCode::kTimeout},
    {"UNAVAILABLE", ErrorCode::kUnavailable},
    {"UNAVAILABLE", ErrorCode::kBadUpstream},
    {"INTERNAL", ErrorCode::kInternal},
};

// The status a code stands for where no HTTP status came (in a stream that began with 200).
constexpr common::Word<std::uint16_t> kHttpStatuses[] = {
    {"INVALID_ARGUMENT", 400},   {"FAILED_PRECONDITION", 400}, {"OUT_OF_RANGE", 400},      {"UNAUTHENTICATED", 401},
    {"PERMISSION_DENIED", 403},  {"NOT_FOUND", 404},           {"ABORTED", 409},           {"ALREADY_EXISTS", 409},
    {"RESOURCE_EXHAUSTED", 429}, {"CANCELLED", 499},           {"INTERNAL", 500},          {"UNKNOWN", 500},
    {"UNIMPLEMENTED", 501},      {"UNAVAILABLE", 503},         {"DEADLINE_EXCEEDED", 504},
};

Value Detail(Value error, std::string_view type) {
  for (const auto detail : error["details"]) {
    if (detail.value["@type"].string() == type) return detail.value;
  }
  return {};
}

// google.protobuf.Duration in JSON: "13s", "13.218s". Rounded up.
std::optional<std::uint32_t> Seconds(std::string_view text) {
  if (!text.ends_with('s')) return std::nullopt;
  text.remove_suffix(1);
  double seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc() || end != text.data() + text.size() || !(seconds >= 0) || seconds > 1e6) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(std::ceil(seconds));
}

bool SpeaksOfContextLength(std::string_view message) {
  return message.contains("token count") && (message.contains("exceeds") || message.contains("exceed the"));
}

// A bad key of ours is INVALID_ARGUMENT here; the details tell it from a bad request.
bool IsCredentialFault(Value error) { return Detail(error, kErrorInfo)["reason"].string().starts_with("API_KEY_"); }

std::uint16_t StatusOf(std::uint16_t status, Value error) {
  if (IsCredentialFault(error)) return 401;
  if (status >= 400) return status;
  if (const auto code = error["code"].AsInteger(); code && *code >= 400 && *code < 600) {
    return static_cast<std::uint16_t>(*code);
  }
  return common::FindValue(kHttpStatuses, error["status"].string()).value_or(500);
}

std::optional<ErrorCode> CodeOf(Value error) {
  if (IsCredentialFault(error)) return std::nullopt;
  if (SpeaksOfContextLength(error["message"].string())) return ErrorCode::kContextLength;
  const auto code = common::FindValue(kStatuses, error["status"].string());
  // A refused credential is ours: the status 401 or 403 says so to the common mapping.
  if (code == ErrorCode::kUnauthenticated || code == ErrorCode::kDenied) return std::nullopt;
  if (code == ErrorCode::kMethodNotAllowed || code == ErrorCode::kInternal) return ErrorCode::kUnavailable;
  return code;
}

}  // namespace

base::Error ToError(std::uint16_t status, Value body) {
  const auto error = (body.IsArray() ? body.at(0) : body)["error"];
  return common::ToError({.status = StatusOf(status, error),
                          .code = CodeOf(error),
                          .type = error["status"].string(),
                          .message = error["message"].string(),
                          .param = {},
                          .body = body.raw(),
                          .retry_after_seconds = Seconds(Detail(error, kRetryInfo)["retryDelay"].string())});
}

base::Error DecodeError(std::uint16_t status, std::string_view body) {
  codec::json::Document document;
  if (!document.Parse(body).ok()) {
    return common::ToError({.status = status,
                            .code = std::nullopt,
                            .type = {},
                            .message = {},
                            .param = {},
                            .body = body,
                            .retry_after_seconds = std::nullopt});
  }
  return ToError(status, document.root());
}

std::string ErrorBody(const base::Error& error, std::string_view request_id) {
  std::string body;
  Writer writer(body);
  writer.BeginObject().Key("error").BeginObject();
  writer.Field("code", common::StatusFor(error));
  writer.Field("message", error.public_message);
  writer.Field("status", common::FindText(kStatuses, error.code));
  writer.Key("details").BeginArray();
  const std::string_view word = common::RefusalWord(error);
  writer.BeginObject().Field("@type", kErrorInfo).Field("reason", word.empty() ? base::ToString(error.code) : word);
  writer.Field("domain", "gatehouse").EndObject();
  if (!request_id.empty()) {
    writer.BeginObject().Field("@type", kRequestInfo).Field("requestId", request_id).EndObject();
  }
  if (error.retry_after_seconds) {
    const auto delay = std::to_string(*error.retry_after_seconds) + "s";
    writer.BeginObject().Field("@type", kRetryInfo).Field("retryDelay", delay).EndObject();
  }
  writer.EndArray().EndObject().EndObject();
  return body;
}

ErrorReply EncodeError(const base::Error& error, std::string_view request_id) {
  return {common::StatusFor(error), ErrorBody(error, request_id)};
}

}  // namespace gatehouse::llm::dialect::gemini
