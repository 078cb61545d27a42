#pragma once

#include <cstdint>

#include "llm/chat.h"
#include "pipeline/operation.h"

namespace gatehouse::features::common {

// How much a request asks a model to read, before anybody has counted its tokens.
struct InputSize {
  std::uint64_t text_bytes = 0;    // of messages, tools and schemas; a token is at least one byte of it
  std::uint64_t inline_bytes = 0;  // of documents and sound, as base64
  std::uint64_t media = 0;         // images and files, whose bytes say nothing about their tokens
  std::uint64_t parts = 0;         // messages and tools, each of which a provider wraps in a few tokens
  std::uint64_t tokens = 0;        // that the client counted itself
};

InputSize InputSizeOf(const llm::ChatRequest& request);
// Nothing for what is not looked into.
InputSize InputSizeOf(const pipeline::Operation& operation);

}  // namespace gatehouse::features::common
