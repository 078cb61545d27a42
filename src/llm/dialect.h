#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/chat.h"
#include "llm/event.h"
#include "llm/loss.h"

// What a wire format has to know: pure functions and small state machines between bytes and the neutral vocabulary. No
// I/O, no clock, no configuration. A dialect is used in both directions: by the surface that speaks it to clients
// (DecodeRequest, ResponseEncoder, EncodeError) and by the providers that speak it to upstreams (EncodeRequest,
// ResponseDecoder, DecodeError).
namespace gatehouse::llm {

enum class Delivery : std::uint8_t { kWhole, kStream };

// How a streamed answer is cut into frames.
enum class Framing : std::uint8_t {
  kSse,
  kEventStream,  // application/vnd.amazon.eventstream
  kJsonLines,
};

// What a request says outside its body.
struct RequestPath {
  std::string_view model;                // Gemini, Azure, Bedrock: the model stands in the path; "" elsewhere
  Delivery delivery = Delivery::kWhole;  // Gemini, Bedrock: the verb decides
  std::string_view version;              // anthropic-version, api-version
};

// What the encoder must know about the target.
struct EncodeOptions {
  std::string_view model;                                  // the upstream's name
  std::string_view version;                                // anthropic-version and the like
  std::optional<std::uint64_t> default_max_output_tokens;  // from the catalogue, for dialects that require one
  std::string_view provider;                               // name of the provider, to match ReasoningBlock::signer
  // The field that carries the output limit for OpenAI-like targets.
  enum class MaxTokensField : std::uint8_t {
    kMaxCompletionTokens,
    kMaxTokens
  } max_tokens_field = MaxTokensField::kMaxCompletionTokens;
  // OpenAI-like targets: whether a stream's usage has to be asked for (`stream_options`), or comes unasked from a
  // target that would refuse the question (Mistral).
  enum class StreamUsage : std::uint8_t { kAsk, kUnasked } stream_usage = StreamUsage::kAsk;
  // OpenAI-like targets: the member that takes earlier reasoning back ("reasoning_content", "reasoning"), beside
  // `reasoning_details` and thought signatures. "" for targets that refuse such members, as OpenAI does.
  std::string_view reasoning_field = {};
};

struct EncodedRequest {
  std::string body;
  std::vector<Loss> losses;
};

// What the encoder of an answer must know about its request.
struct AnswerContext {
  std::string id;     // id to give the answer where the upstream's does not fit the dialect; without prefix
  std::string model;  // what the client asked for; used when the upstream names none
  std::int64_t created_seconds = 0;
  bool include_usage = false;                // OpenAI: the client asked for the usage chunk
  std::uint64_t estimated_input_tokens = 0;  // Anthropic message_start, before the upstream tells
  const ChatRequest* request = nullptr;      // Responses echoes it; outlives the encoder
  // Name of the member that carries reasoning text to openai.chat clients ("reasoning_content" or "reasoning").
  std::string_view reasoning_field = "reasoning_content";
  // What the dialect has no place for in an answer goes here, each once; null when nobody asks. Outlives the encoder.
  std::vector<Loss>* losses = nullptr;
};

// Upstream bytes -> events, of one answer. One thread.
class ResponseDecoder {
 public:
  virtual ~ResponseDecoder() = default;
  // One frame of a stream: SSE event name and data; event-stream type and payload; a JSON line. Appends what it meant.
  // An in-band error frame is returned as an Error (source kUpstream), a frame that is not the dialect as kBadUpstream.
  virtual base::Status Decode(std::string_view event, std::string_view data, Detail detail,
                              std::vector<Event>& events) = 0;
  // The stream ended: appends what was held back. A stream that ended before its grammar allows is kBadUpstream: a cut
  // answer is never a fabricated end.
  virtual base::Status Finish(Detail detail, std::vector<Event>& events) = 0;
  // A whole body.
  virtual base::Status DecodeWhole(std::string_view body, Detail detail, std::vector<Event>& events) = 0;
  // What that body was parsed to, which looks at the body. REQUIRES: DecodeWhole() was the last call, and succeeded.
  virtual codec::json::Document TakeDocument() = 0;
};

// Events -> bytes for the client, of one answer. One thread.
class ResponseEncoder {
 public:
  virtual ~ResponseEncoder() = default;
  // Appends complete frames to `out`; may hold back what the grammar cannot say yet.
  virtual void Encode(const Event& event, std::string& out) = 0;
  // The answer is complete: closing frames.
  virtual void Finish(std::string& out) = 0;
  // The upstream failed after the answer began: the dialect's own error frame and no fabricated end.
  virtual void Fail(const base::Error& error, std::string_view request_id, std::string& out) = 0;
};

struct ErrorReply {
  std::uint16_t status = 500;
  std::string body;
};

class ChatDialect {
 public:
  virtual ~ChatDialect() = default;

  virtual DialectId id() const = 0;
  virtual Framing framing() const = 0;
  virtual std::string_view stream_content_type() const = 0;

  // kInvalidRequest with the offending member in `param` for wrong types and missing members; unknown members go to
  // `extra`.
  virtual base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const = 0;
  virtual base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request,
                                                     const EncodeOptions& options) const = 0;

  // `exchange` names the exchange that the answer belongs to: calls that come without an id get one made of that and
  // the answer's own id, so that the ids of one conversation differ where its provider's answers have none.
  virtual std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange) const = 0;
  // `context.request` and the string views outlive the encoder.
  virtual std::unique_ptr<ResponseEncoder> NewEncoder(const AnswerContext& context) const = 0;
  virtual std::string EncodeWhole(const Answer& answer, const AnswerContext& context) const = 0;

  // How the client spells a neutral field ("max_output_tokens" -> "max_completion_tokens"), for error messages; the
  // neutral name itself where it has no word.
  virtual std::string_view Spell(std::string_view neutral_field) const = 0;

  virtual ErrorReply EncodeError(const base::Error& error, std::string_view request_id) const = 0;
  // An upstream's error answer: code, retryability, a message that is safe for the client (the upstream's own words
  // only where the caller caused the error; nothing about our credential or account), and all of it in `detail`.
  // `retry_after` as the header said.
  virtual base::Error DecodeError(std::uint16_t status, std::string_view body) const = 0;
  // The same for an upstream that names the error in a header (Bedrock's x-amzn-errortype); `type` is its value or "".
  virtual base::Error DecodeTypedError(std::uint16_t status, std::string_view type, std::string_view body) const {
    static_cast<void>(type);
    return DecodeError(status, body);
  }
};

// The dialects, ownerless and immutable; nullptr for those without chat.
const ChatDialect* FindChatDialect(DialectId id);

}  // namespace gatehouse::llm
