#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/cel/ast.h"
#include "codec/cel/cel.h"
#include "codec/cel/checker.h"
#include "codec/cel/code.h"

namespace gatehouse::codec::cel {

// Translates a checked tree into code.
class Compiler {
 public:
  Compiler(const Ast& ast, const Checked& checked, const CompileOptions& options, const Limits& limits,
           std::string_view source);

  base::Result<Program> Run();

 private:
  base::Status FoldConstants();
  std::optional<Value> FoldNode(NodeId id);
  std::optional<Value> LiteralOf(const Node& node);
  std::optional<Value> FoldCall(NodeId id, const Node& node);
  std::optional<std::vector<Value>> ConstantChildren(const Node& node, std::size_t begin) const;
  std::optional<Value> SetOf(NodeId list);

  base::Status Emit(NodeId id);
  base::Status EmitName(NodeId id, const Node& node);
  base::Status EmitSelect(NodeId id, const Node& node, Op op);
  base::Status EmitHas(const Node& node);
  base::Status EmitCall(NodeId id, const Node& node);
  base::Status EmitLogical(const Node& node, Op left, Op right);
  base::Status EmitConditional(const Node& node);
  base::Status EmitMatch(const Node& node, std::size_t begin);
  base::Status EmitIn(const Node& node, Function function);
  base::Status EmitElements(const Node& node);
  base::Status EmitLoop(NodeId id, const Node& node);
  base::Status EmitLoopBody(NodeId id, const Node& node, std::uint32_t next);
  base::Status EmitBind(NodeId id, const Node& node);
  base::Status EmitOptionalMap(NodeId id, const Node& node);

  // Adds an instruction that changes the height of the stack by `change`; returns where it is.
  std::uint32_t Add(Instruction instruction, int change);
  void Patch(std::uint32_t at) { code_->instructions[at].operand = Here(); }
  std::uint32_t Here() const { return static_cast<std::uint32_t>(code_->instructions.size()); }
  std::uint32_t Constant(const Value& value);
  std::uint32_t TextConstant(std::string_view text);
  std::uint32_t FunctionIndex(Function function);
  std::optional<std::uint64_t> TurnsOf(NodeId range) const;

  const Ast& ast_;
  const Checked& checked_;
  const CompileOptions& options_;
  const Limits& limits_;
  std::string_view source_;
  std::unique_ptr<Code> code_;
  std::vector<std::optional<Value>> constants_;  // by node
  std::uint32_t position_ = 0;                   // of the node that code is made for
  std::uint32_t height_ = 0;                     // of the stack here
  std::uint64_t turns_ = 1;                      // how often code made here runs at most
  std::optional<std::uint64_t> bound_ = 0;
};

}  // namespace gatehouse::codec::cel
