#include "codec/crypto/key_wrap.h"

#include <utility>

#include "codec/crypto/aead.h"
#include "codec/crypto/cipher_context.h"

namespace gatehouse::codec::crypto {
namespace {

constexpr std::size_t kBlockBytes = 8;  // the unit of both forms
constexpr std::size_t kOverheadBytes = 2 * kBlockBytes;

const EVP_CIPHER* CipherOf(KeyWrap form) {
  static const EVP_CIPHER* const exact = FetchCipher("AES-256-WRAP");
  static const EVP_CIPHER* const padded = FetchCipher("AES-256-WRAP-PAD");
  return form == KeyWrap::kExact ? exact : padded;
}

bool Takes(KeyWrap form, std::size_t size) {
  if (size > kMaxWrappedBytes) return false;
  return form == KeyWrap::kPadded ? size > 0 : size >= 2 * kBlockBytes && size % kBlockBytes == 0;
}

bool CouldBeWrapped(KeyWrap form, std::size_t size) {
  const std::size_t blocks = form == KeyWrap::kExact ? 3 : 2;
  return size % kBlockBytes == 0 && size >= blocks * kBlockBytes && size <= kMaxWrappedBytes + kOverheadBytes;
}

}  // namespace

std::string WrapKey(KeyWrap form, std::string_view key_encryption_key, const base::Secret& key) {
  GH_CHECK(key_encryption_key.size() == kAesKeyBytes && Takes(form, key.Reveal().size()));
  const CipherContext context = NewCipherContext();
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  std::string wrapped(key.Reveal().size() + kOverheadBytes, '\0');
  int size = 0;
  GH_CHECK(EVP_EncryptInit_ex2(context.get(), CipherOf(form), CipherBytes(key_encryption_key), nullptr, nullptr) == 1);
  GH_CHECK(EVP_EncryptUpdate(context.get(), CipherBytes(wrapped.data()), &size, CipherBytes(key.Reveal()),
                             static_cast<int>(key.Reveal().size())) == 1);
  GH_CHECK(size > 0);
  wrapped.resize(static_cast<std::size_t>(size));
  return wrapped;
}

std::optional<base::Secret> UnwrapKey(KeyWrap form, std::string_view key_encryption_key, std::string_view wrapped) {
  GH_CHECK(key_encryption_key.size() == kAesKeyBytes);
  if (!CouldBeWrapped(form, wrapped.size())) return {};
  const CipherContext context = NewCipherContext();
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  std::string key(wrapped.size() + kOverheadBytes, '\0');
  int size = 0;
  GH_CHECK(EVP_DecryptInit_ex2(context.get(), CipherOf(form), CipherBytes(key_encryption_key), nullptr, nullptr) == 1);
  const int result = EVP_DecryptUpdate(context.get(), CipherBytes(key.data()), &size, CipherBytes(wrapped),
                                       static_cast<int>(wrapped.size()));
  if (!CipherSucceeded(result) || size <= 0) return {};
  key.resize(static_cast<std::size_t>(size));
  return base::Secret(std::move(key));
}

}  // namespace gatehouse::codec::crypto
