#pragma once

#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "codec/json/writer.h"

// Embeddings as arrays of numbers.
namespace gatehouse::llm::dialect::common {

// Each number in the shortest form that reads back as the same float32; what is not finite is null.
void WriteVector(codec::json::Writer& writer, const std::vector<float>& vector);

// kBadUpstream unless it is an array of numbers.
base::Result<std::vector<float>> ReadVector(codec::json::Value array);

}  // namespace gatehouse::llm::dialect::common
