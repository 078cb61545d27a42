#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The Simple Mail Transfer Protocol as bytes, the client's side (RFC 5321). No I/O.
namespace gatehouse::codec::smtp {

// What a server says (RFC 5321, 4.2).
struct Reply {
  std::uint16_t code = 0;          // 200 to 599
  std::vector<std::string> lines;  // without the code and the end of line; at least one

  bool operator==(const Reply&) const = default;
  bool done() const { return code / 100 == 2; }
  bool transient() const { return code / 100 == 4; }
  bool permanent() const { return code / 100 == 5; }
  // The enhanced status code that the text begins with (RFC 2034, 3463), "5.1.1"; "" where there is none.
  std::string_view Enhanced() const;
  // In one line, the enhanced code once: "550 5.1.1 no such user".
  std::string Text() const;
};

// Takes replies out of bytes as they come. A server that speaks no SMTP is kBadUpstream: lines end in CR LF, those of
// one reply have one code, and are bounded in length and number.
class ReplyDecoder {
 public:
  static constexpr std::size_t kMostLine = 2000;  // RFC 5321, 4.5.3.1.5 allows for 512
  static constexpr std::size_t kMostLines = 100;

  void Feed(std::string_view bytes) { buffer_.append(bytes); }
  // The next whole reply; nullopt: more bytes are needed. After an error nothing more comes.
  base::Result<std::optional<Reply>> Next();
  // Bytes that were fed and are not part of a reply yet: none, when the server speaks only when asked.
  std::size_t buffered() const { return buffer_.size() + partial_.lines.size(); }

 private:
  // Takes one line; kLast ends the reply.
  enum class Line : std::uint8_t { kMore, kLast };
  base::Result<Line> Take(std::string_view line);

  std::string buffer_;
  Reply partial_;
};

// What a server can do, as its answer to EHLO says (RFC 5321, 4.1.1.1).
struct Extensions {
  bool starttls = false;    // RFC 3207
  bool size = false;        // RFC 1870
  bool auth_plain = false;  // RFC 4954 and 4616
  bool auth_login = false;  // never standardized; what some servers have alone
};
Extensions ExtensionsOf(const Reply& ehlo);

// What follows DATA: the message with its dots doubled at the start of lines, and the end (RFC 5321, 4.5.2). Each line
// of the message ends in CR LF.
std::string DataOf(std::string_view message);

// The one argument of AUTH PLAIN, base64 (RFC 4616).
std::string PlainCredentials(std::string_view username, std::string_view password);

}  // namespace gatehouse::codec::smtp
