#include "features/guard/hook/wire.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/json/document.h"
#include "codec/json/writer.h"

namespace gatehouse::features::guard {
namespace {

namespace json = codec::json;
using inspect::Category;
using inspect::Finding;
using inspect::Span;

constexpr std::size_t kLongestEntity = 64;

base::Error Wrong(std::string what) {
  return {.code = base::ErrorCode::kBadUpstream,
          .source = base::ErrorSource::kUpstream,
          .public_message = "A guardrail of this gateway gave an answer that is not of its form. Ask the operator.",
          .detail = "guard hook: " + std::move(what)};
}

bool IsEntity(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  return !text.empty() && text.size() <= kLongestEntity && std::ranges::all_of(text, fits);
}

std::optional<Category> CategoryOf(json::Value value) {
  if (value.IsNullish()) return Category::kContent;
  for (const Category category :
       {Category::kPii, Category::kSecret, Category::kContent, Category::kExfiltration, Category::kInjection}) {
    if (inspect::ToString(category) == value.string()) return category;
  }
  return {};
}

// Where the code points of a text begin.
class CodePoints {
 public:
  explicit CodePoints(std::string_view text) : text_(text) {}

  // The end of the text for the one behind the last, nothing beyond.
  std::optional<std::size_t> ByteOf(std::int64_t number) {
    if (begins_.empty()) Count();
    const auto index = static_cast<std::size_t>(number);
    return index < begins_.size() ? std::optional<std::size_t>(begins_[index]) : std::nullopt;
  }

  std::optional<Span> SpanOf(json::Value finding) {
    if (finding["start"].IsNullish() && finding["end"].IsNullish()) return Span{.begin = 0, .end = text_.size()};
    const auto start = finding["start"].AsInteger();
    const auto end = finding["end"].AsInteger();
    if (!start || !end || *start < 0 || *end <= *start) return {};
    const auto begin_byte = ByteOf(*start);
    const auto end_byte = ByteOf(*end);
    if (!begin_byte || !end_byte) return {};
    return Span{.begin = *begin_byte, .end = *end_byte};
  }

 private:
  void Count() {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      const bool begins = (static_cast<unsigned char>(text_[at]) & 0xC0U) != 0x80U;
      if (begins) begins_.push_back(static_cast<std::uint32_t>(at));
    }
    begins_.push_back(static_cast<std::uint32_t>(text_.size()));
  }

  std::string_view text_;
  std::vector<std::uint32_t> begins_;
};

}  // namespace

std::string EncodeQuestion(const HookQuestion& question) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject().Field("version", 1).Field("request_id", question.request_id);
  writer.Field("surface", question.surface).Field("model", question.model);
  writer.Field("organization", question.organization).Field("principal", question.principal);
  writer.Field("side", pipeline::ToString(question.side)).Key("texts").BeginArray();
  for (const HookText& text : question.texts) {
    writer.BeginObject().Field("channel", inspect::ToString(text.channel)).Field("text", text.text).EndObject();
  }
  writer.EndArray().EndObject();
  return body;
}

base::Result<HookFindings> DecodeAnswer(std::string_view body, std::span<const HookText> texts) {
  json::Document document;
  if (!document.Parse(body).ok() || !document.root().IsObject()) return Wrong("no JSON object");
  const json::Value list = document.root()["findings"];
  if (!list.IsArray()) return Wrong("`findings` is no array");
  if (list.size() > kMostHookFindings) return Wrong("more than 1000 findings");
  HookFindings findings(texts.size());
  std::vector<CodePoints> code_points;
  for (const HookText& text : texts) code_points.emplace_back(text.text);
  for (const auto element : list) {
    const json::Value one = element.value;
    const auto index = one["text"].AsInteger();
    if (!index || *index < 0 || static_cast<std::size_t>(*index) >= texts.size()) return Wrong("`text` names none");
    const auto place = static_cast<std::size_t>(*index);
    const auto span = code_points[place].SpanOf(one);
    if (!span) return Wrong("`start` and `end` are no part of the text");
    if (!IsEntity(one["entity"].string())) return Wrong("`entity` is no name");
    const auto category = CategoryOf(one["category"]);
    if (!category) return Wrong("`category` is unknown");
    const double confidence = one["confidence"].AsNumber().value_or(1);
    if (!(confidence >= 0 && confidence <= 1)) return Wrong("`confidence` is not between 0 and 1");
    findings[place].push_back({.category = *category,
                               .entity = std::string(one["entity"].string()),
                               .span = *span,
                               .confidence = static_cast<float>(confidence)});
  }
  for (auto& of_text : findings)
    std::ranges::sort(of_text, {},
                      [](const Finding& finding) { return std::pair(finding.span.begin, finding.span.end); });
  return findings;
}

}  // namespace gatehouse::features::guard
