"""What a story does to the gateway: requests, conversations in bytes, commands."""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from gateway import KEY, Broken

HERE = pathlib.Path(__file__).resolve().parent
CLIENT_SECONDS = 20
COMMAND_SECONDS = 60


class Reply:
    def __init__(self, status, headers, body, complete):
        self.status, self.headers, self.body, self.complete = status, headers, body, complete
        self.seconds = 0.0
        self.all = [self]  # of a section with several requests


class Later:
    """Something done in the background, and what came of it."""

    def __init__(self, work):
        self.reply, self.error = None, None
        self.thread = threading.Thread(target=self.run, args=(work,), daemon=True)
        self.thread.start()

    def run(self, work):
        try:
            self.reply = work()
        except Exception as error:  # told to who waits
            self.error = error

    def done(self):
        return not self.thread.is_alive()

    def wait(self):
        self.thread.join(COMMAND_SECONDS)
        if self.error:
            raise Broken(f"in the background: {type(self.error).__name__}: {self.error}")
        if not self.reply:
            raise Broken("what was begun in the background does not end")
        return self.reply


def options(words):
    return dict(word.partition("=")[::2] for word in words)


def request(port, method, path, headers, body, abort):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CLIENT_SECONDS)
    connection.request(method, path, body.encode() if body else None, headers)
    response = connection.getresponse()
    headers = {k.lower(): v for k, v in response.getheaders()}
    if abort is not None:
        got = response.read1(abort) if abort else b""
        connection.sock and connection.sock.close()
        connection.close()
        response.close()
        return Reply(response.status, headers, got.decode(), False)
    try:
        text, complete = response.read().decode(), True
    except (http.client.IncompleteRead, ConnectionResetError) as cut:
        text, complete = getattr(cut, "partial", b"").decode(), False
    connection.close()
    return Reply(response.status, headers, text, complete)


def call(gateway, words, body):
    """client METHOD PATH [header=value | abort-after=N | listener=NAME | times=N | parallel=N]..."""
    given = options(words[2:])
    abort = int(given.pop("abort-after")) if "abort-after" in given else None
    times, parallel = int(given.pop("times", 1)), int(given.pop("parallel", 1))
    port = gateway.ports[given.pop("listener")] if "listener" in given else gateway.port
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}", **given}
    headers = {name: value for name, value in headers.items() if value}

    def one(number):
        began = time.monotonic()
        own = {name: value.replace("{n}", str(number)) for name, value in headers.items()}
        reply = request(port, words[0], words[1], own, body, abort)
        reply.seconds = time.monotonic() - began
        return reply

    with ThreadPoolExecutor(parallel) as pool:
        replies = list(pool.map(one, range(max(times, parallel))))
    replies[-1].all = replies
    return replies[-1]


def command(folder, body):
    """A bash script in the story's folder: its exit status, and what it wrote."""
    env = dict(os.environ, PATH=f"{HERE}:{os.environ['PATH']}")
    began = time.monotonic()
    done = subprocess.run(["bash", "-c", body], cwd=folder, env=env, capture_output=True, text=True, timeout=COMMAND_SECONDS)
    reply = Reply(done.returncode, {}, done.stdout + done.stderr, True)
    reply.seconds = time.monotonic() - began
    return reply


class Conversation:
    """Bytes sent and awaited on one connection: `send "..."`, `drip MILLISECONDS "..."`, `await "..."`, `pause MILLISECONDS`,
    `count N "..."`, `closed`. Texts are JSON strings."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=CLIENT_SECONDS)
        self.received = b""

    def run(self, script):
        began = time.monotonic()
        with self.socket:
            for line in script.splitlines():
                if line.strip():
                    self.step(*line.split(" ", 1))
        text = self.received.decode("latin-1")
        status = int(text.split(" ", 2)[1]) if text.startswith("HTTP/1.1 ") else 0
        reply = Reply(status, {}, text, True)
        reply.seconds = time.monotonic() - began
        return reply

    def step(self, verb, rest=""):
        if verb == "send":
            self.socket.sendall(json.loads(rest).encode("latin-1"))
        elif verb == "drip":
            self.drip(*rest.split(" ", 1))
        elif verb == "await":
            self.wait(json.loads(rest).encode("latin-1"), 1)
        elif verb == "count":
            times, text = rest.split(" ", 1)
            self.wait(json.loads(text).encode("latin-1"), int(times))
        elif verb == "pause":
            time.sleep(int(rest) / 1000)
        elif verb == "closed":
            while self.more():
                pass
        else:
            raise Broken(f"unknown step of a conversation {verb!r}")

    def drip(self, milliseconds, text):
        """A byte now and then, until all are sent or the other side has had enough."""
        for byte in json.loads(text).encode("latin-1"):
            try:
                self.socket.sendall(bytes([byte]))
            except OSError:
                return
            time.sleep(int(milliseconds) / 1000)

    def more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        except socket.timeout:
            raise Broken(f"nothing more came, after {self.received[-400:]!r}") from None
        self.received += data
        return bool(data)

    def wait(self, text, times):
        while self.received.count(text) < times:
            if not self.more():
                raise Broken(f"the connection ended before {text!r} came {times} times: {self.received[-400:]!r}")


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return True
    return False
