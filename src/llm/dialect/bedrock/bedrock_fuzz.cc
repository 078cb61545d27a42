#include "llm/dialect/bedrock/bedrock.h"
#include "llm/dialect/common/dialect_fuzzing.h"

namespace shared = gatehouse::llm::dialect::common::testing;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  return shared::FuzzDialect(gatehouse::llm::dialect::bedrock::Chat(), bytes, size, shared::RoundTrip::kNotHeld);
}
