#include "record/log/fake/disk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "record/errors.h"

namespace gatehouse::record::log::fake {
namespace {

using base::Result;

struct WriteChange {
  std::uint64_t offset = 0;
  std::string bytes;
  enum class Kind : std::uint8_t { kBytes, kEmptied } kind = Kind::kBytes;
  std::uint64_t room = 0;  // of an emptied file
};

void ApplyTo(std::string& data, const WriteChange& change, std::size_t most = SIZE_MAX) {
  if (change.kind == WriteChange::Kind::kEmptied) {
    data.assign(change.room, '\0');
    return;
  }
  const std::string_view bytes = std::string_view(change.bytes).substr(0, most);
  if (data.size() < change.offset + bytes.size()) data.resize(change.offset + bytes.size());
  std::memcpy(data.data() + change.offset, bytes.data(), bytes.size());
}

base::Error Failure(const char* name) {
  base::Error error = Unavailable(std::string("the disk of a test says ") + name);
  error.param = name;
  return error;
}

bool IsDirectlyIn(const std::string& path, const std::string& folder) {
  return path.starts_with(folder + "/") && path.find('/', folder.size() + 1) == std::string::npos;
}

}  // namespace

struct Disk::Node {
  std::string data;
  std::string durable;
  std::vector<WriteChange> unsynced;
};

class Disk::OpenFile final : public File {
 public:
  OpenFile(Disk& disk, std::shared_ptr<Node> node) : disk_(disk), node_(std::move(node)) {}
  Result<std::size_t> WriteSome(std::span<const std::string_view> parts, std::uint64_t offset) override {
    std::string bytes;
    for (const std::string_view part : parts) bytes.append(part);
    return disk_.Write(*node_, bytes, offset);
  }
  base::Status Sync() override { return disk_.Sync(*node_); }

 private:
  Disk& disk_;
  std::shared_ptr<Node> node_;
};

class Disk::Held final : public FolderLock {
 public:
  Held(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() override {
    const std::scoped_lock lock(disk_.mutex_);
    disk_.locks_.erase(path_);
  }

 private:
  Disk& disk_;
  const std::string path_;
};

void Disk::CutPowerAfter(std::uint64_t changes) {
  const std::scoped_lock lock(mutex_);
  changes_left_ = changes;
}

bool Disk::power_is_off() const {
  const std::scoped_lock lock(mutex_);
  return off_;
}

void Disk::SetFull(bool full) {
  const std::scoped_lock lock(mutex_);
  full_ = full;
}

void Disk::SetReadOnly(bool read_only) {
  const std::scoped_lock lock(mutex_);
  read_only_ = read_only;
}

void Disk::FailSyncs(std::uint32_t count) {
  const std::scoped_lock lock(mutex_);
  failing_syncs_ = count;
}

void Disk::SetMostPerWrite(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  most_per_write_ = bytes;
}

std::uint64_t Disk::changes() const {
  const std::scoped_lock lock(mutex_);
  return changes_;
}

// Names survive up to some change; of each file any of the writes, the last of those torn.
void Disk::Restart() {
  const std::scoped_lock lock(mutex_);
  const std::size_t kept_names = random_.Below(unsynced_names_.size() + 1);
  for (std::size_t i = 0; i < kept_names; ++i) Apply(durable_names_, unsynced_names_[i]);
  unsynced_names_.clear();
  for (auto& [path, node] : durable_names_) {
    for (const WriteChange& change : std::exchange(node->unsynced, {})) {
      const std::uint64_t fate = random_.Below(3);
      if (fate == 0) continue;
      ApplyTo(node->durable, change, fate == 1 ? random_.Below(change.bytes.size() + 1) : SIZE_MAX);
    }
    node->data = node->durable;
  }
  names_ = durable_names_;
  locks_.clear();
  off_ = false;
  changes_left_.reset();
}

void Disk::Overwrite(const std::string& path, std::string bytes) {
  const std::scoped_lock lock(mutex_);
  auto node = std::make_shared<Node>();
  node->data = node->durable = std::move(bytes);
  names_[path] = node;
  durable_names_[path] = node;
}

std::vector<std::string> Disk::Paths() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, node] : names_) paths.push_back(path);
  return paths;
}

// REQUIRES: mutex_ is held, as for the others below.
base::Status Disk::Change() {
  if (off_) return Failure("EIO");
  if (read_only_) return Failure("EROFS");
  ++changes_;
  if (changes_left_ && (*changes_left_)-- == 0) {
    off_ = true;
    return Failure("EIO");
  }
  return base::Ok();
}

Result<std::size_t> Disk::Write(Node& node, std::string_view bytes, std::uint64_t offset) {
  const std::scoped_lock lock(mutex_);
  if (full_ && offset + bytes.size() > node.data.size()) return Failure("ENOSPC");
  bytes = bytes.substr(0, most_per_write_);
  auto changed = Change();
  if (changed.ok() || off_) {
    node.unsynced.push_back({.offset = offset, .bytes = std::string(bytes)});
    ApplyTo(node.data, node.unsynced.back());
  }
  if (!changed.ok()) return std::move(changed).TakeError();
  return bytes.size();
}

base::Status Disk::Sync(Node& node) {
  const std::scoped_lock lock(mutex_);
  if (failing_syncs_ > 0) {
    --failing_syncs_;
    // As Linux does it: what could not be written counts as written from then on, in memory alone.
    node.unsynced.clear();
    return Failure("EIO");
  }
  GH_CHECK_OK(Change());
  node.durable = node.data;
  node.unsynced.clear();
  return base::Ok();
}

void Disk::Apply(Names& names, const NameChange& change) {
  if (change.node != nullptr) {
    names[change.path] = change.node;
  } else {
    names.erase(change.path);
  }
}

void Disk::SetName(const std::string& path, std::shared_ptr<Node> node) {
  unsynced_names_.push_back({.path = path, .node = std::move(node)});
  Apply(names_, unsynced_names_.back());
}

Result<std::unique_ptr<FolderLock>> Disk::Lock(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (!locks_.insert(path).second) return Conflict(path + " is held");
  return std::unique_ptr<FolderLock>(std::make_unique<Held>(*this, path));
}

Result<std::unique_ptr<File>> Disk::Create(const std::string& path, Access /*access*/, std::uint64_t room) {
  const std::scoped_lock lock(mutex_);
  if (full_) return Failure("ENOSPC");
  GH_CHECK_OK(Change());
  const auto there = names_.find(path);
  std::shared_ptr<Node> node = there == names_.end() ? std::make_shared<Node>() : there->second;
  if (there == names_.end()) SetName(path, node);
  node->unsynced.push_back({.kind = WriteChange::Kind::kEmptied, .room = room});
  ApplyTo(node->data, node->unsynced.back());
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, std::move(node)));
}

Result<std::string> Disk::Read(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (off_) return Failure("EIO");
  const auto found = names_.find(path);
  if (found == names_.end()) return NotFound(path + " is not there");
  return found->second->data;
}

base::Status Disk::Rename(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(mutex_);
  GH_CHECK_OK(Change());
  const auto found = names_.find(from);
  if (found == names_.end()) return NotFound(from + " is not there");
  auto node = found->second;
  SetName(to, std::move(node));
  SetName(from, nullptr);
  return base::Ok();
}

base::Status Disk::Remove(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  GH_CHECK_OK(Change());
  if (names_.contains(path)) SetName(path, nullptr);
  return base::Ok();
}

base::Status Disk::MakeFolder(const std::string& /*path*/) {
  const std::scoped_lock lock(mutex_);
  return off_ ? base::Status(Failure("EIO")) : base::Ok();
}

Result<std::vector<std::string>> Disk::List(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (off_) return Failure("EIO");
  std::set<std::string> names;
  for (const auto& [name, node] : names_) {
    if (name.starts_with(path + "/"))
      names.insert(name.substr(path.size() + 1, name.find('/', path.size() + 1) - path.size() - 1));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

base::Status Disk::SyncFolder(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  GH_CHECK_OK(Change());
  const auto within = [&](const NameChange& change) { return IsDirectlyIn(change.path, path); };
  for (const NameChange& change : unsynced_names_) {
    if (within(change)) Apply(durable_names_, change);
  }
  std::erase_if(unsynced_names_, within);
  return base::Ok();
}

base::Status Disk::SyncAll(const std::string& /*path*/) {
  const std::scoped_lock lock(mutex_);
  if (failing_syncs_ > 0) {
    --failing_syncs_;
    for (auto& [path, node] : names_) node->unsynced.clear();
    return Failure("EIO");
  }
  GH_CHECK_OK(Change());
  durable_names_ = names_;
  unsynced_names_.clear();
  for (auto& [path, node] : names_) {
    node->durable = node->data;
    node->unsynced.clear();
  }
  return base::Ok();
}

}  // namespace gatehouse::record::log::fake
