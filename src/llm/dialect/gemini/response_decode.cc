#include "llm/dialect/gemini/response_decode.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "llm/dialect/common/media.h"
#include "llm/dialect/common/node.h"
#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/gemini/error.h"
#include "llm/dialect/gemini/grounding.h"
#include "llm/dialect/gemini/words.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using codec::json::Value;
using common::Count;

constexpr std::uint32_t kMaxCandidates = 128;
constexpr std::size_t kMaxUrls = 1024;

std::uint64_t Less(std::uint64_t from, std::uint64_t take) { return from > take ? from - take : 0; }

std::uint64_t AudioTokens(Value details) {
  std::uint64_t tokens = 0;
  for (const auto detail : details) {
    if (detail.value["modality"].string() == "AUDIO") tokens += Count(detail.value["tokenCount"]);
  }
  return tokens;
}

// The events of one candidate. Gemini numbers no blocks: parts of one kind that follow each other are one block.
class Candidate {
 public:
  Candidate(std::uint32_t index, std::vector<Event>& events) : index_(index), events_(&events) {}
  void Bind(std::vector<Event>& events) { events_ = &events; }
  std::uint32_t index() const { return index_; }

  base::Status Part(Value part, std::string_view call_seed) {
    const auto signature = part["thoughtSignature"].string();
    if (const auto call = part["functionCall"]; call.IsObject()) return Call(call, signature, call_seed);
    if (const auto text = part["text"]; text.IsString()) {
      part["thought"].AsBool().value_or(false) ? Thought(text.string(), signature)
                                               : Text(part, text.string(), signature);
      return base::Ok();
    }
    const auto data = part["inlineData"];
    const bool thought = part["thought"].AsBool().value_or(false);
    if (!thought && common::IsImage(data["mimeType"].string())) {
      Image(data, signature);
    } else {
      Other(part);
    }
    return base::Ok();
  }

  void NoteCalls(Value parts) {
    for (const auto part : parts) calls_ = part.value["functionCall"].IsObject() ? ToolCalls::kSome : calls_;
  }

  // Citations and grounding belong to the text that came last.
  void Annotate(std::string_view name, Value value) {
    if (value.IsNullish() || !has_text_) return;
    JsonText json = "{\"" + std::string(name) + "\":";
    json.append(value.raw()).append("}");
    Annotated annotated{index_, text_block_, DialectId::kGemini, std::move(json)};
    for (UrlCitation& url : UrlCitationsOf(name, value, text_)) {
      // Some chunks say again what earlier ones said.
      if (urls_.size() >= kMaxUrls || std::ranges::find(urls_, url) != urls_.end()) continue;
      urls_.push_back(url);
      annotated.urls.push_back(std::move(url));
    }
    Emit(std::move(annotated));
  }

  // The last finish reason counts: some proxies repeat one on every chunk. It is told at the end of the stream.
  void NoteFinish(std::string_view word, std::string_view message) {
    if (word.empty() || word == "FINISH_REASON_UNSPECIFIED") return;
    finish_ = word;
    message_ = message;
  }
  bool finished() const { return !finish_.empty(); }

  base::Status CheckUsable() {
    if (UsableFinish(finish_) == Usable::kYes) return base::Ok();
    Close();
    return common::MalformedOutput(finish_ + ": " + message_);
  }

  void Finish() {
    Close();
    const auto reason = ToFinishReason(finish_, calls_);
    const bool plain = reason == FinishReason::kStop || reason == FinishReason::kToolCalls;
    std::string detail = plain ? std::string() : finish_;
    if (!message_.empty()) detail.append(detail.empty() ? "" : ": ").append(message_);
    Emit(ChoiceFinished{index_, reason, {}, std::move(detail)});
  }

 private:
  enum class Kind : std::uint8_t { kNone, kText, kThought };

  template <class E>
  void Emit(E event) {
    events_->push_back(std::move(event));
  }

  void Close() {
    if (open_ != Kind::kNone) Emit(BlockFinished{index_, block_});
    open_ = Kind::kNone;
    signed_ = false;
  }
  std::uint32_t Open(Kind kind) {
    if (open_ != kind || signed_) {
      Close();
      block_ = next_block_++;
      open_ = kind;
      if (kind == Kind::kText) text_.clear();
    }
    return block_;
  }

  // A signature without text belongs to the text before it; where there is none it is a part of its own, which means
  // nothing to anybody but Gemini.
  void Text(Value part, std::string_view text, std::string_view signature) {
    if (text.empty() && signature.empty()) return;
    if (text.empty() && open_ != Kind::kText) {
      Opaque("text", part);
      return;
    }
    if (text.empty()) signed_ = false;
    text_block_ = Open(Kind::kText);
    has_text_ = true;
    text_ += text;
    Emit(TextDelta{index_, text_block_, std::string(text), std::string(signature)});
    signed_ = !signature.empty();  // what cites the text may come after its signature
  }

  void Thought(std::string_view text, std::string_view signature) {
    if (text.empty() && signature.empty()) return;
    const auto block = Open(Kind::kThought);
    if (!text.empty()) Emit(ReasoningDelta{index_, block, std::string(text)});
    if (signature.empty()) return;
    Emit(ReasoningSeal{index_, block, std::string(signature), {}, {}, DialectId::kGemini});
    Close();
  }

  base::Status Call(Value call, std::string_view signature, std::string_view call_seed) {
    if (call["willContinue"].AsBool().value_or(false) || !call["partialArgs"].empty()) {
      return common::BadUpstream("arguments of a function call in pieces, which were not asked for");
    }
    if (call["name"].string().empty()) return common::BadUpstream("a functionCall without a name");
    Close();
    calls_ = ToolCalls::kSome;
    const auto block = next_block_++;
    std::string id(call["id"].string());
    if (id.empty()) id = common::SyntheticCallId(call_seed, index_, block);
    Emit(ToolCallStarted{.choice = index_,
                         .block = block,
                         .id = std::move(id),
                         .name = std::string(call["name"].string()),
                         .signature = std::string(signature)});
    const auto args = call["args"];
    Emit(ToolCallDelta{index_, block, args.IsObject() ? std::string(args.raw()) : "{}"});
    Emit(BlockFinished{index_, block});
    return base::Ok();
  }

  void Opaque(std::string_view kind, Value part) {
    Close();
    const auto block = next_block_++;
    Emit(OpaqueBlockAdded{index_, block, OpaqueBlock{DialectId::kGemini, std::string(kind), std::string(part.raw())}});
    Emit(BlockFinished{index_, block});
  }

  void Other(Value part) {
    std::string_view kind = "part";
    for (const auto member : part) {
      if (member.value.IsObject() && member.key != "videoMetadata" && member.key != "partMetadata") kind = member.key;
    }
    Opaque(kind, part);
  }

  void Image(Value data, std::string_view signature) {
    Close();
    const auto block = next_block_++;
    InlineMedia media{std::string(data["mimeType"].string()), std::string(data["data"].string())};
    Emit(ImageAdded{index_, block, {.source = std::move(media), .signature = std::string(signature)}});
    Emit(BlockFinished{index_, block});
  }

  std::uint32_t index_;
  std::vector<Event>* events_;  // of the frame that is being decoded
  Kind open_ = Kind::kNone;
  std::uint32_t block_ = 0;  // the open one
  std::uint32_t next_block_ = 0;
  bool signed_ = false;  // nothing joins it any more
  std::uint32_t text_block_ = 0;
  bool has_text_ = false;
  std::string text_;               // of that block
  std::vector<UrlCitation> urls_;  // told so far
  ToolCalls calls_ = ToolCalls::kNone;
  std::string finish_;
  std::string message_;
};

class Decoder final : public ResponseDecoder {
 public:
  explicit Decoder(std::string_view exchange) : call_seed_(exchange) {}

  base::Status Decode(std::string_view, std::string_view data, Detail detail, std::vector<Event>& events) override {
    if (data.empty() || data == "[DONE]") return base::Ok();  // the latter from compatible servers
    if (auto parsed = document_.Parse(data); !parsed.ok()) {
      return common::BadUpstream("a chunk that is not JSON: " + parsed.error().public_message);
    }
    return Chunk(document_.root(), detail, events);
  }

  base::Status DecodeWhole(std::string_view body, Detail detail, std::vector<Event>& events) override {
    if (auto parsed = document_.Parse(body); !parsed.ok()) {
      return common::BadUpstream("an answer that is not JSON: " + parsed.error().public_message);
    }
    const auto root = document_.root();
    if (!root.IsArray()) {
      GH_CHECK_OK(Chunk(root, detail, events));
    }
    for (const auto chunk : root.IsArray() ? root : Value()) GH_CHECK_OK(Chunk(chunk.value, detail, events));
    return Finish(detail, events);
  }
  codec::json::Document TakeDocument() override { return std::move(document_); }

  base::Status Finish(Detail detail, std::vector<Event>& events) override {
    if (candidates_.empty()) return common::BadUpstream("the stream ended without a candidate");
    for (auto& candidate : candidates_) {
      if (!candidate.finished()) return common::BadUpstream("the stream ended before a finishReason");
    }
    for (auto& candidate : candidates_) {
      candidate.Bind(events);
      // To Gemini's own clients the word passes as it is.
      if (detail == Detail::kFull) GH_CHECK_OK(candidate.CheckUsable());
      candidate.Finish();
    }
    return base::Ok();
  }

 private:
  base::Status Chunk(Value chunk, Detail detail, std::vector<Event>& events) {
    if (!chunk["error"].IsNullish()) return ToError(0, chunk);
    if (!chunk.IsObject()) return common::BadUpstream("a chunk that is not an object");
    if (detail == Detail::kFull) Start(chunk, events);
    for (const auto candidate : chunk["candidates"]) GH_CHECK_OK(ReadCandidate(candidate.value, detail, events));
    ReadFeedback(chunk["promptFeedback"], events);
    if (const auto usage = chunk["usageMetadata"]; usage.IsObject()) events.push_back(UsageReported{ReadUsage(usage)});
    return base::Ok();
  }

  void Start(Value chunk, std::vector<Event>& events) {
    if (started_) return;
    started_ = true;
    const auto id = chunk["responseId"].string();
    call_seed_.insert(0, id);
    events.push_back(Started{std::string(id), std::string(chunk["modelVersion"].string()), 0});
  }

  base::Status ReadCandidate(Value value, Detail detail, std::vector<Event>& events) {
    const auto index = Count(value["index"]);
    if (index >= kMaxCandidates) return common::BadUpstream("a candidate with an index out of range");
    auto& candidate = CandidateAt(static_cast<std::uint32_t>(index), events);
    const auto parts = value["content"]["parts"];
    if (detail == Detail::kFull) {
      for (const auto part : parts) GH_CHECK_OK(candidate.Part(part.value, call_seed_));
      candidate.Annotate("groundingMetadata", value["groundingMetadata"]);
      candidate.Annotate("citationMetadata", value["citationMetadata"]);
      candidate.Annotate("urlContextMetadata", value["urlContextMetadata"]);
      if (const auto logprobs = value["logprobsResult"]; logprobs.IsObject()) {
        events.push_back(
            LogprobsReported{candidate.index(), DialectId::kGemini, "[" + std::string(logprobs.raw()) + "]"});
      }
    } else {
      candidate.NoteCalls(parts);
    }
    candidate.NoteFinish(value["finishReason"].string(), value["finishMessage"].string());
    return base::Ok();
  }

  // A refused prompt has no candidates: it is one empty choice that was filtered.
  void ReadFeedback(Value feedback, std::vector<Event>& events) {
    const auto reason = feedback["blockReason"].string();
    if (reason.empty() || reason == "BLOCKED_REASON_UNSPECIFIED") return;
    if (candidates_.empty()) CandidateAt(0, events);
    for (auto& candidate : candidates_) {
      // OTHER is no filter as a finish reason, but it is one as the reason of a block.
      candidate.NoteFinish(reason == "OTHER" || ToFinishReason(reason, ToolCalls::kNone) != FinishReason::kContentFilter
                               ? std::string_view("PROHIBITED_CONTENT")
                               : reason,
                           feedback["blockReasonMessage"].string());
    }
  }

  Candidate& CandidateAt(std::uint32_t index, std::vector<Event>& events) {
    auto found = std::ranges::find(candidates_, index, &Candidate::index);
    if (found == candidates_.end()) found = candidates_.insert(found, Candidate(index, events));
    found->Bind(events);
    return *found;
  }

  codec::json::Document document_;
  bool started_ = false;
  std::string call_seed_;  // of ids of calls that have none
  std::vector<Candidate> candidates_;
};

}  // namespace

Usage ReadUsage(Value metadata) {
  const auto prompt = Count(metadata["promptTokenCount"]);
  const auto cached = Count(metadata["cachedContentTokenCount"]);
  const auto tools = Count(metadata["toolUsePromptTokenCount"]);
  const auto thoughts = Count(metadata["thoughtsTokenCount"]);
  const auto total = Count(metadata["totalTokenCount"]);
  const auto generated = total != 0 ? Less(total, prompt + tools) : Count(metadata["candidatesTokenCount"]) + thoughts;
  const auto fresh = Less(prompt, cached);
  Usage usage;
  usage.cache_read = std::min(cached, prompt);
  usage.tool_input = tools;
  usage.input_audio =
      std::min(fresh, Less(AudioTokens(metadata["promptTokensDetails"]), AudioTokens(metadata["cacheTokensDetails"])));
  usage.input = fresh - usage.input_audio;
  usage.reasoning = std::min(thoughts, generated);
  usage.output_audio = std::min(generated - usage.reasoning, AudioTokens(metadata["candidatesTokensDetails"]));
  usage.output = generated - usage.reasoning - usage.output_audio;
  usage.source = UsageSource::kProvider;
  return usage;
}

std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange) { return std::make_unique<Decoder>(exchange); }

}  // namespace gatehouse::llm::dialect::gemini
