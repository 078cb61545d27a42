#!/usr/bin/env python3
"""Writes a C++ source with a function that returns the text of a file.

usage: embed_text.py FILE OUTPUT_CC HEADER NAMESPACE FUNCTION     HEADER declares `std::string_view FUNCTION();` in NAMESPACE
"""
import pathlib
import sys

PIECE = 8000  # a compiler must take string literals of 65,536 characters; pieces keep well below


def main():
    source, output = map(pathlib.Path, sys.argv[1:3])
    header, namespace, function = sys.argv[3:]
    text = source.read_text()
    pieces = [text[i:i + PIECE] for i in range(0, len(text), PIECE)]
    literals = "\n".join(f'    R"embedded({piece})embedded",' for piece in pieces)
    output.write_text(f"""// Made from {source.name} by tools/embed_text.py.
#include "{header}"

#include <string>

namespace {namespace} {{
namespace {{

constexpr std::string_view kPieces[] = {{
{literals}
}};

std::string Join() {{
  std::string text;
  for (const std::string_view piece : kPieces) text.append(piece);
  return text;
}}

}}  // namespace

std::string_view {function}() {{
  static const std::string text = Join();
  return text;
}}

}}  // namespace {namespace}
""")


if __name__ == "__main__":
    main()
