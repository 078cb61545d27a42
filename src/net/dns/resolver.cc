#include "net/dns/resolver.h"

namespace gatehouse::net::dns {

base::Error CannotResolve(const std::string& name, const std::string& reason) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The upstream cannot be found. Try again later.",
          .detail = "resolve " + name + ": " + reason};
}

base::Error ResolveTimedOut(const std::string& name) {
  return {.code = base::ErrorCode::kTimeout,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget,
          .public_message = "The upstream could not be found in time. Try again later.",
          .detail = "resolve " + name + ": timed out"};
}

}  // namespace gatehouse::net::dns
