#include "features/audit/payload_reference.h"

#include <cstring>
#include <string>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"

namespace gatehouse::features::audit {
namespace {

std::optional<codec::crypto::Digest> ParseDigest(std::string_view base64) {
  const auto bytes = codec::crypto::Base64Decode(base64);
  codec::crypto::Digest digest{};
  if (!bytes || bytes->size() != digest.size()) return {};
  std::memcpy(digest.data(), bytes->data(), digest.size());
  return digest;
}

}  // namespace

std::optional<PayloadReference> ParsePayloadReference(codec::json::Value payload) {
  const auto key = record::vault::KeyId::FromHex(payload["key"].string());
  const auto record = record::vault::RecordId::FromHex(payload["record"].string());
  const auto blob = ParseDigest(payload["ct"].string());
  const auto text = ParseDigest(payload["pt"].string());
  if (!key || !record || !blob || !text) return {};
  return PayloadReference{.address = {.retention_class = std::string(payload["class"].string()),
                                      .key = *key,
                                      .record = *record,
                                      .field = std::string(payload["field"].string())},
                          .commitments = {.blob = *blob, .payload = *text}};
}

}  // namespace gatehouse::features::audit
