#include <algorithm>
#include <span>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/openai/service_tier.h"
#include "llm/dialect/openai_chat/messages.h"
#include "llm/dialect/openai_chat/request.h"
#include "llm/dialect/openai_chat/tools.h"
#include "llm/dialect/openai_chat/words.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using codec::json::Writer;

constexpr std::size_t kMaxStops = 4;

struct Output {
  Writer& writer;
  const ChatRequest& request;
  const EncodeOptions& options;
  std::vector<Loss>& losses;

  bool own() const { return request.origin == DialectId::kOpenAiChat; }
  void Lose(Loss::Kind kind, std::string_view field) const {
    losses.push_back({kind, std::string(field), common::NoEquivalent(kTarget, field)});
  }
  template <class T>
  void Optional(std::string_view name, const std::optional<T>& value) const {
    if (value) writer.Field(name, *value);
  }
  void Text(std::string_view name, const std::string& value) const {
    if (!value.empty()) writer.Field(name, value);
  }
  void Json(std::string_view name, const JsonText& value) const {
    if (!value.empty()) writer.RawField(name, value);
  }
};

void WriteLimit(const Output& out) {
  using Field = EncodeOptions::MaxTokensField;
  const bool old = out.options.max_tokens_field == Field::kMaxTokens;
  out.Optional(old ? "max_tokens" : "max_completion_tokens", out.request.max_output_tokens);
}

void WriteStop(const Output& out) {
  std::span<const std::string> stop(out.request.stop);
  if (stop.empty()) return;
  if (stop.size() > kMaxStops && !out.own()) {
    out.losses.push_back({Loss::Kind::kParameter, "stop", "OpenAI chat takes at most four stop sequences"});
    stop = stop.first(kMaxStops);
  }
  out.writer.Key("stop").BeginArray();
  for (const std::string& text : stop) out.writer.String(text);
  out.writer.EndArray();
}

void WriteSampling(const Output& out) {
  const ChatRequest& r = out.request;
  out.Optional("temperature", r.temperature);
  out.Optional("top_p", r.top_p);
  if (r.top_k && !out.own()) out.Lose(Loss::Kind::kParameter, "top_k");
  if (out.own()) out.Optional("top_k", r.top_k);
  out.Optional("frequency_penalty", r.frequency_penalty);
  out.Optional("presence_penalty", r.presence_penalty);
  out.Optional("seed", r.seed);
  out.Optional("n", r.choices);
  out.Optional("logprobs", r.logprobs);
  out.Optional("top_logprobs", r.top_logprobs);
  out.Json("logit_bias", r.logit_bias);
  WriteStop(out);
}

void WriteReasoning(const Output& out) {
  if (!out.request.reasoning) return;
  const ReasoningConfig& config = *out.request.reasoning;
  if (!out.own() && common::ThinkingSwitchedOff(out.request) == common::SwitchedOff::kYes) {
    out.losses.push_back({Loss::Kind::kHint, "reasoning", "whether it thinks is left to the model"});
    return;
  }
  auto effort = common::EffortOf(config);
  if (!effort && config.mode == ReasoningConfig::Mode::kEnabled) effort = Effort::kMedium;
  if (effort) out.writer.Field("reasoning_effort", common::ToString(*effort));
}

constexpr std::string_view kStreamOptions = "stream_options.";

bool IsStreamOption(const ExtraField& field) {
  return field.name.starts_with(kStreamOptions) && field.name != "stream_options.include_usage";
}

void WriteStream(const Output& out) {
  if (!out.request.stream) return;
  out.writer.Field("stream", true);
  const bool ask = out.options.stream_usage == EncodeOptions::StreamUsage::kAsk;
  const bool more = out.own() && std::ranges::any_of(out.request.extra, IsStreamOption);
  if (!ask && !more) return;
  // The usage is metered whether or not the client wants to see it.
  out.writer.Key("stream_options").BeginObject();
  if (ask) out.writer.Field("include_usage", true);
  for (const ExtraField& field : out.request.extra) {
    if (more && IsStreamOption(field))
      out.writer.RawField(std::string_view(field.name).substr(kStreamOptions.size()), field.json);
  }
  out.writer.EndObject();
}

void WriteExtras(const Output& out) {
  if (!out.own()) return common::AddForeignExtras(out.request, kTarget, out.losses);
  for (const ExtraField& field : out.request.extra) {
    if (!IsStreamOption(field)) out.writer.RawField(field.name, field.json);
  }
}

void NoteHints(const Output& out) {
  if (out.own()) return;
  common::NoteCacheMarks(out.request, "OpenAI", out.losses);
  const bool takes = !out.options.reasoning_field.empty();
  common::NoteReasoning(out.request, kTarget, [takes](const ReasoningBlock&) { return takes; }, out.losses);
}

}  // namespace

base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) {
  EncodedRequest encoded;
  Writer writer(encoded.body);
  const Output out{writer, request, options, encoded.losses};
  writer.BeginObject().Field("model", options.model.empty() ? std::string_view(request.model) : options.model);
  writer.Key("messages");
  EncodeMessages(writer, request, options, encoded.losses);
  EncodeTools(writer, request, encoded.losses);
  WriteLimit(out);
  WriteSampling(out);
  WriteReasoning(out);
  if (request.response_format) EncodeResponseFormat(writer, *request.response_format);
  out.Text("verbosity", request.verbosity);
  out.Text("user", request.user);
  out.Json("metadata", request.metadata);
  openai::WriteServiceTier(writer, request, kTarget, encoded.losses);
  out.Text("prompt_cache_key", request.prompt_cache_key);
  WriteStream(out);
  WriteExtras(out);
  writer.EndObject();
  NoteHints(out);
  return encoded;
}

}  // namespace gatehouse::llm::dialect::openai_chat
