#include "ingress/path.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gatehouse::ingress {
namespace {

using llm::Delivery;
using llm::DialectId;
using pipeline::Surface;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string PercentDecoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool Consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

struct FixedPath {
  std::string_view path;
  Endpoint endpoint;
  Surface surface;
  DialectId dialect;
};

constexpr std::array<FixedPath, 10> kFixed = {{
    {"/v1/chat/completions", Endpoint::kChat, Surface::kOpenAiChat, DialectId::kOpenAiChat},
    {"/v1/messages", Endpoint::kChat, Surface::kAnthropicMessages, DialectId::kAnthropic},
    {"/v1/responses", Endpoint::kChat, Surface::kOpenAiResponses, DialectId::kOpenAiResponses},
    {"/v1/embeddings", Endpoint::kEmbeddings, Surface::kOpenAiEmbeddings, DialectId::kOpenAiChat},
    {"/v1/completions", Endpoint::kChat, Surface::kOpenAiCompletions, DialectId::kOpenAiCompletions},
    {"/v1/messages/count_tokens", Endpoint::kCount, Surface::kTokenCount, DialectId::kAnthropic},
    {"/v1/responses/input_tokens", Endpoint::kCount, Surface::kTokenCount, DialectId::kOpenAiResponses},
    {"/v1/rerank", Endpoint::kRerank, Surface::kRerank, DialectId::kCohere},
    {"/v2/rerank", Endpoint::kRerank, Surface::kRerank, DialectId::kCohere},
    {"/openai/v1/responses", Endpoint::kChat, Surface::kOpenAiResponses, DialectId::kOpenAiResponses},
}};

// Endpoints that are passed through unread, below /v1.
constexpr std::array<std::string_view, 8> kOpaque = {
    "/images/", "/audio/", "/files", "/batches", "/moderations", "/uploads", "/messages/batches", "/responses/"};

std::string AnthropicVersion(const http::RequestHead& head) {
  return std::string(head.headers.Find("anthropic-version").value_or(""));
}

// The query without `key`, which is a credential of ours.
std::string WithoutKey(std::string_view query) {
  std::string out;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    if (!pair.starts_with("key=") && !pair.empty()) out.append(out.empty() ? "?" : "&").append(pair);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return out;
}

bool IsOpaque(std::string_view below_version) {
  return std::ranges::any_of(kOpaque, [&](std::string_view prefix) { return below_version.starts_with(prefix); });
}

// {model}:{verb} of Gemini and Vertex.
std::optional<PathMatch> MatchGeminiVerb(std::string_view model_and_verb, const http::RequestHead& head) {
  const auto colon = model_and_verb.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  const auto verb = model_and_verb.substr(colon + 1);
  PathMatch match{.dialect = DialectId::kGemini, .model = PercentDecoded(model_and_verb.substr(0, colon))};
  if (verb == "generateContent" || verb == "streamGenerateContent") {
    match.endpoint = Endpoint::kChat;
    match.surface = Surface::kGeminiGenerate;
    if (verb.starts_with("stream")) {
      match.delivery = Delivery::kStream;
      if (QueryParameter(head.query(), "alt").value_or("") != "sse") match.wire = PathMatch::Wire::kJsonArray;
    }
    return match;
  }
  if (verb == "countTokens") {
    match.endpoint = Endpoint::kCount;
    match.surface = Surface::kTokenCount;
    return match;
  }
  if (verb == "embedContent" || verb == "batchEmbedContents" || verb == "predict") {
    match.endpoint = Endpoint::kEmbeddings;
    match.surface = Surface::kGeminiEmbeddings;
    return match;
  }
  return {};
}

// /v1, /v1beta, /v1beta1, /v1alpha: what follows, "" otherwise.
std::string_view BelowVersion(std::string_view path) {
  for (const std::string_view version : {"/v1beta1/", "/v1beta/", "/v1alpha/", "/v1/", "/v2/"}) {
    if (path.starts_with(version)) return path.substr(version.size() - 1);
  }
  return {};
}

std::optional<PathMatch> MatchGemini(const http::RequestHead& head, std::string_view below) {
  std::string_view rest = below;
  if (Consume(rest, "/projects/")) {
    const auto models = rest.find("/models/");
    if (models == std::string_view::npos) return {};
    return MatchGeminiVerb(rest.substr(models + 8), head);
  }
  // The express form of Vertex names the publisher alone.
  if (Consume(rest, "/publishers/google/models/") || Consume(rest, "/models/")) return MatchGeminiVerb(rest, head);
  return {};
}

DialectId ModelsDialect(const http::RequestHead& head) {
  const bool gemini_path = head.path().starts_with("/v1beta") || head.path().starts_with("/v1alpha");
  if (gemini_path || head.headers.Contains("x-goog-api-key")) return DialectId::kGemini;
  if (head.headers.Contains("anthropic-version")) return DialectId::kAnthropic;
  return DialectId::kOpenAiChat;
}

std::optional<PathMatch> MatchModels(const http::RequestHead& head, std::string_view below) {
  std::string_view rest = below;
  if (!Consume(rest, "/models")) return {};
  PathMatch match{.endpoint = Endpoint::kModels, .surface = Surface::kModels, .dialect = ModelsDialect(head)};
  if (rest.empty() || rest == "/") return match;
  if (rest.front() != '/' || rest.find(':') != std::string_view::npos) return {};
  match.model = PercentDecoded(rest.substr(1));
  return match;
}

// /openai/deployments/{deployment}/{operation}?api-version=...
std::optional<PathMatch> MatchAzure(const http::RequestHead& head) {
  std::string_view rest = head.path();
  if (!Consume(rest, "/openai/deployments/")) return {};
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0) return {};
  PathMatch match{.model = PercentDecoded(rest.substr(0, slash)),
                  .version = QueryParameter(head.query(), "api-version").value_or("")};
  const auto operation = rest.substr(slash);
  for (const FixedPath& fixed : kFixed) {
    if (fixed.path != "/v1" + std::string(operation) || fixed.dialect == DialectId::kAnthropic) continue;
    match.endpoint = fixed.endpoint;
    match.surface = fixed.surface;
    match.dialect = fixed.dialect;
    return match;
  }
  if (!IsOpaque(operation)) return {};
  match.endpoint = Endpoint::kPassThrough;
  match.surface = Surface::kPassThrough;
  match.upstream_path = std::string(operation);
  return match;
}

std::optional<PathMatch> MatchFixed(const http::RequestHead& head, std::string_view path) {
  for (const FixedPath& fixed : kFixed) {
    if (fixed.path != path) continue;
    PathMatch match{.endpoint = fixed.endpoint, .surface = fixed.surface, .dialect = fixed.dialect};
    if (fixed.dialect == DialectId::kAnthropic) match.version = AnthropicVersion(head);
    return match;
  }
  return {};
}

PathResult Matched(PathMatch match, std::string_view method, std::string_view wanted) {
  PathResult result{.match = {}, .dialect = match.dialect, .allow = {}};
  if (method != wanted) {
    result.allow = wanted;
  } else {
    result.match = std::move(match);
  }
  return result;
}

std::string_view BearerOf(const http::RequestHead& head) {
  constexpr std::size_t kScheme = 7;  // "Bearer "
  const auto value = head.headers.Find("authorization").value_or("");
  if (value.size() <= kScheme) return {};
  std::string scheme(value.substr(0, kScheme));
  std::ranges::transform(scheme, scheme.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return scheme == "bearer " ? value.substr(kScheme) : std::string_view();
}

}  // namespace

std::optional<std::string> QueryParameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == name) {
      return PercentDecoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

PathResult MatchPath(const http::RequestHead& head) {
  const std::string_view path = head.path();
  if (auto match = MatchFixed(head, path)) return Matched(std::move(*match), head.method, "POST");
  if (auto match = MatchAzure(head)) return Matched(std::move(*match), head.method, "POST");
  const std::string_view below = BelowVersion(path);
  if (auto match = MatchGemini(head, below)) return Matched(std::move(*match), head.method, "POST");
  if (auto match = MatchModels(head, below)) return Matched(std::move(*match), head.method, "GET");
  if (path.starts_with("/v1/") && IsOpaque(below)) {
    const auto dialect = head.headers.Contains("anthropic-version") ? DialectId::kAnthropic : DialectId::kOpenAiChat;
    PathMatch match{.endpoint = Endpoint::kPassThrough, .surface = Surface::kPassThrough, .dialect = dialect};
    match.version = AnthropicVersion(head);
    match.upstream_path = std::string(below) + WithoutKey(head.query());
    return Matched(std::move(match), head.method, head.method);
  }
  return {.match = {}, .dialect = ModelsDialect(head), .allow = {}};
}

std::string_view RepeatedCredential(const http::RequestHead& head) {
  constexpr std::array<std::string_view, 4> kNames = {"authorization", "x-api-key", "api-key", "x-goog-api-key"};
  std::array<bool, kNames.size()> seen{};
  for (const auto field : head.headers) {
    const auto name = std::ranges::find(kNames, field.name);
    if (name == kNames.end()) continue;
    if (std::exchange(seen.at(static_cast<std::size_t>(name - kNames.begin())), true)) return *name;
  }
  return {};
}

std::string CredentialOf(const http::RequestHead& head, DialectId dialect) {
  const auto field = [&head](std::string_view name) { return std::string(head.headers.Find(name).value_or("")); };
  constexpr std::array<std::string_view, 3> kOwnHeaders = {"x-api-key", "api-key", "x-goog-api-key"};
  if (dialect == DialectId::kAnthropic) {
    if (auto key = field("x-api-key"); !key.empty()) return key;
  }
  if (const auto bearer = BearerOf(head); !bearer.empty()) return std::string(bearer);
  for (const auto name : kOwnHeaders) {
    if (auto key = field(name); !key.empty()) return key;
  }
  return QueryParameter(head.query(), "key").value_or("");
}

}  // namespace gatehouse::ingress
