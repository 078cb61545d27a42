#include "llm/dialect/bedrock/words.h"

#include <algorithm>

#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

// The first word of each reason is the one that is written.
constexpr common::Word<FinishReason> kStopReasons[] = {
    {"end_turn", FinishReason::kStop},
    {"stop_sequence", FinishReason::kStopSequence},
    {"max_tokens", FinishReason::kLength},
    {"tool_use", FinishReason::kToolCalls},
    {"content_filtered", FinishReason::kContentFilter},
    {"guardrail_intervened", FinishReason::kContentFilter},
    {"model_context_window_exceeded", FinishReason::kContextWindow},
    {"malformed_model_output", FinishReason::kOther},
    {"malformed_tool_use", FinishReason::kOther},
};

constexpr common::Word<std::string_view> kImages[] = {
    {"image/png", "png"}, {"image/jpeg", "jpeg"}, {"image/jpg", "jpeg"}, {"image/gif", "gif"}, {"image/webp", "webp"}};

constexpr common::Word<std::string_view> kDocuments[] = {
    {"application/pdf", "pdf"},
    {"text/csv", "csv"},
    {"application/msword", "doc"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"application/vnd.ms-excel", "xls"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"text/html", "html"},
    {"text/plain", "txt"},
    {"text/markdown", "md"},
};

constexpr common::Word<std::string_view> kSounds[] = {
    {"audio/mpeg", "mp3"},  {"audio/mp3", "mp3"}, {"audio/wav", "wav"}, {"audio/x-wav", "wav"}, {"audio/ogg", "ogg"},
    {"audio/flac", "flac"}, {"audio/aac", "aac"}, {"audio/mp4", "m4a"}, {"audio/opus", "opus"}, {"audio/webm", "webm"},
};

constexpr std::size_t kMaxToolUseId = 64;
constexpr std::size_t kMaxDocumentName = 200;
constexpr std::string_view kUnnamed = "document";

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::string_view WithoutParameters(std::string_view media_type) { return media_type.substr(0, media_type.find(';')); }

}  // namespace

Family FamilyOf(std::string_view model) {
  if (model.contains("claude") || model.contains("anthropic.")) return Family::kAnthropic;
  if (model.contains("nova")) return Family::kNova;
  if (model.contains("openai.") || model.contains("gpt-oss")) return Family::kOpenAi;
  return Family::kOther;
}

// Some models end their turn where they call a tool.
FinishReason ToFinishReason(std::string_view stop_reason, ToolCalls calls) {
  const auto reason = common::FindValue(kStopReasons, stop_reason).value_or(FinishReason::kOther);
  return reason == FinishReason::kStop && calls == ToolCalls::kSome ? FinishReason::kToolCalls : reason;
}

std::string_view StopReason(FinishReason reason, std::string_view detail) {
  for (const auto& word : kStopReasons) {
    if (word.value == reason && word.text == detail) return word.text;
  }
  const auto text = common::FindText(kStopReasons, reason);
  return text.empty() ? "end_turn" : text;
}

std::string_view ImageFormat(std::string_view media_type) {
  return common::FindValue(kImages, WithoutParameters(media_type)).value_or("");
}
std::string_view DocumentFormat(std::string_view media_type) {
  return common::FindValue(kDocuments, WithoutParameters(media_type)).value_or("");
}
std::string_view AudioFormat(std::string_view media_type) {
  return common::FindValue(kSounds, WithoutParameters(media_type)).value_or("");
}

std::string_view MediaTypeOf(std::string_view format) {
  if (const auto image = common::FindText(kImages, format); !image.empty()) return image;
  if (const auto document = common::FindText(kDocuments, format); !document.empty()) return document;
  return common::FindText(kSounds, format);
}

std::string ToolUseId(std::string_view id) {
  const bool fits = !id.empty() && id.size() <= kMaxToolUseId &&
                    std::ranges::all_of(id, [](char c) { return IsAlphanumeric(c) || c == '_' || c == '-'; });
  return fits ? std::string(id) : common::SyntheticCallId(id, 0, 0);
}

std::string DocumentName(std::string_view wish, std::size_t taken) {
  constexpr std::string_view kAllowed = "-()[]";
  std::string name;
  for (const char c : wish.substr(0, wish.rfind('.'))) {
    const bool kept = IsAlphanumeric(c) || kAllowed.contains(c);
    if (kept) {
      name.push_back(c);
    } else if (!name.empty() && name.back() != ' ') {
      name.push_back(' ');
    }
  }
  const std::string suffix = taken == 0 ? std::string() : " (" + std::to_string(taken + 1) + ")";
  name.resize(std::min(name.size(), kMaxDocumentName - suffix.size()));
  while (name.ends_with(' ')) name.pop_back();
  return (name.empty() ? std::string(kUnnamed) : name) + suffix;
}

}  // namespace gatehouse::llm::dialect::bedrock
