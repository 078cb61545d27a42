#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/socket_address.h"
#include "net/stream.h"
#include "net/task.h"

namespace gatehouse::net {

// Opens a connection to one address.
using Dial = std::function<Task<base::Result<std::unique_ptr<Stream>>>(SocketAddress address, Deadline deadline)>;

// How long an attempt has before the next address is tried beside it (RFC 8305 section 8).
inline constexpr base::Duration kAttemptDelay = std::chrono::milliseconds(250);
// No more addresses than these are tried.
inline constexpr std::size_t kMaxAttempts = 8;

// Alternates the address families, the family of the first address first (RFC 8305 section 4). `rotation` moves the
// start within each family, so that successive connections spread over the addresses of a name.
std::vector<SocketAddress> Interleave(const std::vector<SocketAddress>& addresses, std::size_t rotation);

// Tries the addresses in order, the next one as soon as one fails or after kAttemptDelay; the first connection wins and
// the other attempts are dropped. The error of the last failure, or kTimeout. `addresses` is not empty; `loop` outlives
// the task.
Task<base::Result<std::unique_ptr<Stream>>> ConnectAny(Loop& loop, std::vector<SocketAddress> addresses, Dial dial,
                                                       Deadline deadline);

}  // namespace gatehouse::net
