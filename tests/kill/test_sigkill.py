#!/usr/bin/env python3
# ctest: TIMEOUT 900
"""Goal: a server that is killed at any moment, under load or while it starts, breaks no promise.

Round after round on one data directory: clients post over HTTP, syslog lines come in, the published checkpoint is watched,
and at some moment SIGKILL. The next server must have every acknowledged event at its index, with its leaf, once; what was
not acknowledged is sent again under its id and is then there once; all that was ever signed is of one history.

STELE_KILL_ROUNDS is how many rounds (100), STELE_KILL_SEED brings the same choices back, though not the same timing.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from load import Client, Syslog, Watcher
from promises import Promises
from server import Failed, Server, verify

# The smallest that is taken: so sealing, merging and recycling are always under way.
SETTINGS = ["--seal-bytes", "65536", "--publish-millis", "10", "--syslog", "127.0.0.1:0", "--origin", "kill.example/log"]
CLIENTS = 3
VERIFIED = 0.3   # of the kills are followed by `stele verify`
STARTING = 0.25  # of them come while the server starts


class Rounds:
    """The log's life from kill to kill."""

    def __init__(self, folder: Path, rng: random.Random):
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir()
        self.rng = rng
        self.promises = Promises()
        self.clients = [Client(number, rng.randrange(1 << 30)) for number in range(CLIENTS)]
        self.workers = [*self.clients, Watcher(), Syslog()]
        self.key = None
        self.number = 0
        self.starts_killed = 0
        self.verified = 0
        self._start_seconds = 0.1
        self._server = None
        self._answer = None  # of some client lately, with leaves and a receipt

    def start(self) -> Server:
        began = time.monotonic()
        self._server = Server(self.data, *SETTINGS).wait_ready()
        self._start_seconds = time.monotonic() - began
        self.key = self._server.get("/log/main/key").decode().strip()
        return self._server

    def live(self) -> None:
        """One round."""
        self.number += 1
        if self.rng.random() < STARTING:
            self._kill_while_starting()
        else:
            self._kill_under_load()
        if self.key and self.rng.random() < VERIFIED:
            self._verify()

    def _kill_while_starting(self) -> None:
        self._server = Server(self.data, *SETTINGS)
        time.sleep(self.rng.uniform(0, 1.1 * self._start_seconds))
        if self._server.process.poll() is not None:
            raise Failed(f"the server ended with code {self._server.process.returncode}: {self._server.words()}")
        self._server.kill()
        self.starts_killed += 1

    def _kill_under_load(self) -> None:
        server = self.start()
        self.promises.check(server)
        self.promises.check_sample(server, self.rng, 2)
        for worker in self.workers:
            worker.start(server)
        time.sleep(self.rng.choice([0.03, 0.15, 0.4]) * self.rng.random())
        if server.process.poll() is not None:
            raise Failed(f"the server ended by itself with code {server.process.returncode}: {server.words()[-4000:]}")
        server.kill()
        self.collect()

    def collect(self) -> None:
        for worker in self.workers:
            worker.join()
            promised = worker.take()
            for answer in promised.answers:
                self._answer = answer if b'"leaf"' in answer else self._answer
            self.promises.add(promised)

    def _verify(self) -> None:
        """The directory as the kill left it, against the log's key, checkpoints seen earlier and a receipt."""
        anchors = ["--key", self.key]
        sizes = sorted(self.promises.checkpoints)
        for at, size in enumerate(self.rng.sample(sizes, min(3, len(sizes)))):
            path = self.folder / f"since-{at}"
            path.write_text(self.promises.checkpoints[size])
            anchors += ["--since", str(path)]
        if self._answer:
            path = self.folder / "receipt.json"
            path.write_bytes(self._answer)
            anchors += ["--receipt", str(path)]
        verify(self.data, *anchors)
        self.verified += 1

    def finish(self) -> None:
        """What is still unanswered is sent again; then everything is checked, live, and after a stop in order."""
        server = self.start()
        self.promises.check(server)
        for client in self.clients:
            connection = server.connect()
            client.settle(connection)
            connection.close()
            self.promises.add(client.take())
        self.promises.check_everything(server)
        server.stop()
        self._verify()
        server = self.start()
        self.promises.check_everything(server)
        server.stop()

    def end(self) -> None:
        """No server outlives the test."""
        if self._server is not None:
            self._server.kill()

    def figures(self) -> str:
        promises = self.promises
        return (f"{self.number} kills, {self.starts_killed} of them while starting, {self.verified} directories verified; "
                f"{len(promises.stored.tree.leaves)} entries, {len(promises.acknowledged)} events acknowledged, "
                f"{sum(c.retried for c in self.clients)} requests sent again, "
                f"{sum(c.repeated for c in self.clients)} of their events stored already; "
                f"{len(promises.checkpoints)} checkpoints and {promises.receipts} receipts compared")


def kill_first_starts(folder: Path, rng: random.Random, count: int) -> None:
    """Wherever the making of a new directory is interrupted, the next start makes it."""
    seconds = 0.15
    for number in range(count):
        data = folder / f"new-{number}"
        data.mkdir()
        server = Server(data)
        time.sleep(rng.uniform(0, seconds))
        server.kill()
        began = time.monotonic()
        server = Server(data)
        try:
            server.wait_ready()
            seconds = max(0.02, 0.5 * seconds + 0.6 * (time.monotonic() - began))
            body = '{"time":"2026-11-23T16:19:59.998Z","actor":{"type":"user","id":"ada"},"action":"kill.first"}'
            status, _, answer = server.ask("POST", "/api/v1/events", body)
            if status != 200:
                raise Failed(f"the first event is answered {status} {answer!r}")
        finally:
            server.kill()
        if verify(data)["size"] != 1:
            raise Failed("the first event is not in the log")
        shutil.rmtree(data)


def main() -> int:
    seed = int(os.environ.get("STELE_KILL_SEED") or random.SystemRandom().randrange(1 << 30))
    count = int(os.environ.get("STELE_KILL_ROUNDS") or 100)
    print(f"kill: {count} rounds, STELE_KILL_SEED={seed}", flush=True)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="stele-kill-"))
    rng = random.Random(seed)
    rounds = Rounds(folder, rng)
    try:
        kill_first_starts(folder, rng, max(3, count // 10))
        while rounds.number < count:
            rounds.live()
            if rounds.number % 100 == 0:
                print(f"kill: {time.monotonic() - began:.0f} s: {rounds.figures()}", flush=True)
        rounds.finish()
    except Failed as failure:
        print(f"kill: FAILED in round {rounds.number}, STELE_KILL_SEED={seed}, data kept in {folder}\n{failure}", flush=True)
        return 1
    finally:
        rounds.end()
    shutil.rmtree(folder)
    print(f"kill: passed in {time.monotonic() - began:.0f} s, STELE_KILL_SEED={seed}: {rounds.figures()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
