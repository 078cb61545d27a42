#!/usr/bin/env python3
"""Two gateways, one of which witnesses the record of the other, and what the other does when it is wound back or forked, and when its key
is changed.

usage: witness_test.py GATEHOUSE
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from served import PASSWORD, Served, digest, free_ports  # noqa: E402

KEY = "witness-test-key"
PATIENCE = 60  # seconds, for anything that is to happen by itself
CONFIG = """
threads: 1
drain_timeout: 5s
store: {{ sqlite: gatehouse.db }}
providers: [ {{ name: up, kind: simulated }} ]
models: [ {{ name: m, targets: [ {{ provider: up, model: demo-small }} ] }} ]
prices: {{ unknown: default, default: {{ input: 1, output: 1 }} }}
keys: [ {{ name: app, hash: "{key}", organization: acme }} ]
record: {{ folder: log, origin: "{origin}", checkpoint_interval: 100ms, heartbeat: 1s{more} }}
"""


class Party:
    """A gateway in a folder of its own."""

    def __init__(self, gatehouse, folder, name):
        self.folder, self.origin = folder / name, f"{name}.example/log"
        self.folder.mkdir()
        self.log = self.folder / "log"
        self.served = Served(gatehouse, self.folder, CONFIG, key=digest(KEY), origin=self.origin, more="")

    def configure(self, more=""):
        self.served.write_config(CONFIG, key=digest(KEY), origin=self.origin, more=more and ", " + more)

    def vkey(self):
        return [line for line in (self.log / "keys").read_text().splitlines() if not line.startswith("#")][-1]

    def ask(self):
        body = {"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "hello"}]}
        return self.served.call("POST", "/v1/chat/completions", body, KEY)

    def use(self, requests):
        self.served.start()
        for _ in range(requests):
            assert self.ask()[0] == 200
        assert self.served.stop() == 0, self.served.log()

    def refuses_to_start(self, why):
        self.served.spawn()
        code = self.served.process.wait(PATIENCE)
        assert code > 0 and why in self.served.log(), f"{code}: {self.served.log()}"


def wait_for(what, holds):
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            raise SystemExit(f"never: {what}")
        time.sleep(0.05)


def size_of(log):
    return int((log / "checkpoint").read_text().split("\n")[1])


class Silent:
    """Takes connections and never answers."""

    def __init__(self, port):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.listen()
        self.held = []
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        try:
            while True:
                self.held.append(self.socket.accept())
        except OSError:
            pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def main():
    gatehouse = os.path.abspath(sys.argv[1])

    def audit(*words):
        return subprocess.run([gatehouse, "audit", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)

    with tempfile.TemporaryDirectory(prefix="gatehouse-witness-") as scratch:
        scratch = pathlib.Path(scratch)
        author, witness = (Party(gatehouse, scratch, name) for name in ("author", "witness"))
        author.use(1)
        vkey = audit("witness", "new-key", "witness.example/w", "--out", witness.folder / "w.key").stdout.strip()
        port = free_ports(1)[0]
        witness.configure(f'witness: {{ port: {port}, key: w.key, logs: [ "{author.vkey()}" ] }}')
        witnessed = f'witnesses: [ {{ url: "http://127.0.0.1:{port}", key: "{vkey}", timeout: 1s }} ]'
        author.configure(witnessed)

        # Heads are cosigned, and the log verifies with its witness.
        witness.served.start()
        author.served.start()
        for _ in range(20):
            assert author.ask()[0] == 200
        wait_for("the head is cosigned", lambda: "witness.example/w" in (author.log / "checkpoint").read_text())
        assert author.served.stop() == 0
        first = scratch / "first"
        shutil.copytree(author.log, first)
        kept = witness.folder / "log.witness"
        assert len(list(kept.glob("*/checkpoint"))) == 1
        seen = size_of(next(kept.glob("*/checkpoint")).parent)
        verified = audit("verify", "--log", author.log, "--witness", vkey, "--quorum", "1", "--seen", next(kept.glob("*/checkpoint")))
        assert verified.returncode in (0, 3), verified.stdout + verified.stderr  # 3: the last entries came behind the witness's head
        assert "witness.example/w" in verified.stdout or seen < size_of(author.log), verified.stdout

        # Another key signs beside the old one, which the witness and whoever has only that one go on with.
        old = author.vkey()
        author.served.start()
        cli = subprocess.run([gatehouse, "record", "rotate-key", "--json", "--admin-url", f"http://127.0.0.1:{author.served.admin}"],
                             capture_output=True, text=True, env={**os.environ, "GATEHOUSE_ADMIN_PASSWORD": PASSWORD})
        rotated = json.loads(cli.stdout)
        status, listed = author.served.admin_get("/admin/v1/record-keys")
        assert status == 200 and json.loads(listed)["keys"] == rotated["keys"] and len(rotated["keys"]) == 2, (listed, cli)
        assert rotated["keys"][0] == old
        assert author.ask()[0] == 200
        wait_for("two keys and the witness sign", lambda: len((author.log / "checkpoint").read_text().splitlines()) == 7)
        assert author.served.stop() == 0
        verified = audit("verify", "--log", author.log, "--key", old)
        assert verified.returncode == 0, verified.stdout
        shown = json.loads(audit("show", rotated["index"], "--log", author.log).stdout)
        assert shown["t"] == "log.key_rotated" and shown["old_key"] == old, shown

        # Wound back to the copy: it does not start.
        author.use(20)
        second = scratch / "second"
        shutil.copytree(author.log, second)
        shutil.rmtree(author.log)
        shutil.copytree(first, author.log)
        # What the witness has seen is more than what the copy has, for heads were cosigned meanwhile.
        seen = size_of(next(kept.glob("*/checkpoint")).parent)
        assert seen > size_of(author.log), (seen, size_of(author.log))
        author.refuses_to_start("wound back")

        # Gone on with in secret, until it is longer again: forked.
        author.configure()
        while size_of(author.log) <= seen:
            author.use(40)
        author.configure(witnessed)
        author.refuses_to_start("forked")

        # The same where the witness is away at the start: it serves, and stops when the witness is back.
        assert witness.served.stop() == 0
        author.served.start()
        assert author.ask()[0] == 200
        witness.served.start()
        wait_for("/readyz fails", lambda: author.served.readiness()[0] == 503)
        assert "forked" in author.served.readiness()[1]["problem"], author.served.readiness()
        assert author.ask()[0] == 503
        author.served.stop()

        # The right log again. A witness that is silent holds nothing up.
        shutil.rmtree(author.log)
        shutil.copytree(second, author.log)
        assert witness.served.stop() == 0
        silent = Silent(port)
        began = time.monotonic()
        author.served.start()
        waited = time.monotonic() - began
        assert author.ask()[0] == 200 and author.served.readiness()[0] == 200
        silent.close()
        witness.served.start()
        wait_for("the head is cosigned again", lambda: "witness.example/w" in (author.log / "checkpoint").read_text())
        assert author.served.stop() == 0 and witness.served.stop() == 0
        verified = audit("verify", "--log", author.log)
        assert verified.returncode == 0, verified.stdout
        standings = audit("search", "--log", author.log, "--type", "witness.standing").stdout
        assert '"standing":"current"' in standings, standings
        print(f"a witness over HTTP: heads cosigned, a key rotated, a rewind and a fork refused at the start and in flight; "
              f"a silent witness held the start up for {waited:.1f} s")


if __name__ == "__main__":
    main()
