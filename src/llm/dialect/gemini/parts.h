#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "llm/chat.h"
#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/node.h"

// Reading what a client wrote in the spelling of protobuf's JSON mapping, which takes camelCase and snake_case alike.
namespace gatehouse::llm::dialect::gemini {

// The member under its camelCase or its snake_case name. Both are literals: the node keeps a view of the name.
common::Node Either(const common::Node& node, std::string_view camel, std::string_view snake);
// "max_output_tokens" -> "maxOutputTokens"; camelCase stays as it is.
std::string CamelCase(std::string_view name);

// Reads the members of `node` by the table, in either spelling; those that it does not name go to `extra` under
// `prefix` and their camelCase name. A name with a dot is none that protobuf has, and would be taken for a nested one.
template <class T>
base::Status ReadMembers(const common::Node& node, std::span<const common::Field<T>> fields, T& out,
                         std::vector<ExtraField>* extra, std::string_view prefix = {}) {
  GH_CHECK_OK(common::RequireObject(node));
  for (const auto member : node.value()) {
    if (member.key.contains('.')) return common::Invalid(node.Member(member), "is not a member of this API");
  }
  return common::ReadFields<T>(node, fields, out, extra, prefix, CamelCase);
}

// Function calls of a conversation whose results have not been read yet: gives ids to calls and results that have none.
class CallLedger {
 public:
  // The id of a call: `id`, or a fresh one where it is empty.
  std::string Call(std::string_view id, std::string_view name);
  // The id a result belongs to: `id`, or that of the first unanswered call of that name.
  std::string Result(std::string_view id, std::string_view name);

 private:
  struct Open {
    std::string id;
    std::string name;
  };
  std::string Fresh();

  std::vector<Open> open_;
  std::uint32_t count_ = 0;
};

// One element of `parts`.
base::Result<Block> ReadPart(const common::Node& part, CallLedger& calls);
// The elements of content.parts (required).
base::Status ReadParts(const common::Node& content, CallLedger& calls, std::vector<Block>& blocks);

}  // namespace gatehouse::llm::dialect::gemini
