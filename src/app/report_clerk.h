#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "app/config_reports.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "features/audit/record.h"
#include "features/compliance/report_folder.h"
#include "record/log/files.h"

namespace gatehouse::app {

// Makes the reports that the configuration asks for, on a thread of its own at the lowest priority. What is there is
// what is in the folders: a report that is due and not there is made, the latest of each plan only. Owned by the
// Gateway; dropping it breaks off what it is at, which is then made anew after the next start.
class ReportClerk {
 public:
  // All outlive it; they are thread-safe.
  struct Parts {
    std::string log_folder;
    features::audit::Record& record;
    const base::Log& log;
    const base::Clock& clock;
    std::chrono::milliseconds first_look{3000};  // after the start: the log publishes its head by then
  };
  explicit ReportClerk(Parts parts) : parts_(std::move(parts)) {}
  ReportClerk(const ReportClerk&) = delete;
  ReportClerk& operator=(const ReportClerk&) = delete;
  ~ReportClerk();

  // What a configuration asks for, from now on. Any thread.
  void Use(std::vector<ReportPlan> plans);
  void Start();

  // What is due by now; once. Of the thread, or of a test that has not started it.
  void Look(const std::stop_token& stop);

  // Of each plan since the start. Any thread.
  struct Standing {
    std::uint64_t made = 0;
    std::uint64_t failed = 0;
    std::int64_t last_made_s = 0;  // since 1970; 0: none yet
  };
  std::map<std::string, Standing> standings() const;

 private:
  // When one that failed is tried again.
  struct Patience {
    std::string occasion;
    std::int64_t again_s = 0;
    std::int64_t wait_s = 0;
  };

  void Run(const std::stop_token& stop);
  void Serve(const ReportPlan& plan, const std::stop_token& stop);
  base::Result<features::compliance::ReportSummary> Make(const ReportPlan& plan,
                                                         const features::compliance::ReportOccasion& occasion,
                                                         const std::stop_token& stop);
  void NoteMade(const ReportPlan& plan, const features::compliance::ReportOccasion& occasion,
                const features::compliance::ReportSummary& summary);
  void NoteFailed(const ReportPlan& plan, const features::compliance::ReportOccasion& occasion,
                  const base::Error& error);
  void DropOld(const ReportPlan& plan) const;
  std::int64_t Now() const;

  const Parts parts_;
  record::log::PosixFiles files_;
  std::map<std::string, Patience> patience_;  // of the thread
  mutable std::mutex mutex_;
  std::condition_variable_any news_;
  std::vector<ReportPlan> plans_;              // guarded by mutex_
  std::uint64_t changes_ = 0;                  // of them; guarded by mutex_
  std::map<std::string, Standing> standings_;  // guarded by mutex_
  std::jthread thread_;                        // last: it uses the rest
};

}  // namespace gatehouse::app
