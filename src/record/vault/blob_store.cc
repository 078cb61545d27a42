#include "record/vault/blob_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <set>
#include <system_error>

#include "base/check.h"
#include "codec/cel/timestamp.h"
#include "codec/crypto/random.h"

namespace gatehouse::record::vault {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporary = "tmp";
constexpr std::string_view kBlobs = "blobs";
constexpr std::string_view kSuffix = ".blob";
constexpr std::size_t kMaxClassBytes = 32;
constexpr std::size_t kIdDigits = 2 * KeyId::kBytes;

std::string ShardOf(const KeyId& key) { return key.Hex().substr(kIdDigits - 2); }

std::string FileName(const BlobAddress& address) {
  return address.key.Hex() + "." + address.record.Hex() + "." + address.field + std::string(kSuffix);
}

// Fills in what a file's name says; false where it is no blob's.
bool ReadFileName(std::string_view name, BlobAddress& address) {
  if (name.size() <= 2 * (kIdDigits + 1) + kSuffix.size() || !name.ends_with(kSuffix)) return false;
  if (name[kIdDigits] != '.' || name[2 * kIdDigits + 1] != '.') return false;
  const auto key = KeyId::FromHex(name.substr(0, kIdDigits));
  const auto record = RecordId::FromHex(name.substr(kIdDigits + 1, kIdDigits));
  name.remove_prefix(2 * (kIdDigits + 1));
  name.remove_suffix(kSuffix.size());
  if (!key || !record || !IsField(name)) return false;
  address.key = *key;
  address.record = *record;
  address.field = name;
  return true;
}

// What is in a folder, sorted; nothing where there is none.
base::Result<std::vector<fs::path>> Listed(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    paths.push_back(at->path());
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    errno = failed.value();
    return FileError("cannot list", folder);
  }
  std::ranges::sort(paths);
  return paths;
}

base::Status RemoveFile(const fs::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return base::Ok();
  return FileError("cannot remove", path);
}

// One folder of one day and some keys, while something is removed from it.
class Sweep {
 public:
  Sweep(BlobStore::Mode mode, const BlobStore::IsHeld& is_held, BlobStore::Removal& removal)
      : mode_(mode), is_held_(&is_held), removal_(&removal) {}

  // What is chosen of a folder with blobs of one class.
  template <class IsChosen>
  base::Status RemoveIn(const fs::path& folder, const std::string& retention_class, IsChosen is_chosen) {
    GH_TRY(const auto files, Listed(folder));
    const std::uint64_t before = removal_->blobs;
    for (const fs::path& file : files) {
      BlobAddress address{.retention_class = retention_class, .key = {}, .record = {}, .field = {}};
      if (ReadFileName(file.filename().string(), address) && is_chosen(address)) GH_CHECK_OK(Remove(file, address));
    }
    return removal_->blobs > before || files.empty() ? Finish(folder) : base::Ok();
  }

  // The removal is durable, and the folder is gone if nothing is left in it.
  base::Status Finish(const fs::path& folder) const {
    if (mode_ == BlobStore::Mode::kDryRun) return base::Ok();
    if (::rmdir(folder.c_str()) == 0) return SyncFolder(folder.parent_path());
    return errno == ENOENT ? base::Ok() : SyncFolder(folder);
  }

 private:
  base::Status Remove(const fs::path& path, const BlobAddress& address) {
    if ((*is_held_)(address)) {
      ++removal_->held;
      return base::Ok();
    }
    std::error_code failed;
    const auto bytes = fs::file_size(path, failed);
    if (mode_ == BlobStore::Mode::kRemove) GH_CHECK_OK(RemoveFile(path));
    ++removal_->blobs;
    removal_->bytes += failed ? 0 : bytes;
    if (std::ranges::find(removal_->retention_classes, address.retention_class) == removal_->retention_classes.end()) {
      removal_->retention_classes.push_back(address.retention_class);
    }
    return base::Ok();
  }

  const BlobStore::Mode mode_;
  const BlobStore::IsHeld* const is_held_;
  BlobStore::Removal* const removal_;
};

}  // namespace

bool IsRetentionClass(std::string_view name) { return name.size() <= kMaxClassBytes && IsField(name); }

Day DayOf(const RecordId& id) {
  constexpr std::uint64_t kMillisPerDay = 86'400'000;
  return static_cast<Day>(TimeOf(id) / kMillisPerDay);
}

std::string DayName(Day day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  std::array<char, 24> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<Day> ParseDay(std::string_view name) {
  constexpr std::int64_t kSecondsOfDay = 86'400;
  const auto time = codec::cel::ParseTimestamp(std::string(name) + "T00:00:00Z");
  if (!time) return {};
  const auto day = static_cast<Day>(time->seconds / kSecondsOfDay);
  return DayName(day) == name ? std::optional(day) : std::nullopt;
}

base::Result<std::unique_ptr<BlobStore>> BlobStore::Open(const fs::path& folder, Options options) {
  GH_CHECK_OK(MakeFolders(folder / kTemporary));
  GH_CHECK_OK(MakeFolders(folder / kBlobs));
  GH_TRY(File lock, File::Open(folder / "lock", O_RDWR | O_CREAT));
  GH_CHECK_OK(lock.Lock());
  GH_TRY(const auto left, Listed(folder / kTemporary));
  for (const fs::path& path : left) GH_CHECK_OK(RemoveFile(path));
  return std::unique_ptr<BlobStore>(new BlobStore(folder, std::move(options), std::move(lock)));
}

fs::path BlobStore::FolderOf(const BlobAddress& address) const {
  return folder_ / kBlobs / address.retention_class / DayName(DayOf(address.record)) / ShardOf(address.key);
}

base::Result<fs::path> BlobStore::WriteTemporary(std::string_view blob) const {
  constexpr std::size_t kNameBytes = 16;
  fs::path path = folder_ / kTemporary / codec::crypto::HexEncode(codec::crypto::RandomBytes(kNameBytes));
  GH_TRY(const File file, File::Open(path, O_WRONLY | O_CREAT | O_EXCL));
  auto status = file.WriteAt(blob, 0);
  After(Step::kWritten);
  if (status.ok()) status = file.Sync();
  After(Step::kSynced);
  if (status.ok()) return path;
  static_cast<void>(RemoveFile(path));
  return std::move(status).TakeFailure();
}

// A link fails where the name is taken, which a rename would not. The folder may have been empty, and removed
// meanwhile.
base::Status BlobStore::Name(const fs::path& temporary, const BlobAddress& address) const {
  const fs::path path = FolderOf(address) / FileName(address);
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    if (::link(temporary.c_str(), path.c_str()) == 0) return RemoveFile(temporary);
    if (errno != ENOENT) break;
    GH_CHECK_OK(MakeFolders(path.parent_path()));
    errno = ENOENT;
  }
  const base::Error error = errno == EEXIST
                                ? base::Error{.code = base::ErrorCode::kConflict,
                                              .source = base::ErrorSource::kStore,
                                              .public_message = "The vault has a payload of this entry already.",
                                              .detail = "there is " + path.string()}
                                : FileError("cannot name", path);
  static_cast<void>(RemoveFile(temporary));
  return error;
}

base::Status BlobStore::Put(std::span<const Item> items) const {
  std::set<fs::path> folders;
  for (const Item& item : items) {
    GH_CHECK(IsRetentionClass(item.address.retention_class) && IsField(item.address.field));
    const fs::path folder = FolderOf(item.address);
    if (folders.insert(folder).second) GH_CHECK_OK(MakeFolders(folder));
    GH_TRY(const fs::path temporary, WriteTemporary(item.blob));
    GH_CHECK_OK(Name(temporary, item.address));
    After(Step::kNamed);
  }
  for (const fs::path& folder : folders) GH_CHECK_OK(SyncFolder(folder));
  After(Step::kFoldersSynced);
  return base::Ok();
}

base::Result<std::string> BlobStore::Get(const BlobAddress& address) const {
  GH_TRY(const File file, File::Open(FolderOf(address) / FileName(address), O_RDONLY));
  return file.ReadFrom(0, kMaxBlobBytes);
}

base::Result<BlobStore::Removal> BlobStore::RemoveKey(const KeyId& key, const IsHeld& is_held, Mode mode) const {
  Removal removal;
  Sweep sweep(mode, is_held, removal);
  const auto is_of_key = [&](const BlobAddress& address) { return address.key == key; };
  GH_TRY(const auto classes, Listed(folder_ / kBlobs));
  for (const fs::path& of_class : classes) {
    GH_TRY(const auto days, Listed(of_class));
    for (const fs::path& day : days) {
      GH_CHECK_OK(sweep.RemoveIn(day / ShardOf(key), of_class.filename().string(), is_of_key));
    }
  }
  return removal;
}

base::Result<BlobStore::Removal> BlobStore::RemoveBefore(const std::string& retention_class, Day day,
                                                         const IsHeld& is_held, Mode mode) const {
  GH_CHECK(IsRetentionClass(retention_class));
  Removal removal;
  Sweep sweep(mode, is_held, removal);
  const auto any = [](const BlobAddress&) { return true; };
  const std::string first_kept = DayName(day);
  GH_TRY(const auto days, Listed(folder_ / kBlobs / retention_class));
  for (const fs::path& folder : days) {
    if (folder.filename().string() >= first_kept) break;
    GH_TRY(const auto shards, Listed(folder));
    for (const fs::path& shard : shards) GH_CHECK_OK(sweep.RemoveIn(shard, retention_class, any));
    GH_CHECK_OK(sweep.Finish(folder));
  }
  return removal;
}

base::Status BlobStore::ForEach(const std::function<base::Status(const Seen&)>& visit) const {
  std::error_code failed;
  const fs::path root = folder_ / kBlobs;
  for (fs::recursive_directory_iterator at(root, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->is_directory(failed)) continue;
    Seen seen;
    const fs::path inside = at->path().lexically_relative(root);
    seen.address.retention_class = inside.begin()->string();
    seen.bytes = at->file_size(failed);
    const bool is_blob = ReadFileName(at->path().filename().string(), seen.address) &&
                         IsRetentionClass(seen.address.retention_class) &&
                         FolderOf(seen.address) == at->path().parent_path();
    if (!is_blob) seen.stray = at->path();
    GH_CHECK_OK(visit(seen));
  }
  if (!failed) return base::Ok();
  errno = failed.value();
  return FileError("cannot walk", root);
}

}  // namespace gatehouse::record::vault
