#!/usr/bin/env python3
"""What finding entries in a large log costs, by the processor's time of the whole command and by the clock.

usage: search_rate.py GATEHOUSE LOG [--rounds 7]

The log is one that `record_program load` wrote. The index is made from it first. Each question is then asked so many times with other
names, as `gatehouse audit search` asks it, and has to find what there is; `gatehouse audit prove` proves entries. Prints `NAME VALUE` lines;
the slowest of each is what counts.
"""
import argparse
import datetime
import json
import resource
import subprocess
import time

USERS = 1000


def run(*words):
    """Lines of the answer, seconds by the processor and by the clock."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True)
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):  # 3: there is none
        raise SystemExit(f"{words}: {done.returncode} {done.stdout[-300:]}{done.stderr[-300:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout.splitlines(), cpu, took


def instant(microseconds):
    return datetime.datetime.fromtimestamp(microseconds / 1e6, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def questions(rounds, first, entries):
    """Name, round, words of the question, and how many it has to find: 100 is the most that are asked for."""
    for i in range(rounds):
        number = (i * 7919 * 104729) % (entries - 1000) + 500
        user = number * 7919 % USERS
        at = first + number * 1000
        of_a_model = 100 if number > 2100 else None  # of twenty
        yield "id", ["--id", f"load_{number}"], 1
        yield "user", ["--principal", str(1000 + user)], 100
        yield "key", ["--principal", f"k{user}", "--until", instant(at)], None
        yield "team", ["--principal", str(10 + user // 50), "--since", instant(first), "--until", instant(at)], None
        yield "organization", ["--principal", str(1 + user // 500)], 100
        yield "time", ["--since", instant(at), "--until", instant(at + 50_000)], 50
        yield "model", ["--model", f"m{i}", "--until", instant(at)], of_a_model
        yield "rare_model", ["--model", "rare"], min(100, (entries - 7 + 99_990) // 99_991)
        yield "no_model", ["--model", f"none-{i}"], 0
        yield "model_and_status", ["--model", f"m{i}", "--status", "200", "--until", instant(at)], of_a_model
        yield "model_and_no_status", ["--model", f"m{i}", "--status", "302"], 0
        yield "model_and_no_type", ["--model", f"m{i}", "--type", "req.none"], 0
        yield "no_type", ["--type", "req.none"], 0
        yield "denied", ["--decision", "deny", "--until", instant(at)], None
        yield "allowed", ["--decision", "allow", "--until", instant(at)], 100
        yield "user_denied", ["--principal", str(1000 + user), "--status", "403"], None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatehouse")
    parser.add_argument("log")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    _, cpu, took = run(args.gatehouse, "audit", "reindex", "--log", args.log)
    print(f"reindex_cpu_s {cpu:.1f}\nreindex_s {took:.1f}", flush=True)
    show = [json.loads(run(args.gatehouse, "audit", "show", str(index), "--log", args.log)[0][0]) for index in (1, 2)]
    first = show[0]["ts"] - show[0]["seq"] * 1000
    with open(f"{args.log}/checkpoint") as checkpoint:
        entries = int(checkpoint.read().split("\n")[1])
    slowest = {}
    for name, words, expected in questions(args.rounds, first, entries):
        found, cpu, took = run(args.gatehouse, "audit", "search", "--log", args.log, *words)
        if expected is not None and len(found) != expected:
            raise SystemExit(f"{words} found {len(found)}, not {expected}")
        of_name = slowest.setdefault(name, [0.0, 0.0])
        of_name[0], of_name[1] = max(of_name[0], cpu), max(of_name[1], took)
    for i in range(args.rounds):
        index = (i * 104729 * 7919) % entries
        _, cpu, took = run(args.gatehouse, "audit", "prove", str(index), "--log", args.log)
        of_name = slowest.setdefault("prove", [0.0, 0.0])
        of_name[0], of_name[1] = max(of_name[0], cpu), max(of_name[1], took)
    for name, (cpu, took) in slowest.items():
        print(f"{name}_cpu_ms {cpu * 1e3:.1f}\n{name}_ms {took * 1e3:.1f}")
    search = [value for name, value in slowest.items() if name != "prove"]
    print(f"search_cpu_ms {max(cpu for cpu, _ in search) * 1e3:.1f}\nsearch_ms {max(took for _, took in search) * 1e3:.1f}")


if __name__ == "__main__":
    main()
