#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/server.h"
#include "net/task.h"
#include "record/log/witness.h"
#include "record/tlog/note.h"

namespace gatehouse::features::audit {

// Cosigns the checkpoints of other gateways for whoever has one that is signed by its log (C2SP tlog-witness v1.0.0):
// POST /add-checkpoint, and GET /<hex SHA-256 of the origin>/checkpoint for what was cosigned last. Writes to the disk
// on its loop: that is one on which nothing else is served.
class WitnessHandler final : public http::Handler {
 public:
  // The keys of each log that it knows, by the log's origin.
  using Logs = std::map<std::string, std::vector<record::tlog::VerifierKey>, std::less<>>;
  // Told of a log that was wound back or forked: its origin.
  using Alarm = std::function<void(const std::string& origin)>;

  // `witness` outlives it.
  WitnessHandler(record::log::Witness& witness, Logs logs, Alarm alarm);

  net::Task<> Serve(http::ServerExchange& exchange) override;
  std::string RejectionBody(std::uint16_t status, std::string_view reason) const override;

 private:
  struct Reply {
    std::uint16_t status = 200;
    std::string body;
    std::string_view content_type = "text/plain; charset=utf-8";
  };
  Reply Cosign(std::string_view body);
  Reply Show(std::string_view hex) const;
  static Reply Refuse(const base::Error& error);

  record::log::Witness& witness_;
  const Logs logs_;
  std::map<std::string, std::string, std::less<>> origins_;  // by their digests
  const Alarm alarm_;
};

}  // namespace gatehouse::features::audit
