#!/usr/bin/env python3
"""Gatehouse beside nginx and HAProxy: CPU per request, latency, streams, memory. Prints the table and keeps it as JSON.

usage: compare.py --build DIR [--rounds 5] [--seconds 3] [--only CASE,CASE] [--json FILE]

The gateway runs in two forms: as it is without any configuration (gatehouse: with inspection, budgets, the ledger and the record), and
with what a proxy for models cannot do without (bare: the key, the model, JSON, metrics and the access log), which is what the bars
against nginx are about.

One proxy at a time on core 0; load and upstream on core 1; the proxies take turns within each round, so that what drifts drifts for all.
CPU is the proxy's own time from /proc/PID/task/*/schedstat. A run during which others used more than 15 % of core 0 is dropped and
repeated once. Ratios are taken within a round. Everything talks over loopback, is bounded in time and stops by itself.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

KEY = "gh_bench"
BARE = "guard: { enabled: false }\nrecord: { enabled: false }\naccounting: { enabled: false }\n"
PROXY_CORE, LOAD_CORE = "0", "1"
FOREIGN_LIMIT = 0.15


def cpu_seconds(pids):
    """CPU time of all threads of the processes, in seconds."""
    total = 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass
    return total / 1e9


def core_busy(core):
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            fields = [int(x) for x in line.split()[1:9]]
            return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")
    return 0.0


def rss_kib(pids):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def children(pid):
    found = [pid]
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return found + [int(x) for x in out]


def start(command, core, **kw):
    return subprocess.Popen(["taskset", "-c", core, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **kw)


class Proxy:
    """A running proxy: its name, its port, and whether paths go through as they are."""

    def __init__(self, name, process, port, pids, scheme="http", credential=KEY):
        self.name, self.process, self.port, self.pids, self.scheme, self.credential = name, process, port, pids, scheme, credential

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Rig:
    def __init__(self, build, scratch):
        self.build, self.scratch = build, scratch
        self.certificate()
        self.upstream = start([str(build / "bench" / "bench_upstream"), str(scratch / "cert.pem"), str(scratch / "key.pem")], LOAD_CORE)
        self.upstream_port, self.upstream_tls_port = map(int, self.upstream.stdout.readline().split())

    def certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{self.scratch}/key.pem",
                        "-out", f"{self.scratch}/cert.pem"], check=True, capture_output=True)
        pem = (self.scratch / "cert.pem").read_text() + (self.scratch / "key.pem").read_text()
        (self.scratch / "both.pem").write_text(pem)

    def free_port(self):
        import socket
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def nginx(self):
        port = self.free_port()
        config = self.scratch / f"nginx-{port}.conf"
        config.write_text(f"""
worker_processes 1; worker_rlimit_nofile 100000; daemon off; pid {self.scratch}/nginx-{port}.pid; error_log /dev/null;
events {{ worker_connections 30000; }}
http {{
  access_log off; client_body_buffer_size 128k; client_max_body_size 64m;
  client_body_temp_path {self.scratch}; proxy_temp_path {self.scratch}; fastcgi_temp_path {self.scratch};
  uwsgi_temp_path {self.scratch}; scgi_temp_path {self.scratch};
  keepalive_requests 100000000; keepalive_timeout 1h;
  upstream up {{ server 127.0.0.1:{self.upstream_port}; keepalive 1024; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port} backlog=8192; location / {{ proxy_pass http://up; proxy_http_version 1.1;
    proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 1h; }} }}
}}""")
        process = start(["nginx", "-c", str(config)], PROXY_CORE)
        self.wait(port)
        return Proxy("nginx", process, port, [p for p in children(process.pid) if p != process.pid] or [process.pid])

    def plain_nginx_config(self):
        """The text of a configuration that nginx() wrote: the variants are made of it."""
        self.nginx().stop()
        texts = (config.read_text() for config in self.scratch.glob("nginx-*.conf"))
        return next(text for text in texts if " http2 " not in text and " ssl " not in text)

    def nginx_h2(self):
        """The same with HTTP/2 in clear on its listener: nginx 1.22 speaks one protocol per port."""
        port = self.free_port()
        config = self.scratch / f"nginx-{port}.conf"
        base = self.plain_nginx_config()
        base = re.sub(r"listen 127.0.0.1:\d+ backlog=8192", f"listen 127.0.0.1:{port} http2 backlog=8192", base)
        config.write_text(re.sub(r"pid [^;]+;", f"pid {self.scratch}/nginx-{port}.pid;", base, count=1))
        process = start(["nginx", "-c", str(config)], PROXY_CORE)
        self.wait(port)
        return Proxy("nginx", process, port, [p for p in children(process.pid) if p != process.pid])

    def nginx_tls(self):
        """TLS 1.3 on both sides, connections kept."""
        port = self.free_port()
        config = self.scratch / f"nginx-{port}.conf"
        base = self.plain_nginx_config()
        tls = f"ssl_certificate {self.scratch}/cert.pem; ssl_certificate_key {self.scratch}/key.pem; ssl_protocols TLSv1.3;"
        base = re.sub(r"listen 127.0.0.1:\d+ backlog=8192;", f"listen 127.0.0.1:{port} ssl backlog=8192; {tls}", base)
        base = base.replace(f"127.0.0.1:{self.upstream_port};", f"127.0.0.1:{self.upstream_tls_port};")
        base = base.replace("proxy_pass http://up;", "proxy_pass https://up; proxy_ssl_protocols TLSv1.3; proxy_ssl_name 127.0.0.1;")
        config.write_text(re.sub(r"pid [^;]+;", f"pid {self.scratch}/nginx-{port}.pid;", base, count=1))
        process = start(["nginx", "-c", str(config)], PROXY_CORE)
        self.wait(port)
        return Proxy("nginx", process, port, [p for p in children(process.pid) if p != process.pid], "https")

    def haproxy_tls(self):
        return self.haproxy(f"ssl crt {self.scratch}/both.pem alpn http/1.1", self.upstream_tls_port, " ssl verify none alpn http/1.1", "https")

    def haproxy(self, bind="", upstream_port=None, server="", scheme="http"):
        port = self.free_port()
        config = self.scratch / f"haproxy-{port}.cfg"
        config.write_text(f"""
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  option http-no-delay
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  http-reuse always
frontend f
  bind 127.0.0.1:{port} {bind}
  default_backend b
backend b
  server up 127.0.0.1:{upstream_port or self.upstream_port}{server}
""")
        process = start(["haproxy", "-db", "-f", str(config)], PROXY_CORE)
        self.wait(port)
        return Proxy("haproxy", process, port, [process.pid], scheme)

    def gatehouse_tls(self):
        return self.gatehouse("public-tls")

    def bare(self, listener="public"):
        return self.gatehouse(listener, BARE + self.key_section())

    def bare_tls(self):
        return self.bare("public-tls")

    def key_section(self):
        return f"keys:\n  - {{ name: bench, hash: '{self.key_hash()}' }}\n"

    def gatehouse(self, listener="public", more=None, credential=KEY):
        """`more`: sections of the configuration beside the usual ones; default: a key, named bench."""
        up = f"http://127.0.0.1:{self.upstream_port}"
        providers, models = [], []
        secure = f"https://127.0.0.1:{self.upstream_tls_port}"
        providers.append(f"  - {{ name: tls-1024, kind: openai_compatible, base_url: '{secure}/json/1024/v1', api_key: k, protocol: http1, "
                         f"tls: {{ ca_file: {self.scratch}/cert.pem }}, connections: {{ max: 60000, max_waiting: 60000 }} }}")
        models.append("  - { name: tls-1024, targets: [ { provider: tls-1024, model: bench } ] }")
        for name, path, kind in [("json-1024", "json/1024", "compatible"), ("json-8192", "json/8192", "compatible"),
                                 ("json-65536", "json/65536", "compatible"), ("burst-50", "burst/50", "compatible"),
                                 ("paced", "paced/100000x20", "compatible"), ("slow", "paced/100000x1000", "compatible"),
                                 ("translated-1024", "anthropic/1024", "anthropic")]:
            if kind == "anthropic":
                providers.append(f"  - {{ name: {name}, kind: anthropic, base_url: '{up}/{path}', api_key: k, connections: {{ max: 60000 }} }}")
            else:
                providers.append(f"  - {{ name: {name}, kind: openai_compatible, base_url: '{up}/{path}/v1', api_key: k, "
                                 "connections: { max: 60000, max_waiting: 60000 } }")
            models.append(f"  - {{ name: {name}, timeout: 1h, targets: [ {{ provider: {name}, model: bench }} ] }}")
        config = self.scratch / "gatehouse.yaml"
        config.write_text("version: 1\nthreads: 1\nlisteners:\n"
                          "  - { name: public, address: 127.0.0.1, port: 0, limits: { connections: 30000 } }\n"
                          f"  - {{ name: public-tls, address: 127.0.0.1, port: 0, tls: {{ certificate_file: {self.scratch}/cert.pem, "
                          f"key_file: {self.scratch}/key.pem }} }}\n"
                          "admin: { address: 127.0.0.1, port: 0 }\nlog: { access: stdout }\n"
                          "providers:\n" + "\n".join(providers) + "\nmodels:\n" + "\n".join(models) +
                          f"\n{self.key_section() if more is None else more}\n")
        for old in self.scratch.glob("gatehouse.db*"):
            # Not removed: ext4 without a journal takes longer to make files for minutes after others went (recently_deleted).
            old.rename(self.scratch / f"before-{time.monotonic_ns()}-{old.name}")
        log = open(self.scratch / "gatehouse.log", "w")
        process = subprocess.Popen(["taskset", "-c", PROXY_CORE, str(self.build / "gatehouse"), "serve", "--config", str(config)],
                                   stdout=log, stderr=subprocess.STDOUT)
        for _ in range(200):
            text = (self.scratch / "gatehouse.log").read_text()
            if '"ready"' in text:
                port = int(re.search(rf'"listener":"{listener}".*?"port":(\d+)', text).group(1))
                return Proxy("gatehouse", process, port, [process.pid], "https" if listener == "public-tls" else "http", credential)
            if process.poll() is not None:
                sys.exit("gatehouse did not start:\n" + text)
            time.sleep(0.05)
        sys.exit("gatehouse is not ready after 10 s")

    def key_hash(self):
        return subprocess.run([str(self.build / "gatehouse"), "key", "hash"], input=KEY, capture_output=True, text=True).stdout.strip()

    def wait(self, port):
        import socket
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"nothing listens on {port}")

    def close(self):
        self.upstream.terminate()


def request_body(model, size, stream):
    head = '{"model":"' + model + '",' + ('"stream":true,' if stream else "") + '"messages":[{"role":"user","content":"'
    tail = '"}],"temperature":0.7}'
    return head + ("The quick brown fox jumps over the lazy dog. " * (size // 45 + 1))[: max(1, size - len(head) - len(tail))] + tail


CASES = {  # name -> (path at the upstream, gatehouse model, request bytes, stream)
    "json 1 KB": ("/json/1024/v1/chat/completions", "json-1024", 1024, False),
    "json 8 KB": ("/json/8192/v1/chat/completions", "json-8192", 8192, False),
    "json 64 KB": ("/json/65536/v1/chat/completions", "json-65536", 65536, False),
    "sse burst of 50": ("/burst/50/v1/chat/completions", "burst-50", 1024, True),
    "tls both sides 1 KB": ("/json/1024/v1/chat/completions", "tls-1024", 1024, False),
    "translated 1 KB": ("/anthropic/1024/v1/messages", "translated-1024", 1024, False),
}


def wrk(rig, proxy, case, seconds):
    path, model, size, stream = CASES[case]
    if proxy.name == "gatehouse":
        path = "/v1/chat/completions"
    script = rig.scratch / "wrk.lua"
    script.write_text('wrk.method = "POST"\nwrk.body = [==[' + request_body(model, size, stream) + ']==]\n'
                      'wrk.headers["Content-Type"] = "application/json"\n'
                      f'wrk.headers["Authorization"] = "Bearer {proxy.credential}"\n')
    before, busy = cpu_seconds(proxy.pids), core_busy(PROXY_CORE)
    out = subprocess.run(["taskset", "-c", LOAD_CORE, "wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", "-s", str(script),
                          f"{proxy.scheme}://127.0.0.1:{proxy.port}{path}"], capture_output=True, text=True, timeout=seconds + 30).stdout
    used, busy = cpu_seconds(proxy.pids) - before, core_busy(PROXY_CORE) - busy
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    if re.search(r"Non-2xx", out):
        sys.exit(f"{proxy.name} answered {case} with errors:\n{out}")
    latency = {q: re.search(rf"\s{q}%\s+([\d.]+)(us|ms|s)", out).groups() for q in ("50", "99")}
    scale = {"us": 1, "ms": 1000, "s": 1_000_000}
    return {"cpu_us": used / requests * 1e6, "rps": requests / seconds, "foreign": max(0.0, (busy - used) / seconds),
            "p50_us": float(latency["50"][0]) * scale[latency["50"][1]], "p99_us": float(latency["99"][0]) * scale[latency["99"][1]]}


def h2load(rig, proxy, seconds):
    path, model, size, _ = CASES["json 1 KB"]
    if proxy.name == "gatehouse":
        path = "/v1/chat/completions"
    body = rig.scratch / "h2.json"
    body.write_text(request_body(model, size, False))
    before, busy = cpu_seconds(proxy.pids), core_busy(PROXY_CORE)
    out = subprocess.run(["taskset", "-c", LOAD_CORE, "h2load", "-c16", "-m8", f"-D{seconds}", "-d", str(body), "-p", "h2c",
                          "-H", "content-type: application/json", "-H", f"authorization: Bearer {KEY}",
                          f"http://127.0.0.1:{proxy.port}{path}"], capture_output=True, text=True, timeout=seconds + 30).stdout
    used, busy = cpu_seconds(proxy.pids) - before, core_busy(PROXY_CORE) - busy
    done = re.search(r"(\d+) succeeded, (\d+) failed", out)
    if not done or int(done.group(1)) == 0:
        sys.exit(f"h2load against {proxy.name} failed:\n{out}")
    return {"cpu_us": used / int(done.group(1)) * 1e6, "rps": int(done.group(1)) / seconds, "foreign": max(0.0, (busy - used) / seconds),
            "p50_us": 0.0, "p99_us": 0.0}


def start_streams(rig, proxy, streams, seconds, pace):
    model, path = ("paced", "/paced/100000x20/v1/chat/completions") if pace == 20 else ("slow", "/paced/100000x1000/v1/chat/completions")
    if proxy.name == "gatehouse":
        path = "/v1/chat/completions"
    return start([str(rig.build / "bench" / "bench_streams"), str(proxy.port), path, model, KEY, str(streams), str(seconds)], LOAD_CORE)


def warm_up(rig, proxy):
    """One stream, so that what is loaded and reserved once is not taken for a part of each stream."""
    client = start_streams(rig, proxy, 1, 30, 20)
    for _ in range(2):
        client.stdout.readline()
    client.terminate()
    client.wait()


def paced(rig, proxy, streams, seconds, pace):
    """CPU per event and memory per stream while `streams` streams get an event each pace."""
    warm_up(rig, proxy)
    idle = rss_kib(proxy.pids)
    client = start_streams(rig, proxy, streams, seconds + 30, pace)
    opened = 0
    deadline = time.monotonic() + 25
    while opened < streams and time.monotonic() < deadline:
        line = client.stdout.readline().split()
        opened = int(line[2]) if len(line) > 4 else 0
        first = int(line[4]) if len(line) > 4 else 0
    before, busy = cpu_seconds(proxy.pids), core_busy(PROXY_CORE)
    events = first
    for _ in range(seconds):
        line = client.stdout.readline().split()
        events = int(line[4])
    used, busy = cpu_seconds(proxy.pids) - before, core_busy(PROXY_CORE) - busy
    memory = rss_kib(proxy.pids)
    client.terminate()
    client.wait()
    return {"cpu_us": used / max(1, events - first) * 1e6, "rps": (events - first) / seconds, "foreign": max(0.0, (busy - used) / seconds),
            "p50_us": 0.0, "p99_us": 0.0, "opened": opened, "kib_per_stream": (memory - idle) / streams}


def answered_request(sock, request):
    """Sends one request and reads its answer to the end; the connection stays."""
    sock.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += sock.recv(65536)
    head, body = answer.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"content-length: *(\d+)", head, re.I).group(1))
    while len(body) < length:
        body += sock.recv(65536)
    return int(head.split()[1])


def idle(rig, proxy, connections):
    """Memory per connection that has had one answer of 1 KB and waits for its next request."""
    import socket
    path, model, size, _ = CASES["json 1 KB"]
    body = request_body(model, size, False)
    request = (f"POST {'/v1/chat/completions' if proxy.name != 'nginx' else path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
               f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
    warm_up(rig, proxy)
    before, cpu, open_ones = rss_kib(proxy.pids), cpu_seconds(proxy.pids), []
    for _ in range(connections):
        open_ones.append(socket.create_connection(("127.0.0.1", proxy.port), 10))
        if answered_request(open_ones[-1], request) != 200:
            sys.exit(f"{proxy.name} refused a request on an idle connection's way")
    memory = rss_kib(proxy.pids)
    used = cpu_seconds(proxy.pids) - cpu
    for sock in open_ones:
        sock.close()
    return {"cpu_us": used / connections * 1e6, "rps": 0.0, "foreign": 0.0, "p50_us": 0.0, "p99_us": 0.0,
            "opened": connections, "kib_per_stream": (memory - before) / connections}


def median(rows, key):
    return statistics.median(r[key] for r in rows)


def run_case(rig, case, rounds, measure, proxies):
    rows = {name: [] for name in proxies}
    ratios = {name: [] for name in proxies if name in ("gatehouse", "bare")}
    for _ in range(rounds):
        this = {}
        for name, launch in proxies.items():
            for _attempt in (1, 2):
                proxy = launch()
                result = measure(proxy)
                proxy.stop()
                if result["foreign"] <= FOREIGN_LIMIT:
                    break
            result["clean"] = result["foreign"] <= FOREIGN_LIMIT
            rows[name].append(result)
            this[name] = result["cpu_us"]
        for name, of_rounds in ratios.items():
            of_rounds.append(this[name] / this["nginx"])
    spread = {name: [statistics.median(values), min(values), max(values)] for name, values in ratios.items()}
    summary = {"case": case, "ratios": spread, "proxies": {}}
    for name, results in rows.items():
        clean = [r for r in results if r["clean"]] or results
        summary["proxies"][name] = {k: median(clean, k) for k in clean[0] if k not in ("clean",)}
        summary["proxies"][name]["dropped"] = len(results) - len([r for r in results if r["clean"]])
    print_summary(summary)
    return summary


def print_summary(summary):
    ratios = (f"{name} {of[0]:.2f} [{of[1]:.2f}..{of[2]:.2f}]" for name, of in summary["ratios"].items())
    print(f"\n{summary['case']}, x nginx: {', '.join(ratios)}")
    for name, row in summary["proxies"].items():
        extra = f"  {row['kib_per_stream']:.1f} KiB/stream ({row['opened']:.0f} open)" if "kib_per_stream" in row else ""
        print(f"  {name:10} {row['cpu_us']:8.1f} us CPU  {row['rps']:9.0f}/s  p50 {row['p50_us']:7.0f}  p99 {row['p99_us']:7.0f} us"
              f"  dropped {row['dropped']}{extra}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    # Two descriptors a stream, on both sides.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    only = [x for x in args.only.split(",") if x]
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-bench-"))
    rig = Rig(args.build.resolve(), scratch)
    plain = {"nginx": rig.nginx, "haproxy": rig.haproxy, "bare": rig.bare, "gatehouse": rig.gatehouse}
    secure = {"nginx": rig.nginx_tls, "haproxy": rig.haproxy_tls, "bare": rig.bare_tls, "gatehouse": rig.gatehouse_tls}
    summaries = []
    try:
        for case in CASES:
            if not only or case in only:
                proxies = secure if case.startswith("tls") else plain
                summaries.append(run_case(rig, case, args.rounds, lambda p, c=case: wrk(rig, p, c, args.seconds), proxies))
        if not only or "http/2 in" in only:
            rig.nginx().stop()
            h2 = {"nginx": rig.nginx_h2, "bare": rig.bare, "gatehouse": rig.gatehouse}
            summaries.append(run_case(rig, "http/2 in", args.rounds, lambda p: h2load(rig, p, args.seconds), h2))
        if not only or "sse paced" in only:
            summaries.append(run_case(rig, "sse paced", max(1, args.rounds // 2), lambda p: paced(rig, p, 500, args.seconds, 20), plain))
        # As many as the descriptors of one process allow, where that is fewer.
        for case, count in (("memory 1000", 1000), ("memory 10000", min(10000, (hard - 200) // 2))):
            if not only or case in only:
                two = {"nginx": rig.nginx, "bare": rig.bare, "gatehouse": rig.gatehouse}
                summaries.append(run_case(rig, case, 1, lambda p, n=count: paced(rig, p, n, 3, 1000), two))
        if not only or "memory idle" in only:
            two = {"nginx": rig.nginx, "bare": rig.bare, "gatehouse": rig.gatehouse}
            summaries.append(run_case(rig, "memory idle", 1, lambda p: idle(rig, p, 5000), two))
    finally:
        rig.close()
        shutil.rmtree(scratch, ignore_errors=True)
    if args.json:
        args.json.write_text(json.dumps(summaries, indent=1))


if __name__ == "__main__":
    main()
