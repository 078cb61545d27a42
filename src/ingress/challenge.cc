#include "ingress/challenge.h"

namespace gatehouse::ingress {

std::string BearerChallenge(Presented presented, std::string_view message) {
  std::string value = R"(Bearer realm="gatehouse")";
  if (presented == Presented::kNothing) return value;
  value += R"(, error="invalid_token", error_description=")";
  for (const char c : message) {
    const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    value += plain ? c : '\'';
  }
  return value + '"';
}

}  // namespace gatehouse::ingress
