#include "app/audit_search.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/cel/timestamp.h"
#include "codec/json/writer.h"
#include "features/audit/entry_index.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "record/log/log_reader.h"
#include "record/tlog/hash.h"
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

// Where entries are looked up, and which.
struct AuditSearch {
  std::string log;              // its folder
  std::filesystem::path index;  // "": beside the folder
  enum class Form : std::uint8_t { kText, kJson } form = Form::kText;
  features::audit::EntryQuery query;
};

constexpr int kWrong = 1;
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

Result<std::int64_t> ReadTime(std::string_view text) {
  const std::string whole =
      text.size() == std::string_view("2026-11-23").size() ? std::string(text) + "T00:00:00Z" : std::string(text);
  if (const auto time = codec::cel::ParseTimestamp(whole)) return time->seconds * 1'000'000 + time->nanos / 1000;
  return base::InvalidRequest(std::string(text) + " is no time; they are like 2026-11-23 or 2026-11-23T08:30:00Z");
}

Result<std::uint64_t> ReadNumber(std::string_view text, std::uint64_t most) {
  const auto number = record::tlog::ParseDecimal(text);
  if (number.ok() && number.value() >= 1 && number.value() <= most) return number.value();
  return base::InvalidRequest(std::string(text) + " is no number from 1 to " + std::to_string(most));
}

Result<pipeline::Effect> ReadDecision(std::string_view text) {
  using enum pipeline::Effect;
  for (const pipeline::Effect effect : {kAllow, kRestrict, kChallenge, kDeny}) {
    if (text == pipeline::ToString(effect)) return effect;
  }
  return base::InvalidRequest("--decision is allow, restrict, challenge or deny");
}

Status SetNumber(std::string_view name, const std::string& value, features::audit::EntryQuery& query) {
  constexpr std::uint64_t kMostFound = 10'000;
  constexpr std::uint64_t kMostStatus = 999;
  if (name == "--limit") {
    GH_TRY(const std::uint64_t limit, ReadNumber(value, kMostFound));
    query.at_most = static_cast<std::uint32_t>(limit);
  } else if (name == "--status") {
    GH_TRY(const std::uint64_t status, ReadNumber(value, kMostStatus));
    query.status = static_cast<std::uint16_t>(status);
  } else if (name == "--since") {
    GH_TRY(query.from_us, ReadTime(value));
  } else if (name == "--until") {
    GH_TRY(query.until_us, ReadTime(value));
  } else if (name == "--decision") {
    GH_TRY(query.decision, ReadDecision(value));
  } else {
    return base::InvalidRequest("there is no option " + std::string(name));
  }
  return base::Ok();
}

Status SetOption(std::string_view name, const std::string& value, AuditSearch& search) {
  if (name == "--log") {
    search.log = value;
  } else if (name == "--index") {
    search.index = value;
  } else if (name == "--id") {
    search.query.id = value;
  } else if (name == "--principal") {
    search.query.principal = value;
  } else if (name == "--type") {
    search.query.type = value;
  } else if (name == "--model") {
    search.query.model = value;
  } else {
    return SetNumber(name, value, search.query);
  }
  return base::Ok();
}

Result<AuditSearch> ReadSearch(std::span<char* const> arguments) {
  AuditSearch search;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--json") {
      search.form = AuditSearch::Form::kJson;
    } else if (i + 1 == arguments.size()) {
      return base::InvalidRequest(std::string(name) + " needs a value");
    } else {
      GH_CHECK_OK(SetOption(name, arguments[++i], search));
    }
  }
  if (search.log.empty()) return base::InvalidRequest("--log names the folder of the log");
  return search;
}

Result<int> Run(std::string_view name, std::span<char* const> arguments) {
  GH_TRY(const AuditSearch search, ReadSearch(arguments));
  return name == "search" ? SearchRecord(search) : ReindexRecord(search);
}

}  // namespace

int AuditSearchCommand(std::string_view name, std::span<char* const> arguments) {
  const auto status = Run(name, arguments);
  if (status.ok()) return status.value();
  const base::Error& error = status.error();
  const std::string said = "gatehouse: " + (error.public_message.empty() ? error.detail : error.public_message) + "\n";
  std::fwrite(said.data(), 1, said.size(), stderr);
  return kWrong;
}

}  // namespace gatehouse::app
