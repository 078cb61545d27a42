#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "record/vault/blob.h"
#include "record/vault/ids.h"
#include "record/vault/posix_file.h"

namespace gatehouse::record::vault {

// The key that all keys of subjects are wrapped with. 32 bytes. To be copied.
class MasterKey {
 public:
  // REQUIRES: 32 bytes.
  explicit MasterKey(base::Secret secret);

  // Derived from the key, one way: the same for the same key, and tells nothing of it.
  const std::string& fingerprint() const { return fingerprint_; }  // 16 digits
  std::string_view Reveal() const { return secret_.Reveal(); }

 private:
  base::Secret secret_;
  std::string fingerprint_;
};

// The keys of subjects, in one file of slots that are overwritten in place (docs/formats/vault-blob.md). A subject is
// known by a keyed hash, never by name; when its key is destroyed, the wrapped key and the hash are overwritten, and
// only the id of the key stays, until it is acknowledged that the record says so.
//
// What the table cannot undo: copies that a file system or a device keeps of what was overwritten, and backups. They
// hold wrapped keys, so they end with the master key: see Rotate().
//
// Any thread; everything blocks, for as long as the disk takes. About 100 bytes of memory for each subject. One process
// owns a file.
class KeyTable {
 public:
  // After each of these a test may end the process.
  enum class Step : std::uint8_t {
    kSlotWritten,
    kSlotSynced,
    kKeyZeroed,
    kCopyBegun,  // after its head, and after each of its chunks
    kCopyWritten,
    kCopyNamed,
    kNameSynced,
    kOldOverwritten,  // after each of its chunks
  };
  struct Options {
    const base::Clock* clock = nullptr;  // outlives the table
    std::size_t max_subjects = 1'000'000;
    std::function<void(Step)> after_step;
  };
  // Makes the file where there is none. kConflict: another process has it, or its keys are wrapped with another master
  // key, which is named by its fingerprint. kInvalidRequest: it is no such file.
  static base::Result<std::unique_ptr<KeyTable>> Open(const std::filesystem::path& path, const MasterKey& master,
                                                      Options options);

  // The fingerprint of the master key that the keys in this file are wrapped with, for which no key is needed; nullopt
  // where there is no such file, or its making was interrupted.
  static base::Result<std::optional<std::string>> MasterFingerprintIn(const std::filesystem::path& path);

  // The key of a subject, made when it is asked for first. kTooLarge: there are as many as there may be.
  base::Result<SubjectKey> KeyFor(std::string_view subject);
  // nullopt: it has none.
  std::optional<KeyId> IdOf(std::string_view subject) const;
  // kNotFound: there is none, or it was destroyed; kInternal: its slot is damaged.
  base::Result<SubjectKey> Find(const KeyId& id) const;

  // Overwrites the key for good. It stays among destroyed() until Acknowledge(). kNotFound: there is none of this id;
  // of one that is destroyed already it is kept since when.
  struct Destroyed {
    KeyId id;
    std::int64_t at_ms = 0;  // since 1970
  };
  base::Result<Destroyed> Destroy(const KeyId& id);
  std::vector<Destroyed> destroyed() const;
  // The record says durably that the key is destroyed: the slot is free.
  base::Status Acknowledge(const KeyId& id);

  // Wraps all keys with another master key, in a new file that takes the place of the old one, which is overwritten.
  // Once the old master key is destroyed, so is every older copy of the table. After an error, master_fingerprint()
  // says which of the two the keys are wrapped with: it is the next one where only the old file could not be
  // overwritten. Whenever the process ends, one of the two opens the table.
  //
  // Some seconds for a million keys, during which other threads use the table; none waits for more than a few
  // milliseconds of it. kConflict: it is being done already.
  base::Status Rotate(const MasterKey& next);

  std::size_t subjects() const;
  // Slots that hold neither a key nor a trace of one; what was sealed under them cannot be opened. Never reused.
  std::size_t damaged() const;
  std::string master_fingerprint() const;

 private:
  struct Slot;
  using Tag = Id<struct TagKind>;  // a keyed hash of a subject
  enum class State : std::uint8_t { kFree, kLive, kDestroyed, kDamaged };

  KeyTable(std::filesystem::path path, MasterKey master, Options options)
      : path_(std::move(path)), master_(std::move(master)), options_(std::move(options)) {}

  void After(Step step) const {
    if (options_.after_step) options_.after_step(step);
  }
  base::Status Load();
  base::Status LoadHead(std::string_view head);
  base::Status LoadSlot(std::uint32_t number, std::string_view bytes);
  Tag TagOf(std::string_view subject) const;
  base::Result<SubjectKey> Unwrap(std::uint32_t number, const KeyId& id) const;
  base::Result<SubjectKey> Make(const Tag& tag);
  base::Status WriteSlot(std::uint32_t number, const Slot& slot);
  void Forget(const Tag& tag, std::uint32_t number);
  base::Status ZeroKey(std::uint32_t number);
  base::Status FinishDestroying(std::uint32_t number, const KeyId& id, std::int64_t at_ms);
  std::string HeadFor(const MasterKey& master) const;
  base::Result<std::string> Rewrapped(std::string_view slot, const MasterKey& master) const;
  // The steps of a rotation.
  base::Status BeginCopy();
  base::Status CopySome();
  base::Status CopyMost();
  base::Result<File> TakePlace();
  void DropCopy(std::unique_lock<std::mutex> lock);
  void CopySlot(std::uint32_t number, std::string_view slot);
  base::Status Overwrite(const File& old) const;
  base::Status RemoveUnfinished() const;
  base::Status SyncName();

  const std::filesystem::path path_;
  mutable std::mutex mutex_;  // guards everything below
  MasterKey master_;
  const Options options_;
  std::optional<File> file_;
  // Whether the end of the machine could bring an older file back under the name. Nothing is made or destroyed then.
  enum class Name : std::uint8_t { kDurable, kInDoubt } name_ = Name::kDurable;
  base::Secret tag_key_;
  // A rotation under way. What is written into slots that were copied already goes into the copy too.
  struct Copy {
    MasterKey master;
    std::optional<File> file = {};
    std::uint32_t copied = 0;  // slots
    base::Status written = base::Ok();
  };
  std::optional<Copy> copy_;
  std::uint32_t slots_ = 0;  // in the file
  std::size_t damaged_ = 0;
  std::vector<std::uint32_t> free_;
  std::unordered_map<Tag, std::uint32_t, IdHash> by_subject_;
  std::unordered_map<KeyId, std::uint32_t, IdHash> live_;
  struct Tombstone {
    std::uint32_t slot = 0;
    std::int64_t at_ms = 0;
  };
  std::unordered_map<KeyId, Tombstone, IdHash> destroyed_;
};

}  // namespace gatehouse::record::vault
