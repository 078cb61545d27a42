#include "codec/sse/comment.h"

namespace gatehouse::codec::sse {

void AppendComment(std::string& out, std::string_view text) {
  out.append(": ");
  for (const char c : text) out.push_back(c == '\n' || c == '\r' ? ' ' : c);
  out.append("\n\n");
}

}  // namespace gatehouse::codec::sse
