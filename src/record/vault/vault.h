#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "record/vault/blob.h"
#include "record/vault/blob_store.h"
#include "record/vault/hold_book.h"
#include "record/vault/ids.h"
#include "record/vault/key_table.h"
#include "record/vault/legal_hold.h"

namespace gatehouse::record::vault {

// What the entry of the record says of a payload that the vault keeps.
struct KeptPayload {
  BlobAddress address;
  std::size_t length_bucket = 0;  // the length of the payload, rounded up to a power of two
  Commitments commitments;
};

// The payloads of exchanges, encrypted under a key for each subject (docs/formats/vault-blob.md, ADR 24): erasing a
// subject destroys its key, and removes its blobs. Nothing goes without something for the record to say about it.
//
// Any thread; everything blocks on the disk, so never on a loop. One process owns the folder. Dropping it loses
// nothing.
class Vault {
 public:
  struct Options {
    const base::Clock* clock = nullptr;  // outlives the vault
    std::size_t max_subjects = 1'000'000;
  };
  // The fingerprint of the master key that a vault's keys are wrapped with; nullopt where there is no vault yet.
  static base::Result<std::optional<std::string>> MasterFingerprintIn(const std::filesystem::path& folder) {
    return KeyTable::MasterFingerprintIn(folder / "keys");
  }
  // Makes the folder where there is none. kConflict: in use, or its keys are wrapped with another master key.
  static base::Result<std::unique_ptr<Vault>> Open(const std::filesystem::path& folder, const MasterKey& master,
                                                   const Options& options);

  struct Payload {
    std::string field;
    std::string_view bytes;
  };
  // All payloads of one exchange, on the disk when it returns: what the entry is to say of each, in their order. Where
  // it fails, or the entry is never written, what was written stays without an entry until it expires.
  base::Result<std::vector<KeptPayload>> Put(std::string_view subject, const RecordId& record,
                                             const std::string& retention_class,
                                             std::span<const Payload> payloads) const;

  // A payload, checked against what the entry says of it. kNotFound: it, or its key, is not there (any more);
  // kConflict: it is another one, or was changed.
  base::Result<std::string> Get(const BlobAddress& address, const Commitments& commitments) const;

  // Says under which key a subject's payloads are; nullopt where there are none.
  std::optional<KeyId> KeyOf(std::string_view subject) const { return keys_->IdOf(subject); }

  // The same, and makes a key where there is none: for what is to hold for payloads that are still to come.
  base::Result<KeyId> KeyMadeFor(std::string_view subject) const;

  // What the record is to say of an erasure.
  struct Erasure {
    KeyId key;
    std::int64_t destroyed_ms = 0;  // since 1970
    BlobStore::Removal removal;
  };
  // Destroys the key for good, then removes what was under it. kConflict where a hold covers any of that: nothing is
  // done, and the message names the holds. kNotFound: there is no such key. After kUnavailable the key is destroyed or
  // not; calling again goes on. When the record says durably that it was done, call Acknowledge().
  base::Result<Erasure> Erase(const KeyId& key, std::span<const LegalHold> holds) const;
  // Erasures that the record may not say anything of yet, after the end of a process: call Erase() for each again.
  std::vector<KeyTable::Destroyed> unacknowledged() const { return keys_->destroyed(); }
  base::Status Acknowledge(const KeyId& key) const { return keys_->Acknowledge(key); }

  // Removes what is older than the day and not held. The record says it before it is done (kDryRun tells how much it
  // would be), so that nothing is ever missing without its reason.
  base::Result<BlobStore::Removal> Expire(const std::string& retention_class, Day before,
                                          std::span<const LegalHold> holds, BlobStore::Mode mode) const;

  // As KeyTable::Rotate().
  base::Status RotateMaster(const MasterKey& next) const { return keys_->Rotate(next); }
  const BlobStore& blobs() const { return *blobs_; }
  const KeyTable& keys() const { return *keys_; }
  // Those that people placed; they hold where Erase() and Expire() are given them.
  HoldBook& holds() const { return *holds_; }

 private:
  Vault(std::unique_ptr<BlobStore> blobs, std::unique_ptr<KeyTable> keys, std::unique_ptr<HoldBook> holds)
      : blobs_(std::move(blobs)), keys_(std::move(keys)), holds_(std::move(holds)) {}
  base::Status CheckHolds(const KeyId& key, std::span<const LegalHold> holds) const;

  const std::unique_ptr<BlobStore> blobs_;
  const std::unique_ptr<KeyTable> keys_;
  const std::unique_ptr<HoldBook> holds_;
  // Held shared while something is sealed and written, alone while a key is destroyed: so nothing is written under a
  // key after it is gone, and what was is found by the removal.
  mutable std::shared_mutex sealing_;
};

}  // namespace gatehouse::record::vault
