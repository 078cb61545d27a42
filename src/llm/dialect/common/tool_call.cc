#include "llm/dialect/common/tool_call.h"

#include <utility>

#include "codec/json/document.h"
#include "codec/json/writer.h"

namespace gatehouse::llm::dialect::common {
namespace {

// FNV-1a, 64 bit.
std::uint64_t Hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211U;
  }
  return hash;
}

}  // namespace

std::optional<JsonText> ArgumentsObject(std::string_view arguments) {
  if (arguments.find_first_not_of(" \t\r\n") == std::string_view::npos) return "{}";
  codec::json::Document document;
  if (!document.Parse(arguments).ok() || !document.root().IsObject()) return std::nullopt;
  return JsonText(arguments);
}

JsonText InputObject(std::string_view arguments) {
  if (auto object = ArgumentsObject(arguments)) return *std::move(object);
  JsonText wrapped;
  codec::json::Writer(wrapped).BeginObject().Field("arguments", arguments).EndObject();
  return wrapped;
}

std::string SyntheticCallId(std::string_view seed, std::uint32_t choice, std::uint32_t block) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(seed);
  text.append("/").append(std::to_string(choice)).append("/").append(std::to_string(block));
  std::string id = "call_";
  std::uint64_t hash = Hash(text);
  for (int i = 0; i < 16; ++i, hash >>= 4U) id += kDigits[hash & 0xFU];
  return id;
}

}  // namespace gatehouse::llm::dialect::common
