#include "llm/dialect/bedrock/bedrock.h"
#include "llm/dialect/common/dialect_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  return gatehouse::llm::dialect::common::testing::FuzzDialect(gatehouse::llm::dialect::bedrock::Chat(), bytes, size);
}
