#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "features/audit/legal_holds.h"
#include "features/audit/master_key.h"
#include "features/audit/record.h"
#include "inspect/inspector.h"
#include "pipeline/payload_copy.h"
#include "record/log/files.h"
#include "record/vault/vault.h"

namespace gatehouse::features::audit {

// What of payloads is kept, and how long.
struct ArchiveSettings {
  enum class Keep : std::uint8_t {
    kSizes,     // nothing of what they say: their sizes, rounded up to powers of two, are in the entries
    kRedacted,  // what inspection finds in them is masked first: personal data and secrets
    kFull,
  } keep = Keep::kSizes;
  std::string retention_class = "payload-default";
  std::int32_t days = 30;
  std::size_t max_open_bytes = std::size_t{256} << 20U;  // of exchanges under way, together
  std::size_t max_queued_bytes = std::size_t{64} << 20U;
  std::vector<record::vault::LegalHold> holds;  // what may not go
  bool operator==(const ArchiveSettings&) const = default;
};

// Keeps payloads of exchanges in the vault, and says in their entries which those are; expires and erases them, and
// says that too. Owns a thread, on which all of it happens but for changes of the vault's master key, which have one of
// their own. Dropping it does what was taken on.
//
// An entry whose payloads could not be kept is written all the same, and says so.
class Archive {
 public:
  struct Parts {
    Record& record;
    record::vault::Vault* vault = nullptr;                // null: only sizes are kept
    std::shared_ptr<const inspect::Inspector> inspector;  // null where nothing is redacted
    const base::Clock& clock;
    record::log::Files* files = nullptr;  // with the log that the entries are in; null: no payload is read
    std::string log_folder;
    std::optional<record::vault::MasterKeySource> master = {};  // where the vault's key comes from
  };
  // The record, the vault, the clock and the files outlive it.
  Archive(Parts parts, ArchiveSettings settings);
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  ~Archive();

  struct KeepOrder {
    std::string entry;  // whole but for its closing brace
    Durability durability = Durability::kAsync;
    std::string subject;  // whose payloads they are
    pipeline::PayloadCopy payloads;
    std::size_t size() const { return entry.size() + payloads.request.text.size() + payloads.response.text.size(); }
  };
  // Where copies of what is under way take their room; null where sizes are enough.
  pipeline::PayloadRoom* room() { return keeps_texts() ? &room_ : nullptr; }

  // Any thread. Where too much waits, the entry is written at once, without them.
  void Keep(KeepOrder order);

  // Whose payloads are to be erased, and what the entry says of it. `told` is called on the thread of the archive, when
  // the record durably says that it was done: how many payloads were removed. kNotFound: nothing of his is there.
  struct ErasureOrder {
    std::string subject;
    std::string actor;
    std::string basis;  // "gdpr-17-1-a"
    std::function<void(base::Result<std::uint64_t>)> told;
  };
  void Erase(ErasureOrder order);

  // A payload as somebody reads it.
  struct ReadPayload {
    std::string field;
    std::string text;
  };
  // The payloads of which entry, who reads them, and what for. `told` is called on the thread of the archive, when the
  // record durably says that they are read. kNotFound: the entry has none, or they are gone.
  struct ReadOrder {
    std::uint64_t index = 0;
    std::string actor;
    std::string reason;  // "incident-42"
    std::function<void(base::Result<std::vector<ReadPayload>>)> told;
  };
  void Read(ReadOrder order);

  // What is asked about the master key of the vault; `told` is called on a thread of the archive. kNotFound: nothing is
  // kept; kConflict: it is being rotated already.
  struct MasterKeyOrder {
    enum class What : std::uint8_t { kTell, kRotate } what = What::kTell;
    std::string actor;  // who has it rotated
    std::function<void(base::Result<MasterKeyState>)> told;
  };
  void AskMasterKey(MasterKeyOrder order);

  // Of legal holds, beside those of the settings. `told` is called on the thread of the archive. kNotFound: nothing is
  // kept. What stands in the settings cannot be lifted.
  void PlaceHold(HoldOrder order, const std::function<void(base::Result<HoldStanding>)>& told);
  struct LiftOrder {
    std::string name;
    std::string actor;
    std::string reason;
  };
  void LiftHold(LiftOrder order, const std::function<void(base::Result<HoldStanding>)>& told);
  void ListHolds(LegalHolds::Which which, const std::function<void(base::Result<std::vector<HoldStanding>>)>& told);

  // As many orders may wait at once; `told` of one more is called at once, with kUnavailable.
  static constexpr std::size_t kMostOrders = 256;

  // Looks for what is to expire; the thread does it by itself once an hour.
  void Expire();

  struct Standing {
    std::size_t open_bytes = 0;    // of exchanges under way
    std::size_t queued_bytes = 0;  // that wait for the vault
    // Exchanges since the start whose payloads should be in the vault and are not: too much was under way at once, too
    // much waited, or the vault could not be written.
    std::uint64_t no_room = 0;
    std::uint64_t too_much_waited = 0;
    std::uint64_t unwritten = 0;
  };
  Standing standing() const;

 private:
  struct Job {
    KeepOrder order;
    std::function<void()> work;  // instead of that
  };

  bool keeps_texts() const { return parts_.vault != nullptr && settings_.keep != ArchiveSettings::Keep::kSizes; }
  void Run();
  // Whether the work was taken on.
  enum class Order : std::uint8_t { kTaken, kTooMany };
  Order Take(std::function<void()> work);
  // Tells what the work comes to, where holds can be.
  template <class Answer>
  void AskHolds(std::function<base::Result<Answer>(const LegalHolds&)> work,
                const std::function<void(base::Result<Answer>)>& told);
  void Do(Job& job);
  void RotateBeside(const MasterKeyOrder& order);
  std::string PutAway(KeepOrder& order);
  std::string Redacted(std::string_view text);
  void FinishErasures();
  base::Result<std::uint64_t> EraseNow(const record::vault::KeyId& key, std::string_view actor, std::string_view basis);
  base::Result<std::vector<ReadPayload>> ReadNow(const ReadOrder& order);
  void ExpireNow();

  const Parts parts_;
  const ArchiveSettings settings_;
  std::optional<MasterKeyCustody> master_;
  std::optional<LegalHolds> holds_;  // where there is a vault
  pipeline::PayloadRoom room_;
  std::unique_ptr<inspect::Inspector::Scratch> scratch_;  // of the thread

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job> jobs_;                                                           // guarded by mutex_
  std::size_t orders_ = 0;                                                         // guarded by mutex_
  std::size_t queued_bytes_ = 0;                                                   // guarded by mutex_
  Standing counts_;                                                                // guarded by mutex_; but bytes
  enum class State : std::uint8_t { kWorking, kEnding } state_ = State::kWorking;  // guarded by mutex_
  std::atomic<bool> is_rotating_ = false;
  std::thread rotation_;  // the last one; of the thread, and once that has ended of whoever drops the archive
  std::thread thread_;
};

}  // namespace gatehouse::features::audit
