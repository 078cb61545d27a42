#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace gatehouse::features::ratelimit {

// What becomes of requests while the store that gateways share does not answer: each gateway lets through its part of a
// limit, or nothing but what it has drawn already, or everything.
enum class WithoutStore : std::uint8_t { kShare, kRefuse, kAdmit };

struct SharingSettings {
  base::Duration wait = std::chrono::milliseconds(50);  // for an answer
  WithoutStore without_store = WithoutStore::kShare;
  std::size_t max_waiting = 4096;  // requests that wait; what comes on top is decided without the store
  bool operator==(const SharingSettings&) const = default;
};

// How this gateway stands with those that it shares limits with. One for the process; thread-safe.
class Sharing {
 public:
  // Whether the store answers.
  enum class Contact : std::uint8_t { kNone, kKept };

  explicit Sharing(SharingSettings settings) : settings_(settings) {}
  Sharing(const Sharing&) = delete;
  Sharing& operator=(const Sharing&) = delete;

  const SharingSettings& settings() const { return settings_; }
  Contact contact() const { return contact_.load(std::memory_order_relaxed); }
  void Note(Contact contact) { contact_.store(contact, std::memory_order_relaxed); }
  // That share the limits, as far as is known, this one included.
  std::uint32_t gateways() const { return gateways_.load(std::memory_order_relaxed); }
  void NoteGateways(std::uint32_t gateways) {
    gateways_.store(gateways == 0 ? 1 : gateways, std::memory_order_relaxed);
  }

  // Since the start.
  struct Counts {
    std::atomic<std::uint64_t> answered{0};  // questions to the store
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> waited{0};  // requests, for an answer
    // Decisions that were made without the store, by what became of them.
    std::atomic<std::uint64_t> shared{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> admitted{0};
  };
  Counts& counts() { return counts_; }
  const Counts& counts() const { return counts_; }

 private:
  const SharingSettings settings_;
  std::atomic<Contact> contact_ = Contact::kNone;
  std::atomic<std::uint32_t> gateways_ = 1;
  Counts counts_;
};

}  // namespace gatehouse::features::ratelimit
