// Inspects the texts on standard input, one a line in hexadecimal digits, as what a user says, and answers each with a
// line: "category:entity:view" of what was seen.
#include <cstdio>
#include <string>
#include <vector>

#include "inspect/default_detectors.h"
#include "inspect/inspector.h"
#include "tests/evasion/texts.h"

namespace {

using gatehouse::evasion::Read;
using gatehouse::evasion::ReadText;
using gatehouse::inspect::Finding;
using gatehouse::inspect::Inspector;

int Run() {
  const auto inspector = Inspector::Build(gatehouse::inspect::DefaultDetectors());
  if (!inspector.ok()) {
    std::fprintf(stderr, "%s\n", inspector.error().public_message.c_str());
    return 1;
  }
  Inspector::Scratch scratch(*inspector.value());
  std::vector<Finding> findings;
  std::string text;
  auto read = ReadText(text);
  for (; read == Read::kText; read = ReadText(text)) {
    findings.clear();
    inspector.value()->Inspect(text, 0, gatehouse::inspect::Channel::kUser, scratch, findings);
    std::string said;
    for (const Finding& finding : findings) {
      said += std::string(ToString(finding.category)) + ":" + finding.entity + ":" +
              std::string(ToString(finding.view)) + " ";
    }
    std::puts(said.c_str());
  }
  return read == Read::kEnd ? 0 : 2;
}

}  // namespace

int main() { return Run(); }
