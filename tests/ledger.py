"""Reads the rows of a ledger, as docs/formats/ledger_row.md describes them."""
import sqlite3

USAGE = ["input", "cache_read", "cache_write_5m", "cache_write_30m", "cache_write_1h", "cache_write_12h", "input_audio", "tool_input",
         "output", "reasoning", "output_audio", "server_tool_calls"]
TEXTS = ["request_id", "price", "organization", "team", "project", "name", "key_id", "operation", "ending", "error", "attempts", "rule"]
OUTCOMES = ["ok", "failed", "denied", "in_doubt"]
BASES = ["nothing", "provider", "estimated", "worst_case"]
EFFECTS = ["allow", "restrict", "challenge", "deny"]
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


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


def leb128(value):
    out = bytearray()
    while value >= 0x80:
        out.append(0x80 | value & 0x7F)
        value >>= 7
    return bytes(out + bytes([value]))


class Block:
    """A block on its way through its bytes; each row is put together again as the bytes it was made of."""

    def __init__(self, content):
        assert content[0] == 3, "another version"
        self.bytes = Bytes(content)
        self.bytes.at = 1
        self.keys, self.names = [], []
        self.admitted = self.shape = 0

    def difference(self):
        number = self.bytes.number()
        return (number >> 1) ^ -(number & 1)

    def request_id(self):
        if not self.shape >> 16 & 1:
            return self.bytes.piece()
        numbers = [(self.admitted + self.difference(), 10)]
        for _ in range(2):
            numbers.append((int.from_bytes(self.bytes.data[self.bytes.at:self.bytes.at + 5], "little"), 8))
            self.bytes.at += 5
        digits = "".join(DIGITS[number >> 5 * place & 31] for number, size in numbers for place in reversed(range(size)))
        return ("req_" + digits).encode()

    def figures(self):
        self.admitted += self.difference()
        numbers = [self.admitted]
        numbers += [self.bytes.number() if self.shape >> i & 1 else 0 for i in range(len(USAGE))]
        numbers += [self.shape >> 12 & 3, self.shape >> 14 & 3, self.bytes.number(), self.bytes.number()]
        request_id = self.request_id()
        return b"".join(map(leb128, [*numbers, len(request_id)])) + request_id

    def rows(self):
        while self.bytes.at < len(self.bytes.data):
            self.difference()  # of the numbers in the journal
            self.shape ^= self.bytes.number()
            yield row(self.bytes.known(self.keys) + self.figures() + self.bytes.known(self.names) + self.bytes.piece())


def rows_in(content):
    """The rows of one block."""
    return Block(content).rows()


def rows(path):
    """All rows of a database file, in the order in which they were written."""
    for (content,) in sqlite3.connect(path).execute("SELECT content FROM exchange_block ORDER BY rowid"):
        yield from rows_in(content)
