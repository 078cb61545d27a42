"""A gateway as a process of a test: its configuration, its start and end, what the system says about it, and calls to it."""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

PASSWORD = "p"

# How every configuration begins.
HEAD = """
version: 1
listeners: [ {{ name: public, address: 127.0.0.1, port: {port} }} ]
admin: {{ address: 127.0.0.1, port: {admin}, password_hash: "{password}" }}
log: {{ access: "off" }}
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def digest(secret):
    """A secret as configurations have it."""
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()


class Served:
    """`config` is what comes after HEAD, and may name what is given besides."""

    def __init__(self, binary, folder, config, **named):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.port, self.admin = free_ports(2)
        self.starts = 0
        self.process = None
        self.write_config(config, **named)

    def write_config(self, config, **named):
        text = (HEAD + config).format(port=self.port, admin=self.admin, password=digest(PASSWORD), **named)
        (self.folder / "gatehouse.yaml").write_text(text)

    def log(self):
        return (self.folder / f"log-{self.starts}").read_text()

    def environment(self):
        """Of the process; None: this one's own."""
        return None

    def spawn(self):
        self.starts += 1
        self.process = subprocess.Popen([self.binary, "serve", "--config", "gatehouse.yaml"], cwd=self.folder, env=self.environment(),
                                        stdout=(self.folder / f"log-{self.starts}").open("w"), stderr=subprocess.STDOUT)

    def start(self, patience=120):
        self.spawn()
        until = time.monotonic() + patience
        while '"ready"' not in self.log():
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the gateway did not start: " + self.log())
            time.sleep(0.02)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(60)

    def cpu_seconds(self):
        """Of the whole process, and of its threads by their names."""
        total, by_name = 0.0, {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            spent = int((task / "schedstat").read_text().split()[0]) / 1e9
            main = task.name == str(self.process.pid)
            name = "main" if main else (task / "comm").read_text().strip()
            by_name[name] = by_name.get(name, 0.0) + spent
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        total = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return total, by_name

    def stop_in_order(self):
        """What is wrong with how it ends, in words."""
        return [] if self.stop() == 0 else ["the gateway did not end in order: " + self.log()[-500:]]

    def memory_mib(self, name):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        raise SystemExit(f"the system does not say {name}")

    def get(self, path, secret=None, admin=False):
        return self.call("GET", path, secret=secret, port=self.admin if admin else self.port)[:2]

    def call(self, method, path, body=None, secret=None, port=None, headers=None, timeout=30):
        """Status, body, headers."""
        headers = dict(headers or {})
        if secret is not None:
            headers["authorization"] = f"Bearer {secret}"
        if body is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def readiness(self):
        """Status and the answer's members."""
        status, body = self.get("/readyz", admin=True)
        return status, json.loads(body)

    def admin_get(self, path):
        token = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        return self.call("GET", path, port=self.admin, headers={"authorization": "Basic " + token})[:2]
