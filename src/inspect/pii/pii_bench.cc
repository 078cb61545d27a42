// usage: pii_bench
// What looking for personal data costs: nanoseconds of CPU per call, and bytes per second.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/benchmark.h"
#include "inspect/inspector.h"
#include "inspect/pii/personal_detector.h"

namespace gatehouse::inspect::pii {
namespace {

constexpr std::string_view kChat =
    "Could you explain how a suspension bridge carries its load? I understand that the deck hangs from the cables, but "
    "not why the towers do not tip over. My teacher said something about anchorages on both sides. Please keep it "
    "simple, with an example from everyday life, and tell me what happens when a heavy lorry drives over the middle. ";
constexpr std::string_view kLetter =
    "Dear Ms. Wolinski, your card 4111 1111 1111 1111 was charged on 2024-07-31. Call +44 20 7946 0958 or write to "
    "jane.doe@example.com. Transfers go to DE89 3704 0044 0532 0130 00; our host is 203.0.113.7. ";
constexpr std::string_view kFigures =
    "id=81723 ts=1700000000123 took 12.5 ms, 3 of 128 shards, version 4.18.0, offset 77120 -> 77311; price 1,299.00 ";

std::string Repeated(std::string_view text, std::size_t size) {
  std::string out;
  while (out.size() < size) out += text;
  out.resize(size);
  return out;
}

void Measure(const Inspector& inspector, const char* what, std::string_view text, std::size_t size) {
  const std::string input = Repeated(text, size);
  Inspector::Scratch scratch(inspector);
  std::vector<Finding> findings;
  const double nanoseconds = base::MeasureNanoseconds([&] {
    findings.clear();
    inspector.Inspect(input, 0, Channel::kUser, scratch, findings);
  });
  std::printf("%-28s %8zu bytes %12.0f ns %9.1f MB/s %5zu findings\n", what, size, nanoseconds,
              static_cast<double>(size) * 1000 / nanoseconds, findings.size());
}

int Main() {
  std::vector<std::unique_ptr<const Detector>> detectors;
  detectors.push_back(std::make_unique<PersonalDetector>(PersonalDetector::Options{}));
  const auto inspector = Inspector::Build(std::move(detectors));
  if (!inspector.ok()) return 1;
  for (const std::size_t size : {20, 1024, 65'536}) {
    Measure(*inspector.value(), "chat, nothing to find", kChat, size);
    Measure(*inspector.value(), "a log, nothing to find", kFigures, size);
    Measure(*inspector.value(), "a letter full of it", kLetter, size);
  }
  return 0;
}

}  // namespace
}  // namespace gatehouse::inspect::pii

int main() { return gatehouse::inspect::pii::Main(); }
