#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/benchmark.h"
#include "base/check.h"
#include "codec/json/document.h"
#include "codec/json/writer.h"

// A full walk (every string decoded, every number read) of bodies of the sizes a gateway sees, by our tape, by
// simdjson's DOM and by its on-demand interface. simdjson gets padded input for free.
namespace gatehouse::codec::json {
namespace {

std::string ChatBody(std::size_t size) {
  std::string out;
  Writer w(out);
  w.BeginObject()
      .Field("model", "gpt-4o-mini")
      .Field("temperature", 0.7)
      .Field("max_tokens", 512)
      .Field("stream", true);
  w.Key("messages").BeginArray();
  w.BeginObject().Field("role", "system").Field("content", "You are a helpful assistant.\nAnswer briefly.").EndObject();
  for (int turn = 0; out.size() + 500 < size; ++turn) {
    w.BeginObject().Field("role", turn % 2 == 0 ? "user" : "assistant").Key("content").BeginArray();
    w.BeginObject().Field("type", "text");
    w.Field("text",
            "Please compare these two approaches and tell me which one is \"better\" for a small team.\n"
            "The first keeps everything in one process; the second splits it in services. "
            "Gr\xC3\xBC\xC3\x9F"
            "e aus K\xC3\xB6ln, and thank you in advance for a careful answer.");
    w.EndObject().EndArray().EndObject();
  }
  w.EndArray().Key("tools").BeginArray();
  w.BeginObject().Field("type", "function").Key("function").BeginObject().Field("name", "get_weather");
  w.Key("parameters").BeginObject().Field("type", "object").Key("properties").BeginObject();
  w.Key("city").BeginObject().Field("type", "string").EndObject().EndObject().EndObject().EndObject().EndObject();
  w.EndArray().EndObject();
  return out;
}

constexpr std::string_view kStreamPayload =
    R"({"id":"chatcmpl-9xYz","object":"chat.completion.chunk","created":1763800000,"model":"gpt-4o-mini",)"
    R"("system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" world"},"finish_reason":null}]})";

std::uint64_t Walk(Value value) {
  switch (value.type()) {
    case Type::kString: return value.string().size();
    case Type::kNumber: return static_cast<std::uint64_t>(*value.AsNumber());
    case Type::kArray:
    case Type::kObject: {
      std::uint64_t sum = 0;
      for (const auto& member : value) sum += member.key.size() + Walk(member.value);
      return sum;
    }
    default: return 1;
  }
}

std::uint64_t Walk(simdjson::dom::element element) {
  switch (element.type()) {
    case simdjson::dom::element_type::STRING: return element.get_string().value_unsafe().size();
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE: return static_cast<std::uint64_t>(element.get_double().value_unsafe());
    case simdjson::dom::element_type::ARRAY: {
      std::uint64_t sum = 0;
      for (const auto child : element.get_array().value_unsafe()) sum += Walk(child);
      return sum;
    }
    case simdjson::dom::element_type::OBJECT: {
      std::uint64_t sum = 0;
      for (const auto field : element.get_object().value_unsafe()) sum += field.key.size() + Walk(field.value);
      return sum;
    }
    default: return 1;
  }
}

std::uint64_t Walk(simdjson::ondemand::value value) {
  switch (value.type().value_unsafe()) {
    case simdjson::ondemand::json_type::string: return value.get_string().value_unsafe().size();
    case simdjson::ondemand::json_type::number: return static_cast<std::uint64_t>(value.get_double().value_unsafe());
    case simdjson::ondemand::json_type::array: {
      std::uint64_t sum = 0;
      for (auto child : value.get_array().value_unsafe()) sum += Walk(child.value_unsafe());
      return sum;
    }
    case simdjson::ondemand::json_type::object: {
      std::uint64_t sum = 0;
      for (auto field : value.get_object().value_unsafe()) {
        sum += field.unescaped_key().value_unsafe().size();
        sum += Walk(field.value().value_unsafe());
      }
      return sum;
    }
    default: return 1;
  }
}

volatile std::uint64_t g_sink = 0;  // keeps the walks from being optimised away

void Report(const char* name, const char* what, std::size_t size, double nanoseconds) {
  std::printf("%-14s %-22s %9.0f ns %8.0f MB/s\n", name, what, nanoseconds,
              static_cast<double>(size) * 1e3 / nanoseconds);
}

void Compare(const char* name, const std::string& text) {
  const simdjson::padded_string padded(text);
  Document document;
  simdjson::dom::parser dom;
  simdjson::ondemand::parser ondemand;
  std::uint64_t sums[3] = {};
  const auto ours = [&] {
    GH_CHECK(document.Parse(text).ok());
    g_sink = sums[0] = Walk(document.root());
  };
  const auto theirs = [&] {
    simdjson::dom::element root;
    GH_CHECK(dom.parse(padded).get(root) == simdjson::SUCCESS);
    g_sink = sums[1] = Walk(root);
  };
  const auto demand = [&] {
    simdjson::ondemand::document root;
    GH_CHECK(ondemand.iterate(padded).get(root) == simdjson::SUCCESS);
    simdjson::ondemand::value value;
    GH_CHECK(root.get_value().get(value) == simdjson::SUCCESS);
    g_sink = sums[2] = Walk(value);
  };
  std::printf("%s: %zu bytes\n", name, text.size());
  Report(name, "tape, parse only", text.size(), base::MeasureNanoseconds([&] { GH_CHECK(document.Parse(text).ok()); }));
  Report(name, "tape, full walk", text.size(), base::MeasureNanoseconds(ours));
  Report(name, "simdjson DOM parse", text.size(),
         base::MeasureNanoseconds([&] { GH_CHECK(dom.parse(padded).error() == simdjson::SUCCESS); }));
  Report(name, "simdjson DOM walk", text.size(), base::MeasureNanoseconds(theirs));
  Report(name, "simdjson on demand", text.size(), base::MeasureNanoseconds(demand));
  Report(name, "validate_utf8", text.size(),
         base::MeasureNanoseconds([&] { g_sink = simdjson::validate_utf8(text.data(), text.size()) ? 1 : 0; }));
  GH_CHECK(sums[0] == sums[1] && sums[1] == sums[2]);
  std::string out;
  Report(name, "AppendQuoted", text.size(), base::MeasureNanoseconds([&] {
           out.clear();
           AppendQuoted(out, text);
           g_sink = out.size();
         }));
}

}  // namespace
}  // namespace gatehouse::codec::json

int main() {
  using namespace gatehouse::codec::json;
  std::printf("simdjson: %s\n", simdjson::get_active_implementation()->name().c_str());
  Compare("sse", std::string(kStreamPayload));
  Compare("chat 1 KB", ChatBody(1024));
  Compare("chat 8 KB", ChatBody(8 * 1024));
  Compare("chat 64 KB", ChatBody(64 * 1024));
  return 0;
}
