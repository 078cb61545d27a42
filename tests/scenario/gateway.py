"""A gatehouse process under test."""
import base64
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time

KEY = "gh_scenario"
PASSWORD = "scenario-password"
START_SECONDS = 30
DRAIN_SECONDS = 40

DEFAULTS = {"version": "1", "listeners": "[ { name: public, address: 127.0.0.1, port: 0 } ]",
            "admin": "{ address: 127.0.0.1, port: 0, password_hash: 'PASSWORD_HASH' }", "threads": "1", "expose_attempts": "true",
            "keys": "[ { name: test, hash: 'KEY_HASH' } ]"}


class Broken(Exception):
    """What was expected and what came instead."""


def hash_of(binary, secret):
    return subprocess.run([str(binary), "key", "hash"], input=secret, capture_output=True, text=True, check=True).stdout.strip()


def complete(config, hashes, name="gateway"):
    """The configuration with what a story does not say: ports that are free, one key, an admin password, a database."""
    for setting, value in {**DEFAULTS, "store": f"{{ sqlite: {name}.db }}"}.items():
        if not re.search(rf"^{setting}:", config, re.M):
            config = f"{setting}: {value}\n" + config
    return config.replace("KEY_HASH", hashes[KEY]).replace("PASSWORD_HASH", hashes[PASSWORD]) + "\n"


class Gateway:
    def __init__(self, binary, config, folder, name="gateway"):
        self.config, self.folder, self.version = config, folder, 1
        self.path = folder / f"{name}.yaml"
        if "# mounted\n" in config:
            self.mount()
        else:
            self.path.write_text(config)
        self.log = folder / f"{name}.log"
        self.errors = folder / f"{name}.err"
        hosts = folder / "hosts"  # a story may bring its own
        if not hosts.exists():
            hosts.write_text("127.0.0.1 localhost\n")
        env = dict(os.environ, UPSTREAM_KEY="upstream-key", CARES_HOSTS=str(hosts))
        self.process = subprocess.Popen([str(binary), "serve", "--config", str(self.path)], stdout=self.log.open("w"),
                                        stderr=self.errors.open("w"), env=env, cwd=folder)
        until = time.monotonic() + START_SECONDS
        while '"ready"' not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > until:
                raise Broken("the gateway did not start: " + self.log.read_text() + self.errors.read_text())
            time.sleep(0.02)
        self.port, self.admin = next(iter(self.ports.values())), self.ports["admin"]

    @property
    def ports(self):
        """Of the listeners, as they were announced last."""
        said = re.findall(r'"listener":"([\w-]+)","address":"[^"]+","port":(\d+)', self.log.read_text())
        return {name: int(port) for name, port in said}

    def mount(self):
        """As Kubernetes mounts a file: the name is a link through `..data`, which an update swaps."""
        fresh = self.folder / f"..version-{self.version}"
        fresh.mkdir()
        (fresh / self.path.name).write_text(self.config)
        link = self.folder / "..data_tmp"
        link.symlink_to(fresh.name)
        link.rename(self.folder / "..data")
        if self.version == 1:
            self.path.symlink_to(f"..data/{self.path.name}")
        else:
            shutil.rmtree(self.folder / f"..version-{self.version - 1}")
        self.version += 1

    def write(self, config, how):
        self.config = config
        if how == "swap":
            self.mount()
        elif how == "rename":
            fresh = self.path.with_suffix(".new")
            fresh.write_text(config)
            fresh.rename(self.path)
        elif how == "in-place":
            self.path.write_text(config)
        else:
            raise Broken(f"unknown way to write a file: {how}")

    def signal(self, name):
        self.process.send_signal(getattr(signal, "SIG" + name))

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=10)
        credential = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        connection.request("GET", path, headers={"authorization": f"Basic {credential}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def metrics(self):
        return self.get("/metrics")[1]

    def ready(self):
        status, body = self.get("/readyz")
        return f"{status} {body}"

    def targets(self):
        """["provider model breaker=closed in_flight=0", ...]"""
        rows = json.loads(self.get("/admin/v1/targets")[1])["targets"]
        return [f"{row['provider']} {row['model']} breaker={row['breaker']} in_flight={row['in_flight']}" for row in rows]

    def written(self):
        return self.log.read_text() + self.errors.read_text()

    def ended_with(self):
        try:
            return self.process.wait(DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            raise Broken(f"the gateway did not end within {DRAIN_SECONDS} s") from None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        code = self.ended_with()
        if code != 0:
            raise Broken(f"the gateway ended with {code}:\n" + self.errors.read_text()[-6000:])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
