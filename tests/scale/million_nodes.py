#!/usr/bin/env python3
"""How long a gateway takes to know a large tenancy tree, and what it takes of memory.

usage: million_nodes.py GATEHOUSE [--nodes 1000000] [--most-seconds 5] [--most-mib 1024] [--folder DIR]

A database of a thousand nodes per organization is made: teams, projects, applications, users, agents, 400 keys of each
thousand, and a monthly limit on every node. The gateway is started on it. Its CPU time and its greatest memory are read from
the system when it says that it is ready, keys of the tree are tried, and the budgets of one organization are counted.
"""
import argparse
import hashlib
import hmac
import json
import os
import pathlib
import random
import sqlite3
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from served import Served  # noqa: E402

ORGANIZATION, TEAM, PROJECT, USER, APPLICATION, AGENT, KEY = range(7)
WORDS = {USER: "user", APPLICATION: "app", AGENT: "agent", KEY: "key"}
PER_ORGANIZATION = 1000
TEAMS, PROJECTS, LEAVES, KEYS = 9, 90, 500, 400
STEPS = json.dumps([{"permille": p, "action": "alert"} for p in (500, 800, 950)], separators=(",", ":"))

CONFIG = """
threads: 2
store: {{ sqlite: gatehouse.db }}
providers: [ {{ name: up, kind: simulated }} ]
models: [ {{ name: m, targets: [ {{ provider: up, model: demo-small }} ] }} ]
prices: {{ unknown: free }}
"""


class Tree:
    """Rows of the tables, one organization after the other."""

    def __init__(self, rng, pepper):
        self.rng, self.pepper = rng, pepper
        self.number = 0
        self.secrets = {}  # of some keys: the secret, and whether anything above is suspended

    def new_id(self):
        return self.rng.getrandbits(63) | 1

    def node(self, parent, kind, name, state=0):
        node_id = self.new_id()
        segment = f"{WORDS[kind]}:{name}" if kind in WORDS else name
        self.nodes.append((node_id, parent, kind, segment, name, "", "{}", state, 0, 1, 1, 1))
        self.limits.append((self.new_id(), self.organization or node_id, node_id, "monthly", "usd", 1 << 50, "month", "calendar",
                            "UTC", "", "", STEPS, "api", 1))
        return node_id

    def key(self, parent, suspended):
        self.number += 1
        secret = f"secret-{self.number}"
        inner = hashlib.sha256(secret.encode()).digest()
        node_id = self.node(parent, KEY, f"k{self.number:x}")
        self.keys.append((node_id, "app", hmac.digest(self.pepper, inner, "sha256"), "abcd", 1, 0, None, "", 0, 0, 0, "[]", "[]",
                          "[]", 0))
        if self.number % 9973 == 1:
            self.secrets[secret] = suspended

    def organization_rows(self, number, size):
        self.nodes, self.keys, self.limits, self.organization = [], [], [], 0
        suspended = number % 3 == 2
        top = self.organization = self.node(0, ORGANIZATION, f"org-{number}", int(suspended))
        teams = [self.node(top, TEAM, f"team-{number}-{i}") for i in range(TEAMS)]
        projects = [self.node(teams[i % TEAMS], PROJECT, f"project-{number}-{i}") for i in range(PROJECTS)]
        leaves = [self.node(projects[i % PROJECTS], (USER, APPLICATION, AGENT)[i % 3], f"leaf-{number}-{i}")
                  for i in range(LEAVES)]
        for i in range(size - 1 - TEAMS - PROJECTS - LEAVES):
            self.key(leaves[i % LEAVES], suspended)


def fill(file, nodes, pepper):
    tree = Tree(random.Random(7), pepper)
    database = sqlite3.connect(file)
    put = lambda table, rows: database.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
    for number in range(nodes // PER_ORGANIZATION):
        tree.organization_rows(number, PER_ORGANIZATION)
        put("gatehouse_node", tree.nodes)
        put("gatehouse_key", tree.keys)
        put("usage_limit (id, organization, node, name, dimension, amount, unit, kind, zone, model, provider, steps, managed_by,"
            " changed_ms)", tree.limits)
    database.execute("UPDATE gatehouse_change SET last = 1")
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return tree


def judge(gateway, tree, seconds, peak, args):
    """What does not hold, in words."""
    wrong = []
    if seconds >= args.most_seconds:
        wrong.append(f"{seconds:.2f} s of CPU")
    if peak >= args.most_mib:
        wrong.append(f"{peak:.0f} MiB at most")
    for secret, suspended in tree.secrets.items():
        status, _ = gateway.get("/v1/models", secret)
        if status != (403 if suspended else 200):
            wrong.append(f"a key of the tree, {'below a suspended organization' if suspended else 'in force'}: {status}")
    if (status := gateway.get("/v1/models", "secret-0")[0]) != 401:
        wrong.append(f"a key that is not there: {status}")
    status, body = gateway.admin_get("/admin/v1/budgets?node=org-1")
    if status != 200 or body.count(b'"monthly"') != PER_ORGANIZATION:
        wrong.append(f"budgets of an organization: {status}, {body.count(b'monthly')} of {PER_ORGANIZATION}")
    return wrong


def play(args, folder):
    gateway = Served(args.gatehouse, folder, CONFIG)
    gateway.start()
    empty = gateway.cpu_seconds()[0], gateway.memory_mib("VmHWM")
    gateway.stop()
    tree = fill(folder / "gatehouse.db", args.nodes, (folder / "gatehouse.db.pepper").read_bytes().strip())
    gateway.start(300)
    seconds, peak, now = gateway.cpu_seconds()[0], gateway.memory_mib("VmHWM"), gateway.memory_mib("VmRSS")
    wrong = judge(gateway, tree, seconds, peak, args)
    gateway.stop()
    print(f"{args.nodes} nodes, {tree.number} of them keys, a limit on each: ready after {seconds:.2f} s of CPU, {peak:.0f} MiB at "
          f"most, {now:.0f} MiB then; with an empty tree {empty[0]:.2f} s and {empty[1]:.0f} MiB")
    for line in wrong[:20]:
        print("WRONG:", line)
    return not wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatehouse", type=os.path.abspath)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--most-seconds", type=float, default=5)
    parser.add_argument("--most-mib", type=float, default=1024)
    parser.add_argument("--folder", type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gatehouse-scale-") as scratch:
        folder = args.folder or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        return 0 if play(args, folder) else 1


if __name__ == "__main__":
    sys.exit(main())
