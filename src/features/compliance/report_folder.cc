#include "features/compliance/report_folder.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/json/document.h"
#include "features/compliance/default_texts.h"
#include "features/compliance/report_html.h"
#include "features/compliance/report_json.h"
#include "record/log/log_reader.h"
#include "record/log/verification.h"
#include "record/tlog/proof_file.h"

namespace gatehouse::features::compliance {
namespace {

namespace tlog = record::tlog;
using record::log::Files;
using record::log::LogReader;

constexpr std::size_t kMaxSamples = 120;
// Entries are written nearly in the order of their times: a start is looked for that much earlier.
constexpr std::int64_t kDisorderUs = std::int64_t{3600} * 1'000'000;

std::int64_t TimeOf(std::string_view entry) {
  codec::json::Document document;
  if (!document.Parse(entry).ok()) return 0;
  return document.root()["ts"].AsInteger().value_or(0);
}

// The first entry that can be of the period, by halves.
base::Result<std::uint64_t> FirstIndex(LogReader& log, std::int64_t from_us) {
  std::uint64_t low = 0;
  std::uint64_t high = log.head().size;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    GH_TRY(const std::string entry, log.Entry(middle));
    if (TimeOf(entry) < from_us - kDisorderUs) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

base::Error BrokenOff() {
  return {.code = base::ErrorCode::kCancelled,
          .source = base::ErrorSource::kGateway,
          .public_message = "The report was broken off."};
}

base::Status Collect(LogReader& log, const std::stop_token& stop, Evidence& evidence) {
  GH_TRY(const std::uint64_t begin, FirstIndex(log, evidence.scope().from_us));
  const std::int64_t until_us = evidence.scope().until_us;
  std::uint64_t late = 0;  // entries in a row from well behind the period
  constexpr std::uint64_t kEnough = 256;
  GH_CHECK_OK(log.Visit(begin, log.head().size, [&](std::uint64_t index, std::string_view entry) {
    if (stop.stop_requested()) return record::log::Reading::kEnds;
    evidence.Take(index, entry);
    late = evidence.newest_us() >= until_us + kDisorderUs ? late + 1 : 0;
    return late > kEnough ? record::log::Reading::kEnds : record::log::Reading::kContinues;
  }));
  if (stop.stop_requested()) return BrokenOff();
  evidence.Finish();
  return base::Ok();
}

std::string VerificationText(const record::log::Verification& found) {
  if (found.verdict == record::log::Verification::Verdict::kHolds) {
    return "The whole log was verified while this report was made: " + CountText(found.entries) +
           " entries are as they were written and signed.";
  }
  if (found.verdict == record::log::Verification::Verdict::kIncomplete) {
    return "The whole log was read while this report was made: " + CountText(found.entries) +
           " entries are as they were written and signed. No conclusion about the rest, or about what may have been "
           "cut "
           "off at the end: entries not yet signed " +
           CountText(found.unsigned_entries) + ".";
  }
  const record::log::Fault& first = found.faults.front();
  return "The log is not as it was written: " + CountText(found.faults.size()) + " faults; the first at entry " +
         std::to_string(first.index) + ": " + std::string(ToString(first.kind)) + ", " + first.what;
}

base::Result<LogFacts> FactsOf(LogReader& log, const ReportRequest& request, Files& files) {
  LogFacts facts;
  facts.origin = log.head().origin;
  facts.size = log.head().size;
  facts.root =
      codec::crypto::Base64Encode({reinterpret_cast<const char*>(log.head().root.data()), log.head().root.size()});
  for (const tlog::VerifierKey& key : log.keys()) facts.keys.push_back(key.ToText());
  if (facts.size > 0) {
    GH_TRY(const std::string oldest, log.Entry(0));
    facts.oldest_us = TimeOf(oldest);
  }
  if (request.check == ReportRequest::Check::kWhole) {
    GH_TRY(const record::log::Verification found,
           record::log::Verify(files, {.folder = request.log_folder, .keys = request.keys}));
    facts.verification = VerificationText(found);
    facts.holds = found.verdict != record::log::Verification::Verdict::kTampered;
  }
  return facts;
}

base::Status MakeOut(const std::string& folder, Files& files) {
  GH_TRY(const auto there, files.List(folder));
  if (!there.empty()) {
    return base::Error{.code = base::ErrorCode::kConflict,
                       .source = base::ErrorSource::kClient,
                       .public_message = folder + " is not empty; a report is written into a folder of its own."};
  }
  return files.MakeFolder(folder + "/samples");
}

// An Ed25519 key as SubjectPublicKeyInfo (RFC 8410, section 4), which openssl(1) reads.
std::string PemOf(const tlog::VerifierKey& key) {
  constexpr std::string_view kPrefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
  return "-----BEGIN PUBLIC KEY-----\n" + codec::crypto::Base64Encode(std::string(kPrefix) + key.public_bytes()) +
         "\n-----END PUBLIC KEY-----\n";
}

// The checkpoint, what of it is signed, one signature of a trusted key, and that key: each as a file of its own.
base::Status WriteCheckpoint(LogReader& log, const std::string& folder, Files& files) {
  GH_CHECK_OK(files.WriteWhole(folder + "/checkpoint", log.note()));
  GH_TRY(const tlog::Note note, tlog::ParseNote(log.note()));
  GH_TRY(const auto signatures, tlog::VerifySignatures(note, log.keys()));
  if (signatures.empty()) return base::Internal("the checkpoint of the log has no signature of its keys");
  const tlog::VerifierKey& key = *signatures.front().key;
  const auto line = std::ranges::find(note.signatures, key.id(), &tlog::SignatureLine::id);
  GH_CHECK_OK(files.WriteWhole(folder + "/checkpoint.body", note.text));
  GH_CHECK_OK(files.WriteWhole(folder + "/checkpoint.sig", line->signature));
  GH_CHECK_OK(files.WriteWhole(folder + "/key.pem", PemOf(key)));
  GH_CHECK_OK(files.WriteWhole(folder + "/key.vkey", key.ToText() + "\n"));
  return files.WriteWhole(folder + "/verify.py", VerifyProgramText());
}

// The kinds that a control points to, each sample of them once.
std::vector<Sample> Chosen(const Report& report) {
  std::vector<Sample> chosen;
  for (Sample& sample : report.evidence->samples()) {
    const bool wanted = std::ranges::any_of(report.assessments, [&](const Assessment& one) {
      return std::ranges::find(one.samples, sample.kind) != one.samples.end();
    });
    if (wanted && chosen.size() < kMaxSamples) chosen.push_back(std::move(sample));
  }
  return chosen;
}

base::Result<ProvenSample> Prove(LogReader& log, Sample sample, const std::string& folder, Files& files) {
  ProvenSample proven{.sample = std::move(sample), .file = {}, .problem = {}};
  const auto proof = log.Prove(proven.sample.index);
  if (!proof.ok()) {
    const base::Error& error = proof.error();
    proven.problem = error.public_message.empty() ? error.detail : error.public_message;
    return proven;
  }
  proven.file = "samples/" + std::to_string(proven.sample.index);
  GH_CHECK_OK(files.WriteWhole(folder + "/" + proven.file + ".json", proven.sample.entry));
  GH_CHECK_OK(files.WriteWhole(folder + "/" + proven.file + ".tlog-proof", tlog::FormatProofFile(proof.value())));
  return proven;
}

}  // namespace

base::Result<ReportSummary> WriteReport(const Framework& framework, const ReportRequest& request, Files& files,
                                        const base::Clock& clock) {
  GH_TRY(LogReader log, LogReader::Open(files, request.log_folder, request.keys));
  GH_CHECK_OK(MakeOut(request.out_folder, files));
  Evidence evidence(request.scope);
  GH_CHECK_OK(Collect(log, request.stop, evidence));
  GH_TRY(LogFacts facts, FactsOf(log, request, files));
  Report report = Assess(framework, evidence, std::move(facts));
  report.scope = request.scope_text;
  report.made_us = std::chrono::duration_cast<std::chrono::microseconds>(clock.Wall().time_since_epoch()).count();
  std::vector<ProvenSample> samples;
  for (Sample& sample : Chosen(report)) {
    GH_TRY(ProvenSample proven, Prove(log, std::move(sample), request.out_folder, files));
    samples.push_back(std::move(proven));
  }
  GH_CHECK_OK(WriteCheckpoint(log, request.out_folder, files));
  GH_CHECK_OK(files.WriteWhole(request.out_folder + "/evidence.json", ReportJson(report, samples)));
  GH_CHECK_OK(files.WriteWhole(request.out_folder + "/report.html", ReportHtml(report, samples)));
  ReportSummary summary{
      .entries = evidence.entries, .exchanges = evidence.exchanges, .controls = report.assessments.size()};
  summary.samples = static_cast<std::size_t>(std::ranges::count(samples, std::string(), &ProvenSample::problem));
  summary.with_gaps = static_cast<std::size_t>(
      std::ranges::count(report.assessments, Assessment::Verdict::kGaps, &Assessment::verdict));
  return summary;
}

}  // namespace gatehouse::features::compliance
