"""What a log has promised — entries acknowledged, entries shown, checkpoints signed — held against what it has now."""

import base64
import json
import re

from load import Event, Promised
from server import BUNDLE, Failed, Server
from tree import Tree, leaf_hash, range_root

ACTION = re.compile(rb'"source":\{"id":"([^"]+)".*"action":"kill\.([^"]+)"')
LINE = re.compile(rb'"source":\{"id":"syslog".*"message":"line (\d+)-(\d+)"')


class Stored:
    """The entries of a log as they are read, from the first on: each leads to one event that was sent, and none is there twice."""

    def __init__(self):
        self.tree = Tree()
        self.places = {}  # (source, serial) → index
        self._lines = {}  # syslog connection → lines stored so far

    def read_on(self, server: Server) -> None:
        """What was stored since, as of now."""
        for index, entry in server.entries(len(self.tree.leaves), server.size()):
            self.add(index, entry)

    def add(self, index: int, entry: bytes) -> None:
        if index != len(self.tree.leaves):
            raise Failed(f"entry {index} is read where {len(self.tree.leaves)} should be")
        self.tree.append(leaf_hash(entry))
        line = LINE.search(entry)
        if line:
            self._add_line(index, int(line[1]), int(line[2]))
            return
        found = ACTION.search(entry)
        if not found:
            raise Failed(f"entry {index} was sent by nobody: {entry[:500]!r}")
        event = Event(found[1].decode(), found[2].decode())
        if b'"event":' + event.text().encode() not in entry:
            raise Failed(f"entry {index} is not what {event.source} sent as {event.serial}: {entry[:500]!r}")
        before = self.places.setdefault((event.source, event.serial), index)
        if before != index:
            raise Failed(f"{event.source} {event.serial} is stored twice: as entries {before} and {index}")

    def _add_line(self, index: int, connection: int, number: int) -> None:
        """Lines of one connection are stored in order, each once, none left out before another."""
        expected = self._lines.get(connection, 0)
        if number != expected:
            raise Failed(f"entry {index} is line {number} of syslog connection {connection}, where line {expected} is next")
        self._lines[connection] = expected + 1


class Promises:
    """Grows with every answer; check() and check_everything() raise Failed at the first that is broken."""

    def __init__(self):
        self.stored = Stored()
        self.checkpoints = {}     # size → the signed note
        self.acknowledged = {}    # (source, serial) → (index, leaf in base64 or None)
        self.receipts = 0
        self._published = 0
        self._unchecked_events = []    # of the acknowledged ones, those that came since the last check; so with the next two
        self._unchecked_sizes = []
        self._unchecked_receipts = []

    def add(self, promised: Promised) -> None:
        for event in promised.events:
            self._add_event(event)
        for text in promised.checkpoints:
            size = self._add_checkpoint(text)
            if size < self._published:
                raise Failed(f"a checkpoint of size {size} is published after one of size {self._published}")
            self._published = size
        for answer in promised.answers:
            self._unchecked_receipts.append(json.loads(answer)["receipt"])

    def _add_event(self, event: Event) -> None:
        if event.entry is not None and base64.b64encode(leaf_hash(event.entry.encode())).decode() != event.leaf:
            raise Failed(f"entry {event.index} as answered does not hash to the leaf {event.leaf} beside it")
        key = (event.source, event.serial)
        if key not in self.acknowledged:
            self._unchecked_events.append(key)
        index, leaf = self.acknowledged.setdefault(key, (event.index, event.leaf))
        if index != event.index or (leaf and event.leaf and leaf != event.leaf):
            raise Failed(f"{event.source} {event.serial} is acknowledged as {index} {leaf} and as {event.index} {event.leaf}")

    def _add_checkpoint(self, text: str) -> int:
        """Every state is signed once: the same size is the same note, byte for byte."""
        size = int(text.split("\n")[1])
        if size not in self.checkpoints:
            self._unchecked_sizes.append(size)
        before = self.checkpoints.setdefault(size, text)
        if before != text:
            raise Failed(f"two checkpoints of size {size} are signed:\n{before}\n{text}")
        return size

    def check(self, server: Server) -> None:
        """After a restart: what was stored is read on, and all that was promised since the last time is held against it."""
        self.stored.read_on(server)
        for receipt in self._unchecked_receipts:
            self._check_receipt(receipt)
        for key in self._unchecked_events:
            check_event(self.stored, key, *self.acknowledged[key])
        check_checkpoints(self.stored.tree, {size: self.checkpoints[size] for size in self._unchecked_sizes})
        for unchecked in (self._unchecked_receipts, self._unchecked_events, self._unchecked_sizes):
            unchecked.clear()

    def _check_receipt(self, receipt: dict) -> None:
        tree = self.stored.tree
        size = self._add_checkpoint(receipt["checkpoint"])
        root = root_of(receipt["checkpoint"])
        for part in receipt["ranges"]:
            first, end = part["first"], part["first"] + part["count"]
            if end > len(tree.leaves):
                raise Failed(f"a receipt covers entries {first} to {end}, and the log has {len(tree.leaves)}")
            proof = [base64.b64decode(one) for one in part["proof"]]
            if range_root(first, tree.leaves[first:end], size, proof) != root:
                raise Failed(f"a receipt's proof does not lead from entries {first} to {end} to its checkpoint of size {size}")
        self.receipts += 1

    def check_sample(self, server: Server, rng, bundles: int) -> None:
        """Older entries, read again."""
        leaves = self.stored.tree.leaves
        for number in rng.sample(range(len(leaves) // BUNDLE), min(bundles, len(leaves) // BUNDLE)):
            for index, entry in server.entries(number * BUNDLE, (number + 1) * BUNDLE):
                if leaf_hash(entry) != leaves[index]:
                    raise Failed(f"entry {index} is no longer what it was: {entry[:500]!r}")

    def check_everything(self, server: Server) -> None:
        """All of the log is read anew, and everything ever promised is held against it."""
        self.check(server)
        anew = Stored()
        anew.read_on(server)
        check_leaves(self.stored.tree.leaves, anew.tree.leaves)
        for key, promised in self.acknowledged.items():
            check_event(anew, key, *promised)
        check_checkpoints(anew.tree, self.checkpoints)


def root_of(checkpoint: str) -> bytes:
    return base64.b64decode(checkpoint.split("\n")[2])


def check_event(stored: Stored, key: tuple[str, str], index: int, leaf: str | None) -> None:
    place = stored.places.get(key)
    if place is None:
        raise Failed(f"{key[0]} {key[1]} was acknowledged as entry {index} and is lost; the log has {len(stored.tree.leaves)}")
    if place != index:
        raise Failed(f"{key[0]} {key[1]} was acknowledged as entry {index} and is entry {place}")
    if leaf is not None and base64.b64encode(stored.tree.leaves[index]).decode() != leaf:
        raise Failed(f"entry {index} does not hash to the leaf {leaf} that was acknowledged")


def check_checkpoints(tree: Tree, checkpoints: dict[int, str]) -> None:
    for size, text in checkpoints.items():
        if size > len(tree.leaves):
            raise Failed(f"a checkpoint of size {size} was signed, and the log has {len(tree.leaves)} entries")
        if root_of(text) != tree.root(size):
            raise Failed(f"the {size} first entries do not lead to the root that was signed:\n{text}")


def check_leaves(before: list[bytes], now: list[bytes]) -> None:
    for index, (old, new) in enumerate(zip(before, now)):
        if old != new:
            raise Failed(f"entry {index} is no longer what it was")
    if len(now) < len(before):
        raise Failed(f"the log had {len(before)} entries and has {len(now)}")
