#include "store/journal/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>
#include <utility>

#include "codec/crypto/crc32c.h"
#include "store/errors.h"

namespace gatehouse::store {
namespace {

constexpr std::size_t kHeadBytes = 4096;
constexpr std::array<char, 8> kMagic = {'G', 'H', 'J', 'R', 'N', 'L', '0', '2'};

// The beginning of the file, in the machine's own order of bytes: a journal never leaves its machine.
struct Head {
  std::array<char, 8> magic;
  std::int64_t id;
  std::uint32_t slots;
  std::uint32_t intent_bytes;
  std::uint32_t outcome_bytes;
  std::uint32_t unused;
};

// Of memory that is asked for ahead of its use: what most texts take.
constexpr std::size_t kLine = 64;
constexpr std::size_t kUsualBytes = 320;

// What a slot is, but for its texts.
constexpr std::size_t kSlotBytes = 32;

std::size_t BytesOf(const Head& head) {
  return kHeadBytes + std::size_t{head.slots} * (kSlotBytes + head.intent_bytes + head.outcome_bytes);
}

bool IsSane(const Head& head) {
  constexpr std::uint32_t kMostBytes = 1U << 20U;
  const auto fits = [](std::uint32_t bytes) { return bytes >= 8 && bytes % 8 == 0 && bytes <= kMostBytes; };
  return head.slots > 0 && fits(head.intent_bytes) && fits(head.outcome_bytes);
}

std::string Reason(std::string_view what, const std::string& path) {
  return std::string(what) + " " + path + ": " + std::generic_category().message(errno);
}

base::Error Refused(std::string message) {
  return {
      .code = base::ErrorCode::kConflict, .source = base::ErrorSource::kStore, .public_message = std::move(message)};
}

// Closes itself unless it is released.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  int Release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

// A new file gets its head last, so that one that was not finished is seen to be none.
base::Status Create(int file, const std::string& path, const Journal::Options& options) {
  Head head{.magic = kMagic,
            .id = 0,
            .slots = options.slots,
            .intent_bytes = options.intent_bytes,
            .outcome_bytes = options.outcome_bytes,
            .unused = 0};
  const auto bytes = static_cast<off_t>(BytesOf(head));
  if (::ftruncate(file, 0) != 0) return Unavailable(Reason("cannot empty", path));
  if (const int failed = ::posix_fallocate(file, 0, bytes); failed != 0) {
    errno = failed;
    return Unavailable(Reason("no room for", path));
  }
  if (::getrandom(&head.id, sizeof(head.id), 0) != static_cast<ssize_t>(sizeof(head.id))) {
    return Unavailable(Reason("no random name for", path));
  }
  head.id &= 0x7FFF'FFFF'FFFF'FFFF;
  if (::pwrite(file, &head, sizeof(head), 0) != static_cast<ssize_t>(sizeof(head)) || ::fsync(file) != 0) {
    return Unavailable(Reason("cannot write", path));
  }
  return base::Ok();
}

base::Result<Head> ReadHead(int file, const std::string& path) {
  Head head{};
  constexpr std::size_t kName = 6;  // of the magic: the form's number follows
  const bool read = ::pread(file, &head, sizeof(head), 0) == static_cast<ssize_t>(sizeof(head));
  if (!read || !std::ranges::equal(std::span(head.magic).first<kName>(), std::span(kMagic).first<kName>())) {
    return Refused(path + " is no journal of this program; move it away if nothing in it is needed");
  }
  struct stat status = {};
  if (head.magic != kMagic || !IsSane(head) || ::fstat(file, &status) != 0 ||
      static_cast<std::size_t>(status.st_size) != BytesOf(head)) {
    return Refused(path + " is cut short or of another form; move it away if nothing in it is needed");
  }
  return head;
}

bool IsUnfinished(int file) {
  struct stat status = {};
  std::array<char, 8> magic{};
  return ::fstat(file, &status) == 0 &&
         (status.st_size == 0 || (::pread(file, magic.data(), magic.size(), 0) == static_cast<ssize_t>(magic.size()) &&
                                  magic == std::array<char, 8>{}));
}

}  // namespace

// How a slot begins; its intent follows.
struct Journal::Slot {
  std::atomic<std::uint32_t> state;  // a State
  std::uint32_t unused;
  std::int64_t number;
  std::array<std::uint32_t, 2> sums;     // CRC-32C of each text, begun with the number
  std::array<std::uint32_t, 2> lengths;  // of each text
};
static_assert(sizeof(std::atomic<std::uint32_t>) == 4);

base::Result<std::unique_ptr<Journal>> Journal::Open(const std::string& path, const Options& options) {
  constexpr mode_t kOwnerOnly = 0600;
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly));
  if (file.get() < 0) return Unavailable(Reason("cannot open", path));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return Refused(path + " is in use by another process; two gateways cannot share a journal");
  }
  if (IsUnfinished(file.get())) GH_CHECK_OK(Create(file.get(), path, options));
  GH_TRY(const Head head, ReadHead(file.get(), path));
  const std::size_t bytes = BytesOf(head);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return Unavailable(Reason("cannot map", path));
  return std::unique_ptr<Journal>(new Journal(path, file.Release(), static_cast<std::byte*>(memory), bytes));
}

Journal::Journal(std::string path, int descriptor, std::byte* memory, std::size_t bytes)
    : path_(std::move(path)), descriptor_(descriptor), memory_(memory), bytes_(bytes) {
  Head head{};
  std::memcpy(&head, memory_, sizeof(head));
  slots_ = head.slots;
  intent_bytes_ = head.intent_bytes;
  outcome_bytes_ = head.outcome_bytes;
  for (std::uint32_t i = 0; i < slots_; ++i) next_number_ = std::max(next_number_, At(i).number + 1);
}

Journal::~Journal() {
  ::munmap(memory_, bytes_);
  ::close(descriptor_);
}

std::int64_t Journal::id() const {
  Head head{};
  std::memcpy(&head, memory_, sizeof(head));
  return head.id;
}

Journal::Slot& Journal::At(std::uint32_t slot) const {
  static_assert(sizeof(Slot) == kSlotBytes);
  return *reinterpret_cast<Slot*>(memory_ + kHeadBytes + std::size_t{slot} * (kSlotBytes + intent_bytes_));
}

std::span<char> Journal::RoomOf(std::uint32_t slot, Text text) const {
  if (text == kIntent) return {reinterpret_cast<char*>(&At(slot)) + kSlotBytes, intent_bytes_};
  return {reinterpret_cast<char*>(&At(slots_)) + std::size_t{slot} * outcome_bytes_, outcome_bytes_};
}

// The text if it is whole, else one without data().
std::string_view Journal::TextOf(std::uint32_t slot, Text text) const {
  const Slot& at = At(slot);
  const std::span<const char> room = RoomOf(slot, text);
  const std::uint32_t length = at.lengths.at(text);
  if (length > room.size()) return {};
  const std::string_view found(room.data(), length);
  const auto seed = static_cast<std::uint32_t>(at.number);
  return codec::crypto::Crc32c(found, seed) == at.sums.at(text) ? found : std::string_view();
}

// Reads nothing of the slot: its memory may be far away.
void Journal::Write(const Share::Ticket& ticket, Text which, std::string_view text, State then) {
  Slot& at = At(ticket.slot);
  const std::span<char> room = RoomOf(ticket.slot, which);
  text = text.substr(0, room.size());
  std::memcpy(room.data(), text.data(), text.size());
  at.lengths.at(which) = static_cast<std::uint32_t>(text.size());
  at.sums.at(which) = codec::crypto::Crc32c(text, static_cast<std::uint32_t>(ticket.number));
  at.state.store(static_cast<std::uint32_t>(then), std::memory_order_release);
}

Journal::Found Journal::Recover() {
  Found found;
  for (std::uint32_t i = 0; i < slots_; ++i) {
    const Slot& slot = At(i);
    const auto state = static_cast<State>(slot.state.load(std::memory_order_acquire));
    if (state == State::kFree) continue;
    Entry entry{.slot = i, .number = slot.number, .state = state, .intent = TextOf(i, kIntent), .outcome = {}};
    if (state == State::kDone) entry.outcome = TextOf(i, kOutcome);
    if (entry.outcome.data() == nullptr) entry.state = State::kIntended;
    if (entry.outcome.data() == nullptr && entry.intent.data() == nullptr) {
      ++found.damaged;
      Free(i);
    } else {
      found.entries.push_back(entry);
    }
  }
  std::ranges::sort(found.entries, {}, &Entry::number);
  return found;
}

void Journal::Free(std::uint32_t slot) {
  At(slot).state.store(static_cast<std::uint32_t>(State::kFree), std::memory_order_release);
}

base::Status Journal::Sync() {
  if (::msync(memory_, bytes_, MS_SYNC) != 0) return Unavailable(Reason("cannot make safe", path_));
  return base::Ok();
}

Journal::Share Journal::ShareOf(std::uint32_t index, std::uint32_t count) { return {*this, index, count}; }

Journal::Share::Share(Journal& journal, std::uint32_t index, std::uint32_t count)
    : journal_(journal), next_number_(journal.next_number_ + index), step_(count) {
  const std::uint32_t each = journal.slots_ / count;
  for (std::uint32_t i = (index + 1) * each; i-- > index * each;) {
    if (journal.At(i).state.load(std::memory_order_acquire) == static_cast<std::uint32_t>(State::kFree)) {
      free_.push_back(i);
    }
  }
}

std::optional<Journal::Share::Ticket> Journal::Share::Take() {
  if (free_.empty()) return {};
  const Ticket ticket{.slot = free_.back(), .number = next_number_};
  free_.pop_back();
  next_number_ += step_;
  Slot& slot = journal_.At(ticket.slot);
  slot.number = ticket.number;
  slot.lengths = {};
  slot.sums = {};
  if (!free_.empty()) WarmUp(&journal_.At(free_.back()));
  return ticket;
}

void Journal::Approach(std::uint32_t slot, Text text) const {
  __builtin_prefetch(&At(slot));
  const char* const room = RoomOf(slot, text).data();
  for (std::size_t at = 0; at < kUsualBytes; at += kLine) __builtin_prefetch(room + at);
}

// A slot was touched last before the others that were freed with it: its memory is asked for ahead of its use.
void Journal::Share::WarmUp(const void* begin) {
  const auto* const bytes = static_cast<const char*>(begin);
  for (std::size_t at = 0; at < kUsualBytes; at += kLine) __builtin_prefetch(bytes + at, 1);
}

void Journal::Share::AboutToFinish(const Ticket& ticket) const {
  __builtin_prefetch(&journal_.At(ticket.slot), 1);
  WarmUp(journal_.RoomOf(ticket.slot, kOutcome).data());
}

void Journal::Share::Intend(const Ticket& ticket, std::string_view text) {
  journal_.Write(ticket, kIntent, text, State::kIntended);
}

void Journal::Share::Finish(const Ticket& ticket, std::string_view text) {
  journal_.Write(ticket, kOutcome, text, State::kDone);
}

void Journal::Share::Free(std::uint32_t slot) {
  journal_.Free(slot);
  free_.push_back(slot);
}

}  // namespace gatehouse::store
