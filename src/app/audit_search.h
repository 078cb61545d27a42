#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "features/audit/entry_index.h"

namespace gatehouse::app {

// Where entries of a log are looked up: a database that is brought up to date from the log first, and can be made anew
// from it at any time.
struct AuditSearch {
  std::string log;                                                     // its folder
  std::filesystem::path index;                                         // "": beside the folder, FOLDER.index.db
  enum class Form : std::uint8_t { kText, kJson } form = Form::kText;  // of what is found
  features::audit::EntryQuery query;
};

// Prints the entries that are found, newest first, each with its index. 0: some were, 3: none was.
base::Result<int> SearchRecord(const AuditSearch& search);
// Makes the index anew from the log alone.
base::Result<int> ReindexRecord(const AuditSearch& search);

}  // namespace gatehouse::app
