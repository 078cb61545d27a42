#pragma once

#include <optional>

#include "codec/config/node.h"
#include "pipeline/approval.h"
#include "pipeline/review_terms.h"

// How a rule wants people to have a part in what it decides (docs/oversight.md). Problems are noted on the tree.
namespace gatehouse::features::policy {

// `approval`; nothing is stated where it is not there.
pipeline::ApprovalTerms ReadApprovalTerms(const codec::config::Node& node);

// `review`; nullopt where it is not there.
std::optional<pipeline::ReviewTerms> ReadReviewTerms(const codec::config::Node& node);

}  // namespace gatehouse::features::policy
