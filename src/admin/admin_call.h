#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace gatehouse::admin {

// A call of the admin API that is over. It names no person and no object: those have names of people.
struct AdminCall {
  std::string actor;     // the id of a user's node, "owner" with the password, "directory", "unknown"
  std::string resource;  // "keys", "keys/*", "keys/*/rotate"
  std::string_view method;
  std::uint16_t status = 0;  // 0: its caller left before it was answered
  // Whether somebody showed who he is for the first time in a while, or could not.
  enum class Login : std::uint8_t { kNone, kGood, kFailed } login = Login::kNone;
  // Other than 0: so many calls from one place that were not let in, told of together; without resource and method.
  std::uint64_t together = 0;
};
using AdminWitness = std::function<void(const AdminCall&)>;

}  // namespace gatehouse::admin
