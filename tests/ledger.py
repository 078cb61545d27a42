"""Reads the rows of a ledger, as docs/formats/ledger_row.md describes them."""
import sqlite3

USAGE = ["input", "cache_read", "cache_write_5m", "cache_write_30m", "cache_write_1h", "cache_write_12h", "input_audio", "tool_input",
         "output", "reasoning", "output_audio", "server_tool_calls"]
TEXTS = ["request_id", "price", "organization", "team", "project", "name", "key_id", "operation", "ending", "error", "attempts", "rule"]
OUTCOMES = ["ok", "failed", "denied", "in_doubt"]
BASES = ["nothing", "provider", "estimated", "worst_case"]
EFFECTS = ["allow", "restrict", "challenge", "deny"]


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def piece(self):
        size = self.number()
        self.at += size
        return self.data[self.at - size:self.at]

    def text(self):
        return self.piece().decode()

    def known(self, pieces):
        """A piece by its place among those before, or the next one."""
        place = self.number()
        if place == len(pieces):
            pieces.append(self.piece())
        return pieces[place]


def row(data):
    bytes_ = Bytes(data)
    assert bytes_.number() == 1, "another version"
    said = {"chain": [(bytes_.number(), bytes_.number()) for _ in range(bytes_.number())]}
    for name in ("surface", "model", "provider", "upstream_model"):
        said[name] = bytes_.text()
    said["outcome"] = OUTCOMES[bytes_.number()]
    said["admitted_ms"] = bytes_.number()
    for name in USAGE:
        said[name] = bytes_.number()
    said["source"], said["basis"] = bytes_.number(), BASES[bytes_.number()]
    said["cost_nano_usd"], said["duration_us"] = bytes_.number(), bytes_.number()
    for name in TEXTS:
        said[name] = bytes_.text()
    said["effect"] = EFFECTS[bytes_.number()]
    for name in ("attempt_count", "status", "first_event_us", "bytes_in", "bytes_out"):
        said[name] = bytes_.number()
    assert bytes_.at == len(data), "more than a row"
    return said


def rows_in(content):
    """The rows of one block."""
    assert content[0] == 2, "another version"
    bytes_, keys, names = Bytes(content), [], []
    bytes_.at = 1
    while bytes_.at < len(content):
        bytes_.number()  # in the journal, less the one before
        yield row(bytes_.known(keys) + bytes_.piece() + bytes_.known(names) + bytes_.piece())


def rows(path):
    """All rows of a database file, in the order in which they were written."""
    for (content,) in sqlite3.connect(path).execute("SELECT content FROM exchange_block ORDER BY rowid"):
        yield from rows_in(content)
