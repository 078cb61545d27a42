#include "features/accounting/row.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/copy.h"

namespace gatehouse::features::accounting {
namespace {

using pipeline::Link;
using pipeline::NodeKind;

constexpr char kVersion = 1;
constexpr int kNumbersBeforeRest = 3;  // effect, attempts, status

// How much of each name is kept; with the numbers they stay below kMostEncodedBytes.
struct Name {
  std::string_view Row::* member;
  std::size_t most;
};
constexpr std::array<Name, 4> kKeyNames = {
    {{&Row::surface, 24}, {&Row::model, 56}, {&Row::provider, 32}, {&Row::upstream_model, 56}}};
constexpr std::array<Name, 12> kNames = {{{&Row::request_id, 64},
                                          {&Row::price, 48},
                                          {&Row::organization, 63},  // here begin those of the caller
                                          {&Row::team, 63},
                                          {&Row::project, 63},
                                          {&Row::name, 63},
                                          {&Row::key_id, 32},
                                          {&Row::operation, 24},
                                          {&Row::ending, 16},
                                          {&Row::error, 20},
                                          {&Row::attempts, 40},
                                          {&Row::rule, 40}}};

constexpr std::size_t kFirstBehindFigures = 1;
constexpr std::size_t kFirstOfCaller = 2;
constexpr std::size_t kFirstBehindCaller = 7;

// Writes into memory that is known to be large enough: kMostEncodedBytes.
class Writer {
 public:
  explicit Writer(char* out) : at_(out) {}
  char* at() const { return at_; }

  void Byte(char byte) { *at_++ = byte; }
  // Seven bits a byte, least first (LEB128).
  void Number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) *at_++ = static_cast<char>(0x80U | (value & 0x7FU));
    *at_++ = static_cast<char>(value);
  }
  void Bytes(std::string_view bytes) { at_ = base::CopyShort(at_, bytes); }
  // A cut never leaves half a character of UTF-8.
  void Text(std::string_view text, std::size_t most) {
    if (text.size() > most) {
      while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80) --most;
      text = text.substr(0, most);
    }
    Number(text.size());
    Bytes(text);
  }

 private:
  char* at_;
};

// Reads what Writer wrote; once something does not fit, everything is 0 or "" and ok() false. What Writer would have
// written otherwise does not fit: a row has one form.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool ok() const { return ok_; }
  bool AtEnd() const { return at_ == end_; }
  const char* at() const { return at_; }

  std::uint64_t Number() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) return static_cast<unsigned char>(*at_++);
    return LongNumber();
  }
  std::uint64_t AtMost(std::uint64_t most) {
    const std::uint64_t value = Number();
    if (value <= most) return value;
    ok_ = false;
    return 0;
  }
  // REQUIRES: so many are left.
  void Skip(std::size_t bytes) { at_ += bytes; }
  std::string_view Text(std::size_t most) {
    const std::size_t size = AtMost(most);
    if (size > static_cast<std::size_t>(end_ - at_)) ok_ = false;
    if (!ok_) return {};
    return {std::exchange(at_, at_ + size), size};
  }

 private:
  // Apart, so that reading a small number is a few instructions where it is called.
  [[gnu::noinline]] std::uint64_t LongNumber() {
    constexpr unsigned kLastShift = 63;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift <= kLastShift && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte >= 0x80) continue;
      if ((byte == 0 && shift > 0) || (shift == kLastShift && byte > 1)) break;
      return value;
    }
    ok_ = false;
    return 0;
  }

  const char* at_;
  const char* const end_;
  bool ok_ = true;
};

std::uint64_t Microseconds(base::Duration duration) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count()));
}

Outcome OutcomeOf(const Row& row) {
  if (row.effect == pipeline::Effect::kDeny || row.effect == pipeline::Effect::kChallenge) return Outcome::kDenied;
  return row.error.empty() ? Outcome::kOk : Outcome::kFailed;
}

void PutChain(std::span<const Link> chain, Writer& out) {
  const std::size_t links = std::min(chain.size(), kMostLinks);
  out.Number(links);
  for (const Link& link : chain.first(links)) {
    out.Number(static_cast<std::uint64_t>(link.kind));
    out.Number(static_cast<std::uint64_t>(link.id.value));
  }
}

void PutNames(const Row& row, std::size_t begin, std::size_t end, Writer& out) {
  for (const Name& name : std::span(kNames).subspan(begin, end - begin)) out.Text(row.*name.member, name.most);
}

void PutKey(const Row& row, Writer& out) {
  if (row.caller != nullptr) {
    out.Bytes(row.caller->chain);
  } else {
    PutChain(row.chain, out);
  }
  for (const Name& name : kKeyNames) out.Text(row.*name.member, name.most);
  out.Number(static_cast<std::uint64_t>(row.outcome));
}

// What follows the key.
void PutFigures(const Row& row, Writer& out) {
  out.Number(static_cast<std::uint64_t>(row.admitted_ms));
  for (const auto member : kTokens) out.Number(row.usage.*member);
  out.Number(static_cast<std::uint64_t>(row.usage.source));
  out.Number(static_cast<std::uint64_t>(row.basis));
  out.Number(static_cast<std::uint64_t>(row.cost.value));
  out.Number(row.duration_us);
  PutNames(row, 0, kFirstBehindFigures, out);
}

void ReadKey(Reader& reader, Row& row, Links& links) {
  const std::size_t count = reader.AtMost(kMostLinks);
  for (Link& link : std::span(links).first(count)) {
    link.kind = static_cast<NodeKind>(reader.AtMost(static_cast<std::uint64_t>(NodeKind::kKey)));
    link.id = {static_cast<std::int64_t>(reader.Number())};
  }
  row.chain = std::span(links).first(count);
  for (const Name& name : kKeyNames) row.*name.member = reader.Text(name.most);
  row.outcome = static_cast<Outcome>(reader.AtMost(static_cast<std::uint64_t>(Outcome::kInDoubt)));
}

void ReadFigures(Reader& reader, Row& row) {
  row.admitted_ms = static_cast<std::int64_t>(reader.Number());
  for (const auto member : kTokens) row.usage.*member = reader.Number();
  row.usage.source =
      static_cast<llm::UsageSource>(reader.AtMost(static_cast<std::uint64_t>(llm::UsageSource::kEstimated)));
  row.basis = static_cast<pipeline::Charge::Basis>(
      reader.AtMost(static_cast<std::uint64_t>(pipeline::Charge::Basis::kWorstCase)));
  row.cost = {static_cast<std::int64_t>(reader.Number())};
  row.duration_us = reader.Number();
  row.request_id = reader.Text(kNames.front().most);
}

}  // namespace

std::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk: return "ok";
    case Outcome::kFailed: return "failed";
    case Outcome::kDenied: return "denied";
    case Outcome::kInDoubt: return "in_doubt";
  }
  return "unknown";
}

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

EncodedCaller EncodeCaller(const pipeline::Principal& principal) {
  const Row row{.chain = principal.chain,
                .organization = principal.organization,
                .team = principal.team,
                .project = principal.project,
                .name = principal.name,
                .key_id = principal.key_id};
  EncodedRow room;
  Writer chain(room.data());
  PutChain(row.chain, chain);
  EncodedCaller caller{.chain = std::string(room.data(), chain.at()), .names = {}};
  Writer names(room.data());
  PutNames(row, kFirstOfCaller, kFirstBehindCaller, names);
  caller.names.assign(room.data(), names.at());
  return caller;
}

Row RowOf(const pipeline::Exchange& exchange, base::WallTime admitted) {
  Row row{.surface = pipeline::ToString(exchange.surface), .model = exchange.model};
  row.admitted_ms = std::chrono::floor<std::chrono::milliseconds>(admitted).time_since_epoch().count();
  row.request_id = exchange.id;
  row.operation = pipeline::OperationName(exchange.operation);
  if (exchange.principal != nullptr) {
    const pipeline::Principal& principal = *exchange.principal;
    row.chain = principal.chain;
    row.organization = principal.organization;
    row.team = principal.team;
    row.project = principal.project;
    row.name = principal.name;
    row.key_id = principal.key_id;
  }
  return row;
}

EndFacts FactsOf(const pipeline::ExchangeEnd& end) {
  return {.status = end.status,
          .ending = pipeline::ToString(end.ending),
          .error = std::string(end.error),
          .duration = end.duration,
          .bytes_in = end.bytes_in,
          .bytes_out = end.bytes_out};
}

void AddEnd(Row& row, const pipeline::Exchange& exchange, const EndFacts& end, std::string& attempts) {
  row.duration_us = Microseconds(end.duration);
  row.status = end.status;
  row.ending = end.ending;
  row.error = end.error;
  row.bytes_in = end.bytes_in;
  row.bytes_out = end.bytes_out;
  row.provider = exchange.outcome.provider;
  row.upstream_model = exchange.outcome.upstream_model;
  row.first_event_us = Microseconds(exchange.outcome.time_to_first_event);
  row.attempt_count = static_cast<std::uint32_t>(exchange.attempts.size());
  attempts.clear();
  for (const auto& attempt : exchange.attempts) {
    attempts.append(attempts.empty() ? "" : ",").append(attempt.provider).append(":").append(attempt.outcome);
  }
  row.attempts = attempts;
  for (const auto& decision : exchange.decisions) {
    if (decision.mode == pipeline::Decision::Mode::kShadow || decision.effect < row.effect) continue;
    row.effect = decision.effect;
    row.rule = decision.rule;
  }
  row.outcome = OutcomeOf(row);
}

std::string_view Encode(const Row& row, EncodedRow& into) {
  Writer out(into.data());
  out.Byte(kVersion);
  PutKey(row, out);
  PutFigures(row, out);
  PutNames(row, kFirstBehindFigures, kFirstOfCaller, out);
  if (row.caller != nullptr) {
    out.Bytes(row.caller->names);
  } else {
    PutNames(row, kFirstOfCaller, kFirstBehindCaller, out);
  }
  PutNames(row, kFirstBehindCaller, kNames.size(), out);
  out.Number(static_cast<std::uint64_t>(row.effect));
  out.Number(row.attempt_count);
  out.Number(row.status);
  out.Number(row.first_event_us);
  out.Number(row.bytes_in);
  out.Number(row.bytes_out);
  return {into.data(), static_cast<std::size_t>(out.at() - into.data())};
}

std::string_view EncodeFigures(const Row& row, EncodedRow& into) {
  Writer out(into.data());
  PutFigures(row, out);
  return {into.data(), static_cast<std::size_t>(out.at() - into.data())};
}

std::optional<Row> DecodeRow(std::string_view bytes, Links& links) {
  if (!bytes.starts_with(kVersion)) return {};
  Reader reader(bytes.substr(1));
  Row row;
  ReadKey(reader, row, links);
  ReadFigures(reader, row);
  for (const Name& name : std::span(kNames).subspan(1)) row.*name.member = reader.Text(name.most);
  row.effect = static_cast<pipeline::Effect>(reader.AtMost(static_cast<std::uint64_t>(pipeline::Effect::kDeny)));
  row.attempt_count = static_cast<std::uint32_t>(reader.AtMost(0xFFFF'FFFF));
  row.status = static_cast<std::uint16_t>(reader.AtMost(0xFFFF));
  row.first_event_us = reader.Number();
  row.bytes_in = reader.Number();
  row.bytes_out = reader.Number();
  if (!reader.ok() || !reader.AtEnd()) return {};
  return row;
}

std::optional<SumsOfRow> DecodeSums(std::string_view bytes, Links& links, const RowParts& before) {
  if (!bytes.starts_with(kVersion)) return {};
  Reader reader(bytes.substr(1));
  std::size_t begin = 0;
  const auto part = [&] {
    const std::size_t from = std::exchange(begin, static_cast<std::size_t>(reader.at() - bytes.data()));
    return bytes.substr(from, begin - from);
  };
  std::optional<SumsOfRow> sums(std::in_place);
  // Where one part ends is said by its own bytes, so that equal bytes are the whole of it.
  if (before.key.empty() || !bytes.starts_with(before.key)) {
    ReadKey(reader, sums->row, links);
  } else {
    reader.Skip(before.key.size() - 1);
  }
  sums->parts.key = part();
  ReadFigures(reader, sums->row);
  sums->parts.figures = part();
  if (before.names.empty() || !bytes.substr(begin).starts_with(before.names)) {
    for (const Name& name : std::span(kNames).subspan(1)) reader.Text(name.most);
    for (int i = 0; i < kNumbersBeforeRest; ++i) reader.Number();
  } else {
    reader.Skip(before.names.size());
  }
  sums->parts.names = part();
  sums->parts.rest = bytes.substr(begin);
  if (!reader.ok()) sums.reset();
  return sums;
}

}  // namespace gatehouse::features::accounting
