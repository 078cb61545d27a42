#include "features/audit/archive.h"

#include <array>
#include <bit>
#include <chrono>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/json/document.h"
#include "features/audit/payload_reference.h"
#include "record/log/log_reader.h"

namespace gatehouse::features::audit {
namespace {

namespace vault = record::vault;

using base::Status;
using codec::json::FieldWriter;
using pipeline::PayloadCopy;
using Keep = ArchiveSettings::Keep;

constexpr std::chrono::hours kBetweenExpiries(1);

// What an entry says of payloads that it would be too much to name apart: "sizes":{"prompt":2048,"answer":4096}.
void WriteSizes(FieldWriter& entry, const PayloadCopy& payloads) {
  entry.Number(R"(,"sizes":{"prompt":)", std::bit_ceil(payloads.request.size));
  entry.Number(R"(,"answer":)", std::bit_ceil(payloads.response.size));
  entry.Raw("}");
}

std::string Base64(const codec::crypto::Digest& digest) {
  return codec::crypto::Base64Encode(codec::crypto::AsText(digest));
}

base::Error Missing(std::string message) {
  return {
      .code = base::ErrorCode::kNotFound, .source = base::ErrorSource::kClient, .public_message = std::move(message)};
}

base::Error TooMany() {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kStore,
          .retry = base::Retry::kSameTarget,
          .public_message = "Too much is asked of the vault at once. Try again in a while."};
}

void WriteKept(FieldWriter& entry, const std::vector<vault::KeptPayload>& kept) {
  bool first = true;
  for (const vault::KeptPayload& one : kept) {
    entry.Raw(std::exchange(first, false) ? R"(,"payloads":[)" : ",");
    entry.Word(R"({"field":)", one.address.field);
    entry.Word(R"(,"class":)", one.address.retention_class);
    entry.Word(R"(,"key":)", one.address.key.Hex());
    entry.Word(R"(,"record":)", one.address.record.Hex());
    entry.Number(R"(,"size":)", one.length_bucket);
    entry.Word(R"(,"ct":)", Base64(one.commitments.blob));
    entry.Word(R"(,"pt":)", Base64(one.commitments.payload));
    entry.Raw("}");
  }
  if (!first) entry.Raw("]");
}

}  // namespace

Archive::Archive(Parts parts, ArchiveSettings settings)
    : parts_(std::move(parts)), settings_(std::move(settings)), room_(settings_.max_open_bytes) {
  if (parts_.inspector != nullptr) scratch_ = std::make_unique<inspect::Inspector::Scratch>(*parts_.inspector);
  if (parts_.vault != nullptr && parts_.master) {
    master_.emplace(parts_.record, *parts_.vault, *parts_.master, parts_.clock);
  }
  if (parts_.vault != nullptr) holds_.emplace(parts_.record, *parts_.vault, parts_.clock, settings_.holds);
  thread_ = std::thread([this] { Run(); });
}

Archive::~Archive() {
  {
    const std::scoped_lock lock(mutex_);
    state_ = State::kEnding;
  }
  arrived_.notify_one();
  thread_.join();
  if (rotation_.joinable()) rotation_.join();
}

void Archive::Keep(KeepOrder order) {
  {
    const std::scoped_lock lock(mutex_);
    if (queued_bytes_ + order.size() <= settings_.max_queued_bytes) {
      queued_bytes_ += order.size();
      order.payloads.share.GiveBack();
      jobs_.push_back({.order = std::move(order), .work = {}});
      arrived_.notify_one();
      return;
    }
    ++counts_.too_much_waited;
  }
  order.entry += R"(,"payloads_lost":"too much waited"})";
  parts_.record.AppendLate(order.entry, order.durability);
}

Archive::Order Archive::Take(std::function<void()> work) {
  const std::scoped_lock lock(mutex_);
  if (orders_ == kMostOrders) return Order::kTooMany;
  ++orders_;
  jobs_.push_back({.order = {}, .work = std::move(work)});
  arrived_.notify_one();
  return Order::kTaken;
}

void Archive::Erase(ErasureOrder order) {
  const auto told = order.told;
  const Order taken = Take([this, order = std::move(order)] {
    const auto key = parts_.vault == nullptr ? std::nullopt : parts_.vault->KeyOf(order.subject);
    if (!key) return order.told(Missing("No payloads of this subject are kept."));
    order.told(EraseNow(*key, order.actor, order.basis));
  });
  if (taken == Order::kTooMany) told(TooMany());
}

void Archive::Read(ReadOrder order) {
  const auto told = order.told;
  const Order taken = Take([this, order = std::move(order)] { order.told(ReadNow(order)); });
  if (taken == Order::kTooMany) told(TooMany());
}

void Archive::AskMasterKey(MasterKeyOrder order) {
  const auto told = order.told;
  const Order taken = Take([this, order = std::move(order)] {
    if (!master_) return order.told(Missing("No payloads are kept here."));
    if (order.what == MasterKeyOrder::What::kTell) return order.told(master_->State());
    RotateBeside(order);
  });
  if (taken == Order::kTooMany) told(TooMany());
}

// On a thread of its own, while payloads are kept, read and erased: wrapping a million keys takes seconds.
void Archive::RotateBeside(const MasterKeyOrder& order) {
  if (is_rotating_) {
    return order.told(base::Error{.code = base::ErrorCode::kConflict,
                                  .source = base::ErrorSource::kClient,
                                  .public_message = "The master key of the vault is being changed already."});
  }
  if (rotation_.joinable()) rotation_.join();
  is_rotating_ = true;
  rotation_ = std::thread([this, order] {
    auto state = master_->Rotate(order.actor);
    is_rotating_ = false;
    order.told(std::move(state));
  });
}

template <class Answer>
void Archive::AskHolds(std::function<base::Result<Answer>(const LegalHolds&)> work,
                       const std::function<void(base::Result<Answer>)>& told) {
  const Order taken = Take([this, work = std::move(work), told] {
    told(holds_ ? work(*holds_) : base::Result<Answer>(Missing("No payloads are kept here.")));
  });
  if (taken == Order::kTooMany) told(TooMany());
}

void Archive::PlaceHold(HoldOrder order, const std::function<void(base::Result<HoldStanding>)>& told) {
  AskHolds<HoldStanding>([order = std::move(order)](const LegalHolds& holds) { return holds.Place(order); }, told);
}

void Archive::LiftHold(LiftOrder order, const std::function<void(base::Result<HoldStanding>)>& told) {
  AskHolds<HoldStanding>(
      [order = std::move(order)](const LegalHolds& holds) { return holds.Lift(order.name, order.actor, order.reason); },
      told);
}

void Archive::ListHolds(LegalHolds::Which which,
                        const std::function<void(base::Result<std::vector<HoldStanding>>)>& told) {
  using All = std::vector<HoldStanding>;
  AskHolds<All>([which](const LegalHolds& holds) { return base::Result<All>(holds.List(which)); }, told);
}

// One more that waits already does as well.
void Archive::Expire() {
  static_cast<void>(Take([this] { ExpireNow(); }));
}

Archive::Standing Archive::standing() const {
  const std::scoped_lock lock(mutex_);
  Standing standing = counts_;
  standing.open_bytes = room_.used();
  standing.queued_bytes = queued_bytes_;
  return standing;
}

void Archive::Run() {
  if (master_) master_->Note();
  if (holds_) holds_->Note();
  FinishErasures();
  ExpireNow();
  base::TimePoint next = parts_.clock.Now() + kBetweenExpiries;
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait_for(lock, std::chrono::minutes(1), [this] { return !jobs_.empty() || state_ == State::kEnding; });
    if (jobs_.empty() && state_ == State::kEnding) return;
    if (jobs_.empty()) {
      if (parts_.clock.Now() < next) continue;
      lock.unlock();
      ExpireNow();
      next = parts_.clock.Now() + kBetweenExpiries;
      lock.lock();
      continue;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    queued_bytes_ -= job.order.size();
    if (job.work) --orders_;
    lock.unlock();
    Do(job);
    lock.lock();
  }
}

void Archive::Do(Job& job) {
  if (job.work) return job.work();
  job.order.entry += PutAway(job.order);
  parts_.record.AppendLate(job.order.entry + "}", job.order.durability);
}

// What the entry says of its payloads.
std::string Archive::PutAway(KeepOrder& order) {
  std::string said;
  FieldWriter entry(said);
  WriteSizes(entry, order.payloads);
  if (!keeps_texts()) return said;
  if (order.payloads.keeping == PayloadCopy::Keeping::kNoRoom) {
    entry.Word(R"(,"payloads_lost":)", "no room");
    const std::scoped_lock lock(mutex_);
    ++counts_.no_room;
    return said;
  }
  if (settings_.keep == Keep::kRedacted) {
    order.payloads.request.text = Redacted(order.payloads.request.text);
    order.payloads.response.text = Redacted(order.payloads.response.text);
  }
  const std::array<vault::Vault::Payload, 2> payloads = {{{.field = "prompt", .bytes = order.payloads.request.text},
                                                          {.field = "answer", .bytes = order.payloads.response.text}}};
  const auto kept =
      parts_.vault->Put(order.subject, vault::NewRecordId(parts_.clock.Wall()), settings_.retention_class, payloads);
  if (kept.ok()) {
    WriteKept(entry, kept.value());
    const bool is_cut = order.payloads.request.extent == PayloadCopy::Bytes::Extent::kCut ||
                        order.payloads.response.extent == PayloadCopy::Bytes::Extent::kCut;
    if (is_cut) entry.Raw(R"(,"payloads_cut":true)");
    return said;
  }
  entry.Word(R"(,"payloads_lost":)", "the vault could not be written");
  const std::scoped_lock lock(mutex_);
  ++counts_.unwritten;
  return said;
}

std::string Archive::Redacted(std::string_view text) {
  std::vector<inspect::Finding> findings;
  parts_.inspector->Inspect(text, 0, inspect::Channel::kUser, *scratch_, findings);
  std::string redacted;
  std::size_t at = 0;
  for (const inspect::Finding& finding : findings) {
    const bool hides = finding.category == inspect::Category::kPii || finding.category == inspect::Category::kSecret;
    if (!hides || finding.span.begin < at) continue;
    redacted.append(text.substr(at, finding.span.begin - at)).append("[").append(finding.entity).append("]");
    at = finding.span.end;
  }
  return redacted.append(text.substr(at));
}

base::Result<std::uint64_t> Archive::EraseNow(const vault::KeyId& key, std::string_view actor, std::string_view basis) {
  GH_TRY(const vault::Vault::Erasure erasure, parts_.vault->Erase(key, holds_->in_force()));
  GH_CHECK_OK(parts_.record.WriteAndWait("erasure", [&](FieldWriter& entry) {
    entry.Word(R"(,"key":)", erasure.key.Hex());
    entry.Signed(R"(,"destroyed_ms":)", erasure.destroyed_ms);
    entry.Number(R"(,"blobs":)", erasure.removal.blobs);
    entry.Number(R"(,"bytes":)", erasure.removal.bytes);
    if (!actor.empty()) entry.Text(R"(,"actor":)", actor);
    if (!basis.empty()) entry.Text(R"(,"basis":)", basis);
    entry.Raw(R"(,"coverage":["vault"])");
  }));
  GH_CHECK_OK(parts_.vault->Acknowledge(key));
  return erasure.removal.blobs;
}

// Nothing is shown that the record does not say was read, and by whom.
base::Result<std::vector<Archive::ReadPayload>> Archive::ReadNow(const ReadOrder& order) {
  if (parts_.vault == nullptr || parts_.files == nullptr) return Missing("No payloads are kept here.");
  GH_TRY(auto log, record::log::LogReader::Open(*parts_.files, parts_.log_folder));
  if (order.index >= log.head().size) return Missing("The record has no such entry, or not yet under a signature.");
  GH_TRY(const std::string entry, log.Entry(order.index));
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(entry));
  std::vector<PayloadReference> references;
  for (const auto element : document.root()["payloads"]) {
    if (auto reference = ParsePayloadReference(element.value)) references.push_back(std::move(*reference));
  }
  if (references.empty()) return Missing("Nothing of what this entry is about was kept.");
  GH_CHECK_OK(parts_.record.WriteAndWait("access.read", [&](FieldWriter& said) {
    said.Number(R"(,"entry":)", order.index);
    said.Text(R"(,"id":)", document.root()["id"].string());
    said.Text(R"(,"actor":)", order.actor);
    said.Text(R"(,"reason":)", order.reason);
  }));
  std::vector<ReadPayload> payloads;
  for (const PayloadReference& one : references) {
    GH_TRY(std::string text, parts_.vault->Get(one.address, one.commitments));
    payloads.push_back({.field = one.address.field, .text = std::move(text)});
  }
  return payloads;
}

// Begun before the process ended, and not on record.
void Archive::FinishErasures() {
  if (parts_.vault == nullptr) return;
  for (const auto& destroyed : parts_.vault->unacknowledged()) {
    static_cast<void>(EraseNow(destroyed.id, {}, "continued"));  // what fails is tried at the next start
  }
}

void Archive::ExpireNow() {
  if (parts_.vault == nullptr) return;
  const auto today = static_cast<vault::Day>(
      std::chrono::duration_cast<std::chrono::hours>(parts_.clock.Wall().time_since_epoch()).count() / 24);
  const vault::Day before = today - settings_.days;
  const std::string& name = settings_.retention_class;
  const auto holds = holds_->in_force();
  const auto due = parts_.vault->Expire(name, before, holds, vault::BlobStore::Mode::kDryRun);
  if (!due.ok() || due.value().blobs == 0) return;
  const Status said = parts_.record.WriteAndWait("retention.expire", [&](FieldWriter& entry) {
    entry.Word(R"(,"class":)", name);
    entry.Word(R"(,"before":)", vault::DayName(before));
    entry.Number(R"(,"blobs":)", due.value().blobs);
  });
  if (said.ok()) static_cast<void>(parts_.vault->Expire(name, before, holds, vault::BlobStore::Mode::kRemove));
}

}  // namespace gatehouse::features::audit
