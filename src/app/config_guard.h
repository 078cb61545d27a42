#pragma once

#include <memory>

#include "codec/config/node.h"
#include "features/guard/inspection.h"

namespace gatehouse::app {

struct Config;

// Reads the section `guard`; nullptr where it is switched off. Problems are noted on the tree. Compiles what the
// detectors look for, which takes some time: not for a loop that serves.
std::shared_ptr<const features::guard::GuardSettings> ReadGuard(const codec::config::Node& node, const Config& config);

}  // namespace gatehouse::app
