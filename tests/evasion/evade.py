#!/usr/bin/env python3
"""Disguises what is seen when it is plain, and counts what is seen no more.

usage: evade.py SEE_LINES [--show]      SEE_LINES is the program beside this; --show prints what got away
       evade.py SEE_CUTS --cuts
           counts the texts, disguised each way, alone and several in one text, that show something else in pieces
       evade.py SEE_LINES --alarms FILE.jsonl[.gz]...
           counts the rows in which only other forms of the text show something: alarms that looking at them costs
"""
import collections
import gzip
import json
import random
import subprocess
import sys

import disguises
import items

SEED = 20261123
ROUNDS = 6
BAR = 5.0  # per cent
CUT_ROUNDS = 2
BETWEEN = [" ", "\n", ". ", "; ", " plain words and more of them, for a while, in lower case. ", " Dear Anna Schmidt, we met on 12 May. ",
           "\nand then\n\n", " caf\u00e9 au lait \u2014 \u20ac 5, ", ' {"a": 12} ']


def see(program, texts):
    """For each text what is seen in it: a set of (category, entity, view)."""
    lines = "".join(text.encode("utf-8", "surrogatepass").hex() + "\n" for text in texts)
    said = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout
    seen = [{tuple(finding.split(":")) for finding in line.split()} for line in said.splitlines()]
    if len(seen) != len(texts):
        sys.exit(f"{len(texts)} texts were given and {len(seen)} answered")
    return seen


def categories(findings):
    return {category for category, _, _ in findings}


def entities(findings, category):
    return {entity for c, entity, _ in findings if c == category}


def evade(program, show):
    every = list(items.items(SEED, ROUNDS))
    plain = see(program, [before + payload + after for _, before, payload, after in every])
    known = [(*item, entities(seen, item[0])) for item, seen in zip(every, plain) if item[0] in categories(seen)]
    count = collections.Counter(item[0] for item in every)
    kept = collections.Counter(item[0] for item in known)
    print("seen when plain: " + ", ".join(f"{kept[c]} of {count[c]} {c}" for c in sorted(count)))
    rng = random.Random(SEED)
    cases = []
    for name, disguise in disguises.ALL.items():
        for category, before, payload, after, was in known:
            if name in disguises.PHRASES_ONLY and category != "injection":
                continue
            for variant, text in enumerate(disguise(payload, rng)):
                cases.append((name, category, variant, before + text + after, was))
    seen = see(program, [case[3] for case in cases])
    tried, missed, other = collections.Counter(), collections.Counter(), 0
    for (name, category, variant, text, was), findings in zip(cases, seen):
        tried[name, category] += 1
        other += not was & entities(findings, category)
        if category in categories(findings):
            continue
        missed[name, category] += 1
        if show:
            print(f"MISSED {name} {variant} {category}: {text}")
    for name in disguises.ALL:
        row = {c: (missed[name, c], tried[name, c]) for c in sorted(count) if tried[name, c]}
        lost, total = sum(m for m, _ in row.values()), sum(t for _, t in row.values())
        if total:
            print(f"{name:20} {100 * lost / total:6.2f} %   " + ", ".join(f"{c} {m} of {t}" for c, (m, t) in row.items()))
    share = 100 * sum(missed.values()) / max(1, sum(tried.values()))
    print(f"not seen as what it was: {100 * other / max(1, len(cases)):.2f} %")
    holds = share < BAR and all(kept[c] for c in count)
    print(f"evasion: {share:.2f} % of {sum(tried.values())} (bar {BAR:.0f} %) {'holds' if holds else 'falls short'}")
    return 0 if holds else 1


def disguised(rng):
    """All items, each way."""
    for name, disguise in disguises.ALL.items():
        for category, before, payload, after in items.items(rng.randrange(1 << 30), 1):
            if name in disguises.PHRASES_ONLY and category != "injection":
                continue
            for text in disguise(payload, rng):
                yield before + text + after


def cuts(program):
    rng = random.Random(SEED)
    texts = [text for _ in range(CUT_ROUNDS) for text in disguised(rng)]
    rest = [text for _ in range(CUT_ROUNDS) for text in disguised(rng)]
    rng.shuffle(rest)
    while rest:
        several = [rest.pop() for _ in range(min(len(rest), rng.randrange(2, 6)))]
        texts.append("".join(text + rng.choice(BETWEEN) for text in several))
    lines = "".join(text.encode("utf-8", "surrogatepass").hex() + "\n" for text in texts)
    said = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.split()
    if len(said) != len(texts):
        sys.exit(f"{len(texts)} texts were given and {len(said)} answered")
    differ = [(text, answer) for text, answer in zip(texts, said) if answer != "same"]
    for text, answer in differ:
        print(f"DIFFERS {text!r}\n{bytes.fromhex(answer).decode()}")
    print(f"{len(differ)} of {len(texts)} disguised texts")
    return 1 if differ else 0


def alarms(program, files):
    texts = []
    for name in files:
        with (gzip.open if name.endswith(".gz") else open)(name, "rt", encoding="utf-8") as rows:
            texts += [row["text"] for row in map(json.loads, rows) if row.get("label", 0) == 0]
    raw, added = collections.Counter(), collections.Counter()
    by_views = 0
    for text, findings in zip(texts, see(program, texts)):
        plain = {(c, e) for c, e, view in findings if view == "raw"}
        other = {(c, e) for c, e, view in findings if view != "raw"} - plain
        raw.update(plain)
        added.update(other)
        by_views += bool(other)
        for found in other:
            print(f"{found[0]} {found[1]}: {text[:160]!r}")
    for category, entity in sorted(set(raw) | set(added)):
        print(f"{category} {entity}: {raw[category, entity]} rows as they are, {added[category, entity]} by other forms alone")
    print(f"{by_views} of {len(texts)} rows by other forms alone")
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[2] == "--alarms":
        sys.exit(alarms(sys.argv[1], sys.argv[3:]))
    if sys.argv[2:] == ["--cuts"]:
        sys.exit(cuts(sys.argv[1]))
    sys.exit(evade(sys.argv[1], "--show" in sys.argv))
