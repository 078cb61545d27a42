#!/usr/bin/env python3
"""Runs `gatehouse guard scan` and `guard eval` as a person would, and looks at what they print and how they end.

usage: command_test.py GATEHOUSE
"""
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

TEXT = "first line\nmy card 4111 1111 1111 1111, mail jane.doe@example.com\n"
ROWS = [
    {"text": "übrigens: 4111 1111 1111 1111", "spans": [{"type": "CREDIT_CARD", "start": 10, "end": 29}]},
    {"text": "mail a@example.com", "spans": [{"type": "US_SSN", "start": 0, "end": 4}]},
]


def run(gatehouse, *arguments, text="", status):
    done = subprocess.run([gatehouse, "guard", *arguments], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    assert "4111" not in done.stdout + done.stderr, "what was found is never repeated"
    return done.stdout


def scan(gatehouse):
    assert run(gatehouse, "scan", "-", text="nothing here", status=0) == ""
    lines = run(gatehouse, "scan", "-", text=TEXT, status=3).splitlines()
    assert [line.split(",")[0] for line in lines] == ["-:2:9: pii: CREDIT_CARD", "-:2:35: pii: EMAIL_ADDRESS"], lines
    report = json.loads(run(gatehouse, "scan", "-", "--format", "json", "--channel", "output", text=TEXT, status=3))
    card = report["findings"][0]
    assert TEXT[card["begin"]:card["end"]] == "4111 1111 1111 1111" and report["coverage"] == "whole", report
    sarif = json.loads(run(gatehouse, "scan", "-", "--format", "sarif", text=TEXT, status=3))
    results = sarif["runs"][0]["results"]
    assert sarif["version"] == "2.1.0" and [r["ruleId"] for r in results] == ["CREDIT_CARD", "EMAIL_ADDRESS"], sarif
    run(gatehouse, "scan", "-", "--detectors", "secrets", text=TEXT, status=0)
    run(gatehouse, "scan", "-", "--detectors", "no-such", text=TEXT, status=1)
    run(gatehouse, "scan", "/nowhere/to/be/found", status=1)
    for wrong in (["scan"], ["scan", "-", "--channel", "x"], ["scan", "-", "--format", "xml"], ["eval"], []):
        run(gatehouse, *wrong, status=2)


def judge(gatehouse, folder):
    plain, packed, broken = folder / "rows.jsonl", folder / "rows.jsonl.gz", folder / "broken.jsonl"
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    plain.write_text(lines)
    packed.write_bytes(gzip.compress(lines.encode()))
    broken.write_text(lines + "{}\n")
    first = json.loads(run(gatehouse, "eval", "--data", plain, "--task", "pii", "--json", status=0))
    second = json.loads(run(gatehouse, "eval", "--data", packed, "--task", "pii", "--json", status=0))
    assert first["entities"] == second["entities"] and first["rows"] == 2, (first, second)
    entities = {name: (t["found"], t["missed"], t["wrong"]) for name, t in first["entities"].items()}
    assert entities == {"CREDIT_CARD": (1, 0, 0), "EMAIL_ADDRESS": (0, 0, 1), "US_SSN": (0, 1, 0)}, entities
    twice = json.loads(run(gatehouse, "eval", "--data", plain, "--data", packed, "--task", "pii", "--json", status=0))
    assert twice["rows"] == 4, twice
    assert "precision" not in run(gatehouse, "eval", "--data", broken, "--task", "pii", status=1)


def main():
    gatehouse = sys.argv[1]
    scan(gatehouse)
    with tempfile.TemporaryDirectory() as folder:
        judge(gatehouse, pathlib.Path(folder))
    print("guard scan and guard eval hold")


if __name__ == "__main__":
    main()
