#include <algorithm>
#include <array>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/anthropic/content.h"
#include "llm/dialect/anthropic/generation.h"
#include "llm/dialect/anthropic/request.h"
#include "llm/dialect/anthropic/sampling.h"
#include "llm/dialect/anthropic/thinking.h"
#include "llm/dialect/anthropic/tools.h"
#include "llm/dialect/anthropic/words.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/strict_schema.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using codec::json::Writer;

// For a model of which the catalogue knows no limit: every model of this API writes at least this much.
constexpr std::uint64_t kDefaultMaxTokens = 4096;
// Members of our own dialect that the token count takes too.
constexpr std::array<std::string_view, 4> kCountExtras = {"cache_control", "thinking", "context_management",
                                                          "mcp_servers"};

class Encoder {
 public:
  Encoder(const ChatRequest& request, const EncodeOptions& options, Purpose purpose)
      : request_(request),
        options_(options),
        purpose_(purpose),
        model_(options.model.empty() ? std::string_view(request.model) : options.model),
        can_(CapabilitiesOf(model_, options.version)),
        max_tokens_(request.max_output_tokens.value_or(options.default_max_output_tokens.value_or(kDefaultMaxTokens))),
        conversation_(common::Arrange(request.messages, can_.mid_system)),
        writer_(out_) {}

  base::Result<EncodedRequest> Run() && {
    thinking_ = PlanThinking(request_, can_, max_tokens_, conversation_.turns, losses_);
    writer_.BeginObject();
    WriteHead();
    WriteSystem();
    GH_CHECK_OK(WriteMessages());
    GH_CHECK_OK(WriteTools(writer_, request_, losses_));
    WriteThinking(writer_, thinking_);
    GH_CHECK_OK(WriteOutputConfig());
    if (purpose_ == Purpose::kAnswer) WriteSettings();
    WriteExtras();
    writer_.EndObject();
    return EncodedRequest{.body = std::move(out_), .losses = std::move(losses_)};
  }

 private:
  bool ours() const { return request_.origin == DialectId::kAnthropic; }

  void WriteHead() {
    if (IsHostedVersion(options_.version)) {
      writer_.Field("anthropic_version", options_.version);
    } else {
      writer_.Field("model", model_);
    }
    if (purpose_ == Purpose::kAnswer) writer_.Field("max_tokens", max_tokens_);
  }

  // The blocks as a JSON array, each by its own path.
  std::string Content(const std::vector<common::TurnBlock>& blocks, Role role) {
    std::string content;
    Writer writer(content);
    ContentWriter blocks_writer(writer, {.origin = request_.origin, .can = can_, .provider = options_.provider},
                                losses_);
    writer.BeginArray();
    for (const auto& block : blocks) blocks_writer.Write(*block.block, role, block.path());
    writer.EndArray();
    return content;
  }

  void WriteSystem() {
    const std::string content = Content(SystemTexts(), Role::kSystem);
    if (content != kEmpty) writer_.RawField("system", content);
  }

  // The system prompt takes nothing but text.
  std::vector<common::TurnBlock> SystemTexts() {
    std::vector<common::TurnBlock> texts;
    for (const auto& block : conversation_.system) {
      if (std::holds_alternative<TextBlock>(*block.block)) {
        texts.push_back(block);
      } else {
        losses_.push_back({Loss::Kind::kContent, block.path(), "Anthropic's system prompt takes nothing but text."});
      }
    }
    return texts;
  }

  base::Status WriteMessages() {
    writer_.Key("messages").BeginArray();
    std::size_t written = 0;
    for (const auto& turn : conversation_.turns) {
      const std::string content = Content(turn.blocks, turn.role);
      if (content == kEmpty) continue;
      writer_.BeginObject().Field("role", common::FindText(kRoles, turn.role)).RawField("content", content).EndObject();
      ++written;
    }
    writer_.EndArray();
    common::NoteReasoning(
        request_, kTarget, [this](const ReasoningBlock& block) { return IsOurs(block, options_.provider); }, losses_);
    return common::RequireTurns(written, kTarget, losses_);
  }

  base::Status WriteOutputConfig() {
    std::string config;
    Writer writer(config);
    writer.BeginObject();
    if (thinking_.effort) writer.Field("effort", EffortWord(*thinking_.effort));
    GH_CHECK_OK(WriteFormat(writer));
    WriteNestedExtras(writer, "output_config.");
    writer.EndObject();
    if (config != "{}") writer_.RawField("output_config", config);
    return base::Ok();
  }

  base::Status WriteFormat(Writer& writer) {
    if (!request_.response_format || request_.response_format->kind == ResponseFormat::Kind::kText) return base::Ok();
    const ResponseFormat& format = *request_.response_format;
    if (format.kind == ResponseFormat::Kind::kJsonObject) {
      Lose("response_format", "Anthropic answers in JSON by a schema only.");
      return base::Ok();
    }
    common::StrictSchema strict{.schema = format.schema.empty() ? JsonText(R"({"type":"object"})") : format.schema};
    if (!ours()) {
      GH_TRY(strict, common::ToStrictSchema(strict.schema));
      common::NoteTold(strict, "response_format", kTarget, losses_);
    }
    writer.Key("format").BeginObject().Field("type", "json_schema").RawField("schema", strict.schema).EndObject();
    return base::Ok();
  }

  void WriteSettings() {
    const Thought thought = thinking_.thinks() ? Thought::kYes : Thought::kNo;
    WriteSampling(writer_, PlanSampling(request_, can_.sampling, thought, losses_));
    WriteStop();
    WriteMetadata();
    WriteServiceTier();
    if (request_.stream && !IsHostedVersion(options_.version)) writer_.Field("stream", true);
    LoseForeignSettings(request_, losses_);
  }

  void WriteStop() {
    std::vector<std::string_view> texts;
    for (const std::string& text : request_.stop) {
      const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
      if (!blank) texts.push_back(text);
    }
    if (texts.size() != request_.stop.size())
      Lose("stop", "Anthropic takes no stop sequence that is only white space.");
    if (texts.empty()) return;
    writer_.Key("stop_sequences").BeginArray();
    for (const auto text : texts) writer_.String(text);
    writer_.EndArray();
  }

  void WriteMetadata() {
    std::string metadata;
    Writer writer(metadata);
    writer.BeginObject();
    if (!request_.user.empty()) writer.Field("user_id", request_.user);
    WriteNestedExtras(writer, "metadata.");
    writer.EndObject();
    if (metadata != "{}") writer_.RawField("metadata", metadata);
  }

  void WriteServiceTier() {
    const std::string_view tier = request_.service_tier == kNeutralStandard ? kStandardOnly : request_.service_tier;
    if (tier.empty()) return;
    if (tier == kStandardOnly || tier == "auto") {
      writer_.Field("service_tier", tier);
    } else {
      losses_.push_back({Loss::Kind::kHint, "service_tier", "Anthropic has no service tier of that name."});
    }
  }

  // Our own extras that stand inside an object, "output_config.task_budget".
  void WriteNestedExtras(Writer& writer, std::string_view prefix) {
    if (!ours()) return;
    for (const ExtraField& extra : request_.extra) {
      if (extra.name.starts_with(prefix))
        writer.RawField(std::string_view(extra.name).substr(prefix.size()), extra.json);
    }
  }

  void WriteExtras() {
    if (!ours()) return common::AddForeignExtras(request_, kTarget, losses_);
    for (const ExtraField& extra : request_.extra) {
      const bool nested = extra.name.find('.') != std::string::npos;
      if (!nested && Takes(extra.name)) writer_.RawField(extra.name, extra.json);
    }
  }

  bool Takes(std::string_view extra) const {
    return purpose_ == Purpose::kAnswer || std::ranges::find(kCountExtras, extra) != kCountExtras.end();
  }

  void Lose(std::string_view field, std::string reason) {
    losses_.push_back({Loss::Kind::kParameter, std::string(field), std::move(reason)});
  }

  static constexpr std::string_view kEmpty = "[]";

  const ChatRequest& request_;    // of the caller, for the length of Run
  const EncodeOptions& options_;  // the same
  Purpose purpose_;
  std::string_view model_;
  Capabilities can_;
  std::uint64_t max_tokens_;
  common::Conversation conversation_;
  Thinking thinking_;
  std::vector<Loss> losses_;
  std::string out_;
  Writer writer_;
};

}  // namespace

base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options, Purpose purpose) {
  GH_TRY(EncodedRequest encoded, Encoder(request, options, purpose).Run());
  if (purpose == Purpose::kCount) common::KeepContentLosses(encoded.losses);
  return encoded;
}

}  // namespace gatehouse::llm::dialect::anthropic
