"""Ways to write a text that a model still reads. Each takes a text and a random source and yields variants.

Written against the definitions of the encodings alone: nothing here is shared with what undoes them.
"""
import base64
import codecs

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e"
BIDI = "\u202a\u202b\u202d\u2066\u2067\u2068"
LOOKALIKES = {
    "a": "\u0430\u0251\u03b1", "b": "\u042c", "c": "\u0441\u03f2", "d": "\u0501", "e": "\u0435", "g": "\u0261", "h": "\u04bb",
    "i": "\u0456\u03b9", "j": "\u0458", "k": "\u043a", "l": "\u04cf", "m": "\u043c", "n": "\u0578", "o": "\u043e\u03bf\u0585",
    "p": "\u0440\u03c1", "q": "\u051b", "r": "\u0433", "s": "\u0455", "t": "\u0442", "u": "\u057d\u03c5", "v": "\u03bd\u0475",
    "w": "\u051d", "x": "\u0445", "y": "\u0443", "A": "\u0410\u0391", "B": "\u0412\u0392", "C": "\u0421", "E": "\u0415\u0395",
    "H": "\u041d\u0397", "I": "\u0406\u0399", "J": "\u0408", "K": "\u041a\u039a", "M": "\u041c\u039c", "N": "\u039d",
    "O": "\u041e\u039f", "P": "\u0420\u03a1", "S": "\u0405", "T": "\u0422\u03a4", "X": "\u0425\u03a7", "Y": "\u03a5", "Z": "\u0396",
}
ACCENTED = {"a": "\u00e0\u00e2\u00e4\u0101", "c": "\u00e7\u0107", "e": "\u00e8\u00ea\u00eb\u0113", "i": "\u00ec\u00ef\u012b",
            "n": "\u00f1\u0144", "o": "\u00f2\u00f4\u00f6\u014d", "s": "\u015b\u0161", "u": "\u00f9\u00fb\u00fc", "y": "\u00ff", "z": "\u017e"}
LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7"}


def zero_width(text, rng):
    yield "".join(c + rng.choice(ZERO_WIDTH) for c in text)
    yield "".join(c + (rng.choice(ZERO_WIDTH) if i % 3 == 1 else "") for i, c in enumerate(text))


def bidi(text, rng):
    yield "".join(rng.choice(BIDI) + c + "\u202c" for c in text)
    yield "\u202e" + text[::-1] + "\u202c"


def homoglyphs(text, rng):
    yield "".join(rng.choice(LOOKALIKES[c]) if c in LOOKALIKES else c for c in text)
    yield "".join(rng.choice(LOOKALIKES[c]) if c in LOOKALIKES and rng.random() < 0.4 else c for c in text)


def wide(text, _):
    yield "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else ("\u3000" if c == " " else c) for c in text)
    bold = {**{chr(97 + i): chr(0x1D41A + i) for i in range(26)}, **{chr(65 + i): chr(0x1D400 + i) for i in range(26)},
            **{chr(48 + i): chr(0x1D7CE + i) for i in range(10)}}
    yield "".join(bold.get(c, c) for c in text)


def tags(text, _):
    yield "\U0001f600" + "".join(chr(0xE0000 + ord(c)) for c in text)


def variation_selectors(text, rng):
    yield "".join(c + chr(0xFE00 + rng.randrange(16)) for c in text)
    yield "\U0001f600" + "".join(chr(0xE0100 + ord(c) - 16) for c in text)


def leet(text, rng):
    yield "".join(rng.choice(LEET[c.lower()]) if c.lower() in LEET else c for c in text)
    yield "".join(LEET[c.lower()][0] if c.lower() in LEET and c.lower() in "eio" else c for c in text)


def spaced(text, _):
    yield "   ".join(" ".join(word) for word in text.split(" "))
    yield " ".join("-".join(word) for word in text.split(" "))
    yield " ".join(".".join(word) for word in text.split(" "))


def base64_text(text, _):
    yield base64.b64encode(text.encode()).decode()
    yield base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def hexadecimal(text, _):
    yield text.encode().hex()
    yield text.encode().hex(" ")


def turned(text, _):
    yield codecs.encode(text, "rot13")
    yield text[::-1]


def escapes(text, _):
    yield "".join(f"%{ord(c):02X}" for c in text)
    yield "".join(f"&#{ord(c)};" for c in text)
    yield "".join(f"\\u{ord(c):04x}" for c in text)


def case_flips(text, rng):
    yield "".join(c.upper() if i % 2 else c.lower() for i, c in enumerate(text))
    yield "".join(rng.choice([c.upper(), c.lower()]) for c in text)


def diacritics(text, rng):
    yield "".join(c + (chr(0x300 + rng.randrange(0x30)) if c.isalpha() else "") for c in text)
    yield "".join(rng.choice(ACCENTED[c]) if c in ACCENTED else c for c in text)


# Letters for digits and capitals for small ones make another secret or number of what they are applied to: those are
# for phrases, which stay what they are.
ALL = {"zero-width": zero_width, "bidi": bidi, "homoglyphs": homoglyphs, "full-width": wide, "tags": tags,
       "variation selectors": variation_selectors, "leet": leet, "spaced": spaced, "base64": base64_text,
       "hex": hexadecimal, "rot13, reversed": turned, "escapes": escapes, "case": case_flips, "diacritics": diacritics}
PHRASES_ONLY = {"leet", "case"}
