#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/crypto/hkdf.h"
#include "record/vault/blob.h"

namespace {

using namespace gatehouse;
using namespace gatehouse::record::vault;

SubjectKey Key() { return {.id = {}, .secret = base::Secret(std::string(codec::crypto::kAesKeyBytes, 'k'))}; }

// A blob under the right key whose frame is what it is.
std::string Enclosing(std::string frame) {
  frame.resize((frame.size() + 256) / 256 * 256);
  std::string blob = SealBlob(Key(), {}, "prompt", "").bytes.substr(0, kBlobHeaderBytes);
  const std::size_t sealed = frame.size() + codec::crypto::kGcmTagBytes;
  for (unsigned i = 0; i < 4; ++i) blob[kBlobHeaderBytes - 1 - i] = static_cast<char>(sealed >> 8U * i);
  const base::Secret key = codec::crypto::HkdfSha256(Key().secret, RecordId().text(), "aigw/blob/v1/prompt", 32);
  const std::string_view nonce = std::string_view(blob).substr(40, codec::crypto::kGcmNonceBytes);
  return blob + codec::crypto::SealAesGcm(key.Reveal(), nonce, blob + "prompt", frame);
}

}  // namespace

// Foreign bytes are no blob, or one that does not open; a payload comes back as it was; and what is in a frame under a
// right tag (a key may be in the wrong hands) opens or is refused, no more.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const SubjectKey key = Key();
  GH_CHECK(!OpenBlob(key, "prompt", input).ok());
  const SealedBlob blob = SealBlob(key, {}, "prompt", input);
  const auto opened = OpenBlob(key, "prompt", blob.bytes);
  GH_CHECK(opened.ok() && opened.value().payload == input && opened.value().commitments == blob.commitments);
  const auto strange = OpenBlob(key, "prompt", Enclosing(std::string(input)));
  if (strange.ok()) GH_CHECK(strange.value().payload.size() <= kMaxPayloadBytes);
  return 0;
}
