#pragma once

#include <string_view>

#include "base/result.h"
#include "codec/cel/ast.h"
#include "codec/cel/limits.h"

namespace gatehouse::codec::cel {

// Reads an expression. Macros (has, all, exists, exists_one, map, filter, the two-variable ones, cel.bind, optMap) are
// nodes of their own in the result. Literals of text and bytes are in Node::text. Errors are kInvalidRequest with line
// and column.
base::Result<Ast> Parse(std::string_view source, const SourceLimits& limits = {});

}  // namespace gatehouse::codec::cel
