#include "codec/http1/chunked.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatehouse::codec::http1 {
namespace {

struct Decoded {
  std::string payload;
  Progress progress = Progress::kNeedMore;
  Reason reason = Reason::kNone;
  std::size_t consumed = 0;
  std::string trailers;
  bool operator==(const Decoded&) const = default;
};

Decoded DecodePieces(const std::vector<std::string_view>& pieces, ChunkedLimits limits = {}) {
  ChunkedDecoder decoder(limits);
  Decoded decoded;
  for (const std::string_view piece : pieces) {
    std::string bytes(piece);
    const auto step = decoder.Decode(bytes);
    decoded.payload.append(step.payload.data(), step.payload.size());
    decoded.consumed += step.consumed;
    decoded.progress = step.progress;
    if (step.progress != Progress::kNeedMore) break;
  }
  decoded.reason = decoder.reason();
  if (decoded.progress == Progress::kDone) {
    for (std::size_t i = 0; i < decoder.trailers().size(); ++i) {
      decoded.trailers.append(decoder.trailers().at(i).name).append("=").append(decoder.trailers().at(i).value);
      decoded.trailers.push_back(';');
    }
  }
  return decoded;
}

void ExpectSameHoweverCut(std::string_view bytes, ChunkedLimits limits = {}) {
  const Decoded whole = DecodePieces({bytes}, limits);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(DecodePieces({bytes.substr(0, cut), bytes.substr(cut)}, limits), whole) << bytes << " cut at " << cut;
  }
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
  EXPECT_EQ(DecodePieces(single, limits), whole) << bytes;
}

TEST(Chunked, GathersThePayloadOfSeveralChunksAndStopsAtTheEnd) {
  const std::string_view bytes = "5\r\nhello\r\n1\r\n \r\n0005;a=b\r\nworld\r\n0\r\n\r\nNEXT";
  const Decoded decoded = DecodePieces({bytes});
  EXPECT_EQ(decoded.payload, "hello world");
  EXPECT_EQ(decoded.progress, Progress::kDone);
  EXPECT_EQ(decoded.consumed, bytes.size() - 4);
  ExpectSameHoweverCut(bytes);
}

TEST(Chunked, KeepsTrailers) {
  const std::string_view bytes = "1\r\nx\r\n0\r\nX-Sum: 1\r\nx-b:\t2 \r\n\r\n";
  EXPECT_EQ(DecodePieces({bytes}).trailers, "X-Sum=1;x-b=2;");
  ExpectSameHoweverCut(bytes);
}

struct Refused {
  std::string bytes;
  Reason reason;
};

std::vector<Refused> RefusedBodies() {
  return {
      {"\r\n", Reason::kBadChunkSize},
      {"g\r\n", Reason::kBadChunkSize},
      {" 5\r\nhello\r\n", Reason::kBadChunkSize},
      {"5 \r\nhello\r\n", Reason::kBadChunkSize},
      {"5 ;a\r\nhello\r\n", Reason::kBadChunkSize},
      {"+5\r\nhello\r\n", Reason::kBadChunkSize},
      {"-1\r\n", Reason::kBadChunkSize},
      {"0x5\r\nhello\r\n", Reason::kBadChunkSize},
      {"5h\r\nhello\r\n", Reason::kBadChunkSize},
      {";a\r\n", Reason::kBadChunkSize},
      {"5\nhello\n0\n\n", Reason::kBareLf},
      {"5\rhello\r\n", Reason::kBareCr},
      {"5;a\nhello\r\n", Reason::kBareLf},
      {"5;a\rb\r\nhello\r\n", Reason::kBareCr},
      {std::string("5;a\0b\r\nhello\r\n", 14), Reason::kBadChunkExtension},
      {"5\r\nhello0\r\n\r\n", Reason::kBadChunkEnd},
      {"5\r\nhello\n0\r\n\r\n", Reason::kBadChunkEnd},
      {"5\r\nhello\r0\r\n\r\n", Reason::kBadChunkEnd},
      {"5\r\nhello!\r\n0\r\n\r\n", Reason::kBadChunkEnd},
      {"10000000000000005\r\nhello\r\n", Reason::kChunkSizeOverflow},
      {"0000000000000005\r\nhello\r\n", Reason::kChunkSizeOverflow},
      {"ffffffffffffffffff\r\n", Reason::kChunkSizeOverflow},
      {"0\r\nX : y\r\n\r\n", Reason::kSpaceBeforeColon},
      {"0\r\n fold\r\n\r\n", Reason::kObsoleteFold},
      {"0\r\nX: y\n\r\n", Reason::kBareLf},
      {"0\r\nX: y\rz\r\n", Reason::kBareCr},
      {"0\r\nContent-Length: 5\r\n\r\n", Reason::kForbiddenTrailer},
      {"0\r\nTRANSFER-ENCODING: chunked\r\n\r\n", Reason::kForbiddenTrailer},
      {"0\r\nHost: a\r\n\r\n", Reason::kForbiddenTrailer},
      {"0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kSpaceBeforeColon},
  };
}

TEST(Chunked, RefusesWhatTwoReadersCouldReadInTwoWays) {
  for (const Refused& test : RefusedBodies()) {
    const Decoded decoded = DecodePieces({test.bytes});
    EXPECT_EQ(decoded.progress, Progress::kRejected) << test.bytes;
    EXPECT_EQ(ToString(decoded.reason), ToString(test.reason)) << test.bytes;
    ExpectSameHoweverCut(test.bytes);
  }
}

TEST(Chunked, BoundsExtensionsAndTrailers) {
  const ChunkedLimits limits{.max_extension_bytes = 8, .max_trailer_bytes = 16, .max_trailer_fields = 2};
  EXPECT_EQ(DecodePieces({"1;aaaa\r\nx\r\n1;bbbb\r\nx\r\n0\r\n\r\n"}, limits).progress, Progress::kDone);
  const std::string_view extensions = "1;aaaa\r\nx\r\n1;bbbbb\r\nx\r\n0\r\n\r\n";
  EXPECT_EQ(DecodePieces({extensions}, limits).reason, Reason::kChunkExtensionTooLong);
  ExpectSameHoweverCut(extensions, limits);

  EXPECT_EQ(DecodePieces({"0\r\na: 1\r\nb: 2\r\n\r\n"}, {.max_trailer_bytes = 14}).progress, Progress::kDone);
  const std::string_view trailers = "0\r\na: 1\r\nb: 2\r\n\r\n";
  EXPECT_EQ(DecodePieces({trailers}, {.max_trailer_bytes = 13}).reason, Reason::kTrailersTooLarge);
  ExpectSameHoweverCut(trailers, {.max_trailer_bytes = 13});
  EXPECT_EQ(DecodePieces({trailers}, {.max_trailer_fields = 1}).reason, Reason::kTooManyFields);
}

TEST(Chunked, EncodesWhatItDecodes) {
  for (const std::size_t size : {1UL, 9UL, 15UL, 16UL, 255UL, 4096UL, 70'000UL}) {
    const std::string payload(size, 'p');
    std::string wire(ChunkHead(size).view());
    wire.append(payload).append(kChunkEnd).append(kLastChunk);
    const Decoded decoded = DecodePieces({wire});
    EXPECT_EQ(decoded.progress, Progress::kDone);
    EXPECT_EQ(decoded.payload, payload);
  }
  EXPECT_EQ(ChunkHead(0).view(), "0\r\n");
  EXPECT_EQ(ChunkHead(~0ULL).view(), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace gatehouse::codec::http1
