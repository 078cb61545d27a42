#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "llm/usage.h"
#include "pipeline/charge.h"
#include "pipeline/decision.h"
#include "pipeline/exchange.h"
#include "pipeline/observer.h"
#include "pipeline/principal.h"

namespace gatehouse::features::accounting {

// One exchange in the ledger: who did what, by which target, with what use and at what cost. Figures and names; nothing
// of what was said.
struct Row {
  std::int64_t journal = 0;  // with `number` its name in all ledgers
  std::int64_t number = 0;
  std::string request_id;
  std::int64_t admitted_ms = 0;  // since 1970; decides to which window it belongs
  std::uint64_t duration_us = 0;
  std::uint64_t first_event_us = 0;
  std::vector<pipeline::Link> chain;
  std::string principal;  // "acme/search/prod/checkout", as it was called then
  std::string key_id;
  std::string surface;
  std::string operation;
  std::string model;     // the public name
  std::string provider;  // of the target that answered; "" for none
  std::string upstream_model;
  std::uint16_t status = 0;
  std::string ending;    // "answered", "failed", "cut_mid_stream", "client_gone", "in_doubt"
  std::string error;     // its code's name, "" for success
  std::string attempts;  // "openai:timeout,claude:ok"
  std::uint32_t attempt_count = 0;
  pipeline::Effect effect = pipeline::Effect::kAllow;
  std::string rule;  // that decided it, "" for none
  llm::Usage usage;
  pipeline::Charge charge;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

  // The node of that kind in the chain, 0 for none.
  std::int64_t NodeOf(pipeline::NodeKind kind) const;
  // Who acts: the user, application or agent, 0 for none.
  std::int64_t Actor() const;
};

inline constexpr std::string_view kInDoubt = "in_doubt";

// "acme/search/prod/checkout"; what is not known is left out.
std::string PathOf(const pipeline::Principal& principal);

// All that is known of an exchange when it begins.
Row RowOf(const pipeline::Exchange& exchange, base::WallTime admitted);
// What its end adds.
void AddEnd(Row& row, const pipeline::ExchangeEnd& end);

// As bytes for the journal, at most kMostEncodedBytes: names that are too long are cut. docs/formats/ledger_row.md.
inline constexpr std::size_t kMostEncodedBytes = 1000;
void Encode(const Row& row, std::string& out);
// nullopt for bytes that Encode cannot have made. `journal` and `number` are not in them.
std::optional<Row> DecodeRow(std::string_view bytes);

}  // namespace gatehouse::features::accounting
