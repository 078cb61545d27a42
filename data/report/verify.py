#!/usr/bin/env python3
"""Verifies a folder of compliance evidence without the gateway that made it.

usage: verify.py [--key KEY.pem] [FOLDER]      FOLDER is the one that this file is in

With Python 3 and openssl(1): that the checkpoint is signed by the key (Ed25519, C2SP signed-note), and that every sample
is an entry of the log that the checkpoint is of (RFC 6962, C2SP tlog-proof). Take the key from the operator by another
way than this folder. Ends with 1 where anything is not as it should be.
"""
import argparse
import base64
import hashlib
import pathlib
import subprocess
import sys
import tempfile


def sha256(data):
    return hashlib.sha256(data).digest()


def read_checkpoint(note):
    """Text, origin, size, root and signatures {name: bytes behind the key id} of a checkpoint."""
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    found = []
    for line in signatures.splitlines():
        dash, name, value = line.split(" ")
        if dash != "\u2014":
            raise ValueError("a signature line does not begin with a dash")
        found.append((name, base64.b64decode(value, validate=True)[4:]))
    return text, origin, int(size), base64.b64decode(root, validate=True), found


def root_of(index, size, leaf, path):
    """The root that a proof of inclusion leads to (RFC 9162, 2.1.3.2)."""
    node, last, digest = index, size - 1, leaf
    if index >= size:
        raise ValueError("the index is beyond the log")
    for sibling in path:
        if last == 0:
            raise ValueError("the proof is too long")
        if node & 1 or node == last:
            digest = sha256(b"\1" + sibling + digest)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            digest = sha256(b"\1" + digest + sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return digest


def is_signed(key, text, signature):
    with tempfile.TemporaryDirectory() as folder:
        body, sig = pathlib.Path(folder, "body"), pathlib.Path(folder, "sig")
        body.write_bytes(text.encode())
        sig.write_bytes(signature)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin", "-in", str(body),
                   "-sigfile", str(sig)]
        return subprocess.run(command, capture_output=True).returncode == 0


def check_checkpoint(folder, key):
    note = (folder / "checkpoint").read_text(encoding="utf-8")
    text, origin, size, root, signatures = read_checkpoint(note)
    if not any(name == origin and is_signed(key, text, signature) for name, signature in signatures):
        raise ValueError(f"no signature of {origin} on the checkpoint is by {key}")
    print(f"checkpoint: {origin}, {size} entries, signed by {key}")
    return note, size, root


def check_sample(proof_file, note, size, root):
    head, _, checkpoint = proof_file.read_text(encoding="utf-8").partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise ValueError("this is no proof")
    if lines[0].startswith("extra "):
        lines.pop(0)
    index = int(lines.pop(0).removeprefix("index "))
    path = [base64.b64decode(line, validate=True) for line in lines]
    if checkpoint != note:
        raise ValueError("it is about another checkpoint")
    entry = proof_file.with_suffix(".json").read_bytes()
    if index != int(proof_file.stem):
        raise ValueError("it is about another entry")
    if root_of(index, size, sha256(b"\0" + entry), path) != root:
        raise ValueError("the entry is not the one that the log has")


def main():
    parser = argparse.ArgumentParser(description="verifies a folder of compliance evidence")
    here = pathlib.Path(__file__).resolve().parent
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=here)
    parser.add_argument("--key", type=pathlib.Path, help="the public key of the log, as PEM (default: the folder's own)")
    options = parser.parse_args()
    faults = 0
    try:
        note, size, root = check_checkpoint(options.folder, options.key or options.folder / "key.pem")
    except (ValueError, OSError) as problem:
        print(f"checkpoint: {problem}")
        return 1
    samples = sorted((options.folder / "samples").glob("*.tlog-proof"), key=lambda path: int(path.stem))
    for proof_file in samples:
        try:
            check_sample(proof_file, note, size, root)
        except (ValueError, OSError, IndexError) as problem:
            faults += 1
            print(f"sample {proof_file.stem}: {problem}")
    print(f"samples: {len(samples) - faults} of {len(samples)} are in the log")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
