#include "features/audit/record.h"

#include <utility>

namespace gatehouse::features::audit {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

Record::Record(EntrySink& sink, const base::Clock& clock, std::string node, RecordSettings settings, std::size_t loops)
    : sink_(sink), clock_(clock), node_(std::move(node)), settings_(settings), counts_(loops + 1) {}

Record::Totals Record::totals() const {
  Totals totals;
  for (const Counts& counts : counts_) {
    totals.entries += counts.entries.load(kRelaxed);
    totals.unwritten += counts.unwritten.load(kRelaxed);
    totals.strangers += counts.strangers.load(kRelaxed);
    totals.in_flight += counts.in_flight.load(kRelaxed);
  }
  return totals;
}

base::Status Record::Append(std::string_view entry, Durability durability, Counts& counts,
                            record::log::LogWriter::Told told) {
  auto taken = sink_.Append(entry, durability, std::move(told));
  (taken.ok() ? counts.entries : counts.unwritten).fetch_add(1, kRelaxed);
  if (!taken.ok()) return std::move(taken).TakeError();
  return base::Ok();
}

void Record::Write(std::string_view type, const std::function<void(codec::json::FieldWriter&)>& members) {
  std::string entry;
  AppendHead(entry, NextHead(type));
  codec::json::FieldWriter writer(entry);
  members(writer);
  writer.Raw("}");
  static_cast<void>(Append(entry, Durability::kAsync, counts_.back()));  // counted
}

void LoopRecord::Began(pipeline::Surface) { counts_.in_flight.fetch_add(1, kRelaxed); }

base::Status LoopRecord::Start(const pipeline::Exchange& exchange, record::log::LogWriter::Told told) {
  entry_.clear();
  AppendStart(entry_, record_.NextHead("req.start"), exchange, *context_);
  return record_.Append(entry_, settings().durability, counts_, std::move(told));
}

void LoopRecord::Ended(const pipeline::ExchangeEnd& end) {
  if (end.exchange != nullptr) counts_.in_flight.fetch_sub(1, kRelaxed);
  // Anybody can make requests that nobody stands for; they do not fill the disk.
  if (end.principal == nullptr) {
    counts_.strangers.fetch_add(1, kRelaxed);
    return;
  }
  entry_.clear();
  AppendEnd(entry_, record_.NextHead("req.end"), end, *context_);
  const Durability durability =
      settings().unwritten == RecordSettings::Unwritten::kServed ? Durability::kAsync : Durability::kGroup;
  static_cast<void>(record_.Append(entry_, durability, counts_));  // counted
}

}  // namespace gatehouse::features::audit
