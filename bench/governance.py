#!/usr/bin/env python3
"""What governance adds to a request, as a part of what nginx spends on one.

usage: governance.py --build DIR [--rounds 9] [--seconds 2] [--json FILE]

The same gateway serves the same 1 KB requests with accounting off and one key (bare), and governed: a virtual key or a cached access
token at the end of a tree of five levels with a budget on each, twenty rules, rate limits by key, team, model and provider, and a row
in the ledger for every request; inspection, which guard.py measures, and the record are off in both. The three take turns with nginx as
in compare.py; the figure is (governed - bare) / nginx, of medians.
"""
import argparse
import base64
import hashlib
import hmac
import json
import pathlib
import shutil
import statistics
import tempfile
import time

import compare

SECRET = "bench-secret-of-more-than-32-bytes!"
ISSUER = "https://issuer.bench"


def rules():
    """Twenty, of the kinds that people write; none of them refuses the request that is made."""
    kinds = [
        "request.model.startsWith('secret-{i}') && principal.team != 'team-{i}'",
        "request.message_count > {i}00 || request.has_images",
        "time.hour < 0 && !('group-{i}' in principal.groups)",
        "principal.project == 'closed-{i}'",
    ]
    lines = [f'    - {{ id: rule-{i}, when: "{kinds[i % len(kinds)].format(i=i + 1)}", effect: deny, message: Not here. }}' for i in range(20)]
    return "policies:\n  rules:\n" + "\n".join(lines) + "\n"


def budgets():
    nodes = ["acme", "acme/search", "acme/search/prod", "acme/search/prod/app:checkout", "acme/search/prod/app:checkout/key:bench"]
    return "budgets:\n" + "".join(f"  - {{ node: '{node}', name: level-{i}, usd: 1000000, per: month }}\n" for i, node in enumerate(nodes))


def rate_limits():
    limits = ["each: key", "node: acme/search", "models: [json-*]", "provider: json-1024"]
    return "rate_limits:\n" + "".join(
        f"  - {{ name: rate-{i}, {limit}, requests_per_minute: 100000000 }}\n" for i, limit in enumerate(limits))


def governed(key_hash):
    return (
        "guard: { enabled: false }\nrecord: { enabled: false }\nprices: { unknown: default, default: { input: 1, output: 4 } }\n"
        "tenants:\n  - name: acme\n    teams:\n      - name: search\n        projects:\n          - name: prod\n"
        f"            apps: [ {{ name: checkout, keys: [ {{ name: bench, hash: '{key_hash}' }} ] }} ]\n"
        f"identity:\n  issuers:\n    - {{ issuer: '{ISSUER}', organization: acme, audiences: [gatehouse], algorithms: [HS256], types: [at+jwt],\n"
        f"        shared_secret: '{SECRET}', others: admit, team: search, project: prod, kind: application }}\n"
    ) + budgets() + rules() + rate_limits()


def token():
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "gatehouse", "sub": "checkout", "client_id": "checkout", "iat": now, "exp": now + 3600}
    signed = part(json.dumps({"alg": "HS256", "typ": "at+jwt"}).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest())).decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-bench-"))
    rig = compare.Rig(args.build.resolve(), scratch)
    hashed = rig.key_hash()
    launches = {
        "nginx": rig.nginx,
        "bare": rig.bare,
        "key": lambda: rig.gatehouse(more=governed(hashed)),
        "token": lambda: rig.gatehouse(more=governed(hashed), credential=token()),
    }
    costs = {name: [] for name in launches}
    try:
        for _ in range(args.rounds):
            for name, launch in launches.items():
                proxy = launch()
                result = compare.wrk(rig, proxy, "json 1 KB", args.seconds)
                proxy.stop()
                if result["foreign"] <= compare.FOREIGN_LIMIT:
                    costs[name].append(result["cpu_us"])
    finally:
        rig.close()
        shutil.rmtree(scratch, ignore_errors=True)
    median = {name: statistics.median(values) if values else 0.0 for name, values in costs.items()}
    spread = {name: [min(values), max(values)] for name, values in costs.items() if values}
    parts = {name: (median[name] - median["bare"]) / median["nginx"] for name in ("key", "token")}
    for name, value in median.items():
        print(f"  {name:6} {value:6.1f} us CPU  {spread.get(name)}  {len(costs[name])} clean rounds")
    print(f"  governed - bare, as a part of nginx: {parts['key']:.2f} by key, {parts['token']:.2f} by token")
    if args.json:
        args.json.write_text(json.dumps({"median_us": median, "spread_us": spread, "parts": parts}, indent=1))


if __name__ == "__main__":
    main()
