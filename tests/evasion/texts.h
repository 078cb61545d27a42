#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "codec/crypto/encoding.h"

namespace gatehouse::evasion {

enum class Read : unsigned char { kText, kEnd, kNoText };

// The next text of standard input, one a line in hexadecimal digits.
inline Read ReadText(std::string& text) {
  std::string line;
  int c = std::getchar();
  if (c == EOF) return Read::kEnd;
  for (; c != EOF && c != '\n'; c = std::getchar()) line.push_back(static_cast<char>(c));
  auto decoded = codec::crypto::HexDecode(line);
  if (!decoded) return Read::kNoText;
  text = *std::move(decoded);
  return Read::kText;
}

}  // namespace gatehouse::evasion
