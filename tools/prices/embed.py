#!/usr/bin/env python3
"""Writes a C++ source with the text of the default catalogue of prices in it.

usage: embed.py PRICES_JSON OUTPUT_CC
"""
import json
import pathlib
import sys

PIECE = 8000  # a compiler must take string literals of 65,536 characters; pieces keep well below


def main():
    source, output = map(pathlib.Path, sys.argv[1:])
    text = json.dumps(json.loads(source.read_text()), separators=(",", ":"), ensure_ascii=True)
    pieces = [text[i:i + PIECE] for i in range(0, len(text), PIECE)]
    lines = "\n".join(f'    {{R"prices({piece})prices", {len(piece)}}},' for piece in pieces)
    output.write_text(f"""// Made from data/prices.json by tools/prices/embed.py.
#include "llm/price/catalogue_file.h"

namespace gatehouse::llm::price {{
namespace {{

struct Piece {{
  const char* text;
  unsigned long size;
}};
constexpr Piece kPieces[] = {{
{lines}
}};

std::string Join() {{
  std::string text;
  for (const Piece& piece : kPieces) text.append(piece.text, piece.size);
  return text;
}}

}}  // namespace

std::string_view DefaultCatalogueText() {{
  static const std::string text = Join();
  return text;
}}

}}  // namespace gatehouse::llm::price
""")


if __name__ == "__main__":
    main()
