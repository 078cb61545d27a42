#!/usr/bin/env python3
"""Fails when the C++ sources break a rule of layering, size, naming or vocabulary.

usage: check_architecture.py [ROOT]     ROOT is the repository (default: the one this file is in)

src/ is held to every rule; tests/, bench/ and fuzz/ to all but the layering. Each rule has a planted breach in
tests/architecture/, so that a rule which no longer fires fails the build too.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cpp_text import code_of, comments_of, enclosing_openers, lambda_coroutines  # noqa: E402

# folder -> folders it may include besides itself. Read top to bottom: nothing below is visible from above.
LAYERS = {
    "base": [],
    "codec": ["base"],
    "net": ["base"],
    "llm": ["base", "codec", "net"],
    "http": ["base", "codec", "net"],
    "store": ["base", "codec", "net"],
    "inspect": ["base", "codec"],
    "record": ["base", "codec"],
    "pipeline": ["base", "codec", "net", "llm", "inspect"],
    "providers": ["base", "codec", "net", "llm", "http", "pipeline"],
    "features": ["base", "codec", "net", "llm", "http", "store", "inspect", "record", "pipeline"],
    "ingress": ["base", "codec", "net", "llm", "http", "pipeline"],
    "admin": ["base", "codec", "net", "llm", "http", "store", "record", "pipeline", "features"],
    "app": ["*"],
}
ISOLATED = {"providers", "features"}  # siblings may not include one another; `common` is open to all of them

# Third-party header -> the only folders that may include it.
HOMES = {
    "simdjson.h": ["codec/json"],
    "yaml.h": ["codec/config"],
    "openssl/": ["net/tls", "codec/crypto"],
    "sys/epoll.h": ["net"],
    "ares.h": ["net/dns"],
    "nghttp2/": ["codec/http2"],
    "zlib.h": ["codec"],
    "re2/": ["codec/cel", "inspect"],
    "hs/": ["inspect/pattern"],
    "utf8proc.h": ["inspect/text"],
    "cld2/": ["inspect/content"],
    "sqlite3.h": ["store/sqlite"],
    "postgresql/": ["store/postgres"],
    "hiredis/": ["store/redis"],
    "ldap.h": ["features/identity/ldap"],
    "lber.h": ["features/identity/ldap"],
}
ABSENT_HEADERS = {"format", "generator"}  # libstdc++ 12 does not have them

MAX_LINES = {".h": 250, ".cc": 600}

# name -> (pattern, why, files or folders under src/ that may)
BANNED = {
    "regex": (r"\bstd::(basic_)?regex\b", "unbounded backtracking on untrusted text", []),
    "clock": (r"\b(system_clock|steady_clock|high_resolution_clock)::now\b",
              "take the time from base::Clock, so that tests can move it", ["base/clock.cc"]),
    "dynamic_cast": (r"\bdynamic_cast\b", "a missing virtual function or variant", []),
    "iostream": (r"#\s*include\s*<iostream>", "static initializers; log through base/log.h", []),
    "sleep": (r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|\bsleep\s*\(", "wait for the event itself, or move the clock", []),
    "catch": (r"\bcatch\s*\(", "what traffic can cause is a Result; wrap a throwing library in its adapter",
              ["base", "codec", "net", "http", "store", "pipeline", "ingress", "admin", "app"]),
}
# In comments.
BANNED_COMMENTS = {
    "todo": (r"\b(TODO|FIXME|XXX)\b(?!\((perf|cleanup|port|test)\): )",
             "write TODO(perf|cleanup|port|test): what; everything else is an issue"),
    "nolint": (r"\bNOLINT(NEXTLINE|BEGIN)?\b(?!\([\w.,\- ]+\): \S)", "write NOLINT(check): why"),
}
VAGUE = r"(Manager|Helper|Utils?|Processor)"
VAGUE_TYPE = re.compile(rf"\b(?:class|struct|enum|union|concept|using)\s+(?:class\s+)?(?:\[\[\w+\]\]\s+)?"
                        rf"(\w*{VAGUE}(?:[A-Z0-9]\w*)?)\b")
VAGUE_FILE = re.compile(r"(^|_)(manager|helpers?|utils?|processor)(_|$)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
BOOL = re.compile(r"(?P<before>[(,])\s*(?:const\s+)?bool\b\s*(?:\w+\s*)?(?=[,)=])")  # bool& is a result
NOT_A_PARAMETER = re.compile(r"\b(if|while|for|switch|sizeof|alignof|decltype)\s*(constexpr\s*)?$")
BOOL_OK = re.compile(r"//\s*bool-ok:\s*\S")


def within(name, homes):
    return any(name == home or name.startswith(home + "/") for home in homes)


def is_test(path):
    return path.stem.endswith(("_test", "_bench", "_fuzz"))


def check_includes(name, layer, includes):
    """What this file may not include. `name` is relative to src/; layer None: no layering."""
    parts = name.split("/")
    sibling = parts[1] if len(parts) > 2 else None
    for number, quote, target in includes:
        where = f"src/{name}:{number}" if layer else f"{name}:{number}"
        for header, homes in HOMES.items():
            at_home = layer and within(name, homes)
            if (target == header or header.endswith("/") and target.startswith(header)) and quote == "<" and not at_home:
                yield f"{where}: home: <{target}> may be included only under {' or '.join('src/' + h for h in homes)}"
        if quote == "<" and target in ABSENT_HEADERS:
            yield f"{where}: absent: <{target}> is not in the standard library this project is built with"
        if quote == "<" or not layer:
            continue
        to = target.split("/")
        if to[0] != layer and "*" not in LAYERS[layer] and to[0] not in LAYERS[layer]:
            yield f"{where}: layer: {layer} may not include {target}"
        elif to[0] == layer and layer in ISOLATED and len(to) > 2 and to[1] not in (sibling, "common"):
            yield f"{where}: sibling: {layer}/{sibling} may not include its sibling {target}"


def check_bools(where, code, lines):
    openers = None
    for found in BOOL.finditer(code):
        openers = openers or enclosing_openers(code)
        opener = openers[found.start()] if found["before"] == "," else found.start()
        if opener is None or code[opener] != "(" or NOT_A_PARAMETER.search(code[:opener].rstrip()):
            continue
        number = code.count("\n", 0, code.index("bool", found.start())) + 1
        if not BOOL_OK.search(lines[number - 1]):
            yield f"{where}:{number}: bool: a bool parameter says nothing at the call: use an enum"


def check_vocabulary(where, name, path, code, comments):
    """Banned calls and names. `name` is relative to src/, or None for a file outside it."""
    for number, line in enumerate(code.splitlines(), 1):
        for rule, (pattern, why, may) in BANNED.items():
            outside_business = rule == "catch" and (name is None or is_test(path))
            if re.search(pattern, line) and not (name and within(name, may)) and not outside_business:
                yield f"{where}:{number}: {rule}: {line.strip()[:60]!r}: {why}"
        for found in VAGUE_TYPE.finditer(line):
            yield f"{where}:{number}: vague: {found[1]}: name the thing by what it is"
    for number, line in enumerate(comments.splitlines(), 1):
        for rule, (pattern, why) in BANNED_COMMENTS.items():
            if re.search(pattern, line):
                yield f"{where}:{number}: {rule}: {line.strip()[:60]!r}: {why}"
    if VAGUE_FILE.search(path.stem):
        yield f"{where}: vague: {path.name}: name the file after its main type"


def check_file(root, path):
    relative = path.relative_to(root).as_posix()
    name = relative.removeprefix("src/") if relative.startswith("src/") else None
    layer = name.split("/")[0] if name else None
    if layer and layer not in LAYERS:
        yield f"{relative}: row: folder '{layer}' has no row in LAYERS"
        return
    text = path.read_text()
    lines = text.splitlines()
    if len(lines) > MAX_LINES[path.suffix]:
        yield f"{relative}: size: {len(lines)} lines, at most {MAX_LINES[path.suffix]}: split it by responsibility"
    yield from check_includes(name or relative, layer, includes_of(lines))
    code = code_of(text)
    yield from check_vocabulary(relative, name, path, code, comments_of(text))
    if name and path.suffix == ".h":
        yield from check_bools(relative, code, lines)
    if not is_test(path):
        for offset in lambda_coroutines(code):
            number = code.count("\n", 0, offset) + 1
            yield (f"{relative}:{number}: lambda: a capturing lambda that is a coroutine loses its captures when the "
                   f"lambda dies; pass them as parameters")


def includes_of(lines):
    return [(n, m[1], m[2]) for n, m in ((n, INCLUDE.match(line)) for n, line in enumerate(lines, 1)) if m]


def check_cycles(src):
    """Folders of one layer that include each other, directly or round a loop. A folder and its subfolder are one unit."""
    edges = {}
    for path in sorted(src.rglob("*")):
        if path.suffix not in MAX_LINES or is_test(path):
            continue
        here = path.parent.relative_to(src).as_posix()
        for number, quote, target in includes_of(path.read_text().splitlines()):
            there = target.rpartition("/")[0]
            nested = within(here, [there]) or within(there, [here])
            if quote == '"' and here.split("/")[0] == there.split("/")[0] and not nested:
                edges.setdefault(here, {}).setdefault(there, f"src/{path.relative_to(src).as_posix()}:{number}")
    for here, targets in sorted(edges.items()):
        for there, where in sorted(targets.items()):
            if here < there and reaches(edges, there, here):
                yield f"{where}: cycle: {here} includes {there}, which includes {here} again"


def reaches(edges, start, goal):
    seen, open_ = set(), [start]
    while open_:
        folder = open_.pop()
        if folder == goal:
            return True
        if folder not in seen:
            seen.add(folder)
            open_.extend(edges.get(folder, {}))
    return False


def check(root):
    faults = []
    for top in ("src", "tests", "bench", "fuzz"):
        paths = (p for p in (root / top).rglob("*") if p.suffix in MAX_LINES and "node_modules" not in p.parts)
        for path in sorted(paths):
            faults.extend(check_file(root, path))
    faults.extend(check_cycles(root / "src"))
    return faults


if __name__ == "__main__":
    base = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    found = check(base.resolve())
    print("\n".join(found) or "architecture holds")
    sys.exit(bool(found))
