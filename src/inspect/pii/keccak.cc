#include "inspect/pii/keccak.h"

#include <bit>
#include <cstddef>

#include "base/check.h"

namespace gatehouse::inspect::pii {
namespace {

// Keccak-f[1600] (FIPS 202, section 3.2). Lane (x, y) is state[x + 5 * y].
using State = std::array<std::uint64_t, 25>;

constexpr std::size_t kRate = 136;

constexpr std::array<std::uint64_t, 24> kRoundConstants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

void Theta(State& state) {
  std::array<std::uint64_t, 5> parity{};
  for (std::size_t i = 0; i < 25; ++i) parity[i % 5] ^= state[i];
  for (std::size_t i = 0; i < 25; ++i) state[i] ^= parity[(i + 4) % 5] ^ std::rotl(parity[(i + 1) % 5], 1);
}

// Rotates each lane and moves it to its place (the steps rho and pi).
State RhoAndPi(const State& state) {
  State moved{};
  moved[0] = state[0];
  std::size_t x = 1;
  std::size_t y = 0;
  for (int t = 0; t < 24; ++t) {
    const std::size_t next_y = (2 * x + 3 * y) % 5;
    moved[y + 5 * next_y] = std::rotl(state[x + 5 * y], (t + 1) * (t + 2) / 2 % 64);
    x = y;
    y = next_y;
  }
  return moved;
}

void Permute(State& state) {
  for (const std::uint64_t constant : kRoundConstants) {
    Theta(state);
    const State moved = RhoAndPi(state);
    for (std::size_t i = 0; i < 25; ++i) {
      const std::size_t row = i - i % 5;
      state[i] = moved[i] ^ (~moved[row + (i + 1) % 5] & moved[row + (i + 2) % 5]);
    }
    state[0] ^= constant;
  }
}

}  // namespace

std::array<std::uint8_t, 32> Keccak256(std::string_view text) {
  GH_CHECK(text.size() < kRate);
  std::array<std::uint8_t, kRate> block{};
  for (std::size_t i = 0; i < text.size(); ++i) block[i] = static_cast<std::uint8_t>(text[i]);
  block[text.size()] = 0x01;
  block[kRate - 1] |= 0x80;
  State state{};
  for (std::size_t i = 0; i < kRate; ++i) state[i / 8] ^= std::uint64_t{block[i]} << (8 * (i % 8));
  Permute(state);
  std::array<std::uint8_t, 32> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<std::uint8_t>(state[i / 8] >> (8 * (i % 8)));
  return digest;
}

}  // namespace gatehouse::inspect::pii
