#include "llm/token/table.h"

#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "codec/crypto/hash.h"

namespace gatehouse::llm::token {
namespace {

constexpr std::string_view kMagic = "GHTOKEN1";
constexpr std::size_t kChecksumOffset = 8;
constexpr std::size_t kSummedOffset = 40;  // the checksum covers everything from here
constexpr std::size_t kNameOffset = 56;
constexpr std::size_t kNameSize = 16;
constexpr std::size_t kHeaderSize = 72;
constexpr std::size_t kSlotSize = 8;

std::uint32_t ReadLittleEndian(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof(number));
  if constexpr (std::endian::native == std::endian::big) number = __builtin_bswap32(number);
  return number;
}

// One place of the hash table.
struct Slot {
  static constexpr std::uint32_t kEmpty = 0xFFFF'FFFF;

  std::uint32_t place;        // low 24 bits offset in the blob, high 8 bits length
  std::uint32_t tagged_rank;  // low 20 bits rank, high 12 bits those of the hash

  bool empty() const { return place == kEmpty; }
  std::size_t offset() const { return place & 0xFF'FFFF; }
  std::size_t length() const { return place >> 24; }
  std::uint32_t rank() const { return tagged_rank & 0xF'FFFF; }
  std::uint32_t tag() const { return tagged_rank >> 20; }
};

Slot ReadSlot(std::string_view slots, std::size_t index) {
  return {ReadLittleEndian(slots, index * kSlotSize), ReadLittleEndian(slots, index * kSlotSize + 4)};
}

base::Error Damaged(std::string_view problem) {
  return base::Internal("the token table is damaged or of another version: " + std::string(problem));
}

}  // namespace

std::uint32_t TokenHash(std::string_view token) {
  std::uint32_t hash = 0x9E37'79B9U ^ static_cast<std::uint32_t>(token.size());
  const auto mix = [&hash](std::uint32_t word) {
    hash = (hash ^ word) * 0x85EB'CA6BU;
    hash ^= hash >> 15;
  };
  std::size_t at = 0;
  for (; at + 4 <= token.size(); at += 4) mix(ReadLittleEndian(token, at));
  if (at < token.size()) {
    std::uint32_t word = 0;
    for (std::size_t i = at; i < token.size(); ++i) {
      word |= static_cast<std::uint32_t>(static_cast<unsigned char>(token[i])) << (8 * (i - at));
    }
    mix(word);
  }
  hash = (hash ^ (hash >> 13)) * 0xC2B2'AE35U;
  return hash ^ (hash >> 16);
}

base::Result<Table> Table::Open(std::string_view bytes) {
  if (bytes.size() < kHeaderSize || !bytes.starts_with(kMagic)) return Damaged("no header");
  if (codec::crypto::AsText(codec::crypto::Sha256(bytes.substr(kSummedOffset))) !=
      bytes.substr(kChecksumOffset, kSummedOffset - kChecksumOffset)) {
    return Damaged("wrong checksum");
  }
  Table table;
  table.token_count_ = ReadLittleEndian(bytes, 40);
  const std::uint64_t slot_count = ReadLittleEndian(bytes, 44);
  table.longest_ = ReadLittleEndian(bytes, 48);
  const std::uint64_t blob_size = ReadLittleEndian(bytes, 52);
  if (!std::has_single_bit(slot_count) || bytes.size() != kHeaderSize + slot_count * kSlotSize + blob_size) {
    return Damaged("impossible sizes");
  }
  const std::string_view name = bytes.substr(kNameOffset, kNameSize);
  table.name_ = name.substr(0, name.find('\0'));
  table.slot_mask_ = static_cast<std::uint32_t>(slot_count - 1);
  table.slots_ = bytes.substr(kHeaderSize, slot_count * kSlotSize);
  table.blob_ = bytes.substr(kHeaderSize + table.slots_.size());
  GH_CHECK_OK(table.CheckSlots());
  table.pairs_.resize(std::size_t{1} << 16);
  for (std::size_t pair = 0; pair < table.pairs_.size(); ++pair) {
    const char two[2] = {static_cast<char>(pair >> 8), static_cast<char>(pair & 0xFF)};
    table.pairs_[pair] = table.Find({two, 2});
  }
  return table;
}

// Find() relies on each of these: that a token lies in the blob, and that an empty slot ends every search.
base::Status Table::CheckSlots() const {
  std::uint32_t used = 0;
  for (std::size_t i = 0; i <= slot_mask_; ++i) {
    const Slot slot = ReadSlot(slots_, i);
    if (slot.empty()) continue;
    ++used;
    if (slot.length() == 0 || slot.length() > longest_) return Damaged("a token of impossible length");
    if (slot.offset() + slot.length() > blob_.size()) return Damaged("a token outside the file");
  }
  if (used != token_count_ || used > slot_mask_) return Damaged("a wrong number of tokens");
  for (int byte = 0; byte < 256; ++byte) {
    const char one = static_cast<char>(byte);
    if (Find({&one, 1}) == kNoRank) return Damaged("a byte without a token");
  }
  return base::Ok();
}

std::uint32_t Table::Find(std::string_view token) const {
  if (token.size() > longest_) return kNoRank;
  const std::uint32_t hash = TokenHash(token);
  for (std::uint32_t index = hash & slot_mask_;; index = (index + 1) & slot_mask_) {
    const Slot slot = ReadSlot(slots_, index);
    if (slot.empty()) return kNoRank;
    if (slot.tag() != hash >> 20 || slot.length() != token.size()) continue;
    if (std::memcmp(blob_.data() + slot.offset(), token.data(), token.size()) == 0) return slot.rank();
  }
}

}  // namespace gatehouse::llm::token
