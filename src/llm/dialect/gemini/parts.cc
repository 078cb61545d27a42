#include "llm/dialect/gemini/parts.h"

#include <algorithm>
#include <utility>

#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/gemini/seal.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using codec::json::Value;
using common::Node;

constexpr common::Word<std::string_view> kDetails[] = {
    {"MEDIA_RESOLUTION_LOW", "low"},
    {"MEDIA_RESOLUTION_MEDIUM", "auto"},
    {"MEDIA_RESOLUTION_HIGH", "high"},
    {"MEDIA_RESOLUTION_ULTRA_HIGH", "original"},
};

// Members that say how a part is to be treated; the one that is left is what the part is.
constexpr std::string_view kModifiers[] = {"thought",      "thoughtSignature", "videoMetadata",  "mediaResolution",
                                           "partMetadata", "mediaProcessing",  "speechMetadata", "audioTranscription"};

bool IsModifier(std::string_view name) { return std::ranges::find(kModifiers, name) != std::end(kModifiers); }

// protobuf's JSON mapping reads the URL-safe base64 alphabet as well; the neutral vocabulary has the standard one.
std::string StandardBase64(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, '-', '+');
  std::ranges::replace(out, '_', '/');
  if (out.size() % 4 != 0) out.append(4 - out.size() % 4, '=');
  return out;
}

OpaqueBlock Opaque(const Node& part, std::string_view type) {
  return {DialectId::kGemini, std::string(type), std::string(part.value().raw())};
}

bool HasMediaModifier(const Node& part) {
  return Either(part, "videoMetadata", "video_metadata").present() ||
         Either(part, "mediaProcessing", "media_processing").present();
}

base::Result<std::string> ReadDetail(const Node& part) {
  const auto resolution = Either(part, "mediaResolution", "media_resolution");
  const auto level = resolution["level"];
  std::string word;
  GH_CHECK_OK(common::AllowObject(resolution));
  GH_CHECK_OK(common::Read(level, word));
  return std::string(common::FindValue(kDetails, word).value_or(""));
}

base::Result<Block> ReadInlineData(const Node& part, const Node& blob, std::string signature) {
  GH_CHECK_OK(common::RequireObject(blob));
  GH_TRY(const auto type, common::RequireString(Either(blob, "mimeType", "mime_type")));
  const auto base64 = blob["data"];
  GH_TRY(const auto bytes, common::RequireString(base64));
  if (HasMediaModifier(part) || type.starts_with("video/")) return Block(Opaque(part, "inlineData"));
  InlineMedia media{std::string(type), StandardBase64(bytes)};
  if (type.starts_with("audio/")) return Block(AudioBlock{std::move(media)});
  if (!type.starts_with("image/")) return Block(DocumentBlock{.source = std::move(media)});
  GH_TRY(auto detail, ReadDetail(part));
  return Block(ImageBlock{.source = std::move(media), .detail = std::move(detail), .signature = std::move(signature)});
}

// Files of the Files API and of Cloud Storage are the provider's; anything else on the web is a URL.
bool IsStoredFile(std::string_view uri) {
  return uri.starts_with("gs://") || uri.starts_with("files/") || uri.contains("generativelanguage.googleapis.com/");
}

base::Result<Block> ReadFileData(const Node& part, const Node& file) {
  GH_CHECK_OK(common::RequireObject(file));
  GH_TRY(const auto uri, common::RequireString(Either(file, "fileUri", "file_uri")));
  std::string type;
  GH_CHECK_OK(common::Read(Either(file, "mimeType", "mime_type"), type));
  const bool image = type.starts_with("image/");
  const bool document = type == "application/pdf" || type.starts_with("text/");
  if (HasMediaModifier(part) || (!image && !document)) return Block(Opaque(part, "fileData"));
  GH_TRY(auto detail, ReadDetail(part));
  if (IsStoredFile(uri)) {
    MediaFile stored{std::string(uri), std::move(type)};
    if (image) return Block(ImageBlock{.source = std::move(stored), .detail = std::move(detail)});
    return Block(DocumentBlock{.source = std::move(stored)});
  }
  MediaUrl url{std::string(uri), std::move(type)};
  if (image) return Block(ImageBlock{.source = std::move(url), .detail = std::move(detail)});
  return Block(DocumentBlock{.source = std::move(url)});
}

base::Result<Block> ReadFunctionCall(const Node& call, std::string signature, CallLedger& calls) {
  GH_CHECK_OK(common::RequireObject(call));
  const auto name_node = call["name"];
  const auto id_node = call["id"];
  const auto args_node = call["args"];
  GH_TRY(const auto name, common::RequireString(name_node));
  std::string id;
  std::string args;
  GH_CHECK_OK(common::Read(id_node, id));
  GH_CHECK_OK(common::ReadRawObject(args_node, args));
  return Block(ToolCallBlock{.id = calls.Call(id, name),
                             .name = std::string(name),
                             .arguments = args.empty() ? "{}" : std::move(args),
                             .signature = std::move(signature)});
}

std::string TextOf(Value value) { return std::string(value.IsString() ? value.string() : value.raw()); }

// The documented reading: `error` is a failure, `output` the result, and without either the whole object is the result.
void ReadResponse(Value response, ToolResultBlock& result) {
  if (const auto error = response["error"]; !error.IsNullish()) {
    result.outcome = ToolResultBlock::Outcome::kFailed;
    result.content.push_back(TextBlock{TextOf(error)});
  } else if (const auto output = response["output"]; !output.IsNullish() && response.size() == 1) {
    result.content.push_back(TextBlock{TextOf(output)});
  } else {
    result.content.push_back(TextBlock{std::string(response.raw())});
  }
}

base::Result<Block> ReadFunctionResponse(const Node& response, CallLedger& calls) {
  GH_CHECK_OK(common::RequireObject(response));
  const auto name_node = response["name"];
  const auto id_node = response["id"];
  const auto object = response["response"];
  GH_TRY(const auto name, common::RequireString(name_node));
  std::string id;
  ToolResultBlock result{.tool_call_id = {}, .name = std::string(name), .content = {}};
  GH_CHECK_OK(common::Read(id_node, id));
  GH_CHECK_OK(common::ReadRawObject(object, result.structured));
  result.tool_call_id = calls.Result(id, name);
  if (!result.structured.empty()) ReadResponse(object.value(), result);
  if (response["parts"].present()) GH_CHECK_OK(ReadParts(response, calls, result.content));
  return Block(std::move(result));
}

Block ReadText(std::string_view text, bool thought, std::string signature) {
  if (!thought) return TextBlock{.text = std::string(text), .signature = std::move(signature)};
  return ReadThought(text, std::move(signature));
}

// What the part is, in camelCase; "" for a part that says nothing.
std::string Kind(const Node& part) {
  for (const auto member : part.value()) {
    auto name = CamelCase(member.key);
    if (!member.value.IsNullish() && !IsModifier(name)) return name;
  }
  return {};
}

}  // namespace

Node Either(const Node& node, std::string_view camel, std::string_view snake) {
  const auto member = node[camel];
  return member.value().IsMissing() && !node[snake].value().IsMissing() ? node[snake] : member;
}

std::string CamelCase(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  bool upper = false;
  for (const char c : name) {
    if (c == '_' && !out.empty()) {
      upper = true;
      continue;
    }
    out.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    upper = false;
  }
  return out;
}

std::string CallLedger::Fresh() { return common::SyntheticCallId("history", 0, count_++); }

std::string CallLedger::Call(std::string_view id, std::string_view name) {
  open_.push_back({id.empty() ? Fresh() : std::string(id), std::string(name)});
  return open_.back().id;
}

std::string CallLedger::Result(std::string_view id, std::string_view name) {
  const auto call =
      std::ranges::find_if(open_, [&](const Open& open) { return id.empty() ? open.name == name : open.id == id; });
  if (call == open_.end()) return id.empty() ? Fresh() : std::string(id);
  auto found = std::move(call->id);
  open_.erase(call);
  return found;
}

base::Result<Block> ReadPart(const Node& part, CallLedger& calls) {
  GH_CHECK_OK(common::RequireObject(part));
  const auto kind = Kind(part);
  std::string signature;
  bool thought = false;
  GH_CHECK_OK(common::Read(Either(part, "thoughtSignature", "thought_signature"), signature));
  GH_CHECK_OK(common::Read(part["thought"], thought));
  if (kind == "text" || (kind.empty() && !signature.empty())) {
    const auto node = part["text"];
    std::string text;
    GH_CHECK_OK(common::Read(node, text));
    return ReadText(text, thought, std::move(signature));
  }
  if (kind == "inlineData") {
    return ReadInlineData(part, Either(part, "inlineData", "inline_data"), std::move(signature));
  }
  if (kind == "fileData") return ReadFileData(part, Either(part, "fileData", "file_data"));
  if (kind == "functionCall") {
    return ReadFunctionCall(Either(part, "functionCall", "function_call"), std::move(signature), calls);
  }
  if (kind == "functionResponse") {
    return ReadFunctionResponse(Either(part, "functionResponse", "function_response"), calls);
  }
  if (kind.empty()) return common::Invalid(part, "has none of text, inlineData, fileData, functionCall, ...");
  return Block(Opaque(part, kind));
}

base::Status ReadParts(const Node& content, CallLedger& calls, std::vector<Block>& blocks) {
  const auto parts = content["parts"];
  GH_CHECK_OK(common::RequireArray(parts));
  std::size_t index = 0;
  for (const auto element : parts.value()) {
    const auto part = parts.Element(element.value, index++);
    GH_TRY(auto block, ReadPart(part, calls));
    const auto joined = blocks.empty() ? Joined::kNo : JoinThought(blocks.back(), block);
    if (joined == Joined::kNo) blocks.push_back(std::move(block));
  }
  return base::Ok();
}

}  // namespace gatehouse::llm::dialect::gemini
