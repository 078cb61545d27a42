#include "inspect/channel.h"
#include "inspect/finding.h"

namespace gatehouse::inspect {

std::string_view ToString(Channel channel) {
  switch (channel) {
    case Channel::kSystem: return "system";
    case Channel::kUser: return "user";
    case Channel::kAssistant: return "assistant";
    case Channel::kToolResult: return "tool_result";
    case Channel::kDocument: return "document";
    case Channel::kToolDescriptor: return "tool_descriptor";
    case Channel::kToolArguments: return "tool_arguments";
    case Channel::kOutput: return "output";
  }
  return "unknown";
}

std::string_view ToString(Category category) {
  switch (category) {
    case Category::kPii: return "pii";
    case Category::kSecret: return "secret";
    case Category::kContent: return "content";
    case Category::kExfiltration: return "exfiltration";
    case Category::kInjection: return "injection";
  }
  return "unknown";
}

std::string_view ToString(View view) {
  switch (view) {
    case View::kRaw: return "raw";
    case View::kNormalised: return "normalised";
    case View::kDecoded: return "decoded";
  }
  return "unknown";
}

}  // namespace gatehouse::inspect
