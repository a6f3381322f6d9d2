#!/usr/bin/env python3
# ctest: COST 200 TIMEOUT 900
"""Goal: a search finds what docs/formats/query.md says, whatever state the index is in: while files are written, merged, damaged, missing
or swapped, after a kill and after a stop in order, and as soon as an entry is acknowledged. A second implementation (oracle.py) says what
each query means; the queries are made by chance in both notations.

STELE_SEARCH_QUERIES is how many (1000), STELE_SEARCH_TILES how many times 65,536 entries come first (2), STELE_SEARCH_SEED brings the same
choices back, though not the same timing.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from events import Maker
from log import Failed, Log
from queries import Chooser, Json, Typed, json_writable, writable

TILE = 65_536
PATIENCE = 300.0  # seconds until every full tile is indexed
DISAGREEMENTS_MAX = 10
TERMS_MAX = 200  # of a round; each is held against all values there are, which is what takes the time


class Rounds:
    """A log's life: asked, appended to, disturbed, asked again."""

    def __init__(self, data: Path, chance: random.Random):
        self.chance = chance
        self.maker = Maker(chance)
        self.log = Log(data)
        self.index = data / "index" / "main"
        self.chooser = Chooser(chance, self.log.oracle)
        self.typed, self.json = Typed(chance), Json(chance)
        self.rounds = 0
        self.tokens = 0
        self.disturbed: dict[str, int] = {}

    def fill(self, tiles: int) -> None:
        left = tiles * TILE
        while left > 0:
            count = min(left, 8000)
            self.log.append(self.maker.text(count))
            self.append_little()
            left -= count
        if tiles > 2:  # more names than a file of the index takes
            self.log.append(self.maker.strange_names(5000))
        self.log.append(self.maker.text(3000))
        self.log.read()

    def append_little(self) -> None:
        self.log.append(self.maker.text(self.chance.randrange(1, 60)), self.chance.choice(["app", "App", "billing-api", "x%20y"]))
        self.log.append(self.maker.strange_names(5))
        self.log.append_documents([self.maker.document() for _ in range(5)])
        self.log.append_lines([self.maker.line() for _ in range(5)])
        if self.chance.random() < 0.3:
            self.log.append([self.maker.long()])

    def ask(self, count: int, pool: list[tuple]) -> None:
        """Terms of the pool alone, and put together."""
        for number in range(count):
            tree = pool[number] if number < len(pool) // 2 else self.chooser.tree(pool)
            self.log.compare(tree, self.written(tree), self.chance)
            if len(self.log.failures) >= DISAGREEMENTS_MAX:
                raise Failed(f"{DISAGREEMENTS_MAX} disagreements are enough")

    def written(self, tree: tuple) -> str | dict:
        if writable(tree) and (self.chance.random() < 0.6 or not json_writable(tree)):
            return self.typed.query(tree)
        return self.json.query(tree)

    def pool(self, count: int) -> list[tuple]:
        """Terms that some notation can write in any tree: JSON."""
        made: list[tuple] = []
        while len(made) < count:
            term = self.chooser.term() if self.chance.random() < 0.92 else self.chooser.choice()
            if json_writable(term):
                made.append(term)
        return made

    def find_fresh(self) -> None:
        """What was acknowledged is found by the very next search."""
        self.tokens += 1
        token = f"fresh{self.tokens}x{self.chance.randrange(1 << 40)}"
        event = (f'{{"id":"id-{token}","time":"2026-11-20T00:00:00Z","actor":{{"type":"user","id":"{token}"}},"action":"fresh",'
                 f'"message":"a {token} b"}}')
        self.log.append([event])
        for query in (token, f"actor:{token}", f"id=id-{token}", f'"a {token}"', f'~"{token}"', f"message:*{token}*"):
            answer = self.log.ask(query)
            if answer.get("total") != 1:
                self.log.fail(query, (), f"one entry that was just acknowledged: the answer is {str(answer)[:300]}")

    def wait_indexed(self) -> None:
        end = time.monotonic() + PATIENCE
        while self.chunks() < self.log.oracle.size // TILE:
            if time.monotonic() > end:
                raise Failed(f"after {PATIENCE} s {self.chunks()} of {self.log.oracle.size // TILE} tiles are indexed: "
                             f"{self.log.server.words()[-3000:]}")
            time.sleep(0.05)

    def files(self) -> list[Path]:
        return sorted(self.index.glob("*.index"))

    def chunks(self) -> int:
        return sum(int(path.stem.split("-")[1]) for path in self.files())

    def disturb(self) -> None:
        kinds = ("flip", "kill", "flip_stopped", "truncate", "stop", "delete", "swap", "delete_all")
        kind = kinds[self.rounds % len(kinds)]
        self.disturbed[kind] = self.disturbed.get(kind, 0) + 1
        if kind == "flip":
            self.flip()
            return
        if kind == "kill" or self.chance.random() < 0.5:
            self.log.kill()
        else:
            self.log.stop()
        if kind not in ("kill", "stop"):
            getattr(self, kind.removesuffix("_stopped"))()
        self.log.start()

    def flip(self) -> None:
        path = self.chance.choice(self.files())
        for _ in range(self.chance.choice([1, 1, 20])):
            with path.open("r+b") as file:
                file.seek(self.chance.randrange(path.stat().st_size))
                byte = file.read(1)[0]
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte ^ 1 << self.chance.randrange(8)]))

    def truncate(self) -> None:
        path = self.chance.choice(self.files())
        os.truncate(path, self.chance.choice([0, 63, 64, self.chance.randrange(path.stat().st_size)]))

    def delete(self) -> None:
        self.chance.choice(self.files()).unlink()

    def delete_all(self) -> None:
        shutil.rmtree(self.index)

    def swap(self) -> None:
        """One file under another's name, or both under each other's."""
        files = self.files()
        one, other = self.chance.choice(files), self.chance.choice(files)
        first, second = one.read_bytes(), other.read_bytes()
        one.write_bytes(second)
        if self.chance.random() < 0.5:
            other.write_bytes(first)

    def live(self, queries: int) -> None:
        """One round."""
        self.find_fresh()
        self.append_little()
        self.log.read()
        pool = self.pool(max(20, min(TERMS_MAX, queries // 4)))
        self.ask(queries // 2, pool)
        for _ in range(2):
            tree = self.chooser.tree(pool)
            self.log.follow(tree, self.written(tree), self.chance, self.append_little)
        self.wait_indexed()
        self.disturb()
        self.ask(max(1, queries // 4), pool[::-1])
        self.find_fresh()
        self.log.read()
        self.ask(max(1, queries // 4), pool)
        self.rounds += 1

    def figures(self) -> str:
        log = self.log
        disturbed = ", ".join(f"{count} {kind}" for kind, count in self.disturbed.items())
        seconds, query = log.slowest
        return (f"{log.asked} queries over {log.oracle.size} entries, {self.rounds} rounds ({disturbed}), "
                f"{len(log.failures)} disagreements; "
                f"the slowest took {seconds:.2f} s: {query[:200]}")


def main() -> int:
    seed = int(os.environ.get("STELE_SEARCH_SEED") or random.SystemRandom().randrange(1 << 30))
    queries = int(os.environ.get("STELE_SEARCH_QUERIES") or 1000)
    tiles = int(os.environ.get("STELE_SEARCH_TILES") or 2)
    print(f"search: {queries} queries, {tiles} tiles, STELE_SEARCH_SEED={seed}", flush=True)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="stele-search-"))
    (folder / "data").mkdir()
    rounds = Rounds(folder / "data", random.Random(seed))
    told = 0.0
    try:
        rounds.fill(tiles)
        print(f"search: filled in {time.monotonic() - began:.0f} s: {rounds.log.oracle.size} entries", flush=True)
        while rounds.log.asked < queries or rounds.rounds < 8:
            rounds.live(max(120, min(2000, queries // 50)))
            if time.monotonic() - told > 60:
                told = time.monotonic()
                print(f"search: {told - began:.0f} s: {rounds.figures()}", flush=True)
        rounds.log.stop()
    except Failed as failure:
        rounds.log.failures.append(str(failure))
        print(failure, flush=True)
    finally:
        rounds.log.kill()
    if rounds.log.failures:
        print(f"search: FAILED, STELE_SEARCH_SEED={seed}, data kept in {folder}: {rounds.figures()}", flush=True)
        return 1
    shutil.rmtree(folder)
    print(f"search: passed in {time.monotonic() - began:.0f} s, STELE_SEARCH_SEED={seed}: {rounds.figures()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
