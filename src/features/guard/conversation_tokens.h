#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/secret.h"
#include "features/guard/token_map.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/key_value.h"

namespace gatehouse::features::guard {

// gatehouse_guard_conversations_total
base::Metrics::Declaration ConversationsDeclaration();

// What the tokens of conversations stand for, from one exchange to the next: for clients that do not send again what
// was said before. Every conversation has a key of its own, made from its secret, that seals its texts (AES-256-GCM)
// and names its place in the store; who has the store alone learns how many there are, and about how long. A
// conversation that rests for its time is forgotten. Of one loop.
//
// Two exchanges of one conversation at the same moment may each keep what the other does not know; then the earlier
// one's new texts are only in what their client sends again.
class ConversationTokens {
 public:
  // Of one conversation, in the store; the texts that came first are forgotten beyond it.
  static constexpr std::size_t kMostBytes = std::size_t{256} << 10U;
  // An exchange waits no longer for the store, either way.
  static constexpr base::Duration kLongestWait = std::chrono::milliseconds(250);

  // `store` is of `loop`; all outlive it. `outcomes` is of ConversationsDeclaration().
  ConversationTokens(net::Loop& loop, store::KeyValue& store, base::CounterFamily& outcomes, base::Duration keep_for)
      : loop_(loop), store_(store), outcomes_(outcomes), keep_for_(keep_for) {}

  // Puts what is known into `tokens`. `conversation` is its secret. Where the store does not answer, nothing is known.
  net::Task<> Recall(base::Secret conversation, TokenMap& tokens, net::Deadline deadline);
  // Keeps what is in `tokens`, for its whole time from now on. Fails as Recall() does: it is counted.
  net::Task<> Keep(base::Secret conversation, const TokenMap& tokens, net::Deadline deadline);

 private:
  net::Loop& loop_;
  store::KeyValue& store_;
  base::CounterFamily& outcomes_;
  const base::Duration keep_for_;
};

// The texts as bytes, in the order in which they came, and from them: a version, then of each text the size of its kind
// (8 bits), its own (32 bits, the greatest first), the kind, the text.
std::string PackTexts(const std::vector<TokenMap::Known>& texts);
// Bytes that are not that leave `tokens` as they are.
enum class Unpacked : std::uint8_t { kAll, kNothing };
Unpacked UnpackTexts(std::string_view packed, TokenMap& tokens);

}  // namespace gatehouse::features::guard
