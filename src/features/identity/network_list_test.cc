#include "features/identity/network_list.h"

#include <gtest/gtest.h>

namespace gatehouse::features::identity {
namespace {

TEST(Network, HoldsItsAddressesAndNoOthers) {
  const struct {
    const char* network;
    const char* inside;
    const char* outside;
  } cases[] = {{"10.0.0.0/8", "10.255.255.255:1", "11.0.0.0:1"},
               {"192.0.2.128/25", "192.0.2.128:1", "192.0.2.127:1"},
               {"192.0.2.7", "192.0.2.7:1", "192.0.2.8:1"},
               {"192.0.2.7/32", "[::ffff:192.0.2.7]:1", "[::ffff:192.0.2.6]:1"},
               {"0.0.0.0/0", "255.1.2.3:1", "[2001:db8::1]:1"},
               {"::/0", "10.0.0.1:1", "no address"},
               {"2001:db8::/33", "[2001:db8:7fff::1]:1", "[2001:db8:8000::1]:1"},
               {"fe80::1", "[fe80::1%eth0]:1", "[fe80::2]:1"}};
  for (const auto& one : cases) {
    const auto network = Network::Parse(one.network);
    ASSERT_TRUE(network.ok()) << one.network;
    const NetworkList list({network.value()});
    EXPECT_TRUE(list.ContainsPeer(one.inside)) << one.network << " " << one.inside;
    EXPECT_FALSE(list.ContainsPeer(one.outside)) << one.network << " " << one.outside;
  }
}

TEST(Network, WhatIsNoneIsRefused) {
  for (const char* bad : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0/8",
                          "::/129", "example.org", "10.0.0.0/8/8", "2001:db8::1/32", "010.0.0.0/8"}) {
    EXPECT_FALSE(Network::Parse(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace gatehouse::features::identity
