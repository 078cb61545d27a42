#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <string_view>

#include "base/check.h"

// What the ciphers of this folder share; for its own sources only.
namespace gatehouse::codec::crypto {

struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
// Freeing it cleanses the key schedule.
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

inline CipherContext NewCipherContext() {
  CipherContext context(EVP_CIPHER_CTX_new());
  GH_CHECK(context != nullptr);
  return context;
}

// Looking an algorithm up by name takes longer than using it, so the caller keeps it for the life of the process.
inline const EVP_CIPHER* FetchCipher(const char* name) {
  const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  GH_CHECK(cipher != nullptr);
  return cipher;
}

// The library leaves reasons of failures in a queue of the thread, where TLS would take them for its own.
inline bool CipherSucceeded(int result) {
  if (result == 1) return true;
  ERR_clear_error();
  return false;
}

inline const unsigned char* CipherBytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* CipherBytes(char* text) { return reinterpret_cast<unsigned char*>(text); }

}  // namespace gatehouse::codec::crypto
