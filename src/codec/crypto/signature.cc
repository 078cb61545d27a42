#include "codec/crypto/signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "base/check.h"
#include "codec/crypto/hash.h"

namespace gatehouse::codec::crypto {
namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;  // beyond it a single check takes milliseconds
constexpr std::size_t kMaxExponentBytes = 8;
constexpr std::size_t kEd25519Bytes = 32;

// OpenSSL's objects, each with the function that frees it.
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// The library leaves reasons of failures in a queue of the thread, where TLS would take them for its own.
bool Succeeded(int result) {
  if (result == 1) return true;
  ERR_clear_error();
  return false;
}

const EVP_MD* Algorithm(Hash hash) {
  switch (hash) {
    case Hash::kSha256: return EVP_sha256();
    case Hash::kSha384: return EVP_sha384();
    case Hash::kSha512: return EVP_sha512();
  }
  return EVP_sha256();
}

Number NumberOf(std::string_view bytes) {
  Number number(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
  GH_CHECK(number != nullptr);
  return number;
}

KeyPtr KeyOf(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  GH_CHECK(params != nullptr && context != nullptr);
  EVP_PKEY* key = nullptr;
  if (!Succeeded(EVP_PKEY_fromdata_init(context.get())) ||
      !Succeeded(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()))) {
    return nullptr;
  }
  return KeyPtr(key);
}

struct Curve {
  const char* group;
  std::size_t field_bytes;
};

Curve CurveOf(PublicKey::Kind kind) {
  switch (kind) {
    case PublicKey::Kind::kP256: return {"P-256", 32};
    case PublicKey::Kind::kP384: return {"P-384", 48};
    case PublicKey::Kind::kP521: return {"P-521", 66};
    default: return {nullptr, 0};
  }
}

// r and s as the DER that the library takes; "" where they cannot be a signature.
std::string DerOf(std::string_view raw, std::size_t field_bytes) {
  if (raw.size() != 2 * field_bytes) return {};
  Number r = NumberOf(raw.substr(0, field_bytes));
  Number s = NumberOf(raw.substr(field_bytes));
  if (BN_is_zero(r.get()) != 0 || BN_is_zero(s.get()) != 0) return {};
  const EcdsaSignature signature(ECDSA_SIG_new());
  GH_CHECK(signature != nullptr && ECDSA_SIG_set0(signature.get(), r.release(), s.release()) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  GH_CHECK(size > 0);
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

bool Fits(SignatureScheme scheme, PublicKey::Kind kind) {
  switch (scheme) {
    case SignatureScheme::kRsaPkcs1:
    case SignatureScheme::kRsaPss: return kind == PublicKey::Kind::kRsa;
    case SignatureScheme::kEcdsa: return CurveOf(kind).group != nullptr;
    case SignatureScheme::kEd25519: return kind == PublicKey::Kind::kEd25519;
  }
  return false;
}

bool SetPadding(EVP_PKEY_CTX* context, SignatureScheme scheme) {
  if (scheme != SignatureScheme::kRsaPss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

std::size_t SizeOf(Hash hash) {
  switch (hash) {
    case Hash::kSha256: return 32;
    case Hash::kSha384: return 48;
    case Hash::kSha512: return 64;
  }
  return 0;
}

struct PublicKey::Handle {
  KeyPtr key;
};

base::Result<PublicKey> PublicKey::Rsa(std::string_view modulus, std::string_view exponent) {
  if (modulus.empty() || modulus.size() > kMaxRsaBits / 8 + 1 || exponent.empty() ||
      exponent.size() > kMaxExponentBytes) {
    return base::InvalidRequest("the RSA key is larger than is accepted, or a part of it is missing");
  }
  const Number n = NumberOf(modulus);
  const Number e = NumberOf(exponent);
  const int bits = BN_num_bits(n.get());
  if (bits < kMinRsaBits) return base::InvalidRequest("the RSA key is shorter than 2048 bits");
  if (bits > kMaxRsaBits) return base::InvalidRequest("the RSA key is longer than 8192 bits");
  if (BN_is_odd(n.get()) == 0 || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1) {
    return base::InvalidRequest("the numbers of the RSA key make no key");
  }
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  GH_CHECK(builder != nullptr && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  KeyPtr key = KeyOf("RSA", builder.get());
  if (!key) return base::InvalidRequest("the numbers of the RSA key make no key");
  return PublicKey(Kind::kRsa, std::make_shared<const Handle>(Handle{std::move(key)}));
}

base::Result<PublicKey> PublicKey::Elliptic(Kind curve, std::string_view x, std::string_view y) {
  const auto [group, field_bytes] = CurveOf(curve);
  GH_CHECK(group != nullptr);
  if (x.size() != field_bytes || y.size() != field_bytes) {
    return base::InvalidRequest("a coordinate of the elliptic key is not as long as its curve's field");
  }
  const std::string point = std::string("\x04").append(x).append(y);  // uncompressed (SEC 1, 2.3.3)
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  GH_CHECK(builder != nullptr &&
           OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1);
  KeyPtr key = KeyOf("EC", builder.get());
  if (!key) return base::InvalidRequest("the point of the elliptic key is not on its curve");
  return PublicKey(curve, std::make_shared<const Handle>(Handle{std::move(key)}));
}

base::Result<PublicKey> PublicKey::Ed25519(std::string_view point) {
  if (point.size() != kEd25519Bytes) return base::InvalidRequest("an Ed25519 key has 32 bytes");
  KeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(point), point.size()));
  if (!key) {
    ERR_clear_error();
    return base::InvalidRequest("the bytes of the Ed25519 key make no key");
  }
  return PublicKey(Kind::kEd25519, std::make_shared<const Handle>(Handle{std::move(key)}));
}

bool PublicKey::Verifies(SignatureScheme scheme, Hash hash, std::string_view message,
                         std::string_view signature) const {
  if (!Fits(scheme, kind_)) return false;
  std::string der;
  if (scheme == SignatureScheme::kEcdsa) {
    der = DerOf(signature, CurveOf(kind_).field_bytes);
    if (der.empty()) return false;
    signature = der;
  }
  const DigestContext context(EVP_MD_CTX_new());
  GH_CHECK(context != nullptr);
  EVP_PKEY_CTX* parameters = nullptr;  // owned by `context`
  const EVP_MD* const algorithm = scheme == SignatureScheme::kEd25519 ? nullptr : Algorithm(hash);
  if (!Succeeded(EVP_DigestVerifyInit(context.get(), &parameters, algorithm, nullptr, handle_->key.get())) ||
      !SetPadding(parameters, scheme)) {
    ERR_clear_error();
    return false;
  }
  return Succeeded(EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message), message.size()));
}

bool VerifyMac(Hash hash, std::string_view key, std::string_view message, std::string_view code) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> expected{};
  unsigned int size = 0;
  const char* const key_bytes = key.empty() ? "" : key.data();  // null would mean "the key of the last call"
  GH_CHECK(HMAC(Algorithm(hash), key_bytes, static_cast<int>(key.size()), Bytes(message), message.size(),
                expected.data(), &size) != nullptr);
  return ConstantTimeEquals({reinterpret_cast<const char*>(expected.data()), size}, code);
}

}  // namespace gatehouse::codec::crypto
