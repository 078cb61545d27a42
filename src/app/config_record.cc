#include "app/config_record.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::DurationRange;
using features::audit::Durability;
using features::audit::RecordSettings;
using std::chrono::nanoseconds;

constexpr std::array<Choice<Durability>, 3> kModes = {
    {{"strict", Durability::kStrict}, {"group", Durability::kGroup}, {"async", Durability::kAsync}}};
constexpr std::array<Choice<RecordSettings::Unwritten>, 2> kUnwritten = {
    {{"refuse", RecordSettings::Unwritten::kRefused}, {"serve", RecordSettings::Unwritten::kServed}}};

constexpr DurationRange kGroupTimes = {.min = nanoseconds(std::chrono::milliseconds(1)).count(),
                                       .max = nanoseconds(std::chrono::seconds(10)).count()};
constexpr DurationRange kCheckpointTimes = {.min = nanoseconds(std::chrono::milliseconds(100)).count(),
                                            .max = nanoseconds(std::chrono::minutes(10)).count()};
constexpr DurationRange kHeartbeats = {.min = nanoseconds(std::chrono::seconds(1)).count(),
                                       .max = nanoseconds(std::chrono::minutes(10)).count()};
constexpr std::uint64_t kLeastQueue = std::uint64_t{1} << 20U;
constexpr std::uint64_t kMostQueue = std::uint64_t{1} << 30U;
constexpr std::size_t kLongestName = 128;

// Part of the name of a key, which signed notes bound (C2SP signed-note): no space, no plus.
bool IsOrigin(std::string_view text) {
  const auto fits = [](char c) { return c > ' ' && c < '\x7F' && c != '+'; };
  return text.size() <= kLongestName && std::ranges::all_of(text, fits) && !text.contains("://");
}

}  // namespace

RecordConfig ReadRecord(const codec::config::Node& node) {
  RecordConfig config;
  if (!node["enabled"].AsBool().value_or(true)) config.keeping = RecordConfig::Keeping::kOff;
  config.folder = node["folder"].AsString().value_or("");
  config.origin = node["origin"].AsString().value_or("");
  if (!IsOrigin(config.origin))
    node["origin"].AddProblem("must be like audit.example.com/gw1: no scheme, space or plus");
  config.node = node["node"].AsString().value_or("");
  if (config.node.size() > kLongestName) node["node"].AddProblem("must have 128 characters at most");
  config.settings.durability = node["mode"].AsEnum<Durability>(kModes).value_or(Durability::kGroup);
  const auto otherwise = config.settings.durability == Durability::kAsync ? RecordSettings::Unwritten::kServed
                                                                          : RecordSettings::Unwritten::kRefused;
  config.settings.unwritten = node["when_unwritten"].AsEnum<RecordSettings::Unwritten>(kUnwritten).value_or(otherwise);
  config.group_interval = node["group_interval"].AsDuration(kGroupTimes).value_or(config.group_interval);
  config.checkpoint_interval =
      node["checkpoint_interval"].AsDuration(kCheckpointTimes).value_or(config.checkpoint_interval);
  config.heartbeat = node["heartbeat"].AsDuration(kHeartbeats).value_or(config.heartbeat);
  config.max_queued_bytes =
      node["max_queued"].AsBytes({.min = kLeastQueue, .max = kMostQueue}).value_or(config.max_queued_bytes);
  return config;
}

std::string RevisionOf(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  return codec::crypto::HexEncode(codec::crypto::AsText(codec::crypto::Sha256(text))).substr(0, kDigits);
}

}  // namespace gatehouse::app
