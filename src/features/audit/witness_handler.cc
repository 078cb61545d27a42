#include "features/audit/witness_handler.h"

#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "record/tlog/proof_file.h"

namespace gatehouse::features::audit {
namespace {

namespace tlog = record::tlog;

// 63 hashes, and a checkpoint with some hundred signatures.
constexpr std::size_t kMostBody = std::size_t{64} * 1024;
constexpr std::string_view kAdd = "/add-checkpoint";
constexpr std::string_view kShow = "/checkpoint";

}  // namespace

WitnessHandler::WitnessHandler(record::log::Witness& witness, Logs logs, Alarm alarm)
    : witness_(witness), logs_(std::move(logs)), alarm_(std::move(alarm)) {
  for (const auto& [origin, keys] : logs_) {
    origins_.emplace(codec::crypto::HexEncode(codec::crypto::AsText(codec::crypto::Sha256(origin))), origin);
  }
}

// Statuses as tlog-witness has them.
WitnessHandler::Reply WitnessHandler::Refuse(const base::Error& error) {
  const std::string text = error.public_message + "\n";
  switch (error.code) {
    case base::ErrorCode::kInvalidRequest: return {.status = 400, .body = text};
    case base::ErrorCode::kDenied: return {.status = 403, .body = text};
    case base::ErrorCode::kConflict:
      return {.status = 409, .body = error.param + "\n", .content_type = "text/x.tlog.size"};
    case base::ErrorCode::kInternal:
      if (error.param.empty()) return {.status = 422, .body = text};
      return {.status = 409, .body = error.param + "\n", .content_type = "text/x.tlog.size"};
    default: return {.status = 503, .body = "The witness cannot write down what it cosigns; try again in a while.\n"};
  }
}

WitnessHandler::Reply WitnessHandler::Cosign(std::string_view body) {
  const auto request = tlog::ParseWitnessRequest(body);
  if (!request.ok()) return Refuse(request.error());
  const auto checkpoint = tlog::ParseCheckpoint(request.value().checkpoint);
  if (!checkpoint.ok()) return Refuse(checkpoint.error());
  const std::string& origin = checkpoint.value().checkpoint.origin;
  const auto log = logs_.find(origin);
  if (log == logs_.end()) return {.status = 404, .body = "This witness does not know the log.\n"};
  auto line = witness_.Cosign(request.value(), log->second);
  if (line.ok()) return {.body = std::move(line).value()};
  if (line.error().code == base::ErrorCode::kInternal) alarm_(origin);
  return Refuse(line.error());
}

WitnessHandler::Reply WitnessHandler::Show(std::string_view hex) const {
  Reply nothing{.status = 404, .body = "Nothing of such a log was cosigned here.\n"};
  const auto origin = origins_.find(hex);
  if (origin == origins_.end()) return nothing;
  const auto last = witness_.Last(origin->second);
  if (!last.ok()) return {.status = 503, .body = "What was cosigned cannot be read.\n"};
  return last.value() ? Reply{.body = tlog::FormatNote(last.value()->note)} : nothing;
}

net::Task<> WitnessHandler::Serve(http::ServerExchange& exchange) {
  const http::RequestHead& head = exchange.head();
  const std::string_view path = head.path();
  const bool adds = path == kAdd;
  const bool shows = path.ends_with(kShow) && path.size() > kShow.size();
  Reply reply{.status = 404, .body = "A witness has POST /add-checkpoint and GET /DIGEST/checkpoint.\n"};
  if ((adds && head.method != "POST") || (shows && head.method != "GET")) {
    reply = {.status = 405, .body = "POST /add-checkpoint, GET /DIGEST/checkpoint.\n"};
  } else if (adds) {
    auto body = co_await exchange.CollectBody(kMostBody);
    const bool too_large = !body.ok() && body.error().code == base::ErrorCode::kTooLarge;
    if (body.ok()) {
      reply = Cosign(body.value());
    } else {
      reply = {.status = static_cast<std::uint16_t>(too_large ? 413 : 400), .body = "The request cannot be read.\n"};
    }
  } else if (shows) {
    reply = Show(path.substr(1, path.size() - kShow.size() - 1));
  }
  http::ResponseHead answer{.status = reply.status, .headers = {}};
  answer.headers.Add("content-type", reply.content_type);
  answer.headers.Add("cache-control", "no-store");
  static_cast<void>(co_await exchange.Respond(std::move(answer), reply.body));
}

std::string WitnessHandler::RejectionBody(std::uint16_t, std::string_view reason) const {
  return std::string(reason) + "\n";
}

}  // namespace gatehouse::features::audit
