#include "store/redis/redis_key_value.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "codec/crypto/encoding.h"
#include "codec/crypto/sha1.h"

namespace gatehouse::store::redis {
namespace {

using base::Error;
using base::Result;
using base::Status;
using codec::resp::Value;

// KEYS: the quantity, its guard. ARGV: the guard's value ("" for none), holder, turn, basis, has, used, wanted, least,
// parts, limit, milliseconds, foundation, then holder, amount, used and milliseconds of each of the others.
// The quantity is a hash: of each holder "turn amount used until", turns with leading zeros so that they compare as
// texts; "" stands for its foundation. Numbers of Lua are doubles: exact up to 2^53, and written without an exponent.
constexpr std::string_view kTake = R"(
if ARGV[1] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[1] then return {3, 0, 0, 0} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local longest, forever = 0, false
local function put(holder, turn, amount, used, ttl)
  local till = 0
  if ttl > 0 then till = now + ttl else forever = true end
  longest = math.max(longest, ttl)
  redis.call('HSET', KEYS[1], holder, string.format('%s %.0f %.0f %.0f', turn, amount, used, till))
end
local fields = redis.call('HGETALL', KEYS[1])
local founded, known, taken, used, there = false, 0, 0, 0, {}
for i = 1, #fields, 2 do
  if fields[i] == '' then founded = true else
    local turn, amount, spent, till = string.match(fields[i + 1], '^(%d+) (%d+) (%d+) (%d+)$')
    amount, spent, till = tonumber(amount), tonumber(spent), tonumber(till)
    if till > 0 and till <= now then
      redis.call('HDEL', KEYS[1], fields[i])
    elseif fields[i] == ARGV[2] then
      if turn >= ARGV[3] then return {2, amount, 0, 0} end
      known = amount
    else
      taken, used, there[fields[i]] = taken + amount, used + spent, true
    end
  end
end
if ARGV[12] == 'given' then
  founded = true
  redis.call('HSET', KEYS[1], '', '1')
  for i = 13, #ARGV, 4 do
    if ARGV[i] ~= ARGV[2] and not there[ARGV[i]] then
      put(ARGV[i], string.rep('0', 19), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]))
      taken, used = taken + tonumber(ARGV[i + 1]), used + tonumber(ARGV[i + 2])
    end
  end
end
local share, outcome = tonumber(ARGV[5]), 0
if ARGV[4] == 'at_least' then share = math.max(share, known) end
if ARGV[12] == 'needed' and not founded then outcome = 1 else
  local left, more, parts = tonumber(ARGV[10]) - taken - share, tonumber(ARGV[7]), tonumber(ARGV[9])
  if parts > 0 then more = math.max(more, math.floor(left / parts)) end
  more = math.min(more, left)
  if more > 0 and more >= tonumber(ARGV[8]) then share = share + more end
end
put(ARGV[2], ARGV[3], share, tonumber(ARGV[6]), tonumber(ARGV[11]))
local rest = redis.call('PTTL', KEYS[1])
if forever then
  redis.call('PERSIST', KEYS[1])
elseif #fields == 0 or (rest >= 0 and rest < longest) then
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', longest))
end
return {outcome, share, taken + share, used + tonumber(ARGV[6])}
)";

// KEYS: the bucket. ARGV: holder, turn, told, total, held, wanted, least, ahead, parts, units per minute, burst, and
// microseconds until what is held lapses and until a holder is forgotten.
// The bucket is a hash: under "" its level and when that was, in microseconds; of each holder "turn total held lapses".
constexpr std::string_view kDraw = R"(
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local turn, total, has = ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local rate, burst, memory = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[13])
local fields = redis.call('HGETALL', KEYS[1])
local level, at, held, mine, known = burst, now, 0, 0, tonumber(ARGV[3])
for i = 1, #fields, 2 do
  if fields[i] == '' then
    local kept, since = string.match(fields[i + 1], '^(%S+) (%d+)$')
    level, at = tonumber(kept), tonumber(since)
  else
    local last, drawn, there, lapses = string.match(fields[i + 1], '^(%d+) (-?%d+) (%d+) (%d+)$')
    lapses = tonumber(lapses)
    if fields[i] == ARGV[1] then
      if last >= turn then return {1, 0, 0, 0} end
      known = tonumber(drawn)
      if lapses > now then mine = tonumber(there) end
    elseif lapses > now then
      held = held + tonumber(there)
    elseif lapses + memory < now then
      redis.call('HDEL', KEYS[1], fields[i])
    end
  end
end
level = math.min(level + math.max(0, now - at) * rate / 60000000, burst - held - mine)
level = math.max(math.min(level - (total - known), burst - held - has), -1440 * rate)
local left, more, ahead = math.floor(level + 0.000001), 0, 0
if left > 0 and left >= tonumber(ARGV[7]) then
  more = math.min(tonumber(ARGV[6]), left)
  ahead = math.min(tonumber(ARGV[8]), math.floor((left - more) / tonumber(ARGV[9])))
  more = more + ahead
end
level = level - more
redis.call('HSET', KEYS[1], '', string.format('%.17g %.0f', level, now))
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %.0f %.0f %.0f', turn, total + more, has + ahead, now + tonumber(ARGV[12])))
local full = (burst - level) * 60000 / rate + (tonumber(ARGV[12]) + memory) / 1000
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.min(full, 300000000000)))
local whole = math.floor(level + 0.000001)
return {0, total + more, whole, math.floor(math.max(0, level - whole) * 1000000)}
)";

// KEYS[1]; ARGV: amount, milliseconds.
constexpr std::string_view kCount = R"(
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return sum
)";

// The server knows a script by its SHA-1 once it has run it.
std::string NameOf(std::string_view script) {
  const auto digest = codec::crypto::Sha1(script);
  return codec::crypto::HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string Milliseconds(base::Duration duration) {
  return std::to_string(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

Error Unexpected() {
  Error error = base::Internal("redis: an answer that does not fit its question");
  error.source = base::ErrorSource::kStore;
  return error;
}

// In as many digits as the largest has.
std::string TurnText(std::int64_t turn) {
  constexpr std::size_t kDigits = 19;
  std::string digits = std::to_string(turn);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return digits;
}

// Zero: never.
std::string TtlText(base::Duration ttl) { return ttl.count() > 0 ? Milliseconds(ttl) : "0"; }

std::string_view FoundationText(KeyValue::Claim::Foundation foundation) {
  using Foundation = KeyValue::Claim::Foundation;
  if (foundation == Foundation::kGiven) return "given";
  return foundation == Foundation::kNeeded ? "needed" : "";
}

std::vector<std::string> WordsOf(const KeyValue::Claim& claim, const std::string& prefix) {
  const bool stated = claim.basis == KeyValue::Claim::Basis::kStated;
  std::vector<std::string> words = {"2",
                                    prefix + claim.key,
                                    prefix + claim.guard,
                                    claim.guard.empty() ? "" : claim.guard_value,
                                    claim.holder,
                                    TurnText(claim.turn),
                                    stated ? "stated" : "at_least",
                                    std::to_string(claim.has),
                                    std::to_string(claim.used),
                                    std::to_string(claim.wanted),
                                    std::to_string(claim.least),
                                    std::to_string(claim.parts),
                                    std::to_string(claim.limit),
                                    TtlText(claim.ttl),
                                    std::string(FoundationText(claim.foundation))};
  for (const KeyValue::Share& one : claim.others) {
    words.insert(words.end(), {one.holder, std::to_string(one.amount), std::to_string(one.used), TtlText(one.ttl)});
  }
  return words;
}

std::vector<std::string> WordsOf(const KeyValue::Draft& draft, const std::string& prefix) {
  const auto microseconds = [](base::Duration duration) {
    return std::to_string(std::chrono::ceil<std::chrono::microseconds>(duration).count());
  };
  return {"1",
          prefix + draft.key,
          draft.holder,
          TurnText(draft.turn),
          std::to_string(draft.told),
          std::to_string(draft.total),
          std::to_string(draft.held),
          std::to_string(draft.wanted),
          std::to_string(draft.least),
          std::to_string(draft.ahead),
          std::to_string(draft.parts),
          std::to_string(draft.per_minute),
          std::to_string(draft.burst),
          microseconds(draft.lapse),
          microseconds(KeyValue::kDraftsRemembered)};
}

Result<std::int64_t> IntegerOf(const Value& value) {
  if (value.kind != Value::Kind::kInteger) return Unexpected();
  return value.integer;
}

}  // namespace

// One listener of a channel.
class RedisKeyValue::Membership final : public Subscription, private net::Deferral {
 public:
  Membership(RedisKeyValue& of, std::string channel, Listener& listener)
      : of_(of), channel_(std::move(channel)), at_(of.members_.emplace(channel_, this)), listener_(listener) {
    of_.client_.Subscribe(channel_);
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  ~Membership() override {
    of_.members_.erase(at_);
    if (!of_.members_.contains(channel_)) of_.client_.Unsubscribe(channel_);
  }
  Listener& listener() { return listener_; }
  enum class State : std::uint8_t { kLost, kInStep } state = State::kLost;
  // Not within the caller's call.
  void TellLater() { Schedule(of_.loop_); }
  void Tell() {
    if (std::exchange(state, State::kInStep) == State::kLost) listener_.OnInStep();
  }

 private:
  void OnTurnEnd() override { Tell(); }

  RedisKeyValue& of_;
  const std::string channel_;
  std::multimap<std::string, Membership*>::iterator at_;
  Listener& listener_;
};

RedisKeyValue::RedisKeyValue(net::Loop& loop, net::Connector& connector, net::Handshaker* tls, base::Random& random,
                             ClientSettings settings, std::string prefix)
    : loop_(loop),
      prefix_(std::move(prefix)),
      take_{.text = kTake, .name = NameOf(kTake)},
      draw_{.text = kDraw, .name = NameOf(kDraw)},
      count_{.text = kCount, .name = NameOf(kCount)},
      client_(loop, connector, tls, random, std::move(settings)) {
  client_.SetEvents(*this);
}

RedisKeyValue::~RedisKeyValue() = default;

net::Task<Result<std::optional<std::string>>> RedisKeyValue::Get(std::string key, net::Deadline deadline) {
  key.insert(0, prefix_);
  const std::array<std::string_view, 2> words = {"GET", key};
  GH_CO_TRY(Value value, co_await client_.Call(words, Client::Effect::kReads, deadline));
  if (value.IsNull()) co_return std::nullopt;
  if (value.kind != Value::Kind::kText) co_return Unexpected();
  co_return std::optional(std::move(value.text));
}

net::Task<Result<KeyValue::Stored>> RedisKeyValue::Set(Entry entry, net::Deadline deadline) {
  entry.key.insert(0, prefix_);
  const std::string ttl = Milliseconds(entry.ttl);
  std::vector<std::string_view> words = {"SET", entry.key, entry.value};
  if (entry.ttl.count() > 0) words.insert(words.end(), {"PX", ttl});
  if (entry.when == When::kAbsent) words.push_back("NX");
  GH_CO_TRY(const Value value, co_await client_.Call(words, Client::Effect::kWrites, deadline));
  co_return value.IsNull() ? Stored::kAlreadyThere : Stored::kStored;
}

net::Task<Status> RedisKeyValue::Delete(std::string key, net::Deadline deadline) {
  key.insert(0, prefix_);
  const std::array<std::string_view, 2> words = {"DEL", key};
  GH_CO_CHECK_OK(co_await client_.Call(words, Client::Effect::kWrites, deadline));
  co_return base::Ok();
}

// By its name, and as a whole where the server does not know it (yet, or any more).
net::Task<Result<Value>> RedisKeyValue::Run(const Script& script, std::vector<std::string> arguments,
                                            net::Deadline deadline) {
  std::vector<std::string_view> words = {"EVALSHA", script.name};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto answer = co_await client_.Call(words, Client::Effect::kWrites, deadline);
  if (answer.ok() || answer.error().detail.find("NOSCRIPT") == std::string::npos) co_return answer;
  words[0] = "EVAL";
  words[1] = script.text;
  co_return co_await client_.Call(words, Client::Effect::kWrites, deadline);
}

net::Task<Result<KeyValue::Grant>> RedisKeyValue::Take(Claim claim, net::Deadline deadline) {
  GH_CO_TRY(const Value value, co_await Run(take_, WordsOf(claim, prefix_), deadline));
  constexpr std::size_t kParts = 4;
  if (value.parts.size() != kParts) co_return Unexpected();
  GH_CO_TRY(const std::int64_t outcome, IntegerOf(value.parts[0]));
  if (outcome < 0 || outcome > static_cast<std::int64_t>(Grant::Outcome::kGuarded)) co_return Unexpected();
  Grant grant{.outcome = static_cast<Grant::Outcome>(outcome)};
  GH_CO_TRY(grant.share, IntegerOf(value.parts[1]));
  GH_CO_TRY(grant.taken, IntegerOf(value.parts[2]));
  GH_CO_TRY(grant.used, IntegerOf(value.parts[3]));
  co_return grant;
}

net::Task<Result<KeyValue::Drawn>> RedisKeyValue::Draw(Draft draft, net::Deadline deadline) {
  GH_CO_TRY(const Value value, co_await Run(draw_, WordsOf(draft, prefix_), deadline));
  constexpr std::size_t kParts = 4;
  if (value.parts.size() != kParts) co_return Unexpected();
  GH_CO_TRY(const std::int64_t outcome, IntegerOf(value.parts[0]));
  if (outcome < 0 || outcome > static_cast<std::int64_t>(Drawn::Outcome::kOvertaken)) co_return Unexpected();
  Drawn drawn{.outcome = static_cast<Drawn::Outcome>(outcome)};
  GH_CO_TRY(drawn.total, IntegerOf(value.parts[1]));
  GH_CO_TRY(drawn.left, IntegerOf(value.parts[2]));
  GH_CO_TRY(drawn.millionths, IntegerOf(value.parts[3]));
  co_return drawn;
}

net::Task<Result<std::int64_t>> RedisKeyValue::Count(std::string key, std::int64_t amount, base::Duration window,
                                                     net::Deadline deadline) {
  std::vector<std::string> arguments = {"1", prefix_ + key, std::to_string(amount), Milliseconds(window)};
  GH_CO_TRY(const Value value, co_await Run(count_, std::move(arguments), deadline));
  co_return IntegerOf(value);
}

net::Task<Status> RedisKeyValue::Publish(std::string channel, std::string message, net::Deadline deadline) {
  channel.insert(0, prefix_);
  const std::array<std::string_view, 3> words = {"PUBLISH", channel, message};
  GH_CO_CHECK_OK(co_await client_.Call(words, Client::Effect::kWrites, deadline));
  co_return base::Ok();
}

std::unique_ptr<KeyValue::Subscription> RedisKeyValue::Subscribe(std::string channel, Listener& listener) {
  channel.insert(0, prefix_);
  // The server does not tell a channel twice that it is in step: who comes later learns it from who is.
  const auto [begin, end] = members_.equal_range(channel);
  const bool in_step =
      std::any_of(begin, end, [](const auto& one) { return one.second->state == Membership::State::kInStep; });
  auto member = std::make_unique<Membership>(*this, channel, listener);
  if (in_step) member->TellLater();
  return member;
}

void RedisKeyValue::OnMessage(const std::string& channel, std::string_view message) {
  const auto [begin, end] = members_.equal_range(channel);
  for (auto one = begin; one != end; ++one) one->second->listener().OnMessage(message);
}

void RedisKeyValue::OnInStep(const std::string& channel) {
  const auto [begin, end] = members_.equal_range(channel);
  for (auto one = begin; one != end; ++one) one->second->Tell();
}

void RedisKeyValue::OnLost() {
  for (auto& [channel, member] : members_) {
    if (std::exchange(member->state, Membership::State::kLost) == Membership::State::kLost) continue;
    member->listener().OnLost();
  }
}

}  // namespace gatehouse::store::redis
