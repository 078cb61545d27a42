// Inspects the texts on standard input, one a line in hexadecimal digits, whole and in pieces of one to eight bytes, as
// what a user says, and answers each with a line: "same", or what is found either way.
#include <cstdio>
#include <random>
#include <string>

#include "codec/crypto/encoding.h"
#include "inspect/default_detectors.h"
#include "inspect/in_pieces.h"
#include "inspect/inspector.h"
#include "tests/evasion/texts.h"

namespace {

using gatehouse::evasion::Read;
using gatehouse::evasion::ReadText;
using gatehouse::inspect::Described;
using gatehouse::inspect::InPieces;
using gatehouse::inspect::Inspector;

int Run() {
  constexpr std::size_t kLongest = 8;
  const auto inspector = Inspector::Build(gatehouse::inspect::DefaultDetectors());
  if (!inspector.ok()) {
    std::fprintf(stderr, "%s\n", inspector.error().public_message.c_str());
    return 1;
  }
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cuts each time
  std::string text;
  auto read = ReadText(text);
  for (; read == Read::kText; read = ReadText(text)) {
    std::string whole = Described(InPieces(*inspector.value(), text, {}));
    const auto cuts = gatehouse::inspect::SomeCuts(text.size(), kLongest, random);
    const std::string pieces = Described(InPieces(*inspector.value(), text, cuts));
    const bool is_same = whole == pieces;
    whole.append("in pieces:\n").append(pieces);
    std::puts(is_same ? "same" : gatehouse::codec::crypto::HexEncode(whole).c_str());
  }
  return read == Read::kEnd ? 0 : 2;
}

}  // namespace

int main() { return Run(); }
