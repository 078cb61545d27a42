#include "app/config_record.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "record/vault/blob_store.h"

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

constexpr codec::config::Range<std::uint64_t> kPayloads = {.min = 1024, .max = std::uint64_t{16} << 20U};

RecordConfig::KeySource ReadKeySource(const codec::config::Node& node) {
  RecordConfig::KeySource source;
  source.file = node["file"].AsString().value_or("");
  source.variable = node["env"].AsString().value_or("");
  if (node["command"].IsPresent()) {
    source.command = node["command"].AsStrings().value_or(std::vector<std::string>());
    if (source.command.empty()) node["command"].AddProblem("must be a program and its arguments");
  }
  const int given = int{!source.file.empty()} + int{!source.variable.empty()} + int{!source.command.empty()};
  if (given > 1) node.AddProblem("needs one of `file`, `env` and `command`");
  return source;
}

std::optional<record::vault::Day> ReadDay(const codec::config::Node& node) {
  const auto text = node.AsString();
  if (!text) return {};
  const auto day = record::vault::ParseDay(*text);
  if (!day) node.AddProblem("must be a date such as 2026-11-23");
  return day;
}

record::vault::LegalHold ReadHold(const codec::config::Node& node) {
  record::vault::LegalHold hold;
  hold.id = node.Required("id").AsString().value_or("");
  if (hold.id.size() > kLongestName) node["id"].AddProblem("must have 128 characters at most");
  if (const auto key = node["key"].AsString()) {
    hold.key = record::vault::KeyId::FromHex(*key);
    if (!hold.key) node["key"].AddProblem("must be the id of a key as entries have it: 32 hexadecimal digits");
  }
  hold.retention_class = node["class"].AsString();
  hold.from = ReadDay(node["from"]).value_or(hold.from);
  hold.until = ReadDay(node["until"]).value_or(hold.until);
  return hold;
}

void ReadHolds(const codec::config::Node& list, RecordConfig& config) {
  constexpr std::size_t kMostHolds = 1000;
  for (const codec::config::Node& node : list.Elements()) config.archive.holds.push_back(ReadHold(node));
  if (config.archive.holds.size() > kMostHolds) list.AddProblem("has more than 1000");
}

void ReadPayloads(const codec::config::Node& node, RecordConfig& config) {
  enum class Kept : std::uint8_t { kNone, kSizes, kRedacted, kFull };
  constexpr std::array<Choice<Kept>, 4> kKept = {
      {{"none", Kept::kNone}, {"metadata", Kept::kSizes}, {"redacted", Kept::kRedacted}, {"full", Kept::kFull}}};
  using Keep = features::audit::ArchiveSettings::Keep;
  const Kept kept = node["keep"].AsEnum<Kept>(kKept).value_or(Kept::kNone);
  const std::size_t longest = node["longest"].AsBytes(kPayloads).value_or(std::size_t{1} << 20U);
  config.longest_payload = kept == Kept::kNone ? 0 : longest;
  config.archive.keep = kept == Kept::kFull ? Keep::kFull : kept == Kept::kRedacted ? Keep::kRedacted : Keep::kSizes;
  config.archive.retention_class = node["class"].AsString().value_or(config.archive.retention_class);
  if (!record::vault::IsRetentionClass(config.archive.retention_class)) {
    node["class"].AddProblem("must be 1 to 32 of a-z, 0-9, - and _");
  }
  constexpr std::int64_t kMostDays = 36'500;
  config.archive.days = static_cast<std::int32_t>(node["days"].AsInteger({.min = 1, .max = kMostDays}).value_or(30));
  config.archive.max_queued_bytes =
      node["max_queued"].AsBytes({.min = kLeastQueue, .max = kMostQueue}).value_or(config.archive.max_queued_bytes);
  constexpr std::uint64_t kMostOpen = std::uint64_t{64} << 30U;
  config.archive.max_open_bytes =
      node["max_open"].AsBytes({.min = kLeastQueue, .max = kMostOpen}).value_or(config.archive.max_open_bytes);
  ReadHolds(node["holds"], config);
  config.vault = node["vault"].AsString().value_or("");
  config.master_key = ReadKeySource(node["master_key"]);
  config.previous_key = ReadKeySource(node["master_key"]["previous"]);
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
  config.settings.grace = config.group_interval;
  config.checkpoint_interval =
      node["checkpoint_interval"].AsDuration(kCheckpointTimes).value_or(config.checkpoint_interval);
  config.heartbeat = node["heartbeat"].AsDuration(kHeartbeats).value_or(config.heartbeat);
  config.max_queued_bytes =
      node["max_queued"].AsBytes({.min = kLeastQueue, .max = kMostQueue}).value_or(config.max_queued_bytes);
  config.witnesses = ReadWitnesses(node["witnesses"], config.unknown_keys);
  config.witness = ReadWitnessService(node["witness"], config.unknown_keys);
  ReadPayloads(node["payloads"], config);
  if (config.keeping == RecordConfig::Keeping::kOff) config.longest_payload = 0;
  return config;
}

std::string RevisionOf(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  return codec::crypto::HexEncode(codec::crypto::AsText(codec::crypto::Sha256(text))).substr(0, kDigits);
}

}  // namespace gatehouse::app
