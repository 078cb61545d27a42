#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/crypto/hash.h"
#include "llm/token/counter.h"
#include "llm/token/family.h"
#include "llm/token/split.h"
#include "llm/token/table.h"

// Texts are cut into pieces that add up to them, and encoded to ranks that add up to their bytes. Tables that claim to
// be sound are searched without leaving their bytes.
namespace gatehouse::llm::token {
namespace {

void Put(std::string& bytes, std::size_t at, std::uint32_t number) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>((number >> (8 * i)) & 0xFF);
}

// All single bytes, and pairs and fours of some letters.
std::string SmallTable() {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  for (const char* const token :
       {"ab", "ba", "abab", "aa", "aaaa", "  ", "\n\n", " a", "'s", "\xC3\xA9", "12", "123"}) {
    tokens.emplace_back(token);
  }
  constexpr std::size_t kSlots = 1024;
  std::string slots(kSlots * 8, '\xff');
  std::string blob;
  for (std::size_t rank = 0; rank < tokens.size(); ++rank) {
    const std::uint32_t hash = TokenHash(tokens[rank]);
    std::size_t slot = hash % kSlots;
    while (slots.compare(slot * 8, 4, "\xff\xff\xff\xff") != 0) slot = (slot + 1) % kSlots;
    Put(slots, slot * 8, static_cast<std::uint32_t>(blob.size() | (tokens[rank].size() << 24)));
    Put(slots, slot * 8 + 4, static_cast<std::uint32_t>(rank) | (hash & 0xFFF0'0000));
    blob += tokens[rank];
  }
  std::string bytes(72, '\0');
  bytes.replace(0, 8, "GHTOKEN1");
  Put(bytes, 40, static_cast<std::uint32_t>(tokens.size()));
  Put(bytes, 44, kSlots);
  Put(bytes, 48, 4);
  Put(bytes, 52, static_cast<std::uint32_t>(blob.size()));
  return bytes + slots + blob;
}

void Sum(std::string& bytes) {
  const auto digest = codec::crypto::Sha256(std::string_view(bytes).substr(40));
  bytes.replace(8, digest.size(), codec::crypto::AsText(digest));
}

const std::shared_ptr<const Table>& SharedTable() {
  static const std::string bytes = [] {
    std::string table = SmallTable();
    Sum(table);
    return table;
  }();
  static const std::shared_ptr<const Table> table = [] {
    auto opened = Table::Open(bytes);
    GH_CHECK(opened.ok());
    return std::make_shared<const Table>(std::move(opened).value());
  }();
  return table;
}

void CheckText(Pattern pattern, std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t size = FirstPiece(pattern, rest);
    GH_CHECK(size > 0 && size <= rest.size());
    rest.remove_prefix(size);
  }
  Counter counter(SharedTable(), pattern);
  const auto ranks = counter.Encode(text);
  GH_CHECK(ranks.size() == counter.Count(text) && ranks.size() == counter.Count(text));
  for (const auto rank : ranks) GH_CHECK(rank < SharedTable()->size());
}

// The input changes bytes of a sound table; its checksum is mended.
void CheckTable(std::string_view changes) {
  std::string bytes = SmallTable();
  for (; changes.size() >= 3; changes.remove_prefix(3)) {
    const std::size_t at = static_cast<unsigned char>(changes[0]) << 8 | static_cast<unsigned char>(changes[1]);
    bytes[at % bytes.size()] = changes[2];
  }
  Sum(bytes);
  const auto table = Table::Open(bytes);
  if (!table.ok()) return;
  for (const std::string_view token : {"a", "ab", "abab", "zzzz", "zz"}) table.value().Find(token);
}

}  // namespace
}  // namespace gatehouse::llm::token

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::llm::token;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckText(Pattern::kO200k, text);
  CheckText(Pattern::kCl100k, text);
  CheckTable(text.substr(0, 300));
  FamilyOf(text);
  return 0;
}
