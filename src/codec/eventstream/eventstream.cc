#include "codec/eventstream/eventstream.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "codec/crypto/crc32.h"

namespace gatehouse::codec::eventstream {
namespace {

constexpr std::size_t kPrelude = 12;  // both lengths and their sum
constexpr std::size_t kSum = 4;
constexpr std::size_t kSmallestMessage = kPrelude + kSum;

enum class WireType : std::uint8_t {
  kTrue,
  kFalse,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kBytes,
  kString,
  kTimestamp,
  kUuid,
};

template <class Number>
Number ReadBigEndian(std::string_view bytes) {
  std::make_unsigned_t<Number> number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<std::make_unsigned_t<Number>>((static_cast<std::uint64_t>(number) << 8) |
                                                       static_cast<unsigned char>(bytes[i]));
  }
  return static_cast<Number>(number);
}

template <class Number>
void AppendBigEndian(std::string& out, Number number) {
  const std::uint64_t bits = static_cast<std::make_unsigned_t<Number>>(number);
  for (std::size_t i = sizeof(Number); i-- > 0;) out += static_cast<char>((bits >> (8 * i)) & 0xFF);
}

// What is left of the headers of one message.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view rest) : rest_(rest) {}

  bool AtEnd() const { return rest_.empty(); }

  std::optional<Header> Next() {
    const auto name_size = Number<std::uint8_t>();
    if (!name_size || *name_size == 0) return std::nullopt;
    const auto name = Take(*name_size);
    const auto type = Number<std::uint8_t>();
    if (!name || !type) return std::nullopt;
    auto value = Value(static_cast<WireType>(*type));
    if (!value) return std::nullopt;
    return Header{*name, *value};
  }

 private:
  std::optional<std::string_view> Take(std::size_t size) {
    if (rest_.size() < size) return std::nullopt;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  template <class T>
  std::optional<T> Number() {
    const auto bytes = Take(sizeof(T));
    if (!bytes) return std::nullopt;
    return ReadBigEndian<T>(*bytes);
  }

  std::optional<std::string_view> Sized() {
    const auto size = Number<std::uint16_t>();
    return size ? Take(*size) : std::nullopt;
  }

  template <class T>
  static std::optional<HeaderValue> Wrap(std::optional<T> value) {
    return value ? std::optional<HeaderValue>(HeaderValue(*value)) : std::nullopt;
  }

  std::optional<HeaderValue> Value(WireType type) {
    switch (type) {
      case WireType::kTrue: return HeaderValue(true);
      case WireType::kFalse: return HeaderValue(false);
      case WireType::kInt8: return Wrap(Number<std::int8_t>());
      case WireType::kInt16: return Wrap(Number<std::int16_t>());
      case WireType::kInt32: return Wrap(Number<std::int32_t>());
      case WireType::kInt64: return Wrap(Number<std::int64_t>());
      case WireType::kString: return Wrap(Sized());
      case WireType::kBytes: {
        const auto bytes = Sized();
        return bytes ? Wrap(std::optional(Bytes{*bytes})) : std::nullopt;
      }
      case WireType::kTimestamp: {
        const auto milliseconds = Number<std::int64_t>();
        return milliseconds ? Wrap(std::optional(Timestamp{*milliseconds})) : std::nullopt;
      }
      case WireType::kUuid: {
        const auto bytes = Take(sizeof(Uuid));
        if (!bytes) return std::nullopt;
        Uuid uuid;
        std::copy(bytes->begin(), bytes->end(), uuid.bytes.begin());
        return HeaderValue(uuid);
      }
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

// Appends the type and the value of one header.
struct ValueAppender {
  std::string& out;

  void Type(WireType type) { out += static_cast<char>(type); }
  template <class T>
  void Number(WireType type, T number) {
    Type(type);
    AppendBigEndian(out, number);
  }
  void Sized(WireType type, std::string_view bytes) {
    GH_CHECK(bytes.size() <= 0xFFFF);
    Number(type, static_cast<std::uint16_t>(bytes.size()));
    out += bytes;
  }

  void operator()(bool value) { Type(value ? WireType::kTrue : WireType::kFalse); }
  void operator()(std::int8_t value) { Number(WireType::kInt8, value); }
  void operator()(std::int16_t value) { Number(WireType::kInt16, value); }
  void operator()(std::int32_t value) { Number(WireType::kInt32, value); }
  void operator()(std::int64_t value) { Number(WireType::kInt64, value); }
  void operator()(Bytes value) { Sized(WireType::kBytes, value.bytes); }
  void operator()(std::string_view value) { Sized(WireType::kString, value); }
  void operator()(Timestamp value) { Number(WireType::kTimestamp, value.milliseconds); }
  void operator()(const Uuid& value) {
    Type(WireType::kUuid);
    out.append(value.bytes.begin(), value.bytes.end());
  }
};

}  // namespace

std::string_view Message::Text(std::string_view name) const {
  for (const auto& header : headers) {
    if (header.name != name) continue;
    const auto* const text = std::get_if<std::string_view>(&header.value);
    return text == nullptr ? std::string_view() : *text;
  }
  return {};
}

base::Error Decoder::Fail(std::string problem) {
  state_ = State::kFailed;
  problem_ = std::move(problem);
  return {.code = base::ErrorCode::kBadUpstream,
          .source = base::ErrorSource::kUpstream,
          .public_message = "The upstream's event stream is damaged.",
          .detail = "event stream: " + problem_};
}

base::Result<std::string_view> Decoder::TakeMessage() {
  const auto fill = [this](std::size_t size) {
    const std::size_t missing = std::min(size - std::min(size, carry_.size()), input_.size());
    carry_.append(input_.substr(0, missing));
    input_.remove_prefix(missing);
    return carry_.size() >= size;
  };
  const bool direct = carry_.empty() && input_.size() >= kPrelude;
  if (!direct && !fill(kPrelude)) return std::string_view();
  const std::string_view prelude = std::string_view(direct ? input_ : carry_).substr(0, kPrelude);
  const auto total = ReadBigEndian<std::uint32_t>(prelude);
  const auto headers = ReadBigEndian<std::uint32_t>(prelude.substr(4));
  if (ReadBigEndian<std::uint32_t>(prelude.substr(8)) != crypto::Crc32(prelude.substr(0, 8))) {
    return Fail("wrong checksum of the lengths");
  }
  if (total < kSmallestMessage || headers > total - kSmallestMessage) return Fail("impossible length");
  if (total > max_message_bytes_) return Fail("message larger than " + std::to_string(max_message_bytes_) + " bytes");
  if (direct && input_.size() >= total) {
    const std::string_view message = input_.substr(0, total);
    input_.remove_prefix(total);
    return message;
  }
  if (!fill(total)) return std::string_view();
  state_ = State::kReturnedCarry;
  return std::string_view(carry_);
}

base::Result<Decoder::Outcome> Decoder::Next(Message& message) {
  if (state_ == State::kFailed) return Fail(std::move(problem_));
  if (state_ == State::kReturnedCarry) {
    carry_.clear();
    state_ = State::kReading;
  }
  GH_TRY(const std::string_view bytes, TakeMessage());
  if (bytes.empty()) return Outcome::kNeedMore;
  const std::string_view summed = bytes.substr(0, bytes.size() - kSum);
  if (ReadBigEndian<std::uint32_t>(bytes.substr(summed.size())) != crypto::Crc32(summed)) {
    return Fail("wrong checksum of a message");
  }
  const auto headers_size = ReadBigEndian<std::uint32_t>(bytes.substr(4));
  message.headers.clear();
  HeaderReader reader(bytes.substr(kPrelude, headers_size));
  while (!reader.AtEnd()) {
    const auto header = reader.Next();
    if (!header) return Fail("malformed header");
    message.headers.push_back(*header);
  }
  message.payload = summed.substr(kPrelude + headers_size);
  return Outcome::kMessage;
}

base::Status Decoder::Finish() const {
  if (state_ == State::kReading && carry_.empty() && input_.empty()) return base::Ok();
  if (state_ == State::kReturnedCarry && input_.empty()) return base::Ok();
  return base::Error{.code = base::ErrorCode::kBadUpstream,
                     .source = base::ErrorSource::kUpstream,
                     .public_message = "The upstream's event stream ended too early.",
                     .detail = "event stream: ended within a message"};
}

void AppendMessage(std::string& out, std::span<const Header> headers, std::string_view payload) {
  const std::size_t start = out.size();
  out.append(kPrelude, '\0');
  for (const auto& header : headers) {
    GH_CHECK(!header.name.empty() && header.name.size() <= 0xFF);
    out += static_cast<char>(header.name.size());
    out += header.name;
    std::visit(ValueAppender{out}, header.value);
  }
  const std::size_t headers_size = out.size() - start - kPrelude;
  out += payload;
  const std::size_t total = out.size() - start + kSum;
  GH_CHECK(total <= 0xFFFF'FFFF);
  std::string prelude;
  AppendBigEndian(prelude, static_cast<std::uint32_t>(total));
  AppendBigEndian(prelude, static_cast<std::uint32_t>(headers_size));
  AppendBigEndian(prelude, crypto::Crc32(prelude));
  out.replace(start, kPrelude, prelude);
  AppendBigEndian(out, crypto::Crc32(std::string_view(out).substr(start)));
}

}  // namespace gatehouse::codec::eventstream
