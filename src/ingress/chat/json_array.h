#pragma once

#include <string>
#include <string_view>

namespace gatehouse::ingress::chat {

// Gemini's stream without `alt=sse`: the data of each event as an element of one JSON array. One answer, one framer.
class JsonArrayFramer {
 public:
  // The events in `sse` (whole frames) as further elements.
  std::string Frame(std::string_view sse);
  // The last events and the closing bracket.
  std::string Close(std::string_view sse);

 private:
  void Add(std::string_view json, std::string& out);

  bool opened_ = false;
};

}  // namespace gatehouse::ingress::chat
