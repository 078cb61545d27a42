#include "llm/dialect/bedrock/error.h"

#include <algorithm>
#include <optional>
#include <string>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using base::ErrorCode;

struct Fault {
  std::string_view name;
  std::uint16_t status;
  std::optional<ErrorCode> code;  // nullopt: the status says it (our credential is refused)
};

constexpr Fault kFaults[] = {
    {"ValidationException", 400, ErrorCode::kInvalidRequest},
    {"SerializationException", 400, ErrorCode::kInvalidRequest},
    {"AccessDeniedException", 403, std::nullopt},
    {"UnrecognizedClientException", 403, std::nullopt},
    {"InvalidSignatureException", 403, std::nullopt},
    {"ExpiredTokenException", 403, std::nullopt},
    {"ExpiredToken", 403, std::nullopt},
    {"MissingAuthenticationTokenException", 403, std::nullopt},
    {"IncompleteSignatureException", 403, std::nullopt},
    {"ConflictException", 400, ErrorCode::kConflict},
    {"ServiceQuotaExceededException", 400, ErrorCode::kRateLimited},
    {"ResourceNotFoundException", 404, ErrorCode::kNotFound},
    {"ModelTimeoutException", 408, ErrorCode::kTimeout},
    {"ModelErrorException", 424, ErrorCode::kUnavailable},
    {"ModelStreamErrorException", 424, ErrorCode::kUnavailable},
    {"ModelNotReadyException", 429, ErrorCode::kUnavailable},
    {"ThrottlingException", 429, ErrorCode::kRateLimited},
    {"TooManyRequestsException", 429, ErrorCode::kRateLimited},
    {"InternalServerException", 500, ErrorCode::kUnavailable},
    {"ServiceUnavailableException", 503, ErrorCode::kUnavailable},
};

constexpr common::Word<ErrorCode> kNames[] = {
    {"ValidationException", ErrorCode::kInvalidRequest},
    {"ValidationException", ErrorCode::kUnsupported},
    {"ValidationException", ErrorCode::kContextLength},
    {"ValidationException", ErrorCode::kTooLarge},
    {"ValidationException", ErrorCode::kContentFiltered},
    {"AccessDeniedException", ErrorCode::kUnauthenticated},
    {"AccessDeniedException", ErrorCode::kDenied},
    {"ServiceQuotaExceededException", ErrorCode::kPaymentRequired},
    {"ResourceNotFoundException", ErrorCode::kNotFound},
    {"ConflictException", ErrorCode::kConflict},
    {"ThrottlingException", ErrorCode::kRateLimited},
    {"ThrottlingException", ErrorCode::kBudgetExceeded},
    {"ModelTimeoutException", ErrorCode::kTimeout},
    {"ServiceUnavailableException", ErrorCode::kUnavailable},
    {"ServiceUnavailableException", ErrorCode::kBadUpstream},
};

// "com.amazon.coral#ThrottlingException:http://internal.amazon.com/..." -> "ThrottlingException"
std::string_view BareName(std::string_view type) {
  type = type.substr(0, type.find(':'));
  return type.substr(type.rfind('#') + 1);
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// In a stream the names begin with a small letter.
bool SameName(std::string_view a, std::string_view b) {
  return !a.empty() && a.size() == b.size() && Lower(a[0]) == Lower(b[0]) && a.substr(1) == b.substr(1);
}

// A ValidationException is also how Bedrock says that a prompt is too long, or that a model does not exist.
ErrorCode RefineValidation(std::string_view message) {
  const bool long_prompt = message.contains("too long") || message.contains("too many tokens") ||
                           message.contains("maximum context length") || message.contains("exceeds the context");
  if (long_prompt) return ErrorCode::kContextLength;
  const bool no_model = message.contains("model identifier is invalid") || message.contains("on-demand throughput") ||
                        message.contains("model ID");
  return no_model ? ErrorCode::kNotFound : ErrorCode::kInvalidRequest;
}

}  // namespace

base::Error ToError(std::uint16_t status, std::string_view type, std::string_view body) {
  codec::json::Document document;
  const bool parsed = document.Parse(body).ok();
  const auto root = parsed ? document.root() : codec::json::Value();
  const auto message = (root["message"].IsString() ? root["message"] : root["Message"]).string();
  const auto name = BareName(type.empty() ? root["__type"].string() : type);
  const auto* fault = std::ranges::find_if(kFaults, [&](const Fault& f) { return SameName(f.name, name); });
  const bool known = fault != std::end(kFaults);
  common::UpstreamFault upstream{.status = status == 0 && known ? fault->status : status,
                                 .code = known ? fault->code : std::nullopt,
                                 .type = name,
                                 .message = message,
                                 .param = {},
                                 .body = body,
                                 .retry_after_seconds = std::nullopt};
  if (known && !fault->code) upstream.status = fault->status;
  if (upstream.code == ErrorCode::kInvalidRequest) upstream.code = RefineValidation(message);
  return common::ToError(upstream);
}

std::string_view ExceptionName(ErrorCode code) {
  const auto name = common::FindText(kNames, code);
  return name.empty() ? "InternalServerException" : name;
}

// The name stands in the body, too: AWS's clients look there where the header is missing.
ErrorReply EncodeError(const base::Error& error, std::string_view) {
  ErrorReply reply{.status = common::StatusFor(error), .body = {}};
  codec::json::Writer writer(reply.body);
  writer.BeginObject().Field("__type", ExceptionName(error.code)).Field("message", error.public_message).EndObject();
  return reply;
}

}  // namespace gatehouse::llm::dialect::bedrock
