#include "codec/gzip/zlib_stream.h"

#include <gtest/gtest.h>

namespace gatehouse::codec::gzip {
namespace {

TEST(ZlibStream, ComesBackWhole) {
  for (const std::size_t size : {0U, 1U, 1000U, 300'000U}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; i += 7) text[i] = static_cast<char>('a' + i % 23);
    const std::string compressed = ZlibCompress(text);
    EXPECT_EQ(ZlibUncompress(compressed, size), text);
    EXPECT_FALSE(ZlibUncompress(compressed, size + 1));
    EXPECT_FALSE(ZlibUncompress(compressed + "x", size));
    if (size > 0) EXPECT_FALSE(ZlibUncompress(compressed, size - 1));
  }
}

TEST(ZlibStream, RefusesWhatIsCutOrDamaged) {
  const std::string text(1000, 'x');
  const std::string compressed = ZlibCompress(text);
  for (std::size_t size = 0; size < compressed.size(); ++size) {
    EXPECT_FALSE(ZlibUncompress(std::string_view(compressed).substr(0, size), text.size())) << size;
  }
  std::string damaged = compressed;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_FALSE(ZlibUncompress(damaged, text.size()));
}

}  // namespace
}  // namespace gatehouse::codec::gzip
