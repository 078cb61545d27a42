#include "features/compliance/evidence.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>

namespace gatehouse::features::compliance {
namespace {

using codec::json::Value;

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDayUs = 86'400 * kSecondUs;
// Gateways are told how often to give a sign of life; two may fail to come, for a busy machine, before it counts.
constexpr std::int64_t kMissedBeats = 3;
constexpr std::int64_t kShortestSilenceUs = 30 * kSecondUs;
constexpr std::size_t kMaxGaps = 10'000;  // of different lengths
constexpr std::size_t kMaxNodes = 1000;
constexpr std::size_t kMaxSystems = 2000;
constexpr std::size_t kMaxProviders = 500;
constexpr std::size_t kMaxReviewers = 1000;
constexpr std::size_t kMaxOpenVotes = 10'000;
constexpr std::size_t kMaxOpen = 200'000;
constexpr std::size_t kMaxRare = 50;  // of each type
constexpr std::size_t kMaxBuckets = 300;
constexpr std::size_t kSamples = 2;  // of each kind
constexpr std::size_t kSilences = 5;
constexpr std::size_t kMaxSummary = 240;

// The element of that name, made where there is room, else a common one.
template <class Map>
typename Map::mapped_type& At(Map& map, std::string_view name, std::size_t most) {
  if (const auto found = map.find(name); found != map.end()) return found->second;
  return map[map.size() < most ? std::string(name) : "(others)"];
}

std::uint64_t Count(Value value) {
  const auto number = value.AsInteger().value_or(0);
  return number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

// Durations have fractions.
std::uint64_t Millis(Value value) {
  const double number = value.AsNumber().value_or(0);
  return number > 0 && number < 1e15 ? static_cast<std::uint64_t>(number) : 0;
}

// Texts of a list of texts, each once in what the entry says.
template <class Use>
void Each(Value list, Use use) {
  for (const auto element : list) use(element.value.string());
}

std::string Joined(std::string_view a, std::string_view b) { return std::string(a) + " (" + std::string(b) + ")"; }

// The members of an entry that people want to read, on one line.
std::string Summary(Value entry) {
  constexpr std::array<std::string_view, 5> kCommon = {"v", "t", "seq", "ts", "node"};
  std::string text;
  for (const auto member : entry) {
    if (std::ranges::find(kCommon, member.key) != kCommon.end()) continue;
    const std::string_view value = member.value.IsString() ? member.value.string() : member.value.raw();
    text.append(text.empty() ? "" : ", ").append(member.key).append(" ").append(value);
    if (text.size() > kMaxSummary) break;
  }
  if (text.size() <= kMaxSummary) return text;
  std::size_t end = kMaxSummary;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + " ...";
}

bool IsRefusal(std::uint64_t status) { return status >= 400; }

}  // namespace

const std::vector<std::string_view>& Scope::MemberNames() {
  static const std::vector<std::string_view> kNames = {"org", "team", "project", "sub", "model", "surface"};
  return kNames;
}

bool Evidence::IsInScope(Value entry) const {
  return std::ranges::all_of(scope_.members,
                             [&](const auto& member) { return entry[member.first].string() == member.second; });
}

void Evidence::Take(std::uint64_t index, std::string_view text) {
  if (!document_.Parse(text).ok()) {
    ++unreadable;
    return;
  }
  const Value entry = document_.root();
  const auto [type_value, seq, ts, node] = entry.Members(std::array<std::string_view, 4>{"t", "seq", "ts", "node"});
  const std::string_view type = type_value.string();
  const auto at_us = ts.AsInteger();
  if (type.empty() || !at_us) {
    ++unreadable;
    return;
  }
  newest_us_ = *at_us;
  if (*at_us < scope_.from_us || *at_us >= scope_.until_us) return;
  if (entries++ == 0) {
    first_index = index;
    first_us = *at_us;
  }
  last_index = index;
  last_us = std::max(last_us, *at_us);
  types.Add(type);
  if (!seq.IsMissing()) TakeNumber(node.string(), type, seq);
  if (type == "heartbeat") {
    TakeHeartbeat(node.string(), *at_us, entry);
  } else if (type == "req.end") {
    if (IsInScope(entry)) TakeExchange(index, *at_us, entry);
  } else if (type == "req.start") {
    if (IsInScope(entry) && open_.size() < kMaxOpen) open_.emplace(entry["id"].string());
  } else {
    TakeOther(index, *at_us, type, entry);
  }
}

// Entries of one process come nearly in their order: several of its threads write.
void Evidence::TakeNumber(std::string_view node, std::string_view type, Value seq) {
  constexpr std::uint64_t kDisorder = 4096;
  NodeRecord& record = At(nodes, node, kMaxNodes);
  Run& run = At(runs_, node, kMaxNodes);
  const std::uint64_t number = Count(seq);
  ++record.entries;
  if (type == "node.start" || number + kDisorder < run.highest) EndRun(record, run);
  if (run.count == 0) run.lowest = number;
  run.lowest = std::min(run.lowest, number);
  run.highest = std::max(run.highest, number);
  ++run.count;
  if (type == "node.start") ++record.starts;
  if (type == "node.stop") {
    ++record.stops;
    run.heartbeat_us = 0;  // it may be silent now
  }
}

void Evidence::EndRun(NodeRecord& record, Run& run) {
  if (run.count > 0) {
    const std::uint64_t span = run.highest - run.lowest + 1;
    record.missing += span - std::min(span, run.count);
  }
  run = {.heartbeat_us = run.heartbeat_us};
}

void Evidence::TakeHeartbeat(std::string_view node, std::int64_t at_us, Value entry) {
  NodeRecord& record = At(nodes, node, kMaxNodes);
  Run& run = At(runs_, node, kMaxNodes);
  ++record.heartbeats;
  record.strangers += Count(entry["strangers"]);
  record.unwritten = std::max(record.unwritten, Count(entry["unwritten"]));
  if (run.heartbeat_us != 0 && at_us > run.heartbeat_us) TakeGap(node, record, run.heartbeat_us, at_us);
  run.heartbeat_us = at_us;
}

void Evidence::TakeGap(std::string_view node, NodeRecord& record, std::int64_t from_us, std::int64_t until_us) {
  auto& gaps = At(gaps_, node, kMaxNodes);
  const std::int64_t length = until_us - from_us;
  const auto found = gaps.find(length);
  if (found != gaps.end()) {
    ++found->second;
  } else if (gaps.size() < kMaxGaps) {
    gaps.emplace(length, 1);
  } else {
    ++gaps.lower_bound(std::min(length, gaps.rbegin()->first))->second;
  }
  if (record.longest.size() == kSilences && record.longest.back().until_us - record.longest.back().from_us >= length) {
    return;
  }
  record.longest.push_back({.from_us = from_us, .until_us = until_us});
  std::ranges::sort(record.longest,
                    [](const auto& a, const auto& b) { return a.until_us - a.from_us > b.until_us - b.from_us; });
  if (record.longest.size() > kSilences) record.longest.pop_back();
}

// Tells silences from intervals, which only all of them together show.
void Evidence::FinishGaps(std::string_view node, NodeRecord& record) {
  const auto& gaps = At(gaps_, node, kMaxNodes);
  std::uint64_t total = 0;
  for (const auto& [length, count] : gaps) total += count;
  std::uint64_t below = 0;
  for (const auto& [length, count] : gaps) {
    below += count;
    record.interval_us = length;
    if (below * 2 >= total) break;
  }
  const std::int64_t longest = std::max(kShortestSilenceUs, kMissedBeats * record.interval_us);
  for (const auto& [length, count] : gaps) {
    const std::int64_t together = length * static_cast<std::int64_t>(count);
    if (length > longest) {
      record.silences += count;
      record.silent_us += together;
    } else {
      record.covered_us += together;
    }
  }
  std::erase_if(record.longest, [&](const auto& one) { return one.until_us - one.from_us <= longest; });
}

void Evidence::TakeOther(std::uint64_t index, std::int64_t at_us, std::string_view type, Value entry) {
  if (type == "admin.action") {
    const std::uint64_t status = Count(entry["status"]);
    admin_actions.Add(Joined(std::string(entry["method"].string()) + " " + std::string(entry["resource"].string()),
                             IsRefusal(status) ? "refused" : "done"));
    admin_actors.Add(entry["actor"].string());
    admin_refused += IsRefusal(status) ? 1 : 0;
    return Keep("type:admin.action", index);
  }
  if (type.starts_with("approval.")) TakeApproval(type, entry);
  std::vector<RareEntry>& list = At(rare, type, kMaxNodes);
  if (list.size() < kMaxRare) {
    list.push_back({.index = index, .at_us = at_us, .type = std::string(type), .what = Summary(entry)});
  }
  Keep("type:" + std::string(type), index);
}

// A vote is one person's; an approval that was given is counted when it is, and may be used later.
void Evidence::TakeApproval(std::string_view type, Value entry) {
  const auto [approval, actor, says, dwell, state] =
      entry.Members(std::array<std::string_view, 5>{"approval", "actor", "says", "dwell_ms", "state"});
  if (type == "approval.vote") {
    ReviewerRecord& reviewer = At(reviewers, actor.string(), kMaxReviewers);
    const bool approves = says.string() == "approve";
    ++reviewer.votes;
    reviewer.approved += approves ? 1 : 0;
    reviewer.took.Add(Millis(dwell));
    if (!approves || (votes_.size() == kMaxOpenVotes && !votes_.contains(approval.string()))) return;
    std::vector<std::string>& who = votes_[std::string(approval.string())];
    if (std::ranges::find(who, actor.string()) == who.end()) who.emplace_back(actor.string());
  } else if (type == "approval.outcome") {
    approval_outcomes.Add(state.string());
    const auto found = votes_.find(approval.string());
    if (state.string() == "approved") {
      ++approved;
      two_persons += found != votes_.end() && found->second.size() >= 2 ? 1 : 0;
    }
    if (found != votes_.end()) votes_.erase(found);
  }
}

void Evidence::TakeExchange(std::uint64_t index, std::int64_t at_us, Value entry) {
  ++exchanges;
  open_.erase(std::string(entry["id"].string()));
  const auto [surface, model, project, sub, cred, how_value, config, status, ending, error, ms, attempts, agent] =
      entry.Members(std::array<std::string_view, 13>{"surface", "model", "project", "sub", "cred", "how", "config",
                                                     "status", "ending", "error", "ms", "attempts", "agent"});
  DayRecord& day = days[static_cast<std::int32_t>(at_us / kDayUs)];
  SystemRecord& system = At(systems, project.string(), kMaxSystems);
  ++day.exchanges;
  if (system.exchanges++ == 0) system.first_us = at_us;
  system.last_us = at_us;
  system.surfaces.Add(surface.string());
  surfaces.Add(surface.string());
  if (model.IsString()) models.Add(model.string());
  if (model.IsString()) system.models.Add(model.string());
  if (sub.IsString()) subjects.Add(sub.string());
  if (cred.IsString()) credentials.Add(cred.string());
  if (agent.IsString()) agents.Add(agent.string());
  if (how_value.IsString()) how.Add(how_value.string());
  if (config.IsString()) configs.Add(config.string());
  endings.Add(ending.string());
  if (error.IsString()) errors.Add(error.string());
  const std::uint64_t code = Count(status);
  statuses.Add(code == 0 ? "none" : std::string(1, static_cast<char>('0' + code / 100 % 10)) + "xx");
  const bool is_answered = ending.string() == "answered";
  if (code >= 500 || ending.string() == "cut_mid_stream") ++day.failed;
  took.Add(Millis(ms));
  TakeDecision(entry, day, system);
  TakeAttempts(attempts, is_answered, system);
  TakeCost(entry, day);
  for (const auto payload : entry["payloads"]) payloads.Add(payload.value["class"].string());
  if (entry["payloads_lost"].IsString()) payloads_lost.Add(entry["payloads_lost"].string());
  Keep("decision:" + std::string(entry["decision"].string()), index);
  if (code >= 500) Keep("failed", index);
  Each(entry["tags"], [&](std::string_view tag) { Keep("tag:" + std::string(tag), index); });
  for (const auto finding : entry["findings"]) {
    Keep("finding:" + std::string(finding.value["category"].string()), index);
  }
}

void Evidence::TakeDecision(Value entry, DayRecord& day, SystemRecord& system) {
  const auto [decision, rules_value, tags_value, found, scanned, unscanned] =
      entry.Members(std::array<std::string_view, 6>{"decision", "rules", "tags", "findings", "scanned", "not_scanned"});
  const std::string_view effect = decision.string();
  decisions.Add(effect);
  day.denied += effect == "deny" ? 1 : 0;
  day.restricted += effect == "restrict" ? 1 : 0;
  day.challenged += effect == "challenge" ? 1 : 0;
  system.denied += effect == "deny" ? 1 : 0;
  system.challenged += effect == "challenge" ? 1 : 0;
  for (const auto element : rules_value) {
    const auto [rule, rule_effect, mode, phase] =
        element.value.Members(std::array<std::string_view, 4>{"rule", "effect", "mode", "phase"});
    (mode.string() == "shadow" ? shadow_rules : rules).Add(Joined(rule.string(), rule_effect.string()));
    tool_decisions += phase.string() == "tool_call" ? 1 : 0;
  }
  Each(tags_value, [&](std::string_view tag) { tags.Add(tag); });
  TakeFindings(found, day, system);
  if (!scanned.IsMissing()) ++scanned_exchanges;
  scanned_bytes += Count(scanned);
  Each(unscanned, [&](std::string_view why) { not_scanned.Add(why); });
}

void Evidence::TakeFindings(Value found, DayRecord& day, SystemRecord& system) {
  constexpr std::size_t kMaxCategories = 32;
  for (const auto element : found) {
    const auto [category, entity, measure, number] =
        element.value.Members(std::array<std::string_view, 4>{"category", "entity", "measure", "count"});
    const std::uint64_t count = std::max<std::uint64_t>(1, Count(number));
    At(findings, category.string(), kMaxCategories).Add(Joined(entity.string(), measure.string()), count);
    findings_total += count;
    day.findings += count;
    system.entities.Add(entity.string(), count);
  }
}

void Evidence::TakeAttempts(Value attempts, bool is_answered, SystemRecord& system) {
  for (const auto element : attempts) {
    const auto [name, model, outcome, status, ms] =
        element.value.Members(std::array<std::string_view, 5>{"provider", "model", "outcome", "status", "ms"});
    ProviderRecord& provider = At(providers, name.string(), kMaxProviders);
    const std::uint64_t code = Count(status);
    ++provider.calls;
    provider.failures += code == 0 || code >= 500 || code == 429 ? 1 : 0;
    provider.models.Add(model.string());
    provider.outcomes.Add(outcome.string());
    provider.took.Add(Millis(ms));
    system.providers.Add(name.string());
  }
  if (attempts.size() < 2) return;
  ++retried;
  rescued += is_answered ? 1 : 0;
}

void Evidence::TakeCost(Value entry, DayRecord& day) {
  const auto [usage, cost, basis] = entry.Members(std::array<std::string_view, 3>{"usage", "cost", "basis"});
  const auto [input, output] = usage.Members(std::array<std::string_view, 2>{"input", "output"});
  tokens_in += Count(input);
  tokens_out += Count(output);
  day.tokens += Count(input) + Count(output);
  if (basis.IsString()) bases.Add(basis.string());
  const std::string_view text = cost.string();
  std::int64_t nano = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), nano).ec != std::errc()) return;
  nano_usd += nano;
  day.nano_usd += nano;
}

// Every entry of a kind is as likely as any other to be kept (Vitter's algorithm R).
void Evidence::Keep(std::string kind, std::uint64_t index) {
  auto found = buckets_.find(kind);
  if (found == buckets_.end()) {
    if (buckets_.size() == kMaxBuckets) return;
    found = buckets_.emplace(kind, Bucket()).first;
  }
  Bucket& bucket = found->second;
  const std::uint64_t place = bucket.seen++ < kSamples ? bucket.kept.size() : random_.Below(bucket.seen);
  if (place >= kSamples) return;
  Sample sample = {.index = index, .kind = std::move(kind), .entry = std::string(document_.text())};
  if (place < bucket.kept.size()) {
    bucket.kept[place] = std::move(sample);
  } else {
    bucket.kept.push_back(std::move(sample));
  }
}

std::vector<Sample> Evidence::samples() const {
  std::vector<Sample> all;
  for (const auto& [kind, bucket] : buckets_) all.insert(all.end(), bucket.kept.begin(), bucket.kept.end());
  std::ranges::sort(all, {}, [](const Sample& one) { return std::tie(one.index, one.kind); });
  return all;
}

void Evidence::Finish() {
  for (auto& [node, run] : runs_) {
    NodeRecord& record = At(nodes, node, kMaxNodes);
    EndRun(record, run);
    // Silence up to the end of the record, or of the period, counts as well.
    if (run.heartbeat_us != 0 && last_us > run.heartbeat_us) TakeGap(node, record, run.heartbeat_us, last_us);
    FinishGaps(node, record);
  }
  open_starts = open_.size();
}

}  // namespace gatehouse::features::compliance
