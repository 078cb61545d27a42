#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/client.h"
#include "pipeline/provider.h"
#include "providers/common/request_body.h"
#include "providers/common/vendor.h"

namespace gatehouse::providers::common {

struct UpstreamLimits {
  http::ClientTimeouts timeouts;
  std::size_t max_answer_bytes = 64U << 20U;                                           // of a whole answer
  enum class Trace : std::uint8_t { kWithhold, kPropagate } trace = Trace::kWithhold;  // traceparent to the upstream
};

// A vendor's API over HTTP: prepares the request, sends it once, decodes the answer. Belongs to one loop; `vendor` is
// shared.
class HttpProvider final : public pipeline::Provider {
 public:
  HttpProvider(std::string name, std::shared_ptr<const Vendor> vendor, std::shared_ptr<http::Pool> pool,
               UpstreamLimits limits)
      : name_(std::move(name)), vendor_(std::move(vendor)), pool_(std::move(pool)), limits_(limits) {}

  std::string_view name() const override { return name_; }
  pipeline::Capabilities capabilities() const override { return vendor_->capabilities(); }
  net::Task<base::Result<pipeline::Reply>> Call(pipeline::Exchange& exchange, pipeline::CallContext context) override;
  net::Task<base::Status> Probe(net::Deadline deadline) override;

 private:
  using Response = std::unique_ptr<http::ClientResponse>;

  net::Task<base::Result<pipeline::Reply>> CallChat(pipeline::Exchange& exchange, pipeline::CallContext context);
  net::Task<base::Result<pipeline::Reply>> CallEmbeddings(pipeline::Exchange& exchange, pipeline::CallContext context);
  net::Task<base::Result<pipeline::Reply>> CallCount(pipeline::Exchange& exchange, pipeline::CallContext context);
  net::Task<base::Result<pipeline::Reply>> CallRerank(pipeline::Exchange& exchange, pipeline::CallContext context);
  net::Task<base::Result<pipeline::Reply>> PassThrough(pipeline::Exchange& exchange, pipeline::CallContext context);

  net::Task<base::Result<pipeline::Reply>> Refuse(std::string_view what);

  base::Status Authorize(UpstreamCall& call, base::WallTime now) const;
  // Authorizes and sends; an error status becomes an Error in the words of `dialect`. `call` outlives the task.
  net::Task<base::Result<Response>> Send(pipeline::Exchange& exchange, UpstreamCall& call, llm::DialectId dialect,
                                         net::Deadline deadline);
  net::Task<base::Error> ReadError(Response response, llm::DialectId dialect);
  net::Task<base::Result<std::string>> SendForBody(pipeline::Exchange& exchange, UpstreamCall call,
                                                   llm::DialectId dialect, net::Deadline deadline);
  UpstreamCall NewCall(const pipeline::Exchange& exchange, std::string target, std::string body) const;
  std::vector<pipeline::HeaderField> ForwardedHeaders(const http::HeaderMap& headers) const;
  base::Error NoSuchEndpoint(std::string_view what) const;

  std::string name_;
  std::shared_ptr<const Vendor> vendor_;
  std::shared_ptr<http::Pool> pool_;
  UpstreamLimits limits_;
};

}  // namespace gatehouse::providers::common
