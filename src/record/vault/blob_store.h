#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/vault/blob.h"
#include "record/vault/ids.h"
#include "record/vault/posix_file.h"

namespace gatehouse::record::vault {

// A name under which payloads are kept for one length of time: 1 to 32 characters of [a-z0-9_-], "payload-default".
bool IsRetentionClass(std::string_view name);

// Days since 1970-01-01, UTC.
using Day = std::int32_t;
Day DayOf(const RecordId& id);
std::string DayName(Day day);  // "2026-11-23"
std::optional<Day> ParseDay(std::string_view name);

// Where a blob lies: everything about it that the entry of the record says.
struct BlobAddress {
  std::string retention_class;
  KeyId key;
  RecordId record;
  std::string field;
  friend auto operator<=>(const BlobAddress&, const BlobAddress&) = default;
};

// Blobs in files, one each, in folders by class, day and key (docs/formats/vault-blob.md): a class is expired by days,
// and a subject erased by looking at one folder of 256. A blob is written under a temporary name and gets its own when
// it is on the disk, so that there is a whole blob under a name, or none. One process owns a store.
//
// Any thread; everything blocks. Keeps nothing in memory.
class BlobStore {
 public:
  // After each of these a test may end the process.
  enum class Step : std::uint8_t { kWritten, kSynced, kNamed, kFoldersSynced };
  struct Options {
    std::function<void(Step)> after_step;
  };

  // Makes the folder where there is none, and removes what an earlier process did not finish. kConflict while another
  // process has it.
  static base::Result<std::unique_ptr<BlobStore>> Open(const std::filesystem::path& folder, Options options = {});

  struct Item {
    BlobAddress address;
    std::string_view blob;
  };
  // All are on the disk when it returns; after an error some may be. kConflict where there is one already: what an
  // entry of the record has committed to is never replaced.
  base::Status Put(std::span<const Item> items) const;

  // kNotFound: there is none. Its bytes are not checked.
  base::Result<std::string> Get(const BlobAddress& address) const;

  // What was removed, or would be.
  struct Removal {
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;
    std::uint64_t held = 0;                      // left alone because of a hold
    std::vector<std::string> retention_classes;  // in which some were removed, each once
  };
  enum class Mode : std::uint8_t { kDryRun, kRemove };
  // Whether a blob may not be removed.
  using IsHeld = std::function<bool(const BlobAddress&)>;

  // Everything under this key.
  base::Result<Removal> RemoveKey(const KeyId& key, const IsHeld& is_held, Mode mode) const;
  // Everything of the class from before the day.
  base::Result<Removal> RemoveBefore(const std::string& retention_class, Day day, const IsHeld& is_held,
                                     Mode mode) const;

  // Every blob with its length, in no order. Files that are no blobs are told by their path. Stops at an error of
  // `visit`.
  struct Seen {
    BlobAddress address;
    std::size_t bytes = 0;
    std::filesystem::path stray;  // "" but for what is no blob
  };
  base::Status ForEach(const std::function<base::Status(const Seen&)>& visit) const;

 private:
  BlobStore(std::filesystem::path folder, Options options, File lock)
      : folder_(std::move(folder)), options_(std::move(options)), lock_(std::move(lock)) {}

  void After(Step step) const {
    if (options_.after_step) options_.after_step(step);
  }
  std::filesystem::path FolderOf(const BlobAddress& address) const;
  base::Result<std::filesystem::path> WriteTemporary(std::string_view blob) const;
  base::Status Name(const std::filesystem::path& temporary, const BlobAddress& address) const;

  const std::filesystem::path folder_;
  const Options options_;
  const File lock_;
};

}  // namespace gatehouse::record::vault
