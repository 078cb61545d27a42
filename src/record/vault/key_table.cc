#include "record/vault/key_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/check.h"
#include "codec/crypto/crc32c.h"
#include "codec/crypto/hash.h"
#include "codec/crypto/hkdf.h"
#include "codec/crypto/key_wrap.h"
#include "codec/crypto/random.h"
#include "record/vault/key_slot.h"

namespace gatehouse::record::vault {
namespace {

using codec::crypto::KeyWrap;

constexpr std::string_view kMagic = "GHKEYS01";
constexpr std::string_view kFingerprintLabel = "gatehouse/vault/master";
constexpr std::size_t kFingerprintBytes = 8;
constexpr std::size_t kFingerprintAt = 8;
constexpr std::size_t kTagKeyAt = 24;
constexpr std::size_t kHeadSumAt = kKeyHeadBytes - 4;
constexpr std::size_t kChunkSlots = 1024;  // read or overwritten at a time
constexpr std::size_t kCopiedSlots = 256;  // at a time, while others wait: 5 us each

off_t OffsetOf(std::uint32_t slot) { return static_cast<off_t>(kKeyHeadBytes + std::size_t{slot} * kKeySlotBytes); }

base::Error NoSuchKey() {
  return {.code = base::ErrorCode::kNotFound,
          .source = base::ErrorSource::kStore,
          .public_message = "There is no such key in the vault: it was never made, or destroyed by an erasure."};
}

base::Error WrongMaster(const std::filesystem::path& path, std::string_view used, std::string_view given) {
  return {.code = base::ErrorCode::kConflict,
          .source = base::ErrorSource::kStore,
          .public_message = "The keys in " + path.string() + " are wrapped with the master key " + std::string(used) +
                            ", and the one that was given is " + std::string(given) +
                            ". Give that one, or restore the file that belongs to this one."};
}

base::Error UnderWay() {
  return {.code = base::ErrorCode::kConflict,
          .source = base::ErrorSource::kStore,
          .public_message = "The master key of the vault is being changed already."};
}

base::Error NoTable(const std::filesystem::path& path) {
  return base::InvalidRequest(path.string() +
                              " is no table of keys, or its head is damaged. Restore it from a backup; " +
                              "without it nothing in the vault can be opened.");
}

std::string SumOf(std::string_view bytes) {
  const std::uint32_t sum = codec::crypto::Crc32c(bytes);
  std::string text;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) text.push_back(static_cast<char>(sum >> shift & 0xFFU));
  return text;
}

bool IsHead(std::string_view head) {
  return head.starts_with(kMagic) && head.substr(kHeadSumAt) == SumOf(head.substr(0, kHeadSumAt));
}

std::filesystem::path FolderOf(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

// What a rotation writes before it takes the place of the table.
std::filesystem::path BesideOf(const std::filesystem::path& path) { return path.string() + ".new"; }

}  // namespace

MasterKey::MasterKey(base::Secret secret) : secret_(std::move(secret)) {
  GH_CHECK(secret_.Reveal().size() == codec::crypto::kAesKeyBytes);
  fingerprint_ =
      codec::crypto::HexEncode(codec::crypto::HkdfSha256(secret_, "", kFingerprintLabel, kFingerprintBytes).Reveal());
}

base::Result<std::unique_ptr<KeyTable>> KeyTable::Open(const std::filesystem::path& path, const MasterKey& master,
                                                       Options options) {
  GH_CHECK(options.clock != nullptr);
  GH_TRY(File file, File::Open(path, O_RDWR | O_CREAT));
  GH_CHECK_OK(file.Lock());
  std::unique_ptr<KeyTable> table(new KeyTable(path, master, std::move(options)));
  table->file_ = std::move(file);
  GH_CHECK_OK(table->RemoveUnfinished());
  GH_CHECK_OK(table->Load());
  return table;
}

base::Result<std::optional<std::string>> KeyTable::MasterFingerprintIn(const std::filesystem::path& path) {
  const auto file = File::Open(path, O_RDONLY);
  if (!file.ok() && file.error().code == base::ErrorCode::kNotFound) return std::optional<std::string>();
  if (!file.ok()) return file.error();
  GH_TRY(const std::size_t size, file.value().Size());
  if (size < kKeyHeadBytes) return std::optional<std::string>();
  GH_TRY(const std::string head, file.value().ReadAt(0, kKeyHeadBytes));
  if (!IsHead(head)) return NoTable(path);
  return std::optional(head.substr(kFingerprintAt, 2 * kFingerprintBytes));
}

std::string KeyTable::HeadFor(const MasterKey& master) const {
  std::string head(kKeyHeadBytes, '\0');
  head.replace(0, kMagic.size(), kMagic);
  head.replace(kFingerprintAt, master.fingerprint().size(), master.fingerprint());
  head.replace(kTagKeyAt, kWrappedKeyBytes, codec::crypto::WrapKey(KeyWrap::kExact, master.Reveal(), tag_key_));
  return head.replace(kHeadSumAt, 4, SumOf(std::string_view(head).substr(0, kHeadSumAt)));
}

base::Status KeyTable::LoadHead(std::string_view head) {
  if (!IsHead(head)) return NoTable(path_);
  const std::string_view used = head.substr(kFingerprintAt, 2 * kFingerprintBytes);
  if (used != master_.fingerprint()) return WrongMaster(path_, used, master_.fingerprint());
  auto tag_key = codec::crypto::UnwrapKey(KeyWrap::kExact, master_.Reveal(), head.substr(kTagKeyAt, kWrappedKeyBytes));
  if (!tag_key) return NoTable(path_);
  tag_key_ = std::move(*tag_key);
  return base::Ok();
}

base::Status KeyTable::Load() {
  GH_TRY(const std::size_t size, file_->Size());
  // A file whose head was never written holds nothing: the making of it was interrupted.
  if (size < kKeyHeadBytes) {
    tag_key_ = base::Secret(codec::crypto::RandomBytes(codec::crypto::kAesKeyBytes));
    GH_CHECK_OK(file_->WriteAt(HeadFor(master_), 0));
    GH_CHECK_OK(file_->Sync());
    return SyncFolder(FolderOf(path_));
  }
  GH_TRY(const std::string head, file_->ReadAt(0, kKeyHeadBytes));
  GH_CHECK_OK(LoadHead(head));
  // What the end of a machine left of a slot that nobody has used yet is written over.
  slots_ = static_cast<std::uint32_t>((size - kKeyHeadBytes) / kKeySlotBytes);
  for (std::uint32_t first = 0; first < slots_; first += kChunkSlots) {
    const std::size_t count = std::min<std::size_t>(kChunkSlots, slots_ - first);
    GH_TRY(const std::string chunk, file_->ReadAt(OffsetOf(first), count * kKeySlotBytes));
    for (std::uint32_t i = 0; i < count; ++i) {
      GH_CHECK_OK(LoadSlot(first + i, std::string_view(chunk).substr(i * kKeySlotBytes, kKeySlotBytes)));
    }
  }
  return base::Ok();
}

base::Status KeyTable::LoadSlot(std::uint32_t number, std::string_view bytes) {
  const Slot slot = Slot::Decode(bytes);
  switch (slot.state) {
    case State::kFree: free_.push_back(number); return base::Ok();
    case State::kLive:
      by_subject_.emplace(slot.tag, number);
      live_.emplace(slot.id, number);
      return base::Ok();
    case State::kDestroyed: destroyed_[slot.id] = {.slot = number, .at_ms = slot.destroyed_ms}; return base::Ok();
    case State::kDamaged: break;
  }
  // The key is gone, and the end of the process kept the rest from being said.
  if (slot.HasZeroKey()) return FinishDestroying(number, slot.id, slot.made_ms);
  ++damaged_;
  return base::Ok();
}

KeyTable::Tag KeyTable::TagOf(std::string_view subject) const {
  const auto digest = codec::crypto::HmacSha256(tag_key_.Reveal(), subject);
  return *Tag::Of(codec::crypto::AsText(digest).substr(0, Tag::kBytes));
}

base::Status KeyTable::WriteSlot(std::uint32_t number, const Slot& slot) {
  const std::string bytes = slot.Encode();
  GH_CHECK_OK(file_->WriteAt(bytes, OffsetOf(number)));
  CopySlot(number, bytes);
  After(Step::kSlotWritten);
  GH_CHECK_OK(file_->Sync());
  After(Step::kSlotSynced);
  return base::Ok();
}

base::Result<SubjectKey> KeyTable::Unwrap(std::uint32_t number, const KeyId& id) const {
  GH_TRY(const std::string bytes, file_->ReadAt(OffsetOf(number), kKeySlotBytes));
  const Slot slot = Slot::Decode(bytes);
  std::optional<base::Secret> key;
  if (slot.state == State::kLive && slot.id == id) {
    key = codec::crypto::UnwrapKey(KeyWrap::kExact, master_.Reveal(), slot.wrapped);
  }
  if (!key) return base::Internal("slot " + std::to_string(number) + " of " + path_.string() + " is damaged");
  return SubjectKey{.id = id, .secret = std::move(*key)};
}

base::Result<SubjectKey> KeyTable::Make(const Tag& tag) {
  GH_CHECK_OK(SyncName());
  if (live_.size() >= options_.max_subjects) {
    return base::Error{.code = base::ErrorCode::kTooLarge,
                       .source = base::ErrorSource::kStore,
                       .public_message = "The vault has keys of as many subjects as it may have.",
                       .detail = path_.string() + ": " + std::to_string(live_.size()) + " keys"};
  }
  SubjectKey key = {.id = *KeyId::Of(codec::crypto::RandomBytes(KeyId::kBytes)),
                    .secret = base::Secret(codec::crypto::RandomBytes(codec::crypto::kAesKeyBytes))};
  const std::uint32_t number = free_.empty() ? slots_ : free_.back();
  Slot slot;
  slot.state = State::kLive;
  slot.id = key.id;
  slot.tag = tag;
  slot.wrapped = codec::crypto::WrapKey(KeyWrap::kExact, master_.Reveal(), key.secret);
  const auto now = options_.clock->Wall().time_since_epoch();
  slot.made_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  GH_CHECK_OK(WriteSlot(number, slot));
  if (free_.empty()) {
    ++slots_;
  } else {
    free_.pop_back();
  }
  by_subject_.emplace(tag, number);
  live_.emplace(key.id, number);
  return key;
}

base::Result<SubjectKey> KeyTable::KeyFor(std::string_view subject) {
  const std::lock_guard lock(mutex_);
  const Tag tag = TagOf(subject);
  const auto found = by_subject_.find(tag);
  if (found == by_subject_.end()) return Make(tag);
  GH_TRY(const std::string bytes, file_->ReadAt(OffsetOf(found->second), kKeySlotBytes));
  return Unwrap(found->second, Slot::Decode(bytes).id);
}

std::optional<KeyId> KeyTable::IdOf(std::string_view subject) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_subject_.find(TagOf(subject));
  if (found == by_subject_.end()) return {};
  const auto bytes = file_->ReadAt(OffsetOf(found->second), kKeySlotBytes);
  if (!bytes.ok()) return {};
  return Slot::Decode(bytes.value()).id;
}

base::Result<SubjectKey> KeyTable::Find(const KeyId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(id);
  if (found == live_.end()) return NoSuchKey();
  return Unwrap(found->second, id);
}

base::Status KeyTable::FinishDestroying(std::uint32_t number, const KeyId& id, std::int64_t at_ms) {
  Slot tombstone;
  tombstone.state = State::kDestroyed;
  tombstone.id = id;
  tombstone.destroyed_ms = at_ms;
  GH_CHECK_OK(WriteSlot(number, tombstone));
  destroyed_[id] = {.slot = number, .at_ms = at_ms};
  return base::Ok();
}

// `tag`: what its slot said of the subject. Where that is damaged, all are looked through.
void KeyTable::Forget(const Tag& tag, std::uint32_t number) {
  const auto found = by_subject_.find(tag);
  if (found != by_subject_.end() && found->second == number) {
    by_subject_.erase(found);
  } else {
    std::erase_if(by_subject_, [&](const auto& entry) { return entry.second == number; });
  }
}

base::Status KeyTable::ZeroKey(std::uint32_t number) {
  const std::string zeros(kWrappedKeyBytes, '\0');
  const off_t at = OffsetOf(number) + static_cast<off_t>(kWrappedKeyAt);
  // A copy that cannot be written has a key that is to be gone, and never becomes the table.
  if (copy_ && number < copy_->copied) {
    if (base::Status written = copy_->file->WriteAt(zeros, at); !written.ok()) copy_->written = std::move(written);
  }
  GH_CHECK_OK(file_->WriteAt(zeros, at));
  GH_CHECK_OK(file_->Sync());
  After(Step::kKeyZeroed);
  return base::Ok();
}

// The key goes first and alone: whatever happens then, it is gone.
base::Result<KeyTable::Destroyed> KeyTable::Destroy(const KeyId& id) {
  const std::lock_guard lock(mutex_);
  if (const auto gone = destroyed_.find(id); gone != destroyed_.end()) {
    return Destroyed{.id = id, .at_ms = gone->second.at_ms};
  }
  const auto found = live_.find(id);
  if (found == live_.end()) return NoSuchKey();
  GH_CHECK_OK(SyncName());
  const std::uint32_t number = found->second;
  const auto before = file_->ReadAt(OffsetOf(number), kKeySlotBytes);
  GH_CHECK_OK(ZeroKey(number));
  live_.erase(found);
  Forget(before.ok() ? Slot::Decode(before.value()).tag : Tag(), number);
  const auto now = options_.clock->Wall().time_since_epoch();
  const std::int64_t at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  GH_CHECK_OK(FinishDestroying(number, id, at_ms));
  return Destroyed{.id = id, .at_ms = at_ms};
}

std::vector<KeyTable::Destroyed> KeyTable::destroyed() const {
  const std::lock_guard lock(mutex_);
  std::vector<Destroyed> all;
  all.reserve(destroyed_.size());
  for (const auto& [id, tombstone] : destroyed_) all.push_back({.id = id, .at_ms = tombstone.at_ms});
  std::ranges::sort(all, {}, &Destroyed::id);
  return all;
}

base::Status KeyTable::Acknowledge(const KeyId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = destroyed_.find(id);
  if (found == destroyed_.end()) return NoSuchKey();
  GH_CHECK_OK(WriteSlot(found->second.slot, Slot()));
  free_.push_back(found->second.slot);
  destroyed_.erase(found);
  return base::Ok();
}

base::Result<std::string> KeyTable::Rewrapped(std::string_view bytes, const MasterKey& master) const {
  Slot slot = Slot::Decode(bytes);
  if (slot.state != State::kLive) return std::string(bytes);
  const auto key = codec::crypto::UnwrapKey(KeyWrap::kExact, master_.Reveal(), slot.wrapped);
  if (!key) return base::Internal("a slot of " + path_.string() + " does not open with its master key");
  slot.wrapped = codec::crypto::WrapKey(KeyWrap::kExact, master.Reveal(), *key);
  return slot.Encode();
}

base::Status KeyTable::BeginCopy() {
  std::unique_lock lock(mutex_);
  GH_TRY(copy_->file, File::Open(BesideOf(path_), O_RDWR | O_CREAT | O_TRUNC));
  GH_CHECK_OK(copy_->file->Lock());
  GH_CHECK_OK(copy_->file->WriteAt(HeadFor(copy_->master), 0));
  lock.unlock();
  After(Step::kCopyBegun);
  return base::Ok();
}

// REQUIRES: mutex_ is held, and there are slots that the copy does not have.
base::Status KeyTable::CopySome() {
  const std::uint32_t first = copy_->copied;
  const std::size_t count = std::min<std::size_t>(kCopiedSlots, slots_ - first);
  GH_TRY(const std::string chunk, file_->ReadAt(OffsetOf(first), count * kKeySlotBytes));
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    GH_TRY(const std::string slot,
           Rewrapped(std::string_view(chunk).substr(i * kKeySlotBytes, kKeySlotBytes), copy_->master));
    out.append(slot);
  }
  GH_CHECK_OK(copy_->file->WriteAt(out, OffsetOf(first)));
  copy_->copied += static_cast<std::uint32_t>(count);
  return base::Ok();
}

// Nobody waits for longer than a part of it takes; and all but what is written meanwhile is on the disk at its end.
base::Status KeyTable::CopyMost() {
  for (std::unique_lock lock(mutex_); copy_->copied < slots_; lock.lock()) {
    GH_CHECK_OK(CopySome());
    lock.unlock();
    After(Step::kCopyBegun);
  }
  return copy_->file->Sync();
}

// A slot as it stands in the table now. Where the copy cannot have it, there will be no rotation.
void KeyTable::CopySlot(std::uint32_t number, std::string_view slot) {
  if (!copy_ || number >= copy_->copied) return;
  auto rewrapped = Rewrapped(slot, copy_->master);
  base::Status written = rewrapped.ok() ? copy_->file->WriteAt(rewrapped.value(), OffsetOf(number))
                                        : base::Status(std::move(rewrapped).TakeError());
  if (!written.ok()) copy_->written = std::move(written);
}

// The file that was the table. REQUIRES: mutex_ is held.
base::Result<File> KeyTable::TakePlace() {
  GH_CHECK_OK(copy_->written);
  while (copy_->copied < slots_) GH_CHECK_OK(CopySome());
  GH_CHECK_OK(copy_->file->Sync());
  After(Step::kCopyWritten);
  const std::filesystem::path beside = BesideOf(path_);
  if (::rename(beside.c_str(), path_.c_str()) != 0) return FileError("cannot replace", path_);
  File old = std::exchange(*file_, *std::move(copy_->file));
  master_ = copy_->master;
  name_ = Name::kInDoubt;
  return old;
}

base::Status KeyTable::Overwrite(const File& old) const {
  const std::string zeros(kChunkSlots * kKeySlotBytes, '\0');
  GH_TRY(const std::size_t size, old.Size());
  for (std::size_t at = 0; at < size; at += zeros.size()) {
    GH_CHECK_OK(old.WriteAt(std::string_view(zeros).substr(0, size - at), static_cast<off_t>(at)));
    After(Step::kOldOverwritten);
  }
  return old.Sync();
}

// What a rotation left that did not come to its end. It holds wrapped keys, and would outlive their destruction.
base::Status KeyTable::RemoveUnfinished() const {
  const std::filesystem::path beside = BesideOf(path_);
  const auto left = File::Open(beside, O_RDWR);
  if (!left.ok() && left.error().code == base::ErrorCode::kNotFound) return base::Ok();
  if (!left.ok()) return left.error();
  GH_CHECK_OK(Overwrite(left.value()));
  if (::unlink(beside.c_str()) != 0) return FileError("cannot remove", beside);
  return SyncFolder(FolderOf(path_));
}

base::Status KeyTable::SyncName() {
  if (name_ == Name::kDurable) return base::Ok();
  GH_CHECK_OK(SyncFolder(FolderOf(path_)));
  name_ = Name::kDurable;
  return base::Ok();
}

// What is left of a copy that will not take the table's place goes, without anybody waiting for it.
void KeyTable::DropCopy(std::unique_lock<std::mutex> lock) {
  copy_->copied = 0;  // nothing is written into it any more
  lock.unlock();
  static_cast<void>(RemoveUnfinished());  // else it is at the next start
  lock.lock();
  copy_.reset();
}

base::Status KeyTable::Rotate(const MasterKey& next) {
  {
    const std::lock_guard lock(mutex_);
    if (copy_) return UnderWay();
    copy_.emplace(Copy{.master = next});
  }
  base::Status copied = BeginCopy();
  if (copied.ok()) copied = CopyMost();
  std::unique_lock lock(mutex_);
  base::Result<File> old = copied.ok() ? TakePlace() : base::Result<File>(std::move(copied).TakeFailure());
  if (!old.ok()) {
    DropCopy(std::move(lock));
    return std::move(old).TakeError();
  }
  copy_.reset();
  After(Step::kCopyNamed);
  GH_CHECK_OK(SyncName());
  After(Step::kNameSynced);
  lock.unlock();
  return Overwrite(old.value());
}

std::size_t KeyTable::subjects() const {
  const std::lock_guard lock(mutex_);
  return live_.size();
}

std::size_t KeyTable::damaged() const {
  const std::lock_guard lock(mutex_);
  return damaged_;
}

std::string KeyTable::master_fingerprint() const {
  const std::lock_guard lock(mutex_);
  return master_.fingerprint();
}

}  // namespace gatehouse::record::vault
