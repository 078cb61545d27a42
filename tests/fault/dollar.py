"""A provider that counts what it bills for, clients that hang up when they like, and who says in the end whether it adds up."""
import asyncio
import collections
import json
import re
import socket
import subprocess
import time

KEY = "last-dollar-key"
INPUT_NANO_USD, OUTPUT_NANO_USD = 10_000, 100_000  # a token: 10 and 100 USD per million
DOLLAR = 1_000_000_000
REQUEST_DEADLINE_SECONDS = 30

CONFIG = """
version: 1
listeners: [ {{ name: public, address: 127.0.0.1, port: {port} }} ]
admin: {{ address: 127.0.0.1, port: {admin}, password_hash: "{password}" }}
threads: 2
log: {{ access: "off" }}
drain_timeout: 20s
{store}
providers:
  - {{ name: up, kind: openai_compatible, base_url: "http://127.0.0.1:{upstream}/v1" , api_key: sk-up }}
models:
  - {{ name: m, targets: [ {{ provider: up, model: up-model }} ] }}
prices: {{ unknown: default, default: {{ input: 10, output: 100 }} }}
keys: [ {{ name: app, hash: "{key}", organization: acme }} ]
budgets: [ {{ node: acme, name: dollar, usd: 1, per: total }} ]
"""


class Provider:
    """Bills for every answer it begins, whether anybody reads it or not."""

    def __init__(self, rng):
        self.rng = rng
        self.billed = collections.Counter()  # by the marker in the request

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(re.search(r"content-length: (\d+)", head, re.I).group(1))
                await self.answer(json.loads(await reader.readexactly(length)), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, request, writer):
        text = request["messages"][0]["content"]
        most = request.get("max_completion_tokens") or request.get("max_tokens")
        tokens_in, tokens_out = len(text) // 4 + 1, self.rng.randint(1, most)
        self.billed[text.split()[0]] += tokens_in * INPUT_NANO_USD + tokens_out * OUTPUT_NANO_USD
        usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
        base = {"id": "c", "created": 1, "model": "up-model"}
        if not request.get("stream"):
            await asyncio.sleep(self.rng.random() * 0.05)
            body = json.dumps({**base, "object": "chat.completion", "usage": usage, "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "x" * tokens_out}, "finish_reason": "stop"}]}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        pieces = [{"delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
        pieces += [{"delta": {"content": "x" * (tokens_out // 4 + 1)}, "finish_reason": None}] * 4
        pieces.append({"delta": {}, "finish_reason": "stop"})
        for piece in pieces:
            self.chunk(writer, {**base, "object": "chat.completion.chunk", "choices": [{"index": 0, **piece}]})
            await writer.drain()
            await asyncio.sleep(self.rng.random() * 0.01)
        self.chunk(writer, {**base, "object": "chat.completion.chunk", "choices": [], "usage": usage})
        data = b"data: [DONE]\n\n"
        writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))
        await writer.drain()

    @staticmethod
    def chunk(writer, value):
        data = b"data: " + json.dumps(value).encode() + b"\n\n"
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))


class Clients:
    def __init__(self, ports, rng, count):
        self.ports, self.rng, self.count = ports, rng, count
        self.statuses = collections.Counter()
        self.slowest = 0.0
        self.refused_in_a_row = collections.Counter()
        self.number = 0
        self.messages = set()

    async def one(self, until):
        """Asks until it was refused three times in a row, or the time is up."""
        mine, refusals = self.rng.random(), 0
        await asyncio.sleep(mine * 0.5)
        while refusals < 3 and time.monotonic() < until:
            began = time.monotonic()
            try:
                status = await asyncio.wait_for(self.request(), REQUEST_DEADLINE_SECONDS)
            except asyncio.TimeoutError:
                status = "hung"
            except (ConnectionError, asyncio.IncompleteReadError, OSError):
                status = "connection"
                await asyncio.sleep(0.2)
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.statuses[status] += 1
            if status == 503:
                await asyncio.sleep(0.1 + self.rng.random() * 0.3)
            refusals = refusals + 1 if status == 429 else 0

    async def request(self):
        self.number += 1
        marker = f"r{self.number}"
        stream, how = self.rng.random() < 0.5, self.rng.random()
        body = json.dumps({"model": "m", "stream": stream, "max_tokens": self.rng.randint(5, 200),
                           "messages": [{"role": "user", "content": marker + " hello" * self.rng.randint(1, 20)}]}).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.rng.choice(self.ports))
        try:
            writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer %s\r\n"
                         b"x-request-id: %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                         % (KEY.encode(), marker.encode(), len(body)) + body)
            await writer.drain()
            if how < 0.1:  # gone before the answer
                await asyncio.sleep(self.rng.random() * 0.02)
                return "gone"
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split()[1])
            if status == 200 and how < 0.25:  # gone in its middle
                await reader.read(200)
                return "gone"
            rest = await reader.read()
            if status in (429, 503):
                self.messages.add((status, json.loads(rest[rest.index(b"{"):rest.rindex(b"}") + 1])["error"]["message"][:60]))
            return status
        finally:
            writer.close()


class Gateway:
    """One process after the other, in a folder of its own; `store` are the lines of its configuration that say what it keeps where."""

    def __init__(self, binary, folder, upstream, ports, store="store: { sqlite: gatehouse.db }"):
        self.binary, self.folder = binary, folder
        self.port, self.admin = ports
        digest = lambda secret: subprocess.run([binary, "key", "hash"], input=secret, capture_output=True, text=True,
                                               check=True).stdout.strip()
        (folder / "gatehouse.yaml").write_text(CONFIG.format(port=self.port, admin=self.admin, upstream=upstream, key=digest(KEY),
                                                             password=digest("p"), store=store))
        self.starts = 0
        self.process = None

    async def start(self):
        self.starts += 1
        log = self.folder / f"log-{self.starts}"
        self.process = subprocess.Popen([self.binary, "serve", "--config", "gatehouse.yaml"], cwd=self.folder,
                                        stdout=log.open("w"), stderr=subprocess.STDOUT)
        until = time.monotonic() + 60
        while '"ready"' not in log.read_text():
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the gateway did not start: " + log.read_text())
            await asyncio.sleep(0.05)

    async def stop(self, how):
        self.process.send_signal(how)
        while self.process.poll() is None:
            await asyncio.sleep(0.05)

    def logs(self):
        return "".join((self.folder / f"log-{n + 1}").read_text() for n in range(self.starts))


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def judge(clients, provider, rows, allowed=(200, 429)):
    """What does not hold, in words; `allowed` are the statuses that clients may see."""
    billed, charged_in_all, in_doubt = sum(provider.billed.values()), 0, 0
    by_request = collections.defaultdict(list)
    for request, basis, cost in rows:
        by_request[request].append((basis, cost))
        charged_in_all += cost
        in_doubt += basis == "worst_case"
    wrong = []
    if billed > DOLLAR:
        wrong.append(f"the provider billed {billed} of {DOLLAR} nano-USD")
    if charged_in_all > DOLLAR:
        wrong.append(f"the ledger has {charged_in_all} of {DOLLAR} nano-USD")
    for request, cost in provider.billed.items():
        charged = by_request.get(request, [])
        exact = all(basis == "provider" for basis, _ in charged)
        total = sum(one for _, one in charged)
        if not charged:
            wrong.append(f"{request}: billed {cost}, and not in the ledger")
        elif total != cost and (exact or total < cost):
            wrong.append(f"{request}: billed {cost}, charged {charged}")
    unexpected = {status: count for status, count in clients.statuses.items() if status not in (*allowed, "gone", "connection")}
    if unexpected:
        wrong.append(f"unexpected outcomes {unexpected}")
    return wrong, billed, charged_in_all, in_doubt
