#include "record/log/journal.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"
#include "codec/crypto/crc32c.h"
#include "record/errors.h"
#include "record/tlog/hash.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::log {
namespace {

using base::Result;

constexpr std::string_view kFileMagic = "GHRJRNL1";
constexpr std::string_view kBatchMagic = "GHBT";
constexpr std::size_t kHeadBytes = 32;   // magic, number, first, sum, 4 bytes of zero
constexpr std::size_t kFrameBytes = 24;  // magic, sum, first, count, bytes
constexpr std::size_t kAlignment = 8;

// Numbers are little-endian.
template <class T>
void Put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

template <class T>
T Get(std::string_view bytes, std::size_t at) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;)
    value = static_cast<T>(value << 8U) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::size_t Padded(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

std::string Head(std::uint64_t number, std::uint64_t first) {
  std::string head(kFileMagic);
  Put(head, number);
  Put(head, first);
  Put(head, codec::crypto::Crc32c(head));
  head.resize(kHeadBytes, '\0');
  return head;
}

// Sums begin with the file's number, so that what an older file left on the disk is not taken for this one's.
std::uint32_t SumOf(std::uint64_t number, std::string_view after_sum) {
  return codec::crypto::Crc32c(after_sum, static_cast<std::uint32_t>(number));
}

struct OpenedFile {
  std::uint64_t number = 0;
  std::uint64_t first = 0;
  std::string_view bytes;
};

std::optional<OpenedFile> ReadHead(std::uint64_t number, std::string_view bytes) {
  if (bytes.size() < kHeadBytes || !bytes.starts_with(kFileMagic)) return {};
  const std::uint64_t first = Get<std::uint64_t>(bytes, 16);
  if (bytes.substr(0, kHeadBytes) != Head(number, first)) return {};
  return OpenedFile{.number = number, .first = first, .bytes = bytes};
}

// The whole batch that begins there.
std::optional<Batch> ReadBatch(const OpenedFile& file, std::size_t at) {
  const std::string_view rest = file.bytes.substr(at);
  if (rest.size() < kFrameBytes || !rest.starts_with(kBatchMagic)) return {};
  const std::size_t size = Get<std::uint32_t>(rest, 20);
  if (size > rest.size() - kFrameBytes) return {};
  if (Get<std::uint32_t>(rest, 4) != SumOf(file.number, rest.substr(8, kFrameBytes - 8 + size))) return {};
  return Batch{.first = Get<std::uint64_t>(rest, 8),
               .count = Get<std::uint32_t>(rest, 16),
               .entries = rest.substr(kFrameBytes, size)};
}

// The length up to the last byte that is not zero. Most of a file may be zeros.
std::size_t WithoutZeros(std::string_view bytes) {
  constexpr std::array<char, 4096> kZeros{};
  std::size_t size = bytes.size();
  while (size >= kZeros.size() && std::memcmp(bytes.data() + size - kZeros.size(), kZeros.data(), kZeros.size()) == 0) {
    size -= kZeros.size();
  }
  while (size > 0 && bytes[size - 1] == '\0') --size;
  return size;
}

struct FileContents {
  std::vector<Batch> batches;
  std::uint64_t end = 0;            // index behind the last entry
  std::uint64_t dropped_bytes = 0;  // behind the last batch
};

// Whether behind a tear there is a batch that was written when what is torn had been durable.
bool IsWrittenAfter(const OpenedFile& file, std::size_t at, std::uint64_t expected) {
  for (at = Padded(at + 1); at + kFrameBytes <= file.bytes.size(); at += kAlignment) {
    const auto batch = ReadBatch(file, at);
    if (batch && batch->first > expected) return true;
  }
  return false;
}

Result<FileContents> ReadFile(const OpenedFile& file) {
  FileContents contents{.end = file.first};
  std::size_t at = kHeadBytes;
  while (const auto batch = ReadBatch(file, at)) {
    if (batch->first != contents.end) break;
    contents.batches.push_back(*batch);
    contents.end += batch->count;
    at += Padded(kFrameBytes + batch->entries.size());
  }
  const std::size_t written = WithoutZeros(file.bytes.substr(std::min(at, file.bytes.size())));
  if (written == 0) return contents;
  if (IsWrittenAfter(file, at, contents.end)) {
    return Contradiction("the journal is damaged: entry " + std::to_string(contents.end) +
                         " was durable and is not whole, though later ones are");
  }
  contents.dropped_bytes = written;
  return contents;
}

// Decimal, so wide that names sort as numbers do.
constexpr std::size_t kDigits = 12;
std::string NameOf(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

std::optional<std::uint64_t> NumberOf(std::string_view name) {
  if (name.size() < kDigits) return {};
  const std::size_t begin = std::min(name.find_first_not_of('0'), name.size() - 1);
  const auto number = tlog::ParseDecimal(name.substr(begin));
  if (!number.ok() || NameOf(number.value()) != name) return {};
  return number.value();
}

// A file whose head is not whole was being made when the process ended; nothing in it was acknowledged.
Result<std::vector<OpenedFile>> ReadHeads(const std::vector<std::uint64_t>& numbers,
                                          const std::vector<std::string>& texts) {
  std::vector<OpenedFile> opened;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto head = ReadHead(numbers[i], texts[i]);
    if (head) opened.push_back(*head);
    if (!head && i + 1 < texts.size()) return Contradiction("the journal is damaged: a file in its middle has no head");
  }
  return opened;
}

Result<std::vector<std::uint64_t>> ListNumbers(Files& files, const std::string& folder) {
  GH_TRY(const std::vector<std::string> names, files.List(folder));
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = NumberOf(name)) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

// A file counts up to where the next one begins: what is behind that was in doubt when the next one was begun.
base::Status Take(const OpenedFile& file, std::optional<std::uint64_t> next_first, Journal::Found& found) {
  GH_TRY(FileContents contents, ReadFile(file));
  if (found.any && file.first != found.size)
    return Contradiction("the journal is damaged: its files do not follow each other");
  found.size = file.first;
  for (const Batch& batch : contents.batches) {
    if (next_first && batch.first >= *next_first) break;
    found.batches.push_back(batch);
    found.size = batch.first + batch.count;
  }
  if (next_first && found.size != *next_first) {
    return Contradiction("the journal is damaged: entry " + std::to_string(found.size) + " was durable and is missing");
  }
  if (!next_first) found.dropped_bytes = contents.dropped_bytes;
  found.any = true;
  return base::Ok();
}

}  // namespace

Result<Journal::Found> Journal::Read(Files& files, const std::string& folder) {
  GH_TRY(const auto numbers, ListNumbers(files, folder));
  Found found;
  for (const std::uint64_t number : numbers) {
    GH_TRY(std::string bytes, files.Read(folder + "/" + NameOf(number)));
    found.files.push_back(std::move(bytes));
  }
  GH_TRY(const auto opened, ReadHeads(numbers, found.files));
  for (std::size_t i = 0; i < opened.size(); ++i) {
    const bool last = i + 1 == opened.size();
    if (i == 0) found.first = opened[i].first;
    found.kept.push_back({.number = opened[i].number, .first = opened[i].first});
    GH_CHECK_OK(Take(opened[i], last ? std::nullopt : std::optional(opened[i + 1].first), found));
  }
  return found;
}

std::string Journal::PathOf(std::uint64_t number) const { return options_.folder + "/" + NameOf(number); }

// One without a head is written over by the next one that is begun.
void Journal::Adopt(const Found& found) {
  kept_.assign(found.kept.begin(), found.kept.end());
  if (!kept_.empty()) last_number_ = kept_.back().number;
}

base::Status Journal::Begin(std::uint64_t first) {
  const std::uint64_t number = last_number_ + 1;
  GH_TRY(std::unique_ptr<File> file, files_.Create(PathOf(number), Files::Access::kOwnerOnly, options_.file_bytes));
  GH_CHECK_OK(file->Write(Head(number, first), 0));
  GH_CHECK_OK(file->Sync());
  GH_CHECK_OK(files_.SyncFolder(options_.folder));
  file_ = std::move(file);
  last_number_ = number;
  offset_ = kHeadBytes;
  kept_.push_back({.number = number, .first = first});
  return base::Ok();
}

bool Journal::HasRoomFor(std::size_t bytes) const {
  return offset_ + Padded(kFrameBytes + bytes) <= options_.file_bytes;
}

base::Status Journal::Write(const Batch& batch) {
  GH_CHECK(file_ != nullptr && !broken_ && HasRoomFor(batch.entries.size()));
  std::string after_sum;
  Put(after_sum, batch.first);
  Put(after_sum, batch.count);
  Put(after_sum, static_cast<std::uint32_t>(batch.entries.size()));
  std::string frame(kBatchMagic);
  Put(frame, codec::crypto::Crc32c(batch.entries, SumOf(kept_.back().number, after_sum)));
  frame.append(after_sum);
  constexpr std::string_view kZeros("\0\0\0\0\0\0\0", kAlignment - 1);
  const std::size_t bytes = Padded(kFrameBytes + batch.entries.size());
  const std::string_view padding = kZeros.substr(0, bytes - kFrameBytes - batch.entries.size());
  GH_CHECK_OK(file_->Write(std::array<std::string_view, 3>{frame, batch.entries, padding}, offset_));
  if (auto synced = file_->Sync(); !synced.ok()) {
    broken_ = true;
    return synced;
  }
  offset_ += bytes;
  return base::Ok();
}

// The oldest first, each for good before the next: a file may come back after a power cut, a gap may not.
base::Status Journal::Release(std::uint64_t settled) {
  for (bool again = false; kept_.size() > 1 && kept_[1].first <= settled; again = true) {
    if (again) GH_CHECK_OK(files_.SyncFolder(options_.folder));
    GH_CHECK_OK(files_.Remove(PathOf(kept_.front().number)));
    kept_.pop_front();
  }
  return base::Ok();
}

std::size_t Journal::MaxEntries(std::uint64_t file_bytes) {
  GH_CHECK(file_bytes >= kHeadBytes + Padded(kFrameBytes + 2 + tlog::kMaxEntryBytes));
  return file_bytes - kHeadBytes - kFrameBytes - kAlignment;
}

}  // namespace gatehouse::record::log
