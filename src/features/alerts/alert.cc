#include "features/alerts/alert.h"

#include "codec/cel/timestamp.h"
#include "codec/json/writer.h"
#include "codec/text/utf8.h"

namespace gatehouse::features::alerts {

using codec::json::Writer;

std::string TimeText(std::int64_t milliseconds) {
  return codec::cel::TimestampText({milliseconds / 1000, static_cast<std::uint32_t>(milliseconds % 1000) * 1'000'000});
}

std::string FactsJson(const common::Notice& notice) {
  std::string json;
  Writer writer(json);
  writer.BeginObject();
  for (const auto& [name, value] : notice.facts) writer.Field(name, value);
  writer.EndObject();
  return json;
}

std::string JsonOf(const Alert& alert) {
  const common::Notice& notice = alert.notice;
  std::string json;
  Writer writer(json);
  writer.BeginObject().Field("type", notice.kind).Field("timestamp", TimeText(alert.at_ms));
  writer.Key("data").BeginObject();
  writer.Field("id", alert.name())
      .Field("severity", ToString(notice.severity))
      .Field("node", notice.path)
      .Field("title", notice.title)
      .Field("text", notice.text)
      .RawField("facts", FactsJson(notice))
      .EndObject()
      .EndObject();
  return json;
}

std::string Printable(std::string_view text, std::size_t most_bytes) {
  const auto is_tail = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; };
  if (text.size() > most_bytes) {
    std::size_t end = most_bytes;
    while (end > 0 && is_tail(end)) --end;
    text = text.substr(0, end);
  }
  std::string clean = codec::text::ReplaceInvalidUtf8(text);
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = ' ';
  }
  return clean;
}

}  // namespace gatehouse::features::alerts
