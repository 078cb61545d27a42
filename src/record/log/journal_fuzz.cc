#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "record/log/fake/disk.h"
#include "record/log/journal.h"

// Whatever the file of a journal is, what is read of it is entries in their order, or a refusal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::record::log;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fake::Disk disk;
  constexpr std::uint64_t kFileBytes = 70'000;
  Journal journal({.folder = "/journal", .file_bytes = kFileBytes}, disk);
  GH_CHECK(journal.Begin(7).ok());
  GH_CHECK(journal.Write({.first = 7, .count = 1, .entries = std::string_view("\0\1a", 3)}).ok());
  // A whole file of the input's own, or its bytes over the file that was written.
  std::string bytes = disk.Read("/journal/000000000001").value();
  const std::size_t at = size == 0 ? 0 : data[0] % 128;
  if (size > 0) bytes.replace(at, std::min(input.size(), bytes.size() - at), input.substr(0, bytes.size() - at));
  disk.Overwrite("/journal/000000000001", size > 0 && data[0] >= 128 ? std::string(input.substr(1)) : bytes);
  const auto found = Journal::Read(disk, "/journal");
  if (!found.ok() || !found.value().any) return 0;
  std::uint64_t next = found.value().first;
  for (const Batch& batch : found.value().batches) {
    GH_CHECK(batch.first == next);
    next += batch.count;
  }
  GH_CHECK(next == found.value().size);
  return 0;
}
