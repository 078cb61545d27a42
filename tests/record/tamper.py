#!/usr/bin/env python3
"""Tampers with a log in every way that is known and expects `gatehouse audit verify` to find and name it.

usage: tamper.py RECORD_PROGRAM GATEHOUSE FOLDER [--entries N]

Those who tamper here can write every file. Some of them rebuild all tiles, so that entries and hashes agree (the hashing below is its own);
some even hold the log's key, and are found by what was seen earlier or elsewhere.
"""
import argparse
import base64
import hashlib
import json
import pathlib
import random
import shutil
import subprocess
import sys


def sha(data):
    return hashlib.sha256(data).digest()


def path_of(kind, index, width):
    name = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        name = f"x{index % 1000:03d}/{name}"
    return f"tile/{kind}/{name}" + ("" if width == 256 else f".p/{width}")


class Log:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.size = int(self.read("checkpoint").split(b"\n")[1])

    def read(self, name):
        return (self.folder / name).read_bytes()

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def widths(self, count):
        return [min(256, count - first) for first in range(0, count, 256)]

    def bundle(self, index):
        width = self.widths(self.size)[index]
        data, entries = self.read(path_of("entries", index, width)), []
        while data:
            length = int.from_bytes(data[:2], "big")
            entries.append(data[2:2 + length])
            data = data[2 + length:]
        return entries

    def entries(self):
        return [entry for index in range(len(self.widths(self.size))) for entry in self.bundle(index)]

    def write_bundle(self, index, entries, width=None):
        data = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
        self.write(path_of("entries", index, width or self.widths(self.size)[index]), data)

    def rebuild(self, entries):
        """All files of a log with these entries, but for the signature."""
        for index, width in enumerate(self.widths(len(entries))):
            self.write_bundle(index, entries[index * 256:index * 256 + width], width)
        hashes, level = [sha(b"\0" + entry) for entry in entries], 0
        while hashes:
            for index, width in enumerate(self.widths(len(hashes))):
                self.write(path_of(str(level), index, width), b"".join(hashes[index * 256:index * 256 + width]))
            hashes = [root(hashes[first:first + 256]) for first in range(0, len(hashes) - 255, 256)]
            level += 1


def root(hashes):
    while len(hashes) > 1:
        hashes = [sha(b"\1" + hashes[i] + hashes[i + 1]) if i + 1 < len(hashes) else hashes[i] for i in range(0, len(hashes), 2)]
    return hashes[0]


def flip(data, at):
    return data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1:]


def main():
    arguments = argparse.ArgumentParser()
    for name in ("program", "gatehouse", "folder"):
        arguments.add_argument(name)
    arguments.add_argument("--entries", type=int, default=70_000)
    options = arguments.parse_args()
    folder = pathlib.Path(options.folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def load(name, count):
        subprocess.run([options.program, "load", folder / name, str(count), "120", "1"], check=True, stdout=subprocess.DEVNULL)

    def verify(log, *more):
        ran = subprocess.run([options.gatehouse, "audit", "verify", "--log", log, "--json", *more], capture_output=True, text=True)
        if ran.stderr:
            return {"verdict": f"{ran.returncode}: {ran.stderr.strip()}", "faults": []}, ran.returncode
        return json.loads(ran.stdout), ran.returncode

    load("good", options.entries)
    good = folder / "good"
    key = [line for line in (good / "keys").read_text().split("\n") if line and not line.startswith("#")][0]
    seen = folder / "seen"
    shutil.copy(good / "checkpoint", seen)
    size = Log(good).size
    middle = size // 2
    found, missed = [], []
    chance = random.Random(1)

    def attempt(name, tamper, kinds, index=None, arguments=()):
        """`tamper` changes a copy; the first fault has to be one of `kinds`, at `index`."""
        copy = folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(good, copy)
        tamper(Log(copy))
        report, status = verify(copy, "--key", key, *arguments)
        faults = report["faults"]
        named = [fault for fault in faults if fault["kind"] in kinds and index in (None, fault["index"])]
        ok = status == 2 and named
        (found if ok else missed).append(name)
        said = named[0]["what"] if named else f"status {status}: {report.get('verdict')} {faults[:2]}"
        print(f"{'found ' if ok else 'MISSED'}  {name}: {said}")

    assert verify(good, "--key", key)[1] == 0, verify(good, "--key", key)

    # Single bytes of each kind of file.
    def flipper(name, at):
        return lambda log: log.write(name, flip(log.read(name), at))

    bundle = path_of("entries", middle // 256, 256)
    data = (good / bundle).read_bytes()
    first = int.from_bytes(data[:2], "big")
    for what, at in (("the length of an entry, high byte", 0), ("the length of an entry, low byte", 1), ("the first byte of an entry", 2),
                     ("a byte in an entry", 2 + first // 2), ("the last byte of an entry", 1 + first)):
        attempt(f"flip {what}", flipper(bundle, at), ("entry_changed", "bundle_malformed", "entry_missing", "bundle_missing"))
    for level in (0, 1, 2):
        tiles = sorted(path for path in (good / f"tile/{level}").rglob("*") if path.is_file())
        for tile in chance.sample(tiles, min(3, len(tiles))):
            name = str(tile.relative_to(good))
            attempt(f"flip a byte of {name}", flipper(name, chance.randrange(tile.stat().st_size)), ("tile_changed",))
    note = (good / "checkpoint").read_bytes()
    lines = note.split(b"\n")
    places = {"the origin": 3, "the size": len(lines[0]) + 1, "the root": len(lines[0]) + len(lines[1]) + 8,
              "the empty line": note.index(b"\n\n") + 1, "the dash": note.index(b"\n\n") + 3,
              "the key's name": note.index(b"\n\n") + 8, "the key's id": note.rindex(b" ") + 2, "the signature": note.rindex(b" ") + 40}
    for what, at in places.items():
        attempt(f"flip {what} of the checkpoint", flipper("checkpoint", at),
                ("signature", "root_mismatch", "rolled_back", "bundle_missing", "tile_missing"))

    # The same in forms that are well made.
    name, encoded = lines[-2].split(b" ")[1:]
    signature = base64.b64decode(encoded)

    def signed(size, root, signature):
        return b"\n".join([lines[0], size, root, b"", "\u2014 ".encode() + name + b" " + base64.b64encode(signature), b""])

    assert signed(lines[1], lines[2], signature) == note
    for what, changed in (("size", signed(str(size - 1).encode(), lines[2], signature)),
                          ("root", signed(lines[1], base64.b64encode(sha(b"")), signature)),
                          ("signature", signed(lines[1], lines[2], flip(signature, 40))),
                          ("key's id", signed(lines[1], lines[2], flip(signature, 2)))):
        attempt(f"another {what} in the checkpoint", lambda log, changed=changed: log.write("checkpoint", changed),
                ("signature", "root_mismatch"))
    kept = sorted(path.name for path in (good / "checkpoints").iterdir())[0]
    attempt("flip the signature of an earlier checkpoint", flipper(f"checkpoints/{kept}", -20), ("signature",))

    # Entries, in their file alone.
    def edit(change):
        def tamper(log):
            entries = log.bundle(middle // 256)
            change(entries)
            log.write_bundle(middle // 256, entries)
        return tamper

    here = middle // 256 * 256
    attempt("change an entry", edit(lambda e: e.__setitem__(7, e[7][:-1] + b" ")), ("entry_changed",), here + 7)
    attempt("delete an entry", edit(lambda e: e.pop(7)), ("entry_missing",), here + 7)
    attempt("insert an entry", edit(lambda e: (e.insert(7, b"{}"), e.pop())), ("entry_inserted",), here + 7)
    attempt("swap two entries", edit(lambda e: e.insert(7, e.pop(90))), ("entry_moved", "entry_inserted"), here + 7)
    attempt("empty a bundle", edit(lambda e: e.clear()), ("bundle_malformed", "bundle_missing"), here)
    attempt("remove a bundle", lambda log: (log.folder / bundle).unlink(), ("bundle_missing",), here)
    attempt("remove a tile", lambda log: (log.folder / path_of("0", middle // 256, 256)).unlink(), ("tile_missing",), here)
    attempt("swap two bundles", lambda log: (lambda a, b: (log.write_bundle(10, b), log.write_bundle(11, a)))(log.bundle(10), log.bundle(11)),
            ("entry_changed",), 2560)

    # The same with all tiles rebuilt.
    def rebuilt(change):
        def tamper(log):
            entries = log.entries()
            change(entries)
            log.rebuild(entries)
        return tamper

    everything = ("root_mismatch", "forked")
    attempt("change an entry and rebuild the tree", rebuilt(lambda e: e.__setitem__(middle, b"{}")), everything)
    attempt("delete an entry and rebuild the tree", rebuilt(lambda e: (e.pop(middle), e.append(b"{}"))), everything)
    attempt("reorder entries and rebuild the tree", rebuilt(lambda e: e.insert(middle, e.pop(middle + 300))), everything)

    # The end.
    def cut(log):
        width = log.widths(log.size)[-1]
        (log.folder / path_of("entries", (log.size - 1) // 256, width)).unlink()
    attempt("remove the last bundle", cut, ("bundle_missing",), (size - 1) // 256 * 256)

    # Going back to what once was signed.
    older = folder / "older"
    shutil.copytree(good, older)
    load("good", 500)
    newer = folder / "newer"
    shutil.copy(good / "checkpoint", newer)
    size = Log(good).size

    def replace_checkpoint(log):
        log.write("checkpoint", (older / "checkpoint").read_bytes())
    attempt("put the older checkpoint back", replace_checkpoint, ("rolled_back",))

    def restore(log):
        shutil.rmtree(log.folder)
        shutil.copytree(older, log.folder)
    attempt("put an older copy of all files back, where a newer checkpoint was seen", restore, ("rolled_back",), size, ("--seen", newer))

    # With the log's own key.
    def fork(log):
        for path in log.folder.iterdir():
            if path.name not in ("key", "keys", "lock"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        subprocess.run([options.program, "load", log.folder, str(size + 300), "110", "1"], check=True, stdout=subprocess.DEVNULL)
    attempt("write another history with the log's key", fork, ("forked",), None, ("--seen", newer))

    def replace_key(log):
        shutil.rmtree(log.folder)
        subprocess.run([options.program, "load", log.folder, str(options.entries), "120", "1"], check=True, stdout=subprocess.DEVNULL)
    attempt("write the log anew with another key", replace_key, ("signature",))

    def backdate(log):
        subprocess.run([options.program, "append", log.folder, '{"v":1,"t":"x","ts":1000000000000000}'], check=True)
    attempt("append an entry with the time of long ago", backdate, ("backdated",), size + 0)

    print(f"figure: {len(found)} of {len(found) + len(missed)} ways to tamper found and named")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
