#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "features/compliance/answer.h"
#include "features/compliance/catalogue.h"
#include "record/log/files.h"
#include "record/tlog/note.h"

namespace gatehouse::features::compliance {

struct ReportRequest {
  Scope scope;
  std::string scope_text;  // for people
  std::string log_folder;
  std::string out_folder;                       // made; must be empty where it is there
  std::vector<record::tlog::VerifierKey> keys;  // of the log that are trusted; none: those that its folder names
  enum class Check : std::uint8_t { kSamples, kWhole } check = Check::kSamples;
  std::stop_token stop{};  // breaks it off, with kCancelled; the folder is left as far as it was
};

// What came of it, for the one who asked.
struct ReportSummary {
  std::uint64_t entries = 0;  // of the period
  std::uint64_t exchanges = 0;
  std::size_t samples = 0;  // with a proof
  std::size_t controls = 0;
  std::size_t with_gaps = 0;
};

// Reads the log once and writes the folder: report.html, evidence.json, samples/ with their proofs, the checkpoint, its
// key, and a program that verifies all that (docs/compliance.md). Blocks as long as it takes to read the period. Errors
// are those of the log and the disk; kConflict where the folder has something in it.
base::Result<ReportSummary> WriteReport(const Framework& framework, const ReportRequest& request,
                                        record::log::Files& files, const base::Clock& clock);

}  // namespace gatehouse::features::compliance
