#include "features/accounting/row.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace gatehouse::features::accounting {
namespace {

using pipeline::Link;
using pipeline::NodeKind;

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMostLinks = 8;

// How much of each name is kept; with the numbers they stay below kMostEncodedBytes.
struct Name {
  std::string Row::* member;
  std::size_t most;
};
constexpr std::array<Name, 12> kNames = {{{&Row::request_id, 88},
                                          {&Row::principal, 136},
                                          {&Row::key_id, 48},
                                          {&Row::surface, 24},
                                          {&Row::operation, 24},
                                          {&Row::model, 72},
                                          {&Row::provider, 40},
                                          {&Row::upstream_model, 72},
                                          {&Row::ending, 16},
                                          {&Row::error, 24},
                                          {&Row::attempts, 64},
                                          {&Row::rule, 48}}};
constexpr std::size_t kMostPriceBytes = 56;

constexpr std::array<std::uint64_t llm::Usage::*, 12> kUsage = {
    &llm::Usage::input,           &llm::Usage::cache_read,     &llm::Usage::cache_write_5m,
    &llm::Usage::cache_write_30m, &llm::Usage::cache_write_1h, &llm::Usage::cache_write_12h,
    &llm::Usage::input_audio,     &llm::Usage::tool_input,     &llm::Usage::output,
    &llm::Usage::reasoning,       &llm::Usage::output_audio,   &llm::Usage::server_tool_calls};

// Seven bits a byte, least first (LEB128).
void Put(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(0x80U | (value & 0x7FU)));
  out.push_back(static_cast<char>(value));
}

// A cut never leaves half a character of UTF-8.
void PutText(std::string& out, std::string_view text, std::size_t most) {
  if (text.size() > most) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80) --most;
    text = text.substr(0, most);
  }
  Put(out, text.size());
  out.append(text);
}

// Reads what Put wrote; once something does not fit, everything is 0 or "" and ok() false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool AtEnd() const { return rest_.empty(); }

  std::uint64_t Number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::uint64_t AtMost(std::uint64_t most) {
    const std::uint64_t value = Number();
    if (value <= most) return value;
    ok_ = false;
    return 0;
  }
  std::string Text(std::size_t most) {
    const std::size_t size = AtMost(most);
    if (size > rest_.size()) ok_ = false;
    if (!ok_) return {};
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::uint64_t Microseconds(base::Duration duration) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count()));
}

std::string AttemptsText(const std::vector<pipeline::Attempt>& attempts) {
  std::string text;
  for (const auto& attempt : attempts) {
    text.append(text.empty() ? "" : ",").append(attempt.provider).append(":").append(attempt.outcome);
  }
  return text;
}

}  // namespace

std::int64_t Row::NodeOf(NodeKind kind) const {
  const auto found = std::ranges::find(chain, kind, &Link::kind);
  return found == chain.end() ? 0 : found->id.value;
}

std::int64_t Row::Actor() const {
  for (const NodeKind kind : {NodeKind::kUser, NodeKind::kApplication, NodeKind::kAgent}) {
    if (const std::int64_t id = NodeOf(kind); id != 0) return id;
  }
  return 0;
}

std::string PathOf(const pipeline::Principal& principal) {
  std::string path;
  for (const std::string* part : {&principal.organization, &principal.team, &principal.project, &principal.name}) {
    if (!part->empty()) path.append(path.empty() ? "" : "/").append(*part);
  }
  return path;
}

Row RowOf(const pipeline::Exchange& exchange, base::WallTime admitted) {
  Row row{.request_id = exchange.id,
          .admitted_ms = std::chrono::floor<std::chrono::milliseconds>(admitted).time_since_epoch().count(),
          .surface = std::string(pipeline::ToString(exchange.surface)),
          .operation = std::string(pipeline::OperationName(exchange.operation)),
          .model = exchange.model};
  if (exchange.principal != nullptr) {
    row.chain = exchange.principal->chain;
    row.principal = PathOf(*exchange.principal);
    row.key_id = exchange.principal->key_id;
  }
  return row;
}

void AddEnd(Row& row, const pipeline::ExchangeEnd& end) {
  row.duration_us = Microseconds(end.duration);
  row.status = end.status;
  row.ending = pipeline::ToString(end.ending);
  row.error = end.error;
  row.bytes_in = end.bytes_in;
  row.bytes_out = end.bytes_out;
  if (end.exchange == nullptr) return;
  const pipeline::Exchange& exchange = *end.exchange;
  row.model = exchange.model;
  row.provider = exchange.outcome.provider;
  row.upstream_model = exchange.outcome.upstream_model;
  row.first_event_us = Microseconds(exchange.outcome.time_to_first_event);
  row.attempts = AttemptsText(exchange.attempts);
  row.attempt_count = static_cast<std::uint32_t>(exchange.attempts.size());
  row.usage = exchange.outcome.usage;
  row.charge = exchange.charge;
  for (const auto& decision : exchange.decisions) {
    if (decision.mode == pipeline::Decision::Mode::kShadow || decision.effect < row.effect) continue;
    row.effect = decision.effect;
    row.rule = decision.rule;
  }
}

void Encode(const Row& row, std::string& out) {
  out.clear();
  out.push_back(static_cast<char>(kVersion));
  Put(out, static_cast<std::uint64_t>(row.admitted_ms));
  Put(out, row.duration_us);
  Put(out, row.first_event_us);
  Put(out, std::min(row.chain.size(), kMostLinks));
  for (std::size_t i = 0; i < std::min(row.chain.size(), kMostLinks); ++i) {
    Put(out, static_cast<std::uint64_t>(row.chain[i].kind));
    Put(out, static_cast<std::uint64_t>(row.chain[i].id.value));
  }
  for (const Name& name : kNames) PutText(out, row.*name.member, name.most);
  Put(out, row.status);
  Put(out, row.attempt_count);
  Put(out, static_cast<std::uint64_t>(row.effect));
  for (const auto member : kUsage) Put(out, row.usage.*member);
  Put(out, static_cast<std::uint64_t>(row.usage.source));
  Put(out, static_cast<std::uint64_t>(row.charge.basis));
  Put(out, static_cast<std::uint64_t>(row.charge.cost.value));
  PutText(out, row.charge.price, kMostPriceBytes);
  Put(out, row.bytes_in);
  Put(out, row.bytes_out);
}

std::optional<Row> DecodeRow(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.Number() != kVersion) return {};
  Row row;
  row.admitted_ms = static_cast<std::int64_t>(reader.Number());
  row.duration_us = reader.Number();
  row.first_event_us = reader.Number();
  row.chain.resize(reader.AtMost(kMostLinks));
  for (Link& link : row.chain) {
    link.kind = static_cast<NodeKind>(reader.AtMost(static_cast<std::uint64_t>(NodeKind::kKey)));
    link.id = {static_cast<std::int64_t>(reader.Number())};
  }
  for (const Name& name : kNames) row.*name.member = reader.Text(name.most);
  row.status = static_cast<std::uint16_t>(reader.AtMost(0xFFFF));
  row.attempt_count = static_cast<std::uint32_t>(reader.AtMost(0xFFFF'FFFF));
  row.effect = static_cast<pipeline::Effect>(reader.AtMost(static_cast<std::uint64_t>(pipeline::Effect::kDeny)));
  for (const auto member : kUsage) row.usage.*member = reader.Number();
  row.usage.source =
      static_cast<llm::UsageSource>(reader.AtMost(static_cast<std::uint64_t>(llm::UsageSource::kEstimated)));
  row.charge.basis = static_cast<pipeline::Charge::Basis>(
      reader.AtMost(static_cast<std::uint64_t>(pipeline::Charge::Basis::kWorstCase)));
  row.charge.cost = {static_cast<std::int64_t>(reader.Number())};
  row.charge.price = reader.Text(kMostPriceBytes);
  row.bytes_in = reader.Number();
  row.bytes_out = reader.Number();
  if (!reader.ok() || !reader.AtEnd()) return {};
  return row;
}

}  // namespace gatehouse::features::accounting
