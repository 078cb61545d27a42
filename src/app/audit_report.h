#pragma once

#include <string>

#include "record/log/verification.h"

namespace gatehouse::app {

// What a verification found: for people, and as JSON for programs (docs/record.md has the members).
std::string ToText(const record::log::Verification& verification);
std::string ToJson(const record::log::Verification& verification);

// The exit status: 0 holds, 2 tampered with, 3 incomplete.
int StatusOf(const record::log::Verification& verification);

}  // namespace gatehouse::app
