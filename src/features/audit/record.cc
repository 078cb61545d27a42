#include "features/audit/record.h"

#include <chrono>
#include <future>
#include <type_traits>
#include <utility>

#include "features/audit/archive.h"

namespace gatehouse::features::audit {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
// How long the log may take to say durably what is done then.
constexpr std::chrono::seconds kPatience(30);

// Of a count that one thread alone changes.
template <class Count>
void Add(std::atomic<Count>& count, std::type_identity_t<Count> more) {
  count.store(count.load(kRelaxed) + more, kRelaxed);
}

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

Record::Record(EntrySink& sink, const base::Clock& clock, std::string_view node, RecordSettings settings,
               std::size_t loops)
    : sink_(sink), clock_(clock), node_member_(NodeMember(node)), settings_(settings), counts_(loops + 1) {}

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

base::Status Record::HandOver(std::string_view entry, Durability durability, record::log::LogWriter::Told told) {
  auto taken = sink_.Append(entry, durability, std::move(told));
  if (!taken.ok()) return std::move(taken).TakeError();
  return base::Ok();
}

base::Status Record::Append(std::string_view entry, Durability durability, record::log::LogWriter::Told told) {
  base::Status taken = HandOver(entry, durability, std::move(told));
  Counts& counts = counts_.back();
  (taken.ok() ? counts.entries : counts.unwritten).fetch_add(1, kRelaxed);
  return taken;
}

base::Status Record::Write(std::string_view type, const std::function<void(codec::json::FieldWriter&)>& members,
                           Durability durability, record::log::LogWriter::Told told) {
  std::string entry;
  AppendHead(entry, NextHead(type));
  codec::json::FieldWriter writer(entry);
  members(writer);
  writer.Raw("}");
  return Append(entry, durability, std::move(told));
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
  static_cast<void>(Append(entry, durability));  // counted
}

std::string_view LoopRecord::AskerOf(const pipeline::Exchange& exchange) {
  if (exchange.principal == nullptr) return asker_ = AskerMembers(exchange, *context_);
  const std::string* const known = askers_.Find(exchange.principal.get(), exchange.model);
  return known != nullptr ? *known : askers_.Add(exchange.principal, exchange.model, AskerMembers(exchange, *context_));
}

std::string_view LoopRecord::AskerOf(const pipeline::ExchangeEnd& end) {
  return end.exchange != nullptr ? AskerOf(*end.exchange) : asker_ = AskerMembers(*end.principal);
}

void LoopRecord::Began(pipeline::Surface) { Add(counts_.in_flight, 1); }

base::Status LoopRecord::Append(Durability durability, record::log::LogWriter::Told told) {
  base::Status taken = record_.HandOver(entry_, durability, std::move(told));
  Add(taken.ok() ? counts_.entries : counts_.unwritten, 1);
  return taken;
}

base::Status LoopRecord::AppendNow(const pipeline::Exchange& exchange, base::WallTime at, Durability durability,
                                   record::log::LogWriter::Told told) {
  entry_.clear();
  AppendStart(entry_,
              {.head = record_.NextHead("req.start", at), .asker = AskerOf(exchange), .config = context_->config},
              exchange);
  return Append(durability, std::move(told));
}

base::Status LoopRecord::Start(pipeline::Exchange& exchange, record::log::LogWriter::Told told) {
  const Durability durability = settings().durability;
  if (durability != Durability::kStrict) {
    if (armed() && last_ == Last::kTaken) {
      exchange.Attach(LetGoOn{.place = begun_.size()});
      begun_.push_back({.exchange = &exchange, .at = loop_.Now()});
      return base::Ok();
    }
    if (!armed()) Arm(loop_.Now() + settings().grace);
  }
  base::Status taken = AppendNow(exchange, loop_.clock().Wall(), durability, std::move(told));
  last_ = taken.ok() ? Last::kTaken : Last::kRefused;
  if (taken.ok()) exchange.Attach(LetGoOn());
  return taken;
}

// By now these are promised to be on their way: they wait in memory where the disk fails.
void LoopRecord::OnTimer() {
  const base::WallTime now = loop_.clock().Wall();
  for (const Begun& begun : begun_) {
    const base::WallTime at = now - std::chrono::duration_cast<base::WallTime::duration>(loop_.Now() - begun.at);
    static_cast<void>(AppendNow(*begun.exchange, at, Durability::kAsync));  // counted
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
  if (end.exchange != nullptr) Add(counts_.in_flight, -1);
  if (let_go_on != nullptr) Withdraw(*let_go_on);
  // Anybody can make requests that nobody stands for; they do not fill the disk.
  if (end.principal == nullptr) {
    Add(counts_.strangers, 1);
    return;
  }
  entry_.clear();
  AppendEnd(entry_, {.head = record_.NextHead("req.end"), .asker = AskerOf(end), .config = context_->config}, end);
  const Durability durability = DurabilityOf(let_go_on);
  if (archive_ != nullptr && end.payloads != nullptr) {
    entry_.pop_back();  // the brace: the archive goes on
    return archive_->Keep({.entry = entry_,
                           .durability = durability,
                           .subject = SubjectOf(*end.principal),
                           .payloads = std::move(*end.payloads)});
  }
  static_cast<void>(Append(durability));  // counted
}

void LoopRecord::Settled(const pipeline::Exchange& exchange) {
  entry_.clear();
  AppendSettled(entry_,
                {.head = record_.NextHead("req.settled"), .asker = AskerOf(exchange), .config = context_->config},
                exchange);
  static_cast<void>(Append(Durability::kAsync));  // counted
}

}  // namespace gatehouse::features::audit
