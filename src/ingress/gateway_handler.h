#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/server.h"
#include "ingress/gate.h"

namespace gatehouse::ingress {

// The public listener's handler: matches the path and hands the request to its surface. One per loop, on that loop's
// thread.
class GatewayHandler final : public http::Handler {
 public:
  GatewayHandler(LoopContext context, std::shared_ptr<const Gate> gate) : context_(context), gate_(std::move(gate)) {}

  net::Task<> Serve(http::ServerExchange& exchange) override;
  std::string RejectionBody(std::uint16_t status, std::string_view reason) const override;

  // New requests use `gate`; those under way keep theirs.
  void Replace(std::shared_ptr<const Gate> gate) { gate_ = std::move(gate); }

 private:
  LoopContext context_;
  std::shared_ptr<const Gate> gate_;
};

}  // namespace gatehouse::ingress
