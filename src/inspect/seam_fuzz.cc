#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "inspect/seam.h"

// A seam of what has come so far is a seam of the whole, whatever comes and wherever the text was cut before; it is
// within no line's end and, in valid UTF-8, within no character; and what is kept is bounded.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::inspect;
  if (size < 2) return 0;
  const std::size_t step = 1 + (data[0] % 97);  // how much comes at a time
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::size_t begin = 0;  // of what is kept, by one who cuts as soon as he can
  std::size_t last = 0;   // by one who never cuts
  for (std::size_t end = 0; end < text.size();) {
    end = end + step < text.size() ? end + step : text.size();
    begin += LastSeam(text.substr(begin, end - begin));
    const std::size_t seam = LastSeam(text.substr(0, end));
    GH_CHECK(seam == begin);
    GH_CHECK(seam >= last && end - seam < kLongestWord);
    last = seam;
    if (seam == 0 || seam == text.size()) continue;
    GH_CHECK(!(text[seam - 1] == '\r' && text[seam] == '\n'));
    const auto lead = static_cast<unsigned char>(text[seam - 1]);
    GH_CHECK(lead < 0xC2 || lead > 0xF4);
  }
  return 0;
}
