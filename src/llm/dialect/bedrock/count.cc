#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect/bedrock/bedrock.h"
#include "llm/dialect/bedrock/request_decode.h"
#include "llm/dialect/bedrock/request_encode.h"
#include "llm/dialect/common/node.h"
#include "llm/dialect/common/upstream_error.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

// {"input":{"converse":{...}}} -> {"inputTokens"}
class CountOfBedrock final : public CountDialect {
 public:
  DialectId id() const override { return DialectId::kBedrock; }

  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    const common::Node root(body);
    const auto input = root["input"];
    const auto converse = input["converse"];
    GH_CHECK_OK(common::RequireObject(converse));
    return ReadRequest(converse, path);
  }
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    return bedrock::EncodeRequest(request, options, Purpose::kCount);
  }
  base::Result<std::uint64_t> DecodeAnswer(std::string_view body) const override {
    codec::json::Document document;
    const bool parsed = document.Parse(body).ok();
    const auto count = parsed ? document.root()["inputTokens"] : codec::json::Value();
    if (!count.AsInteger()) return common::BadUpstream("a count without inputTokens");
    return common::Count(count);
  }
  std::string EncodeAnswer(std::uint64_t input_tokens) const override {
    std::string body;
    codec::json::Writer(body).BeginObject().Field("inputTokens", input_tokens).EndObject();
    return body;
  }
};

}  // namespace

const CountDialect& Count() {
  static const CountOfBedrock dialect;
  return dialect;
}

}  // namespace gatehouse::llm::dialect::bedrock
