#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codec/config/node.h"
#include "features/guard/inspection.h"

namespace gatehouse::app {

struct Config;

// Reads the section `guard`; nullptr where it is switched off. Problems are noted on the tree. Compiles what the
// detectors look for, which takes some time: not for a loop that serves.
// Files that it was made of are added to `files`.
std::shared_ptr<const features::guard::GuardSettings> ReadGuard(const codec::config::Node& node, const Config& config,
                                                                std::vector<std::string>& files);

}  // namespace gatehouse::app
