#include "frames.h"

#include <array>

#include "codec/eventstream/eventstream.h"

namespace gatehouse::golden {
namespace {

using codec::eventstream::Header;

void AppendLine(std::string_view line, std::string& out) {
  if (line.empty() || line.starts_with('#')) return;
  const bool exception = line.starts_with('!');
  if (exception) line.remove_prefix(1);
  const auto blank = line.find(' ');
  const std::array<Header, 3> headers = {{
      {exception ? ":exception-type" : ":event-type", line.substr(0, blank)},
      {":content-type", std::string_view("application/json")},
      {":message-type", std::string_view(exception ? "exception" : "event")},
  }};
  codec::eventstream::AppendMessage(out, headers, line.substr(blank + 1));
}

}  // namespace

std::string EventStreamOf(std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    AppendLine(lines.substr(0, end), out);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return out;
}

std::string LinesOf(std::string_view event_stream) {
  codec::eventstream::Decoder decoder;
  codec::eventstream::Message message;
  std::string out;
  decoder.Feed(event_stream);
  for (;;) {
    const auto outcome = decoder.Next(message);
    if (!outcome.ok()) return out.append("not an event stream\n");
    if (outcome.value() == codec::eventstream::Decoder::Outcome::kNeedMore) break;
    const auto exception = message.Text(":exception-type");
    if (!exception.empty()) out.append("!");
    out.append(exception.empty() ? message.Text(":event-type") : exception).append(" ").append(message.payload);
    out.append("\n");
  }
  return decoder.Finish().ok() ? out : out.append("cut off\n");
}

}  // namespace gatehouse::golden
