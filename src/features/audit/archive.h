#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "features/audit/record.h"
#include "inspect/inspector.h"
#include "pipeline/payload_copy.h"
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
  std::size_t max_queued_bytes = std::size_t{64} << 20U;
  bool operator==(const ArchiveSettings&) const = default;
};

// Keeps payloads of exchanges in the vault, and says in their entries which those are; expires and erases them, and
// says that too. Owns a thread, on which all of it happens. Dropping it does what was taken on.
//
// An entry whose payloads could not be kept is written all the same, and says so.
class Archive {
 public:
  struct Parts {
    Record& record;
    record::vault::Vault* vault = nullptr;                // null: only sizes are kept
    std::shared_ptr<const inspect::Inspector> inspector;  // null where nothing is redacted
    const base::Clock& clock;
  };
  // The record, the vault and the clock outlive it.
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

  // Looks for what is to expire; the thread does it by itself once an hour.
  void Expire();

  // Payloads that could not be kept since the start.
  std::uint64_t lost() const;

 private:
  struct Job {
    KeepOrder order;
    std::function<void()> work;  // instead of that
  };

  void Run();
  void Do(Job& job);
  std::string PutAway(KeepOrder& order);
  std::string Redacted(std::string_view text);
  void FinishErasures();
  base::Result<std::uint64_t> EraseNow(const record::vault::KeyId& key, std::string_view actor, std::string_view basis);
  void ExpireNow();
  // Writes an entry and waits until it is on the disk.
  base::Status WriteDurably(std::string_view type, const std::function<void(codec::json::FieldWriter&)>& members);

  const Parts parts_;
  const ArchiveSettings settings_;
  std::unique_ptr<inspect::Inspector::Scratch> scratch_;  // of the thread

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job> jobs_;                                                           // guarded by mutex_
  std::size_t queued_bytes_ = 0;                                                   // guarded by mutex_
  std::uint64_t lost_ = 0;                                                         // guarded by mutex_
  enum class State : std::uint8_t { kWorking, kEnding } state_ = State::kWorking;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace gatehouse::features::audit
