#include "llm/dialect/anthropic/errors.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "codec/json/writer.h"
#include "llm/dialect/common/refusal_word.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using base::ErrorCode;
using codec::json::Value;

constexpr std::uint16_t kOverloaded = 529;
constexpr common::Word<ErrorCode> kTypes[] = {
    {"invalid_request_error", ErrorCode::kInvalidRequest},
    {"invalid_request_error", ErrorCode::kUnsupported},
    {"invalid_request_error", ErrorCode::kContextLength},
    {"invalid_request_error", ErrorCode::kContentFiltered},
    {"invalid_request_error", ErrorCode::kMethodNotAllowed},
    {"authentication_error", ErrorCode::kUnauthenticated},
    {"billing_error", ErrorCode::kPaymentRequired},
    {"permission_error", ErrorCode::kDenied},
    {"not_found_error", ErrorCode::kNotFound},
    {"conflict_error", ErrorCode::kConflict},
    {"request_too_large", ErrorCode::kTooLarge},
    {"rate_limit_error", ErrorCode::kRateLimited},
    {"rate_limit_error", ErrorCode::kBudgetExceeded},
    {"timeout_error", ErrorCode::kTimeout},
    {"overloaded_error", ErrorCode::kUnavailable},
    {"api_error", ErrorCode::kBadUpstream},
    {"api_error", ErrorCode::kCancelled},
    {"api_error", ErrorCode::kInternal},
};
// What a client of Anthropic's reads as "no use in trying again": its own limit of spending is reached.
constexpr std::string_view kSpendLimit = "enforced_spend_limit_reached";

// 429s that time does not heal.
constexpr std::array<std::string_view, 2> kSpendCodes = {"contract_spend_limit_reached",
                                                         "enforced_spend_limit_reached"};
constexpr std::array<std::string_view, 4> kContextWords = {"prompt is too long", "context window", "context limit",
                                                           "exceed context"};
constexpr std::string_view kNoCredit = "credit balance";

bool IsOneOf(std::span<const std::string_view> words, std::string_view text) {
  return std::ranges::find(words, text) != words.end();
}
bool Mentions(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

std::uint16_t StatusOf(const base::Error& error) {
  return error.code == ErrorCode::kUnavailable ? kOverloaded : common::StatusFor(error);
}

// The account behind a provider is the operator's: its lack of credit is no bill for the client.
std::string_view TypeOf(const base::Error& error) {
  const bool ours = error.code == ErrorCode::kPaymentRequired && error.source == base::ErrorSource::kUpstream;
  return ours ? std::string_view("api_error") : common::FindText(kTypes, error.code);
}

// The kind of an invalid request, which the type does not tell.
ErrorCode KindOfInvalid(std::string_view message) {
  const auto mentioned = [&](std::string_view word) { return Mentions(message, word); };
  if (std::ranges::any_of(kContextWords, mentioned)) return ErrorCode::kContextLength;
  return Mentions(message, kNoCredit) ? ErrorCode::kPaymentRequired : ErrorCode::kInvalidRequest;
}

// nullopt where the status tells: our credential and our rights are no matter of the client's.
std::optional<ErrorCode> CodeOf(std::string_view type, std::string_view message, std::string_view error_code) {
  if (IsOneOf(kSpendCodes, error_code)) return ErrorCode::kPaymentRequired;
  if (type == "authentication_error" || type == "permission_error") return ErrorCode::kUnavailable;
  if (type == "api_error") return ErrorCode::kUnavailable;
  const auto code = common::FindValue(kTypes, type);
  return code == ErrorCode::kInvalidRequest ? KindOfInvalid(message) : code;
}

// A stream's error has no status of its own; the type stands for one.
std::uint16_t StatusOfType(std::string_view type) {
  if (type == "authentication_error") return 401;
  if (type == "permission_error") return 403;
  if (type == "overloaded_error") return kOverloaded;
  return 0;
}

}  // namespace

std::string ErrorBody(const base::Error& error, std::string_view request_id) {
  std::string body;
  codec::json::Writer writer(body);
  writer.BeginObject().Field("type", "error").Key("error").BeginObject();
  writer.Field("type", TypeOf(error)).Field("message", error.public_message);
  const std::string_view code = error.code == ErrorCode::kBudgetExceeded ? kSpendLimit : common::RefusalWord(error);
  if (!code.empty()) writer.Key("details").BeginObject().Field("error_code", code).EndObject();
  writer.EndObject().Key("request_id");
  if (request_id.empty()) {
    writer.Null();
  } else {
    writer.String(request_id);
  }
  writer.EndObject();
  return body;
}

ErrorReply EncodeError(const base::Error& error, std::string_view request_id) {
  return {.status = StatusOf(error), .body = ErrorBody(error, request_id)};
}

base::Error DecodeError(std::uint16_t status, Value root, std::string_view body) {
  const Value error = root["error"];
  const auto type = error["type"].string();
  const auto message = error["message"].string();
  base::Error result = common::ToError({.status = status == 0 ? StatusOfType(type) : status,
                                        .code = CodeOf(type, message, error["details"]["error_code"].string()),
                                        .type = type,
                                        .message = message,
                                        .body = body});
  result.upstream_status = status;
  return result;
}

base::Error DecodeError(std::uint16_t status, std::string_view body) {
  codec::json::Document document;
  static_cast<void>(document.Parse(body));  // a page of a proxy is no JSON: the status decides then
  return DecodeError(status, document.root(), body);
}

}  // namespace gatehouse::llm::dialect::anthropic
