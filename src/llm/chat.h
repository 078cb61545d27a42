#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "llm/dialect_id.h"

// The provider-neutral chat vocabulary: a superset of what the dialects say, values only. JSON that stays JSON
// (schemas, tool arguments, opaque items) is kept as its text, so that it comes out byte for byte as it went in.
namespace gatehouse::llm {

using JsonText = std::string;  // one complete JSON text; "" means absent

enum class Role : std::uint8_t { kSystem, kDeveloper, kUser, kAssistant };

// A mark that a prefix ending here is to be cached. `ttl` as the client wrote it: "5m", "1h", "30m", "12h", or "" for
// the default.
struct CacheMark {
  std::string ttl;
};

struct InlineMedia {
  std::string media_type;  // "image/png"
  std::string base64;
};
struct MediaUrl {
  std::string url;         // http(s); never fetched without an operator's leave
  std::string media_type;  // when the dialect says it
};
struct MediaFile {
  std::string id;               // a file stored at the provider: meaningful to that provider alone
  std::string media_type = {};  // when the dialect says it
};
using MediaSource = std::variant<InlineMedia, MediaUrl, MediaFile>;

// Characters are Unicode code points.
struct CharacterRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // exclusive
  bool operator==(const CharacterRange&) const = default;
};
// A page on the web that a text rests on.
struct UrlCitation {
  std::string url;
  std::string title = {};
  std::string quote = {};                    // of the page
  std::optional<CharacterRange> range = {};  // of the block's text; the whole of it where the origin does not say
  bool operator==(const UrlCitation&) const = default;
};

struct TextBlock {
  std::string text;
  std::optional<CacheMark> cache = {};
  JsonText citations = {};                              // Anthropic `citations` / OpenAI `annotations`, as they came
  std::string signature = {};                           // Gemini thoughtSignature of this text
  DialectId citations_origin = DialectId::kOpenAiChat;  // whose shape `citations` has
  std::vector<UrlCitation> urls = {};                   // those of an answer that name a page, for other dialects
};
struct ImageBlock {
  MediaSource source;
  std::string detail = {};  // OpenAI: auto, low, high, original
  std::optional<CacheMark> cache = {};
  std::string signature = {};  // Gemini thoughtSignature of this image
  JsonText item = {};          // see Message::item
};
struct DocumentBlock {
  std::variant<InlineMedia, MediaUrl, MediaFile, std::string> source;  // std::string: plain text
  std::string name = {};                                               // file name or title
  std::string context = {};
  JsonText citations = {};
  std::optional<CacheMark> cache = {};
};
struct AudioBlock {
  InlineMedia source;
};
enum class ToolKind : std::uint8_t {
  kFunction,         // arguments are a JSON object
  kCustom,           // arguments are free text (OpenAI custom tools)
  kProviderDefined,  // web search, code execution ...: known to one dialect only
};
struct ToolCallBlock {
  std::string id;
  std::string name;
  std::string
      arguments;  // kFunction: JSON text exactly as the model wrote it ("" reads as {}); kCustom: the input text
  ToolKind kind = ToolKind::kFunction;
  std::string signature = {};  // Gemini thoughtSignature of this call
  std::optional<CacheMark> cache = {};
  JsonText item = {};  // see Message::item
};
struct ReasoningBlock {
  std::string text;       // readable thinking or summary
  std::string signature;  // Anthropic `signature`, Gemini thoughtSignature: opaque, byte-identical
  std::string redacted;   // Anthropic redacted_thinking.data, Bedrock redactedContent, OpenAI encrypted_content
  std::string id = {};    // OpenAI reasoning item id
  DialectId origin = DialectId::kOpenAiChat;  // signatures go back only to the family they came from
  std::string signer = {};                    // the provider that signed, where a mapping remembers it
  JsonText item = {};                         // see Message::item
};
struct RefusalBlock {
  std::string text;
};
// Something only its own dialect understands; refused (or dropped, where allowed) by every other.
struct OpaqueBlock {
  DialectId origin;
  std::string type;  // for the message: "web_search_call"
  JsonText json;
};
struct ToolResultBlock;

using Block = std::variant<TextBlock, ImageBlock, DocumentBlock, AudioBlock, ToolCallBlock, ToolResultBlock,
                           ReasoningBlock, RefusalBlock, OpaqueBlock>;

struct ToolResultBlock {
  std::string tool_call_id;
  std::string name = {};  // the function's name; Gemini needs it, others give only the id (see FillToolNames)
  std::vector<Block> content;
  enum class Outcome : std::uint8_t { kOk, kFailed } outcome = Outcome::kOk;
  JsonText structured = {};  // Gemini's response object or Bedrock's {json}, as it came
  std::optional<CacheMark> cache = {};
  JsonText item = {};  // see Message::item
};

// Tool results are blocks of a user message, whatever the dialect calls their role. `source` is where it stood in the
// client's body, "messages[3]", for error messages.
struct Message {
  Role role = Role::kUser;
  std::vector<Block> blocks;
  std::string name = {};
  std::string source = {};
  // OpenAI Responses: an object of what the input item says that no neutral word does ("id", "status", "phase"), for
  // its own dialect. Calls, results and reasoning, which are items of their own there, have one each.
  JsonText item = {};
};

struct Tool {
  ToolKind kind = ToolKind::kFunction;
  std::string name;
  std::string description = {};
  JsonText parameters = {};  // JSON Schema of the arguments; "" = no arguments
  std::optional<bool> strict = {};
  std::optional<CacheMark> cache = {};
  DialectId origin = DialectId::kOpenAiChat;
  JsonText original = {};  // kCustom and kProviderDefined: the tool as it came
};

struct ToolChoice {
  enum class Mode : std::uint8_t { kAuto, kNone, kRequired, kNamed, kAllowed } mode = Mode::kAuto;
  std::vector<std::string> names = {};                                                // kNamed: one; kAllowed: the set
  enum class Strength : std::uint8_t { kAuto, kRequired } allowed = Strength::kAuto;  // kAllowed only
};

struct ResponseFormat {
  enum class Kind : std::uint8_t { kText, kJsonObject, kJsonSchema } kind = Kind::kText;
  std::string name = {};
  std::string description = {};
  JsonText schema = {};
  std::optional<bool> strict = {};
};

enum class Effort : std::uint8_t { kNone, kMinimal, kLow, kMedium, kHigh, kXHigh, kMax };
struct ReasoningConfig {
  enum class Mode : std::uint8_t { kDefault, kEnabled, kAdaptive, kDisabled } mode = Mode::kDefault;
  std::optional<Effort> effort = {};
  std::optional<std::uint32_t> budget_tokens = {};
  std::string summary = {};               // OpenAI: auto, concise, detailed
  std::optional<bool> include_text = {};  // Gemini includeThoughts; Anthropic display
  std::string display = {};               // Anthropic thinking.display, as it came
};

// A member of the client's body that the neutral vocabulary has no word for; only its own dialect can carry it.
struct ExtraField {
  std::string name;  // "logit_bias", "safetySettings", "generationConfig.speechConfig"
  JsonText json;
};

struct ChatRequest {
  DialectId origin = DialectId::kOpenAiChat;
  std::string model;
  std::vector<Message> messages;  // system messages keep their place; leading ones are the system prompt
  std::vector<Tool> tools = {};
  std::optional<ToolChoice> tool_choice = {};
  std::optional<bool> parallel_tool_calls = {};

  std::optional<std::uint64_t> max_output_tokens = {};
  std::optional<double> temperature = {};
  std::optional<double> top_p = {};
  std::optional<std::uint64_t> top_k = {};
  std::optional<double> frequency_penalty = {};
  std::optional<double> presence_penalty = {};
  std::optional<std::int64_t> seed = {};
  std::optional<std::uint32_t> choices = {};  // n, candidateCount
  std::vector<std::string> stop = {};
  std::optional<bool> logprobs = {};
  std::optional<std::uint32_t> top_logprobs = {};
  JsonText logit_bias = {};
  std::optional<ResponseFormat> response_format = {};
  std::optional<ReasoningConfig> reasoning = {};
  std::string verbosity = {};
  std::string user = {};   // end-user id
  JsonText metadata = {};  // object of strings
  std::string service_tier = {};
  std::string prompt_cache_key = {};

  // OpenAI's retired `functions` and `function_call` say the same as tools; their answers are spelled their way.
  enum class ToolStyle : std::uint8_t { kTools, kLegacyFunctions } tool_style = ToolStyle::kTools;

  bool stream = false;
  bool stream_usage = false;  // OpenAI stream_options.include_usage

  std::vector<ExtraField> extra = {};
};

}  // namespace gatehouse::llm
