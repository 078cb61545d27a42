#pragma once

#include <cstdint>
#include <vector>

#include "codec/json/document.h"
#include "codec/json/splice.h"
#include "llm/dialect.h"

namespace gatehouse::llm {

// What has to change in a body of that dialect so that its answer has at most `tokens`: members of `root`, and edits
// within members that are there. `field` says how an OpenAI-like upstream names the limit where the body has none.
struct OutputLimit {
  std::vector<codec::json::MemberChange> members;
  std::vector<codec::json::Edit> edits;
};
OutputLimit LimitOutput(DialectId dialect, codec::json::Value root, std::uint64_t tokens,
                        EncodeOptions::MaxTokensField field);

}  // namespace gatehouse::llm
