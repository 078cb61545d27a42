#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatehouse::store {

// A file of slots in memory (docs/formats/journal.md): what is written there costs a copy, and survives the end of the
// process, by whatever signal, at once. The end of the machine it survives from the next Sync() on.
//
// A slot is taken for one thing under way: first what is intended is written into it, then what came of it; it is freed
// when that is safe elsewhere. A process that opens the file finds what an earlier one did not free. The outcomes lie
// apart from the intents, so that what is under way touches no memory but its intent's.
//
// Shares divide the slots among threads. Everything else is for one thread; outlives its shares.
class Journal {
 public:
  struct Options {
    std::uint32_t slots = 65'536;
    // The longest texts that a slot takes; multiples of 8, at least 8.
    std::uint32_t intent_bytes = 512;
    std::uint32_t outcome_bytes = 512;
  };
  // Creates the file, whole, or opens it; `slots` of an existing file stay as they are. kConflict while another process
  // has it, and for a file that is not one or has another form; kUnavailable when the disk has no room.
  static base::Result<std::unique_ptr<Journal>> Open(const std::string& path, const Options& options);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  // Named at random when the file was made: with the number of an entry, a name for it in all the world.
  std::int64_t id() const;
  std::uint32_t slots() const { return slots_; }
  std::size_t intent_bytes() const { return intent_bytes_; }
  std::size_t outcome_bytes() const { return outcome_bytes_; }

  enum class State : std::uint8_t { kFree, kIntended, kDone };
  struct Entry {
    std::uint32_t slot = 0;
    std::int64_t number = 0;
    State state = State::kFree;
    std::string_view intent;   // into the file
    std::string_view outcome;  // of kDone
  };
  // What is not free, by number. What was torn in its middle by the end of a machine is told as `damaged` and freed.
  struct Found {
    std::vector<Entry> entries;
    std::size_t damaged = 0;
  };
  Found Recover();
  void Free(std::uint32_t slot);
  // What a slot holds now, its views into the file; without data() for a text that is not whole. Any thread, while
  // nobody writes into the slot.
  std::string_view IntentOf(std::uint32_t slot) const { return TextOf(slot, kIntent); }
  std::string_view OutcomeOf(std::uint32_t slot) const { return TextOf(slot, kOutcome); }

  enum Text : std::uint8_t { kIntent, kOutcome };
  // Asks for the memory of what will be read soon, which may be far away. Any thread.
  void Approach(std::uint32_t slot, Text text) const;

  // A part of the slots for one thread.
  class Share {
   public:
    struct Ticket {
      std::uint32_t slot = 0;
      std::int64_t number = 0;  // rising within a share; of no other entry of this journal, ever
    };
    // nullopt: all are in use.
    std::optional<Ticket> Take();
    // Texts that are too long are cut. REQUIRES: the slot was taken here.
    void Intend(const Ticket& ticket, std::string_view text);
    // Fetches the memory that Finish() writes into, which nobody has touched for long: it takes a while, and nobody
    // waits.
    void AboutToFinish(const Ticket& ticket) const;
    void Finish(const Ticket& ticket, std::string_view text);
    void Free(std::uint32_t slot);
    std::size_t available() const { return free_.size(); }

   private:
    friend class Journal;
    Share(Journal& journal, std::uint32_t index, std::uint32_t count);
    static void WarmUp(const void* begin);

    Journal& journal_;
    std::int64_t next_number_;
    const std::int64_t step_;
    std::vector<std::uint32_t> free_;
  };
  // Share `index` of `count`, of the slots that are free now. Call after Recover(), once for each index.
  Share ShareOf(std::uint32_t index, std::uint32_t count);

  // Everything written before is on the disk when it returns. Any thread; blocks.
  base::Status Sync();

 private:
  struct Slot;
  Journal(std::string path, int descriptor, std::byte* memory, std::size_t bytes);

  Slot& At(std::uint32_t slot) const;
  std::span<char> RoomOf(std::uint32_t slot, Text text) const;
  std::string_view TextOf(std::uint32_t slot, Text text) const;
  void Write(const Share::Ticket& ticket, Text which, std::string_view text, State then);

  const std::string path_;
  const int descriptor_;
  std::byte* const memory_;
  const std::size_t bytes_;
  std::uint32_t slots_ = 0;
  std::uint32_t intent_bytes_ = 0;
  std::uint32_t outcome_bytes_ = 0;
  std::int64_t next_number_ = 1;
};

}  // namespace gatehouse::store
