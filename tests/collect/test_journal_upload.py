#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: a real systemd-journal-upload follows a journal while the server is killed and started again, and while the log takes
nothing: every entry is in the log once, what the client takes for delivered was there before, and what cannot be read does not hold
up the others."""

import http.client
import json
import resource
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from journal import UPLOAD, Uploader, export_entry, export_field, write_journal
from server import Server, expect, expect_equal

FIRST = 30_000  # entries that are there when it starts
ROUND = 2_000   # that come while the server is killed
ROUNDS = 4


def wait_until(what, seconds: float, describe) -> None:
    deadline = time.time() + seconds
    while not what():
        if time.time() > deadline:
            raise SystemExit("FAILED: " + describe())
        time.sleep(0.02)


def size(server: Server) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/api/v1/events?from=0&limit=1")
    return json.load(connection.getresponse())["size"]


def upload_once(journals: Path, server: Server) -> subprocess.CompletedProcess:
    return subprocess.run([UPLOAD, "-D", journals, "--follow=no", f"--url={server.url}"], capture_output=True, text=True, timeout=120)


def check_kills(work: Path) -> None:
    """Killed within the first upload, which is long, and again while the client follows."""
    journals = work / "journals"
    journals.mkdir()
    write_journal(journals / "a.journal", [export_entry(n, f"line {n}".encode()) for n in range(FIRST)])
    server = Server(work)
    uploader = Uploader(journals, work / "state", server.url)
    try:
        believed = []

        def kill() -> None:
            server.kill()
            believed.append(uploader.cursor())
            server.start()
            there = {one["event"]["id"] for one in server.entries()}
            expect(not believed[-1] or believed[-1] in there, "what the client takes for delivered is in the log")

        for part in (1, 2, 3):
            wait_until(lambda part=part: size(server) >= part * FIRST // 8, 60, lambda: f"only {size(server)}: {uploader.said[-1:]}")
            kill()
        expect(not believed[0] and believed.count("") >= 2, "it was killed within the body")
        for number in range(ROUNDS):
            first = FIRST + number * ROUND
            name = "a.journal" if number % 2 else f"b-{number}.journal"
            write_journal(journals / name, [export_entry(n, f"line {n}".encode()) for n in range(first, first + ROUND)])
            if number % 2:
                kill()
        total = FIRST + ROUNDS * ROUND
        wait_until(lambda: size(server) >= total, 90, lambda: f"{size(server)} of {total}: {uploader.said[-2:]}")
        # Whatever is still under way comes to its end: the client takes the last entry for delivered.
        wait_until(lambda: uploader.cursor() == server.entries()[-1]["event"]["id"], 30, lambda: "no end: " + uploader.cursor())
        messages = [one["event"]["message"] for one in server.entries()]
        expect_equal(len(messages), len(set(messages)), "entries, and those among them that differ")
        expect_equal(set(messages), {f"line {n}" for n in range(total)}, "lines in the log")
        print(f"{total} entries, each once; the client was started again {len(uploader.said)} times")
        expect(len(uploader.said) >= 3, "a kill is seen by the client")
    finally:
        uploader.stop()
    server.stop()
    server.verify()


def check_prompt(work: Path) -> None:
    """An entry is there soon after it was written, not when some buffer is full."""
    journals = work / "journals"
    journals.mkdir()
    server = Server(work)
    write_journal(journals / "a.journal", [export_entry(0, b"the first")])
    uploader = Uploader(journals, work / "state", server.url)
    try:
        wait_until(lambda: size(server) == 1, 20, lambda: "the first entry does not come")
        write_journal(journals / "a.journal", [export_entry(1, b"one more")])
        started = time.time()
        wait_until(lambda: size(server) == 2, 20, lambda: "the second entry does not come")
        print(f"an entry was in the log {time.time() - started:.1f} s after it was in the journal")
    finally:
        uploader.stop()
    server.stop()


def check_content(work: Path) -> None:
    """Fields of every kind, as events; what is too long is quarantined, once."""
    journals = work / "journals"
    journals.mkdir()
    odd = bytes(range(256))
    write_journal(journals / "a.journal", [
        export_entry(0, b"Accepted publickey for ada from 203.0.113.9 port 51122 ssh2: ED25519 SHA256:0Q", _AUDIT_LOGINUID=b"1000"),
        export_entry(1, odd, BLOB=odd),
        export_entry(2, b"two\nlines"),
        export_entry(3, b"x" * 40_000),
        export_entry(4, b"x" * 3_000_000),
        export_entry(5, b"repeated") [:-1] + export_field("TAG", b"a") + export_field("TAG", b"b") + b"\n",
        export_entry(6, b"the last")])
    server = Server(work)
    for attempt in range(2):  # everything twice, as after an answer that was lost
        done = upload_once(journals, server)
        expect_equal(done.returncode, 0, done.stderr)
    entries = server.entries()
    expect_equal(len(entries), 7, "entries")
    login, binary, lines, long, huge, tags, last = entries
    expect_equal(login["source"]["kind"], "journal-upload", "kind")
    expect_equal(login["event"]["action"], "ssh.login", "a rule concludes")
    expect_equal(login["event"]["actor"], {"type": "user", "id": "ada"}, "actor")
    expect_equal(login["event"]["attributes"]["journal"]["_AUDIT_LOGINUID"], "1000", "trusted fields")
    expect_equal(login["event"]["time"], "2026-11-23T16:20:00.000000000Z", "time")
    expect("<ff>" in binary["event"]["message"] and "$base64" in binary["event"]["attributes"]["journal"]["BLOB"], "bytes are kept")
    expect("$base64" in binary["original"], "as they came")
    expect_equal((lines["event"]["message"], lines["event"]["actor"]["id"]), ("two\nlines", "sshd[812]@web-1"), "a message of two lines")
    expect(long["event"]["action"] in ("stele.quarantined", "journal.message"), "a long message is kept")
    expect_equal(huge["event"]["attributes"]["reason"], "oversized", "an entry over the limit")
    expect(huge["event"]["attributes"]["bytes"] > 3_000_000, "its length is known")
    expect_equal(tags["event"]["attributes"]["journal"]["TAG"], ["a", "b"], "a field that repeats")
    expect_equal(last["event"]["message"], "the last", "the stream goes on")
    server.stop()
    server.verify()


def check_push_back(work: Path) -> None:
    """While the log takes nothing the client waits; it is neither refused nor told that all is well."""
    journals = work / "journals"
    journals.mkdir()
    write_journal(journals / "a.journal", [export_entry(n, f"line {n}".encode()) for n in range(5_000)])
    server = Server(work)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    results = []
    client = threading.Thread(target=lambda: results.append(upload_once(journals, server)))
    client.start()
    time.sleep(3)
    expect(client.is_alive(), f"the client waits: {results}")
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    client.join(timeout=60)
    expect_equal(results[0].returncode, 0, results[0].stderr)
    messages = [one["event"]["message"] for one in server.entries()]
    expect_equal(sorted(messages), sorted(f"line {n}" for n in range(5_000)), "lines in the log")
    server.stop()
    server.verify()


def chunked(pieces: list[bytes]):
    for piece in pieces:
        yield piece


def post(server: Server, pieces: list[bytes], **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("POST", "/upload", body=chunked(pieces), headers={"Content-Type": "application/vnd.fdo.journal", **headers},
                           encode_chunked=True)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it was answered before the end
    answer = connection.getresponse()
    return answer.status, answer.read()


def check_damage(work: Path) -> None:
    """A body that is not the format from some place on: what was whole before it is stored, and the answer says so."""
    server = Server(work)
    good = [export_entry(n, f"line {n}".encode(), __CURSOR=f"c{n}".encode()) for n in range(3)]
    refused = 0
    for what, tail in (("no name", b"this is no journal\n"), ("cut", good[2][:-40]),
                       ("length", b"MESSAGE\n" + struct.pack("<Q", 1 << 62) + b"x"),
                       ("behind its length", b"MESSAGE\n" + struct.pack("<Q", 1) + b"xyz\n\n")):
        status, body = post(server, [good[0], good[1], tail])
        expect_equal((status, json.loads(body)["error"]["code"]), (400, "invalid"), what)
        actions = [one["event"]["action"] for one in server.entries()]
        refused += 1
        expect_equal((actions.count("journal.message") + actions.count("ssh.login"), actions.count("stele.refused")), (2, refused),
                     f"{what}: the whole ones, once, and that something was refused")
    expect_equal(post(server, [b"".join(good)])[0], 200, "good again")
    expect_equal(size(server), 3 + refused, "entries")
    status, body = post(server, [good[0]], **{"Content-Encoding": "zstd"})
    expect_equal(status, 415, "a content coding")
    expect_equal(post(server, [good[0]], **{"Content-Type": "text/plain"})[0], 415, "another type")
    status, body = post(server, [])
    expect_equal((status, json.loads(body)), (200, {"stored": 0, "quarantined": 0, "repeated": 0}), "nothing")
    conflict = export_entry(0, b"something else", __CURSOR=b"c0")
    expect_equal(json.loads(post(server, [conflict])[1]), {"stored": 1, "quarantined": 1, "repeated": 0},
                 "a cursor that stands for something else")
    expect_equal(server.entries()[-1]["event"]["attributes"]["reason"], "id_conflict", "is kept")
    server.stop()
    server.verify()


def check_stop(work: Path) -> None:
    """A stop within a body that has no end is prompt, and what came before is there."""
    server = Server(work)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", "/upload")
    connection.putheader("Content-Type", "application/vnd.fdo.journal")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    entry = export_entry(0, b"before the stop")
    connection.send(b"%x\r\n%s\r\n" % (len(entry), entry))
    wait_until(lambda: size(server) == 1, 10, lambda: "an entry is there before the body ends")
    started = time.time()
    server.stop()
    expect(time.time() - started < 10, "the stop is prompt")
    expect_equal(connection.getresponse().status, 503, "the client is told to come again")
    server.verify()


def main() -> None:
    for check in (check_content, check_damage, check_prompt, check_push_back, check_stop, check_kills):
        with tempfile.TemporaryDirectory(prefix="stele-journal-") as folder:
            check(Path(folder))


if __name__ == "__main__":
    main()
