#pragma once

#include <string>
#include <string_view>

namespace gatehouse::ingress {

enum class Presented : unsigned char { kNothing, kCredential };

// The value of WWW-Authenticate for a refusal (RFC 6750, 3): what to send, and where something was sent, which check it
// failed. `message` is for people and may contain any characters.
std::string BearerChallenge(Presented presented, std::string_view message);

}  // namespace gatehouse::ingress
