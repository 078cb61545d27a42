"""A PostgreSQL and a Redis server for one test: on their own folders and free ports, stopped and gone with the object."""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")


class Redis:
    def __init__(self, port):
        self.port = port
        self.folder = tempfile.mkdtemp(prefix="gatehouse-redis-")
        self.process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                                         "--dir", self.folder], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True).stdout != b"PONG\n":
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit("redis-server does not start")
            time.sleep(0.05)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        self.resume()
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres:
    """As root it runs as the package's user, because PostgreSQL refuses root."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-pg-"))
        self.user = None
        if os.geteuid() == 0:
            self.user = "postgres"
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, pwd.getpwnam("postgres").pw_gid)
        self.data = self.folder / "data"
        self.run("initdb", "-D", self.data, "-U", "gatehouse", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.run("pg_ctl", "-D", self.data, "-w", "-s", "-l", self.folder / "log", "-o",
                 f"-k {self.folder} -c listen_addresses= -c max_connections=100 -c fsync=off", "start")
        self.sql("CREATE DATABASE gatehouse", database="postgres")

    def run(self, program, *arguments):
        subprocess.run([POSTGRES / program, *map(str, arguments)], user=self.user, check=True, stdout=subprocess.DEVNULL, cwd="/")

    @property
    def conninfo(self):
        return f"host={self.folder} user=gatehouse dbname=gatehouse"

    def sql(self, text, database="gatehouse"):
        return subprocess.run([POSTGRES / "psql", "-h", self.folder, "-U", "gatehouse", "-d", database, "-At", "-c", text],
                              user=self.user, check=True, capture_output=True, text=True, cwd="/").stdout.splitlines()

    def pids(self):
        main = int((self.data / "postmaster.pid").read_text().split()[0])
        children = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == main:
                    children.append(int(stat.parent.name))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return [main, *children]

    def pause(self):
        for pid in self.pids():
            os.kill(pid, signal.SIGSTOP)

    def resume(self):
        for pid in self.pids():
            os.kill(pid, signal.SIGCONT)

    def close(self):
        self.resume()
        self.run("pg_ctl", "-D", self.data, "-w", "-s", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
