#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace gatehouse::admin {

// Tells the first call of somebody from those that follow: every call of the admin API shows who it is anew, and there
// are no sessions. Somebody who has not called for half an hour begins anew. Of the admin loop.
class LoginWatch {
 public:
  static constexpr base::Duration kRest = std::chrono::minutes(30);
  static constexpr std::size_t kMostKnown = 10'000;  // beyond, all begin anew

  enum class Call : std::uint8_t { kFirst, kAnother };
  Call Note(std::string_view who, base::TimePoint now);

 private:
  std::map<std::string, base::TimePoint, std::less<>> seen_;  // when last
};

}  // namespace gatehouse::admin
