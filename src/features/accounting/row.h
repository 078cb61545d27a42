#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "llm/usage.h"
#include "pipeline/charge.h"
#include "pipeline/decision.h"
#include "pipeline/exchange.h"
#include "pipeline/observer.h"
#include "pipeline/principal.h"

namespace gatehouse::features::accounting {

// How an exchange ended, as sums tell them apart.
enum class Outcome : std::uint8_t { kOk, kFailed, kDenied, kInDoubt };

std::string_view ToString(Outcome outcome);  // "ok", "failed", "denied", "in_doubt"

// What the rows of a principal say of it, as Encode() writes it: made once for many of them. Immutable.
struct EncodedCaller {
  std::string chain;  // Row::chain
  std::string names;  // Row::organization to Row::key_id
};
EncodedCaller EncodeCaller(const pipeline::Principal& principal);

// One exchange in the ledger: who did what, by which target, with what use and at what cost. Figures and names; nothing
// of what was said. Views into whatever it was made of.
struct Row {
  // What sums are made by.
  std::span<const pipeline::Link> chain;
  std::string_view surface;
  std::string_view model;     // the public name
  std::string_view provider;  // of the target that answered; "" for none
  std::string_view upstream_model;
  Outcome outcome = Outcome::kOk;

  std::int64_t admitted_ms = 0;  // since 1970; decides to which window it belongs
  llm::Usage usage;
  pipeline::Charge::Basis basis = pipeline::Charge::Basis::kNothing;
  base::NanoUsd cost;
  std::uint64_t duration_us = 0;

  std::string_view price;  // the catalogue's entry
  std::string_view request_id;
  std::string_view organization;  // as they were called then
  std::string_view team;
  std::string_view project;
  std::string_view name;
  std::string_view key_id;
  std::string_view operation;
  std::string_view ending;    // "answered", "failed", "cut_mid_stream", "client_gone", "in_doubt"
  std::string_view error;     // its code's name, "" for success
  std::string_view attempts;  // "openai:timeout,claude:ok"
  std::string_view rule;      // that decided it, "" for none
  pipeline::Effect effect = pipeline::Effect::kAllow;
  std::uint32_t attempt_count = 0;
  std::uint16_t status = 0;
  std::uint64_t first_event_us = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  const EncodedCaller* caller = nullptr;  // says the same as `chain` and the names; null: nobody has it

  // The node of that kind in the chain, 0 for none.
  std::int64_t NodeOf(pipeline::NodeKind kind) const;
  // Who acts: the user, application or agent, 0 for none.
  std::int64_t Actor() const;
};

// All that is known of an exchange when it begins. Views into it.
Row RowOf(const pipeline::Exchange& exchange, base::WallTime admitted);

// How an exchange ended for its client, kept where the rest is not known yet.
struct EndFacts {
  std::uint16_t status = 0;
  std::string_view ending;  // one of the constants
  std::string error;
  base::Duration duration{};
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};
EndFacts FactsOf(const pipeline::ExchangeEnd& end);
// What the end of an exchange adds. `attempts` is filled, and the row shows it.
void AddEnd(Row& row, const pipeline::Exchange& exchange, const EndFacts& end, std::string& attempts);

// As bytes, at most kMostEncodedBytes: names that are too long are cut. docs/formats/ledger_row.md.
inline constexpr std::size_t kMostEncodedBytes = 1008;
// Of a row of which only the beginning is known (RowOf) and the worst.
inline constexpr std::size_t kMostIntentBytes = 616;
using EncodedRow = std::array<char, 1152>;  // with room for what cannot all be at once
std::string_view Encode(const Row& row, EncodedRow& into);
// RowParts::figures alone.
std::string_view EncodeFigures(const Row& row, EncodedRow& into);
// What usage is counted in, in the order in which rows have it.
inline constexpr std::array<std::uint64_t llm::Usage::*, 12> kTokens = {
    &llm::Usage::input,           &llm::Usage::cache_read,     &llm::Usage::cache_write_5m,
    &llm::Usage::cache_write_30m, &llm::Usage::cache_write_1h, &llm::Usage::cache_write_12h,
    &llm::Usage::input_audio,     &llm::Usage::tool_input,     &llm::Usage::output,
    &llm::Usage::reasoning,       &llm::Usage::output_audio,   &llm::Usage::server_tool_calls};

inline constexpr std::size_t kMostLinks = 8;
using Links = std::array<pipeline::Link, kMostLinks>;
// The row that bytes are, its views into them and into `links`; nullopt for bytes that Encode cannot have made.
std::optional<Row> DecodeRow(std::string_view bytes, Links& links);
// The bytes of a row in four parts, one after the other, by how much they differ from one row to the next.
struct RowParts {
  std::string_view key;      // what sums are made by: equal for rows that belong together
  std::string_view figures;  // when it was, what it used, and the request's id
  std::string_view names;    // the caller, the price, and how it ended
  std::string_view rest;     // time to the first event and bytes
};
// Only what sums are made by and of, and the request's id: the rest is not looked at.
struct SumsOfRow {
  Row row;
  RowParts parts;
};
// `before` are the key and the names of a row that was decoded before: most rows share both with the one before, and
// what is equal is not read again. Then what sums are made by is not in the row.
std::optional<SumsOfRow> DecodeSums(std::string_view bytes, Links& links, const RowParts& before = {});

}  // namespace gatehouse::features::accounting
