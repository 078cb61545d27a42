#!/usr/bin/env python3
"""That no request waits for the database: a paced load, and the same while the database takes no writes at all.

usage: ledger_load.py GATEHOUSE [BENCH_UPSTREAM] [--rate 2000] [--seconds 60] [--folder DIR]

The load (h2load, so many requests a second over 50 connections) goes through the gateway to a canned upstream (or, without one, its own simulated one) twice: with its
SQLite database at work, and with another process holding the database's write lock all the time, so that whatever waits for
the database waits until the end of the load. All must be answered both times, and in the end the database must have one row for
each exchange. Latencies of both are printed beside each other, and the CPU that the rows took.
"""
import argparse
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from served import Served, digest  # noqa: E402

KEY = "ledger-load-key"
CONNECTIONS = 50
CATCH_UP_SECONDS = 120

CONFIG = """
threads: 1
store: {{ sqlite: gatehouse.db }}
providers: [ {{ name: up, {upstream} }} ]
models: [ {{ name: m, targets: [ {{ provider: up, model: demo-small }} ] }} ]
prices: {{ unknown: default, default: {{ input: 1, output: 2 }} }}
keys: [ {{ name: app, hash: "{key}", organization: acme, team: search, project: prod }} ]
budgets:
  - {{ node: acme, name: month, usd: 100000, per: month }}
  - {{ node: acme/search, name: day, tokens: 100000000000, per: day, window: rolling }}
accounting: {{ journal_slots: {slots} }}
"""


class Latencies:
    def __init__(self, microseconds):
        self.all = sorted(microseconds)

    def at(self, part):
        return self.all[min(len(self.all) - 1, int(len(self.all) * part))] / 1000

    def __str__(self):
        return f"p50 {self.at(0.5):.2f} ms, p99 {self.at(0.99):.2f} ms, p99.9 {self.at(0.999):.2f} ms, longest {self.at(1):.2f} ms"


def load(args, folder, port):
    """Latencies of what was answered with 200, and how many were not."""
    body, log = folder / "body", folder / "requests"
    body.write_text(json.dumps({"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "hello " * 150}]}))
    log.unlink(missing_ok=True)
    number = args.rate * args.seconds
    subprocess.run(["h2load", "--h1", f"-c{CONNECTIONS}", "-t1", f"-n{number}", f"--rps={args.rate / CONNECTIONS:g}", f"--log-file={log}",
                    "-d", body, "-H", f"authorization: Bearer {KEY}", "-H", "content-type: application/json",
                    f"http://127.0.0.1:{port}/v1/chat/completions"], check=True, stdout=subprocess.DEVNULL)
    lines = [line.split("\t") for line in log.read_text().splitlines()]
    served = [int(line[2]) for line in lines if line[1] == "200"]
    return Latencies(served or [0]), number - len(served)


def rows(file):
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    in_blocks, = database.execute("SELECT COALESCE(SUM(exchanges), 0) FROM exchange_block").fetchone()
    in_sums, = database.execute("SELECT COALESCE(SUM(exchanges), 0) FROM rollup_hour").fetchone()
    database.close()
    return in_blocks, in_sums


def caught_up(gateway, file, wanted):
    until = time.monotonic() + CATCH_UP_SECONDS
    while rows(file)[0] < wanted and time.monotonic() < until:
        time.sleep(0.05)
    while gateway.readiness()[0] != 200 and time.monotonic() < until:
        time.sleep(0.05)


def play(args, folder, upstream, locked):
    """What does not hold, the latencies, and CPU by thread."""
    wrong, number = [], args.rate * args.seconds
    slots = max(32768, number + number // 4)
    gateway = Served(args.gatehouse, folder, CONFIG, upstream=upstream, key=digest(KEY), slots=slots)
    gateway.start()
    file = folder / "gatehouse.db"
    blocker = sqlite3.connect(file, isolation_level=None)
    if locked:
        blocker.execute("BEGIN IMMEDIATE")
    before, began = gateway.cpu_seconds()[1], time.monotonic()
    latencies, lost = load(args, folder, gateway.port)
    took = time.monotonic() - began
    at_end = rows(file)[0]
    if locked:
        if at_end:
            wrong.append(f"the database has {at_end} rows while nothing can be written")
        if args.seconds >= 20 and (said := gateway.readiness())[0] != 503:  # it waits some seconds for the lock itself
            wrong.append(f"/readyz says {said} while nothing can be written")
        blocker.execute("ROLLBACK")
    blocker.close()
    caught_up(gateway, file, number)
    spent = {name: cpu - before.get(name, 0.0) for name, cpu in gateway.cpu_seconds()[1].items()}
    wrong += gateway.stop_in_order()
    if lost:
        wrong.append(f"{lost} of {number} requests were not served")
    if rows(file) != (number - lost, number - lost):
        wrong.append(f"{rows(file)} rows in blocks and in sums, of {number - lost} exchanges")
    how = "the database takes no writes" if locked else "the database at work"
    print(f"{how}: {number - lost} exchanges in {took:.1f} s ({number / took:.0f} a second), {rows(file)[0]} rows, {at_end} of them "
          f"when the load ended; {latencies}")
    return wrong, latencies, spent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatehouse", type=os.path.abspath)
    parser.add_argument("upstream", type=os.path.abspath, nargs="?")
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--folder", type=pathlib.Path)
    args = parser.parse_args()
    upstream, provider = None, "kind: simulated"
    if args.upstream:
        upstream = subprocess.Popen([args.upstream], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = int(upstream.stdout.readline().split()[0])
        provider = f'kind: openai_compatible, base_url: "http://127.0.0.1:{port}/json/1024/v1", api_key: sk'
    wrong, latencies, spent = [], {}, {}
    with tempfile.TemporaryDirectory(prefix="gatehouse-load-") as scratch:
        for locked in (False, True):
            folder = (args.folder or pathlib.Path(scratch)) / ("locked" if locked else "working")
            folder.mkdir(parents=True)
            found, latencies[locked], spent[locked] = play(args, folder, provider, locked)
            wrong += found
    if upstream:
        upstream.terminate()
    number = args.rate * args.seconds
    each = ", ".join(f"{name} {1e6 * cpu / number:.1f} us" for name, cpu in sorted(spent[False].items()) if cpu > 0)
    print(f"CPU per exchange by thread: {each}")
    print(f"figure: {number} exchanges at {args.rate} a second and {number} rows; p99 {latencies[False].at(0.99):.2f} ms and "
          f"{latencies[True].at(0.99):.2f} ms with a database that takes nothing, p99.9 {latencies[False].at(0.999):.2f} and "
          f"{latencies[True].at(0.999):.2f} ms")
    for line in wrong:
        print("WRONG:", line)
    print("falls short" if wrong else "holds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
