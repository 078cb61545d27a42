#!/usr/bin/env python3
"""What inspection adds to a request, as a part of what nginx spends on one, and to a streamed event.

usage: guard.py --build DIR [--rounds 7] [--seconds 2] [--json FILE]

The same gateway serves the same requests with `guard: { enabled: false }` and with the default guard, taking turns with nginx as in
compare.py, at 1, 8 and 64 KB (as much in as out) and for streams of 50 events. The figures are (on - off) / nginx by size, and
(on - off) / 50 in microseconds for an event, of medians. Accounting and the record are off in both, for they are not what is measured.
"""
import argparse
import json
import pathlib
import shutil
import statistics
import tempfile

import compare

EVENTS = 50
SIZES = ["json 1 KB", "json 8 KB", "json 64 KB"]
STREAM = "sse burst of 50"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-bench-"))
    rig = compare.Rig(args.build.resolve(), scratch)
    usual = f"accounting: {{ enabled: false }}\nrecord: {{ enabled: false }}\nkeys:\n  - {{ name: bench, hash: '{rig.key_hash()}' }}\n"
    launches = {
        "nginx": rig.nginx,
        "off": lambda: rig.gatehouse(more=usual + "guard: { enabled: false }"),
        "on": lambda: rig.gatehouse(more=usual),
    }
    costs = {case: {name: [] for name in launches} for case in [*SIZES, STREAM]}
    try:
        for _ in range(args.rounds):
            for name, launch in launches.items():
                proxy = launch()
                for case, rows in costs.items():
                    result = compare.wrk(rig, proxy, case, args.seconds)
                    if result["foreign"] <= compare.FOREIGN_LIMIT:
                        rows[name].append(result["cpu_us"])
                proxy.stop()
    finally:
        rig.close()
        shutil.rmtree(scratch, ignore_errors=True)
    median = {case: {name: statistics.median(values) if values else None for name, values in rows.items()} for case, rows in costs.items()}
    measured = [case for case, medians in median.items() if None not in medians.values()]
    parts = {case: (median[case]["on"] - median[case]["off"]) / median[case]["nginx"] for case in SIZES if case in measured}
    event = (median[STREAM]["on"] - median[STREAM]["off"]) / EVENTS if STREAM in measured else None
    for case, rows in costs.items():
        for name, values in rows.items():
            spread = f"{min(values):.1f}..{max(values):.1f}" if values else "-"
            print(f"  {case:16} {name:6} {median[case][name] or 0:7.1f} us CPU  {spread}  {len(values)} clean rounds")
    found = [f"{case} {part:.2f}" for case, part in parts.items()] + ([] if event is None else [f"{event:.2f} us per event"])
    print("  on - off, as a part of nginx: " + (", ".join(found) or "others used the machine in all rounds"))
    if args.json:
        args.json.write_text(json.dumps({"median_us": median, "parts": parts, "event_us": event}, indent=1))


if __name__ == "__main__":
    main()
