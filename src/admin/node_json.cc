#include "admin/node_json.h"

#include <chrono>

#include "base/log.h"

namespace gatehouse::admin {
namespace {

using codec::json::Writer;
using features::identity::KeySecret;
using features::identity::VirtualKey;

void WriteTexts(Writer& writer, std::string_view name, const std::vector<std::string>& texts) {
  writer.Key(name).BeginArray();
  for (const std::string& text : texts) writer.String(text);
  writer.EndArray();
}

void WriteKey(Writer& writer, const VirtualKey& key) {
  writer.Field("scope", key.scope);
  WriteTime(writer, "expires", key.expires_ms);
  WriteTexts(writer, "models", key.models);
  WriteTexts(writer, "surfaces", key.surfaces);
  WriteTexts(writer, "networks", key.networks);
  WriteTime(writer, "last_used", key.last_used_ms);
  writer.Key("secrets").BeginArray();
  for (const KeySecret& secret : key.secrets) {
    if (secret.digest.empty()) continue;
    writer.BeginObject().Field("hint", secret.hint);
    WriteTime(writer, "created", secret.created_ms);
    WriteTime(writer, "expires", secret.expires_ms);
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace

void WriteTime(Writer& writer, std::string_view name, std::int64_t ms) {
  if (ms == 0) {
    writer.Key(name).Null();
  } else {
    writer.Field(name, base::FormatTime(base::WallTime(std::chrono::milliseconds(ms))));
  }
}

void WriteNode(Writer& writer, const features::identity::Node& node, std::string_view path, std::string_view secret) {
  writer.BeginObject()
      .Field("id", std::to_string(node.id.value))
      .Field("kind", features::identity::WordOf(node.kind))
      .Field("path", path)
      .Field("name", node.name)
      .Field("display", node.display)
      .RawField("labels", node.labels)
      .Field("state", ToString(node.state))
      .Field("managed_by", ToString(node.origin))
      .Field("version", node.version);
  WriteTime(writer, "created", node.created_ms);
  WriteTime(writer, "changed", node.changed_ms);
  if (node.key) WriteKey(writer, *node.key);
  if (!secret.empty()) writer.Field("secret", secret);
  writer.EndObject();
}

void WriteRole(Writer& writer, const features::identity::RoleBinding& binding, std::string_view node_path,
               std::string_view user_path) {
  writer.BeginObject()
      .Field("id", std::to_string(binding.id))
      .Field("user", user_path)
      .Field("role", ToString(binding.role))
      .Field("node", binding.node.value == 0 ? std::string_view("*") : node_path)
      .EndObject();
}

}  // namespace gatehouse::admin
