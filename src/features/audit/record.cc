#include "features/audit/record.h"

#include <chrono>
#include <future>
#include <utility>

#include "features/audit/archive.h"

namespace gatehouse::features::audit {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
// How long the log may take to say durably what is done then.
constexpr std::chrono::seconds kPatience(30);

// Whose payloads they are: the user, application or agent; else who the key belongs to.
std::string SubjectOf(const pipeline::Principal& principal) {
  using pipeline::NodeKind;
  for (const pipeline::Link& link : principal.chain) {
    const bool acts =
        link.kind == NodeKind::kUser || link.kind == NodeKind::kApplication || link.kind == NodeKind::kAgent;
    if (acts) return std::to_string(link.id.value);
  }
  return principal.key_id.empty() ? "unknown" : principal.key_id;
}

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

base::Status Record::Write(std::string_view type, const std::function<void(codec::json::FieldWriter&)>& members,
                           Durability durability, record::log::LogWriter::Told told) {
  std::string entry;
  AppendHead(entry, NextHead(type));
  codec::json::FieldWriter writer(entry);
  members(writer);
  writer.Raw("}");
  return Append(entry, durability, counts_.back(), std::move(told));
}

base::Status Record::WriteAndWait(std::string_view type,
                                  const std::function<void(codec::json::FieldWriter&)>& members) {
  auto told = std::make_shared<std::promise<base::Status>>();
  auto outcome = told->get_future();
  GH_CHECK_OK(Write(type, members, Durability::kStrict, [told](const base::Result<std::uint64_t>& durable) {
    told->set_value(durable.ok() ? base::Ok() : base::Status(durable.error()));
  }));
  if (outcome.wait_for(kPatience) == std::future_status::ready) return outcome.get();
  return base::Error{.code = base::ErrorCode::kTimeout,
                     .source = base::ErrorSource::kStore,
                     .public_message = "The record did not say durably in time what was to be done. Try again."};
}

void Record::AppendLate(std::string_view entry, Durability durability) {
  static_cast<void>(Append(entry, durability, counts_.back()));  // counted
}

void LoopRecord::Began(pipeline::Surface) { counts_.in_flight.fetch_add(1, kRelaxed); }

base::Status LoopRecord::AppendNow(const pipeline::Exchange& exchange, base::WallTime at, Durability durability,
                                   record::log::LogWriter::Told told) {
  EntryHead head = record_.NextHead("req.start");
  head.at = at;
  entry_.clear();
  AppendStart(entry_, head, exchange, *context_);
  return record_.Append(entry_, durability, counts_, std::move(told));
}

base::Status LoopRecord::Start(pipeline::Exchange& exchange, record::log::LogWriter::Told told) {
  const base::WallTime now = loop_.clock().Wall();
  const Durability durability = settings().durability;
  if (durability != Durability::kStrict) {
    if (armed() && last_ == Last::kTaken) {
      exchange.Attach(LetGoOn{.place = begun_.size()});
      begun_.push_back({.exchange = &exchange, .at = now});
      return base::Ok();
    }
    if (!armed()) Arm(loop_.Now() + settings().grace);
  }
  base::Status taken = AppendNow(exchange, now, durability, std::move(told));
  last_ = taken.ok() ? Last::kTaken : Last::kRefused;
  if (taken.ok()) exchange.Attach(LetGoOn());
  return taken;
}

// By now these are promised to be on their way: they wait in memory where the disk fails.
void LoopRecord::OnTimer() {
  for (const Begun& begun : begun_) {
    static_cast<void>(AppendNow(*begun.exchange, begun.at, Durability::kAsync));  // counted
    begun.exchange->Find<LetGoOn>()->place = LetGoOn::kNowhere;
  }
  begun_.clear();
}

void LoopRecord::Withdraw(const LetGoOn& waiting) {
  const std::size_t place = waiting.place;
  if (place == LetGoOn::kNowhere) return;
  begun_[place] = begun_.back();
  begun_.pop_back();
  if (place < begun_.size()) begun_[place].exchange->Find<LetGoOn>()->place = place;
}

Durability LoopRecord::DurabilityOf(const LetGoOn* let_go_on) const {
  const bool waits = let_go_on != nullptr || settings().unwritten == RecordSettings::Unwritten::kServed;
  return waits ? Durability::kAsync : Durability::kGroup;
}

void LoopRecord::Ended(const pipeline::ExchangeEnd& end) {
  const LetGoOn* let_go_on = end.exchange == nullptr ? nullptr : end.exchange->Find<LetGoOn>();
  if (end.exchange != nullptr) counts_.in_flight.fetch_sub(1, kRelaxed);
  if (let_go_on != nullptr) Withdraw(*let_go_on);
  // Anybody can make requests that nobody stands for; they do not fill the disk.
  if (end.principal == nullptr) {
    counts_.strangers.fetch_add(1, kRelaxed);
    return;
  }
  entry_.clear();
  AppendEnd(entry_, record_.NextHead("req.end"), end, *context_);
  const Durability durability = DurabilityOf(let_go_on);
  if (archive_ != nullptr && end.payloads != nullptr) {
    entry_.pop_back();  // the brace: the archive goes on
    return archive_->Keep({.entry = entry_,
                           .durability = durability,
                           .subject = SubjectOf(*end.principal),
                           .payloads = std::move(*end.payloads)});
  }
  static_cast<void>(record_.Append(entry_, durability, counts_));  // counted
}

void LoopRecord::Settled(const pipeline::Exchange& exchange) {
  entry_.clear();
  AppendSettled(entry_, record_.NextHead("req.settled"), exchange, *context_);
  static_cast<void>(record_.Append(entry_, Durability::kAsync, counts_));  // counted
}

}  // namespace gatehouse::features::audit
