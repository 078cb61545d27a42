// The corpus of tests/smuggling at the level of the codec: each file is what one client sends on one connection.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "codec/http1/chunked.h"
#include "codec/http1/request_head.h"

namespace gatehouse::codec::http1 {
namespace {

struct Reading {
  int accepted = 0;
  Reason refused = Reason::kNone;
  bool closed = false;  // the last request asked for it

  std::string Describe() const {
    std::string text = accepted > 0 ? "accept " + std::to_string(accepted) : "";
    if (refused == Reason::kNone) return text;
    if (accepted > 0) text += " then ";
    return text + "reject " + std::to_string(StatusFor(refused));
  }
};

// Takes one request off the bytes; false when nothing more can be read.
bool TakeRequest(std::string& bytes, Reading& reading) {
  RequestHeadParser head({});
  const Progress progress = head.Feed(bytes);
  if (progress == Progress::kRejected) reading.refused = head.reason();
  if (progress != Progress::kDone) return false;
  const BodyFraming body = head.body();
  reading.closed = !head.keep_alive();
  bytes.erase(0, head.head_bytes());
  if (body.kind == BodyKind::kChunked) {
    ChunkedDecoder decoder;
    const auto step = decoder.Decode(bytes);
    if (step.progress == Progress::kRejected) reading.refused = decoder.reason();
    if (step.progress != Progress::kDone) return false;
    bytes.erase(0, step.consumed);
  } else if (bytes.size() < body.length) {
    return false;
  } else {
    bytes.erase(0, static_cast<std::size_t>(body.length));
  }
  ++reading.accepted;
  return !reading.closed;
}

Reading Read(std::string bytes) {
  Reading reading;
  while (!bytes.empty() && TakeRequest(bytes, reading)) {
  }
  return reading;
}

std::string Load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

bool Matches(std::string_view expected, const Reading& reading) {
  if (expected == "reject 4xx")
    return reading.accepted == 0 && StatusFor(reading.refused) / 100 == 4 && reading.refused != Reason::kNone;
  return reading.Describe() == expected;
}

TEST(Smuggling, EveryCaseOfTheCorpusIsReadAsItMustBe) {
  const std::filesystem::path folder = std::filesystem::path(GH_SOURCE_DIR) / "tests" / "smuggling";
  std::istringstream expected(Load(folder / "expected.txt"));
  int cases = 0;
  for (std::string line; std::getline(expected, line);) {
    if (line.starts_with('#') || line.empty()) continue;
    const auto space = line.find(' ');
    const std::string name = line.substr(0, space);
    const Reading reading = Read(Load(folder / (name + ".http")));
    EXPECT_TRUE(Matches(std::string_view(line).substr(space + 1), reading)) << line << ", but: " << reading.Describe();
    ++cases;
  }
  EXPECT_GE(cases, 60);
}

}  // namespace
}  // namespace gatehouse::codec::http1
