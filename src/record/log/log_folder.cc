#include "record/log/log_folder.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/check.h"
#include "record/errors.h"
#include "record/log/tile_files.h"
#include "record/tlog/checkpoint.h"
#include "record/tlog/proof.h"

namespace gatehouse::record::log {
namespace {

using base::Result;
using tlog::Hash;
using tlog::kTileWidth;
using tlog::TileId;

constexpr std::size_t kMaxKnownFolders = 4096;
constexpr std::size_t kHashedTogether = 16;

Result<KeyRing> OpenKeys(Files& files, const LogFolder::Options& options, bool& created) {
  auto keys = KeyRing::Open(files, options.folder, options.origin);
  if (keys.ok() || keys.error().code != base::ErrorCode::kNotFound) return keys;
  for (const char* name : {"/checkpoint", "/journal"}) {
    GH_TRY(const auto names, files.List(options.folder));
    if (std::ranges::find(names, std::string_view(name).substr(1)) != names.end()) {
      return Conflict("the log in " + options.folder +
                      " has no key; put its file `key` back, or begin a log elsewhere");
    }
  }
  created = true;
  return KeyRing::Create(files, options.folder, options.origin);
}

}  // namespace

LogFolder::LogFolder(Options options, Files& files, std::unique_ptr<FolderLock> lock, KeyRing keys)
    : options_(std::move(options)),
      files_(files),
      lock_(std::move(lock)),
      keys_(std::move(keys)),
      journal_({.folder = At("journal"), .file_bytes = options_.journal_bytes}, files) {}

Result<std::unique_ptr<LogFolder>> LogFolder::Open(Options options, Files& files) {
  GH_CHECK_OK(files.MakeFolder(options.folder));
  GH_TRY(auto lock, files.Lock(options.folder + "/lock"));
  bool created = false;
  GH_TRY(KeyRing keys, OpenKeys(files, options, created));
  std::unique_ptr<LogFolder> folder(new LogFolder(std::move(options), files, std::move(lock), std::move(keys)));
  for (const char* name : {"journal", "checkpoints", "tile"}) GH_CHECK_OK(files.MakeFolder(folder->At(name)));
  GH_CHECK_OK(files.SyncFolder(folder->options_.folder));
  GH_CHECK_OK(folder->Recover());
  if (created) {
    folder->events_.push_back({.kind = LogEvent::Kind::kCreated,
                               .origin = folder->options_.origin,
                               .new_key = folder->keys_.current().ToText()});
  }
  return folder;
}

// What was written ahead is integrated again, over tiles that may be half written.
base::Status LogFolder::Recover() {
  GH_TRY(const Journal::Found found, Journal::Read(files_, options_.folder + "/journal"));
  std::string note;
  GH_CHECK_OK(ReadPublished(note));
  GH_CHECK_OK(ReadEdge(found.any ? found.first : published_size_));
  if (found.any && published_size_ >= found.first && published_size_ > found.size) {
    return Contradiction("the log was cut off: its checkpoint is of " + std::to_string(published_size_) +
                         " entries, of which " + std::to_string(found.size) + " are left");
  }
  journal_.Adopt(found);
  std::optional<Hash> published_root;
  const auto note_root = [&] {
    if (size() == published_size_) published_root = edge_.Root();
  };
  const bool replayed = published_size_ >= size();
  if (!replayed) GH_CHECK_OK(CheckPublished(note, {}));
  note_root();
  for (const Batch& batch : found.batches) {
    std::string_view rest = batch.entries;
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      const std::string_view before = rest;
      GH_CHECK_OK(tlog::TakeEntry(rest));
      Integrate(before.substr(0, before.size() - rest.size()), 1);
      note_root();
    }
  }
  if (replayed) GH_CHECK_OK(CheckPublished(note, published_root));
  if (found.dropped_bytes > 0) {
    events_.push_back({.kind = LogEvent::Kind::kRepaired,
                       .origin = options_.origin,
                       .size = size(),
                       .dropped_bytes = found.dropped_bytes});
  }
  recovery_ = Recovery::kDone;
  return Roll();
}

base::Status LogFolder::ReadPublished(std::string& note) {
  auto read = files_.Read(At("checkpoint"));
  if (!read.ok() && read.error().code == base::ErrorCode::kNotFound) return base::Ok();
  if (!read.ok()) return std::move(read).TakeError();
  note = std::move(read).value();
  auto opened = tlog::OpenCheckpoint(note, keys_.verifiers());
  if (!opened.ok()) {
    return Contradiction("the checkpoint of the log in " + options_.folder +
                         " is not to be believed: " + opened.error().public_message);
  }
  if (opened.value().checkpoint.origin != options_.origin) return Conflict("the checkpoint is of another log");
  published_size_ = opened.value().checkpoint.size;
  return base::Ok();
}

// The right edge of the tree of that size, compared with the entries and the tiles beside it.
base::Status LogFolder::ReadEdge(std::uint64_t size) {
  TileFiles tiles(files_, options_.folder, size);
  std::vector<std::vector<Hash>> partials;
  for (const TileId& tile : tlog::PartialTiles(size)) {
    GH_TRY(std::vector<Hash> hashes, tiles.Hashes(tile.level, tile.index));
    partials.push_back(std::move(hashes));
  }
  GH_TRY(edge_, tlog::TreeEdge::From(size, std::move(partials)));
  if (size % kTileWidth == 0) return base::Ok();
  GH_TRY(bundle_, tiles.Bundle(size / kTileWidth));
  GH_TRY(const auto entries, tlog::ParseBundle(bundle_, size % kTileWidth));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (tlog::LeafHash(entries[i]) != edge_.Partial(0)[i]) {
      return Contradiction("the last entries of the log are damaged: entry " +
                           std::to_string(size - entries.size() + i) + " is not what its hash says");
    }
  }
  return base::Ok();
}

// Where the checkpoint is within the journal, its root was found on the way; where it is older, the tiles prove that it
// is the beginning of what the journal continues.
base::Status LogFolder::CheckPublished(std::string_view note, const std::optional<Hash>& replayed_root) {
  if (published_size_ == 0) return base::Ok();
  GH_TRY(const auto opened, tlog::OpenCheckpoint(note, keys_.verifiers()));
  const tlog::Checkpoint& head = opened.checkpoint;
  const base::Error contradiction =
      Contradiction("the log contradicts its own checkpoint of " + std::to_string(head.size) + " entries");
  if (replayed_root) return *replayed_root == head.root ? base::Ok() : base::Status(contradiction);
  if (head.size > size()) return contradiction;
  TileFiles tiles(files_, options_.folder, size());
  GH_TRY(const tlog::Proof proof, tlog::ProveConsistency(tiles, head.size, size()));
  if (!tlog::VerifyConsistency({head.size, head.root}, {size(), edge_.Root()}, proof).ok()) return contradiction;
  return base::Ok();
}

base::Status LogFolder::Commit(std::string_view entries, std::uint32_t count) {
  GH_CHECK_OK(journal_.Write({.first = size(), .count = count, .entries = entries}));
  Integrate(entries, count);
  return base::Ok();
}

void LogFolder::Integrate(std::string_view entries, std::uint32_t count) {
  const tlog::TreeEdge::OnTile on_tile = [this](const TileId& tile, std::span<const Hash> hashes) {
    OnTile(tile, hashes);
  };
  std::array<std::string_view, kHashedTogether> texts;
  std::array<Hash, kHashedTogether> hashes;
  while (count > 0) {
    const std::uint64_t room = kTileWidth - size() % kTileWidth;  // of the bundle
    const std::size_t some = std::min({std::uint64_t{count}, room, std::uint64_t{kHashedTogether}});
    const std::string_view before = entries;
    for (std::size_t i = 0; i < some; ++i) {
      const auto entry = tlog::TakeEntry(entries);
      GH_CHECK(entry.ok());
      texts[i] = entry.value();
    }
    bundle_.append(before.substr(0, before.size() - entries.size()));
    tlog::LeafHashes(std::span(texts).first(some), std::span(hashes).first(some));
    for (const Hash& hash : std::span(hashes).first(some)) edge_.Append(hash, on_tile);
    count -= static_cast<std::uint32_t>(some);
  }
}

void LogFolder::OnTile(const TileId& tile, std::span<const Hash> hashes) {
  const std::string path = tlog::TilePath(tile);
  NoteFilled(path);
  Put(path, tlog::ToBytes(hashes));
  if (tile.level > 0) return;
  const std::string entries_path = tlog::BundlePath(tile.index, kTileWidth);
  NoteFilled(entries_path);
  Put(entries_path, bundle_);
  bundle_.clear();
}

void LogFolder::NoteFilled(const std::string& path) {
  const bool has_partials = partials_.erase(path) > 0 || recovery_ == Recovery::kUnderWay;
  if (has_partials) filled_.push_back({.end = size(), .path = path});
}

void LogFolder::Put(const std::string& path, std::string_view bytes) {
  if (unwritten_.empty() && WriteFile(path, bytes).ok()) return;
  unwritten_.push_back({.path = path, .bytes = std::string(bytes)});
}

base::Status LogFolder::WriteFile(const std::string& path, std::string_view bytes) {
  const std::string folder = At(path.substr(0, path.rfind('/')));
  if (!folders_.contains(folder)) {
    GH_CHECK_OK(files_.MakeFolder(folder));
    if (folders_.size() == kMaxKnownFolders) folders_.clear();
    folders_.insert(folder);
  }
  return files_.WriteWhole(At(path), bytes);
}

base::Status LogFolder::WriteUnwritten() {
  while (!unwritten_.empty()) {
    GH_CHECK_OK(WriteFile(unwritten_.back().path, unwritten_.back().bytes));
    unwritten_.pop_back();
  }
  return base::Ok();
}

base::Status LogFolder::WriteEdge() {
  GH_CHECK_OK(WriteUnwritten());
  if (edge_written_ == size()) return base::Ok();
  // What a recovery begins with is durable, and not to be touched: while it is written anew it may be lost.
  const std::uint64_t needed = journal_.files() == 0 ? size() : journal_.oldest();
  const auto durable = tlog::PartialTiles(needed);
  for (const TileId& tile : tlog::PartialTiles(size())) {
    partials_.insert(tlog::TilePath({.level = tile.level, .index = tile.index}));
    if (tile.level == 0) partials_.insert(tlog::BundlePath(tile.index, kTileWidth));
    if (std::ranges::find(durable, tile) != durable.end()) continue;
    GH_CHECK_OK(WriteFile(tlog::TilePath(tile), tlog::ToBytes(edge_.Partial(tile.level))));
  }
  if (!bundle_.empty() && needed != size()) {
    const auto width = static_cast<std::uint32_t>(size() % kTileWidth);
    GH_CHECK_OK(WriteFile(tlog::BundlePath(size() / kTileWidth, width), bundle_));
  }
  edge_written_ = size();
  return base::Ok();
}

Result<std::string> LogFolder::Sign(const std::string& text) const {
  std::string note = keys_.Sign(text);
  if (options_.further_signer == nullptr) return note;
  GH_TRY(const std::string line, options_.further_signer->SignLine(text));
  return note.append(line);
}

base::Status LogFolder::Publish() {
  if (size() == published_size_ && !publish_again_) return base::Ok();
  GH_CHECK_OK(WriteEdge());
  const std::string text = tlog::FormatCheckpoint({.origin = options_.origin, .size = size(), .root = edge_.Root()});
  GH_TRY(const std::string note, Sign(text));
  GH_CHECK_OK(files_.WriteDurably(At("checkpoint"), note));
  published_size_ = size();
  publish_again_ = false;
  return base::Ok();
}

base::Status LogFolder::AddSignatures(std::uint64_t size, std::string_view lines) {
  if (size != published_size_) return Conflict("the checkpoint of the log is another one by now");
  GH_TRY(const std::string published, files_.Read(At("checkpoint")));
  GH_TRY(tlog::Note note, tlog::ParseNote(published));
  GH_TRY(const tlog::Note added, tlog::ParseNote(note.text + "\n" + std::string(lines)));
  for (const tlog::SignatureLine& line : added.signatures) {
    std::erase_if(note.signatures,
                  [&](const tlog::SignatureLine& old) { return old.name == line.name && old.id == line.id; });
    note.signatures.push_back(line);
  }
  if (note.signatures.size() > tlog::Note::kMaxSignatures) return Malformed("a checkpoint has too many signatures");
  return files_.WriteDurably(At("checkpoint"), tlog::FormatNote(note));
}

base::Status LogFolder::Roll() {
  GH_CHECK_OK(WriteEdge());
  GH_CHECK_OK(KeepCheckpoint());
  return journal_.Begin(size());
}

base::Status LogFolder::KeepCheckpoint() {
  GH_CHECK_OK(Publish());
  if (size() == 0) return base::Ok();
  GH_TRY(const std::string note, files_.Read(At("checkpoint")));
  return files_.WriteDurably(At(std::string("checkpoints/").append(std::to_string(size()))), note);
}

std::optional<std::uint64_t> LogFolder::ToSettle() const {
  if (journal_.files() < 2) return {};
  return journal_.first();
}

base::Status LogFolder::Settled(std::uint64_t settled) {
  GH_CHECK_OK(journal_.Release(settled));
  const auto later = std::ranges::find_if(filled_, [&](const Filled& tile) { return tile.end > settled; });
  for (auto tile = filled_.begin(); tile != later; ++tile) GH_CHECK_OK(RemovePartials(tile->path));
  filled_.erase(filled_.begin(), later);
  return base::Ok();
}

base::Status LogFolder::RemovePartials(const std::string& full_path) {
  const std::string folder = At(full_path + ".p");
  folders_.erase(folder);
  GH_TRY(const auto names, files_.List(folder));
  for (const std::string& name : names) {
    std::string path = folder;
    GH_CHECK_OK(files_.Remove(path.append("/").append(name)));
  }
  return names.empty() ? base::Ok() : files_.Remove(folder);
}

base::Status LogFolder::RotateKey(tlog::SignerKey next, base::WallTime old_until) {
  GH_CHECK_OK(keys_.Rotate(std::move(next), old_until));
  publish_again_ = true;
  return KeepCheckpoint();
}

}  // namespace gatehouse::record::log
