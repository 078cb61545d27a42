#!/usr/bin/env python3
"""What inspection adds to a request, as a part of what nginx spends on one, and to a streamed event.

usage: guard.py --build DIR [--rounds 7] [--seconds 2] [--json FILE]

The same gateway serves the same requests with `guard: { enabled: false }` and with the default guard, taking turns with nginx as in
compare.py, at 1, 8 and 64 KB (as much in as out) and for streams of 50 events. The figures are (on - off) / nginx by size, and
(on - off) / 50 in microseconds for an event, of the least that each took (turns.py says why). Accounting and the record are off in both, for they are not what is measured.
"""
import turns

EVENTS = 50
SIZES = ["json 1 KB", "json 8 KB", "json 64 KB"]
STREAM = "sse burst of 50"


def main():
    args = turns.arguments(__doc__, rounds=7)
    with turns.rig_of(args) as rig:
        usual = f"accounting: {{ enabled: false }}\nrecord: {{ enabled: false }}\nkeys:\n  - {{ name: bench, hash: '{rig.key_hash()}' }}\n"
        costs = turns.take(rig, args, {
            "nginx": rig.nginx,
            "off": lambda: rig.gatehouse(more=usual + "guard: { enabled: false }"),
            "on": lambda: rig.gatehouse(more=usual),
        }, [*SIZES, STREAM])
    costs.print()
    parts = {case: part for case in SIZES if (part := costs.part(case, "on", "off")) is not None}
    stream = costs.leasts()[STREAM]
    event = None if None in stream.values() else (stream["on"] - stream["off"]) / EVENTS
    found = [f"{case} {part:.2f}" for case, part in parts.items()] + ([] if event is None else [f"{event:.2f} us per event"])
    print("  on - off, as a part of nginx: " + (", ".join(found) or "others used the machine in all rounds"))
    turns.keep(args, {"least_us": costs.leasts(), "median_us": costs.medians(), "parts": parts, "event_us": event})


if __name__ == "__main__":
    main()
