#include "app/audit_search.h"

#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "codec/json/writer.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "record/log/log_reader.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;

using base::Result;
using base::Status;
using features::audit::EntryIndex;
using record::log::LogReader;
using record::log::Reading;

constexpr int kNothingFound = 3;
constexpr std::size_t kEntriesOfUnit = 5000;
constexpr std::chrono::minutes kMigrationTime(5);

fs::path IndexOf(const AuditSearch& search) {
  if (!search.index.empty()) return search.index;
  fs::path folder = fs::path(search.log).lexically_normal();
  if (folder.filename().empty()) folder = folder.parent_path();
  return folder.string() + ".index.db";
}

// A log, and the index about it, brought up to date.
class Desk {
 public:
  explicit Desk(const AuditSearch& search) : path_(IndexOf(search)), loop_(base::SystemClock()) {}

  Status Open(const std::string& folder) {
    GH_TRY(LogReader reader, LogReader::Open(files_, folder));
    reader_.emplace(std::move(reader));
    GH_TRY(database_, store::sqlite::SqliteDatabase::Open(path_.string(), {}, base::SystemClock()));
    GH_CHECK_OK(Wait(store::Migrate(*database_, loop_, EntryIndex::Schema(), loop_.In(kMigrationTime))));
    index_.emplace(*database_, loop_);
    GH_CHECK_OK(Wait(index_->Claim(reader_->head().origin)));
    return CatchUp();
  }

  Result<std::vector<EntryIndex::Found>> Find(const features::audit::EntryQuery& query) {
    return Wait(index_->Find(query));
  }
  LogReader& reader() { return *reader_; }

 private:
  template <class T>
  T Wait(net::Task<T> task) {
    auto done = net::BlockOn(loop_, std::move(task));
    return done ? *std::move(done) : T(base::Internal("interrupted"));
  }

  Status CatchUp() {
    GH_TRY(std::uint64_t next, Wait(index_->Size()));
    const std::uint64_t size = reader_->head().size;
    if (next > size) {
      return base::InvalidRequest(
          "The index has more entries than the log. Verify the log (gatehouse audit verify), then "
          "make the index anew (gatehouse audit reindex).");
    }
    while (next < size) {
      std::vector<std::string> entries;
      GH_CHECK_OK(
          reader_->Visit(next, std::min(size, next + kEntriesOfUnit), [&](std::uint64_t, std::string_view entry) {
            entries.emplace_back(entry);
            return Reading::kContinues;
          }));
      if (entries.empty()) return base::Internal("the log ends before its checkpoint says");
      GH_CHECK_OK(Wait(index_->Add(next, entries)));
      next += entries.size();
    }
    return Wait(index_->Prepare());
  }

  const fs::path path_;
  record::log::PosixFiles files_;
  net::EpollLoop loop_;
  std::optional<LogReader> reader_;
  std::unique_ptr<store::sqlite::SqliteDatabase> database_;
  std::optional<EntryIndex> index_;
};

void Print(AuditSearch::Form form, std::uint64_t index, std::string_view entry) {
  std::string line;
  if (form == AuditSearch::Form::kJson) {
    codec::json::Writer(line).BeginObject().Field("index", index).RawField("entry", entry).EndObject();
  } else {
    line.append(std::to_string(index)).append(" ").append(entry);
  }
  line.push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stdout);
}

}  // namespace

Result<int> SearchRecord(const AuditSearch& search) {
  Desk desk(search);
  GH_CHECK_OK(desk.Open(search.log));
  GH_TRY(const auto found, desk.Find(search.query));
  int printed = 0;
  for (const EntryIndex::Found& one : found) {
    GH_TRY(const std::string entry, desk.reader().Entry(one.index));
    if (!features::audit::Matches(search.query, entry)) continue;
    Print(search.form, one.index, entry);
    ++printed;
  }
  return printed == 0 ? kNothingFound : 0;
}

Result<int> ReindexRecord(const AuditSearch& search) {
  const fs::path path = IndexOf(search);
  std::error_code failed;
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path.string() + suffix, failed);
  if (fs::exists(path, failed)) return base::InvalidRequest("The old index cannot be removed: " + path.string());
  Desk desk(search);
  GH_CHECK_OK(desk.Open(search.log));
  const std::string said = std::to_string(desk.reader().head().size) + " entries are in " + path.string() + "\n";
  std::fwrite(said.data(), 1, said.size(), stdout);
  return 0;
}

}  // namespace gatehouse::app
