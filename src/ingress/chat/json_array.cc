#include "ingress/chat/json_array.h"

#include <utility>

#include "codec/sse/sse.h"

namespace gatehouse::ingress::chat {

using codec::sse::Parser;

void JsonArrayFramer::Add(std::string_view json, std::string& out) {
  out.append(std::exchange(opened_, true) ? ",\r\n" : "[").append(json);
}

std::string JsonArrayFramer::Frame(std::string_view sse) {
  std::string out;
  Parser parser;
  parser.Feed(sse);
  codec::sse::Frame frame;
  for (;;) {
    const auto outcome = parser.Next(frame);
    if (!outcome.ok()) return out;
    if (outcome.value() == Parser::Outcome::kNeedMore) break;
    Add(frame.data, out);
  }
  // The last event of an upstream may lack the empty line behind it.
  const auto rest = parser.Finish(frame);
  if (rest.ok() && rest.value() == Parser::Outcome::kFrame) Add(frame.data, out);
  return out;
}

std::string JsonArrayFramer::Close(std::string_view sse) {
  std::string out = Frame(sse);
  if (!std::exchange(opened_, true)) out.append("[");
  out.append("]");
  return out;
}

}  // namespace gatehouse::ingress::chat
