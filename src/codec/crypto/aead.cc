#include "codec/crypto/aead.h"

#include <string.h>  // explicit_bzero

#include "codec/crypto/cipher_context.h"

namespace gatehouse::codec::crypto {
namespace {

const EVP_CIPHER* Gcm() {
  static const EVP_CIPHER* const cipher = FetchCipher("AES-256-GCM");
  return cipher;
}

}  // namespace

std::string SealAesGcm(std::string_view key, std::string_view nonce, std::string_view associated,
                       std::string_view plaintext) {
  GH_CHECK(key.size() == kAesKeyBytes && nonce.size() == kGcmNonceBytes);
  GH_CHECK(plaintext.size() <= kGcmMaxBytes && associated.size() <= kGcmMaxBytes);
  const CipherContext context = NewCipherContext();
  std::string sealed(plaintext.size() + kGcmTagBytes, '\0');
  char* const tag = sealed.data() + plaintext.size();
  int size = 0;
  GH_CHECK(EVP_EncryptInit_ex2(context.get(), Gcm(), CipherBytes(key), CipherBytes(nonce), nullptr) == 1);
  GH_CHECK(EVP_EncryptUpdate(context.get(), nullptr, &size, CipherBytes(associated),
                             static_cast<int>(associated.size())) == 1);
  GH_CHECK(EVP_EncryptUpdate(context.get(), CipherBytes(sealed.data()), &size, CipherBytes(plaintext),
                             static_cast<int>(plaintext.size())) == 1);
  GH_CHECK(EVP_EncryptFinal_ex(context.get(), CipherBytes(tag), &size) == 1);
  GH_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag) == 1);
  return sealed;
}

std::optional<std::string> OpenAesGcm(std::string_view key, std::string_view nonce, std::string_view associated,
                                      std::string_view sealed) {
  GH_CHECK(key.size() == kAesKeyBytes && nonce.size() == kGcmNonceBytes);
  if (sealed.size() < kGcmTagBytes || sealed.size() > kGcmMaxBytes || associated.size() > kGcmMaxBytes) return {};
  const CipherContext context = NewCipherContext();
  std::string tag(sealed.substr(sealed.size() - kGcmTagBytes));
  sealed.remove_suffix(kGcmTagBytes);
  std::string plaintext(sealed.size(), '\0');
  int size = 0;
  GH_CHECK(EVP_DecryptInit_ex2(context.get(), Gcm(), CipherBytes(key), CipherBytes(nonce), nullptr) == 1);
  GH_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag.data()) == 1);
  GH_CHECK(EVP_DecryptUpdate(context.get(), nullptr, &size, CipherBytes(associated),
                             static_cast<int>(associated.size())) == 1);
  GH_CHECK(EVP_DecryptUpdate(context.get(), CipherBytes(plaintext.data()), &size, CipherBytes(sealed),
                             static_cast<int>(sealed.size())) == 1);
  if (CipherSucceeded(EVP_DecryptFinal_ex(context.get(), CipherBytes(tag.data()), &size))) return plaintext;
  explicit_bzero(plaintext.data(), plaintext.size());
  return {};
}

}  // namespace gatehouse::codec::crypto
