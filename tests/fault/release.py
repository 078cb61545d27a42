#!/usr/bin/env python3
"""A gateway is killed while it holds a part of a budget, and never comes back: what it held is released by hand.

usage: release.py GATEHOUSE

Two gateways share a PostgreSQL and a Redis. `gatehouse budget gateways` and `budget release` are run as an operator runs them: the living
is not released, nor is one that nobody knows; the dead is, once it has not been heard of for long enough, and what it held can be spent
by the other. It is killed after what it used reached the ledger: a row that only its journal has is not known to the others (docs/budgets.md).
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "scenario")]
sys.dont_write_bytecode = True

from gateway import KEY, PASSWORD, Gateway, complete, hash_of  # noqa: E402
from dollar import free_ports  # noqa: E402
from servers import Postgres, Redis  # noqa: E402

LIMIT = 160
RELEASE_SECONDS = 40
CONFIG = """
store: {{ postgres: "{conninfo}" }}
identity: {{ pepper: 0123456789abcdef0123456789abcdef }}
cluster: {{ node: {name}, redis: {{ address: "127.0.0.1:{redis}" }} }}
accounting: {{ journal: {name}.journal }}
providers: [ {{ name: s, kind: simulated }} ]
models: [ {{ name: demo-small, targets: [ {{ provider: s, model: demo-small }} ] }} ]
prices: {{ unknown: default, default: {{ input: 1, output: 1 }} }}
keys: [ {{ name: test, hash: 'KEY_HASH', organization: acme }} ]
budgets: [ {{ node: acme, name: all, requests: {limit}, per: total }} ]
"""


def ask(gateway):
    body = json.dumps({"model": "demo-small", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}/v1/chat/completions", body,
                                     {"authorization": f"Bearer {KEY}", "content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def spend(gateway):
    """How many requests go through until one is refused for good."""
    served = 0
    while (status := ask(gateway)) == 200:
        served += 1
    return served, status


def budget(binary, gateway, *words):
    done = subprocess.run([binary, "budget", *words, "--admin-url", f"http://127.0.0.1:{gateway.admin}"], capture_output=True, text=True,
                          env=dict(os.environ, GATEHOUSE_ADMIN_PASSWORD=PASSWORD), timeout=90)
    return done.returncode, done.stdout + done.stderr


def expect(truth, what):
    if not truth:
        raise SystemExit(f"FAILED: {what}")


def used(postgres):
    return int(postgres.sql("SELECT COALESCE(SUM(used), 0) FROM limit_use")[0])


def wait_for(what, holds):
    until = time.monotonic() + RELEASE_SECONDS
    while not holds():
        expect(time.monotonic() < until, f"never: {what}")
        time.sleep(0.05)


def play(binary, folder, postgres, redis):
    hashes = {secret: hash_of(binary, secret) for secret in (KEY, PASSWORD)}

    def start(name):
        own = folder / name
        own.mkdir()
        text = CONFIG.format(conninfo=postgres.conninfo, name=name, redis=redis.port, limit=LIMIT)
        return Gateway(binary, complete(text, hashes), own)

    gateways = [start("first"), start("second")]
    try:
        first, second = gateways
        expect(ask(second) == 200, "the second gateway does not serve")
        code, text = budget(binary, first, "gateways", "--json")
        states = {one["name"]: one["state"] for one in json.loads(text)["items"]}
        expect(code == 0 and states == {"first": "open", "second": "open"}, text)
        code, text = budget(binary, first, "release", "--node", "second")
        expect(code != 0 and "second" in text, f"one that lives was released, or nobody says that it lives: {text}")
        code, text = budget(binary, first, "release", "--node", "third")
        expect(code != 0 and "There is no gateway of that name" in text, text)

        wait_for("what the second one used is in the ledger", lambda: used(postgres) == 1)
        second.kill()
        before, status = spend(first)
        expect(status in (429, 503) and before < LIMIT - 1, f"{before} requests: the dead held nothing, which proves nothing")
        until = time.monotonic() + RELEASE_SECONDS
        while (released := budget(binary, first, "release", "--node", "second"))[0] != 0 and time.monotonic() < until:
            time.sleep(1)
        expect(released[0] == 0 and "1" in released[1], f"it is not released: {released[1]}")
        code, text = budget(binary, first, "gateways")
        expect(code == 0 and "released" in text, text)
        code, text = budget(binary, first, "release", "--node", "second")
        expect(code == 0 and "0" in text, f"it has nothing more: {text}")
        until = time.monotonic() + 10
        after = 0
        while before + after < LIMIT - 1 and time.monotonic() < until:
            after += spend(first)[0]
        expect(before + after == LIMIT - 1, f"1 + {before} + {after} requests of {LIMIT} went through")
        expect(ask(first) == 429, "more went through than the budget has")
        print(f"1 request went through the gateway that was killed, {before} through the other, {after} more when it was released: {LIMIT}")
        first.stop()
    finally:
        for gateway in gateways:
            gateway.kill()


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    postgres, redis = Postgres(), Redis(free_ports(1)[0])
    try:
        with tempfile.TemporaryDirectory(prefix="gatehouse-release-", ignore_cleanup_errors=True) as folder:
            play(binary, pathlib.Path(folder), postgres, redis)
    finally:
        redis.close()
        postgres.close()


if __name__ == "__main__":
    main()
