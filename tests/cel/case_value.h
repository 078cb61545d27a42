#pragma once

#include <string_view>

#include "base/result.h"
#include "codec/cel/cel.h"
#include "codec/cel/evaluation.h"
#include "codec/json/document.h"

// What the conformance cases write in JSON, as the evaluator's own values and types. The shapes are cel.expr.Value and
// cel.expr.Type of the specification, in protobuf's JSON mapping.
namespace gatehouse::codec::cel {

// The value lives in the evaluation's arena. An error names a shape that is not known.
base::Result<Value> ReadCaseValue(const json::Value& json, Evaluation& evaluation);
base::Result<Type> ReadCaseType(const json::Value& json);

// Whether two results are the same: kinds too, NaN equal to itself, maps in any order.
bool SameResult(const Value& a, const Value& b);
std::string Describe(const Value& value);

// The functions that a case declares and nobody calls.
base::Result<FunctionEntry> ReadCaseFunction(const json::Value& json);

}  // namespace gatehouse::codec::cel
