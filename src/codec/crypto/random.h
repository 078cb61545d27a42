#pragma once

#include <cstddef>
#include <string>

namespace gatehouse::codec::crypto {

// Bytes that nobody can guess, from OpenSSL's generator. The process ends when the system has no randomness to give: no
// key or token may be made without it.
std::string RandomBytes(std::size_t count);

}  // namespace gatehouse::codec::crypto
