#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "record/tlog/checkpoint.h"
#include "record/tlog/note.h"
#include "record/tlog/proof_file.h"
#include "record/tlog/tile.h"

// What is read of a log's formats is written as it was: no text has two readings, no reading two texts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::record::tlog;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto note = ParseNote(input); note.ok()) GH_CHECK(FormatNote(note.value()) == input);
  if (const auto checkpoint = ParseCheckpointText(input); checkpoint.ok()) {
    GH_CHECK(FormatCheckpoint(checkpoint.value()) == input);
  }
  if (const auto file = ParseProofFile(input); file.ok()) GH_CHECK(FormatProofFile(file.value()) == input);
  if (const auto request = ParseWitnessRequest(input); request.ok()) {
    GH_CHECK(FormatWitnessRequest(request.value()) == input);
  }
  if (const auto key = VerifierKey::Parse(input); key.ok()) GH_CHECK(key.value().ToText() == input);
  if (const auto key = UnknownKey::Parse(input)) GH_CHECK(key->text == input && !VerifierKey::Parse(input).ok());
  if (const auto path = ParseTilePath(input); path.ok()) {
    const TileId& tile = path.value().tile;
    const bool hashes = path.value().kind == ParsedPath::Kind::kHashes;
    GH_CHECK((hashes ? TilePath(tile) : BundlePath(tile.index, tile.width)) == input);
  }
  std::string bundle;
  std::string_view rest = input;
  std::uint32_t count = 0;
  for (; !rest.empty(); ++count) {
    const auto entry = TakeEntry(rest);
    if (!entry.ok()) return 0;
    AppendEntry(bundle, entry.value());
  }
  GH_CHECK(bundle == input && ParseBundle(input, count).ok());
  return 0;
}
