#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/mail/mailbox.h"

namespace gatehouse::codec::mail {

// A message that a program sends to people, as plain text. Texts may hold anything: what has no place in a header or a
// line is encoded or becomes a blank.
struct Message {
  std::string id;         // of this message for good: "alert_77@example.com"; a dot-string, @ and a domain
  std::int64_t date = 0;  // seconds since 1970
  Mailbox from;
  std::vector<Mailbox> to;
  std::string subject;  // UTF-8
  std::string text;     // UTF-8, lines end in LF
  // More fields of the header; names as RFC 5322, 2.2 wants them.
  std::vector<std::pair<std::string_view, std::string>> fields;
};

// The message as it is sent (RFC 5322): ASCII, lines of at most 78 bytes that can be broken, each ended by CR LF. It
// says of itself that no person sent it (RFC 3834), so that nothing answers it. The same message gives the same bytes.
// REQUIRES: `id` is as above.
std::string Format(const Message& message);

// A field of the header, folded; what is not printable ASCII becomes encoded words (RFC 2047).
std::string HeaderField(std::string_view name, std::string_view text);
// "Mon, 23 Nov 2026 09:12:55 +0000" (RFC 5322, 3.3). A time before the year 0 or after 9999 is shown as the nearest.
std::string DateText(std::int64_t seconds_since_epoch);
// RFC 2045, 6.7: any bytes as lines of at most 76; LF becomes CR LF.
std::string QuotedPrintable(std::string_view text);

}  // namespace gatehouse::codec::mail
