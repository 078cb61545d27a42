#!/usr/bin/env python3
"""Clients against rate limits that several gateways share, while Redis stands still and a gateway is killed.

usage: shared_rates.py GATEHOUSE [--nodes N] [--clients N] [--seconds S] [--pause S]

The clients ask all gateways in turn. In every span of time what is let through by all of them together is at most what the limit yields
in it and a burst, and it is used up; a small limit is exact. While Redis stands still each gateway lets its part through, says so in
/readyz and in its metrics, and makes nobody wait. The slots of a gateway that is killed come back.
"""
import argparse
import asyncio
import json
import os
import pathlib
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "scenario")]
sys.dont_write_bytecode = True

from gateway import KEY, PASSWORD, Gateway, complete, hash_of  # noqa: E402
from dollar import free_ports  # noqa: E402
from servers import Postgres, Redis  # noqa: E402

FEW = 3
PER_MINUTE, BURST = 1800, 30
SLOTS = 6
ANSWER_SECONDS = 0.15
LEASE_SECONDS = 10
HANGS_SECONDS = 3  # far longer than a request may wait for Redis, on a machine that does much else
CONFIG = """
store: {{ postgres: "{conninfo}" }}
identity: {{ pepper: 0123456789abcdef0123456789abcdef }}
cluster: {{ node: {name}, redis: {{ address: "127.0.0.1:{redis}" }}, rate: {{ wait: 200ms }} }}
accounting: {{ journal: {name}.journal }}
log: {{ access: "off" }}
providers: [ {{ name: up, kind: openai_compatible, base_url: "http://127.0.0.1:{upstream}/v1", api_key: sk-up }} ]
models:
  - {{ name: few, targets: [ {{ provider: up, model: few }} ] }}
  - {{ name: fast, targets: [ {{ provider: up, model: fast }} ] }}
  - {{ name: slow, targets: [ {{ provider: up, model: slow }} ] }}
prices: {{ unknown: default, default: {{ input: 1, output: 1 }} }}
keys: [ {{ name: test, hash: 'KEY_HASH', organization: acme }} ]
rate_limits:
  - {{ name: few, models: few, each: key, requests_per_minute: {few} }}
  - {{ name: fast, models: fast, requests_per_minute: {per_minute}, burst: {{ requests: {burst} }} }}
  - {{ name: slow, models: slow, concurrent: {slots} }}
"""


class Upstream:
    """Counts what is under way."""

    def __init__(self):
        self.under_way = self.most = 0

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                body = await reader.readexactly(int(re.search(r"content-length: (\d+)", head, re.I).group(1)))
                slow = json.loads(body)["model"] == "slow"
                if slow:
                    self.under_way += 1
                    self.most = max(self.most, self.under_way)
                    await asyncio.sleep(ANSWER_SECONDS)
                    self.under_way -= 1
                answer = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
                                     "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}],
                                     "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


class Seen:
    def __init__(self):
        self.served = []  # when each began and ended
        self.refused = 0
        self.slowest = 0.0
        self.wrong = []

    def over(self, parts=1.0):
        """By how many the most crowded span of time has more than the limit, times `parts`, lets through in it."""
        most = -1e9
        for begin, _ in self.served:
            ends = sorted(end for start, end in self.served if start >= begin)
            most = max([most, *(count - parts * (BURST + (end - begin) * PER_MINUTE / 60) for count, end in enumerate(ends, 1))])
        return most


async def ask(port, model):
    body = json.dumps({"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer %s\r\n"
                     b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % (KEY.encode(), len(body)) + body)
        answer = await asyncio.wait_for(reader.read(), 30)
        head = answer.split(b"\r\n\r\n")[0].decode().lower()
        return int(head.split()[1]), dict(re.findall(r"^([\w-]+): (.*)\r?$", head, re.M))
    finally:
        writer.close()


async def clients(gateways, model, count, seconds, pause):
    """So many at once, on all gateways in turn, each with a pause between its requests."""
    seen, until = Seen(), time.monotonic() + seconds

    async def one(index):
        turn = index
        while time.monotonic() < until:
            turn += 1
            began = time.monotonic()
            try:
                status, headers = await ask(gateways[turn % len(gateways)].port, model)
            except (ConnectionError, asyncio.TimeoutError, IndexError) as error:
                seen.wrong.append(f"no answer: {error!r}")
                continue
            ended = time.monotonic()
            seen.slowest = max(seen.slowest, ended - began)
            if status == 200:
                seen.served.append((began, ended))
            elif status == 429 and int(headers.get("retry-after", "0")) >= 1:
                seen.refused += 1
            else:
                seen.wrong.append(f"status {status} with {headers}")
            await asyncio.sleep(pause)

    await asyncio.gather(*(one(index) for index in range(count)))
    if seen.slowest > HANGS_SECONDS:
        seen.wrong.append(f"a request took {seen.slowest:.2f} s")
    return seen


def promised(seconds):
    return BURST + seconds * PER_MINUTE / 60


async def is_ready(gateways, word, within):
    """Until all say so: the answers that are wrong at the end."""
    until = time.monotonic() + within
    while True:
        said = [gateway.ready() for gateway in gateways]
        if all(word in one for one in said):
            return []
        if time.monotonic() > until:
            return [f"expected `{word}`, and /readyz said {said}"]
        await asyncio.sleep(0.1)


def metric(gateways, name):
    return sum(float(value) for gateway in gateways for value in re.findall(rf"^{re.escape(name)} (\S+)", gateway.metrics(), re.M))


async def few(gateways):
    began = time.monotonic()
    answers = await asyncio.gather(*(ask(gateways[i % len(gateways)].port, "few") for i in range(30)))
    statuses = [status for status, _ in answers]
    more = int((time.monotonic() - began) * FEW / 60)
    print(f"few: {statuses.count(200)} of 30 at once let through, limit {FEW}")
    return [] if FEW <= statuses.count(200) <= FEW + more else [f"{statuses.count(200)} let through of {FEW} per minute: {statuses}"]


async def fast(gateways, args):
    seen = await clients(gateways, "fast", args.clients, args.seconds, 0.02)
    wrong, limit = seen.wrong, promised(args.seconds)
    print(f"fast: {len(seen.served)} let through and {seen.refused} refused in {args.seconds:.0f} s, limit {limit:.0f}; "
          f"at most {seen.over():.0f} beyond it in any span; slowest {seen.slowest * 1000:.0f} ms")
    if seen.over() > 1:
        wrong.append(f"{seen.over():.1f} more than the limit in a span")
    if len(seen.served) < 0.9 * limit:
        wrong.append(f"{len(seen.served)} of {limit:.0f} let through")
    return wrong


async def still(gateways, args, redis):
    """While Redis stands still, and after it."""
    redis.pause()
    began = time.monotonic()
    load = asyncio.create_task(clients(gateways, "fast", args.clients, args.pause, 0.02))
    wrong = await is_ready(gateways, "rate limits", max(4, args.pause - 1))
    seen = await load
    alone = metric(gateways, 'gatehouse_rate_decisions_without_store_total{outcome="shared"}')
    seconds = time.monotonic() - began
    redis.resume()
    print(f"without Redis: {len(seen.served)} let through in {seconds:.0f} s, limit {promised(seconds):.0f}, {alone:.0f} of them as parts; "
          f"slowest {seen.slowest * 1000:.0f} ms")
    wrong += seen.wrong
    if seen.over(2) > 0:
        wrong.append("more than twice the limit was let through without Redis")
    if alone == 0:
        wrong.append("the metric says that nothing was decided without Redis")
    if len(seen.served) < 0.7 * args.pause * PER_MINUTE / 60:
        wrong.append(f"{len(seen.served)} let through without Redis")
    return wrong + await is_ready(gateways, '"ready"', 15)


async def slow(gateways, upstream, args, count):
    upstream.most = 0
    seen = await clients(gateways, "slow", args.clients, args.seconds, 0.02)
    print(f"slots: {len(seen.served)} served on {len(gateways)} gateways in {args.seconds:.0f} s, {upstream.most} at a time at most, limit {count}")
    wrong = seen.wrong
    if upstream.most > count:
        wrong.append(f"{upstream.most} under way at a time")
    if len(seen.served) < 0.5 * count * args.seconds / ANSWER_SECONDS:
        wrong.append(f"{len(seen.served)} served, with {count} slots")
    return wrong


async def play(args, folder, postgres, redis):
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, backlog=1000)
    hashes = {secret: hash_of(args.gatehouse, secret) for secret in (KEY, PASSWORD)}
    gateways = []
    try:
        for i in range(args.nodes):
            own = folder / f"gateway-{i + 1}"
            own.mkdir()
            text = CONFIG.format(conninfo=postgres.conninfo, name=own.name, redis=redis.port, upstream=server.sockets[0].getsockname()[1],
                                 few=FEW, per_minute=PER_MINUTE, burst=BURST, slots=SLOTS)
            gateways.append(await asyncio.to_thread(Gateway, args.gatehouse, complete(text, hashes), own))
        wrong = await is_ready(gateways, '"ready"', 15)
        wrong += await few(gateways)
        wrong += await fast(gateways, args)
        wrong += await slow(gateways, upstream, args, SLOTS)
        if metric(gateways, "gatehouse_rate_gateways") != args.nodes ** 2:
            wrong.append("the gateways do not know how many they are")
        wrong += await still(gateways, args, redis)
        wrong += await fast(gateways, args)
        # One is killed with slots in use; they are the others' when its lease is over.
        load = asyncio.create_task(clients(gateways[:1], "slow", SLOTS, 1, 0))
        await asyncio.sleep(0.5)
        gateways[0].kill()
        await load
        await asyncio.sleep(LEASE_SECONDS + 0.5)
        wrong += await slow(gateways[1:], upstream, args, SLOTS)
        wrong += await fast(gateways[1:], args)
        for gateway in gateways[1:]:
            gateway.stop()
        return wrong
    finally:
        for gateway in gateways:
            gateway.kill()
        server.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatehouse", type=os.path.abspath)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--pause", type=float, default=5)
    args = parser.parse_args()
    began = time.monotonic()
    postgres, redis = Postgres(), Redis(free_ports(1)[0])
    try:
        with tempfile.TemporaryDirectory(prefix="gatehouse-rates-", ignore_cleanup_errors=True) as folder:
            wrong = asyncio.run(play(args, pathlib.Path(folder), postgres, redis))
    finally:
        redis.close()
        postgres.close()
    for line in wrong[:20]:
        print("WRONG:", line)
    print(f"{'falls short' if wrong else 'holds'} after {time.monotonic() - began:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
