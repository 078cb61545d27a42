#include "record/log/verification.h"

#include <algorithm>
#include <span>
#include <utility>

#include "codec/crypto/encoding.h"
#include "record/errors.h"
#include "record/log/entry_scan.h"
#include "record/log/journal.h"
#include "record/log/key_ring.h"
#include "record/log/tile_files.h"
#include "record/tlog/proof.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::log {
namespace {

using base::Result;
using tlog::Hash;
using tlog::kTileWidth;
using tlog::TileId;
using tlog::TreeEdge;
using tlog::VerifierKey;

// A checkpoint that the log has to lead to.
struct Mark {
  tlog::SignedCheckpoint at;
  enum class Source : std::uint8_t { kFolder, kSeen } source = Source::kFolder;
};

struct NamedNote {
  std::string name;
  std::string text;
};

// The checkpoints that the writer keeps. To be read before the head: then none of them is ahead of it.
Result<std::vector<NamedNote>> ReadEarlier(Files& files, const std::string& folder) {
  std::vector<NamedNote> earlier;
  GH_TRY(const auto names, files.List(folder + "/checkpoints"));
  for (const std::string& name : names) {
    // Others were being written when the machine ended.
    if (!tlog::ParseDecimal(name).ok()) continue;
    NamedNote note{.name = std::string("checkpoints/").append(name)};
    GH_TRY(note.text, files.Read(std::string(folder).append("/").append(note.name)));
    earlier.push_back(std::move(note));
  }
  return earlier;
}

std::string NameOf(const TileId& tile) { return tlog::TilePath({.level = tile.level, .index = tile.index}); }

std::uint64_t FirstLeaf(const TileId& tile) { return tile.index << (tlog::kTileHeight * (tile.level + 1)); }

// A tree that is built again, and the tiles above the lowest that are not as it has them.
struct Rebuilt {
  TreeEdge edge;
  std::vector<Fault> tile_faults;
};

class Verifier {
 public:
  Verifier(Files& files, const VerifyRequest& request, std::vector<VerifierKey> trusted, tlog::SignedCheckpoint head)
      : files_(files),
        request_(request),
        trusted_(std::move(trusted)),
        head_(std::move(head)),
        tiles_(files, request.folder, head_.checkpoint.size),
        times_(request.clock_tolerance_seconds) {
    out_.head = head_.checkpoint;
    out_.keys_from_folder = request.keys.empty();
  }

  void LoadMarks(const std::vector<NamedNote>& earlier);
  Result<Verification> Run();

 private:
  void AddMark(std::string_view note, Mark::Source source, const std::string& name);
  base::Status Scan();
  base::Status ScanBundle(std::uint64_t index);
  void AppendTo(Rebuilt& tree, const Hash& leaf);
  void CheckTile(const TileId& tile, std::span<const Hash> hashes, std::vector<Fault>& faults);
  void CheckMarks();
  void CheckMark(const Mark& mark, const Hash& root);
  void TrustRotations(std::uint64_t below);
  void Conclude();
  base::Status CheckRange();
  base::Status CheckBundle(std::uint64_t index);
  BundleHashes ReadBundle(std::uint64_t index);
  void CheckConsistency(const Mark& mark);
  void CheckHead();
  void CheckWitnesses();
  void CountWitnesses(const tlog::Note& note);
  void CheckJournal();
  void AddFault(Fault fault);
  void AddGap(Gap gap);
  bool whole() const { return request_.begin == 0 && !request_.end; }
  std::uint64_t size() const { return head_.checkpoint.size; }

  Files& files_;
  const VerifyRequest& request_;
  std::vector<VerifierKey> trusted_;
  const tlog::SignedCheckpoint head_;
  TileFiles tiles_;
  TimeOrder times_;
  SequenceOrder sequence_;
  HeartbeatOrder heartbeats_;
  std::vector<Mark> marks_;  // by size
  std::size_t next_mark_ = 0;
  std::vector<RotatedKey> rotations_;
  Rebuilt found_;                  // from the entries
  std::optional<Rebuilt> stored_;  // from the tiles; begun where they first differ from the entries
  std::vector<Fault> entry_faults_;
  enum class Shift : std::uint8_t { kNone, kSeen } shift_ = Shift::kNone;  // from there on all entries are out of place
  Verification out_;
};

void Verifier::AddFault(Fault fault) {
  if (out_.faults.size() < Verification::kMaxFaults) out_.faults.push_back(std::move(fault));
}

void Verifier::AddGap(Gap gap) {
  if (out_.gaps.size() < Verification::kMaxFaults) out_.gaps.push_back(std::move(gap));
}

Result<Verification> Verifier::Run() {
  GH_CHECK_OK(whole() ? Scan() : CheckRange());
  if (auto fault = times_.Finish()) AddFault(std::move(*fault));
  if (whole()) {
    for (Gap& gap : sequence_.Finish()) AddGap(std::move(gap));
  } else {
    out_.gaps.clear();  // where a part begins and ends is nobody's gap
  }
  for (const Mark& mark : marks_) {
    if (mark.at.checkpoint.size <= size()) continue;
    AddFault({.kind = Fault::Kind::kRolledBack,
              .index = mark.at.checkpoint.size,
              .what = "a checkpoint of " + std::to_string(mark.at.checkpoint.size) +
                      " entries was signed; the log has " + std::to_string(size())});
  }
  CheckHead();
  CheckWitnesses();
  CheckJournal();
  std::ranges::sort(out_.faults, {}, &Fault::index);
  if (!out_.faults.empty()) {
    out_.verdict = Verification::Verdict::kTampered;
  } else if (out_.witnessed_by.size() < request_.quorum || !out_.gaps.empty()) {
    out_.verdict = Verification::Verdict::kIncomplete;
  }
  return std::move(out_);
}

void Verifier::LoadMarks(const std::vector<NamedNote>& earlier) {
  for (const NamedNote& note : earlier) AddMark(note.text, Mark::Source::kFolder, note.name);
  for (const std::string& note : request_.seen) AddMark(note, Mark::Source::kSeen, "a checkpoint that was seen before");
  std::ranges::sort(marks_, {}, [](const Mark& mark) { return mark.at.checkpoint.size; });
}

void Verifier::AddMark(std::string_view note, Mark::Source source, const std::string& name) {
  auto parsed = tlog::ParseCheckpoint(note);
  if (!parsed.ok()) {
    AddFault({.kind = Fault::Kind::kSignature, .what = name + " is no checkpoint: " + parsed.error().public_message});
  } else if (parsed.value().checkpoint.origin != head_.checkpoint.origin) {
    AddFault(
        {.kind = Fault::Kind::kSignature, .what = name + " is of another log, " + parsed.value().checkpoint.origin});
  } else {
    marks_.push_back({.at = std::move(parsed).value(), .source = source});
  }
}

base::Status Verifier::Scan() {
  CheckMarks();
  const std::uint64_t bundles = (size() + kTileWidth - 1) / kTileWidth;
  for (std::uint64_t index = 0; index < bundles; ++index) GH_CHECK_OK(ScanBundle(index));
  for (const TileId& tile : tlog::PartialTiles(size())) {
    if (tile.level == 0) continue;
    CheckTile(tile, found_.edge.Partial(tile.level), found_.tile_faults);
    if (stored_) CheckTile(tile, stored_->edge.Partial(tile.level), stored_->tile_faults);
  }
  Conclude();
  return base::Ok();
}

// The entries as far as they can be read; what cannot be is told as a fault here.
BundleHashes Verifier::ReadBundle(std::uint64_t index) {
  BundleHashes hashes{.first = index * kTileWidth};
  const std::uint32_t width = tlog::TileIn(size(), 0, index)->width;
  if (auto stored = tiles_.Hashes(0, index); stored.ok()) {
    hashes.stored = std::move(stored).value();
  } else {
    AddFault({.kind = Fault::Kind::kTileMissing, .index = hashes.first, .what = stored.error().public_message});
  }
  auto bundle = tiles_.Bundle(index);
  if (!bundle.ok()) {
    const bool missing = bundle.error().code == base::ErrorCode::kNotFound;
    const auto kind = missing ? Fault::Kind::kBundleMissing : Fault::Kind::kBundleMalformed;
    AddFault({.kind = kind,
              .index = hashes.first,
              .what = tlog::BundlePath(index, width) + ": " + bundle.error().public_message});
    return hashes;
  }
  std::string_view rest = bundle.value();
  while (hashes.found.size() < width) {
    const auto entry = tlog::TakeEntry(rest);
    if (!entry.ok()) break;
    const std::uint64_t at = hashes.first + hashes.found.size();
    hashes.found.push_back(tlog::LeafHash(entry.value()));
    if (auto fault = times_.Look(at, entry.value())) AddFault(std::move(*fault));
    for (Gap& gap : sequence_.Look(at, entry.value())) AddGap(std::move(gap));
    if (auto gap = heartbeats_.Look(at, entry.value())) AddGap(std::move(*gap));
    if (auto rotation = ReadRotation(at, entry.value())) rotations_.push_back(std::move(*rotation));
  }
  if (hashes.found.size() < width || !rest.empty()) {
    AddFault({.kind = Fault::Kind::kBundleMalformed,
              .index = hashes.first + hashes.found.size(),
              .what = tlog::BundlePath(index, width) + " is not a bundle of " + std::to_string(width) + " entries"});
  }
  out_.entries += hashes.found.size();
  return hashes;
}

base::Status Verifier::ScanBundle(std::uint64_t index) {
  const BundleHashes hashes = ReadBundle(index);
  if (shift_ == Shift::kNone && entry_faults_.size() < Verification::kMaxFaults) {
    if (auto fault = FindFault(hashes)) {
      const bool shifts = fault->kind == Fault::Kind::kEntryMissing || fault->kind == Fault::Kind::kEntryInserted;
      if (shifts) shift_ = Shift::kSeen;
      entry_faults_.push_back(std::move(*fault));
    }
  }
  if (!stored_ && hashes.found != hashes.stored)
    stored_ = Rebuilt{.edge = found_.edge, .tile_faults = found_.tile_faults};
  const std::uint32_t width = tlog::TileIn(size(), 0, index)->width;
  for (std::uint32_t i = 0; i < width; ++i) {
    const bool have = i < hashes.found.size();
    const bool kept = i < hashes.stored.size();
    const Hash found = have ? hashes.found[i] : (kept ? hashes.stored[i] : Hash{});
    AppendTo(found_, found);
    if (stored_) AppendTo(*stored_, kept ? hashes.stored[i] : found);
    CheckMarks();
  }
  return base::Ok();
}

void Verifier::AppendTo(Rebuilt& tree, const Hash& leaf) {
  tree.edge.Append(leaf, [&](const TileId& tile, std::span<const Hash> hashes) {
    if (tile.level > 0) CheckTile(tile, hashes, tree.tile_faults);
  });
}

void Verifier::CheckTile(const TileId& tile, std::span<const Hash> hashes, std::vector<Fault>& faults) {
  const auto on_disk = tiles_.Hashes(tile.level, tile.index);
  if (!on_disk.ok()) {
    faults.push_back(
        {.kind = Fault::Kind::kTileMissing, .index = FirstLeaf(tile), .what = on_disk.error().public_message});
  } else if (!std::ranges::equal(on_disk.value(), hashes)) {
    faults.push_back(
        {.kind = Fault::Kind::kTileChanged, .index = FirstLeaf(tile), .what = NameOf(tile) + " was changed"});
  }
}

// Compares the checkpoints of the size that the tree has reached.
void Verifier::CheckMarks() {
  for (; next_mark_ < marks_.size() && marks_[next_mark_].at.checkpoint.size <= found_.edge.size(); ++next_mark_) {
    if (marks_[next_mark_].at.checkpoint.size == found_.edge.size()) CheckMark(marks_[next_mark_], found_.edge.Root());
  }
}

void Verifier::CheckMark(const Mark& mark, const Hash& root) {
  const tlog::Checkpoint& at = mark.at.checkpoint;
  const std::string name = "the checkpoint of " + std::to_string(at.size) + " entries";
  const auto opened = tlog::OpenCheckpoint(tlog::FormatNote(mark.at.note), trusted_);
  if (!opened.ok()) {
    AddFault({.kind = Fault::Kind::kSignature, .index = at.size, .what = name + ": " + opened.error().public_message});
    return;
  }
  ++out_.checkpoints;
  if (root == at.root) {
    out_.last_good_checkpoint = at.size;
    TrustRotations(at.size);
  } else if (mark.source == Mark::Source::kSeen || !stored_) {
    AddFault({.kind = Fault::Kind::kForked,
              .index = out_.last_good_checkpoint.value_or(0),
              .what = name + " was signed over other entries than the log has"});
  }
}

// What stands under a trusted signature may name the next key to be trusted.
void Verifier::TrustRotations(std::uint64_t below) {
  for (const RotatedKey& rotation : rotations_) {
    const auto is_trusted = [&](std::string_view text) {
      return std::ranges::any_of(trusted_, [&](const VerifierKey& key) { return key.ToText() == text; });
    };
    if (rotation.index >= below || !is_trusted(rotation.old_key) || is_trusted(rotation.new_key)) continue;
    auto key = VerifierKey::Parse(rotation.new_key);
    if (key.ok() && key.value().name() == head_.checkpoint.origin) trusted_.push_back(std::move(key).value());
  }
}

// Which of the two is wrong where entries and tiles differ: the one that does not lead to the signed root.
void Verifier::Conclude() {
  const Hash root = head_.checkpoint.root;
  if (found_.edge.Root() == root) {
    out_.last_good_checkpoint = size();
    TrustRotations(size());
    for (const Fault& fault : entry_faults_) {
      const TileId tile{.level = 0, .index = fault.index / kTileWidth};
      AddFault({.kind = Fault::Kind::kTileChanged, .index = fault.index, .what = NameOf(tile) + " was changed"});
    }
    for (Fault& fault : found_.tile_faults) AddFault(std::move(fault));
    return;
  }
  for (Fault& fault : entry_faults_) AddFault(std::move(fault));
  if (stored_ && stored_->edge.Root() == root) {
    for (Fault& fault : stored_->tile_faults) AddFault(std::move(fault));
    return;
  }
  AddFault({.kind = Fault::Kind::kRootMismatch,
            .index = out_.last_good_checkpoint.value_or(0),
            .what = "the entries do not lead to the signed root; the last checkpoint that they lead to is of " +
                    std::to_string(out_.last_good_checkpoint.value_or(0))});
}

// A part: the tiles of hashes are proven to be the signed ones, the entries compared with them.
base::Status Verifier::CheckRange() {
  const std::uint64_t end = std::min(request_.end.value_or(size()), size());
  for (std::uint64_t index = request_.begin / kTileWidth; index * kTileWidth < end; ++index)
    GH_CHECK_OK(CheckBundle(index));
  for (const Mark& mark : marks_) {
    if (mark.source == Mark::Source::kSeen && mark.at.checkpoint.size <= size()) CheckConsistency(mark);
  }
  return base::Ok();
}

base::Status Verifier::CheckBundle(std::uint64_t index) {
  const BundleHashes hashes = ReadBundle(index);
  if (hashes.stored.empty()) return base::Ok();
  // The proof of one entry has the hashes of all others of its tile in it.
  const auto proof = tlog::ProveInclusion(tiles_, hashes.first, size());
  const tlog::Checkpoint& head = head_.checkpoint;
  if (!proof.ok()) {
    AddFault({.kind = Fault::Kind::kTileMissing, .index = hashes.first, .what = proof.error().public_message});
  } else if (!tlog::VerifyInclusion(hashes.first, size(), hashes.stored[0], proof.value(), head.root).ok()) {
    AddFault({.kind = Fault::Kind::kTileChanged,
              .index = hashes.first,
              .what = NameOf({.level = 0, .index = index}) + " or a tile above it was changed"});
  } else if (auto fault = FindFault(hashes)) {
    AddFault(std::move(*fault));
  }
  return base::Ok();
}

void Verifier::CheckConsistency(const Mark& mark) {
  const tlog::Checkpoint& seen = mark.at.checkpoint;
  const tlog::Checkpoint& head = head_.checkpoint;
  ++out_.checkpoints;
  if (seen.size == 0) return;
  const auto proof = tlog::ProveConsistency(tiles_, seen.size, head.size);
  if (proof.ok() && tlog::VerifyConsistency({seen.size, seen.root}, {head.size, head.root}, proof.value()).ok()) return;
  AddFault({.kind = Fault::Kind::kForked,
            .index = seen.size,
            .what = "the log does not continue the checkpoint of " + std::to_string(seen.size) + " entries"});
}

void Verifier::CheckHead() {
  const auto verified = tlog::VerifySignatures(head_.note, trusted_);
  if (verified.ok()) {
    for (const auto& signature : verified.value()) out_.signed_by.push_back(signature.key->ToText());
  }
  const auto opened = tlog::OpenCheckpoint(tlog::FormatNote(head_.note), trusted_);
  if (opened.ok()) return;
  AddFault({.kind = Fault::Kind::kSignature, .index = size(), .what = opened.error().public_message});
}

// Cosignatures stand behind the head, or behind a copy of it that was seen.
void Verifier::CheckWitnesses() {
  CountWitnesses(head_.note);
  for (const Mark& mark : marks_) {
    if (mark.source == Mark::Source::kSeen && mark.at.checkpoint == head_.checkpoint) CountWitnesses(mark.at.note);
  }
}

void Verifier::CountWitnesses(const tlog::Note& note) {
  const auto verified = tlog::VerifySignatures(note, request_.witnesses);
  if (!verified.ok()) {
    AddFault({.kind = Fault::Kind::kSignature, .index = size(), .what = verified.error().public_message});
    return;
  }
  for (const auto& signature : verified.value()) {
    const std::string& name = signature.key->name();
    if (std::ranges::find(out_.witnessed_by, name) == out_.witnessed_by.end()) out_.witnessed_by.push_back(name);
  }
}

void Verifier::CheckJournal() {
  const auto journal = Journal::Read(files_, request_.folder + "/journal");
  if (!journal.ok()) {
    const base::Error& error = journal.error();
    AddFault({.kind = Fault::Kind::kJournalDamaged, .index = size(), .what = error.public_message});
  } else if (journal.value().any && journal.value().size > size()) {
    out_.unsigned_entries = journal.value().size - size();
  }
}

}  // namespace

std::string_view ToString(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::kEntryChanged: return "entry_changed";
    case Fault::Kind::kEntryMissing: return "entry_missing";
    case Fault::Kind::kEntryInserted: return "entry_inserted";
    case Fault::Kind::kEntryMoved: return "entry_moved";
    case Fault::Kind::kBundleMissing: return "bundle_missing";
    case Fault::Kind::kBundleMalformed: return "bundle_malformed";
    case Fault::Kind::kTileChanged: return "tile_changed";
    case Fault::Kind::kTileMissing: return "tile_missing";
    case Fault::Kind::kRootMismatch: return "root_mismatch";
    case Fault::Kind::kRolledBack: return "rolled_back";
    case Fault::Kind::kForked: return "forked";
    case Fault::Kind::kSignature: return "signature";
    case Fault::Kind::kBackdated: return "backdated";
    case Fault::Kind::kJournalDamaged: return "journal_damaged";
  }
  return "entry_changed";
}

Result<Verification> Verify(Files& files, const VerifyRequest& request) {
  std::vector<VerifierKey> trusted = request.keys;
  if (trusted.empty()) {
    GH_TRY(const std::string text, files.Read(request.folder + "/keys"));
    GH_TRY(trusted, ParseKeys(text));
  }
  GH_TRY(const auto earlier, ReadEarlier(files, request.folder));
  GH_TRY(const std::string note, files.Read(request.folder + "/checkpoint"));
  auto head = tlog::ParseCheckpoint(note);
  if (!head.ok()) {
    Verification out{.faults = {{.kind = Fault::Kind::kSignature, .what = head.error().public_message}},
                     .verdict = Verification::Verdict::kTampered};
    return out;
  }
  Verifier verifier(files, request, std::move(trusted), std::move(head).value());
  verifier.LoadMarks(earlier);
  return verifier.Run();
}

}  // namespace gatehouse::record::log
