#include "render.h"

#include <utility>

#include "codec/json/document.h"

namespace gatehouse::golden {
namespace {

using codec::json::Value;

std::string Quoted(std::string_view text) {
  std::string out;
  codec::json::AppendQuoted(out, text);
  return out;
}

void AppendPretty(Value value, std::size_t depth, std::string& out) {
  if (value.empty() || !(value.IsArray() || value.IsObject())) {
    out += value.raw();
    return;
  }
  const std::string indent(2 * depth + 2, ' ');
  out += value.IsArray() ? "[" : "{";
  const char* separator = "\n";
  for (const auto member : value) {
    out.append(std::exchange(separator, ",\n")).append(indent);
    if (value.IsObject()) out.append(Quoted(member.key)).append(": ");
    AppendPretty(member.value, depth + 1, out);
  }
  out.append("\n").append(2 * depth, ' ').append(value.IsArray() ? "]" : "}");
}

// "name key=value ..." of one event.
class Line {
 public:
  explicit Line(std::string_view name) : text_(name) {}
  Line(std::string_view name, std::uint32_t choice, std::uint32_t block) : Line(name) {
    text_.append(" ").append(std::to_string(choice)).append("/").append(std::to_string(block));
  }
  Line& Text(std::string_view key, std::string_view value) {
    if (!value.empty()) text_.append(" ").append(key).append("=").append(Quoted(value));
    return *this;
  }
  Line& Raw(std::string_view key, std::string_view value) {
    text_.append(" ").append(key).append("=").append(value);
    return *this;
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

constexpr std::string_view kFinishNames[] = {"stop",           "stop_sequence", "length",         "tool_calls",
                                             "content_filter", "pause",         "context_window", "other"};
constexpr std::string_view kToolKinds[] = {"function", "custom", "provider"};

struct Renderer {
  std::string operator()(const llm::Started& e) const {
    Line line("started");
    line.Text("id", e.id).Text("model", e.model).Raw("created", std::to_string(e.created_seconds));
    return line.Take();
  }
  std::string operator()(const llm::TextDelta& e) const {
    return Line("text", e.choice, e.block).Raw("text", Quoted(e.text)).Text("signature", e.signature).Take();
  }
  std::string operator()(const llm::RefusalDelta& e) const {
    return Line("refusal", e.choice, e.block).Text("text", e.text).Take();
  }
  std::string operator()(const llm::ReasoningDelta& e) const {
    return Line("reasoning", e.choice, e.block).Text("text", e.text).Take();
  }
  std::string operator()(const llm::ReasoningSeal& e) const {
    Line line("seal", e.choice, e.block);
    line.Text("signature", e.signature).Text("redacted", e.redacted).Text("id", e.id);
    return line.Raw("origin", ToString(e.origin)).Take();
  }
  std::string operator()(const llm::ToolCallStarted& e) const {
    Line line("call", e.choice, e.block);
    line.Text("id", e.id).Text("name", e.name).Raw("kind", kToolKinds[static_cast<std::size_t>(e.kind)]);
    return line.Text("signature", e.signature).Take();
  }
  std::string operator()(const llm::ToolCallDelta& e) const {
    return Line("arguments", e.choice, e.block).Text("text", e.arguments).Take();
  }
  std::string operator()(const llm::BlockFinished& e) const { return Line("block_end", e.choice, e.block).Take(); }
  std::string operator()(const llm::ImageAdded& e) const {
    Line line("image", e.choice, e.block);
    if (const auto* media = std::get_if<llm::InlineMedia>(&e.image.source)) {
      line.Text("type", media->media_type).Text("base64", media->base64);
    }
    if (const auto* url = std::get_if<llm::MediaUrl>(&e.image.source)) line.Text("url", url->url);
    return line.Text("signature", e.image.signature).Take();
  }
  std::string operator()(const llm::OpaqueBlockAdded& e) const {
    Line line("opaque_block", e.choice, e.block);
    line.Raw("origin", ToString(e.content.origin)).Text("type", e.content.type);
    return line.Raw("json", e.content.json).Take();
  }
  std::string operator()(const llm::Annotated& e) const {
    Line line("annotated", e.choice, e.block);
    line.Raw("origin", ToString(e.origin)).Raw("json", e.json);
    for (const llm::UrlCitation& url : e.urls) {
      line.Text("url", url.url).Text("title", url.title).Text("quote", url.quote);
      if (url.range) line.Raw("range", std::to_string(url.range->begin) + "-" + std::to_string(url.range->end));
    }
    return line.Take();
  }
  std::string operator()(const llm::LogprobsReported& e) const {
    return Line("logprobs").Raw("choice", std::to_string(e.choice)).Raw("json", e.json).Take();
  }
  std::string operator()(const llm::UsageReported& e) const { return Line("usage").Raw("", Render(e.usage)).Take(); }
  std::string operator()(const llm::ChoiceFinished& e) const {
    Line line("finished");
    line.Raw("choice", std::to_string(e.choice)).Raw("reason", kFinishNames[static_cast<std::size_t>(e.reason)]);
    return line.Text("stop_sequence", e.stop_sequence).Text("detail", e.detail).Take();
  }
  std::string operator()(const llm::OpaqueEvent& e) const {
    return Line("opaque").Raw("origin", ToString(e.origin)).Text("type", e.type).Raw("json", e.json).Take();
  }
};

constexpr std::string_view kLossKinds[] = {"hint", "parameter", "content"};

}  // namespace

std::string Pretty(std::string_view json) {
  codec::json::Document document;
  if (!document.Parse(json).ok()) return std::string(json);
  std::string out;
  AppendPretty(document.root(), 0, out);
  return out.append("\n");
}

std::string Render(const llm::Event& event) { return std::visit(Renderer{}, event); }

std::string Render(const std::vector<llm::Event>& events) {
  std::string text;
  for (const llm::Event& event : events) text.append(Render(event)).append("\n");
  return text;
}

std::string Render(const llm::Usage& usage) {
  const std::pair<std::string_view, std::uint64_t> buckets[] = {
      {"input", usage.input},
      {"cache_read", usage.cache_read},
      {"cache_write_5m", usage.cache_write_5m},
      {"cache_write_30m", usage.cache_write_30m},
      {"cache_write_1h", usage.cache_write_1h},
      {"cache_write_12h", usage.cache_write_12h},
      {"input_audio", usage.input_audio},
      {"tool_input", usage.tool_input},
      {"output", usage.output},
      {"reasoning", usage.reasoning},
      {"output_audio", usage.output_audio},
      {"server_tool_calls", usage.server_tool_calls},
  };
  std::string text;
  for (const auto& [name, tokens] : buckets) {
    if (tokens == 0) continue;
    text.append(text.empty() ? "" : " ").append(name).append(":").append(std::to_string(tokens));
  }
  return text.empty() ? "none" : text;
}

std::string Render(const base::Error& error) {
  Line line("error");
  line.Raw("code", ToString(error.code)).Raw("source", ToString(error.source));
  line.Raw("retry", error.retry == base::Retry::kNever        ? "never"
                    : error.retry == base::Retry::kSameTarget ? "same_target"
                                                              : "other_target");
  return line.Text("message", error.public_message).Text("param", error.param).Take().append("\n");
}

std::string Render(const llm::Loss& loss) {
  std::string text(kLossKinds[static_cast<std::size_t>(loss.kind)]);
  return text.append(" ").append(loss.field).append(": ").append(loss.reason);
}

std::string Render(const std::vector<llm::Loss>& losses) {
  std::string text;
  for (const llm::Loss& loss : losses) text.append(Render(loss)).append("\n");
  return text;
}

void WriteLosses(codec::json::Writer& writer, const std::vector<llm::Loss>& losses) {
  writer.Key("losses").BeginArray();
  for (const llm::Loss& loss : losses) writer.String(Render(loss));
  writer.EndArray();
}

}  // namespace gatehouse::golden
