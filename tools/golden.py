#!/usr/bin/env python3
"""Runs the golden tests, or rewrites their expectations.

usage: golden.py [--update] [--build DIR] [--filter GTEST_FILTER]

--update removes every expectation (without --filter) and writes what the code says
now; review the diff. DIR is build/dev by default and must have been configured.
"""
import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"


def is_input(path):
    return path.name.count(".") == 1 and not path.name.endswith(".events")


def remove_expectations():
    for kind in ("requests", "streams", "embedding_requests", "embedding_answers"):
        for path in (GOLDEN / kind).rglob("*"):
            if path.is_file() and not is_input(path):
                path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "dev")
    parser.add_argument("--filter", default="*")
    arguments = parser.parse_args()
    subprocess.run(["ninja", "-C", str(arguments.build), "golden_test"], check=True)
    (program,) = arguments.build.rglob("golden_test")
    environment = dict(os.environ)
    if arguments.update:
        if arguments.filter == "*":
            remove_expectations()
        environment["GOLDEN_UPDATE"] = "1"
    command = [str(program), "--gtest_brief=1", f"--gtest_filter={arguments.filter}"]
    return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
