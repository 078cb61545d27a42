#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "features/oversight/person.h"
#include "pipeline/exchange.h"
#include "pipeline/principal.h"

// How things of oversight are named and kept.
namespace gatehouse::features::oversight {

// A new id: at random, positive.
std::int64_t NewId();
// The number in "apr_17" behind its prefix; nullopt for anything else.
std::optional<std::int64_t> IdBehind(std::string_view prefix, std::string_view word);

// "/1/4/": so that all that concerns a node is found by a part of it.
std::string ChainText(const std::vector<pipeline::NodeId>& chain);
std::vector<pipeline::NodeId> ChainOf(std::string_view text);
std::vector<pipeline::NodeId> ChainOf(const pipeline::Principal& principal);
// Whether the person is one of its nodes.
bool Has(const std::vector<pipeline::NodeId>& chain, const Person& person);

// "acme/search/till": who somebody is, for people.
std::string PathOf(const pipeline::Principal& principal);

}  // namespace gatehouse::features::oversight
