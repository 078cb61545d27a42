#!/usr/bin/env python3
"""Drives a gateway that records its own profile through every kind of traffic that the benchmark knows.

usage: train.py --build DIR --helpers DIR [--seconds 3]

--build holds the instrumented gateway, --helpers the upstream and the stream clients (build/bench). The gateway writes
its profile when it ends, to where LLVM_PROFILE_FILE says. See scripts/profile.
"""
import argparse
import pathlib
import shutil
import tempfile

import compare
import governance


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--helpers", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, default=3)
    args = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-train-"))
    rig = compare.Rig(args.helpers.resolve(), scratch)
    rig.build = args.build.resolve()
    try:
        # One at a time: they share a folder.
        gateway = rig.gatehouse()
        for case in (name for name in compare.CASES if not name.startswith("tls")):
            print(f"{case}: {compare.wrk(rig, gateway, case, args.seconds)['rps']:.0f} requests/s", flush=True)
        print(f"http/2 in: {compare.h2load(rig, gateway, args.seconds)['rps']:.0f} requests/s", flush=True)
        gateway.stop()
        secure = rig.gatehouse_tls()
        for case in (name for name in compare.CASES if name.startswith("tls")):
            print(f"{case}: {compare.wrk(rig, secure, case, args.seconds)['rps']:.0f} requests/s", flush=True)
        secure.stop()
        bare = rig.bare()
        for case in ("json 1 KB", "json 8 KB", "sse burst of 50"):
            print(f"bare, {case}: {compare.wrk(rig, bare, case, args.seconds)['rps']:.0f} requests/s", flush=True)
        bare.stop()
        governed = governance.governed(rig.key_hash())
        for credential in (compare.KEY, governance.token()):
            proxy = rig.gatehouse(more=governed, credential=credential)
            for case in ("json 1 KB", "sse burst of 50"):
                print(f"governed, {case}: {compare.wrk(rig, proxy, case, args.seconds)['rps']:.0f} requests/s", flush=True)
            proxy.stop()
    finally:
        rig.close()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
