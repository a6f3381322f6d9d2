"""Secrets and long values from the doors to the disk and back: sealed, attached, read, erased, verified; killed in between."""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from server import STELE, Server, expect, expect_equal

SECRET = "correct-horse-battery"


def event(**members) -> dict:
    return {"time": "2026-11-23T16:20:00Z", "actor": {"type": "user", "id": "ada"}, "action": "a.b", **members}


def native(server: Server, *events: dict) -> list[dict]:
    status, _, body = server.post("/api/v1/events?source=app&results=entries", b"\n".join(json.dumps(e).encode() for e in events),
                                  {"Content-Type": "application/x-ndjson"})
    expect_equal(status, 200, "the status of a delivery: " + body.decode()[:300])
    return [json.loads(one["entry"]) for one in json.loads(body)["results"]]


def value(server: Server, kind: str, commitment: str) -> tuple[int, bytes, bytes]:
    """(status, salt, bytes)."""
    path = f"{server.url}/log/main/{kind}/{urllib.parse.quote(commitment, safe='')}"
    try:
        with urllib.request.urlopen(path, timeout=30) as answer:
            return answer.status, base64.b64decode(answer.headers["Stele-Salt"]), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b"", error.read()


def check_commitment(server: Server, kind: str, reserved: dict, plain: bytes) -> None:
    status, salt, got = value(server, kind, reserved["commitment"])
    expect_equal(status, 200, f"reading a value that is kept apart ({kind})")
    expect_equal(got, plain, f"what is kept apart ({kind})")
    expect_equal(reserved["bytes"], len(plain), "the length that the entry tells")
    digest = hashlib.sha256(f"stele/{kind}/v1\n".encode() + salt + got).digest()
    expect_equal(base64.b64encode(digest).decode(), reserved["commitment"], "the commitment, computed anew")


def nowhere_on_disk(server: Server, text: str) -> None:
    for path in server.data.rglob("*"):
        try:
            if path.is_file() and text.encode() in path.read_bytes():
                sys.exit(f"FAILED: {text!r} stands in clear in {path}")
        except FileNotFoundError:  # replaced just then
            continue


def stele(*args: str) -> subprocess.CompletedProcess:
    return subprocess.run([STELE, *args], capture_output=True)


def verified(server: Server, wanted: int, what: str) -> dict:
    done = stele("verify", "--data", str(server.data), "--json")
    expect_equal(done.returncode, wanted, what + ": " + done.stdout.decode()[-1500:] + done.stderr.decode())
    return json.loads(done.stdout)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))

        # A secret value, and a secret in a text.
        one, two = native(server, event(id="e1", attributes={"password": SECRET, "n": 1}),
                          event(id="e2", message=f"login with password={SECRET} failed"))
        check_commitment(server, "sealed", one["event"]["attributes"]["password"]["$sealed"], json.dumps(SECRET).encode())
        expect_equal(two["event"]["message"], "login with password=[sealed] failed", "the masked text")
        expect_equal((one["derived"]["redacted"], two["derived"]["redacted"]), (1, 1), "how many secrets there were")
        status, _, sealed = value(server, "sealed", two["original"]["$sealed"]["commitment"])
        expect(status == 200 and SECRET in sealed.decode(), "the sealed original has the secret")

        # The same over another door, and something too long.
        line = f"<13>Nov 23 16:20:00 web-1 app: token={SECRET}"
        status, _, _ = server.post("/api/v1/collect/json?source=doc", json.dumps({"line": line}).encode(), {})
        expect_equal(status, 200, "a document with a secret")
        long_text = "ä" * 300_000
        three, = native(server, event(id="e3", message=long_text, attributes={"small": "x"}))
        reserved = three["event"]["message"]["$attachment"]
        check_commitment(server, "attachment", reserved, json.dumps(long_text, ensure_ascii=True).encode())
        expect(reserved["head"].startswith("\"\\u00e4"), "an attachment has a readable head")
        expect(three["event"]["attributes"] == {"small": "x"}, "nothing else moved out")
        nowhere_on_disk(server, SECRET)

        # A repeat is one, though it was committed to with another salt; other bytes under its id are a conflict.
        again = event(id="e2", message=f"login with password={SECRET} failed")
        status, _, body = server.post("/api/v1/events?source=app", json.dumps(again).encode(), {})
        expect(status == 200 and json.loads(body)["results"][0].get("repeated") is True, "a repeat with a secret is recognised")
        other = event(id="e2", message="login with password=another-secret-x failed")
        status, _, body = server.post("/api/v1/events?source=app", json.dumps(other).encode(), {})
        expect_equal((status, json.loads(body)["results"][0]["error"]["code"]), (400, "id_conflict"), "another secret under the same id")
        again = event(id="e3", message=long_text, attributes={"small": "x"})
        status, _, body = server.post("/api/v1/events?source=app", json.dumps(again).encode(), {})
        expect(json.loads(body)["results"][0].get("repeated") is True, "a repeat with an attachment is recognised")

        # What was acknowledged is there after a kill.
        server.kill()
        server.start()
        check_commitment(server, "attachment", reserved, json.dumps(long_text).encode())
        four, = native(server, event(id="e4", attributes={"api_key": SECRET}))
        verified(server, 0, "a log with values kept apart verifies")

        # Opening is on record, before the value is given out.
        opened = [e["event"] for e in server.entries() if e["event"]["action"] == "stele.value.opened"]
        first = one["event"]["attributes"]["password"]["$sealed"]["commitment"]
        expect(len(opened) >= 2 and opened[0]["attributes"]["commitment"] == first,
               "that a sealed value was opened is an entry")

        # Erased, as an act of its own; the proof survives.
        commitment = four["event"]["attributes"]["api_key"]["$sealed"]["commitment"]
        done = stele("open", "--data", str(server.data), commitment)
        expect_equal((done.returncode, done.stdout), (0, json.dumps(SECRET).encode() + b"\n"), "stele open")
        done = stele("erase", "--data", str(server.data), commitment, "--reason", "asked for by ada")
        expect_equal(done.returncode, 0, "stele erase: " + done.stderr.decode())
        expect_equal(value(server, "sealed", commitment)[0], 404, "reading what was erased")
        done = stele("open", "--data", str(server.data), commitment)
        expect(done.returncode == 1 and b"erased" in done.stderr, "stele open says that it was erased: " + done.stderr.decode())
        erased = [e for e in server.entries() if e["event"]["action"] == "stele.value.erased"]
        expect(len(erased) == 1 and erased[0]["event"]["attributes"]["reason"] == "asked for by ada", "that it was erased is an entry")
        report = verified(server, 0, "a log with an erased value verifies")
        expect_equal((report["apart_erased"], report["findings"]), (1, []), "what verify says of it")
        server.kill()
        server.start()
        expect_equal(value(server, "sealed", commitment)[0], 404, "reading what was erased, after a restart")
        for wrong, why in (("0" * 64, 404), ("nonsense", 400), ("", 404)):
            expect_equal(value(server, "sealed", wrong)[0], why, f"reading the commitment {wrong!r}")
        server.stop()

        # Whoever changes, removes or erases a value behind the log's back is found.
        packs = sorted((server.data / "logs/main/apart").glob("*.values"))
        whole = {path: path.read_bytes() for path in packs}
        key = server.data / "keys/main.sealing-key"
        for path in packs:
            for at in range(96, len(whole[path]), 61):
                if whole[path][at] == 0:
                    continue  # perhaps padding, or erased
                changed = bytearray(whole[path])
                changed[at] ^= 1
                path.write_bytes(changed)
                expect_equal(stele("verify", "--data", str(server.data)).returncode, 1, f"verify, byte {at} of {path.name} changed")
            path.write_bytes(whole[path])
        first = bytearray(whole[packs[0]])
        first[96 + 5] ^= 1
        packs[0].write_bytes(first)
        report = verified(server, 1, "a changed value is found")
        expect_equal(report["findings"][0]["kind"], "changed", "the kind of finding")
        packs[0].write_bytes(whole[packs[0]][:10])
        report = verified(server, 1, "a removed value is found")
        expect(all(one["kind"] == "missing" for one in report["findings"]), "the kind of finding")
        erased_mark = bytearray(whole[packs[0]])
        erased_mark[10] = 1
        packs[0].write_bytes(erased_mark)
        report = verified(server, 1, "a value that was erased without a word is found")
        expect("no entry says" in report["findings"][0]["message"], "what is said of it")
        packs[0].write_bytes(whole[packs[0]])
        key.rename(key.with_suffix(".away"))
        report = verified(server, 0, "without the key what is sealed is checked by its checksum")
        expect(any("without their key" in one["why"] for one in report["uncovered"]), "that it was not opened is said")


main()
