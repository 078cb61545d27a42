#include "llm/dialect/openai/error.h"

#include <algorithm>
#include <array>
#include <optional>

#include "llm/dialect/common/refusal_word.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::openai {
namespace {

using base::Error;
using base::ErrorCode;
using codec::json::Value;

// What our codes are called in this family.
struct Spelling {
  ErrorCode code;
  std::string_view type;
  std::string_view word;  // "" is null
};
constexpr Spelling kSpellings[] = {
    {ErrorCode::kInvalidRequest, "invalid_request_error", ""},
    {ErrorCode::kUnsupported, "invalid_request_error", "unsupported_parameter"},
    {ErrorCode::kContextLength, "invalid_request_error", "context_length_exceeded"},
    {ErrorCode::kContentFiltered, "invalid_request_error", "content_filter"},
    {ErrorCode::kUnauthenticated, "invalid_request_error", "invalid_api_key"},
    {ErrorCode::kPaymentRequired, "insufficient_quota", "insufficient_quota"},
    {ErrorCode::kDenied, "permission_error", "permission_denied"},
    {ErrorCode::kNotFound, "invalid_request_error", "model_not_found"},
    {ErrorCode::kMethodNotAllowed, "invalid_request_error", "method_not_supported"},
    {ErrorCode::kConflict, "invalid_request_error", "conflict"},
    {ErrorCode::kTooLarge, "invalid_request_error", "request_too_large"},
    {ErrorCode::kBudgetExceeded, "insufficient_quota", "insufficient_quota"},
    {ErrorCode::kRateLimited, "rate_limit_error", "rate_limit_exceeded"},
    {ErrorCode::kTimeout, "server_error", "timeout"},
    {ErrorCode::kUnavailable, "server_error", "service_unavailable"},
    {ErrorCode::kBadUpstream, "server_error", "bad_upstream"},
};

Spelling Spell(const Error& error) {
  constexpr Spelling kServer = {ErrorCode::kInternal, "server_error", ""};
  // The provider's account is our business, not the client's.
  if (error.code == ErrorCode::kPaymentRequired && error.source == base::ErrorSource::kUpstream) {
    return {ErrorCode::kUnavailable, "server_error", "service_unavailable"};
  }
  if (error.code == ErrorCode::kTimeout && error.source == base::ErrorSource::kClient) {
    return {ErrorCode::kTimeout, "invalid_request_error", "request_timeout"};
  }
  // Clients take model_not_found for a reason to ask for another model: a wrong path or a file that is gone is not one.
  if (error.code == ErrorCode::kNotFound && error.param != "model") {
    return {ErrorCode::kNotFound, "invalid_request_error", "not_found"};
  }
  if (const std::string_view word = common::RefusalWord(error); !word.empty()) {
    return {ErrorCode::kDenied, "permission_error", word};
  }
  const auto* found = std::ranges::find(kSpellings, error.code, &Spelling::code);
  return found == std::end(kSpellings) ? kServer : *found;
}

// The provider's words, in `code` or `type`, that say more than the status.
constexpr common::Word<ErrorCode> kWords[] = {
    {"context_length_exceeded", ErrorCode::kContextLength},
    {"string_above_max_length", ErrorCode::kInvalidRequest},
    {"content_filter", ErrorCode::kContentFiltered},
    {"content_policy_violation", ErrorCode::kContentFiltered},
    {"ResponsibleAIPolicyViolation", ErrorCode::kContentFiltered},
    {"insufficient_quota", ErrorCode::kPaymentRequired},
    {"billing_hard_limit_reached", ErrorCode::kPaymentRequired},
    {"billing_not_active", ErrorCode::kPaymentRequired},
    {"invalid_api_key", ErrorCode::kUnavailable},
    {"authentication_error", ErrorCode::kUnavailable},
    {"permission_error", ErrorCode::kUnavailable},
    {"model_not_found", ErrorCode::kNotFound},
    {"DeploymentNotFound", ErrorCode::kNotFound},
    {"rate_limit_exceeded", ErrorCode::kRateLimited},
    {"rate_limit_error", ErrorCode::kRateLimited},
    {"overloaded_error", ErrorCode::kUnavailable},
    {"server_error", ErrorCode::kUnavailable},
    {"internal_error", ErrorCode::kUnavailable},
    {"api_error", ErrorCode::kUnavailable},
    {"timeout", ErrorCode::kTimeout},
};

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Servers without a code for it say it in words.
bool SpeaksOfContextLength(std::string_view message) {
  constexpr std::array<std::string_view, 5> kPhrases = {"maximum context length", "context window",
                                                        "exceeds the available context size", "prompt is too long",
                                                        "context_length_exceeded"};
  return std::ranges::any_of(kPhrases, [&](std::string_view phrase) { return Contains(message, phrase); });
}

std::optional<ErrorCode> FromWords(Value error, std::uint16_t status, std::string_view message) {
  for (const std::string_view word :
       {error["code"].string(), error["innererror"]["code"].string(), error["type"].string()}) {
    const auto code = common::FindValue(kWords, word);
    // "server_error" under a 429 is a vague word under a clear status.
    if (code && !(status == 429 && *code == ErrorCode::kUnavailable)) return code;
  }
  const bool callers = status == 400 || status == 413 || status == 422;
  if (callers && SpeaksOfContextLength(message)) return ErrorCode::kContextLength;
  if (status == 0 && error["type"].string() == "invalid_request_error") return ErrorCode::kInvalidRequest;
  return std::nullopt;
}

// {"error":{...}}, {"error":"text"} or the object itself; compatible servers use all of them.
Value ErrorObject(Value root) {
  if (root.IsArray()) root = root.at(0);
  const Value error = root["error"];
  return error.IsNullish() ? root : error;
}

std::string_view MessageOf(Value error) {
  for (const Value candidate : {error, error["message"], error["detail"], error["message"]["detail"]}) {
    if (candidate.IsString()) return candidate.string();
  }
  return {};
}

// A status given as the error's code (OpenRouter, vLLM), where the transport gave none.
std::uint16_t StatusOf(Value error, std::uint16_t status) {
  const auto code = error["code"].AsInteger();
  return status == 0 && code && *code >= 400 && *code < 600 ? static_cast<std::uint16_t>(*code) : status;
}

Error Decode(std::uint16_t given_status, Value error, std::string_view body) {
  const std::uint16_t status = StatusOf(error, given_status);
  const std::string_view message = MessageOf(error);
  const std::string_view code = error["code"].string();
  return common::ToError({.status = status,
                          .code = FromWords(error, status, message),
                          .type = code.empty() ? error["type"].string() : code,
                          .message = message,
                          .param = error["param"].string(),
                          .body = body,
                          .retry_after_seconds = std::nullopt});
}

}  // namespace

void WriteError(codec::json::Writer& writer, const Error& error, std::string_view request_id) {
  const Spelling spelling = Spell(error);
  writer.BeginObject().Field("message", error.public_message).Field("type", spelling.type).Key("param");
  error.param.empty() ? writer.Null() : writer.String(error.param);
  writer.Key("code");
  spelling.word.empty() ? writer.Null() : writer.String(spelling.word);
  if (!request_id.empty()) writer.Field("request_id", request_id);
  writer.EndObject();
}

ErrorReply EncodeError(const Error& error, std::string_view request_id) {
  ErrorReply reply{.status = common::StatusFor(error), .body = {}};
  codec::json::Writer writer(reply.body);
  writer.BeginObject().Key("error");
  WriteError(writer, error, request_id);
  writer.EndObject();
  return reply;
}

Error DecodeError(std::uint16_t status, std::string_view body) {
  codec::json::Document document;
  const bool parsed = document.Parse(body).ok();
  return Decode(status, parsed ? ErrorObject(document.root()) : Value(), body);
}

Value FindInBand(Value root) {
  if (const Value error = root["error"]; !error.IsNullish()) return error;
  if (const Value error = root["x_groq"]["error"]; !error.IsNullish()) return error;
  return root["object"].string() == "error" ? root : Value();
}

Error DecodeInBand(Value root) {
  const Value error = FindInBand(root);
  return Decode(0, error.IsMissing() ? root : error, root.raw());
}

}  // namespace gatehouse::llm::dialect::openai
