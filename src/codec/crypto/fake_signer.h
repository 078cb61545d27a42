#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/crypto/signature.h"

namespace gatehouse::codec::crypto {

// A signing key for tests: made afresh, signs whatever it is given, tells the numbers of its public half. One thread.
class FakeSigner {
 public:
  explicit FakeSigner(PublicKey::Kind kind, unsigned rsa_bits = 2048) : kind_(kind), key_(nullptr, EVP_PKEY_free) {
    switch (kind) {
      case PublicKey::Kind::kRsa: key_.reset(EVP_RSA_gen(rsa_bits)); break;
      case PublicKey::Kind::kP256: key_.reset(EVP_EC_gen("P-256")); break;
      case PublicKey::Kind::kP384: key_.reset(EVP_EC_gen("P-384")); break;
      case PublicKey::Kind::kP521: key_.reset(EVP_EC_gen("P-521")); break;
      case PublicKey::Kind::kEd25519: key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); break;
    }
    GH_CHECK(key_ != nullptr);
  }

  PublicKey::Kind kind() const { return kind_; }

  std::string Sign(SignatureScheme scheme, Hash hash, std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* parameters = nullptr;
    const bool own_hash = scheme == SignatureScheme::kEd25519;
    GH_CHECK(
        EVP_DigestSignInit(context.get(), &parameters, own_hash ? nullptr : Algorithm(hash), nullptr, key_.get()) == 1);
    if (scheme == SignatureScheme::kRsaPss) {
      GH_CHECK(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    std::size_t size = 1024 + 64;
    std::string signature(size, '\0');
    GH_CHECK(EVP_DigestSign(context.get(), Out(signature), &size, In(message), message.size()) == 1);
    signature.resize(size);
    return scheme == SignatureScheme::kEcdsa ? Raw(signature) : signature;
  }

  // Of an RSA key "n" and "e", of an elliptic one "qx" and "qy", each as its JWK has it; of Ed25519 "pub".
  std::string Part(const char* name) const {
    if (kind_ == PublicKey::Kind::kEd25519) return Octets(name);
    BIGNUM* number = nullptr;
    GH_CHECK(EVP_PKEY_get_bn_param(key_.get(), name, &number) == 1);
    const std::size_t size = FieldBytes() != 0 ? FieldBytes() : static_cast<std::size_t>(BN_num_bytes(number));
    std::string bytes(size, '\0');
    GH_CHECK(BN_bn2binpad(number, Out(bytes), static_cast<int>(size)) >= 0);
    BN_free(number);
    return bytes;
  }

 private:
  static unsigned char* Out(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
  static const unsigned char* In(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
  static const EVP_MD* Algorithm(Hash hash) {
    return hash == Hash::kSha256 ? EVP_sha256() : hash == Hash::kSha384 ? EVP_sha384() : EVP_sha512();
  }
  std::size_t FieldBytes() const {
    switch (kind_) {
      case PublicKey::Kind::kP256: return 32;
      case PublicKey::Kind::kP384: return 48;
      case PublicKey::Kind::kP521: return 66;
      default: return 0;
    }
  }
  std::string Octets(const char* name) const {
    std::string bytes(64, '\0');
    std::size_t size = 0;
    GH_CHECK(EVP_PKEY_get_octet_string_param(key_.get(), name, Out(bytes), bytes.size(), &size) == 1);
    bytes.resize(size);
    return bytes;
  }
  std::string Raw(std::string_view der) const {
    const unsigned char* at = In(der);
    ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    GH_CHECK(signature != nullptr);
    const auto field = static_cast<int>(FieldBytes());
    std::string raw(2 * FieldBytes(), '\0');
    GH_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(signature), Out(raw), field) == field &&
             BN_bn2binpad(ECDSA_SIG_get0_s(signature), Out(raw) + field, field) == field);
    ECDSA_SIG_free(signature);
    return raw;
  }

  PublicKey::Kind kind_;
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

}  // namespace gatehouse::codec::crypto
