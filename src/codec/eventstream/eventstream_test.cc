#include "codec/eventstream/eventstream.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "codec/crypto/crc32.h"
#include "codec/crypto/encoding.h"

namespace gatehouse::codec::eventstream {
namespace {

using std::string_view_literals::operator""sv;

struct Decoded {
  std::vector<std::string> messages;  // each message encoded again
  std::string problem;
  bool ended_well = false;
  bool operator==(const Decoded&) const = default;
};

Decoded Decode(const std::vector<std::string_view>& pieces, std::size_t limit = Decoder::kDefaultLimit) {
  Decoded decoded;
  Decoder decoder(limit);
  Message message;
  for (const auto piece : pieces) {
    const std::vector<char> memory(piece.begin(), piece.end());
    decoder.Feed({memory.data(), memory.size()});
    while (true) {
      const auto next = decoder.Next(message);
      if (!next.ok()) {
        decoded.problem = next.error().detail;
        return decoded;
      }
      if (next.value() == Decoder::Outcome::kNeedMore) break;
      AppendMessage(decoded.messages.emplace_back(), message.headers, message.payload);
    }
  }
  decoded.ended_well = decoder.Finish().ok();
  return decoded;
}

std::string EveryType() {
  Uuid uuid;
  for (std::size_t i = 0; i < 16; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(i * 17);
  const std::vector<Header> headers = {{"yes", true},
                                       {"no", false},
                                       {"byte", std::int8_t{-5}},
                                       {"short", std::int16_t{-300}},
                                       {"int", std::int32_t{-70000}},
                                       {"long", std::int64_t{-5'000'000'000}},
                                       {"bytes", Bytes{"\x00\xff"sv}},
                                       {"string", "text"sv},
                                       {"time", Timestamp{1'700'000'000'123}},
                                       {"uuid", uuid}};
  std::string out;
  AppendMessage(out, headers, "payload");
  return out;
}

std::string Event(std::string_view type, std::string_view payload) {
  const std::vector<Header> headers = {{":message-type", "event"sv}, {":event-type", type}};
  std::string out;
  AppendMessage(out, headers, payload);
  return out;
}

TEST(Crc32, KnownSums) {
  EXPECT_EQ(crypto::Crc32(""), 0U);
  EXPECT_EQ(crypto::Crc32("123456789"), 0xCBF43926U);
  EXPECT_EQ(crypto::Crc32("The quick brown fox jumps over the lazy dog"), 0x414FA339U);
  EXPECT_EQ(crypto::Crc32(std::string(32, '\xff')), 0xFF6CAB0BU);
  const std::string text(100, 'q');
  for (std::size_t i = 0; i <= text.size(); ++i) {
    EXPECT_EQ(crypto::Crc32(text.substr(i), crypto::Crc32(text.substr(0, i))), crypto::Crc32(text));
  }
}

// The empty message of the AWS test vectors: lengths 16 and 0, sums 05c248eb and 7d98c8ff.
TEST(EventStream, TheEmptyMessageHasItsKnownBytes) {
  std::string out;
  AppendMessage(out, {}, "");
  EXPECT_EQ(crypto::HexEncode(out), "000000100000000005c248eb7d98c8ff");
  EXPECT_EQ(Decode({out}).messages, std::vector{out});
}

// The vectors with a payload and with one 32-bit header.
TEST(EventStream, KnownMessages) {
  std::string payload;
  AppendMessage(payload, {}, "{'foo':'bar'}");
  EXPECT_EQ(crypto::HexEncode(payload), "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
  std::string with_header;
  const std::vector<Header> headers = {{"event-type", std::int32_t{40972}}};
  AppendMessage(with_header, headers, "{'foo':'bar'}");
  EXPECT_EQ(crypto::HexEncode(with_header),
            "0000002d0000001041c424b80a6576656e742d747970650400"
            "00a00c7b27666f6f273a27626172277d36f480a0");
}

TEST(EventStream, EveryHeaderTypeSurvives) {
  const std::string bytes = EveryType();
  Decoder decoder;
  Message message;
  decoder.Feed(bytes);
  ASSERT_EQ(decoder.Next(message).value(), Decoder::Outcome::kMessage);
  ASSERT_EQ(message.headers.size(), 10U);
  EXPECT_EQ(std::get<bool>(message.headers[0].value), true);
  EXPECT_EQ(std::get<bool>(message.headers[1].value), false);
  EXPECT_EQ(std::get<std::int8_t>(message.headers[2].value), -5);
  EXPECT_EQ(std::get<std::int16_t>(message.headers[3].value), -300);
  EXPECT_EQ(std::get<std::int32_t>(message.headers[4].value), -70000);
  EXPECT_EQ(std::get<std::int64_t>(message.headers[5].value), -5'000'000'000);
  EXPECT_EQ(std::get<Bytes>(message.headers[6].value).bytes, "\x00\xff"sv);
  EXPECT_EQ(message.Text("string"), "text");
  EXPECT_EQ(std::get<Timestamp>(message.headers[8].value).milliseconds, 1'700'000'000'123);
  EXPECT_EQ(std::get<Uuid>(message.headers[9].value).bytes[15], 255);
  EXPECT_EQ(message.payload, "payload");
  EXPECT_EQ(message.payload.end(), bytes.data() + bytes.size() - 4);
  EXPECT_EQ(message.Text("int"), "");
  EXPECT_EQ(message.Text("absent"), "");
}

TEST(EventStream, EveryCutGivesTheSameMessages) {
  const std::string stream =
      Event("messageStart", R"({"role":"assistant"})") + EveryType() + Event("x", "") + Event("y", "z");
  const Decoded whole = Decode({stream});
  ASSERT_EQ(whole.messages.size(), 4U);
  EXPECT_TRUE(whole.ended_well);
  const std::string_view view = stream;
  for (std::size_t i = 0; i <= view.size(); ++i) {
    ASSERT_EQ(Decode({view.substr(0, i), view.substr(i)}), whole) << i;
    const std::size_t j = std::min(view.size(), i + 7);
    ASSERT_EQ(Decode({view.substr(0, i), view.substr(i, j - i), view.substr(j)}), whole) << i;
  }
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < view.size(); ++i) bytes.push_back(view.substr(i, 1));
  EXPECT_EQ(Decode(bytes), whole);
}

TEST(EventStream, ATruncatedEndIsAnError) {
  const std::string stream = Event("a", "1") + Event("b", "2");
  const std::size_t first = Event("a", "1").size();
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const Decoded decoded = Decode({std::string_view(stream).substr(0, i)});
    EXPECT_EQ(decoded.problem, "");
    EXPECT_EQ(decoded.ended_well, i == 0 || i == first) << i;
  }
}

TEST(EventStream, EveryFlippedBitIsNoticed) {
  const std::string stream = EveryType();
  for (std::size_t i = 0; i < stream.size() * 8; ++i) {
    std::string damaged = stream;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    EXPECT_NE(Decode({damaged}).problem, "") << i;
  }
}

std::string WithSums(std::string bytes) {
  const auto put = [&](std::size_t at, std::uint32_t number) {
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(number >> (24 - 8 * i));
  };
  put(8, crypto::Crc32(std::string_view(bytes).substr(0, 8)));
  put(bytes.size() - 4, crypto::Crc32(std::string_view(bytes).substr(0, bytes.size() - 4)));
  return bytes;
}

TEST(EventStream, LengthsAreCheckedBeforeAnythingIsAllocated) {
  std::string bytes = Event("a", "payload");
  std::string huge = bytes;
  huge.replace(0, 4, "\x7f\xff\xff\xff");
  EXPECT_NE(Decode({WithSums(huge)}).problem.find("larger"), std::string::npos);
  std::string small = bytes;
  small.replace(0, 4, "\x00\x00\x00\x0f"sv);
  EXPECT_NE(Decode({WithSums(small)}).problem.find("impossible"), std::string::npos);
  std::string headers = bytes;
  headers.replace(4, 4, "\x00\x00\x7f\x00"sv);
  EXPECT_NE(Decode({WithSums(headers)}).problem.find("impossible"), std::string::npos);
  EXPECT_EQ(Decode({bytes}, bytes.size()).problem, "");
  EXPECT_NE(Decode({bytes}, bytes.size() - 1).problem, "");
}

TEST(EventStream, MalformedHeadersAreRefused) {
  const auto with_headers = [](std::string_view headers) {
    std::string bytes(12, '\0');
    bytes[3] = static_cast<char>(16 + headers.size());
    bytes[7] = static_cast<char>(headers.size());
    return WithSums(bytes + std::string(headers) + std::string(4, '\0'));
  };
  EXPECT_EQ(Decode({with_headers("\x01"
                                 "a\x00"sv)})
                .problem,
            "");
  for (const auto headers : {"\x00\x00"sv, "\x01"sv,
                             "\x01"
                             "a"sv,
                             "\x02"
                             "a"sv,
                             "\x01"
                             "a\x0a"sv,
                             "\x01"
                             "a\x02"sv,
                             "\x01"
                             "a\x03\x00"sv,
                             "\x01"
                             "a\x07\x00"sv,
                             "\x01"
                             "a\x07\x00\x02x"sv,
                             "\x01"
                             "a\x08\x00"sv,
                             "\x01"
                             "a\x09\x00"sv}) {
    EXPECT_NE(Decode({with_headers(headers)}).problem.find("header"), std::string::npos);
  }
}

TEST(EventStream, AFailureIsFinal) {
  Decoder decoder;
  Message message;
  const std::string noise(16, 'x');
  decoder.Feed(noise);
  EXPECT_EQ(decoder.Next(message).error().code, base::ErrorCode::kBadUpstream);
  const std::string good = Event("a", "b");
  decoder.Feed(good);
  EXPECT_FALSE(decoder.Next(message).ok());
  EXPECT_FALSE(decoder.Finish().ok());
}

}  // namespace
}  // namespace gatehouse::codec::eventstream
