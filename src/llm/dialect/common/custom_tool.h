#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "llm/chat.h"
#include "llm/event.h"
#include "llm/loss.h"

// OpenAI's custom tools, whose input is free text, for models of dialects that know functions only: such a tool is a
// function of one string, "input", and its calls come back to the client as calls of the custom tool.
namespace gatehouse::llm::dialect::common {

// The tool as a function. A grammar of the input stands in the description: no other dialect holds a model to one, and
// a kHint about `field` says so.
Tool AsFunction(const Tool& tool, std::string_view field, std::string_view target, std::vector<Loss>& losses);

// The arguments of a call as an object: InputObject of a function's, the text under "input" of a custom tool's.
JsonText CallInput(const ToolCallBlock& call);

// Turns the calls of a foreign answer back into those of the custom tools that the request offered. Their arguments are
// held until the call is complete; beyond 8 MiB they are passed on as they are. One answer, one thread.
class CustomCalls {
 public:
  // `request` may be null, and need not outlive this.
  explicit CustomCalls(const ChatRequest* request);

  // False where the request has no custom tools: then every event is what it is.
  bool any() const { return !names_.empty(); }
  // What `event` means to the client: nothing yet, itself, or what was held and itself.
  std::vector<Event> Translate(const Event& event);
  // The same for a whole answer.
  Answer Translate(Answer answer) const;

 private:
  using Place = std::pair<std::uint32_t, std::uint32_t>;  // choice, block

  bool IsCustom(std::string_view name) const;

  std::vector<std::string> names_;
  std::map<Place, std::string> held_;  // arguments of open calls
};

}  // namespace gatehouse::llm::dialect::common
