// Embedding requests and answers from any bytes; what was read is written back as JSON. The first byte picks the
// dialect, the second the way.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/json/document.h"
#include "llm/operation.h"

namespace {

using namespace gatehouse;  // NOLINT(google-build-using-namespace): a program of its own

constexpr llm::DialectId kDialects[] = {llm::DialectId::kOpenAiChat, llm::DialectId::kGemini, llm::DialectId::kBedrock,
                                        llm::DialectId::kCohere};
constexpr codec::json::Limits kLimits{.depth = 512};

void ExpectJson(std::string_view text) {
  codec::json::Document document;
  GH_CHECK(document.Parse(text, kLimits).ok());
}

void Request(const llm::EmbeddingDialect& origin, std::string_view body) {
  codec::json::Document document;
  if (!document.Parse(body).ok()) return;
  const auto request = origin.DecodeRequest(document.root(), {.model = "m"});
  if (!request.ok()) return;
  for (const llm::DialectId id : kDialects) {
    const llm::EmbeddingDialect* target = llm::FindEmbeddingDialect(id);
    if (target == nullptr) continue;
    const auto encoded = target->EncodeRequest(request.value(), request.value().inputs, {.model = "m"});
    if (encoded.ok()) ExpectJson(encoded.value().body);
  }
}

void Answer(const llm::EmbeddingDialect& origin, std::string_view body) {
  const auto answer = origin.DecodeAnswer(body);
  if (!answer.ok()) return;
  for (const llm::DialectId id : kDialects) {
    const llm::EmbeddingDialect* surface = llm::FindEmbeddingDialect(id);
    if (surface != nullptr) ExpectJson(surface->EncodeAnswer(answer.value(), {.model = "m"}));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const llm::EmbeddingDialect* origin = llm::FindEmbeddingDialect(kDialects[data[0] % std::size(kDialects)]);
  if (origin == nullptr) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  (data[1] & 1U) != 0 ? Answer(*origin, body) : Request(*origin, body);
  return 0;
}
