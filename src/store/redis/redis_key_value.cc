#include "store/redis/redis_key_value.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace gatehouse::store::redis {
namespace {

using base::Error;
using base::Result;
using base::Status;
using codec::resp::Value;

// KEYS[1]; ARGV: amount, least, limit, milliseconds. Numbers of Lua are doubles: exact up to 2^53, and written without
// an exponent.
constexpr std::string_view kTake = R"(
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
if not taken then return redis.error_reply('WRONGTYPE the key holds something that is not a quantity') end
local amount = math.min(tonumber(ARGV[1]), tonumber(ARGV[3]) - taken)
if amount <= 0 or amount < tonumber(ARGV[2]) then return {0, taken} end
redis.call('INCRBY', KEYS[1], string.format('%.0f', amount))
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return {amount, taken + amount}
)";

// KEYS[1]; ARGV: amount.
constexpr std::string_view kGive = R"(
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
if not taken then return redis.error_reply('WRONGTYPE the key holds something that is not a quantity') end
local back = math.min(tonumber(ARGV[1]), taken)
if back <= 0 then return taken end
return redis.call('DECRBY', KEYS[1], string.format('%.0f', back))
)";

// KEYS[1]; ARGV: amount, milliseconds.
constexpr std::string_view kCount = R"(
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return sum
)";

std::string Milliseconds(base::Duration duration) {
  return std::to_string(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

Error Unexpected() {
  Error error = base::Internal("redis: an answer that does not fit its question");
  error.source = base::ErrorSource::kStore;
  return error;
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
    : loop_(loop), prefix_(std::move(prefix)), client_(loop, connector, tls, random, std::move(settings)) {
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

net::Task<Result<KeyValue::Grant>> RedisKeyValue::Take(Claim claim, net::Deadline deadline) {
  claim.key.insert(0, prefix_);
  const std::array<std::string, 4> numbers = {std::to_string(claim.amount), std::to_string(claim.least),
                                              std::to_string(claim.limit), Milliseconds(claim.ttl)};
  const std::array<std::string_view, 8> words = {"EVAL",     kTake,      "1",        claim.key,
                                                 numbers[0], numbers[1], numbers[2], numbers[3]};
  GH_CO_TRY(const Value value, co_await client_.Call(words, Client::Effect::kWrites, deadline));
  if (value.parts.size() != 2) co_return Unexpected();
  GH_CO_TRY(const std::int64_t amount, IntegerOf(value.parts[0]));
  GH_CO_TRY(const std::int64_t taken, IntegerOf(value.parts[1]));
  co_return Grant{.amount = amount, .taken = taken};
}

net::Task<Result<std::int64_t>> RedisKeyValue::Give(std::string key, std::int64_t amount, net::Deadline deadline) {
  key.insert(0, prefix_);
  const std::string number = std::to_string(amount);
  const std::array<std::string_view, 5> words = {"EVAL", kGive, "1", key, number};
  GH_CO_TRY(const Value value, co_await client_.Call(words, Client::Effect::kWrites, deadline));
  co_return IntegerOf(value);
}

net::Task<Result<std::int64_t>> RedisKeyValue::Count(std::string key, std::int64_t amount, base::Duration window,
                                                     net::Deadline deadline) {
  key.insert(0, prefix_);
  const std::array<std::string, 2> numbers = {std::to_string(amount), Milliseconds(window)};
  const std::array<std::string_view, 6> words = {"EVAL", kCount, "1", key, numbers[0], numbers[1]};
  GH_CO_TRY(const Value value, co_await client_.Call(words, Client::Effect::kWrites, deadline));
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
