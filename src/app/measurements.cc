#include "app/measurements.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace gatehouse::app {
namespace {

using base::MetricKind;

// In the order of the declarations.
enum Family : std::size_t {
  kWaiting,
  kWritten,
  kRejected,
  kFailures,
  kLastWrite,
  kInDoubt,
  kSlots,
  kAlerts,
  kDeliveries,
  kDropped,
  kRateQuestions,
  kRateWaits,
  kRateAlone,
  kRateGateways,
  kRecordEntries,
  kRecordSize,
  kRecordQueued,
  kRecordCommits,
  kPayloadBytes,
  kPayloadsLost,
  kApprovalsPending,
  kApprovals,
  kStops,
  kReviewsWaiting,
  kReviews,
  kReviewVerdictSeconds,
  kReviewAgreements,
  kReviewPlanted,
  kReports,
  kReportLast,
};

constexpr std::size_t kShard = 0;

using Declarations = std::vector<base::Metrics::Declaration>;

Declarations FamiliesOfRequests() {
  return {
      {"gatehouse_ledger_rows_waiting", "Rows of the ledger that are not in the database yet.", MetricKind::kGauge, {}},
      {"gatehouse_ledger_rows_written_total", "Rows of the ledger written since the start.", MetricKind::kCounter, {}},
      {"gatehouse_ledger_rows_rejected_total",
       "Rows that the database refused; they are in the log.",
       MetricKind::kCounter,
       {}},
      {"gatehouse_ledger_write_failures_total",
       "Attempts to write to the ledger that came to nothing.",
       MetricKind::kCounter,
       {}},
      {"gatehouse_ledger_last_write_timestamp_seconds",
       "When the ledger was last written to; 0: not since the start.",
       MetricKind::kGauge,
       {}},
      {"gatehouse_ledger_in_doubt",
       "Exchanges charged at their worst and settled by nobody, as of the last look.",
       MetricKind::kGauge,
       {}},
      {"gatehouse_journal_slots",
       "Places in the journal: free, under_way (reservations are held), waiting (for the database).",
       MetricKind::kGauge,
       {"state"}},
      {"gatehouse_alerts_total", "Alerts that this gateway took on.", MetricKind::kCounter, {"kind"}},
      {"gatehouse_alert_deliveries_total",
       "What became of deliveries: delivered, failed (an attempt), given_up.",
       MetricKind::kCounter,
       {"channel", "outcome"}},
      {"gatehouse_alerts_dropped_total",
       "Events that nobody was told of because too many waited.",
       MetricKind::kCounter,
       {}},
      {"gatehouse_rate_store_questions_total",
       "Questions to the store of shared rate limits: answered, failed.",
       MetricKind::kCounter,
       {"outcome"}},
      {"gatehouse_rate_waits_total",
       "Waits of requests for an answer of the store of shared rate limits.",
       MetricKind::kCounter,
       {}},
      {"gatehouse_rate_decisions_without_store_total",
       "Decisions about shared rate limits that were made while their store did not answer: shared (let through as a "
       "part of the limit), refused, admitted.",
       MetricKind::kCounter,
       {"outcome"}},
      {"gatehouse_rate_gateways", "Gateways that share rate limits, as far as this one knows.", MetricKind::kGauge, {}},
      {"gatehouse_record_entries_total",
       "Entries since the start: taken (by the log), unwritten (they could not be).",
       MetricKind::kCounter,
       {"outcome"}},
      {"gatehouse_record_size",
       "Entries of the log: durable (on the disk), signed (under a published checkpoint), witnessed (cosigned by all "
       "witnesses).",
       MetricKind::kGauge,
       {"state"}},
      {"gatehouse_record_queued_bytes", "Of entries that wait to be written.", MetricKind::kGauge, {}},
      {"gatehouse_record_commits_total", "Writes of the log, each of all that waited.", MetricKind::kCounter, {}},
      {"gatehouse_payload_bytes",
       "Of copies of payloads in memory: open (of requests under way), queued (that wait for the vault).",
       MetricKind::kGauge,
       {"state"}},
      {"gatehouse_payloads_lost_total",
       "Requests since the start whose payloads should be in the vault and are not: no_room, too_much_waited, "
       "unwritten.",
       MetricKind::kCounter,
       {"reason"}},
  };
}

Declarations FamiliesOfPeople() {
  return {
      {"gatehouse_approvals_pending", "Requests in the database that wait for people.", MetricKind::kGauge, {}},
      {"gatehouse_approvals_total",
       "What requests for approval came to since the start, by this gateway's doing.",
       MetricKind::kCounter,
       {"outcome"}},
      {"gatehouse_stops_in_force", "What people have stopped.", MetricKind::kGauge, {}},
      {"gatehouse_reviews_waiting",
       "Exchanges in the database that people have to look at: open, overdue.",
       MetricKind::kGauge,
       {"state"}},
      {"gatehouse_reviews_total",
       "What came of reviews since the start, by this gateway's doing: opened, missed, overdue, and verdicts: fine, "
       "not_fine.",
       MetricKind::kCounter,
       {"outcome"}},
      {"gatehouse_review_verdict_seconds_total",
       "From the ends of exchanges to the verdicts about them, together.",
       MetricKind::kCounter,
       {}},
      {"gatehouse_review_agreements_total",
       "Reviews by several people: agreed, differed.",
       MetricKind::kCounter,
       {"outcome"}},
      {"gatehouse_review_planted_total",
       "Verdicts about what was planted: caught (as expected), missed.",
       MetricKind::kCounter,
       {"outcome"}},
      {"gatehouse_reports_total",
       "Reports that the configuration asks for: made, failed (attempts).",
       MetricKind::kCounter,
       {"report", "outcome"}},
      {"gatehouse_report_last_made_timestamp_seconds",
       "When one was last made; 0: not since the start.",
       MetricKind::kGauge,
       {"report"}},
  };
}

}  // namespace

// In the order of the numbers above.
std::vector<base::Metrics::Declaration> MeasuredFamilies() {
  Declarations families = FamiliesOfRequests();
  Declarations of_people = FamiliesOfPeople();
  std::ranges::move(of_people, std::back_inserter(families));
  return families;
}

namespace {

template <class Set>
void MeasureRates(const features::ratelimit::Sharing& rates, Set set) {
  const auto& counts = rates.counts();
  set(kRateQuestions, {"answered"}, counts.answered.load());
  set(kRateQuestions, {"failed"}, counts.failed.load());
  set(kRateWaits, {}, counts.waited.load());
  set(kRateAlone, {"shared"}, counts.shared.load());
  set(kRateAlone, {"refused"}, counts.refused.load());
  set(kRateAlone, {"admitted"}, counts.admitted.load());
  set(kRateGateways, {}, rates.gateways());
}

template <class Set>
void MeasureRecord(RecordHouse& record, Set set) {
  const auto totals = record.record().totals();
  set(kRecordEntries, {"taken"}, totals.entries);
  set(kRecordEntries, {"unwritten"}, totals.unwritten);
  const auto state = record.state();
  set(kRecordSize, {"durable"}, state.durable_size);
  set(kRecordSize, {"signed"}, state.checkpoint_size);
  set(kRecordSize, {"witnessed"}, record.witnessed_size());
  set(kRecordQueued, {}, state.queued_bytes);
  set(kRecordCommits, {}, state.commits);
  if (record.archive() == nullptr) return;
  const auto payloads = record.archive()->standing();
  set(kPayloadBytes, {"open"}, payloads.open_bytes);
  set(kPayloadBytes, {"queued"}, payloads.queued_bytes);
  set(kPayloadsLost, {"no_room"}, payloads.no_room);
  set(kPayloadsLost, {"too_much_waited"}, payloads.too_much_waited);
  set(kPayloadsLost, {"unwritten"}, payloads.unwritten);
}

template <class Set>
void MeasureOversight(const OversightHouse& oversight, Set set) {
  using features::oversight::Approval;
  set(kApprovalsPending, {}, static_cast<std::uint64_t>(oversight.approvals().pending()));
  set(kStops, {}, oversight.kill_switch().size());
  for (std::size_t i = 0; i < features::oversight::kApprovalStates; ++i) {
    const auto state = static_cast<Approval::State>(i);
    if (state != Approval::State::kPending) set(kApprovals, {ToString(state)}, oversight.outcomes(state));
  }
}

template <class Set>
void MeasureReviews(const ReviewHouse& reviews, Set set) {
  constexpr std::uint64_t kMillisPerSecond = 1000;
  const auto& standing = reviews.queue().standing();
  const auto overdue = static_cast<std::uint64_t>(standing.overdue);
  set(kReviewsWaiting, {"open"}, static_cast<std::uint64_t>(standing.waiting) - overdue);
  set(kReviewsWaiting, {"overdue"}, overdue);
  const ReviewHouse::Counts& counts = reviews.counts();
  set(kReviews, {"opened"}, counts.opened);
  set(kReviews, {"missed"}, counts.missed);
  set(kReviews, {"overdue"}, counts.overdue);
  set(kReviews, {"fine"}, counts.fine);
  set(kReviews, {"not_fine"}, counts.not_fine);
  set(kReviewVerdictSeconds, {}, counts.verdict_ms / kMillisPerSecond);
  set(kReviewAgreements, {"agreed"}, counts.agreed);
  set(kReviewAgreements, {"differed"}, counts.differed);
  set(kReviewPlanted, {"caught"}, counts.planted_caught);
  set(kReviewPlanted, {"missed"}, counts.planted_missed);
}

template <class Set>
void MeasureReports(const ReportClerk& reports, Set set) {
  for (const auto& [name, standing] : reports.standings()) {
    set(kReports, {name, "made"}, standing.made);
    set(kReports, {name, "failed"}, standing.failed);
    set(kReportLast, {name}, static_cast<std::uint64_t>(standing.last_made_s));
  }
}

}  // namespace

void Measure(base::Metrics& metrics, std::size_t first, const Measured& measured) {
  const AccountingHouse& accounting = measured.accounting;
  const Alerting& alerting = measured.alerting;
  const auto set = [&](Family family, base::Labels labels, std::uint64_t value) {
    metrics.Counter(kShard, first + family).At(labels).Set(value);
  };
  const auto ledger = accounting.ledger().standing();
  set(kWaiting, {}, ledger.waiting);
  set(kWritten, {}, ledger.written);
  set(kRejected, {}, ledger.rejected);
  set(kFailures, {}, ledger.failures);
  set(kLastWrite, {}, static_cast<std::uint64_t>(std::max<std::int64_t>(0, ledger.written_s)));
  if (const auto in_doubt = alerting.in_doubt()) set(kInDoubt, {}, static_cast<std::uint64_t>(*in_doubt));
  const std::uint64_t slots = accounting.journal().slots();
  const std::uint64_t free = std::min<std::uint64_t>(slots, accounting.free_slots());
  const std::uint64_t waiting = std::min<std::uint64_t>(slots - free, ledger.waiting);
  set(kSlots, {"free"}, free);
  set(kSlots, {"under_way"}, slots - free - waiting);
  set(kSlots, {"waiting"}, waiting);
  const auto& dispatcher = alerting.dispatcher();
  for (const auto& [kind, count] : dispatcher.raised()) set(kAlerts, {kind}, count);
  for (const auto& channel : dispatcher.standings()) {
    set(kDeliveries, {channel.name, "delivered"}, channel.delivered);
    set(kDeliveries, {channel.name, "failed"}, channel.attempts_failed);
    set(kDeliveries, {channel.name, "given_up"}, channel.given_up);
  }
  set(kDropped, {}, dispatcher.dropped() + accounting.treasury().dropped());
  if (measured.rates != nullptr) MeasureRates(*measured.rates, set);
  if (measured.record != nullptr) MeasureRecord(*measured.record, set);
  MeasureOversight(measured.oversight, set);
  MeasureReviews(measured.oversight.reviews(), set);
  if (measured.reports != nullptr) MeasureReports(*measured.reports, set);
}

}  // namespace gatehouse::app
