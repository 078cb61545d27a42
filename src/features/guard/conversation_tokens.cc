#include "features/guard/conversation_tokens.h"

#include <cstdint>
#include <utility>

#include "codec/crypto/aead.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/crypto/hkdf.h"
#include "codec/crypto/random.h"

namespace gatehouse::features::guard {
namespace {

namespace crypto = codec::crypto;

constexpr char kVersion = 1;
constexpr std::size_t kHead = 1 + 4;  // of a text: the size of its kind, its own

base::Secret SealingKey(const base::Secret& conversation) {
  return crypto::HkdfSha256(conversation, {}, "gatehouse conversation tokens", crypto::kAesKeyBytes);
}

std::string PlaceOf(const base::Secret& conversation) {
  const auto digest = crypto::HmacSha256(conversation.Reveal(), "gatehouse conversation place");
  return "gatehouse:conversation:" + crypto::HexEncode(crypto::AsText(digest));
}

void AppendSize(std::string& bytes, std::size_t size) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>((size >> shift) & 0xFFU));
}

std::size_t SizeAt(std::string_view bytes) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8U | static_cast<unsigned char>(bytes[i]);
  return size;
}

// The latest of them that there is room for.
std::vector<TokenMap::Known> Latest(std::vector<TokenMap::Known> texts) {
  std::size_t bytes = 0;
  std::size_t first = texts.size();
  while (first > 0) {
    bytes += kHead + texts[first - 1].kind.size() + texts[first - 1].text.size();
    if (bytes > ConversationTokens::kMostBytes) break;
    --first;
  }
  texts.erase(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(first));
  return texts;
}

}  // namespace

base::Metrics::Declaration ConversationsDeclaration() {
  return {"gatehouse_guard_conversations_total",
          "Exchanges of conversations whose tokens are kept, by what became of it: recalled, new, kept, unknown (the "
          "store did not answer, or what it had could not be opened), unkept.",
          base::MetricKind::kCounter,
          {"outcome"}};
}

std::string PackTexts(const std::vector<TokenMap::Known>& texts) {
  std::string packed(1, kVersion);
  for (const TokenMap::Known& known : texts) {
    packed.push_back(static_cast<char>(known.kind.size()));
    AppendSize(packed, known.text.size());
    packed.append(known.kind).append(known.text);
  }
  return packed;
}

Unpacked UnpackTexts(std::string_view packed, TokenMap& tokens) {
  if (packed.empty() || packed.front() != kVersion) return Unpacked::kNothing;
  std::vector<TokenMap::Known> texts;
  for (packed.remove_prefix(1); !packed.empty();) {
    if (packed.size() < kHead) return Unpacked::kNothing;
    const std::size_t kind = static_cast<unsigned char>(packed.front());
    const std::size_t text = SizeAt(packed.substr(1));
    packed.remove_prefix(kHead);
    if (kind > TokenMap::kLongestKind || text > packed.size() || kind > packed.size() - text) return Unpacked::kNothing;
    texts.push_back({.kind = packed.substr(0, kind), .text = packed.substr(kind, text)});
    packed.remove_prefix(kind + text);
  }
  for (const TokenMap::Known& known : texts) tokens.TokenOf(known.kind, known.text);
  return Unpacked::kAll;
}

net::Task<> ConversationTokens::Recall(base::Secret conversation, TokenMap& tokens, net::Deadline deadline) {
  const std::string place = PlaceOf(conversation);
  const auto found = co_await store_.Get(place, loop_.In(kLongestWait).Earlier(deadline));
  std::string_view outcome = "unknown";
  if (found.ok() && !found.value()) {
    outcome = "new";
  } else if (found.ok() && found.value()->size() > crypto::kGcmNonceBytes) {
    const std::string_view sealed = *found.value();
    auto opened = crypto::OpenAesGcm(SealingKey(conversation).Reveal(), sealed.substr(0, crypto::kGcmNonceBytes), place,
                                     sealed.substr(crypto::kGcmNonceBytes));
    const base::Secret packed(std::move(opened).value_or(std::string()));
    if (UnpackTexts(packed.Reveal(), tokens) == Unpacked::kAll) outcome = "recalled";
  }
  outcomes_.At({outcome}).Add();
}

net::Task<> ConversationTokens::Keep(base::Secret conversation, const TokenMap& tokens, net::Deadline deadline) {
  const base::Secret packed(PackTexts(Latest(tokens.All())));
  store::KeyValue::Entry entry{.key = PlaceOf(conversation), .value = {}, .ttl = keep_for_};
  entry.value = crypto::RandomBytes(crypto::kGcmNonceBytes);
  entry.value += crypto::SealAesGcm(SealingKey(conversation).Reveal(), entry.value, entry.key, packed.Reveal());
  const auto stored = co_await store_.Set(std::move(entry), loop_.In(kLongestWait).Earlier(deadline));
  outcomes_.At({stored.ok() ? "kept" : "unkept"}).Add();
}

}  // namespace gatehouse::features::guard
