#!/usr/bin/env python3
"""The commands of `gatehouse audit`, each with what it prints and how it ends.

usage: commands_test.py RECORD_PROGRAM GATEHOUSE FOLDER
"""
import csv
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys

program, gatehouse, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
log = folder / "log"
subprocess.run([program, "load", log, "300", "120", "1"], check=True, stdout=subprocess.DEVNULL)
END = ('{"v":1,"t":"req.end","seq":301,"ts":4102444800123456,"node":"gw 1","id":"req_7","surface":"openai.chat","op":"chat",'
       '"decision":"deny","status":403,"sub":"12","note":"a \\"quoted\\", text"}')
subprocess.run([program, "append", log, END], check=True)
checks = 0


def run(*words, status=0):
    global checks
    ran = subprocess.run([gatehouse, "audit", *map(str, words)], capture_output=True, text=True)
    assert ran.returncode == status, f"audit {words}: {ran.returncode}, not {status}: {ran.stdout}{ran.stderr}"
    assert "PRIVATE" not in ran.stdout + ran.stderr
    checks += 1
    return ran.stdout


run(status=1)
run("verify", status=1)
run("verify", "--log", log, "--bogus", "1", status=1)
assert "verify-proof" in run("--help")
run("verify", "--log", folder / "nowhere", status=4)

report = json.loads(run("verify", "--log", log, "--json"))
assert report["verdict"] == "holds" and report["size"] == 302 and report["keys_from_folder"], report
assert "holds" in run("verify", "--log", log, "--key", log / "keys").split("\n")[-2]
assert json.loads(run("verify", "--log", log, "--from", 10, "--to", 20, "--json"))["entries"] == 256

assert run("show", "req_7", "--log", log) == END + "\n"
assert run("show", 301, "--log", log) == END + "\n"
run("show", 302, "--log", log, status=4)
run("show", "req_8", "--log", log, status=4)

proof = folder / "a.tlog-proof"
run("prove", "req_7", "--log", log, "--out", proof)
assert run("verify-proof", proof, "--key", log / "keys") == END + "\n"
other = folder / "other"
other.write_text("{}")
run("verify-proof", proof, "--key", log / "keys", "--entry", other, status=2)
run("verify-proof", proof, "--key", "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", status=2)
proof.write_text(proof.read_text().replace("index 301", "index 300"))
run("verify-proof", proof, "--key", log / "keys", status=2)
proof.write_text("nothing")
run("verify-proof", proof, "--key", log / "keys", status=4)

lines = [json.loads(line) for line in run("export", "--log", log, "--format", "jsonl").splitlines()]
assert [line["index"] for line in lines] == list(range(302)) and lines[301]["entry"] == json.loads(END)
rows = list(csv.DictReader(io.StringIO(run("export", "--log", log, "--format", "csv", "--from", 300))))
assert len(rows) == 2 and rows[1]["entry"] == END and rows[1]["decision"] == "deny" and rows[1]["id"] == "req_7", rows
ocsf = [json.loads(line) for line in run("export", "--log", log, "--format", "ocsf", "--from", 301).splitlines()]
assert ocsf[0]["class_uid"] == 6003 and ocsf[0]["type_uid"] == 600302 and ocsf[0]["time"] == 4102444800123, ocsf
assert ocsf[0]["status_id"] == 2 and ocsf[0]["unmapped"]["entry"] == json.loads(END)
syslog = run("export", "--log", log, "--format", "syslog", "--from", 301)
form = r'<108>1 2100-01-01T00:00:00\.123Z gw_1 gatehouse - req\.end \[record@32473 log="record\.example/proof" index="301" id="req_7"\] \ufeff\{'
assert re.match(form, syslog), syslog
run("export", "--log", log, "--format", "xml", status=1)

assert END in run("search", "--log", log, "--id", "req_7")
assert END in run("search", "--log", log, "--decision", "deny", "--since", "2099-01-01T00:00:00Z", "--status", "403")
run("search", "--log", log, "--id", "req_8", status=3)
run("search", "--log", log, "--since", "yesterday", status=1)
run("reindex", "--log", log)
assert END in run("search", "--log", log, "--principal", "12", "--type", "req.end", "--json")

secret, state, cosigned = folder / "w.key", folder / "state", folder / "cosigned"
vkey = run("witness", "new-key", "witness.example/1", "--out", secret).strip()
assert (secret.stat().st_mode & 0o777) == 0o600
run("witness", "new-key", "witness.example/1", "--out", secret, status=4)
cosign = ("witness", "cosign", "--log", log, "--key", log / "keys", "--state", state, "--secret", secret)
run(*cosign, "--out", cosigned)
witnessed = ("verify", "--log", log, "--key", log / "keys", "--witness", vkey, "--quorum", "1")
run(*witnessed, status=3)
run(*witnessed, "--seen", cosigned)
shutil.copytree(log, folder / "old")
subprocess.run([program, "append", log, "{}"], check=True)
run(*cosign)
run(*witnessed, "--seen", cosigned, status=3)
shutil.rmtree(log)
shutil.copytree(folder / "old", log)
run(*cosign, status=2)  # rewound
print(f"{checks} commands did what they say")
