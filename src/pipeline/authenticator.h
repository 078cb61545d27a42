#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "net/task.h"
#include "pipeline/exchange.h"

namespace gatehouse::pipeline {

// What a caller showed to say who it is. Views into the request's head.
struct Credential {
  std::string_view secret;          // API key or token; "" for none
  std::string_view client_subject;  // of a verified client certificate
  std::string_view spiffe_id;
  std::string_view client_address;  // "192.0.2.7:51234"
};

// Says who a caller is, before the body of its request is read: a stranger costs a hash, not a parse. Belongs to one
// loop.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // kUnauthenticated for a stranger; never null. What `credential` points to outlives the task.
  virtual net::Task<base::Result<std::shared_ptr<const Principal>>> Authenticate(Credential credential,
                                                                                 base::WallTime now) = 0;
};

}  // namespace gatehouse::pipeline
