"""An agent under test, and what the server got of it."""

import atexit
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "collect"))
from server import STELE, Server, expect, expect_equal, free_port  # noqa: E402, F401


def wait_until(what: str, holds, seconds: float = 60):
    """Polls until `holds()` is true, and returns what it is."""
    deadline = time.time() + seconds
    while True:
        value = holds()
        if value:
            return value
        if time.time() > deadline:
            raise SystemExit("FAILED: not in time: " + what)
        time.sleep(0.02)


class Agent:
    def __init__(self, work: Path, url: str, config: str = "", flags: tuple = (), wrapper: tuple = (), name: str = "web-1"):
        self.work = work
        self.url = url
        self.spool = work / "spool"
        self.log = work / "agent.log"
        self.config = work / "agent.yaml"
        self.config.write_text(f"url: {url}\nspool: {self.spool}\nhost: {name}\ndiscover: false\n" + config)
        self.flags = flags
        self.wrapper = wrapper
        self.process: subprocess.Popen | None = None
        atexit.register(self.kill)

    def start(self) -> "Agent":
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([*self.wrapper, STELE, "agent", "--config", str(self.config), *self.flags], stderr=log)
        return self

    def kill(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        expect_equal(self.process.wait(timeout=60), 0, "the agent's exit code\n" + self.log.read_text())

    def words(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


def own(entry: dict) -> bool:
    return entry["event"].get("attributes", {}).get("stream") == "stele-agent"


class Log:
    """The entries of a server, read on as they come."""

    def __init__(self, server: Server):
        self.server = server
        self.entries: list[dict] = []

    def read(self) -> list[dict]:
        while True:  # what was read is not asked for again
            address = f"{self.server.url}/api/v1/events?from={len(self.entries)}&limit=1000"
            with urllib.request.urlopen(address, timeout=30) as answer:
                page = json.load(answer)
            if not page["entries"]:
                return self.entries
            self.entries += [one["entry"] for one in page["entries"]]

    def of(self, source: str = "web-1") -> list[dict]:
        return [e for e in self.read() if e["source"]["id"] == source]

    def lines(self, source: str = "web-1") -> dict[str, list[str]]:
        """The records of each stream, as they stood there."""
        out = defaultdict(list)
        for entry in self.of(source):
            if not own(entry):
                event = entry["event"]
                out[event["attributes"]["stream"]].append(entry.get("original", event.get("message")))
        return out

    def own(self, action: str, source: str = "web-1") -> list[dict]:
        return [e["event"] for e in self.of(source) if own(e) and e["event"]["action"] == "stele.agent." + action]

    def check_numbers(self, source: str = "web-1", quarantined: bool = True) -> int:
        """Every number of every sequence once, in order; no gap told by the server. How many there are."""
        numbers = defaultdict(list)
        for entry in self.of(source):
            numbers[entry["event"]["context"]["sequence"]].append(entry["event"]["seq"])
        for sequence, got in numbers.items():
            expect_equal(got, list(range(1, len(got) + 1)), f"the numbers of {sequence}")
        gaps = [e for e in self.entries if e["event"]["action"] == "stele.source.gap"]
        expect_equal(gaps, [], "gaps")
        bad = [e for e in self.of(source) if e["event"]["action"] in ("stele.quarantined", "stele.id_conflict")]
        if quarantined:
            expect_equal(bad, [], "quarantined")
        return sum(len(got) for got in numbers.values())
