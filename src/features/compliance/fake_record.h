#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "codec/json/writer.h"

namespace gatehouse::features::compliance {

// Writes what a gateway would have recorded, in the order of time: for tests and measurements.
class FakeRecord {
 public:
  static constexpr std::int64_t kStartUs = 1'793'491'200'000'000;  // 2026-11-01 00:00 UTC
  static constexpr std::int64_t kDayUs = std::int64_t{86'400} * 1'000'000;
  using Append = std::function<void(std::string_view entry)>;

  explicit FakeRecord(Append append) : append_(std::move(append)) {}

  std::int64_t now_us = kStartUs;

  void Start() { Node("node.start"); }
  void Stop() { Node("node.stop"); }
  void Heartbeat(std::uint64_t unwritten = 0) {
    Begin("heartbeat");
    Json().Field("entries", 1).Field("in_flight", 0).Field("strangers", 2).Field("unwritten", unwritten);
    End();
  }
  // A number that is given to no entry.
  void Lose() { ++seq_; }

  // An exchange of the most frequent kind, with some others among them.
  void Exchange(std::uint64_t number) {
    const std::uint64_t kind = random_.Below(100);
    const bool denied = kind < 3;
    const bool masked = kind >= 3 && kind < 15;
    if (!denied) {
      Begin("req.start");
      Common(number, denied, masked);
      End();
    }
    Begin("req.end");
    Common(number, denied, masked);
    const bool failed = kind == 99;
    Json().Field("status", denied ? 403 : failed ? 502 : 200).Field("ending", denied || failed ? "failed" : "answered");
    if (denied) Json().Field("error", "denied");
    Json().Field("ms", static_cast<double>(200 + random_.Below(2000)) + 0.25);
    if (!denied) Attempts(failed, kind == 98);
    End();
  }

  // Any other entry: members as JSON, with their commas before them.
  void Other(std::string_view type, std::string_view members) {
    Begin(type);
    Close(members);
  }

 private:
  codec::json::Writer& Json() { return json_; }
  void Begin(std::string_view type) {
    text_.clear();
    json_ = codec::json::Writer(text_);
    json_.BeginObject().Field("v", 1).Field("t", type).Field("seq", ++seq_).Field("ts", now_us).Field("node", "gw1");
  }
  void End() {
    json_.EndObject();
    append_(text_);
  }
  void Close(std::string_view members) {
    text_.append(members).append("}");
    append_(text_);
  }
  void Node(std::string_view type) {
    if (type == "node.start") seq_ = 0;
    Begin(type);
    Json().Field("version", "0.1.0").Field("config", "aabbccddeeff0011").Field("mode", "group");
    End();
  }
  void Common(std::uint64_t number, bool denied, bool masked) {  // bool-ok: for tests, named at the call
    const std::uint64_t project = 100 + number % 7;
    Json().Field("id", "req_" + std::to_string(number)).Field("trace", "0af7651916cd43dd8448eb211c80319c");
    Json().Field("surface", number % 5 == 0 ? "anthropic.messages" : "openai.chat").Field("op", "chat");
    Json().Field("model", number % 3 == 0 ? "large" : "small").Field("org", "1").Field("team", "12");
    Json().Field("project", std::to_string(project)).Field("sub", std::to_string(1000 + number % 400));
    Json().Field("cred", std::to_string(5000 + number % 900)).Field("how", "key");
    Json().Field("decision", denied ? "deny" : masked ? "restrict" : "allow");
    if (denied) {
      Json().RawField("rules", R"([{"rule":"no-injection","phase":"prompt","effect":"deny"}])");
      Json().RawField("tags", R"(["LLM01","AML.T0051.001"])");
      Json().RawField(
          "findings",
          R"([{"category":"injection","entity":"INSTRUCTION","side":"request","measure":"deny","count":1}])");
    } else if (masked) {
      Json().RawField("rules", R"([{"rule":"mask-pii","phase":"prompt","effect":"restrict","action":"mask"}])");
      Json().RawField("tags", R"(["LLM02"])");
      Json().RawField("findings",
                      R"([{"category":"pii","entity":"EMAIL_ADDRESS","side":"request","measure":"mask","count":2}])");
    }
    Json().Field("scanned", 1200).Field("config", "aabbccddeeff0011");
  }
  void Attempts(bool failed, bool retried) {  // bool-ok: for tests, named at the call
    std::string attempts = "[";
    if (retried) attempts += R"({"provider":"first","model":"m-1","status":503,"outcome":"failed","ms":40},)";
    attempts += R"({"provider":"second","model":"m-2","status":)" + std::string(failed ? "502" : "200") +
                R"(,"outcome":")" + (failed ? "failed" : "answered") + R"(","ms":900.125}])";
    Json().RawField("attempts", attempts);
    Json().RawField("usage",
                    R"({"input":800,"cache_read":0,"cache_write":0,"output":300,"reasoning":0,"source":"provider"})");
    Json().Field("cost", "1250000").Field("basis", "provider").Field("price", "m-2");
  }

  Append append_;
  base::Random random_{7};
  std::uint64_t seq_ = 0;
  std::string text_;
  codec::json::Writer json_{text_};
};

}  // namespace gatehouse::features::compliance
