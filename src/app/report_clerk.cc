#include "app/report_clerk.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/json/field_writer.h"

namespace gatehouse::app {
namespace {

namespace compliance = features::compliance;
namespace fs = std::filesystem;

using base::Result;
using codec::json::FieldWriter;

constexpr std::chrono::seconds kLook(20);
constexpr std::int64_t kFirstWait = 60;          // seconds until a report that failed is tried again,
constexpr std::int64_t kLongestWait = 6 * 3600;  // doubled up to that
constexpr std::int64_t kLate = 3600;             // seconds after its time that a report counts as made up for
constexpr std::int64_t kMicros = 1'000'000;
constexpr int kLowest = 19;
constexpr std::string_view kUnfinished = ".unfinished";

fs::path FolderOf(const ReportPlan& plan) { return fs::path(plan.folder) / plan.name; }

// A report is written beside its place and moved there when it is whole.
bool IsMade(const ReportPlan& plan, const std::string& occasion) {
  std::error_code ignored;
  return fs::exists(FolderOf(plan) / occasion, ignored);
}

base::Error DiskFailed(const fs::path& path, const std::error_code& error) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kGateway,
          .public_message = "A folder for reports cannot be written.",
          .detail = path.string() + ": " + error.message()};
}

}  // namespace

ReportClerk::~ReportClerk() {
  if (thread_.joinable()) thread_.request_stop();
}

std::int64_t ReportClerk::Now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(parts_.clock.Wall().time_since_epoch()).count();
}

void ReportClerk::Use(std::vector<ReportPlan> plans) {
  {
    const std::scoped_lock lock(mutex_);
    plans_ = std::move(plans);
    ++changes_;
  }
  news_.notify_all();
}

void ReportClerk::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

std::map<std::string, ReportClerk::Standing> ReportClerk::standings() const {
  const std::scoped_lock lock(mutex_);
  return standings_;
}

// On Linux the priority is that of the calling thread alone.
void ReportClerk::Run(const std::stop_token& stop) {
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLowest));
  std::uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  news_.wait_for(lock, stop, parts_.first_look, [] { return false; });
  while (!stop.stop_requested()) {
    seen = changes_;
    lock.unlock();
    Look(stop);
    lock.lock();
    news_.wait_for(lock, stop, kLook, [&] { return changes_ != seen; });
  }
}

void ReportClerk::Look(const std::stop_token& stop) {
  std::vector<ReportPlan> plans;
  {
    const std::scoped_lock lock(mutex_);
    plans = plans_;
    for (const ReportPlan& plan : plans) standings_.try_emplace(plan.name);
  }
  for (const ReportPlan& plan : plans) {
    if (!stop.stop_requested()) Serve(plan, stop);
  }
}

void ReportClerk::Serve(const ReportPlan& plan, const std::stop_token& stop) {
  const compliance::ReportOccasion occasion = compliance::LatestDue(plan.schedule, Now());
  if (IsMade(plan, occasion.name)) return;
  Patience& patience = patience_[plan.name];
  if (patience.occasion != occasion.name) patience = {.occasion = occasion.name};
  if (Now() < patience.again_s) return;
  const auto made = Make(plan, occasion, stop);
  if (made.ok()) {
    NoteMade(plan, occasion, made.value());
    DropOld(plan);
    return;
  }
  if (stop.stop_requested()) return;
  patience.wait_s = std::min(kLongestWait, std::max(kFirstWait, patience.wait_s * 2));
  patience.again_s = Now() + patience.wait_s;
  NoteFailed(plan, occasion, made.error());
}

Result<compliance::ReportSummary> ReportClerk::Make(const ReportPlan& plan, const compliance::ReportOccasion& occasion,
                                                    const std::stop_token& stop) {
  const fs::path folder = FolderOf(plan);
  const fs::path unfinished = folder / kUnfinished;
  std::error_code error;
  fs::remove_all(unfinished, error);
  if (error) return DiskFailed(unfinished, error);
  compliance::ReportRequest request{.scope = plan.scope, .log_folder = parts_.log_folder, .stop = stop};
  request.scope.from_us = occasion.from_s * kMicros;
  request.scope.until_us = occasion.until_s * kMicros;
  request.scope_text = (plan.scope_text.empty() ? "" : plan.scope_text + "; ") + occasion.name + " in " + plan.zone;
  request.out_folder = unfinished.string();
  GH_TRY(const auto summary, compliance::WriteReport(*plan.framework, request, files_, parts_.clock));
  GH_CHECK_OK(files_.SyncAll(folder.string()));
  fs::rename(unfinished, folder / occasion.name, error);
  if (error) return DiskFailed(folder / occasion.name, error);
  return summary;
}

void ReportClerk::NoteMade(const ReportPlan& plan, const compliance::ReportOccasion& occasion,
                           const compliance::ReportSummary& summary) {
  const auto evidence = files_.Read((FolderOf(plan) / occasion.name / "evidence.json").string());
  const std::int64_t now = Now();
  {
    const std::scoped_lock lock(mutex_);
    Standing& standing = standings_[plan.name];
    ++standing.made;
    standing.last_made_s = now;
  }
  parts_.log.Info("a report was made", {{"report", plan.name}, {"occasion", occasion.name}});
  parts_.record.Note("report.made", [&](FieldWriter& entry) {
    entry.Text(R"(,"report":)", plan.name);
    entry.Text(R"(,"framework":)", plan.framework->id);
    entry.Word(R"(,"occasion":)", occasion.name);
    entry.Signed(R"(,"from":)", occasion.from_s * kMicros);
    entry.Signed(R"(,"until":)", occasion.until_s * kMicros);
    entry.Number(R"(,"controls":)", summary.controls);
    entry.Number(R"(,"gaps":)", summary.with_gaps);
    entry.Number(R"(,"entries":)", summary.entries);
    if (evidence.ok()) {
      const auto digest = codec::crypto::Sha256(evidence.value());
      entry.Word(R"(,"evidence":)", codec::crypto::HexEncode(codec::crypto::AsText(digest)));
    }
    if (now > occasion.due_s + kLate) entry.Signed(R"(,"late_s":)", now - occasion.due_s);
  });
}

void ReportClerk::NoteFailed(const ReportPlan& plan, const compliance::ReportOccasion& occasion,
                             const base::Error& error) {
  {
    const std::scoped_lock lock(mutex_);
    ++standings_[plan.name].failed;
  }
  parts_.log.Warning("a report could not be made; it is tried again", {{"report", plan.name},
                                                                       {"occasion", occasion.name},
                                                                       {"problem", error.public_message},
                                                                       {"detail", error.detail}});
  parts_.record.Note("report.failed", [&](FieldWriter& entry) {
    entry.Text(R"(,"report":)", plan.name);
    entry.Word(R"(,"occasion":)", occasion.name);
    entry.Word(R"(,"error":)", base::ToString(error.code));
  });
}

// What is not called like an occasion is not this clerk's.
void ReportClerk::DropOld(const ReportPlan& plan) const {
  if (plan.keep == 0) return;
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(FolderOf(plan), error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (compliance::IsOccasionName(plan.schedule.period, name)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  for (std::size_t i = 0; i + plan.keep < names.size(); ++i) {
    fs::remove_all(FolderOf(plan) / names[i], error);
    if (error) {
      parts_.log.Warning("an old report could not be removed",
                         {{"report", plan.name}, {"occasion", names[i]}, {"detail", error.message()}});
    }
  }
}

}  // namespace gatehouse::app
