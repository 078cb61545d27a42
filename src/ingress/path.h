#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "llm/dialect.h"
#include "pipeline/surface.h"

namespace gatehouse::ingress {

enum class Endpoint : std::uint8_t { kChat, kEmbeddings, kCount, kRerank, kModels, kPassThrough };

// What a method, a path and a few headers say about a request.
struct PathMatch {
  Endpoint endpoint = Endpoint::kChat;
  pipeline::Surface surface = pipeline::Surface::kOpenAiChat;
  llm::DialectId dialect = llm::DialectId::kOpenAiChat;  // also of the errors
  std::string model;                                     // where the path names it, decoded
  llm::Delivery delivery = llm::Delivery::kWhole;        // where the path says it
  std::string version;                                   // anthropic-version, api-version
  // Gemini streams a JSON array unless `alt=sse` asks for events.
  enum class Wire : std::uint8_t { kEvents, kJsonArray } wire = Wire::kEvents;
  std::string upstream_path;  // kPassThrough: below the provider's base, with the query less credentials
};

struct PathResult {
  std::optional<PathMatch> match;
  // Without a match: the dialect to say so in, and the methods the path would take ("" for an unknown path).
  llm::DialectId dialect = llm::DialectId::kOpenAiChat;
  std::string_view allow;
};

// OpenAI, Azure OpenAI, Anthropic and Gemini paths share prefixes; the verb after the colon and the credential header
// tell them apart (providers.md, 0.4).
PathResult MatchPath(const http::RequestHead& head);

// The credential a client presented, wherever its SDK puts it; "" for none. `dialect` decides which header wins.
std::string CredentialOf(const http::RequestHead& head, llm::DialectId dialect);

// The name of a credential's header that came more than once: which of them counts is not for two servers to differ
// about. "" when there is none.
std::string_view RepeatedCredential(const http::RequestHead& head);

// The value of one query parameter, percent-decoded; nullopt when absent.
std::optional<std::string> QueryParameter(std::string_view query, std::string_view name);

}  // namespace gatehouse::ingress
