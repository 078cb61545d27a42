#!/usr/bin/env python3
"""Runs clang-tidy in parallel and remembers what passed.

usage: tidy.py [--fast] [--tests] [--since REV] [--budget SECONDS] [FILE...]

  --fast      without the path-sensitive analyzer, which is four fifths of the time
  --tests     test, fuzz and bench files too (product code only otherwise)
  --since     only files that differ from REV, or that include one that does
  --budget    start no further file after that long; says what was left unchecked

A file's result is kept in build/tidy under a hash of the file, every project header it includes, the checks and the
compile command. Needs build/dev configured.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-19"
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
FAST = "-clang-analyzer-*"
# gtest's macros are mutable globals, public members and deep nesting by design.
IN_TESTS = ("-cppcoreguidelines-avoid-non-const-global-variables,-readability-function-size,-bugprone-use-after-move,"
            "-clang-analyzer-*,-performance-*,-concurrency-mt-unsafe")


class Sources:
    """Project files with what they include, read once."""

    def __init__(self):
        self.texts = {}

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = path.read_bytes() if path.is_file() else b""
        return self.texts[path]

    def closure(self, path):
        seen, open_ = set(), [path]
        while open_:
            current = open_.pop()
            if current in seen:
                continue
            seen.add(current)
            for name in INCLUDE.findall(self.text(current)):
                open_.append(ROOT / "src" / name.decode())
        return sorted(seen)


def is_test(path):
    return path.stem.endswith(("_test", "_fuzz", "_bench"))


def commands(build):
    entries = json.loads((build / "compile_commands.json").read_text())
    result = {}
    for entry in entries:
        path = pathlib.Path(entry["file"])
        if path.is_relative_to(ROOT / "src"):
            result[path] = entry["command"]
    return result


def changed_since(revision):
    names = subprocess.run(["git", "diff", "--name-only", revision], cwd=ROOT, capture_output=True, text=True, check=True)
    return {ROOT / name for name in names.stdout.split()}


def latest_first(paths):
    """By the commit that touched them last, so that a run that is short of time looks at what is new."""
    log = subprocess.run(["git", "log", "--format=", "--name-only", "-n", "400"], cwd=ROOT, capture_output=True, text=True)
    age = {}
    for name in log.stdout.split("\n"):
        age.setdefault(ROOT / name, len(age))
    return sorted(paths, key=lambda path: age.get(path, len(age)))


def fingerprint(sources, path, command, checks):
    digest = hashlib.sha256()
    for part in (TIDY, checks, command, (ROOT / ".clang-tidy").read_text()):
        digest.update(part.encode() + b"\0")
    for file in sources.closure(path):
        digest.update(sources.text(file) + b"\0")
    return digest.hexdigest()


def run(build, path, checks):
    command = [TIDY, "-p", str(build), "--quiet", *([f"--checks={checks}"] if checks else []), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + (done.stderr if done.returncode and not done.stdout else "")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--tests", action="store_true")
    parser.add_argument("--since")
    parser.add_argument("--budget", type=float, default=float("inf"))
    parser.add_argument("files", nargs="*")
    return parser.parse_args(arguments)


def selected(options, sources, known):
    named = {pathlib.Path(f).resolve() for f in options.files}
    changed = changed_since(options.since) if options.since else None
    for path in sorted(known):
        if named and path not in named or not named and is_test(path) and not options.tests:
            continue
        if changed is None or changed.intersection(sources.closure(path)):
            yield path


def main(arguments):
    options = parse(arguments)
    build, sources = ROOT / "build/dev", Sources()
    passed = ROOT / "build/tidy"
    passed.mkdir(parents=True, exist_ok=True)
    known = commands(build)
    work = []
    for path in latest_first(selected(options, sources, known)):
        checks = IN_TESTS if is_test(path) else FAST if options.fast else ""
        mark = passed / fingerprint(sources, path, known[path], checks)
        if not mark.exists():
            work.append((path, checks, mark))
    started, failed, skipped = time.monotonic(), 0, []

    def one(item):
        path, checks, mark = item
        if time.monotonic() - started > options.budget:
            return path, None, ""
        code, output = run(build, path, checks)
        if code == 0:
            mark.touch()
        return path, code, output

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, code, output in pool.map(one, work):
            if code is None:
                skipped.append(path)
            elif code:
                failed += 1
                print(output.strip(), flush=True)
    if skipped:
        print(f"tidy: out of time, {len(skipped)} of {len(work)} files were not checked: run scripts/tidy")
    print(f"tidy: {len(work) - len(skipped)} files checked, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
