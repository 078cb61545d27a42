// Inspects the texts on standard input, one a line in hexadecimal digits, as what a user says, and answers each with a
// line: "category:entity:view" of what was seen.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "codec/crypto/encoding.h"
#include "inspect/default_detectors.h"
#include "inspect/inspector.h"

namespace {

using gatehouse::inspect::Finding;
using gatehouse::inspect::Inspector;

std::string Line() {
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) line.push_back(static_cast<char>(c));
  return line;
}

int Run() {
  const auto inspector = Inspector::Build(gatehouse::inspect::DefaultDetectors());
  if (!inspector.ok()) {
    std::fprintf(stderr, "%s\n", inspector.error().public_message.c_str());
    return 1;
  }
  Inspector::Scratch scratch(*inspector.value());
  std::vector<Finding> findings;
  while (std::feof(stdin) == 0) {
    const std::string line = Line();
    const auto text = gatehouse::codec::crypto::HexDecode(line);
    if (!text) return 2;
    if (line.empty() && std::feof(stdin) != 0) break;
    findings.clear();
    inspector.value()->Inspect(*text, 0, gatehouse::inspect::Channel::kUser, scratch, findings);
    std::string said;
    for (const Finding& finding : findings) {
      said += std::string(ToString(finding.category)) + ":" + finding.entity + ":" +
              std::string(ToString(finding.view)) + " ";
    }
    std::puts(said.c_str());
  }
  return 0;
}

}  // namespace

int main() { return Run(); }
