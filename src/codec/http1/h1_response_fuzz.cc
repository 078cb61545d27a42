// A response head gives the same result whole and cut in two, and its framing is never ambiguous.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/http1/response_head.h"

namespace {

namespace h1 = gatehouse::codec::http1;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const h1::HeadLimits limits{.max_head_bytes = 2048, .max_fields = 16};
  h1::ResponseHeadParser whole(limits);
  const h1::Progress progress = whole.Feed(bytes);

  const std::size_t cut = size == 0 ? 0 : data[size - 1] * size / 256;
  h1::ResponseHeadParser parts(limits);
  const std::string start = bytes.substr(0, cut);
  h1::Progress again = parts.Feed(start);
  if (again == h1::Progress::kNeedMore) again = parts.Feed(bytes);
  Require(again == progress && parts.reason() == whole.reason());
  if (progress != h1::Progress::kDone) return 0;

  Require(whole.head_bytes() == parts.head_bytes() && whole.head_bytes() <= size);
  Require(whole.status() >= 100 && whole.status() <= 999 && whole.status() != 101);
  Require(whole.body(h1::AnswerTo::kHead).kind == h1::BodyKind::kNone);
  const h1::BodyFraming body = whole.body(h1::AnswerTo::kOther);
  if (body.kind == h1::BodyKind::kUntilClose) Require(!whole.keep_alive(h1::AnswerTo::kOther));
  if (whole.interim()) Require(body.kind == h1::BodyKind::kNone);
  return 0;
}
