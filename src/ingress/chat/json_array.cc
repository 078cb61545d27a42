#include "ingress/chat/json_array.h"

#include <utility>

#include "codec/sse/sse.h"

namespace gatehouse::ingress::chat {

std::string JsonArrayFramer::Frame(std::string_view sse) {
  std::string out;
  codec::sse::Parser parser;
  parser.Feed(sse);
  codec::sse::Frame frame;
  for (;;) {
    const auto outcome = parser.Next(frame);
    if (!outcome.ok() || outcome.value() == codec::sse::Parser::Outcome::kNeedMore) return out;
    out.append(std::exchange(opened_, true) ? ",\r\n" : "[").append(frame.data);
  }
}

std::string JsonArrayFramer::Close(std::string_view sse) {
  std::string out = Frame(sse);
  if (!std::exchange(opened_, true)) out.append("[");
  out.append("]");
  return out;
}

}  // namespace gatehouse::ingress::chat
