#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "inspect/pii/sighting.h"

// Addresses of people and machines on networks.
namespace gatehouse::inspect::pii {

// The mail address (RFC 5321, dot-atoms only) around the "@" at `at`.
std::optional<Sighting> EmailAround(const Piece& piece, std::size_t at);

// The URL around the end of "://" at `at`, or the host's name that "www." at the end of `at` begins.
std::optional<Sighting> UrlAround(const Piece& piece, std::size_t at);

// The address of IPv4, IPv6 (RFC 4291) or of a network card (IEEE 802) that the digit at `at` is in.
std::optional<Sighting> MachineAround(const Piece& piece, std::size_t at);
// Whether a run of letters and digits can be a part of one: all parts have a sign next to them.
bool IsNextToMachineSign(std::string_view text, Span group);

}  // namespace gatehouse::inspect::pii
