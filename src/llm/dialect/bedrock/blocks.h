#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/chat.h"
#include "llm/dialect/common/node.h"

namespace gatehouse::llm::dialect::bedrock {

// One content block: an object with one member, which says what it is.
base::Result<Block> ReadBlock(const common::Node& node);

// The elements of an array of content blocks. A cachePoint becomes a mark of the block before it.
base::Status ReadBlocks(const common::Node& array, std::vector<Block>& blocks);

// The mark that a {"cachePoint":{...}} element makes; nullopt for any other element.
std::optional<CacheMark> CachePoint(codec::json::Value element);

}  // namespace gatehouse::llm::dialect::bedrock
