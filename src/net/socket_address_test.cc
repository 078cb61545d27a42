#include "net/socket_address.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::net {
namespace {

TEST(SocketAddressTest, ParsesAndPrintsLiterals) {
  EXPECT_EQ(SocketAddress::Parse("192.0.2.7", 443)->ToString(), "192.0.2.7:443");
  EXPECT_EQ(SocketAddress::Parse("2001:DB8:0::7", 443)->ToString(), "[2001:db8::7]:443");
  EXPECT_EQ(SocketAddress::Parse("::1", 1)->Host(), "::1");
  EXPECT_EQ(SocketAddress::Parse("192.0.2.7", 1)->WithPort(65535).ToString(), "192.0.2.7:65535");
  EXPECT_TRUE(SocketAddress::Parse("fe80::1%lo", 1));
  EXPECT_TRUE(SocketAddress::Parse("fe80::1%7", 1));
}

TEST(SocketAddressTest, RefusesWhatIsNoLiteral) {
  for (const auto* text : {"", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "192.0.2.256", "[::1]", "::1 ",
                           "fe80::1%", "fe80::1%no-such-link", "1.2.3.4:80"}) {
    EXPECT_FALSE(SocketAddress::Parse(text, 80)) << text;
  }
  EXPECT_FALSE(SocketAddress::Parse(std::string_view("127.0.0.1\0.evil.test", 20), 80));
}

TEST(SocketAddressTest, ComparesAddressAndPort) {
  EXPECT_EQ(*SocketAddress::Parse("::1", 1), *SocketAddress::Parse("0:0::1", 1));
  EXPECT_FALSE(*SocketAddress::Parse("::1", 1) == *SocketAddress::Parse("::1", 2));
  EXPECT_FALSE(*SocketAddress::Parse("127.0.0.1", 1) == *SocketAddress::Parse("::ffff:127.0.0.1", 1));
}

struct ScopeCase {
  const char* address;
  AddressScope scope;
};

TEST(SocketAddressTest, KnowsWhereAnAddressLeads) {
  using enum AddressScope;
  for (const auto& [address, scope] : std::initializer_list<ScopeCase>{{"8.8.8.8", kGlobal},
                                                                       {"172.15.255.255", kGlobal},
                                                                       {"172.32.0.0", kGlobal},
                                                                       {"10.0.0.1", kPrivate},
                                                                       {"172.16.0.1", kPrivate},
                                                                       {"172.31.255.255", kPrivate},
                                                                       {"192.168.3.4", kPrivate},
                                                                       {"100.64.0.1", kPrivate},
                                                                       {"100.128.0.1", kGlobal},
                                                                       {"169.254.169.254", kLinkLocal},
                                                                       {"127.0.0.1", kLoopback},
                                                                       {"127.255.0.1", kLoopback},
                                                                       {"0.0.0.0", kSpecial},
                                                                       {"224.0.0.1", kSpecial},
                                                                       {"255.255.255.255", kSpecial},
                                                                       {"192.0.2.7", kSpecial},
                                                                       {"2606:4700::1", kGlobal},
                                                                       {"::1", kLoopback},
                                                                       {"::", kSpecial},
                                                                       {"fe80::1", kLinkLocal},
                                                                       {"fd00:ec2::254", kPrivate},
                                                                       {"ff02::1", kSpecial},
                                                                       {"2001:db8::1", kSpecial},
                                                                       {"::ffff:169.254.169.254", kLinkLocal},
                                                                       {"::ffff:10.0.0.1", kPrivate},
                                                                       {"64:ff9b::a9fe:a9fe", kLinkLocal},
                                                                       {"::ffff:8.8.8.8", kGlobal}}) {
    EXPECT_EQ(SocketAddress::Parse(address, 1)->Scope(), scope) << address;
  }
}

}  // namespace
}  // namespace gatehouse::net
