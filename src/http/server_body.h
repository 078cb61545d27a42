#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "http/server_connection.h"
#include "net/loop.h"

// What a server of either protocol holds a request's body to.
namespace gatehouse::http {

base::Error BodyTooSlow(std::string detail);
base::Error BodyTooLarge(std::size_t limit);

// The client's next byte must come within the body time-out, and all of them at the least rate that is allowed:
// `received` bytes so far, for which the server waited `waited`.
net::Deadline BodyDeadline(const ServerContext& context, std::uint64_t received, base::Duration waited);

// RFC 9110, 6.4.1: answers that never have a body, whatever their fields say.
constexpr bool IsBodyless(std::uint16_t status) { return status < 200 || status == 204 || status == 304; }

}  // namespace gatehouse::http
