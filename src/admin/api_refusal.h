#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gatehouse::admin {

// What the endpoints of the admin API say to what they do not do.
base::Error Denied();                               // 403
base::Error NoSuch(std::string_view what);          // 404; also for what the caller may not see
base::Error WrongMethod(std::string_view allowed);  // 405; "GET or PUT"
base::Error NoAnswerInTime(std::string message);    // 504: of what is asked on another thread

}  // namespace gatehouse::admin
