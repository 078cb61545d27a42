#pragma once

#include <span>
#include <string_view>

namespace gatehouse::app {

// `gatehouse audit search`: prints the entries of a log that are looked for, newest first, each with its index. They
// are looked up in a database beside the log's folder (FOLDER.index.db), which is brought up to date from the log
// first; `gatehouse audit reindex` makes it anew. `name` is one of the two. The exit status: 0, 3 where nothing was
// found, 1 and a word on standard error for a failure.
int AuditSearchCommand(std::string_view name, std::span<char* const> arguments);

}  // namespace gatehouse::app
