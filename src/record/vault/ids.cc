#include "record/vault/ids.h"

#include <chrono>

#include "codec/crypto/random.h"

namespace gatehouse::record::vault {
namespace {

constexpr std::size_t kTimeBytes = 6;

}  // namespace

RecordId NewRecordId(base::WallTime now) {
  RecordId id = *RecordId::Of(codec::crypto::RandomBytes(RecordId::kBytes));
  auto millis =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  for (std::size_t i = kTimeBytes; i-- > 0; millis >>= 8U) id.bytes.at(i) = static_cast<char>(millis & 0xFFU);
  return id;
}

std::uint64_t TimeOf(const RecordId& id) {
  std::uint64_t millis = 0;
  for (std::size_t i = 0; i < kTimeBytes; ++i) millis = millis << 8U | static_cast<unsigned char>(id.bytes.at(i));
  return millis;
}

}  // namespace gatehouse::record::vault
