#!/usr/bin/env python3
"""A gateway whose disk is full: what it says, what it refuses, and that nothing is lost when there is room again.

usage: full_disk.py GATEHOUSE [--only strict|lenient|journal|record|served|readonly|clock]

The gateway's state lies on a small file system of its own (tmpfs, which takes root to mount; without, exit status 77). Clients
ask all the time while the disk is filled and emptied again.
  strict   while rows fit into the journal requests are served; then they are refused with a 503 in the words of the client's
           protocol. /readyz says that and why. With room again it recovers by itself, and everything that was served is in
           the ledger, once.
  lenient  (when_journal_full: pass_unrecorded) they go on being served, and what is not recorded is counted.
  journal  a journal that finds no room when it is made, and one that was left unfinished.
  record   the record's disk is full, its database's is not: nothing is done that cannot be recorded, /readyz says so, and
           everything that was served is on record, which verifies.
  served   (when_unwritten: serve) they go on being served, and entries that could not be written are counted.
  readonly the record's disk becomes read-only and writable again: the same as record. On one that is read-only it does not start.
  clock    the clock of the machine is set forward and back: the record says so, and verifies.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import ledger  # noqa: E402
from served import Served, digest  # noqa: E402

KEY = "full-disk-key"
SLOTS = 1024  # of the journal: as many exchanges as can be served while nothing can be written
NO_RECORD = "{ enabled: false }"
PATIENCE = 60  # seconds, for anything that is to happen by itself
CLIENTS = 4

CONFIG = """
threads: 2
drain_timeout: 5s
store: {{ sqlite: "{database}" }}
providers: [ {{ name: up, kind: simulated }} ]
models: [ {{ name: m, targets: [ {{ provider: up, model: demo-small }} ] }} ]
prices: {{ unknown: default, default: {{ input: 1, output: 1 }} }}
keys: [ {{ name: app, hash: "{key}", organization: acme }} ]
budgets: [ {{ node: acme, name: all, usd: 1000, per: total }} ]
accounting: {{ journal: "{journal}", journal_slots: {slots}, when_journal_full: {when_full} }}
record: {record}
"""


class SmallDisk:
    """A file system of so many bytes in memory, mounted while it is used."""

    def __init__(self, path, mib):
        self.path, self.mib = path, mib
        self.ballast = path / "ballast"

    def __enter__(self):
        self.path.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.mib}m,mode=700", "tmpfs", self.path], capture_output=True,
                                 text=True)
        if mounted.returncode != 0:
            print(f"no file system can be mounted here: {mounted.stderr.strip()}")
            sys.exit(77)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.path], check=True)

    def fill(self):
        with self.ballast.open("ab", buffering=0) as file:
            for piece in (1 << 16, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * piece)
                except OSError:
                    pass

    def empty(self):
        self.ballast.unlink()

    def forbid(self):
        """Nothing can be made or opened for writing any more. Files that are open stay so, as the kernel demands of who remounts."""
        subprocess.run(["mount", "--bind", self.path, self.path], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", self.path], check=True)

    def allow(self):
        subprocess.run(["umount", self.path], check=True)


class Clients(threading.Thread):
    """Ask in turns, over two protocols, and note what became of each request."""

    def __init__(self, gateway, name, reason):
        super().__init__()
        self.gateway, self.tag, self.reason = gateway, name, reason
        self.over = threading.Event()
        self.served, self.refused, self.wrong = [], [], []

    def run(self):
        number = 0
        while not self.over.is_set():
            number += 1
            request_id = f"{self.tag}-{number}"
            try:
                self.note(request_id, number % 2 == 0)
            except OSError as error:
                self.wrong.append(f"{request_id}: {error!r}")

    def note(self, request_id, anthropic):
        path = "/v1/messages" if anthropic else "/v1/chat/completions"
        body = {"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "hello"}]}
        status, answer, headers = self.gateway.call("POST", path, body, KEY, headers={"x-request-id": request_id})
        if status == 200:
            self.served.append(request_id)
        elif status == (529 if anthropic else 503):  # what a client of that protocol expects
            self.refused.append(request_id)
            said = answer.decode()
            native = '"type":"error"' in said if anthropic else '"error":{' in said
            if not native or self.reason not in said or "retry-after" not in headers:
                self.wrong.append(f"{request_id}: refused with {said!r} {dict(headers)}")
            self.over.wait(0.02)
        else:
            self.wrong.append(f"{request_id}: {status} {answer[:300]}")


class Load:
    def __init__(self, gateway, name, reason="database"):
        self.clients = [Clients(gateway, f"{name}{i}", reason) for i in range(CLIENTS)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.over.set()
        for client in self.clients:
            client.join()

    def all(self, what):
        return [one for client in self.clients for one in getattr(client, what)]


def wait_for(what, holds):
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            raise SystemExit(f"never: {what}")
        time.sleep(0.05)


def unrecorded(gateway):
    text = gateway.get("/metrics", admin=True)[1].decode()
    return sum(int(float(value)) for value in re.findall(r"^gatehouse_exchanges_unrecorded_total(?:{[^}]*})? (\S+)$", text, re.M))


def serve(args, folder, disk, when_full):
    return Served(args.gatehouse, folder, CONFIG, database=disk.path / "gatehouse.db", journal=disk.path / "journal", key=digest(KEY),
                  slots=SLOTS, when_full=when_full, record=NO_RECORD)


def metric(gateway, name):
    text = gateway.get("/metrics", admin=True)[1].decode()
    return sum(int(float(value)) for value in re.findall(rf"^{re.escape(name)} (\S+)$", text, re.M))


def judge_readiness(gateway, wrong, reason="full"):
    status, said = gateway.readiness()
    if status != 503 or said["status"] != "failing" or reason not in said.get("problem", ""):
        wrong.append(f"a full disk, and /readyz says {status} {said}")
    if gateway.get("/livez", admin=True)[0] != 200:
        wrong.append("/livez does not answer")


def judge_ledger(disk, load, wrong, missing=0):
    """Everything that was served is there once, but for so many."""
    rows = collections.Counter(row["request_id"] for row in ledger.rows(disk.path / "gatehouse.db"))
    served = load.all("served")
    absent = [one for one in served if rows[one] == 0]
    if len(absent) != missing:
        wrong.append(f"{len(absent)} of {len(served)} served requests are not in the ledger, not {missing}: {absent[:5]}")
    wrong += [f"{one} is in the ledger {count} times" for one, count in rows.items() if count > 1]
    wrong += load.all("wrong")


def strict(args, folder):
    wrong = []
    with SmallDisk(folder / "strict-disk", 24) as disk:
        gateway = serve(args, folder, disk, "refuse")
        gateway.start()
        with Load(gateway, "strict") as load:
            wait_for("requests are served", lambda: len(load.all("served")) > 200)
            disk.fill()
            at_full = len(load.all("served"))
            wait_for("/readyz fails", lambda: gateway.readiness()[0] == 503)
            judge_readiness(gateway, wrong)
            wait_for("requests are refused", lambda: len(load.all("refused")) > 50)
            judge_readiness(gateway, wrong)
            meanwhile = len(load.all("served")) - at_full
            disk.empty()
            began = time.monotonic()
            wait_for("/readyz recovers", lambda: gateway.readiness()[0] == 200)
            recovery = time.monotonic() - began
            after = len(load.all("served"))
            wait_for("requests are served again", lambda: len(load.all("served")) > after + 200)
        wrong += gateway.stop_in_order()
        judge_ledger(disk, load, wrong)
        if not 0 < meanwhile <= 2 * SLOTS:
            wrong.append(f"{meanwhile} requests served while the disk was full")
        print(f"strict: {len(load.all('served'))} served, {meanwhile} of them while the disk was full, {len(load.all('refused'))} refused; "
              f"ready {recovery:.1f} s after there was room")
    return wrong


def lenient(args, folder):
    wrong = []
    with SmallDisk(folder / "lenient-disk", 24) as disk:
        gateway = serve(args, folder, disk, "pass_unrecorded")
        gateway.start()
        with Load(gateway, "lenient") as load:
            wait_for("requests are served", lambda: len(load.all("served")) > 200)
            disk.fill()
            wait_for("requests are not recorded", lambda: unrecorded(gateway) > 100)
            judge_readiness(gateway, wrong)
            disk.empty()
            wait_for("/readyz recovers", lambda: gateway.readiness()[0] == 200)
            lost, after = unrecorded(gateway), len(load.all("served"))
            wait_for("requests are recorded again", lambda: len(load.all("served")) > after + 200)
        if unrecorded(gateway) != lost:
            wrong.append(f"{unrecorded(gateway) - lost} more are unrecorded after the disk had room")
        wrong += gateway.stop_in_order()
        judge_ledger(disk, load, wrong, missing=lost)
        if load.all("refused"):
            wrong.append(f"{len(load.all('refused'))} refused")
        print(f"lenient: {len(load.all('served'))} served, {lost} of them not recorded and counted")
    return wrong


def journal(args, folder):
    wrong = []
    with SmallDisk(folder / "journal-disk", 24) as disk:
        gateway = Served(args.gatehouse, folder, CONFIG, database=folder / "journal.db", journal=disk.path / "journal", key=digest(KEY),
                         slots=SLOTS, when_full="refuse", record=NO_RECORD)
        disk.fill()
        for _ in range(2):  # the second time with what the first one left
            gateway.spawn()
            code = gateway.process.wait(PATIENCE)
            if code <= 0 or "The journal" not in gateway.log() or "has room" not in gateway.log():
                wrong.append(f"no room for the journal: exit status {code}, {gateway.log()[-500:]}")
        disk.empty()
        gateway.start()
        disk.fill()  # all of the journal is there already: nothing that is written into it needs room
        with Load(gateway, "journal") as load:
            wait_for("requests are served", lambda: len(load.all("served")) > 3 * SLOTS)
        wrong += gateway.stop_in_order()
        wrong += load.all("wrong")
        served = set(load.all("served"))
        rows = {row["request_id"] for row in ledger.rows(folder / "journal.db")}
        if served - rows:
            wrong.append(f"{len(served - rows)} of {len(served)} are not in the ledger")
        print(f"journal: refused to start without room, then {len(served)} served over a full disk")
    return wrong


def audit(args, *words):
    return subprocess.run([args.gatehouse, "audit", *words], capture_output=True, text=True, timeout=PATIENCE)


def entries_of(args, log, wrong):
    """The log's entries by the ids of their requests, once nothing in it is known to be changed: it says what is missing."""
    verified = audit(args, "verify", "--log", log)
    if verified.returncode not in (0, 3):
        wrong.append(f"audit verify: {verified.returncode} {verified.stdout[-300:]} {verified.stderr[-300:]}")
    kinds = collections.defaultdict(list)
    for line in audit(args, "export", "--log", log, "--format", "jsonl").stdout.splitlines():
        entry = json.loads(line)
        entry = entry.get("entry", entry)
        kinds[entry["t"]].append(entry.get("id"))
    return kinds


def on_small_disk(args, folder, disk, settings):
    return Served(args.gatehouse, folder, CONFIG, database=folder / "gatehouse.db", journal=folder / "journal", key=digest(KEY), slots=SLOTS,
                  when_full="refuse", record=f"{{ folder: {disk.path}/log, group_interval: 2ms, checkpoint_interval: 200ms, {settings} }}")


def record_outage(args, where, fail, mend, reason, mode):
    """What is wrong when the record's disk fails that way for a while, and figures."""
    wrong = []
    with SmallDisk(where / "disk", 96) as disk:
        gateway = on_small_disk(args, where, disk, f"mode: {mode}")
        gateway.start()
        with Load(gateway, mode, "cannot keep its record") as load:
            wait_for("requests are served", lambda: len(load.all("served")) > 200)
            fail(disk)
            wait_for("/readyz fails", lambda: gateway.readiness()[0] == 503)
            wait_for("requests are refused", lambda: len(load.all("refused")) > 50)
            judge_readiness(gateway, wrong, reason)
            mend(disk)
            wait_for("/readyz recovers", lambda: gateway.readiness()[0] == 200)
            after = len(load.all("served"))
            wait_for("requests are served again", lambda: len(load.all("served")) > after + 200)
        wrong += gateway.stop_in_order()
        wrong += load.all("wrong")
        entries = entries_of(args, disk.path / "log", wrong)
        ended, served = collections.Counter(entries["req.end"]), load.all("served")
        absent = [one for one in served if ended[one] == 0]
        if absent:
            wrong.append(f"{mode}: the ends of {len(absent)} of {len(served)} served requests are not on record: {absent[:5]}")
        wrong += [f"{mode}: {one} ended {count} times" for one, count in ended.items() if count > 1]
        if not entries["log.recovered"]:
            wrong.append(f"{mode}: the record does not say that it failed")
    return wrong, f"{mode}: {len(served)} served, {len(load.all('refused'))} refused, {len(absent)} not on record"


def record_outages(args, folder, fail, mend, reason):
    wrong, figures = [], []
    for mode in ("group", "strict"):
        where = folder / mode
        where.mkdir()
        found, figure = record_outage(args, where, fail, mend, reason, mode)
        wrong += found
        figures.append(figure)
    print(f"{folder.name}: " + "; ".join(figures))
    return wrong


def record(args, folder):
    return record_outages(args, folder, SmallDisk.fill, SmallDisk.empty, "no room")


def readonly(args, folder):
    wrong = record_outages(args, folder, SmallDisk.forbid, SmallDisk.allow, "takes no writes")
    where = folder / "start"
    where.mkdir()
    with SmallDisk(where / "disk", 96) as disk:
        gateway = on_small_disk(args, where, disk, "mode: group")
        disk.forbid()
        gateway.spawn()
        code = gateway.process.wait(PATIENCE)
        disk.allow()
        if code <= 0 or "Read-only file system" not in gateway.log():
            wrong.append(f"started on a read-only disk: exit status {code}, {gateway.log()[-500:]}")
    return wrong


class OffClock(Served):
    """With a clock that is wrong by what a file says, and can be set while it runs."""

    def shift(self, seconds):
        new = self.folder / "clock.new"
        new.write_text(str(seconds))
        new.rename(self.folder / "clock")

    def environment(self):
        return {**os.environ, "LD_PRELOAD": str(self.folder / "clock.so"), "GH_CLOCK_FILE": str(self.folder / "clock")}


def clock(args, folder):
    wrong = []
    source = pathlib.Path(__file__).resolve().parent / "clock.c"
    subprocess.run(["clang-19", "-shared", "-fPIC", "-O1", "-o", folder / "clock.so", source], check=True)
    log = folder / "log"
    gateway = OffClock(args.gatehouse, folder, CONFIG, database=folder / "gatehouse.db", journal=folder / "journal", key=digest(KEY), slots=64 * SLOTS,
                       when_full="refuse", record=f"{{ folder: {log}, heartbeat: 1s, checkpoint_interval: 200ms }}")

    def entries():
        return [json.loads(line)["entry"] for line in audit(args, "export", "--log", log, "--format", "jsonl").stdout.splitlines()]

    def jumps():
        return [round(entry["by"] / 1e6) for entry in entries() if entry["t"] == "clock.jump"]

    gateway.shift(0)
    gateway.start()
    with Load(gateway, "clock") as load:
        for number, shift in enumerate([7200, -7200, 0], 1):
            after = len(load.all("served"))
            wait_for("requests are served", lambda: len(load.all("served")) > after + 200)
            gateway.shift(shift)
            wait_for("the record says that the clock was set", lambda: len(jumps()) == number)
    wrong += gateway.stop_in_order()
    wrong += load.all("wrong") + [f"refused {one}" for one in load.all("refused")]
    verified = audit(args, "verify", "--log", log)
    if verified.returncode != 0:
        wrong.append(f"audit verify: {verified.returncode} {verified.stdout[-500:]}")
    if jumps() != [7200, -14400, 7200]:
        wrong.append(f"the clock was set two hours forward, four back and two forward, and the record says {jumps()}")
    ended = {entry.get("id") for entry in entries() if entry["t"] == "req.end"}
    wrong += [f"{one} is not on record" for one in load.all("served") if one not in ended]
    print(f"clock: {len(load.all('served'))} served while the clock was set three times, each on record")
    return wrong


def served(args, folder):
    wrong = []
    with SmallDisk(folder / "disk", 96) as disk:
        gateway = on_small_disk(args, folder, disk, "when_unwritten: serve")
        gateway.start()
        with Load(gateway, "served") as load:
            wait_for("requests are served", lambda: len(load.all("served")) > 200)
            disk.fill()
            wait_for("entries are not written", lambda: metric(gateway, 'gatehouse_record_entries_total{outcome="unwritten"}') > 100)
            if gateway.readiness()[0] != 200:
                wrong.append("it serves, and /readyz says that it does not")
            disk.empty()
            wait_for("the record goes on", lambda: "record" not in gateway.readiness()[1].get("problem", ""))
            after = len(load.all("served"))
            wait_for("requests are served", lambda: len(load.all("served")) > after + 200)
            unwritten = metric(gateway, 'gatehouse_record_entries_total{outcome="unwritten"}')
        wrong += gateway.stop_in_order()
        wrong += load.all("wrong") + [f"refused {one}" for one in load.all("refused")]
        entries = entries_of(args, disk.path / "log", wrong)
        known = set(entries["req.start"]) | set(entries["req.end"])
        missing = [one for one in load.all("served") if one not in known]
        if len(missing) > unwritten:
            wrong.append(f"{len(missing)} exchanges are not on record, and {unwritten} entries were counted")
        print(f"served: {len(load.all('served'))} served, {unwritten} entries not written and counted, {len(missing)} exchanges not on record")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatehouse", type=os.path.abspath)
    parser.add_argument("--only", choices=["strict", "lenient", "journal", "record", "served", "readonly", "clock"])
    args = parser.parse_args()
    wrong = []
    with tempfile.TemporaryDirectory(prefix="gatehouse-disk-") as scratch:
        for play in (strict, lenient, journal, record, served, readonly, clock):
            if args.only in (None, play.__name__):
                folder = pathlib.Path(scratch) / play.__name__
                folder.mkdir()
                wrong += [f"{play.__name__}: {one}" for one in play(args, folder)]
    for line in wrong[:20]:
        print("WRONG:", line)
    print("falls short" if wrong else "holds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
