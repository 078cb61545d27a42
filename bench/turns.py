"""What one form of the gateway costs more than another, as a part of what nginx spends on the same request.

The forms take turns with nginx within each round, as in compare.py; a run during which others used the core is repeated once and left out. What is compared
is the least CPU time per request that each form took in a round: whatever else happens adds to it. That holds for others on the machine,
and for the load: a form that is faster than its load goes to sleep between requests and wakes again for each, which it pays for in some
rounds and not in others (14 or 17 us), so that a median falls on either side. At a fixed rate, one that all forms can serve, all of
them sleep all the time, and the rounds of one form are 15 to 20 us.
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

    def least(self, case, name):
        return min(self.rows[case][name], default=None)

    def part(self, case, name, base):
        """(name - base) / nginx, of the least of each."""
        with_it, without, nginx = (self.least(case, one) for one in (name, base, "nginx"))
        return None if None in (with_it, without, nginx) else (with_it - without) / nginx

    def print(self):
        for case, rows in self.rows.items():
            for name, values in rows.items():
                spread = f"median {self.median(case, name):.1f}  most {max(values):.1f}" if values else "-"
                print(f"  {case:16} {name:6} {self.least(case, name) or 0:7.1f} us CPU  {spread}  {len(values)} clean rounds")

    def medians(self):
        return {case: {name: self.median(case, name) for name in rows} for case, rows in self.rows.items()}

    def leasts(self):
        return {case: {name: self.least(case, name) for name in rows} for case, rows in self.rows.items()}


def take(rig, args, launches, cases):
    """Each form of `launches` (name -> what starts it) with each case, in turns."""
    costs = Costs(cases, launches)
    for _ in range(args.rounds):
        for name, launch in launches.items():
            proxy = launch()
            for case in cases:
                for _attempt in (1, 2):
                    result = compare.wrk(rig, proxy, case, args.seconds)
                    if result["foreign"] <= compare.FOREIGN_LIMIT:
                        costs.rows[case][name].append(result["cpu_us"])
                        break
            proxy.stop()
    return costs


def said(part):
    return "not measured" if part is None else f"{part:.2f}"


def keep(args, found):
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))
