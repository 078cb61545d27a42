#!/usr/bin/env python3
"""Many clients at once against one remaining dollar, while things go wrong.

usage: last_dollar.py GATEHOUSE [--clients 1000] [--seconds 20] [--kill] [--nodes N [--pause S]] [--seed N] [--folder DIR]

A provider that counts what it bills for is behind the gateway; the clients ask for whole answers and for streams, and hang up
before the answer or in its middle. With --kill the gateway is killed (SIGKILL) in the middle and started again. In the end:
what the provider billed is at most the dollar, every row of the ledger is what the provider billed for that request (or, in
doubt, at least that), nobody waited longer than the deadline, and nobody got an answer that is not 200 or 429.

With --nodes there are several gateways on one PostgreSQL and one Redis. One of them is killed in the middle and started again,
and Redis and PostgreSQL stand still for S seconds each. Then 503 is an answer too, which says that the budget cannot be checked;
and the gateways' /readyz says so while it is so.
"""
import argparse
import asyncio
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import ledger  # noqa: E402
from fault.dollar import DOLLAR, Clients, Gateway, Provider, free_ports, judge  # noqa: E402
from fault.servers import Postgres, Redis  # noqa: E402

NOTICED_AFTER_SECONDS = 4


def report(clients, billed, charged, in_doubt, wrong):
    print(f"{clients.number} requests of {clients.count} clients: {dict(clients.statuses)}; slowest {clients.slowest:.2f} s; "
          f"{sorted(clients.messages)[:3]}")
    print(f"billed {billed}, ledger {charged}, in doubt {in_doubt} rows, of {DOLLAR} nano-USD")
    for line in wrong[:20]:
        print("WRONG:", line)
    return not wrong


async def used(provider, part, tasks):
    """Until so much of the dollar was billed, or nobody asks any more."""
    while sum(provider.billed.values()) < DOLLAR * part and not all(task.done() for task in tasks):
        await asyncio.sleep(0.01)


async def play(args, folder):
    rng = random.Random(args.seed)
    provider = Provider(rng)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, backlog=2000)
    gateway = Gateway(args.gatehouse, folder, server.sockets[0].getsockname()[1], free_ports(2))
    await gateway.start()
    clients = Clients([gateway.port], rng, args.clients)
    until = time.monotonic() + args.seconds
    tasks = [asyncio.create_task(clients.one(until)) for _ in range(args.clients)]
    if args.kill:
        await used(provider, 0.25, tasks)
        await gateway.stop(signal.SIGKILL)
        await gateway.start()
    await asyncio.gather(*tasks)
    await gateway.stop(signal.SIGTERM)
    server.close()
    rows = [(row["request_id"], row["basis"], row["cost_nano_usd"]) for row in ledger.rows(folder / "gatehouse.db")]
    wrong, billed, charged, in_doubt = judge(clients, provider, rows)
    if not args.kill and clients.statuses["connection"]:
        wrong.append(f"{clients.statuses['connection']} broken connections")
    if not args.kill and in_doubt:
        wrong.append(f"{in_doubt} rows in doubt without a reason")
    if clients.statuses[429] < args.clients and time.monotonic() < until:
        wrong.append("the dollar was not used up")
    return report(clients, billed, charged, in_doubt, wrong)


class Watch:
    """What the gateways say of themselves."""

    def __init__(self, gateways):
        self.gateways, self.said = gateways, []

    def ask(self, gateway):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{gateway.admin}/readyz", timeout=2) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except OSError as error:
            return {"status": "away", "problem": str(error)}

    async def ask_all(self):
        return [await asyncio.to_thread(self.ask, gateway) for gateway in self.gateways]

    async def until(self, expected, word, seconds):
        """Until all say that status, with that word in their problem; else what they say."""
        end = time.monotonic() + seconds
        while True:
            said = await self.ask_all()
            if all(one["status"] == expected and word in one.get("problem", "") for one in said):
                return []
            if time.monotonic() > end:
                return [f"expected `{expected}` with `{word}`, and /readyz said {said}"]
            await asyncio.sleep(0.1)


async def stand_still(server, watch, seconds, word):
    """Pauses a server, and hears whether the gateways notice, and notice when it is back."""
    server.pause()
    began = time.monotonic()
    wrong = await watch.until("degraded", word, max(NOTICED_AFTER_SECONDS, seconds - 1))
    noticed = time.monotonic() - began
    await asyncio.sleep(max(0, seconds - noticed))
    server.resume()
    return wrong + await watch.until("ready", "", 15)


async def play_cluster(args, folder, postgres, redis):
    rng = random.Random(args.seed)
    provider = Provider(rng)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, backlog=2000)
    gateways = []
    for i in range(args.nodes):
        own = folder / f"node-{i + 1}"
        own.mkdir()
        store = (f"store: {{ postgres: \"{postgres.conninfo}\" }}\nidentity: {{ pepper: 0123456789abcdef0123456789abcdef }}\n"
                 f"cluster: {{ node: node-{i + 1}, redis: {{ address: \"127.0.0.1:{redis.port}\" }} }}")
        gateways.append(Gateway(args.gatehouse, own, server.sockets[0].getsockname()[1], free_ports(2), store))
        await gateways[-1].start()
    watch = Watch(gateways)
    clients = Clients([gateway.port for gateway in gateways], rng, args.clients)
    until = time.monotonic() + args.seconds
    wrong = await watch.until("ready", "", 10)
    tasks = [asyncio.create_task(clients.one(until)) for _ in range(args.clients)]
    await used(provider, 0.15, tasks)
    wrong += await stand_still(redis, watch, args.pause, "budgets")
    await used(provider, 0.3, tasks)
    await gateways[1].stop(signal.SIGKILL)
    await asyncio.sleep(0.5)
    await gateways[1].start()
    await used(provider, 0.45, tasks)
    wrong += await stand_still(postgres, watch, args.pause, "database")
    await asyncio.gather(*tasks)
    over = time.monotonic() < until
    for gateway in gateways:
        await gateway.stop(signal.SIGTERM)
    server.close()
    rows = [(row["request_id"], row["basis"], row["cost_nano_usd"])
            for line in postgres.sql("SELECT encode(content, 'hex') FROM exchange_block ORDER BY journal, block")
            for row in ledger.rows_in(bytes.fromhex(line))]
    more, billed, charged, in_doubt = judge(clients, provider, rows, allowed=(200, 429, 503))
    wrong += more
    wrong += [f"a 503 that says {message}" for status, message in clients.messages if status == 503 and "cannot be checked" not in message
              and not message.startswith("Whether the limit")]
    kept = int(postgres.sql("SELECT COALESCE(SUM(used), 0) FROM limit_use")[0])
    if kept != charged:
        wrong.append(f"the rows cost {charged}, and {kept} is counted as used of the limit")
    if not over:
        wrong.append("the clients were not done in time")
    elif charged < DOLLAR * 0.95:
        wrong.append("the dollar was not used up")
    open_gateways = postgres.sql("SELECT name FROM gateway WHERE state <> 'closed'")
    if open_gateways:
        wrong.append(f"{open_gateways} did not leave in order")
    return report(clients, billed, charged, in_doubt, wrong)


def play_with_servers(args, folder):
    postgres, redis = Postgres(), Redis(free_ports(1)[0])
    try:
        return asyncio.run(play_cluster(args, folder, postgres, redis))
    finally:
        redis.close()
        postgres.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatehouse", type=os.path.abspath)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--pause", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gatehouse-dollar-") as scratch:
        folder = args.folder or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        holds = play_with_servers(args, folder) if args.nodes > 1 else asyncio.run(play(args, folder))
        print(f"{'holds' if holds else 'falls short'} after {time.monotonic() - began:.1f} s")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
