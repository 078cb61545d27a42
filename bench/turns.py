"""What one form of the gateway costs more than another, as a part of what nginx spends on the same request.

The forms take turns with nginx within each round, as in compare.py; a run during which others used the core is left out; what counts
are medians of CPU time per request.
"""
import argparse
import contextlib
import json
import pathlib
import shutil
import statistics
import tempfile

import compare


def arguments(about, rounds):
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    return parser.parse_args()


@contextlib.contextmanager
def rig_of(args):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-bench-"))
    rig = compare.Rig(args.build.resolve(), scratch)
    try:
        yield rig
    finally:
        rig.close()
        shutil.rmtree(scratch, ignore_errors=True)


class Costs:
    """CPU microseconds per request, by case and form; None where others used the machine in all rounds."""

    def __init__(self, cases, launches):
        self.rows = {case: {name: [] for name in launches} for case in cases}

    def median(self, case, name):
        values = self.rows[case][name]
        return statistics.median(values) if values else None

    def part(self, case, name, base):
        """(name - base) / nginx."""
        with_it, without, nginx = (self.median(case, one) for one in (name, base, "nginx"))
        return None if None in (with_it, without, nginx) else (with_it - without) / nginx

    def print(self):
        for case, rows in self.rows.items():
            for name, values in rows.items():
                spread = f"{min(values):.1f}..{max(values):.1f}" if values else "-"
                print(f"  {case:16} {name:6} {self.median(case, name) or 0:7.1f} us CPU  {spread}  {len(values)} clean rounds")

    def medians(self):
        return {case: {name: self.median(case, name) for name in rows} for case, rows in self.rows.items()}


def take(rig, args, launches, cases):
    """Each form of `launches` (name -> what starts it) with each case, in turns."""
    costs = Costs(cases, launches)
    for _ in range(args.rounds):
        for name, launch in launches.items():
            proxy = launch()
            for case in cases:
                result = compare.wrk(rig, proxy, case, args.seconds)
                if result["foreign"] <= compare.FOREIGN_LIMIT:
                    costs.rows[case][name].append(result["cpu_us"])
            proxy.stop()
    return costs


def said(part):
    return "not measured" if part is None else f"{part:.2f}"


def keep(args, found):
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))
