#!/usr/bin/env python3
"""Goal: the checks of this folder find what they are for, each broken promise by itself, and are content with a good log."""

import base64
import json
import unittest

from load import Event, Promised
from promises import Promises, Stored
from server import Failed
from tree import Tree, leaf_hash, node_hash, range_root


def entry_of(event: Event) -> bytes:
    return f'{{"stele":1,"source":{{"id":"{event.source}","kind":"http"}},"event":{event.text()}}}'.encode()


def line_of(connection: int, number: int) -> bytes:
    return f'{{"stele":1,"source":{{"id":"syslog"}},"event":{{"message":"line {connection}-{number}"}}}}'.encode()


def note(size: int, root: bytes) -> str:
    return f"kill.example/log\n{size}\n{base64.b64encode(root).decode()}\n\n— kill.example/log AAAA\n"


class Log:
    """What a server would show."""

    def __init__(self, entries: list[bytes]):
        self.stored = list(entries)

    def size(self) -> int:
        return len(self.stored)

    def entries(self, first: int, end: int):
        return list(enumerate(self.stored))[first:end]


class PromisesTest(unittest.TestCase):
    def setUp(self):
        self.events = [Event("client-0", f"{number}-{number % 3}-id") for number in range(11)]
        self.log = Log([entry_of(event) for event in self.events])
        self.tree = Tree()
        for index, entry in enumerate(self.log.stored):
            self.tree.append(leaf_hash(entry))
            self.events[index].index = index
            self.events[index].leaf = base64.b64encode(leaf_hash(entry)).decode()
        # The receipt for the last leaf of 11: the sibling, then the left subtree, as in RFC 6962.
        left, sibling = self.tree.root(8), node_hash(self.tree.leaves[8], self.tree.leaves[9])
        self.receipt = {"checkpoint": note(11, self.tree.root(11)),
                        "ranges": [{"first": 10, "count": 1, "proof": [base64.b64encode(h).decode() for h in (sibling, left)]}]}
        self.promises = Promises()

    def promise(self, **what) -> None:
        self.promises.add(Promised(**what))

    def assert_finds(self, words: str, find=None) -> None:
        with self.assertRaisesRegex(Failed, words):
            (find or self.promises.check)(self.log)

    def test_a_log_that_keeps_its_promises_passes(self):
        self.promise(events=self.events, checkpoints=[note(n, self.tree.root(n)) for n in range(12)],
                     answers=[json.dumps({"receipt": self.receipt}).encode()])
        self.promises.check(self.log)
        self.promises.check_everything(self.log)
        self.assertEqual(self.promises.receipts, 1)

    def test_a_lost_event_is_found(self):
        self.promise(events=self.events)
        self.log.stored.pop()
        self.assert_finds("10-1-id was acknowledged as entry 10 and is lost")

    def test_events_that_changed_places_are_found(self):
        self.promise(events=self.events)
        self.log.stored[3:5] = self.log.stored[4:2:-1]
        self.assert_finds("acknowledged as entry 3 and is entry 4")

    def test_an_event_stored_twice_is_found(self):
        self.log.stored.append(self.log.stored[0])
        self.assert_finds("stored twice: as entries 0 and 11")

    def test_another_envelope_than_was_acknowledged_is_found(self):
        self.promise(events=self.events)
        self.log.stored[5] = self.log.stored[5].replace(b'"kind":"http"', b'"kind":"HTTP"')
        self.assert_finds("entry 5 does not hash to the leaf")

    def test_another_event_than_was_sent_is_found(self):
        self.log.stored[5] = self.log.stored[5].replace(b'"success"', b'"failure"')
        self.assert_finds("entry 5 is not what client-0 sent")

    def test_an_entry_that_nobody_sent_is_found(self):
        self.log.stored[5] = b'{"stele":1,"source":{"id":"stele"},"event":{"action":"stele.id_conflict"}}'
        self.assert_finds("entry 5 was sent by nobody")

    def test_an_entry_that_changed_since_it_was_read_is_found(self):
        self.promises.check(self.log)
        self.log.stored[5] = self.log.stored[5].replace(b'"kind":"http"', b'"kind":"HTTP"')
        self.assert_finds("entry 5 is no longer what it was", self.promises.check_everything)

    def test_a_log_that_became_shorter_is_found(self):
        self.promises.check(self.log)
        self.log.stored.pop()
        self.assert_finds("had 11 entries and has 10", self.promises.check_everything)

    def test_entries_that_are_not_the_leaf_beside_them_are_found(self):
        self.events[2].entry = self.log.stored[3].decode()
        with self.assertRaisesRegex(Failed, "entry 2 as answered does not hash"):
            self.promise(events=self.events)

    def test_a_signed_root_that_the_entries_do_not_lead_to_is_found(self):
        self.promise(checkpoints=[note(7, self.tree.root(8))])
        self.assert_finds("the 7 first entries do not lead to the root")

    def test_a_signed_size_that_the_log_does_not_have_is_found(self):
        self.promise(checkpoints=[note(12, self.tree.root(11))])
        self.assert_finds("a checkpoint of size 12 was signed, and the log has 11 entries")

    def test_two_checkpoints_of_one_size_are_found(self):
        with self.assertRaisesRegex(Failed, "two checkpoints of size 7"):
            self.promise(checkpoints=[note(7, self.tree.root(7)), note(7, self.tree.root(8))])

    def test_published_sizes_that_go_back_are_found(self):
        with self.assertRaisesRegex(Failed, "size 6 is published after one of size 7"):
            self.promise(checkpoints=[note(7, self.tree.root(7)), note(6, self.tree.root(6))])

    def test_a_receipt_that_proves_something_else_is_found(self):
        self.receipt["ranges"][0]["proof"].reverse()
        self.promise(answers=[json.dumps({"receipt": self.receipt}).encode()])
        self.assert_finds("a receipt's proof does not lead")

    def test_a_syslog_line_that_is_left_out_or_repeated_is_found(self):
        for numbers in ([0, 2], [0, 0], [1]):
            self.log.stored = [line_of(7, number) for number in numbers]
            self.assert_finds("syslog connection 7", Stored().read_on)
        self.log.stored = [line_of(connection, number) for number in range(3) for connection in (1, 2)]
        Stored().read_on(self.log)


class TreeTest(unittest.TestCase):
    """The vectors of docs/formats/receipt.md, and RFC 6962's definition."""

    VECTORS = [
        (7, 2, 3, ["YKU+7Q3oepDI5ZQnxZxGJTwzp2oJUCpRgBMAknt+a9w=", "jxWTy5L0Kdk0C5u8HwuxIq34AmxCpKQhQuIWiTFycjY=",
                   "Z283gvWzpftDcO1JVyztxSP0pmMiJpyF8q8FCdF7Ck0="], "CwB/uRXrmyoUb1SxyG7FO2ZPjkVbdmCwtu4T7cDZIcA="),
        (11, 0, 8, ["yBD6QYusv7TdR3WtqXzJrFNeeoEvBunfcofjknbscJA="], "HbUiaoAFKBb6QD854yntKCQyVB1nDYovJwjuhqffENQ="),
        (11, 10, 1, ["6wBMdHXOvbKx5VpxS5D/FEwi84Eg6oljih96tZGBUgU=", "ymt7PmdKyGwQJ7Wch8Bk/DvCezEylMdfg70F/dE/Dc8="],
         "HbUiaoAFKBb6QD854yntKCQyVB1nDYovJwjuhqffENQ="),
    ]

    def test_range_proofs_lead_to_the_root(self):
        leaves = [leaf_hash(f"leaf-{number}".encode()) for number in range(11)]
        for size, first, count, proof, root in self.VECTORS:
            hashes = [base64.b64decode(one) for one in proof]
            self.assertEqual(base64.b64encode(range_root(first, leaves[first:first + count], size, hashes)).decode(), root)
            self.assertIsNone(range_root(first, leaves[first:first + count], size, hashes[:-1]))
            self.assertIsNone(range_root(first, leaves[first:first + count], size, [*hashes, hashes[0]]))

    def test_the_root_of_every_size_is_that_of_the_definition(self):
        def mth(leaves):
            if len(leaves) == 1:
                return leaves[0]
            split = 1 << (len(leaves) - 1).bit_length() - 1
            return node_hash(mth(leaves[:split]), mth(leaves[split:]))

        tree = Tree()
        for number in range(70):
            tree.append(leaf_hash(f"leaf-{number}".encode()))
        for size in range(1, 71):
            self.assertEqual(tree.root(size), mth(tree.leaves[:size]))
        self.assertEqual(base64.b64encode(tree.root(0)).decode(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")


if __name__ == "__main__":
    unittest.main()
