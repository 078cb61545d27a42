#!/usr/bin/env python3
"""What the record adds to a request, as a part of what nginx spends on one.

usage: record.py --build DIR [--rounds 9] [--seconds 2] [--json FILE]

The same gateway serves the same 1 KB requests with `record: { enabled: false }` and with the record as it is without a configuration (one
entry for a request that is over within the grace of 5 ms and two for any other, on the disk 5 ms later), taking turns with nginx as in compare.py. The figure is (on - off) / nginx, of the least
CPU time that each took: the writer's thread counts too. Accounting and inspection are off in both, for they are not what is measured.
"""
import turns

CASE = "json 1 KB"


def main():
    args = turns.arguments(__doc__, rounds=9)
    with turns.rig_of(args) as rig:
        usual = f"accounting: {{ enabled: false }}\nguard: {{ enabled: false }}\nkeys:\n  - {{ name: bench, hash: '{rig.key_hash()}' }}\n"
        costs = turns.take(rig, args, {
            "nginx": rig.nginx,
            "off": lambda: rig.gatehouse(more=usual + "record: { enabled: false }"),
            "on": lambda: rig.gatehouse(more=usual),
        }, [CASE])
    costs.print()
    part = costs.part(CASE, "on", "off")
    print(f"  on - off, as a part of nginx: {turns.said(part)}")
    turns.keep(args, {"least_us": costs.leasts()[CASE], "median_us": costs.medians()[CASE], "part": part})


if __name__ == "__main__":
    main()
