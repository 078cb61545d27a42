#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "pipeline/exchange.h"
#include "pipeline/provider.h"
#include "providers/common/vendor.h"

namespace gatehouse::providers::common {

// A request body in the vendor's dialect.
struct PreparedBody {
  llm::DialectId dialect;
  std::string body;
  // The usage chunk was asked for by us, not by the client, and is not to reach it.
  enum class UsageFrame : std::uint8_t { kClients, kOurs } usage_frame = UsageFrame::kClients;
};

// The client's bytes with only the model's name (and the request for usage) changed where vendor and client speak one
// dialect and no stage changed the request; a fresh encoding otherwise. What the vendor cannot express is refused, or
// dropped with a warning on the exchange, as context.losses says.
base::Result<PreparedBody> PrepareChat(pipeline::Exchange& exchange, const pipeline::ChatCall& call,
                                       const Vendor& vendor, const pipeline::CallContext& context);

// Replaces (or adds) the top-level member "model".
std::string WithModel(const pipeline::JsonBody& body, std::string_view model);

}  // namespace gatehouse::providers::common
