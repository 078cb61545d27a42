#!/usr/bin/env python3
"""Kills a writer of the record at random moments and compares what is left with what it had promised.

usage: crash.py RECORD_PROGRAM GATEHOUSE FOLDER [--kills N] [--seed N]

Each round starts the writer on the same log, kills it (SIGKILL), opens the log again, and looks at every promise of the
round: an entry that was told to be durable is there and is the one that was appended; an entry of the other kind that is lost was appended
within the window before the kill. Now and then the recovery is killed too. Every verification has to hold.
"""
import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import time

WINDOW_MS = 5  # LogOptions::group_interval


def filler(size):
    return "".join(chr(ord("a") + i * 7 % 26) for i in range(size))


FILLER = filler(1000)


def text_of(number, kind):
    return f"{kind} {number} {FILLER[:50 + number * 37 % 900]}"


def entries_of(log):
    """The entries under the published checkpoint, read without our own code."""
    size = int((log / "checkpoint").read_text().split("\n")[1])
    entries = []
    for index in range((size + 255) // 256):
        name = f"{index % 1000:03d}"
        rest = index // 1000
        while rest:
            name, rest = f"x{rest % 1000:03d}/{name}", rest // 1000
        width = min(256, size - index * 256)
        path = log / "tile/entries" / name
        partial = path.with_name(path.name + ".p") / str(width)
        data = (path if width == 256 or not partial.exists() else partial).read_bytes()
        at = 0
        for _ in range(width):
            length = int.from_bytes(data[at:at + 2], "big")
            entries.append(data[at + 2:at + 2 + length])
            at += 2 + length
    return entries


def run_until_killed(program, log, seconds):
    """What the writer said before it was killed, and when that was."""
    writer = subprocess.Popen([program, "write", log], stdout=subprocess.PIPE)
    deadline = time.monotonic() + seconds
    os_lines = []
    import threading
    reader = threading.Thread(target=lambda: os_lines.append(writer.stdout.read()))
    reader.start()
    while time.monotonic() < deadline and writer.poll() is None:
        time.sleep(max(0.0, min(0.005, deadline - time.monotonic())))
    killed = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
    writer.kill()
    writer.wait()
    reader.join()
    lines = os_lines[0].decode().split("\n")[:-1]  # the last may be torn
    return [line.split() for line in lines], killed


def main():
    arguments = argparse.ArgumentParser()
    for name in ("program", "gatehouse", "folder"):
        arguments.add_argument(name)
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    chance = random.Random(options.seed)
    log = pathlib.Path(options.folder) / "log"
    shutil.rmtree(options.folder, ignore_errors=True)
    log.mkdir(parents=True)
    strict = group = lost_group = repairs = 0
    oldest_lost_ms = 0.0
    faults = []
    for kill in range(options.kills):
        said, killed = run_until_killed(options.program, log, chance.uniform(0.02, 0.4))
        if kill % 7 == 3:  # kill the recovery as well
            again = subprocess.Popen([options.program, "reopen", log], stdout=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, 0.03))
            again.kill()
            again.wait()
        subprocess.run([options.program, "reopen", log], check=True)
        entries = entries_of(log)
        for kind, index, number, when in said:
            if kind == "open":
                continue
            index, number = int(index), int(number)
            there = index < len(entries) and entries[index].decode() == text_of(number, kind)
            strict += kind == "strict"
            group += kind == "group"
            if kind == "strict" and not there:
                faults.append(f"kill {kill}: entry {index} had been durable and is not there")
            if kind == "group" and not there:
                lost_group += 1
                oldest_lost_ms = max(oldest_lost_ms, (killed - float(when)) / 1000)
        # After each, and at length after every tenth.
        verify = subprocess.run([options.gatehouse, "audit", "verify", "--log", log, "--json"]
                                + ([] if kill % 10 == 9 or kill + 1 == options.kills else ["--from", str(max(0, len(entries) - 2000))]),
                                capture_output=True, text=True)
        report = json.loads(verify.stdout or "{}")
        if report.get("verdict") not in ("holds",):
            faults.append(f"kill {kill}: {verify.stdout}{verify.stderr}")
    entries = entries_of(log)
    repairs = sum(b'"t":"log.repaired"' in entry for entry in entries)
    for fault in faults[:20]:
        print(fault)
    print(f"kills {options.kills}, entries {len(entries)}, promised {strict}, in groups {group}, of which lost {lost_group}, "
          f"the oldest {oldest_lost_ms:.1f} ms before the kill; torn tails that were repaired and told: {repairs}")
    print(f"figure: {options.kills} kills, {strict} promises, {len(faults)} broken, {lost_group} of {group} others lost, "
          f"none older than {oldest_lost_ms:.0f} ms")
    return bool(faults) or strict < options.kills


if __name__ == "__main__":
    sys.exit(main())
