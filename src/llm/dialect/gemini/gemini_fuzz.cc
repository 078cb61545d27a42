#include "llm/dialect/common/dialect_fuzzing.h"
#include "llm/dialect/gemini/gemini.h"

namespace shared = gatehouse::llm::dialect::common::testing;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  return shared::FuzzDialect(gatehouse::llm::dialect::gemini::Chat(), bytes, size, shared::RoundTrip::kNotHeld);
}
