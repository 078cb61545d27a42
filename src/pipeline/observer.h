#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "pipeline/exchange.h"
#include "pipeline/payload_copy.h"

namespace gatehouse::pipeline {

// What became of one request, told once when it is over, whichever way it ended.
struct ExchangeEnd {
  Exchange* exchange = nullptr;          // null when the request never became an exchange (bad path, bad JSON)
  const Principal* principal = nullptr;  // null for a stranger
  std::string_view request_id;
  std::string_view trace_id;
  std::string_view client_address;
  std::string_view method;
  std::string_view path;  // without the query, which may hold a key
  std::string_view surface;
  std::uint16_t status = 0;  // sent to the client; 0: none was
  std::string_view error;    // the error code's name, "" for success
  std::string_view detail;   // for the log only
  enum class Ending : std::uint8_t { kAnswered, kFailed, kCutMidStream, kClientGone } ending = Ending::kAnswered;
  base::Duration duration{};
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  PayloadCopy* payloads = nullptr;  // null where they are not kept; who keeps them may take them
};

std::string_view ToString(ExchangeEnd::Ending ending);  // "answered", "failed", ...

// Log and metrics of one loop. Called on that loop only.
class ExchangeObserver {
 public:
  virtual ~ExchangeObserver() = default;
  virtual void Began(Surface surface) = 0;
  virtual void Ended(const ExchangeEnd& end) = 0;
};

}  // namespace gatehouse::pipeline
