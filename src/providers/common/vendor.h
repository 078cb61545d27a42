#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/header_map.h"
#include "llm/dialect.h"
#include "llm/operation.h"
#include "pipeline/operation.h"
#include "pipeline/provider.h"

namespace gatehouse::providers::common {

// A request about to go upstream.
struct UpstreamCall {
  std::string method = "POST";
  std::string target;     // path and query
  std::string authority;  // for signatures that cover the host
  http::HeaderMap headers;
  std::string body;
};

// What differs between vendors that speak JSON over HTTP: paths, credentials, which dialects they understand. Immutable
// and shared by all loops; the HttpProvider around it owns the connections.
class Vendor {
 public:
  virtual ~Vendor() = default;

  virtual pipeline::Capabilities capabilities() const = 0;
  // The dialect for a client that speaks `asked`: the same one where the vendor understands it, which passes the bytes
  // through.
  virtual llm::DialectId ChatDialectFor(llm::DialectId asked) const = 0;
  // How the encoder is to write for this vendor.
  virtual llm::EncodeOptions Options(const pipeline::CallContext& context) const { return {.model = context.model}; }
  // True where the model's name stands in the body (and must be replaced there).
  virtual bool ModelInBody() const { return true; }
  // True where the vendor takes counts and embeddings in another shape than clients of its dialect may send them: those
  // bodies are never passed through.
  virtual bool ReencodesOperations() const { return false; }

  // Paths, with their query. nullopt: the vendor has no such endpoint.
  virtual std::string ChatTarget(llm::DialectId dialect, std::string_view model, llm::Delivery delivery) const = 0;
  virtual std::optional<std::string> CountTarget(std::string_view model) const;
  virtual std::optional<std::string> EmbeddingTarget(std::string_view model) const;
  virtual std::optional<std::string> RerankTarget() const;
  virtual std::optional<std::string> PassThroughTarget(const pipeline::PassThroughCall& call) const;
  virtual std::string ProbeTarget() const = 0;

  // How token counts are asked for; nullptr: not at all.
  virtual const llm::CountDialect* CountCodec() const { return nullptr; }
  // How embeddings are spoken for that model; nullptr: not at all.
  virtual const llm::EmbeddingDialect* EmbeddingCodec(std::string_view model) const;

  // Adds the credential, and headers that the vendor requires; the last step before sending.
  virtual base::Status Authorize(UpstreamCall& call, base::WallTime now) const = 0;
  // Headers of the answer worth handing to the client (rate limits, request ids), in lower case.
  virtual bool ForwardsHeader(std::string_view lower_case_name) const;
};

}  // namespace gatehouse::providers::common
