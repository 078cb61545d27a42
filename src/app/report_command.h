#pragma once

#include <span>

namespace gatehouse::app {

// `gatehouse report`: evidence for a framework, from a log folder, as a folder of files. 0: written, gaps or not; 1: it
// could not be; 2: wrong usage.
int ReportCommand(std::span<char* const> words);

}  // namespace gatehouse::app
