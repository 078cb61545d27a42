#pragma once

#include <string>

#include "base/result.h"
#include "store/database.h"
#include "store/value.h"

// The errors that every database speaks of in the same words; `detail` is the driver's own message.
namespace gatehouse::store {

base::Error Unavailable(std::string detail);
// Already there, still needed elsewhere, or changed meanwhile.
base::Error Conflict(std::string detail);
// The database undid it for the sake of others (deadlock, serialization): to be tried again at once, by the driver.
base::Error UndoneByOthers(std::string detail);
// At the deadline; not begun, or undone, so that it may be tried again.
base::Error NotDoneInTime();
// At the deadline; begun, and it may yet be done.
base::Error InDoubt();
base::Error AnswerTooLarge(std::string detail);

// What a statement gave, or kConflict where it changed another number of rows than it was to.
base::Result<Rows> AsExpected(base::Result<Rows> rows, const Statement& statement);

}  // namespace gatehouse::store
