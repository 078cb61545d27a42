#include "features/audit/witness_client.h"

#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "record/log/key_ring.h"
#include "record/tlog/checkpoint.h"
#include "record/tlog/proof.h"
#include "record/tlog/proof_file.h"

namespace gatehouse::features::audit {
namespace {

namespace tlog = record::tlog;

using base::Result;
using record::log::LogReader;
using Standing = WitnessAnswer::Standing;

constexpr std::size_t kMostAnswer = std::size_t{64} * 1024;
constexpr std::uint16_t kOk = 200;
constexpr std::uint16_t kForbidden = 403;
constexpr std::uint16_t kNotFound = 404;
constexpr std::uint16_t kConflict = 409;
constexpr std::uint16_t kUnprocessable = 422;

std::string TextOf(const base::Error& error) {
  return error.public_message.empty() ? error.detail : error.public_message;
}

WitnessAnswer Say(Standing standing, std::string problem) {
  return {.standing = standing, .problem = std::move(problem)};
}

WitnessAnswer Longer(const std::string& origin, std::uint64_t seen, std::uint64_t have) {
  return Say(Standing::kContradicts, "it has cosigned " + std::to_string(seen) + " entries of " + origin +
                                         ", and there are " + std::to_string(have) + " here: the log was wound back");
}

Result<tlog::WitnessRequest> RequestOf(LogReader& log, std::uint64_t old_size) {
  tlog::WitnessRequest request{.old_size = old_size, .checkpoint = log.note()};
  if (old_size > 0) {
    GH_TRY(request.proof, log.ProveConsistency(old_size));
  }
  return request;
}

}  // namespace

WitnessClient::WitnessClient(net::Loop& loop, http::Fetcher& fetcher, record::log::Files& files, std::string folder,
                             WitnessPeer peer)
    : loop_(loop), fetcher_(fetcher), files_(files), folder_(std::move(folder)), peer_(std::move(peer)) {}

net::Task<Result<http::Fetched>> WitnessClient::Call(std::string path, http::FetchRequest request) {
  request.most_bytes = kMostAnswer;
  path.insert(0, peer_.url);
  return fetcher_.Send(peer_.trust, std::move(path), std::move(request), loop_.In(peer_.timeout));
}

// A head that it cosigned and that this log's key signed.
WitnessAnswer WitnessClient::CompareNote(const std::string& origin, std::string_view note) {
  const auto seen = tlog::ParseCheckpoint(note);
  if (!seen.ok() || seen.value().checkpoint.origin != origin)
    return Say(Standing::kSilent, "its answer is no checkpoint of the log");
  const auto by_witness = tlog::VerifySignatures(seen.value().note, {&peer_.key, 1});
  if (!by_witness.ok() || by_witness.value().empty()) {
    return Say(Standing::kSilent, "its answer is not signed with its key");
  }
  const std::uint64_t size = seen.value().checkpoint.size;
  auto log = OpenLog();
  if (!log.ok()) {
    if (log.error().code == base::ErrorCode::kNotFound) return Longer(origin, size, 0);
    return Say(Standing::kSilent, TextOf(log.error()));
  }
  if (!tlog::OpenCheckpoint(note, log.value().keys()).ok()) {
    return Say(Standing::kContradicts, "it has cosigned a log of the name " + origin + " that another key signed");
  }
  if (size > log.value().head().size) return Longer(origin, size, log.value().head().size);
  const auto root = tlog::RootAt(log.value().tiles(), size);
  if (!root.ok()) return Say(Standing::kSilent, TextOf(root.error()));
  if (root.value() != seen.value().checkpoint.root) {
    return Say(Standing::kContradicts,
               "it has cosigned other " + std::to_string(size) + " entries of " + origin + ": the log was forked");
  }
  seen_ = size;
  return {.standing = Standing::kCurrent, .size = size};
}

net::Task<WitnessAnswer> WitnessClient::Compare(std::string origin) {
  const auto digest = codec::crypto::Sha256(origin);
  const auto fetched = co_await Call("/" + codec::crypto::HexEncode(codec::crypto::AsText(digest)) + "/checkpoint", {});
  if (!fetched.ok()) co_return Say(Standing::kSilent, TextOf(fetched.error()));
  const std::uint16_t status = fetched.value().head.status;
  if (status == kNotFound) co_return WitnessAnswer{.standing = Standing::kCurrent};  // it has seen nothing yet
  if (status != kOk) co_return Say(Standing::kSilent, "it answers " + std::to_string(status));
  co_return CompareNote(origin, fetched.value().body);
}

WitnessAnswer WitnessClient::CheckLine(const LogReader& log, std::string line) const {
  const auto note = tlog::ParseNote(log.note() + line);
  if (!note.ok()) return Say(Standing::kSilent, "its answer is no cosignature");
  const auto signatures = tlog::VerifySignatures(note.value(), {&peer_.key, 1});
  if (!signatures.ok() || signatures.value().empty()) {
    return Say(Standing::kSilent, "its cosignature is not one of its key");
  }
  return {.standing = Standing::kCurrent, .size = log.head().size, .line = std::move(line)};
}

net::Task<WitnessAnswer> WitnessClient::Ask(std::uint64_t durable_size) {
  auto log = OpenLog();
  if (!log.ok()) co_return Say(Standing::kSilent, TextOf(log.error()));
  if (log.value().head().size > durable_size) co_return WitnessAnswer{.standing = Standing::kCurrent};
  constexpr int kAttempts = 2;  // the second one begins where the witness says it is
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto& head = log.value().head();
    if (seen_ > head.size) co_return Longer(head.origin, seen_, head.size);
    const auto request = RequestOf(log.value(), seen_);
    if (!request.ok()) co_return Say(Standing::kSilent, TextOf(request.error()));
    auto fetched = co_await Call(
        "/add-checkpoint", {.method = "POST", .headers = {}, .body = tlog::FormatWitnessRequest(request.value())});
    if (!fetched.ok()) co_return Say(Standing::kSilent, TextOf(fetched.error()));
    const std::uint16_t status = fetched.value().head.status;
    if (status == kOk) {
      WitnessAnswer answer = CheckLine(log.value(), std::move(fetched.value().body));
      if (answer.standing == Standing::kCurrent) seen_ = head.size;
      co_return answer;
    }
    if (status == kUnprocessable) {
      co_return Say(Standing::kContradicts,
                    "what it has cosigned of " + head.origin + " is not the beginning of this log: it was forked");
    }
    if (status == kForbidden || status == kNotFound) {
      co_return Say(Standing::kStranger, "it does not know the log or its key: it answers " + std::to_string(status));
    }
    std::string_view size = fetched.value().body;
    if (size.ends_with('\n')) size.remove_suffix(1);
    const auto seen = tlog::ParseDecimal(size);
    if (status != kConflict || !seen.ok()) co_return Say(Standing::kSilent, "it answers " + std::to_string(status));
    seen_ = seen.value();
  }
  co_return Say(Standing::kSilent, "it says another size each time");
}

}  // namespace gatehouse::features::audit
