#include "admin/api_request.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <utility>

#include "codec/cel/timestamp.h"
#include "codec/json/writer.h"
#include "codec/text/percent.h"

namespace gatehouse::admin {
namespace {

constexpr std::size_t kMaxList = 1000;
constexpr std::size_t kMaxLabels = 64;
constexpr std::size_t kMaxLabel = 256;

std::optional<std::int64_t> MillisOf(std::string_view text) {
  constexpr std::size_t kDate = 10;
  std::string whole(text);
  if (whole.size() == kDate) whole.append("T00:00:00Z");
  const auto time = codec::cel::ParseTimestamp(whole);
  if (!time || time->seconds <= 0) return {};
  return time->seconds * 1000 + time->nanos / 1'000'000;
}

// Calls `each` with the name and the value of every parameter, as they were sent.
template <class Each>
void ForEachParameter(std::string_view query, const Each& each) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const auto equals = one.find('=');
    each(one.substr(0, equals), equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1));
  }
}

}  // namespace

base::Result<ApiBody> ApiBody::Parse(std::string text) {
  ApiBody body;
  if (text.empty()) text = "{}";
  body.text_ = std::make_unique<const std::string>(std::move(text));
  constexpr codec::json::Limits kLimits{.depth = 8, .values = 10'000};
  GH_CHECK_OK(body.document_.Parse(*body.text_, kLimits));
  if (!body.document_.root().IsObject()) return base::InvalidRequest("The body must be a JSON object.");
  return body;
}

codec::json::Value ApiBody::Take(std::string_view name) {
  known_.emplace_back(name);
  return document_.root()[name];
}

void ApiBody::Wrong(std::string_view name, std::string_view expected) {
  if (!problem_) {
    problem_ =
        base::InvalidRequest("`" + std::string(name) + "` must be " + std::string(expected) + ".", std::string(name));
  }
}

std::optional<std::string> ApiBody::Text(std::string_view name) {
  const auto value = Take(name);
  if (value.IsMissing()) return {};
  if (!value.IsString()) Wrong(name, "a text");
  return std::string(value.string());
}

std::optional<std::int64_t> ApiBody::Integer(std::string_view name) {
  const auto value = Take(name);
  if (value.IsMissing()) return {};
  const auto number = value.AsInteger();
  if (!number || *number < 0) Wrong(name, "a whole number, 0 or more");
  return number;
}

std::optional<std::vector<std::string>> ApiBody::Texts(std::string_view name) {
  const auto value = Take(name);
  if (value.IsMissing()) return {};
  std::vector<std::string> texts;
  if (!value.IsArray() || value.size() > kMaxList) Wrong(name, "a list of texts, 1000 at most");
  for (const auto element : value) {
    if (!element.value.IsString()) Wrong(name, "a list of texts");
    texts.emplace_back(element.value.string());
  }
  return texts;
}

std::optional<std::string> ApiBody::Labels(std::string_view name) {
  const auto value = Take(name);
  if (value.IsMissing()) return {};
  if (!value.IsObject() || value.size() > kMaxLabels) Wrong(name, "an object of texts, 64 at most");
  std::map<std::string, std::string> sorted;
  for (const auto member : value) {
    const auto text = member.value.AsString();
    if (!text || text->size() > kMaxLabel || member.key.size() > kMaxLabel) {
      Wrong(name, "an object of texts of 256 bytes at most");
      continue;
    }
    sorted[std::string(member.key)] = std::string(*text);
  }
  std::string json;
  codec::json::Writer writer(json);
  writer.BeginObject();
  for (const auto& [label, text] : sorted) writer.Field(label, text);
  writer.EndObject();
  return json;
}

std::optional<std::int64_t> ApiBody::Time(std::string_view name) {
  const auto value = Take(name);
  if (value.IsMissing()) return {};
  if (value.IsNull() || (value.IsString() && value.string().empty())) return 0;
  const auto time = value.IsString() ? MillisOf(value.string()) : std::nullopt;
  if (!time) Wrong(name, "a time such as 2027-01-31 or 2027-01-31T12:00:00Z, or null for never");
  return time;
}

base::Status ApiBody::Finish() const {
  if (problem_) return *problem_;
  for (const auto member : document_.root()) {
    if (std::ranges::find(known_, member.key) != known_.end()) continue;
    const std::string name(member.key.substr(0, 100));
    return base::InvalidRequest("Unknown field `" + name + "`.", name);
  }
  return base::Ok();
}

std::string QueryParameter(const http::RequestHead& head, std::string_view name) {
  std::string found;
  ForEachParameter(head.query(), [&](std::string_view one, std::string_view value) {
    if (one == name) found = codec::text::PercentDecode(value).value_or("");
  });
  return found;
}

base::Status CheckQuery(const http::RequestHead& head, std::initializer_list<std::string_view> known) {
  std::string unknown;
  ForEachParameter(head.query(), [&](std::string_view one, std::string_view) {
    if (std::ranges::find(known, one) == known.end()) unknown = std::string(one.substr(0, 100));
  });
  if (unknown.empty()) return base::Ok();
  return base::InvalidRequest("Unknown parameter `" + unknown + "`.", unknown);
}

std::optional<std::vector<std::string>> PathParts(std::string_view path) {
  std::vector<std::string> parts;
  for (;;) {
    const std::string_view one = path.substr(0, path.find('/'));
    auto decoded = codec::text::PercentDecode(one);
    if (!decoded || decoded->empty()) return {};
    parts.push_back(*std::move(decoded));
    if (one.size() == path.size()) return parts;
    path.remove_prefix(one.size() + 1);
  }
}

base::Result<std::int64_t> TimeParameter(const http::RequestHead& head, std::string_view name, std::int64_t otherwise) {
  std::string text = QueryParameter(head, name);
  if (text.empty()) return otherwise;
  constexpr std::size_t kDateLength = 10;
  if (text.size() == kDateLength) text += "T00:00:00Z";
  const auto time = codec::cel::ParseTimestamp(text);
  if (!time) {
    return base::InvalidRequest("`" + std::string(name) +
                                    "` must be a date or a time, such as 2026-11-01 or "
                                    "2026-11-01T08:00:00Z.",
                                std::string(name));
  }
  return time->seconds * 1000 + time->nanos / 1'000'000;
}

base::Result<std::uint32_t> LimitParameter(const http::RequestHead& head, std::uint32_t otherwise) {
  const std::string text = QueryParameter(head, "limit");
  if (text.empty()) return otherwise;
  std::uint32_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) {
    return base::InvalidRequest("`limit` must be a number.", "limit");
  }
  return value;
}

std::int64_t NowMs(const net::Loop& loop) {
  return std::chrono::floor<std::chrono::milliseconds>(loop.clock().Wall()).time_since_epoch().count();
}

}  // namespace gatehouse::admin
