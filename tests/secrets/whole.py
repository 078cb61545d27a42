#!/usr/bin/env python3
"""Takes out of a set of fixtures the rows that are marked as credentials and are none, and says which.

usage: whole.py FIXTURES.jsonl.gz OUTPUT.jsonl

The fixtures are string literals of the source of a set of rules. Some of them are parts that a test puts together there:
keywords, beginnings that a random part is appended to, and expressions that one is generated from. They are listed here
by the first twelve digits of the SHA-256 of their text, so that nothing else is left out.
"""
import gzip
import hashlib
import json
import sys

PARTS = {
    "keyword": """
        2d7f45d7b98b 5633c9b8af6d 5c634827572e c70eca6b0f88 d58fc8daf00e
    """,
    "prefix": """
        075f8ffba57a 19662cd82d8a 25f5bc2ac562 2616442ea037 2a209022fc21 33e1e459535a 3dbb2cc4d30a 42ce6d4b92e5
        4e4d9ab39bd8 669e7eccaa05 72626a1d62d8 7eb1c6f2f796 940de4ea9654 97978ac8ed55 97a60119a9d1 b7a29ee49f18
        cc29c43f807e eaa03cb64024 fe3b51b8d4dc
    """,
    "expression": """
        0a9c2b92bc8d 43d51ccfa141 5456eb90e5de 5d05b438951b 62ef0e56862f 6920f5e156b3 b8aee56bd274 d64815f5a172
        e9da8baa44e9 ecce82fa40c0
    """,
}
KINDS = {digest: kind for kind, digests in PARTS.items() for digest in digests.split()}


def main():
    source, output = sys.argv[1:]
    kept = left_out = 0
    with gzip.open(source, "rt") as rows, open(output, "w") as out:
        for line in rows:
            row = json.loads(line)
            kind = KINDS.get(hashlib.sha256(row["text"].encode()).hexdigest()[:12])
            if row["label"] == 1 and kind:
                left_out += 1
                print(f"left out, no credential but a {kind}: {row['rule']}: {row['text'][:60]!r}")
            else:
                kept += 1
                out.write(line)
    print(f"{kept} rows, {left_out} left out")


if __name__ == "__main__":
    main()
