#include "codec/crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "codec/crypto/sha256_blocks.h"

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

Digest Sha256ByOpenSsl(const TextParts& text) {
  DigestContext& context = Begun();
  context.Update(text.head);
  context.Update(text.rest);
  return context.Finish();
}

// A text cut into blocks and padded (FIPS 180-4, 5.1.1). Most of it is hashed where it lies; what is copied is cleansed
// at the end. Lives no longer than the text.
class Blocks {
 public:
  struct Run {
    const unsigned char* at = nullptr;
    std::size_t count = 0;
  };

  explicit Blocks(const TextParts& text) {
    std::string_view head = AddWhole(text.head);
    std::string_view rest = text.rest;
    if (!head.empty() && head.size() + rest.size() >= kSha256BlockBytes) {
      Copy(head);
      Copy(rest.substr(0, kSha256BlockBytes - copied_));
      rest.remove_prefix(kSha256BlockBytes - head.size());
      head = {};
      Add(copies_.data(), 1);
    }
    rest = AddWhole(rest);
    const std::size_t last = copied_;
    Copy(head);
    Copy(rest);
    Pad(last, text.head.size() + text.rest.size());
  }
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;
  ~Blocks() { OPENSSL_cleanse(copies_.data(), copied_); }

  bool empty() const { return first_ == end_; }
  // Blocks that lie one behind the other. REQUIRES: !empty().
  const Run& front() const { return runs_[first_]; }
  void RemoveFront(std::size_t count) {
    Run& run = runs_[first_];
    run.at += count * kSha256BlockBytes;
    run.count -= count;
    if (run.count == 0) ++first_;
  }

 private:
  void Add(const unsigned char* at, std::size_t count) { runs_[end_++] = {.at = at, .count = count}; }
  // Returns what is left behind the last whole block.
  std::string_view AddWhole(std::string_view text) {
    const std::size_t count = text.size() / kSha256BlockBytes;
    if (count > 0) Add(Bytes(text), count);
    return text.substr(count * kSha256BlockBytes);
  }
  void Copy(std::string_view text) {
    std::ranges::copy(text, copies_.begin() + static_cast<std::ptrdiff_t>(copied_));
    copied_ += text.size();
  }
  // A bit that is set, zeros, and the length in bits, big-endian.
  void Pad(std::size_t last, std::uint64_t bytes) {
    constexpr std::size_t kLengthBytes = 8;
    const std::size_t count = copied_ - last + 1 + kLengthBytes <= kSha256BlockBytes ? 1 : 2;
    const std::size_t end = last + count * kSha256BlockBytes;
    std::fill(copies_.begin() + static_cast<std::ptrdiff_t>(copied_),
              copies_.begin() + static_cast<std::ptrdiff_t>(end), static_cast<unsigned char>(0));
    copies_[copied_] = 0x80;
    const std::uint64_t bits = __builtin_bswap64(8 * bytes);
    std::memcpy(&copies_[end - kLengthBytes], &bits, sizeof(bits));
    Add(&copies_[last], count);
  }

  std::array<Run, 4> runs_;
  std::size_t first_ = 0;
  std::size_t end_ = 0;
  std::array<unsigned char, 3 * kSha256BlockBytes> copies_;  // one where the parts meet, two at the end
  std::size_t copied_ = 0;
};

void TakeFront(Sha256State& state, Blocks& blocks) {
  const Blocks::Run run = blocks.front();
  CompressSha256(state, run.at, run.count);
  blocks.RemoveFront(run.count);
}

Digest DigestOf(const Sha256State& state) {
  Digest digest;
  for (std::size_t i = 0; i < state.words.size(); ++i) {
    const std::uint32_t word = __builtin_bswap32(state.words[i]);
    std::memcpy(&digest[4 * i], &word, sizeof(word));
  }
  return digest;
}

Digest Sha256Of(const TextParts& text) {
  if (!HasSha256Instructions()) return Sha256ByOpenSsl(text);
  Sha256State state;
  for (Blocks blocks(text); !blocks.empty();) TakeFront(state, blocks);
  return DigestOf(state);
}

}  // namespace

Digest Sha256(std::string_view bytes) { return Sha256Of({.head = {}, .rest = bytes}); }
Digest Sha256(std::string_view head, std::string_view rest) { return Sha256Of({.head = head, .rest = rest}); }

std::array<Digest, 2> Sha256OfTwo(const TextParts& a, const TextParts& b) {
  if (!HasSha256Instructions()) return {Sha256ByOpenSsl(a), Sha256ByOpenSsl(b)};
  std::array<Sha256State, 2> states;
  Blocks blocks_of_a(a);
  Blocks blocks_of_b(b);
  while (!blocks_of_a.empty() && !blocks_of_b.empty()) {
    const std::size_t count = std::min(blocks_of_a.front().count, blocks_of_b.front().count);
    CompressSha256OfTwo(states[0], blocks_of_a.front().at, states[1], blocks_of_b.front().at, count);
    blocks_of_a.RemoveFront(count);
    blocks_of_b.RemoveFront(count);
  }
  while (!blocks_of_a.empty()) TakeFront(states[0], blocks_of_a);
  while (!blocks_of_b.empty()) TakeFront(states[1], blocks_of_b);
  return {DigestOf(states[0]), DigestOf(states[1])};
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
