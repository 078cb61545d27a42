// A request head gives the same result whole and cut in two, stays inside its bytes, and is sound where it is accepted.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/http1/characters.h"
#include "codec/http1/request_head.h"

namespace {

namespace h1 = gatehouse::codec::http1;

void Require(bool condition) {
  if (!condition) std::abort();
}

void RequireInside(std::string_view whole, std::string_view part) {
  Require(part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size()));
}

void RequireSound(const h1::RequestHeadParser& parser, std::string_view bytes) {
  Require(parser.head_bytes() <= bytes.size());
  Require(h1::IsToken(parser.method()));
  Require(parser.authority().empty() ? parser.http10() : h1::IsHost(parser.authority()));
  for (const auto view : {parser.method(), parser.target(), parser.path_query(), parser.authority()}) {
    RequireInside(bytes, view);
  }
  for (std::size_t i = 0; i < parser.fields().size(); ++i) {
    const h1::Field field = parser.fields().at(i);
    RequireInside(bytes, field.name);
    RequireInside(bytes, field.value);
    Require(h1::IsToken(field.name) && h1::IsFieldValue(field.value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const h1::HeadLimits limits{.max_head_bytes = 2048, .max_fields = 16, .max_target_bytes = 256};
  h1::RequestHeadParser whole(limits);
  const h1::Progress progress = whole.Feed(bytes);
  if (progress == h1::Progress::kDone) RequireSound(whole, bytes);

  const std::size_t cut = size == 0 ? 0 : data[size - 1] * size / 256;
  h1::RequestHeadParser parts(limits);
  const std::string start = bytes.substr(0, cut);
  h1::Progress again = parts.Feed(start);
  if (again == h1::Progress::kNeedMore) again = parts.Feed(bytes);
  Require(again == progress && parts.reason() == whole.reason());
  if (progress == h1::Progress::kDone) Require(parts.head_bytes() == whole.head_bytes());
  return 0;
}
