#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace gatehouse::features::alerts {

inline constexpr std::size_t kMostSaid = 500;   // bytes of an answer that are kept
inline constexpr std::size_t kMostRead = 4096;  // that are read, so that no secret is kept because it was cut

// What is not to be seen of a channel in what its receiver says: receivers quote what they were sent. Belongs to its
// channel.
class Confidential {
 public:
  Confidential() = default;
  // Of a URL: itself, its path and query, and each part of them that is long enough to be a password.
  static Confidential OfUrl(std::string_view url);
  // Nothing that is shorter than four bytes: it is in every text.
  void Add(std::string_view secret);

  // A text of a receiver, fit to be logged, stored and shown: without what is here, in whole or cut at its end,
  // printable, at most kMostSaid bytes.
  std::string Said(std::string_view text) const;

 private:
  std::vector<base::Secret> secrets_;  // the longest first
};

}  // namespace gatehouse::features::alerts
