// A client's body: any bytes give a request or an error, a request encodes for every dialect as JSON, and what a
// dialect says of its own request it reads back as the same. The first byte picks the dialect.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/json/document.h"
#include "llm/dialect.h"

namespace {

using namespace gatehouse;  // NOLINT(google-build-using-namespace): a program of its own

constexpr llm::DialectId kDialects[] = {
    llm::DialectId::kOpenAiChat, llm::DialectId::kOpenAiResponses, llm::DialectId::kOpenAiCompletions,
    llm::DialectId::kAnthropic,  llm::DialectId::kGemini,          llm::DialectId::kBedrock,
    llm::DialectId::kCohere,
};
// Schemas and arguments stand deeper in another dialect's body than in the client's.
constexpr codec::json::Limits kLimits{.depth = 512};

base::Result<llm::ChatRequest> Decode(const llm::ChatDialect& dialect, std::string_view body) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body, kLimits));
  const bool in_path = dialect.id() == llm::DialectId::kGemini || dialect.id() == llm::DialectId::kBedrock;
  return dialect.DecodeRequest(document.root(), {.model = in_path ? "m" : ""});
}

base::Result<llm::EncodedRequest> Encode(const llm::ChatDialect& dialect, const llm::ChatRequest& request) {
  auto encoded = dialect.EncodeRequest(request, {.model = "m", .default_max_output_tokens = 4096});
  if (encoded.ok()) {
    codec::json::Document document;
    GH_CHECK(document.Parse(encoded.value().body, kLimits).ok());
  }
  return encoded;
}

// Once through the dialect's own words, a request stays what it is.
void ExpectFixpoint(const llm::ChatDialect& dialect, const llm::EncodedRequest& first) {
  if (!first.losses.empty()) return;
  const auto again = Decode(dialect, first.body);
  if (!again.ok()) return;  // what a client may leave open, a provider may have to be told
  const auto second = Encode(dialect, again.value());
  GH_CHECK(second.ok());
  const auto thrice = Decode(dialect, second.value().body);
  GH_CHECK(thrice.ok());
  GH_CHECK(Encode(dialect, thrice.value()).value().body == second.value().body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const llm::ChatDialect* origin = llm::FindChatDialect(kDialects[data[0] % std::size(kDialects)]);
  if (origin == nullptr) return 0;
  const auto request = Decode(*origin, {reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!request.ok()) {
    GH_CHECK(!request.error().public_message.empty());
    return 0;
  }
  for (const llm::DialectId id : kDialects) {
    const llm::ChatDialect* target = llm::FindChatDialect(id);
    if (target == nullptr) continue;
    const auto encoded = Encode(*target, request.value());
    if (encoded.ok() && target == origin) ExpectFixpoint(*target, encoded.value());
  }
  return 0;
}
