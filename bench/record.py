#!/usr/bin/env python3
"""What the record adds to a request, as a part of what nginx spends on one.

usage: record.py --build DIR [--rounds 9] [--seconds 2] [--json FILE]

The same gateway serves the same 1 KB requests with `record: { enabled: false }` and with the record as it is without a configuration (two
entries for each request, on the disk within 5 ms), taking turns with nginx as in compare.py. The figure is (on - off) / nginx, of medians of
CPU time: the writer's thread counts too. Accounting and inspection are off in both, for they are not what is measured.
"""
import argparse
import json
import pathlib
import shutil
import statistics
import tempfile

import compare

CASE = "json 1 KB"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-bench-"))
    rig = compare.Rig(args.build.resolve(), scratch)
    usual = f"accounting: {{ enabled: false }}\nguard: {{ enabled: false }}\nkeys:\n  - {{ name: bench, hash: '{rig.key_hash()}' }}\n"
    launches = {
        "nginx": rig.nginx,
        "off": lambda: rig.gatehouse(more=usual + "record: { enabled: false }"),
        "on": lambda: rig.gatehouse(more=usual),
    }
    rows = {name: [] for name in launches}
    try:
        for _ in range(args.rounds):
            for name, launch in launches.items():
                proxy = launch()
                result = compare.wrk(rig, proxy, CASE, args.seconds)
                if result["foreign"] <= compare.FOREIGN_LIMIT:
                    rows[name].append(result["cpu_us"])
                proxy.stop()
    finally:
        rig.close()
        shutil.rmtree(scratch, ignore_errors=True)
    median = {name: statistics.median(values) if values else 0.0 for name, values in rows.items()}
    for name, values in rows.items():
        spread = f"{min(values):.1f}..{max(values):.1f}" if values else "-"
        print(f"  {name:6} {median[name]:7.1f} us CPU  {spread}  {len(values)} clean rounds")
    part = (median["on"] - median["off"]) / median["nginx"] if median["nginx"] else float("nan")
    print(f"  on - off: {part:.2f} of nginx")
    if args.json:
        args.json.write_text(json.dumps({"median_us": median, "part": part}, indent=1))


if __name__ == "__main__":
    main()
