#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codec/config/node.h"
#include "llm/price/catalogue.h"

namespace gatehouse::app {

// Reads the section `prices` and the catalogue that it names, whose file is added to `files`. Problems are noted on the
// tree; then the result is null.
std::shared_ptr<const llm::price::Catalogue> ReadPrices(const codec::config::Node& root,
                                                        std::vector<std::string>& files);

}  // namespace gatehouse::app
