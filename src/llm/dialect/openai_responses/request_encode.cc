#include <algorithm>
#include <array>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/openai/service_tier.h"
#include "llm/dialect/openai_responses/items.h"
#include "llm/dialect/openai_responses/request.h"
#include "llm/dialect/openai_responses/settings.h"
#include "llm/dialect/openai_responses/words.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using codec::json::Writer;

constexpr std::uint64_t kLeastOutputTokens = 16;  // less is an error there
// Our own extras that the token count takes too.
constexpr std::array<std::string_view, 4> kCountExtras = {"previous_response_id", "conversation", "truncation",
                                                          "tool_choice"};

bool IsPlainPrompt(const Message& message) { return common::IsPlainText(message.blocks); }

class Encoder {
 public:
  Encoder(const ChatRequest& request, const EncodeOptions& options, Purpose purpose)
      : request_(request), options_(options), purpose_(purpose), writer_(out_) {}

  EncodedRequest Run() && {
    writer_.BeginObject();
    writer_.Field("model", options_.model.empty() ? std::string_view(request_.model) : options_.model);
    const std::size_t prompt = PromptMessages();
    WriteInstructions(prompt);
    WriteInput(prompt);
    WriteToolMembers();
    WriteObject("reasoning", ReasoningObject(request_));
    WriteObject("text", TextObject(request_));
    if (purpose_ == Purpose::kAnswer) WriteSettings();
    WriteExtraMembers();
    writer_.EndObject();
    return {.body = std::move(out_), .losses = std::move(losses_)};
  }

 private:
  bool ours() const { return request_.origin == DialectId::kOpenAiResponses; }

  // How many messages at the beginning become `instructions`: of our own clients the one that was, of others the
  // system prompt.
  std::size_t PromptMessages() const {
    const auto& messages = request_.messages;
    if (ours()) return !messages.empty() && messages.front().source == kInstructions ? 1 : 0;
    const std::size_t leading = common::LeadingSystemMessages(messages);
    const auto end = messages.begin() + static_cast<std::ptrdiff_t>(leading);
    return static_cast<std::size_t>(std::find_if_not(messages.begin(), end, IsPlainPrompt) - messages.begin());
  }

  void WriteInstructions(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string part = common::JoinText(request_.messages[i].blocks, "\n\n");
      if (!text.empty() && !part.empty()) text += "\n\n";
      text += part;
    }
    if (!text.empty()) writer_.Field("instructions", text);
  }

  void WriteInput(std::size_t from) {
    writer_.Key("input").BeginArray();
    ItemWriter items(writer_, request_, options_.provider, losses_);
    for (std::size_t i = from; i < request_.messages.size(); ++i) items.Write(request_.messages[i]);
    writer_.EndArray();
    if (ours()) return;
    common::NoteReasoning(
        request_, kTarget, [&](const ReasoningBlock& reasoning) { return items.IsOurs(reasoning); }, losses_);
    if (request_.origin != DialectId::kOpenAiChat) common::NoteCacheMarks(request_, "OpenAI", losses_);
  }

  void WriteObject(std::string_view name, const JsonText& object) {
    if (!object.empty()) writer_.RawField(name, object);
  }

  void WriteToolMembers() {
    if (!request_.tools.empty()) {
      writer_.Key("tools");
      WriteTools(writer_, request_, losses_);
    }
    if (request_.tool_choice) {
      writer_.Key("tool_choice");
      WriteToolChoice(writer_, request_, *request_.tool_choice);
    }
    if (request_.parallel_tool_calls) writer_.Field("parallel_tool_calls", *request_.parallel_tool_calls);
  }

  void WriteSettings() {
    WriteLimit();
    if (request_.temperature) writer_.Field("temperature", *request_.temperature);
    if (request_.top_p) writer_.Field("top_p", *request_.top_p);
    if (request_.top_logprobs) writer_.Field("top_logprobs", *request_.top_logprobs);
    if (!request_.metadata.empty()) writer_.RawField("metadata", request_.metadata);
    openai::WriteServiceTier(writer_, request_, kTarget, losses_);
    if (!request_.prompt_cache_key.empty()) writer_.Field("prompt_cache_key", request_.prompt_cache_key);
    if (!request_.user.empty()) writer_.Field("safety_identifier", request_.user);
    if (request_.stream) writer_.Field("stream", true);
    if (!ours()) WriteStatelessness();
    LoseSettings();
  }

  void WriteLimit() {
    if (!request_.max_output_tokens) return;
    if (*request_.max_output_tokens < kLeastOutputTokens) {
      losses_.push_back({Loss::Kind::kParameter, "max_output_tokens", "OpenAI Responses takes no limit under 16."});
    }
    writer_.Field("max_output_tokens", std::max(*request_.max_output_tokens, kLeastOutputTokens));
  }

  // Clients of other dialects send their whole history: nothing is stored for them, and reasoning comes back sealed.
  void WriteStatelessness() {
    writer_.Field("store", false);
    const bool sealed = Reasons();
    const bool logprobs = request_.logprobs.value_or(false);
    if (!sealed && !logprobs) return;
    writer_.Key("include").BeginArray();
    if (sealed) writer_.String(kEncryptedReasoning);
    if (logprobs) writer_.String("message.output_text.logprobs");
    writer_.EndArray();
  }

  bool Reasons() const {
    if (!request_.reasoning) return false;
    return common::EffortOf(*request_.reasoning).value_or(Effort::kNone) != Effort::kNone;
  }

  void LoseSettings() {
    const auto lose = [this](bool asked, const char* field) {
      if (asked) losses_.push_back({Loss::Kind::kParameter, field, common::NoEquivalent(kTarget, field)});
    };
    lose(request_.top_k.has_value(), "top_k");
    lose(request_.frequency_penalty.value_or(0) != 0, "frequency_penalty");
    lose(request_.presence_penalty.value_or(0) != 0, "presence_penalty");
    lose(request_.seed.has_value(), "seed");
    lose(request_.choices.value_or(1) != 1, "choices");
    lose(!request_.stop.empty(), "stop");
    if (!ours() && common::ThinkingSwitchedOff(request_) == common::SwitchedOff::kYes) {
      losses_.push_back({Loss::Kind::kHint, "reasoning", "whether it thinks is left to the model"});
    }
    lose(!request_.logit_bias.empty() && request_.logit_bias != "{}", "logit_bias");
  }

  void WriteExtraMembers() {
    if (!ours()) {
      common::AddForeignExtras(request_, kTarget, losses_);
      return;
    }
    WriteStreamOptions();
    for (const ExtraField& extra : request_.extra) {
      const bool nested = extra.name.find('.') != std::string::npos;
      if (!nested && Takes(extra.name)) writer_.RawField(extra.name, extra.json);
    }
  }

  void WriteStreamOptions() {
    std::string options;
    Writer writer(options);
    writer.BeginObject();
    WriteExtras(writer, request_, "stream_options.");
    writer.EndObject();
    if (options != "{}" && purpose_ == Purpose::kAnswer) writer_.RawField("stream_options", options);
  }

  bool Takes(std::string_view extra) const {
    return purpose_ == Purpose::kAnswer || std::ranges::find(kCountExtras, extra) != kCountExtras.end();
  }

  const ChatRequest& request_;    // of the caller, for the length of Run
  const EncodeOptions& options_;  // the same
  Purpose purpose_;
  std::vector<Loss> losses_;
  std::string out_;
  Writer writer_;
};

}  // namespace

base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options, Purpose purpose) {
  EncodedRequest encoded = Encoder(request, options, purpose).Run();
  if (purpose == Purpose::kCount) common::KeepContentLosses(encoded.losses);
  return encoded;
}

}  // namespace gatehouse::llm::dialect::openai_responses
