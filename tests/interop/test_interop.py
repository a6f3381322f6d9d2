#!/usr/bin/env python3
"""Runs a real `stele serve` and has code that is not Stele's check what it says.

The Go command beside this file (see README.md) does the checking; this script
starts the server, feeds it, and keeps what it answered: every receipt must verify,
must fail after a change of one byte, and must still hold after a restart.

    STELE_BIN=build/release/stele STELE_SOURCE_DIR=. python3 tests/interop/test_interop.py

needs go on the PATH. SEED in the environment replays a run's random choices.
Exit codes: 0 all passed, 1 something did not, 2 could not be run.
"""

import base64
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 30
# A checkpoint is published at most a second after the entry that it covers.
PUBLISH_SECONDS = 1.0
PUBLISH_SLACK_SECONDS = 30.0
BATCHES = [1, 2, 3, 255, 256, 257, 500, 1000, 400, 100, 7]
SINGLES = 40


class Failed(Exception):
    pass


class CannotRun(Exception):
    pass


def log(message):
    print(f"interop: {message}", flush=True)


def go_environment():
    env = dict(os.environ)
    env.update(GOFLAGS="-buildvcs=false", GOTOOLCHAIN="local", CGO_ENABLED="0")
    if "HOME" not in env and "GOCACHE" not in env:
        raise CannotRun("go needs HOME or GOCACHE in the environment")
    return env


def build_tool(source, directory):
    if shutil.which("go") is None:
        raise CannotRun("go is not on the PATH (on Debian: apt-get install golang-go)")
    tool = directory / "interop"
    for what, command in [
        ("building the checker", ["go", "build", "-o", str(tool), "."]),
        ("the checker's own tests", ["go", "test", "./..."]),
    ]:
        log(what)
        done = subprocess.run(command, cwd=source / "tests" / "interop", env=go_environment())
        if done.returncode != 0:
            raise Failed(f"{what}: `{' '.join(command)}` exited {done.returncode}")
    return tool


class Server:
    """One run of `stele serve`; its output goes to a file that is shown if the test fails."""

    def __init__(self, binary, data, output):
        self.address_file = data / "address"
        self.address_file.unlink(missing_ok=True)
        self.output = open(output, "ab")
        command = [binary, "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--disk-warn-percent", "0", "--watch-clock", "false",
                   "--loopback-role", "owner"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT)
        try:
            self.base = "http://" + self.wait_for_address()
        except BaseException:
            self.kill()
            raise
        log(f"stele serves {self.base}")

    def wait_for_address(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failed(f"stele serve exited {self.process.returncode} before it listened")
            try:
                text = self.address_file.read_text()
            except FileNotFoundError:
                text = ""
            if text.endswith("\n"):
                return text.strip()
            time.sleep(0.02)
        raise Failed(f"stele serve wrote no {self.address_file} within {START_SECONDS} s")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed(f"stele serve did not stop within {STOP_SECONDS} s of SIGTERM") from None
        if code != 0:
            raise Failed(f"stele serve exited {code} after SIGTERM")
        self.output.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()

    def request(self, path, body=None, content_type=None):
        """The answer's bytes; any status but 200 fails with the server's own words."""
        headers = {"Content-Type": content_type} if content_type else {}
        request = urllib.request.Request(self.base + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, data = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, data = error.code, error.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{path}: no answer: {error}") from error
        if status != 200:
            raise Failed(f"{path}: {status} {data[:2000].decode(errors='replace')}")
        return data


class Events:
    """Makes events whose ids never repeat."""

    def __init__(self, rng):
        self.rng = rng
        self.made = 0

    def make(self):
        self.made += 1
        event = {
            "time": "2026-11-23T16:19:59.998Z",
            "actor": {"type": "user", "id": f"u_{self.rng.randrange(50)}"},
            "action": self.rng.choice(["x.y", "customer.export", "session.start", "é.日誌"]),
            "id": f"evt_{self.made}",
        }
        if self.rng.random() < 0.3:
            event["attributes"] = {"text": "line\nbreak \"quoted\" \u2028 " + "x" * self.rng.randrange(3000)}
        return json.dumps(event, ensure_ascii=self.rng.random() < 0.5).encode()


class Interop:
    def __init__(self, tool, directory, rng):
        self.tool = tool
        self.directory = directory
        self.rng = rng
        self.vkey = None
        self.old = []  # files with checkpoints that the log has signed
        self.size = 0  # entries that the log has acknowledged
        self.receipts = 0

    def run(self, *args):
        return subprocess.run([str(self.tool), *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def keep_checkpoint(self, text):
        path = self.directory / f"checkpoint-{len(self.old)}"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        self.old.append(path)

    # Posting

    def post(self, server, events, results):
        query = "log=main&source=interop" + ("&results=entries" if results == "entries" else "")
        body = b"".join(event + b"\n" for event in events)
        path = f"/api/v1/events?{query}"
        answer = json.loads(server.request(path, body, "application/x-ndjson"))
        got = answer.get("results")
        if not isinstance(got, list) or len(got) != len(events):
            raise Failed(f"{path}: {len(events)} events, but results are {str(got)[:500]}")
        for event, result in zip(events, got):
            if "error" in result or "index" not in result or "leaf" not in result:
                raise Failed(f"{path}: event {event[:200]!r} got {json.dumps(result)}")
        if "receipt" not in answer:
            raise Failed(f"{path}: the answer has no receipt, only {sorted(answer)}")
        self.size = max(self.size, 1 + max(result["index"] for result in got))
        self.check_receipt(answer["receipt"], got, with_entries=results == "entries")
        return got

    def check_receipt(self, receipt, results, with_entries):
        """The receipt must verify, and fail after a change of one byte anywhere."""
        by_index = {result["index"]: result for result in results}
        covered = [
            index
            for part in receipt["ranges"]
            for index in range(part["first"], part["first"] + part["count"])
        ]
        missing = sorted(set(covered) ^ set(by_index))
        if missing:
            raise Failed(f"results and the receipt's ranges differ in entries {missing[:10]}")
        receipt = dict(receipt, leaves=[by_index[index]["leaf"] for index in covered])
        text = json.dumps(receipt, separators=(",", ":"), ensure_ascii=False).encode()
        entries = None
        if with_entries:
            entries = b""
            for index in covered:
                entry = by_index[index]["entry"].encode()
                if b"\n" in entry:
                    raise Failed(f"entry {index} has a newline in it: {entry[:200]!r}")
                leaf = base64.b64encode(hashlib.sha256(b"\0" + entry).digest()).decode()
                if leaf != by_index[index]["leaf"]:
                    raise Failed(f"entry {index} does not hash to its leaf: {entry[:200]!r}")
                entries += entry + b"\n"
        self.verify_receipt(text, entries, accept=True)
        self.verify_receipt(self.change_a_byte(text, len(text)), entries, accept=False)
        if entries:
            self.verify_receipt(text, self.change_a_byte(entries, len(entries) - 1), accept=False)
        self.keep_checkpoint(receipt["checkpoint"])
        self.receipts += 1

    def change_a_byte(self, data, below):
        at = self.rng.randrange(below)
        return data[:at] + bytes([data[at] ^ (1 << self.rng.randrange(8))]) + data[at + 1:]

    def verify_receipt(self, text, entries, accept):
        receipt_file = self.directory / "receipt.json"
        receipt_file.write_bytes(text)
        args = ["receipt", "-file", str(receipt_file), "-key", self.vkey]
        if entries is not None:
            entries_file = self.directory / "entries.ndjson"
            entries_file.write_bytes(entries)
            args += ["-entries", str(entries_file)]
        done = self.run(*args)
        if done.returncode != (0 if accept else 1):
            verdict = "a good receipt was refused" if accept else "a changed receipt was not refused"
            raise Failed(f"{verdict} (exit {done.returncode}): {done.stdout.strip()}\n{text.decode(errors='replace')[:3000]}")

    # Reading

    def load_key(self, server):
        key = server.request("/log/main/key").decode().strip()
        if self.vkey not in (None, key):
            raise Failed(f"the log's key was {self.vkey} and is now {key}")
        self.vkey = key

    def wait_until_published(self, server):
        """The checkpoint, once it covers all that was acknowledged."""
        deadline = time.monotonic() + PUBLISH_SECONDS + PUBLISH_SLACK_SECONDS
        while True:
            text = server.request("/log/main/checkpoint").decode()
            try:
                size = int(text.split("\n")[1])
            except (IndexError, ValueError):
                raise Failed(f"not a checkpoint: {text!r}") from None
            if size >= self.size:
                return text
            if time.monotonic() > deadline:
                raise Failed(f"{self.size} entries are acknowledged, but the checkpoint published still has {size}")
            time.sleep(0.1)

    def check(self, server):
        """The whole log, every older checkpoint included."""
        published = self.wait_until_published(server)
        seed = self.rng.randrange(1 << 30)
        args = ["check", "-url", server.base + "/log/main", "-key", self.vkey, "-seed", str(seed)]
        for path in self.old:
            args += ["-old", str(path)]
        done = self.run(*args)
        print(done.stdout, end="", flush=True)
        if done.returncode != 0:
            raise Failed(f"interop check (seed {seed}) exited {done.returncode}")
        self.keep_checkpoint(published)

    def check_stored_bytes(self, server, results):
        for result in self.rng.sample(results, min(20, len(results))):
            entry = server.request(f"/api/v1/events/{result['index']}?log=main")
            leaf = base64.b64encode(hashlib.sha256(b"\0" + entry).digest()).decode()
            if leaf != result["leaf"]:
                raise Failed(f"entry {result['index']} as read does not hash to the leaf that was acknowledged: {entry[:300]!r}")


def post_events(interop, server, events, batches, singles):
    results = []
    for i, count in enumerate(batches):
        batch = [events.make() for _ in range(count)]
        got = interop.post(server, batch, "entries" if i % 2 == 0 else None)
        indexes = [result["index"] for result in got]
        if indexes != list(range(indexes[0], indexes[0] + count)):
            raise Failed(f"a batch of {count} is not contiguous: {indexes[:20]}…")
        results += got
    for i in range(singles):
        results += interop.post(server, [events.make()], "entries" if i % 4 == 0 else None)
    indexes = [result["index"] for result in results]
    if indexes != sorted(set(indexes)):
        raise Failed("indexes of one source's events repeat or go back")
    return results


def repeat_a_batch(interop, server, events):
    """The same events again are the same entries, with a fresh receipt."""
    batch = [events.make() for _ in range(20)]
    first = interop.post(server, batch, "entries")
    interop.post(server, [events.make()], None)
    again = interop.post(server, batch, "entries")
    for key in ("index", "leaf", "entry"):
        if [r[key] for r in first] != [r[key] for r in again]:
            raise Failed(f"the same events posted again have another {key}: {json.dumps(again[0])}")


def run(binary, source, directory):
    seed = int(os.environ.get("SEED", "") or random.SystemRandom().randrange(1 << 30))
    log(f"SEED={seed}")
    rng = random.Random(seed)
    tool = build_tool(source, directory)
    data, output = directory / "data", directory / "stele.log"
    data.mkdir()
    interop, events = Interop(tool, directory, rng), Events(rng)
    server = None
    try:
        log("an empty log")
        server = Server(binary, data, output)
        interop.load_key(server)
        interop.check(server)
        log(f"{sum(BATCHES)} events in {len(BATCHES)} batches, and {SINGLES} single ones")
        results = post_events(interop, server, events, BATCHES, SINGLES)
        repeat_a_batch(interop, server, events)
        interop.check_stored_bytes(server, results)
        interop.check(server)
        log("restart")
        server.stop()
        server = Server(binary, data, output)
        interop.load_key(server)
        interop.check_stored_bytes(server, results)
        interop.check(server)
        log("more events after the restart")
        post_events(interop, server, events, [300, 5], 5)
        interop.check(server)
        server.stop()
    except BaseException:
        if server is not None:
            server.kill()
        if output.exists():
            tail = output.read_bytes()[-8000:].decode(errors="replace")
            print(f"--- what stele serve printed last\n{tail}\n---", flush=True)
        raise
    log(f"passed: {interop.receipts} receipts, {interop.size} entries, {len(interop.old)} older checkpoints, SEED={seed}")


def main():
    binary, source = os.environ.get("STELE_BIN"), os.environ.get("STELE_SOURCE_DIR")
    try:
        if not binary or not os.access(binary, os.X_OK):
            raise CannotRun(f"STELE_BIN is {binary!r}, which is no program")
        source = Path(source) if source else Path(__file__).resolve().parents[2]
        with tempfile.TemporaryDirectory(prefix="stele-interop-") as directory:
            run(os.path.abspath(binary), source, Path(directory))
    except CannotRun as error:
        log(f"COULD NOT RUN: {error}")
        return 2
    except Failed as error:
        log(f"FAILED: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
