#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/benchmark.h"
#include "base/check.h"
#include "base/clock.h"
#include "record/vault/key_table.h"

// key_table_bench FILE SUBJECTS: what making so many keys, opening their table, destroying one and changing the master
// key cost. A key is on the disk before it is used: give a file in memory where so many syncs would take too long.
// Where the file is there, it is used as it is.
namespace gatehouse::record::vault {
namespace {

using Table = std::unique_ptr<KeyTable>;

MasterKey MasterOf(char byte) { return MasterKey(base::Secret(std::string(32, byte))); }

double WallSeconds() { return std::chrono::duration<double>(base::SystemClock().Now().time_since_epoch()).count(); }

// Tells what a step took, and how much memory the process has had at most.
template <class Work>
auto Measured(const char* what, Work work) {
  const double cpu = base::CpuNanoseconds();
  const double wall = WallSeconds();
  auto done = work();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%s: %.3f s of CPU, %.3f s by the clock, %ld MiB at most\n", what, (base::CpuNanoseconds() - cpu) / 1e9,
              WallSeconds() - wall, usage.ru_maxrss / 1024);
  return done;
}

Table Open(const std::filesystem::path& file, const MasterKey& master) {
  auto table =
      KeyTable::Open(file, master, {.clock = &base::SystemClock(), .max_subjects = 10'000'000, .after_step = {}});
  GH_CHECK(table.ok());
  return std::move(table).value();
}

std::string NameOf(std::uint64_t subject) { return "acme/user:" + std::to_string(subject); }

void Run(const std::filesystem::path& file, std::uint64_t subjects) {
  if (!std::filesystem::exists(file)) {
    Measured("made", [&] {
      Table table = Open(file, MasterOf('a'));
      for (std::uint64_t i = 0; i < subjects; ++i) GH_CHECK(table->KeyFor(NameOf(i)).ok());
      return table;
    });
  }
  const auto used = KeyTable::MasterFingerprintIn(file).value().value_or("");
  const bool is_first = used == MasterOf('a').fingerprint();
  const Table table = Measured("opened", [&] { return Open(file, MasterOf(is_first ? 'a' : 'b')); });
  Measured("a thousand found", [&] {
    for (std::uint64_t i = 0; i < 1000; ++i) GH_CHECK(table->KeyFor(NameOf(i * 7919 % subjects)).ok());
    return 0;
  });
  const auto rotated = Measured("master key changed", [&] { return table->Rotate(MasterOf(is_first ? 'b' : 'a')); });
  GH_CHECK(rotated.ok());
  const KeyId id = table->IdOf(NameOf(subjects / 2)).value();
  GH_CHECK(Measured("one destroyed", [&] { return table->Destroy(id); }).ok());
  GH_CHECK(table->Acknowledge(id).ok() && table->KeyFor(NameOf(subjects / 2)).ok());
}

}  // namespace
}  // namespace gatehouse::record::vault

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  if (argc != 3) {
    std::fprintf(stderr, "usage: key_table_bench FILE SUBJECTS\n");
    return 2;
  }
  gatehouse::record::vault::Run(arguments[1], std::strtoull(arguments[2], nullptr, 10));
}
