"""A directory that is encrypted on disk, and what it proves."""

import base64
import hashlib
import json
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import CommandTest, event, lines  # noqa: E402

WORD = "quetzalcoatlus"  # what must not be found
TILE = 65_536


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


class AtRestTest(CommandTest):
    """Has a master key in a file, at which `given` points."""

    def setUp(self):
        super().setUp()
        self.key = self.folder / "master.key"
        self.write_keys(new_key())

    def write_keys(self, *keys: str) -> None:
        self.key.write_text("".join(key + "\n" for key in keys))
        self.key.chmod(0o600)

    @property
    def given(self) -> tuple[str, str]:
        return "--master-key", f"file:{self.key}"

    def append(self, events, *flags: str) -> None:
        self.ran(self.stele("append", "--data", str(self.data), *flags, given=lines(events)))

    def fill(self, events: int = TILE + 300) -> None:
        """Events, and then a value of each kind that is kept apart. So many as are the default have a tile that is sealed and
        indexed, and a tail."""
        self.append((event(n, message=f"{WORD} {n}") for n in range(events)), "--source", f"{WORD}-app")
        self.append([event(events, message=WORD + secrets.token_hex(100_000)),
                     event(events + 1, attributes={"password": WORD, "words": "Authorization: Bearer " + WORD * 3})])

    def indexed(self, *flags: str) -> bool:
        time.sleep(0.2)  # the server's threads for this give way to who asks
        out = self.ran(self.stele("index", "status", "--data", str(self.data), "--json", *flags))
        return json.loads(out)["files"] > 0

    def contents(self) -> Iterator[tuple[Path, bytes]]:
        """Of each file in the data directory, but for those that a server replaces just then."""
        for path in self.data.rglob("*"):
            try:
                if path.is_file():
                    yield path, path.read_bytes()
            except FileNotFoundError:
                continue

    def holders(self, word: str = WORD) -> list[str]:
        """Files of the data directory that have the word."""
        return [str(path.relative_to(self.data)) for path, content in self.contents() if word.encode() in content]

    def verify(self, *flags: str, code: int = 0) -> dict:
        return json.loads(self.ran(self.stele("verify", "--data", str(self.data), "--json", *self.given, *flags), code))

    def what_it_proves(self, events: int) -> dict:
        """Of the first `events`, the last of which seals a value; behind them the server may speak of itself."""
        entries = self.ran(self.stele("tail", "--data", str(self.data), "--from", "0", "--json")).splitlines()[:events]
        commitment = entries[-1].split('"$sealed":{"commitment":"')[1].split('"')[0]
        opened = self.ran(self.stele("open", "--data", str(self.data), commitment))
        found = self.ran(self.stele("search", "--data", str(self.data), "--json", f"message:{WORD} id:evt_6*"))
        return {"entries": hashlib.sha256("\n".join(entries).encode()).hexdigest(), "opened": opened, "found": found}
