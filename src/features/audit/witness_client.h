#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/fetcher.h"
#include "net/loop.h"
#include "net/task.h"
#include "record/log/files.h"
#include "record/log/log_reader.h"
#include "record/tlog/note.h"

namespace gatehouse::features::audit {

// Somebody who remembers the heads of this log.
struct WitnessPeer {
  std::string url;  // what comes before "/add-checkpoint" and "/<hex SHA-256 of the origin>/checkpoint"
  record::tlog::VerifierKey key;
  http::Trust trust;
  base::Duration timeout = std::chrono::seconds(5);  // of one call
};

// What a witness says of the log.
struct WitnessAnswer {
  enum class Standing : std::uint8_t {
    kCurrent,      // the log continues all that the witness has seen; Ask(): it cosigned the head
    kSilent,       // it does not answer, or nothing that can be used
    kStranger,     // it does not know the log, or not its key
    kContradicts,  // it has seen a longer log of this name, or another one
  } standing = Standing::kSilent;
  std::uint64_t size = 0;  // of the head that it cosigned
  std::string line;        // its cosignature, where it was asked for one
  std::string problem;     // for the operator
};

// Asks one witness about the log in a folder (C2SP tlog-witness v1.0.0). Reads the log's files on its loop: that is one
// on which nothing else is served.
class WitnessClient {
 public:
  // `loop`, `fetcher` and `files` outlive it.
  WitnessClient(net::Loop& loop, http::Fetcher& fetcher, record::log::Files& files, std::string folder,
                WitnessPeer peer);

  const WitnessPeer& peer() const { return peer_; }

  // What it saw last is compared with the log; nothing is signed and nothing changes.
  net::Task<WitnessAnswer> Compare(std::string origin);
  // Has the published head cosigned, if it has no more entries than that: a larger one may not be on the disk yet, and
  // is not shown to anybody who remembers it. Then the answer has no line.
  net::Task<WitnessAnswer> Ask(std::uint64_t durable_size);

 private:
  net::Task<base::Result<http::Fetched>> Call(std::string path, http::FetchRequest request);
  base::Result<record::log::LogReader> OpenLog() const { return record::log::LogReader::Open(files_, folder_); }
  WitnessAnswer CompareNote(const std::string& origin, std::string_view note);
  WitnessAnswer CheckLine(const record::log::LogReader& log, std::string line) const;

  net::Loop& loop_;
  http::Fetcher& fetcher_;
  record::log::Files& files_;
  const std::string folder_;
  const WitnessPeer peer_;
  std::uint64_t seen_ = 0;  // by the witness, as far as is known
};

}  // namespace gatehouse::features::audit
