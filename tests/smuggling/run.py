#!/usr/bin/env python3
"""Sends each case of this folder to a live server and checks what comes back.

    run.py --port PORT [--host 127.0.0.1] [--only NAME]

Each case goes over a connection of its own, whole and then cut into single bytes. A rejected case must be answered
with the status of expected.txt and a closed connection, and nothing behind it may be served; an accepted one must be
answered as often as it says. The last line is the figure: cases that hold, of all.
"""
import argparse
import concurrent.futures
import pathlib
import re
import socket
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
TIMEOUT = 10.0
MAX_SINGLE_BYTES = 1500  # longer cases are cut into pieces of their length divided by this


def load_expected():
    for line in (FOLDER / "expected.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, expected = line.split(" ", 1)
            yield name, expected


def pieces_of(data, cut):
    if cut == "whole":
        return [data]
    size = max(1, len(data) // MAX_SINGLE_BYTES)
    return [data[i : i + size] for i in range(0, len(data), size)]


def exchange(host, port, data, cut):
    """What the server sends until it closes, or until it has been quiet for long enough after the last request."""
    received = b""
    with socket.create_connection((host, port), TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces_of(data, cut):
                connection.sendall(piece)
        except OSError:
            pass  # refused before the end: the answer is there
        connection.settimeout(1.0)
        try:
            while chunk := connection.recv(65536):
                received += chunk
            return received, "closed"
        except TimeoutError:
            return received, "open"
        except OSError:
            return received, "closed"


def split_answers(received):
    """The statuses of the answers, in order; bodies are skipped by their length."""
    statuses = []
    while received:
        head, separator, rest = received.partition(b"\r\n\r\n")
        match = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
        if not separator or not match:
            return statuses + ["garbage"]
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        if re.search(rb"(?im)^transfer-encoding: *chunked", head):
            rest = rest.partition(b"0\r\n\r\n")[2]
        elif length:
            rest = rest[int(length.group(1)) :]
        status = match.group(1).decode()
        if status != "100":
            statuses.append(status)
        received = rest
    return statuses


def complaint(expected, statuses, end):
    match = re.fullmatch(r"(?:accept (\d+))?(?: then )?(?:reject (\w+))?", expected)
    accepted, refused = int(match.group(1) or 0), match.group(2)
    wanted = accepted + (1 if refused else 0)
    if len(statuses) != wanted:
        return f"{len(statuses)} answers {statuses}, not {wanted}"
    if refused and not re.fullmatch(refused.replace("x", r"\d"), statuses[-1]):
        return f"status {statuses[-1]}, not {refused}"
    if refused and end != "closed":
        return "the connection stays open after a rejection"
    return None


def check(host, port, name, expected):
    data = (FOLDER / f"{name}.http").read_bytes()
    for cut in ("whole", "bytes"):
        received, end = exchange(host, port, data, cut)
        found = complaint(expected, split_answers(received), end)
        if found:
            return f"{name} ({cut}): expected {expected}: {found}"
    return None


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--only")
    options = arguments.parse_args()
    cases = [(name, expected) for name, expected in load_expected() if options.only in (None, name)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda case: check(options.host, options.port, *case), cases))
    failures = [result for result in results if result]
    for failure in failures:
        print(failure)
    print(f"{len(cases) - len(failures)} of {len(cases)} cases hold")
    sys.exit(1 if failures or not cases else 0)


if __name__ == "__main__":
    main()
