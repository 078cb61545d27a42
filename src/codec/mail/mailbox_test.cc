#include "codec/mail/mailbox.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::codec::mail {
namespace {

TEST(Mailbox, IsWhatCanBeMailedTo) {
  for (const std::string text :
       {"ops@example.com", "first.last+alerts@mail.example.co.uk", "a@b", "o'brien@xn--bcher-kva.example",
        "root@[192.0.2.1]", "root@[IPv6:2001:db8::1]", "x_{|}~!#$%&*=?^`/-@example.com"}) {
    const auto mailbox = Mailbox::Parse(text);
    ASSERT_TRUE(mailbox) << text;
    EXPECT_EQ(mailbox->text(), text);
  }
  EXPECT_EQ(Mailbox::Parse("root@[192.0.2.1]")->domain(), "[192.0.2.1]");
  EXPECT_EQ(Mailbox::Parse("a@b.example")->domain(), "b.example");
}

TEST(Mailbox, IsNothingElse) {
  const std::string long_local(65, 'a');
  const std::string long_label(64, 'a');
  for (const std::string& text : {std::string(),
                                  std::string("ops"),
                                  std::string("@example.com"),
                                  std::string("ops@"),
                                  std::string("a b@c.d"),
                                  std::string("a@b c"),
                                  std::string("<a@b.c>"),
                                  std::string("Ops <ops@example.com>"),
                                  std::string("\"a b\"@c.d"),
                                  std::string("a@b@c"),
                                  std::string(".a@b"),
                                  std::string("a.@b"),
                                  std::string("a..b@c"),
                                  std::string("a@b..c"),
                                  std::string("a@.b"),
                                  std::string("a@b."),
                                  std::string("a@-b"),
                                  std::string("a@b-"),
                                  std::string("a@b_c"),
                                  std::string("b\xC3\xBC@example.com"),
                                  std::string("a@b\xC3\xBC.example"),
                                  std::string("a@[]"),
                                  std::string("a@[192.0.2.1"),
                                  std::string("a@[192.0.2.1]]"),
                                  std::string("a@[evil> RCPT]"),
                                  std::string("a@b\r\nRCPT TO:<x@y>"),
                                  std::string("a@b\n"),
                                  std::string("a\r@b"),
                                  std::string("a@b\0c", 5),
                                  std::string("a,b@c"),
                                  long_local + "@b",
                                  "a@" + long_label,
                                  "a@" + std::string(126, 'b') + "." + std::string(127, 'b')}) {
    EXPECT_FALSE(Mailbox::Parse(text)) << text;
  }
}

TEST(Mailbox, OfAnyLengthThatFits) {
  std::string domain;
  while (domain.size() < 240) domain += "abcdefghi.";
  domain += "example";
  EXPECT_TRUE(Mailbox::Parse("a@" + domain));
  EXPECT_FALSE(Mailbox::Parse("aaaaaaaa@" + domain)) << "254 bytes are the most of a path";
}

}  // namespace
}  // namespace gatehouse::codec::mail
