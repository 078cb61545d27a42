"""The other side of the gateway: scripted model providers, and a proxy on the way to them."""
import contextlib
import json
import re
import socket
import ssl
import threading
import time

PATIENCE_SECONDS = 20

ANSWER = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "up",
          "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
          "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}
FAILURE = '{"error":{"message":"secret-upstream-detail sk-live-123","type":"server_error","code":null}}'
RESET_ON_CLOSE = b"\1\0\0\0\0\0\0\0"  # struct linger: on, no time


def chunk(delta, finish=None):
    return "data: " + json.dumps({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "up",
                                  "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}) + "\n\n"


STREAM = [chunk({"role": "assistant", "content": ""}), chunk({"content": "hel"}), chunk({"content": "lo"}), chunk({}, "stop"),
          "data: [DONE]\n\n"]


# What only some clients have a place for: an image beside the text.
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
IMAGE_ANSWER = ANSWER | {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hello", "images": [IMAGE]},
                                      "finish_reason": "stop"}]}

CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CITATION = {"type": "url_citation", "url_citation": {"url": "https://example.com/", "title": "t", "start_index": 0, "end_index": 1}}


class Script:
    """One step per request; the last one repeats. A request for the list of models is a probe and has steps of its own."""

    def __init__(self, text):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        self.probes = [line[len("probe "):] for line in lines if line.startswith("probe ")] or ["models"]
        self.steps = [line for line in lines if not line.startswith("probe ")]
        self.played, self.probed = 0, 0

    def next(self, is_probe):
        steps, at = (self.probes, self.probed) if is_probe else (self.steps, self.played)
        if is_probe:
            self.probed += 1
        else:
            self.played += 1
        return steps[min(at, len(steps) - 1)]


class Server:
    """Accepts on a free port of loopback and serves each connection on a thread of its own."""

    def __init__(self, address="127.0.0.1", identity=None, clients=None):
        self.lock = threading.Lock()
        self.connections = 0
        self.names = []  # that TLS clients asked for
        self.tls = None
        if identity:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(f"{identity}.pem", f"{identity}.key")
            if clients:  # the authority of the certificates that clients must have
                self.tls.load_verify_locations(clients)
                self.tls.verify_mode = ssl.CERT_REQUIRED
            self.tls.sni_callback = lambda _, name, __: self.names.append(name)
        self.socket = socket.create_server((address, 0), backlog=128)
        self.port = self.socket.getsockname()[1]

    def start(self):
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
            threading.Thread(target=self.run, args=(connection,), daemon=True).start()

    def run(self, connection):
        connection.settimeout(PATIENCE_SECONDS)
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self.serve(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def serve(self, connection):
        raise NotImplementedError

    def close(self):
        self.socket.close()


class Upstream(Server):
    """A provider that plays a script."""

    def __init__(self, script, address="127.0.0.1", identity=None, clients=None):
        super().__init__(address, identity, clients)
        self.script = Script(script)
        self.requests, self.probes, self.gone = 0, 0, 0
        self.waiting, self.most = 0, 0  # requests that a step makes wait: now, and at most at once
        self.last = ""  # the head of the last request
        self.bodies = []  # of all but probes
        self.gate = threading.Event()
        if self.script.steps[:1] == ["refuse"]:
            self.socket.close()  # nobody listens
        else:
            self.start()

    def become(self, script):
        with self.lock:
            self.script = Script(script)

    def release(self):
        """Lets all go on that are held, now and later."""
        self.gate.set()

    @contextlib.contextmanager
    def at_once(self):
        """Counts who waits together. It is over before an answer leaves: who has his answer is never counted with the next."""
        with self.lock:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        try:
            yield
        finally:
            with self.lock:
                self.waiting -= 1

    def serve(self, connection):
        while (message := self.request(connection)) is not None:
            head, body = message
            is_probe = re.match(rb"GET [^ ]*/models", head) is not None
            with self.lock:
                step = self.script.next(is_probe)
                if is_probe:
                    self.probes += 1
                else:
                    self.requests += 1
                    self.last = head.decode("latin-1")
                    self.bodies.append(body.decode("utf-8", "replace"))
            if not self.play(connection, step.split(" ", 2)):
                return

    @staticmethod
    def request(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            got = connection.recv(65536)
            if not got:
                return None
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head.lower()).group(1)) if b"content-length" in head.lower() else 0
        while len(body) < length:
            got = connection.recv(65536)
            if not got:
                return None
            body += got
        return head, body

    @staticmethod
    def head(status, kind, extra=""):
        return f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{extra}"

    def whole(self, connection, status, body, kind="application/json", extra=""):
        connection.sendall((self.head(status, kind, extra) + f"content-length: {len(body.encode())}\r\n\r\n{body}").encode())
        return True

    def pieces(self, connection, frames, end=b""):
        for frame in frames:
            data = frame.encode()
            connection.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        connection.sendall(end)

    def frames(self, connection, frames, end=b"0\r\n\r\n", kind="text/event-stream"):
        connection.sendall((self.head(200, kind) + "transfer-encoding: chunked\r\n\r\n").encode())
        self.pieces(connection, frames, end)
        return bool(end)

    def say(self, connection, text, request):
        tokens = (re.search(r"\[\[\w+\]\]", body) for body in [request, *reversed(self.bodies)])
        text = text.replace("{token}", next((token.group() for token in tokens if token), "no token"))
        if not json.loads(request).get("stream"):
            message = {"role": "assistant", "content": text}
            return self.whole(connection, 200, json.dumps(ANSWER | {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))
        pieces = [chunk({"content": text[at:at + 3]}) for at in range(0, len(text), 3)]
        return self.frames(connection, STREAM[:1] + pieces + STREAM[3:])

    def hang(self, connection):
        """Waits for the gateway to give up; counts that it did."""
        try:
            while connection.recv(65536):
                pass
        except socket.timeout:
            return False
        except OSError:
            pass
        with self.lock:
            self.gone += 1
        return False

    @staticmethod
    def reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        return False

    def play(self, connection, step):
        """True if the connection stays open."""
        verb, rest = step[0], step[1:]
        count = int(rest[0]) if rest and rest[0].isdigit() else 0
        if verb == "ok":
            return self.whole(connection, 200, json.dumps(ANSWER))
        if verb == "say":  # say TEXT: whole or in small pieces, as asked; {token} is the first token of the request, or the last seen
            return self.say(connection, " ".join(rest), self.bodies[-1])
        if verb == "image":
            return self.whole(connection, 200, json.dumps(IMAGE_ANSWER))
        if verb == "image-stream":
            return self.frames(connection, STREAM[:3] + [chunk({"images": [IMAGE]})] + STREAM[3:])
        if verb == "late-citation-stream":
            return self.frames(connection, STREAM[:3] + [chunk({"tool_calls": [CALL]}), chunk({"annotations": [CITATION]})] + STREAM[3:])
        if verb == "models":
            return self.whole(connection, 200, '{"object":"list","data":[]}')
        if verb == "late":  # late MILLISECONDS
            with self.at_once():
                time.sleep(count / 1000)
            return self.whole(connection, 200, json.dumps(ANSWER))
        if verb == "hold":
            self.gate.wait(PATIENCE_SECONDS)
            return self.whole(connection, 200, json.dumps(ANSWER))
        if verb == "hold-stream":  # hold-stream N: N frames now, the rest when released
            self.frames(connection, STREAM[:count], end=b"")
            self.gate.wait(PATIENCE_SECONDS)
            self.pieces(connection, STREAM[count:], end=b"0\r\n\r\n")
            return True
        if verb == "stream":
            return self.frames(connection, STREAM)
        if verb == "flood":  # flood N: a stream of N kilobytes of text
            try:
                return self.frames(connection, STREAM[:1] + [chunk({"content": "x" * 1024})] * count + STREAM[3:])
            except OSError:
                self.gone += 1
                raise
        if verb == "trailers":
            return self.frames(connection, [json.dumps(ANSWER)], b"0\r\nx-late: secret-trailer\r\n\r\n", "application/json")
        if verb == "status":  # status CODE [header: value | JSON]
            extra = rest[1] if len(rest) > 1 else ""
            header = extra + "\r\n" if ": " in extra and not extra.startswith("{") else ""
            return self.whole(connection, count, extra if extra.startswith("{") else FAILURE, extra=header)
        if verb == "reset":
            return self.reset(connection)
        if verb == "close":
            return False
        if verb == "half-head":
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-ty")
            return False
        if verb == "cut":  # cut N: N frames, then gone
            return self.frames(connection, STREAM[:count], end=b"")
        if verb == "cut-reset":
            self.frames(connection, STREAM[:count], end=b"")
            return self.reset(connection)
        if verb == "short-body":
            connection.sendall((self.head(200, "application/json") + "content-length: 1000\r\n\r\n{\"id\":").encode())
            return False
        if verb == "garbage":
            return self.frames(connection, ["data: {not json\n\n", "data: [DONE]\n\n"])
        if verb == "garbage-later":
            return self.frames(connection, STREAM[:2] + ["data: {not json\n\n"] + STREAM[3:])
        if verb == "error-event":
            return self.frames(connection, ['data: {"error":{"message":"overloaded","type":"server_error","code":null}}\n\n'])
        if verb == "error-event-later":
            return self.frames(connection, STREAM[:2] + ['data: {"error":{"message":"boom sk-live-123","type":"server_error"}}\n\n'])
        if verb == "no-end":
            return self.frames(connection, STREAM[:3])
        if verb == "html":
            return self.whole(connection, 200, "<html>sorry</html>", kind="text/html")
        if verb == "json-for-stream":
            return self.whole(connection, 200, json.dumps(ANSWER))
        if verb == "silent":
            return self.hang(connection)
        if verb == "slow-head":  # slow-loris: a byte of the head now and then
            for byte in b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-padding: " + b"x" * 200:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
            return False
        if verb == "stall":  # stall N: N frames, then nothing
            self.frames(connection, STREAM[:count], end=b"")
            return self.hang(connection)
        if verb == "bad-framing":
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc")
            return False
        if verb == "huge-head":
            connection.sendall(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 200_000 + b"\r\n\r\n")
            return False
        raise ValueError(f"unknown upstream step {verb}")


class Proxy(Server):
    """An HTTP proxy: CONNECT tunnels, and plain requests in absolute form. Whatever name is asked for is on loopback."""

    def __init__(self, refusal=None):
        super().__init__()
        self.refusal = refusal  # the status of its every answer
        self.targets = []  # what was asked for, in order
        self.last = ""
        self.start()

    def serve(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        method, target, _ = head.split(b" ", 2)
        authority = re.sub(rb"^http://([^/]*).*", rb"\1", target).decode()
        with self.lock:
            self.targets.append(f"{method.decode()} {target.decode()}")
            self.last = head.decode("latin-1")
        if self.refusal:
            connection.sendall(f"HTTP/1.1 {self.refusal} No\r\ncontent-length: 0\r\n\r\n".encode())
            return
        with socket.create_connection(("127.0.0.1", int(authority.rpartition(":")[2]))) as there:
            if method == b"CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                there.sendall(head.replace(b"http://" + authority.encode(), b"", 1))
            back = threading.Thread(target=self.copy, args=(there, connection), daemon=True)
            back.start()
            self.copy(connection, there)
            back.join()

    @staticmethod
    def copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
