#include "ingress/models/models_surface.h"

#include <string>
#include <utility>

#include "codec/json/writer.h"

namespace gatehouse::ingress::models {
namespace {

using codec::json::Writer;
using pipeline::ModelEntry;

// The lists have no natural creation date; clients only need the member to be there.
constexpr std::int64_t kCreated = 1'700'000'000;
constexpr std::string_view kCreatedText = "2023-11-14T22:13:20Z";

void WriteOpenAi(Writer& writer, const ModelEntry& model) {
  writer.BeginObject()
      .Field("id", model.name)
      .Field("object", "model")
      .Field("created", kCreated)
      .Field("owned_by", "gatehouse")
      .EndObject();
}

void WriteAnthropic(Writer& writer, const ModelEntry& model) {
  writer.BeginObject()
      .Field("type", "model")
      .Field("id", model.name)
      .Field("display_name", model.name)
      .Field("created_at", kCreatedText);
  if (model.context_tokens > 0) writer.Field("max_input_tokens", model.context_tokens);
  if (model.max_output_tokens > 0) writer.Field("max_tokens", model.max_output_tokens);
  writer.EndObject();
}

void WriteGemini(Writer& writer, const ModelEntry& model) {
  writer.BeginObject().Field("name", "models/" + model.name).Field("displayName", model.name);
  if (model.context_tokens > 0) writer.Field("inputTokenLimit", model.context_tokens);
  if (model.max_output_tokens > 0) writer.Field("outputTokenLimit", model.max_output_tokens);
  writer.Key("supportedGenerationMethods").BeginArray();
  for (const auto* method : {"generateContent", "countTokens", "embedContent"}) writer.String(method);
  writer.EndArray().EndObject();
}

template <class WriteOne>
void WriteAll(Writer& writer, std::string_view name, const std::vector<ModelEntry>& models, WriteOne write) {
  writer.Key(name).BeginArray();
  for (const auto& model : models) write(writer, model);
  writer.EndArray();
}

std::string List(llm::DialectId dialect, const std::vector<ModelEntry>& models) {
  std::string out;
  Writer writer(out);
  writer.BeginObject();
  if (dialect == llm::DialectId::kGemini) {
    WriteAll(writer, "models", models, WriteGemini);
  } else if (dialect == llm::DialectId::kAnthropic) {
    WriteAll(writer, "data", models, WriteAnthropic);
    writer.Field("has_more", false);
    if (!models.empty()) writer.Field("first_id", models.front().name).Field("last_id", models.back().name);
  } else {
    writer.Field("object", "list");
    WriteAll(writer, "data", models, WriteOpenAi);
  }
  writer.EndObject();
  return out;
}

std::string One(llm::DialectId dialect, const ModelEntry& model) {
  std::string out;
  Writer writer(out);
  if (dialect == llm::DialectId::kGemini) {
    WriteGemini(writer, model);
  } else if (dialect == llm::DialectId::kAnthropic) {
    WriteAnthropic(writer, model);
  } else {
    WriteOpenAi(writer, model);
  }
  return out;
}

}  // namespace

net::Task<> Serve(Session& session) {
  const std::string id = session.match().model;
  const auto reply = co_await session.Run(pipeline::ModelsCall{id}, {});
  if (!reply) co_return;
  const auto& models = std::get_if<pipeline::ModelsReply>(&reply->answer)->models;
  const auto dialect = session.match().dialect;
  std::string body = id.empty() ? List(dialect, models) : One(dialect, models.front());
  co_await session.Respond(session.NewHead(200, "application/json", nullptr), body);
}

}  // namespace gatehouse::ingress::models
