#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "record/tlog/checkpoint.h"
#include "record/tlog/proof.h"

namespace gatehouse::record::tlog {

// A proof of inclusion that stands by itself (C2SP tlog-proof v1, files named *.tlog-proof).
struct ProofFile {
  static constexpr std::size_t kMaxBytes = 4U << 20U;

  std::string extra;  // carried along, proven by nothing; the gateway puts the entry there
  std::uint64_t index = 0;
  Proof proof;
  std::string checkpoint;  // the signed note, as it was
};
std::string FormatProofFile(const ProofFile& file);
base::Result<ProofFile> ParseProofFile(std::string_view bytes);

// Whether the entry is in a log whose head one of these keys signed. The checkpoint, or kDenied and why not.
base::Result<SignedCheckpoint> VerifyProofFile(const ProofFile& file, std::string_view entry,
                                               std::span<const VerifierKey> log_keys);

// What a log asks of a witness (C2SP tlog-witness v1.0.0): to cosign a checkpoint that continues one of `old_size`.
struct WitnessRequest {
  static constexpr std::size_t kMaxProof = 63;

  std::uint64_t old_size = 0;
  Proof proof;
  std::string checkpoint;
};
std::string FormatWitnessRequest(const WitnessRequest& request);
base::Result<WitnessRequest> ParseWitnessRequest(std::string_view bytes);

}  // namespace gatehouse::record::tlog
