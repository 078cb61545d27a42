#include "record/log/log_writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "base/check.h"
#include "record/errors.h"
#include "record/log/journal.h"
#include "record/log/log_folder.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::log {
namespace {

using base::Result;
using Told = LogWriter::Told;

// One write of the journal: large enough that the sync is most of its cost.
constexpr std::size_t kMaxCommitBytes = 4U << 20U;
constexpr std::chrono::milliseconds kFirstRetry(50);
constexpr std::chrono::milliseconds kLastRetry(1000);
constexpr std::chrono::milliseconds kIdle(1000);

// Who can still refuse what it would write leaves so much of the room to who cannot.
std::size_t RoomFor(Durability durability, std::size_t max_queued_bytes) {
  return durability == Durability::kAsync ? max_queued_bytes : max_queued_bytes / 4 * 3;
}

LogState::Health HealthOf(const base::Error& error) {
  if (error.param == "ENOSPC" || error.param == "EDQUOT") return LogState::Health::kNoRoom;
  if (error.param == "EROFS") return LogState::Health::kReadOnly;
  return LogState::Health::kFailing;
}

// Entries on their way, as bundles have them.
struct Entries {
  std::string bytes;
  std::uint32_t count = 0;

  void Append(std::string_view entry) {
    tlog::AppendEntry(bytes, entry);
    ++count;
  }
  // Takes them over, and leaves `more` empty, with memory that was in use before.
  void TakeAll(Entries& more) {
    if (bytes.empty()) {
      std::swap(bytes, more.bytes);
    } else {
      bytes.append(more.bytes);
      more.bytes.clear();
    }
    count += std::exchange(more.count, 0);
  }
};

struct Part {
  std::string_view bytes;
  std::uint32_t count = 0;
};

// As many whole entries from the front as fit.
Part FrontOf(std::string_view entries, std::uint32_t count, std::size_t most_bytes) {
  if (entries.size() <= most_bytes) return {.bytes = entries, .count = count};
  Part part;
  std::string_view rest = entries;
  for (;; ++part.count) {
    const std::string_view before = rest;
    GH_CHECK(tlog::TakeEntry(rest).ok());
    if (entries.size() - rest.size() > most_bytes) {
      part.bytes = entries.substr(0, entries.size() - before.size());
      return part;
    }
  }
}

// An entry goes to memory that was in no cache for a while, and the lock cannot be given back until it is there.
// Harmless where the memory is in other hands by now.
void PrefetchForWriting(std::span<const char> memory) {
  constexpr std::size_t kLineBytes = 64;
  constexpr std::size_t kMost = 1024;
  for (std::size_t i = 0; i < std::min(memory.size(), kMost); i += kLineBytes) __builtin_prefetch(&memory[i], 1);
}

void TellAll(std::vector<Told>& waiting, const Result<std::uint64_t>& what) {
  for (const Told& told : std::exchange(waiting, {})) told(what);
}

}  // namespace

class LogWriter::Body {
 public:
  Body(LogOptions options, Files& files, const base::Clock& clock, std::unique_ptr<LogFolder> folder)
      : options_(std::move(options)), files_(files), clock_(clock), folder_(std::move(folder)) {
    state_.next_index = state_.durable_size = folder_->size();
    state_.checkpoint_size = folder_->published_size();
    verifiers_ = folder_->keys().verifiers();
    LogEvents();
    settler_ = std::thread([this] { Settle(); });
    writer_ = std::thread([this] { Run(); });
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  ~Body() {
    {
      const std::scoped_lock lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    writer_.join();
    settler_.join();
  }

  Result<std::uint64_t> Append(std::string_view entry, Durability durability, Told told);
  void Ask(std::vector<Told>& list, Told told);
  void Publish(Told told) { Ask(publish_asked_, std::move(told)); }
  void RotateKey(Told told) { Ask(rotate_asked_, std::move(told)); }
  void AddCosignature(std::uint64_t size, std::string line);
  LogState state() const;
  std::vector<tlog::VerifierKey> keys() const;

 private:
  struct Waiter {
    std::uint64_t index = 0;
    Told told;
  };
  struct Cosignature {
    std::uint64_t size = 0;  // of the checkpoint
    std::string line;
  };
  enum class Settling : std::uint8_t { kIdle, kAsked, kDone };

  // The writer's thread.
  void Run();
  bool WaitForWork();
  base::Duration Patience(base::TimePoint now) const;
  void Take();
  base::Status Work();
  base::Status Reopen();
  base::Status CommitPending();
  base::Status MakeRoom(std::size_t bytes);
  base::Status FinishSettling();
  void AskToSettle();
  base::Status PublishIfDue();
  base::Status PublishNow();
  base::Status RotateIfAsked();
  base::Status AddCosignatures();
  base::Status Close();
  bool PublishIsDue(base::TimePoint now) const;
  void NoteDurable();
  void Fail(const base::Error& error);
  void NoteRecovery();
  void LogEvents();
  std::uint64_t LogEntry(LogEvent event);

  // The settler's thread.
  void Settle();

  const LogOptions options_;
  Files& files_;
  const base::Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;    // of the writer
  std::condition_variable settle_;  // of the settler
  Entries queued_;                  // guarded by mutex_, as is what follows
  std::size_t taken_bytes_ = 0;     // of pending_
  std::vector<Waiter> waiting_;     // by index
  std::vector<Told> publish_asked_;
  std::vector<Told> rotate_asked_;
  std::vector<Cosignature> cosigned_;  // not yet published
  base::TimePoint taken_at_{};         // when entries were taken from the queue last
  bool idle_ = false;                  // the writer waits for entries, and not for the time to write those that come
  bool urgent_ = false;
  bool closing_ = false;
  bool closed_ = false;
  LogState state_;
  std::vector<tlog::VerifierKey> verifiers_;
  Settling settling_ = Settling::kIdle;
  base::Status settle_result_ = base::Ok();

  // Of the writer's thread alone.
  std::unique_ptr<LogFolder> folder_;  // null where it could not be opened again
  Entries pending_;                    // taken from the queue, not yet durable
  std::vector<Told> publishing_;
  std::vector<Told> rotating_;
  std::uint64_t settling_size_ = 0;
  std::optional<base::TimePoint> unpublished_since_;
  base::Duration retry_after_ = kFirstRetry;
  base::WallTime failing_since_wall_{};

  std::thread settler_;
  std::thread writer_;
};

Result<std::uint64_t> LogWriter::Body::Append(std::string_view entry, Durability durability, Told told) {
  if (entry.empty() || entry.size() > tlog::kMaxEntryBytes) {
    return base::InvalidRequest("an entry of the record has 1 to 65,535 bytes");
  }
  bool wake = false;
  std::uint64_t index = 0;
  std::span<const char> next;  // where the next entry will be, unless the writer takes these before
  {
    const std::scoped_lock lock(mutex_);
    if (closing_) return Unavailable("the log is being closed");
    if (state_.health != LogState::Health::kWriting && durability != Durability::kAsync)
      return Unavailable(state_.detail);
    if (queued_.bytes.size() + taken_bytes_ + entry.size() > RoomFor(durability, options_.max_queued_bytes)) {
      return Unavailable("too much waits to be written to the log");
    }
    wake = idle_ || (durability == Durability::kStrict && !urgent_);
    idle_ = false;
    if (durability == Durability::kStrict) urgent_ = true;
    queued_.Append(entry);
    index = state_.next_index++;
    next = std::span(queued_.bytes.data() + queued_.bytes.size(), queued_.bytes.capacity() - queued_.bytes.size());
    if (told) waiting_.push_back({.index = index, .told = std::move(told)});
  }
  PrefetchForWriting(next.first(std::min(next.size(), entry.size())));
  if (wake) wake_.notify_one();
  return index;
}

void LogWriter::Body::Ask(std::vector<Told>& list, Told told) {
  {
    const std::scoped_lock lock(mutex_);
    list.push_back(std::move(told));
  }
  wake_.notify_one();
}

void LogWriter::Body::AddCosignature(std::uint64_t size, std::string line) {
  {
    const std::scoped_lock lock(mutex_);
    if (cosigned_.size() == tlog::Note::kMaxSignatures) return;
    cosigned_.push_back({.size = size, .line = std::move(line)});
  }
  wake_.notify_one();
}

LogState LogWriter::Body::state() const {
  const std::scoped_lock lock(mutex_);
  LogState state = state_;
  state.queued_bytes = queued_.bytes.size() + taken_bytes_;
  return state;
}

std::vector<tlog::VerifierKey> LogWriter::Body::keys() const {
  const std::scoped_lock lock(mutex_);
  return verifiers_;
}

void LogWriter::Body::Run() {
  while (WaitForWork()) {
    if (auto worked = Work(); !worked.ok()) {
      Fail(worked.error());
    } else {
      NoteRecovery();
    }
  }
  if (auto closed = Close(); !closed.ok()) Fail(closed.error());
  folder_.reset();
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  settle_.notify_all();
}

// Until something is to be written, published or tried again; false when the writer is to end.
bool LogWriter::Body::WaitForWork() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const base::TimePoint now = clock_.Now();
    const base::Duration patience = Patience(now);
    if (closing_) return false;
    if (patience <= base::Duration::zero()) {
      Take();
      return true;
    }
    idle_ = queued_.count == 0 && now >= taken_at_ + base::Duration(options_.group_interval);
    wake_.wait_for(lock, patience);
    idle_ = false;
  }
}

// How long there is nothing to do. Commits are begun the interval apart: a lone entry is written at once, and those of
// a busy time together, without a call for each commit. REQUIRES: mutex_ is held.
base::Duration LogWriter::Body::Patience(base::TimePoint now) const {
  if (state_.health != LogState::Health::kWriting) return state_.failing_since + retry_after_ - now;
  const bool asked = urgent_ || !publish_asked_.empty() || !rotate_asked_.empty() || !cosigned_.empty() ||
                     settling_ == Settling::kDone;
  if (asked || queued_.bytes.size() >= kMaxCommitBytes) return base::Duration::zero();
  base::Duration patience = kIdle;
  const base::Duration interval = taken_at_ + base::Duration(options_.group_interval) - now;
  if (queued_.count > 0 || interval > base::Duration::zero()) patience = std::min(patience, interval);
  if (unpublished_since_) {
    patience = std::min(patience, *unpublished_since_ + base::Duration(options_.checkpoint_interval) - now);
  }
  return patience;
}

// REQUIRES: mutex_ is held.
void LogWriter::Body::Take() {
  taken_at_ = clock_.Now();
  pending_.TakeAll(queued_);
  taken_bytes_ = pending_.bytes.size();
  urgent_ = false;
  std::ranges::move(std::exchange(publish_asked_, {}), std::back_inserter(publishing_));
  std::ranges::move(std::exchange(rotate_asked_, {}), std::back_inserter(rotating_));
}

base::Status LogWriter::Body::Work() {
  if (folder_ == nullptr || folder_->broken()) GH_CHECK_OK(Reopen());
  GH_CHECK_OK(FinishSettling());
  GH_CHECK_OK(CommitPending());
  GH_CHECK_OK(RotateIfAsked());
  GH_CHECK_OK(AddCosignatures());
  GH_CHECK_OK(PublishIfDue());
  AskToSettle();
  return base::Ok();
}

// What was written when a sync failed is on the disk or not; the journal tells.
base::Status LogWriter::Body::Reopen() {
  {
    // What is being settled is not what will be there afterwards.
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return settling_ != Settling::kAsked; });
    settling_ = Settling::kIdle;
  }
  folder_.reset();
  GH_TRY(folder_, LogFolder::Open({.folder = options_.folder,
                                   .origin = options_.origin,
                                   .journal_bytes = options_.journal_bytes,
                                   .journal_files = options_.journal_files,
                                   .further_signer = options_.further_signer},
                                  files_));
  std::uint64_t durable = 0;
  {
    const std::scoped_lock lock(mutex_);
    durable = state_.durable_size;
  }
  if (folder_->size() < durable || folder_->size() - durable > pending_.count) {
    folder_.reset();
    return Contradiction("entries that were durable are gone from the log");
  }
  std::string_view rest = pending_.bytes;
  for (std::uint64_t i = durable; i < folder_->size(); ++i, --pending_.count) GH_CHECK(tlog::TakeEntry(rest).ok());
  pending_.bytes = std::string(rest);
  NoteDurable();
  LogEvents();
  return base::Ok();
}

base::Status LogWriter::Body::CommitPending() {
  std::string_view rest = pending_.bytes;
  const std::size_t most = std::min(kMaxCommitBytes, folder_->max_commit_bytes());
  base::Status committed = base::Ok();
  while (pending_.count > 0 && committed.ok()) {
    const Part part = FrontOf(rest, pending_.count, most);
    committed = MakeRoom(part.bytes.size());
    if (committed.ok()) committed = folder_->Commit(part.bytes, part.count);
    if (!committed.ok()) break;
    rest.remove_prefix(part.bytes.size());
    pending_.count -= part.count;
    if (!unpublished_since_) unpublished_since_ = clock_.Now();
    NoteDurable();
  }
  const bool outsized = rest.empty() && pending_.bytes.capacity() > 2 * kMaxCommitBytes;
  if (outsized) pending_.bytes = std::string();
  pending_.bytes.erase(0, pending_.bytes.size() - rest.size());
  const std::scoped_lock lock(mutex_);
  taken_bytes_ = pending_.bytes.size();
  return committed;
}

base::Status LogWriter::Body::MakeRoom(std::size_t bytes) {
  if (folder_->HasRoomFor(bytes)) return base::Ok();
  while (!folder_->CanRoll()) {
    AskToSettle();
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return settling_ == Settling::kDone; });
    }
    GH_CHECK_OK(FinishSettling());
  }
  GH_CHECK_OK(folder_->Roll());
  AskToSettle();
  return base::Ok();
}

void LogWriter::Body::AskToSettle() {
  const auto size = folder_->ToSettle();
  const std::scoped_lock lock(mutex_);
  if (!size || settling_ != Settling::kIdle) return;
  settling_ = Settling::kAsked;
  settling_size_ = *size;
  settle_.notify_one();
}

base::Status LogWriter::Body::FinishSettling() {
  {
    const std::scoped_lock lock(mutex_);
    if (settling_ != Settling::kDone) return base::Ok();
    settling_ = Settling::kIdle;
    if (!settle_result_.ok()) {
      folder_->SetBroken();
      return settle_result_;
    }
  }
  return folder_->Settled(settling_size_);
}

// Waits for the disk, so that the writer need not.
void LogWriter::Body::Settle() {
  std::unique_lock lock(mutex_);
  for (;;) {
    settle_.wait(lock, [this] { return closed_ || settling_ == Settling::kAsked; });
    if (settling_ != Settling::kAsked) return;
    lock.unlock();
    auto synced = files_.SyncAll(options_.folder);
    lock.lock();
    settle_result_ = std::move(synced);
    settling_ = Settling::kDone;
    wake_.notify_one();
  }
}

bool LogWriter::Body::PublishIsDue(base::TimePoint now) const {
  if (!publishing_.empty()) return true;
  if (!unpublished_since_) return false;
  return now - *unpublished_since_ >= options_.checkpoint_interval ||
         folder_->size() - folder_->published_size() >= options_.checkpoint_entries;
}

base::Status LogWriter::Body::PublishIfDue() { return PublishIsDue(clock_.Now()) ? PublishNow() : base::Ok(); }

base::Status LogWriter::Body::PublishNow() {
  GH_CHECK_OK(folder_->ExpireKeys(clock_.Wall()));
  GH_CHECK_OK(folder_->Publish());
  unpublished_since_.reset();
  NoteDurable();
  TellAll(publishing_, folder_->published_size());
  return base::Ok();
}

// The entry is on the disk before the key is used, so that no key signs that the log does not name.
base::Status LogWriter::Body::RotateIfAsked() {
  if (rotating_.empty()) return base::Ok();
  tlog::SignerKey next = tlog::SignerKey::Generate(options_.origin, tlog::SignatureType::kEd25519);
  const std::uint64_t index = LogEntry({.kind = LogEvent::Kind::kKeyRotated,
                                        .size = folder_->size(),
                                        .old_key = folder_->keys().current().ToText(),
                                        .new_key = next.verifier().ToText()});
  {
    const std::scoped_lock lock(mutex_);
    Take();
  }
  GH_CHECK_OK(CommitPending());
  GH_CHECK_OK(folder_->RotateKey(std::move(next), clock_.Wall() + options_.key_overlap));
  {
    const std::scoped_lock lock(mutex_);
    verifiers_ = folder_->keys().verifiers();
  }
  TellAll(rotating_, index);
  return base::Ok();
}

// Those of a checkpoint that is no longer the published one are of no use: its witnesses are asked about the next one.
base::Status LogWriter::Body::AddCosignatures() {
  std::vector<Cosignature> cosigned;
  {
    const std::scoped_lock lock(mutex_);
    cosigned = std::exchange(cosigned_, {});
  }
  for (const Cosignature& one : cosigned) {
    if (one.size != folder_->published_size()) continue;
    auto added = folder_->AddSignatures(one.size, one.line);
    const bool disk_fails = !added.ok() && added.error().code == base::ErrorCode::kUnavailable;
    if (disk_fails) return added;  // a line that is none is left out
  }
  return base::Ok();
}

// All that was taken on, signed, and nothing left to be read again at the next start.
base::Status LogWriter::Body::Close() {
  {
    std::unique_lock lock(mutex_);
    Take();
    wake_.wait(lock, [this] { return settling_ != Settling::kAsked; });
  }
  GH_CHECK_OK(Work());
  GH_CHECK_OK(PublishNow());
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return settling_ != Settling::kAsked; });
  }
  GH_CHECK_OK(FinishSettling());
  if (folder_->CanRoll()) GH_CHECK_OK(folder_->Roll());
  GH_CHECK_OK(files_.SyncAll(options_.folder));
  const auto settled = folder_->ToSettle();
  return settled ? folder_->Settled(*settled) : base::Ok();
}

// Tells those whose entries are on the disk.
void LogWriter::Body::NoteDurable() {
  std::vector<Waiter> durable;
  {
    const std::scoped_lock lock(mutex_);
    if (state_.durable_size != folder_->size()) ++state_.commits;
    state_.durable_size = folder_->size();
    state_.checkpoint_size = folder_->published_size();
    const auto later =
        std::ranges::find_if(waiting_, [&](const Waiter& waiter) { return waiter.index >= state_.durable_size; });
    std::move(waiting_.begin(), later, std::back_inserter(durable));
    waiting_.erase(waiting_.begin(), later);
  }
  for (const Waiter& waiter : durable) waiter.told(waiter.index);
}

void LogWriter::Body::Fail(const base::Error& error) {
  const std::string detail = error.detail.empty() ? error.public_message : error.detail;
  std::vector<Waiter> waiting;
  {
    const std::scoped_lock lock(mutex_);
    const bool first = state_.health == LogState::Health::kWriting;
    if (first) failing_since_wall_ = clock_.Wall();
    retry_after_ = first ? base::Duration(kFirstRetry) : std::min<base::Duration>(2 * retry_after_, kLastRetry);
    state_.health = HealthOf(error);
    state_.detail = detail;
    state_.failing_since = clock_.Now();
    waiting = std::exchange(waiting_, {});
    std::ranges::move(std::exchange(publish_asked_, {}), std::back_inserter(publishing_));
    std::ranges::move(std::exchange(rotate_asked_, {}), std::back_inserter(rotating_));
  }
  const base::Error doubt = Unavailable(detail);
  for (const Waiter& waiter : waiting) waiter.told(doubt);
  TellAll(publishing_, doubt);
  TellAll(rotating_, doubt);
}

void LogWriter::Body::NoteRecovery() {
  LogEvent event{.kind = LogEvent::Kind::kRecovered, .failed_from = failing_since_wall_};
  {
    const std::scoped_lock lock(mutex_);
    if (state_.health == LogState::Health::kWriting) return;
    event.size = state_.durable_size;
    event.detail = state_.detail;
    state_.health = LogState::Health::kWriting;
    state_.detail.clear();
  }
  LogEntry(std::move(event));
}

void LogWriter::Body::LogEvents() {
  for (LogEvent& event : folder_->TakeEvents()) LogEntry(std::move(event));
}

// An entry of the writer's own; there is always room for it.
std::uint64_t LogWriter::Body::LogEntry(LogEvent event) {
  event.at = clock_.Wall();
  event.origin = options_.origin;
  const std::string entry = options_.event_text(event);
  const std::scoped_lock lock(mutex_);
  queued_.Append(entry);
  return state_.next_index++;
}

Result<std::unique_ptr<LogWriter>> LogWriter::Open(LogOptions options, Files& files, const base::Clock& clock) {
  if (!options.event_text) options.event_text = DefaultEventText;
  GH_CHECK(options.journal_files >= 2);
  GH_TRY(auto folder, LogFolder::Open({.folder = options.folder,
                                       .origin = options.origin,
                                       .journal_bytes = options.journal_bytes,
                                       .journal_files = options.journal_files,
                                       .further_signer = options.further_signer},
                                      files));
  auto body = std::make_unique<Body>(std::move(options), files, clock, std::move(folder));
  return std::unique_ptr<LogWriter>(new LogWriter(std::move(body)));
}

LogWriter::LogWriter(std::unique_ptr<Body> body) : body_(std::move(body)) {}
LogWriter::~LogWriter() = default;

Result<std::uint64_t> LogWriter::Append(std::string_view entry, Durability durability, Told told) {
  return body_->Append(entry, durability, std::move(told));
}
void LogWriter::Publish(Told told) { body_->Publish(std::move(told)); }
void LogWriter::RotateKey(Told told) { body_->RotateKey(std::move(told)); }
void LogWriter::AddCosignature(std::uint64_t size, std::string line) { body_->AddCosignature(size, std::move(line)); }
LogState LogWriter::state() const { return body_->state(); }
std::vector<tlog::VerifierKey> LogWriter::keys() const { return body_->keys(); }

}  // namespace gatehouse::record::log
