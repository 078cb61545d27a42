#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/json/document.h"
#include "llm/dialect/bedrock/bedrock.h"

// The first byte chooses the direction. A request that is read can be written, and what is written can be read again;
// an answer that is read is an answer that can be written as JSON.
using gatehouse::codec::json::Document;
namespace bedrock = gatehouse::llm::dialect::bedrock;
namespace llm = gatehouse::llm;

namespace {

void ReadRequest(std::string_view body) {
  Document document;
  if (!document.Parse(body).ok()) return;
  const llm::RequestPath path{.model = "anthropic.claude-sonnet-4-5", .version = {}};
  const auto request = bedrock::Chat().DecodeRequest(document.root(), path);
  if (!request.ok()) return;
  const auto encoded = bedrock::Chat().EncodeRequest(
      request.value(), {.model = "anthropic.claude-sonnet-4-5", .version = {}, .provider = {}});
  if (!encoded.ok()) return;
  Document again;
  GH_CHECK(again.Parse(encoded.value().body).ok());
}

void ReadAnswer(std::string_view body) {
  std::vector<llm::Event> events;
  if (!bedrock::Chat().NewDecoder()->DecodeWhole(body, llm::Detail::kFull, events).ok()) return;
  llm::Collector collector;
  for (const auto& event : events) collector.Add(event);
  const auto whole = bedrock::Chat().EncodeWhole(std::move(collector).Take(), {});
  Document again;
  GH_CHECK(again.Parse(whole).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  data[0] % 2 == 0 ? ReadRequest(rest) : ReadAnswer(rest);
  return 0;
}
