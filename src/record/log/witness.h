#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "record/log/files.h"
#include "record/tlog/checkpoint.h"
#include "record/tlog/proof_file.h"

namespace gatehouse::record::log {

// Cosigns the checkpoints of other logs (C2SP tlog-witness v1.0.0): one that continues the last it cosigned, and no
// other. What it cosigned is on its disk before anybody gets the signature. Its folder has <hex SHA-256 of the
// origin>/checkpoint for each log. One thread; `files` and `clock` outlive it; several processes take turns by the
// folder's lock.
class Witness {
 public:
  // REQUIRES: the key's type is kCosignature.
  Witness(Files& files, const base::Clock& clock, std::string folder, tlog::SignerKey key)
      : files_(files), clock_(clock), folder_(std::move(folder)), key_(std::move(key)) {}

  // The last checkpoint of the log that was cosigned, if there is one.
  base::Result<std::optional<tlog::SignedCheckpoint>> Last(const std::string& origin) const;

  // The line to be put behind the checkpoint. kDenied where none of these keys of the log signed it; kInvalidRequest
  // where the request is none; kConflict where the log was cosigned at another size than the request begins at, which
  // is the error's `param`; kInternal where the checkpoint does not continue what was cosigned: the log was rewound
  // (the size that was cosigned is the error's `param`) or forked.
  base::Result<std::string> Cosign(const tlog::WitnessRequest& request, std::span<const tlog::VerifierKey> log_keys);

 private:
  std::string PathOf(const std::string& origin) const;

  Files& files_;
  const base::Clock& clock_;
  const std::string folder_;
  const tlog::SignerKey key_;
};

}  // namespace gatehouse::record::log
