#include <algorithm>
#include <string>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect/common/node.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/gemini/gemini.h"
#include "llm/dialect/gemini/parts.h"
#include "llm/dialect/gemini/request_decode.h"
#include "llm/dialect/gemini/request_encode.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

class CountOfGemini final : public CountDialect {
 public:
  DialectId id() const override { return DialectId::kGemini; }

  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    const common::Node root(body);
    const auto wrapped = Either(root, "generateContentRequest", "generate_content_request");
    return ReadRequest(wrapped.present() ? wrapped : root, path);
  }

  // Settings that cannot be carried do not change a count: only lost content is told.
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    const bool vertex = options.version == kVertex;
    EncodedRequest encoded;
    codec::json::Writer writer(encoded.body);
    writer.BeginObject();
    if (!vertex) {
      writer.Key("generateContentRequest").BeginObject();
      writer.Field("model", "models/" + std::string(options.model));
    }
    GH_CHECK_OK(WriteRequest(writer, request, options, encoded.losses));
    if (!vertex) writer.EndObject();
    writer.EndObject();
    std::erase_if(encoded.losses, [](const Loss& loss) { return loss.kind != Loss::Kind::kContent; });
    return encoded;
  }

  base::Result<std::uint64_t> DecodeAnswer(std::string_view body) const override {
    codec::json::Document document;
    const bool parsed = document.Parse(body).ok();
    const auto total = parsed ? document.root()["totalTokens"] : codec::json::Value();
    if (!total.AsInteger()) return common::BadUpstream("a count without totalTokens");
    return common::Count(total);
  }

  std::string EncodeAnswer(std::uint64_t input_tokens) const override {
    std::string body;
    codec::json::Writer(body).BeginObject().Field("totalTokens", input_tokens).EndObject();
    return body;
  }
};

}  // namespace

const CountDialect& Count() {
  static const CountOfGemini dialect;
  return dialect;
}

}  // namespace gatehouse::llm::dialect::gemini
