#include "record/vault/vault.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <set>
#include <utility>

#include "codec/crypto/hash.h"

namespace gatehouse::record::vault {
namespace {

base::Error Refused(std::string message, std::string detail = {}) {
  return {.code = base::ErrorCode::kConflict,
          .source = base::ErrorSource::kStore,
          .public_message = std::move(message),
          .detail = std::move(detail)};
}

base::Error AnotherOne(const BlobAddress& address) {
  return Refused("The payload in the vault is not the one that the record has committed to.",
                 "record " + address.record.Hex() + ", field " + address.field);
}

BlobStore::IsHeld AnyOf(std::span<const LegalHold> holds) {
  return [holds](const BlobAddress& address) {
    return std::ranges::any_of(holds, [&](const LegalHold& hold) { return hold.Covers(address); });
  };
}

}  // namespace

base::Result<std::unique_ptr<Vault>> Vault::Open(const std::filesystem::path& folder, const MasterKey& master,
                                                 const Options& options) {
  GH_TRY(auto blobs, BlobStore::Open(folder));
  GH_TRY(auto keys, KeyTable::Open(folder / "keys", master,
                                   {.clock = options.clock, .max_subjects = options.max_subjects, .after_step = {}}));
  GH_TRY(auto holds, HoldBook::Open(folder));
  return std::unique_ptr<Vault>(new Vault(std::move(blobs), std::move(keys), std::move(holds)));
}

base::Result<KeyId> Vault::KeyMadeFor(std::string_view subject) const {
  GH_TRY(const SubjectKey key, keys_->KeyFor(subject));
  return key.id;
}

base::Result<std::vector<KeptPayload>> Vault::Put(std::string_view subject, const RecordId& record,
                                                  const std::string& retention_class,
                                                  std::span<const Payload> payloads) const {
  for (const Payload& payload : payloads) {
    if (payload.bytes.size() > kMaxPayloadBytes) {
      return base::Error{.code = base::ErrorCode::kTooLarge,
                         .source = base::ErrorSource::kStore,
                         .public_message = "The payload is larger than the vault takes.",
                         .detail = payload.field + ": " + std::to_string(payload.bytes.size()) + " bytes"};
    }
  }
  const std::shared_lock sealing(sealing_);
  GH_TRY(const SubjectKey key, keys_->KeyFor(subject));
  std::vector<KeptPayload> kept;
  std::vector<std::string> sealed;
  for (const Payload& payload : payloads) {
    SealedBlob blob = SealBlob(key, record, payload.field, payload.bytes);
    kept.push_back(
        {.address = {.retention_class = retention_class, .key = key.id, .record = record, .field = payload.field},
         .length_bucket = std::bit_ceil(payload.bytes.size()),
         .commitments = blob.commitments});
    sealed.push_back(std::move(blob.bytes));
  }
  std::vector<BlobStore::Item> items;
  items.reserve(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) items.push_back({.address = kept[i].address, .blob = sealed[i]});
  GH_CHECK_OK(blobs_->Put(items));
  return kept;
}

base::Result<std::string> Vault::Get(const BlobAddress& address, const Commitments& commitments) const {
  GH_TRY(const std::string blob, blobs_->Get(address));
  if (codec::crypto::Sha256(blob) != commitments.blob) return AnotherOne(address);
  GH_TRY(const SubjectKey key, keys_->Find(address.key));
  auto opened = OpenBlob(key, address.field, blob);
  if (!opened.ok()) return AnotherOne(address);
  if (opened.value().commitments.payload != commitments.payload) return AnotherOne(address);
  return std::move(opened).value().payload;
}

base::Status Vault::CheckHolds(const KeyId& key, std::span<const LegalHold> holds) const {
  std::set<std::string> covering;
  const auto is_held = [&](const BlobAddress& address) {
    for (const LegalHold& hold : holds) {
      if (hold.Covers(address)) covering.insert(hold.id);
    }
    return false;
  };
  for (const LegalHold& hold : holds) {
    if (hold.key == key) covering.insert(hold.id);
  }
  GH_TRY(const auto removal, blobs_->RemoveKey(key, is_held, BlobStore::Mode::kDryRun));
  if (covering.empty()) return base::Ok();
  std::string names;
  for (const std::string& id : covering) names += (names.empty() ? "" : ", ") + id;
  return Refused("Payloads of this subject are under a legal hold (" + names +
                 "). They can be erased when it is lifted; until then restrict who may read them.");
}

base::Result<Vault::Erasure> Vault::Erase(const KeyId& key, std::span<const LegalHold> holds) const {
  const auto gone = keys_->destroyed();
  const bool is_destroyed = std::ranges::any_of(gone, [&](const auto& one) { return one.id == key; });
  if (!is_destroyed) GH_CHECK_OK(CheckHolds(key, holds));
  std::unique_lock sealing(sealing_);
  GH_TRY(const KeyTable::Destroyed destroyed, keys_->Destroy(key));
  sealing.unlock();
  // Nothing can read them any more: a hold that came since would keep noise.
  const auto nothing = [](const BlobAddress&) { return false; };
  GH_TRY(BlobStore::Removal removal, blobs_->RemoveKey(key, nothing, BlobStore::Mode::kRemove));
  return Erasure{.key = key, .destroyed_ms = destroyed.at_ms, .removal = std::move(removal)};
}

base::Result<BlobStore::Removal> Vault::Expire(const std::string& retention_class, Day before,
                                               std::span<const LegalHold> holds, BlobStore::Mode mode) const {
  return blobs_->RemoveBefore(retention_class, before, AnyOf(holds), mode);
}

}  // namespace gatehouse::record::vault
