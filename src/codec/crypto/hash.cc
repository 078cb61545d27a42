#include "codec/crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace gatehouse::codec::crypto {
namespace {

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Fetched once: looking an algorithm up by name takes longer than hashing a short text. Lives as long as the process.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  GH_CHECK(algorithm != nullptr);
  return algorithm;
}

class DigestContext {
 public:
  DigestContext() : handle_(EVP_MD_CTX_new()) { GH_CHECK(handle_ != nullptr); }
  ~DigestContext() { EVP_MD_CTX_free(handle_); }
  DigestContext(const DigestContext&) = delete;
  DigestContext& operator=(const DigestContext&) = delete;

  void Begin() { GH_CHECK(EVP_DigestInit_ex2(handle_, Algorithm(), nullptr) == 1); }
  void Update(std::string_view bytes) { GH_CHECK(EVP_DigestUpdate(handle_, bytes.data(), bytes.size()) == 1); }
  Digest Finish() {
    Digest digest;
    GH_CHECK(EVP_DigestFinal_ex(handle_, digest.data(), nullptr) == 1);
    return digest;
  }

 private:
  EVP_MD_CTX* handle_;
};

}  // namespace

struct Sha256Stream::Context : DigestContext {};

Sha256Stream::Sha256Stream() : context_(std::make_unique<Context>()) { context_->Begin(); }
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::Update(std::string_view bytes) { context_->Update(bytes); }
Digest Sha256Stream::Finish() { return context_->Finish(); }

namespace {

// One context per thread, made once: for a short text, making it takes longer than hashing. It holds no text between
// calls, because finishing a digest cleanses it.
DigestContext& Begun() {
  thread_local DigestContext context;
  context.Begin();
  return context;
}

}  // namespace

Digest Sha256(std::string_view bytes) {
  DigestContext& context = Begun();
  context.Update(bytes);
  return context.Finish();
}

Digest Sha256(std::string_view head, std::string_view rest) {
  DigestContext& context = Begun();
  context.Update(head);
  context.Update(rest);
  return context.Finish();
}

Digest HmacSha256(std::string_view key, std::string_view bytes) {
  Digest digest;
  unsigned int size = 0;
  // A null key would mean "the key of the last call".
  const char* const key_bytes = key.empty() ? "" : key.data();
  GH_CHECK(HMAC(Algorithm(), key_bytes, static_cast<int>(key.size()), Bytes(bytes), bytes.size(), digest.data(),
                &size) != nullptr);
  GH_CHECK(size == digest.size());
  return digest;
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace gatehouse::codec::crypto
