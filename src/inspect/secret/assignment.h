#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatehouse::inspect::secret {

// What follows a word that names a secret, as programs, configuration files, headers and people write it:
//
//   DB_PASSWORD=value    "api_key": "value"    secret := 'value'    token => value    my password is value
//   Authorization: Bearer value
struct Assignment {
  enum class State : std::uint8_t {
    kNone,
    kOpen,  // may become one when more text comes
    kValue,
  };
  State state = State::kNone;
  std::size_t name_end = 0;                                              // of the name that the word is part of
  std::size_t value = 0;                                                 // where the value begins
  enum class By : std::uint8_t { kSign, kWord, kComma } by = By::kSign;  // ":" and "=", "is", ","
  char quote = 0;                                                        // the sign that the value is in, or 0
  enum class Scheme : std::uint8_t { kNone, kBasic, kOther } scheme = Scheme::kNone;  // of HTTP authentication
};

// Bytes between the word and its value, at most.
inline constexpr std::size_t kLongestAssignment = 64;

// `at` is behind the word.
Assignment ReadAssignment(std::string_view text, std::size_t at);

// Where the name begins that the word before `at` is part of ("DB_" of DB_PASSWORD).
std::size_t NameBegin(std::string_view text, std::size_t at);

}  // namespace gatehouse::inspect::secret
