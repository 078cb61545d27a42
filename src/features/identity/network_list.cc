#include "features/identity/network_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

namespace gatehouse::features::identity {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

base::Error Wrong(std::string_view text, std::string_view why) {
  return base::InvalidRequest("`" + std::string(text) + "` is no network: " + std::string(why) +
                              ". Write 10.0.0.0/8, 2001:db8::/32 or one address.");
}

// Whether it is one; the bytes of IPv4 are as those of IPv6.
bool ParseAddress(std::string_view text, std::array<std::uint8_t, 16>& bytes) {
  const std::string copy(text);
  if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return true;
  std::ranges::copy(kMapped, bytes.begin());
  return ::inet_pton(AF_INET, copy.c_str(), bytes.data() + kMapped.size()) == 1;
}

bool SameBits(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

base::Result<Network> Network::Parse(std::string_view text) {
  constexpr unsigned kV4Offset = 96;
  Network network;
  const auto slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  if (!ParseAddress(address, network.bytes_)) return Wrong(text, "that is not an IP address");
  if (slash == std::string_view::npos) return network;
  const bool v4 = address.find(':') == std::string_view::npos;
  const std::string_view length = text.substr(slash + 1);
  unsigned bits = 0;
  const auto read = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (read.ec != std::errc() || read.ptr != length.data() + length.size() || bits > (v4 ? 32U : 128U)) {
    return Wrong(text, v4 ? "after the slash comes 0 to 32" : "after the slash comes 0 to 128");
  }
  network.bits_ = static_cast<std::uint8_t>(bits + (v4 ? kV4Offset : 0));
  auto zeros = network.bytes_;
  for (unsigned bit = network.bits_; bit < 128; ++bit)
    zeros[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  if (zeros != network.bytes_) return Wrong(text, "it has bits beyond its length");
  return network;
}

bool Network::Contains(const Network& address) const { return SameBits(bytes_, address.bytes_, bits_); }

base::Result<Network> Network::OfPeer(std::string_view address) {
  std::string_view host = address.substr(0, address.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return Parse(host.substr(0, host.find('%')));
}

bool NetworkList::ContainsPeer(std::string_view address) const {
  const auto peer = Network::OfPeer(address);
  return peer.ok() && std::ranges::any_of(networks_, [&](const Network& one) { return one.Contains(peer.value()); });
}

}  // namespace gatehouse::features::identity
