#!/usr/bin/env python3
"""Fails when a tracked text names a path of one machine or a package registry's host.

usage: check_project_text.py [ROOT]

A checkout works anywhere and with any mirror: paths are relative, lock files carry integrity hashes and no addresses.
"""
import pathlib
import re
import subprocess
import sys

# In pieces, so that this file passes its own check.
PATHS = re.compile(r"(?<![\w./*-])/(wo" r"rk/|ho" r"me/\w|ro" r"ot/|Us" r"ers/\w|tmp/g" r"h\b)")
REGISTRIES = re.compile(r"//(registry|npm|pypi|artifactory|nexus|proxy)\.[\w-]+\.|(deb|security|snapshot)\.debia" r"n\.org"
                        r"|registry\.npm" r"js|files\.python" r"hosted|registry\.yarn" r"pkg")
LOCK_FILES = re.compile(r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock)$")
LOCK_ADDRESS = re.compile(r"\bresol" r"ved\b.*https?://")


def tracked(root):
    if (root / ".git").exists():
        names = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, text=True).stdout
        return [root / name for name in names.split("\0") if name]
    return [path for path in sorted(root.rglob("*")) if path.is_file()]


def check(root):
    faults = []
    for path in tracked(root):
        try:
            text = path.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(text.splitlines(), 1):
            if LOCK_FILES.search(name) and LOCK_ADDRESS.search(line):
                faults.append(f"{name}:{number}: lock: an address in a lock file (npm: omit-lockfile-registry-resolved)")
            elif REGISTRIES.search(line):
                faults.append(f"{name}:{number}: registry: {line.strip()[:60]!r}: names a registry's host")
            if PATHS.search(line):
                faults.append(f"{name}:{number}: path: {line.strip()[:60]!r}: a path of one machine")
    return faults


if __name__ == "__main__":
    base = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    found = check(base.resolve())
    print("\n".join(found) or "project text holds")
    sys.exit(bool(found))
