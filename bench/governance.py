#!/usr/bin/env python3
"""What governance adds to a request, as a part of what nginx spends on one.

usage: governance.py --build DIR [--rounds 9] [--seconds 2] [--json FILE]

The same gateway serves the same 1 KB requests with accounting off and one key (bare), and governed: a virtual key or a cached access
token at the end of a tree of five levels with a budget on each, twenty rules, rate limits by key, team, model and provider, and a row
in the ledger for every request; inspection, which guard.py measures, and the record are off in both. The three take turns with nginx as
in compare.py; the figure is (governed - bare) / nginx, of the least that each took.
"""
import base64
import hashlib
import hmac
import json
import time

import turns

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
    args = turns.arguments(__doc__, rounds=9)
    case = "json 1 KB"
    with turns.rig_of(args) as rig:
        hashed = rig.key_hash()
        costs = turns.take(rig, args, {
            "nginx": rig.nginx,
            "bare": rig.bare,
            "key": lambda: rig.gatehouse(more=governed(hashed)),
            "token": lambda: rig.gatehouse(more=governed(hashed), credential=token()),
        }, [case])
    costs.print()
    parts = {name: costs.part(case, name, "bare") for name in ("key", "token")}
    print(f"  governed - bare, as a part of nginx: {turns.said(parts['key'])} by key, {turns.said(parts['token'])} by token")
    turns.keep(args, {"least_us": costs.leasts()[case], "median_us": costs.medians()[case], "parts": parts})


if __name__ == "__main__":
    main()
