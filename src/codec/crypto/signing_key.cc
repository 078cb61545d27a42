#include "codec/crypto/signing_key.h"

#include <openssl/evp.h>

#include <utility>

#include "base/check.h"
#include "codec/crypto/random.h"

namespace gatehouse::codec::crypto {
namespace {

const unsigned char* In(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Out(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

struct SigningKey::Handle {
  std::unique_ptr<EVP_PKEY, KeyFree> key;
  std::string public_bytes;
};

SigningKey SigningKey::Generate() {
  auto key = FromSeed(base::Secret(RandomBytes(kSeedBytes)));
  GH_CHECK(key.ok());
  return std::move(key).value();
}

base::Result<SigningKey> SigningKey::FromSeed(const base::Secret& seed) {
  const std::string_view bytes = seed.Reveal();
  if (bytes.size() != kSeedBytes) return base::InvalidRequest("an Ed25519 private key has 32 bytes");
  auto handle = std::make_shared<Handle>();
  handle->key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, In(bytes), bytes.size()));
  GH_CHECK(handle->key != nullptr);
  handle->public_bytes.resize(kPublicBytes);
  std::size_t size = kPublicBytes;
  GH_CHECK(EVP_PKEY_get_raw_public_key(handle->key.get(), Out(handle->public_bytes), &size) == 1);
  GH_CHECK(size == kPublicBytes);
  return SigningKey(std::move(handle));
}

base::Secret SigningKey::Seed() const {
  std::string seed(kSeedBytes, '\0');
  std::size_t size = seed.size();
  GH_CHECK(EVP_PKEY_get_raw_private_key(handle_->key.get(), Out(seed), &size) == 1 && size == kSeedBytes);
  return base::Secret(std::move(seed));
}

const std::string& SigningKey::public_bytes() const { return handle_->public_bytes; }

std::string SigningKey::Sign(std::string_view message) const {
  const std::unique_ptr<EVP_MD_CTX, ContextFree> context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  GH_CHECK(context != nullptr &&
           EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, handle_->key.get()) == 1 &&
           EVP_DigestSign(context.get(), Out(signature), &size, In(message), message.size()) == 1);
  GH_CHECK(size == kSignatureBytes);
  return signature;
}

}  // namespace gatehouse::codec::crypto
