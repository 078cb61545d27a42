#pragma once

#include <string_view>

#include "base/result.h"
#include "codec/cel/ast.h"

namespace gatehouse::codec::cel {

// Turns a call that is written like a macro (has, all, exists, map, cel.bind ...) into the node it means; any other
// call comes back as it is. Its arguments are in `ast`. Errors: a name is expected and something else stands there.
base::Result<Node> ExpandMacro(const Ast& ast, Node call, std::string_view source);

}  // namespace gatehouse::codec::cel
