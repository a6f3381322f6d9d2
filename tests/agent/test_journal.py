#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: entries of journal files that grow get to the server once, in order, as `journalctl -o json --all` writes them; a killed agent
goes on behind the last one; entries that were vacuumed away unread are told, with their number."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import Agent, Log, Server, expect, expect_equal, own, wait_until

REMOTE = "/lib/systemd/systemd-journal-remote"
SKIPPED = 77


def exported(fields: dict[str, bytes]) -> bytes:
    """An entry in the Journal Export Format."""
    out = b""
    for name, value in fields.items():
        if b"\n" in value or any(byte < 32 or byte > 126 for byte in value):
            out += name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
        else:
            out += name.encode() + b"=" + value + b"\n"
    return out + b"\n"


class Journal:
    """A journal file, written by systemd's own writer as entries come."""

    def __init__(self, folder: Path, name: str = "x"):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.path = folder / f"{name}.journal"
        self.writer = subprocess.Popen([REMOTE, "-o", str(self.path), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        self.count = 0
        self.boot = "%032x" % 0xb007

    def write(self, count: int, **more: bytes) -> None:
        for _ in range(count):
            now = time.time_ns() // 1000
            self.writer.stdin.write(exported({
                "__REALTIME_TIMESTAMP": b"%d" % now, "__MONOTONIC_TIMESTAMP": b"%d" % (now % 10**9), "_BOOT_ID": self.boot.encode(),
                "MESSAGE": b"entry %d" % self.count, "PRIORITY": b"6", "SYSLOG_IDENTIFIER": b"app", "_PID": b"812",
                "_HOSTNAME": b"web-1", **more}))
            self.count += 1
        self.writer.stdin.flush()

    def end(self) -> None:
        self.writer.stdin.close()
        self.writer.wait(timeout=30)


def record_of(entry: dict) -> dict | None:
    """The journal's object in an entry; nothing for another one. A server that does not know the format keeps what was sent."""
    if own(entry) or entry["source"]["id"] != "web-1":
        return None
    kept = json.loads(entry["original"])
    return kept["record"] if isinstance(kept.get("record"), dict) else json.loads(kept["record"]) if "record" in kept else kept


def arrived(log: Log, count: int, words) -> list[dict]:
    def records():
        return [record for entry in log.read() if (record := record_of(entry)) is not None]

    wait_until(f"{count} entries: {words()}", lambda: len(records()) >= count)
    return records()


def journalctl(folder: Path) -> list[dict]:
    done = subprocess.run(["journalctl", "-D", str(folder), "-o", "json", "--all", "-q"], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def without_newer(entry: dict) -> dict:
    """Without what later versions of journalctl add."""
    return {name: value for name, value in entry.items() if name not in ("__SEQNUM", "__SEQNUM_ID")}


def main() -> None:
    if not Path(REMOTE).exists() or not shutil.which("journalctl"):
        print("journal: systemd-journal-remote is not there")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        server = Server(work)
        log = Log(server)
        journal = Journal(work / "journal")
        agent = Agent(work, server.url, f"journal: {{directory: {work}/journal}}\n")
        journal.write(10)
        agent.start()
        arrived(log, 10, agent.words)
        journal.write(3, BINARY=b"\xff\x00\x01", SPECIAL="Zürich\ttab".encode())
        journal.write(1, LONG=b"x" * 5_000)
        arrived(log, 14, agent.words)
        for _ in range(6):
            journal.write(200)
            agent.kill()
            journal.write(50)
            agent.start()
            arrived(log, journal.count, agent.words)
        journal.end()
        got = arrived(log, journal.count, agent.words)
        expect_equal([one["MESSAGE"] for one in got], [f"entry {i}" for i in range(journal.count)], "messages")
        for mine, theirs in zip(got, journalctl(journal.folder)):
            expect_equal(without_newer(mine), without_newer(theirs), "an entry")
        print(f"journal: {journal.count} entries as journalctl has them", flush=True)

        # Vacuumed while the agent is down: a copy of the journal that lacks what was written last time stands in for it.
        agent.stop()
        wait_until("the last word", lambda: log.own("stopped"))
        second = Journal(journal.folder, "y")
        second.write(20)
        second.end()
        journal.path.unlink()
        agent.start()
        arrived(log, journal.count + 20, agent.words)
        told = wait_until("the gap is told", lambda: log.own("journal_gap"))
        expect("after" in told[0]["attributes"], "after which entry")
        agent.stop()
        wait_until("the last word", lambda: len(log.own("stopped")) == 2)
        known = not any(e["event"]["action"] == "stele.quarantined" for e in log.entries)
        log.check_numbers(quarantined=known)
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
