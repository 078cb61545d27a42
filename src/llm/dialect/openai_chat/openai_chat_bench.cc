#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/benchmark.h"
#include "base/check.h"
#include "codec/json/document.h"
#include "llm/dialect/openai_chat/dialect.h"

// What a chunk, a request and an answer cost, in CPU nanoseconds.
namespace gatehouse::llm::dialect::openai_chat {
namespace {

template <class Work>
void Report(const char* name, int repeats, Work work) {
  double best = 1e18;
  for (int round = 0; round < 30; ++round) {
    const double start = base::CpuNanoseconds();
    for (int i = 0; i < repeats; ++i) work();
    best = std::min(best, (base::CpuNanoseconds() - start) / repeats);
  }
  std::printf("%-44s %8.0f ns\n", name, best);
}

constexpr std::string_view kChunk =
    R"({"id":"chatcmpl-abcdefghijklmnop","object":"chat.completion.chunk","created":1767225600,"model":"gpt-5.6",)"
    R"("system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,)"
    R"("finish_reason":null}],"usage":null})";

constexpr std::string_view kRequest =
    R"({"model":"gpt-5.6","messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"Tell me.)"
    R"( Some more words so that this looks like a question of a person."}],"temperature":0.2,"max_completion_tokens":500,)"
    R"("stream":true,"stream_options":{"include_usage":true}})";

void MeasureChunk(const char* name, Detail detail) {
  const auto decoder = Dialect().NewDecoder({});
  std::vector<Event> events;
  GH_CHECK(decoder->Decode("", kChunk, detail, events).ok());
  Report(name, 20'000, [&] {
    events.clear();
    GH_CHECK(decoder->Decode("", kChunk, detail, events).ok());
  });
}

void MeasureEncode() {
  const auto encoder = Dialect().NewEncoder({.id = "x", .model = "m"});
  std::string out;
  encoder->Encode(Started{"chatcmpl-abcdefghijklmnop", "gpt-5.6", 1}, out);
  const Event delta = TextDelta{0, 0, " word"};
  Report("encode a text delta", 20'000, [&] {
    out.clear();
    encoder->Encode(delta, out);
  });
}

void MeasureRequest() {
  codec::json::Document document;
  Report("parse and decode a request of 270 bytes", 5'000, [&] {
    GH_CHECK(document.Parse(kRequest).ok());
    GH_CHECK(Dialect().DecodeRequest(document.root(), {}).ok());
  });
  const auto request = Dialect().DecodeRequest(document.root(), {});
  Report("encode it", 5'000, [&] { GH_CHECK(Dialect().EncodeRequest(request.value(), {}).ok()); });
}

}  // namespace
}  // namespace gatehouse::llm::dialect::openai_chat

int main() {
  using namespace gatehouse::llm;
  std::printf("a chunk of %zu bytes\n", dialect::openai_chat::kChunk.size());
  dialect::openai_chat::MeasureChunk("decode it, usage only", Detail::kUsage);
  dialect::openai_chat::MeasureChunk("decode it, every event", Detail::kFull);
  dialect::openai_chat::MeasureEncode();
  dialect::openai_chat::MeasureRequest();
  return 0;
}
