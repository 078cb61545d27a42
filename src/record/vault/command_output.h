#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace gatehouse::record::vault {

// What a program writes to its standard output, when it ends well before the deadline. `words` are its path and its
// arguments; no shell has a part in it. At the deadline, or when it writes more than `limit` bytes, the program and all
// that it started in its process group are killed. Errors end the sentence "the key from the command ...", in
// public_message, and hold nothing of the output. Blocks.
base::Result<base::Secret> CommandOutput(std::span<const std::string> words, base::TimePoint deadline,
                                         std::size_t limit, const base::Clock& clock);

}  // namespace gatehouse::record::vault
