#!/usr/bin/python3
"""Compares our validators with python3-stdnum on random numbers, true ones, and true ones with a typing error.

usage: stdnum_test.py PII_VALIDATE [COUNT]      COUNT candidates of each kind, 600 by default; seeded, so repeatable
"""
import datetime
import hashlib
import importlib
import random
import string
import subprocess
import sys

import stdnum.iban
import stdnum.luhn

DIGITS, UPPER = string.digits, string.ascii_uppercase
ALNUM = DIGITS + UPPER
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
TODAY = datetime.date.today().year % 100

random.seed(5)


def digits(size):
    return "".join(random.choice(DIGITS) for _ in range(size))


def form(pattern):
    """9 a digit, A a letter, X either; anything else is itself."""
    pick = {"9": DIGITS, "A": UPPER, "X": ALNUM}
    return "".join(random.choice(pick[c]) if c in pick else c for c in pattern)


def dated(pattern):
    """DD MM YY and CCYY become those of some day, wrong ones among them."""
    year = random.randint(1900, 2029)
    for name, value in (("CCYY", f"{year:04}"), ("YY", f"{year % 100:02}"), ("MM", f"{random.randint(0, 13):02}"),
                        ("DD", f"{random.randint(0, 32):02}")):
        pattern = pattern.replace(name, value)
    return form(pattern)


def iban():
    country = random.choice(["DE", "GB", "FR", "NL", "PL", "NO", "MT", "IT", "CH", "XX", "SC", "AT", "PT"])
    bban = {"DE": "9" * 18, "GB": "AAAA" + "9" * 14, "FR": "9" * 10 + "X" * 11 + "99", "NL": "AAAA" + "9" * 10,
            "PL": "9" * 24, "NO": "9" * 11, "MT": "AAAA99999" + "X" * 18, "IT": "A" + "9" * 10 + "X" * 12,
            "CH": "9" * 5 + "X" * 12, "XX": "9" * 15, "SC": "AAAA" + "9" * 20 + "AAA", "AT": "9" * 16, "PT": "9" * 21}
    body = form(bban[country])
    value = int("".join(str(int(c, 36)) for c in body + country + "00"))
    return country + f"{98 - value % 97:02}" + body


def base58_address():
    payload = bytes([random.choice([0, 5])]) + random.randbytes(20)
    check = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    value, text = int.from_bytes(payload + check, "big"), ""
    while value:
        value, digit = divmod(value, 58)
        text = BASE58[digit] + text
    data = payload + check
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def is_iban(number):  # structure and check digits, without the checks inside some countries' account numbers
    return stdnum.iban.is_valid(number, check_country=False)


def is_npi(number):
    return number[0] in "12" and stdnum.luhn.is_valid("80840" + number)


# name -> (module of stdnum or a function made of it, a maker of candidates or several, what we refuse though stdnum does not and why,
#          what we take though stdnum does not and why)
never = (lambda n: False, "")
CASES = {
    "card": (stdnum.luhn.is_valid, [lambda: "4" + digits(15), lambda: "53" + digits(14), lambda: "37" + digits(13)],
             never, never),
    "iban": (is_iban, [iban], never, never),
    "us-npi": (is_npi, [lambda: random.choice("123") + digits(9)], never, never),
    "bic": ("bic", [lambda: form("AAAAAAXX"), lambda: form("AAAA") + random.choice(["DE", "FR", "US"]) + form("XXXXX")],
            (lambda n: True, "countries are those of ISO 3166"), never),
    "isin": ("isin", [lambda: random.choice(["US", "DE", "XS", "QQ"]) + form("XXXXXXXXX9")], never, never),
    "aba": ("us.rtn", [lambda: digits(9)],
            (lambda n: not (n[:2] <= "12" or "21" <= n[:2] <= "32" or "61" <= n[:2] <= "72" or n[:2] == "80"),
             "districts of the Federal Reserve"), never),
    "imei": ("imei", [lambda: digits(15)], never, never),
    "imsi": ("imsi", [lambda: digits(15)], never, never),
    "bitcoin": ("bitcoin", [base58_address], never, never),
    "us-ssn": ("us.ssn", [lambda: digits(9)],
               (lambda n: n == "123456789" or len(set(n)) == 1, "typed for want of one"), never),
    "us-itin": ("us.itin", [lambda: "9" + digits(8)], never,
                (lambda n: "50" <= n[3:5] <= "65", "groups given out since 2013")),
    "us-atin": ("us.atin", [lambda: "9" + digits(2) + random.choice(["93", "92"]) + digits(4)],
                (lambda n: n[0] != "9" or n[3:5] != "93", "stdnum checks the form alone"), never),
    "us-ein": ("us.ein", [lambda: digits(9)], never, never),
    "ca-sin": ("ca.sin", [lambda: digits(9)], (lambda n: n[0] == "8", "numbers of businesses"), never),
    "uk-nhs": ("gb.nhs", [lambda: digits(10)], never, never),
    "uk-utr": ("gb.utr", [lambda: digits(10)], never, never),
    "fr-nir": ("fr.nir", [lambda: random.choice("1234789") + form("99") + f"{random.randint(0, 60):02}" +
                          random.choice(["99", "2A", "2B", "75"]) + form("999999") + f"{random.randint(1, 97):02}"],
               (lambda n: n[0] not in "123478" or not ("01" <= n[3:5] <= "12" or "20" <= n[3:5] <= "42" or n[3:5] >= "50"),
                "sexes and months that are given out"), never),
    "fr-siren": ("fr.siren", [lambda: digits(9)], never, never),
    "de-tax-id": ("de.idnr", [lambda: "".join(random.sample(DIGITS, 9)) + digits(2), lambda: digits(11)], never, never),
    "es-dni": ("es.dni", [lambda: form("99999999A")], never, never),
    "es-nie": ("es.nie", [lambda: random.choice("XYZW") + form("9999999A")], never, never),
    "it-fiscal-code": ("it.codicefiscale",
                       [lambda: form("AAAAAA99") + random.choice("ABCDEHLMPRST") + form("99A999A"),
                        lambda: form("AAAAAA9") + random.choice("LMNPQRSTUV") + "A" + form("99A999A")], never, never),
    "it-vat": ("it.iva", [lambda: digits(7) + "0" + digits(3)], never, never),
    "nl-bsn": ("nl.bsn", [lambda: digits(9)], never, never),
    "be-nn": ("be.nn", [lambda: digits(9) + f"{random.randint(1, 97):02}"], never,
              (lambda n: int(n[:2]) > TODAY, "no clock: a number of this century may be of any year")),
    "pt-nif": ("pt.nif", [lambda: digits(9)], never, never),
    "hr-oib": ("hr.oib", [lambda: digits(11)], never, never),
    "ro-cnp": ("ro.cnp", [lambda: dated(random.choice(DIGITS) + "YYMMDD999999")], never, never),
    "gr-amka": ("gr.amka", [lambda: dated("DDMMYY99999")], never, never),
    "ie-pps": ("ie.pps", [lambda: form("9999999A"), lambda: form("9999999A") + random.choice("AHWTXZ")], never, never),
    "at-vnr": ("at.vnr", [lambda: digits(10)], never, never),
    "lu-vat": ("lu.tva", [lambda: digits(8)], never, never),
    "pl-pesel": ("pl.pesel", [lambda: digits(2) + f"{random.randint(0, 99):02}{random.randint(0, 32):02}" + digits(5)],
                 never, never),
    "pl-nip": ("pl.nip", [lambda: digits(10)], never, never),
    "se-personnummer": ("se.personnummer", [lambda: dated("YYMMDD9999"), lambda: dated("CCYYMMDD9999")], never, never),
    "fi-hetu": ("fi.hetu", [lambda: dated("DDMMYY") + random.choice("+-AB") + form("999") +
                            random.choice("0123456789ABCDEFHJKLMNPRSTUVWXY")], never,
                (lambda n: n[6] in "BCDEFUVWXY", "signs of centuries added in 2023")),
    "dk-cpr": ("dk.cpr", [lambda: dated("DDMMYY9999")], never,
               (lambda n: True, "no clock: not yet born is not seen")),
    "no-fodselsnummer": ("no.fodselsnummer", [lambda: dated("DDMMYY99999")], never,
                         (lambda n: int(n[4:6]) >= TODAY, "no clock: not yet born is not seen")),
    "ch-ahv": ("ch.ssn", [lambda: random.choice(["756", "756", "755"]) + digits(10)], never, never),
    "in-aadhaar": ("in_.aadhaar", [lambda: digits(12)], never, never),
    "in-pan": ("in_.pan", [lambda: form("AAAAA9999A")], never, never),
    "in-gstin": ("in_.gstin", [lambda: f"{random.randint(0, 40):02}" + form("AAA") + random.choice("PCX") + form("A9999AX") +
                               "Z" + form("X")], never, never),
    "in-voter": ("in_.epic", [lambda: form("AAA9999999")], never, never),
    "au-tfn": ("au.tfn", [lambda: digits(9), lambda: digits(8)], never, never),
    "au-abn": ("au.abn", [lambda: digits(11)], never, never),
    "au-acn": ("au.acn", [lambda: digits(9)], never, never),
    "br-cpf": ("br.cpf", [lambda: digits(11)], never, never),
    "br-cnpj": ("br.cnpj", [lambda: digits(14)], never, never),
    "mx-curp": ("mx.curp", [lambda: form("AAAA") + dated("YYMMDD") + random.choice("HMX") +
                            random.choice(["NE", "DF", "ZZ"]) + form("AAAX9")], never,
                (lambda n: True, "four letters that would spell a rude word are not looked at")),
    "cl-rut": ("cl.rut", [lambda: digits(8), lambda: digits(8) + random.choice(DIGITS + "K")], never, never),
    "ar-cuit": ("ar.cuit", [lambda: random.choice(["20", "27", "30", "21"]) + digits(9)], never, never),
    "cn-ric": ("cn.ric", [lambda: random.choice(["360426", "110101", "990426"]) + dated("CCYYMMDD999") +
                          random.choice(DIGITS + "X")], never, never),
    "kr-rrn": ("kr.rrn", [lambda: dated("YYMMDD9999999")], never, never),
    "jp-cn": ("jp.cn", [lambda: digits(13)], never, never),
    "tr-tckn": ("tr.tckimlik", [lambda: digits(11)], never, never),
    "il-id": ("il.idnr", [lambda: digits(9)], never, never),
    "za-id": ("za.idnr", [lambda: dated("YYMMDD9999") + random.choice("012") + digits(2)], never, never),
    "nz-ird": ("nz.ird", [lambda: digits(8), lambda: "1" + digits(8)], never, never),
}

# What stdnum does not have, or has without what makes the difference; these have published examples in
# src/inspect/pii/validators_test.cc instead.
ABSENT = {
    "vin": "not in 1.18", "ethereum": "not in 1.18", "us-dea": "not in 1.18", "us-mbi": "not in 1.18",
    "uk-nino": "not in 1.18", "uk-driving-licence": "not in 1.18", "de-social-security": "not in 1.18",
    "de-id-card": "not in 1.18", "au-medicare": "not in 1.18",
}

def candidates(makers, is_valid, count):
    """As many as asked for: some from the makers as they come, true ones, and true ones with one place changed."""
    found, truth = [], []
    for i in range(40 * count):
        candidate = makers[i % len(makers)]()
        if len(found) < count // 2:
            found.append(candidate)
        if is_valid(candidate) and len(truth) < count // 4:
            truth.append(candidate)
        if len(truth) >= count // 4:
            break
    for number in truth:
        at = random.randrange(len(number))
        pool = DIGITS if number[at] in DIGITS else UPPER if number[at] in UPPER else number[at]
        found += [number, number[:at] + random.choice(pool) + number[at + 1:]]
    return found, len(truth)


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 600
    questions, expected, short = [], [], []
    for name, (module, makers, stricter, laxer) in CASES.items():
        is_valid = module if callable(module) else importlib.import_module("stdnum." + module).is_valid
        numbers, true = candidates(makers, is_valid, count)
        if true < 20:
            short.append(f"{name}: only {true} valid candidates")
        for number in numbers:
            questions.append((name, number))
            expected.append((is_valid(number), stricter, laxer))
    lines = "".join(f"{name} {number}\n" for name, number in questions)
    answers = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.split()
    assert len(answers) == len(questions), (len(answers), len(questions))
    faults, differences = [], {}
    for (name, number), (theirs, stricter, laxer), answer in zip(questions, expected, answers):
        ours = answer == "1"
        if answer == "?":
            faults.append(f"{name}: no such validator")
        elif ours != theirs:
            allowed, why = (stricter if theirs else laxer)
            if allowed(number):
                differences[(name, why)] = differences.get((name, why), 0) + 1
            else:
                faults.append(f"{name} {number}: ours {ours}, stdnum's {theirs}")
    for (name, why), times in sorted(differences.items()):
        print(f"differs on purpose: {name}, {times} times: {why}")
    for name, why in sorted(ABSENT.items()):
        print(f"not compared: {name}: {why}")
    for fault in faults[:30] + short:
        print(fault)
    print(f"{len(questions)} numbers for {len(CASES)} validators; {len(faults)} differ")
    sys.exit(bool(faults or short))


if __name__ == "__main__":
    main()
