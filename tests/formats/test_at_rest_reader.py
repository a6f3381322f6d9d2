#!/usr/bin/env python3
"""Goal: who has the documents and the master key reads an encrypted data directory without this program, byte for byte."""

import json
import os
import secrets
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from at_rest_reader import Damaged, read_log  # noqa: E402
from harness import CommandTest, event, lines, wait_until  # noqa: E402

TILE = 65_536


class AtRestReader(CommandTest):
    def setUp(self):
        super().setUp()
        self.key = self.write("master.key", secrets.token_hex(32) + "\n")
        self.key.chmod(0o600)
        self.given = ("--master-key", f"file:{self.key}")

    def append(self, events) -> None:
        self.ran(self.stele("append", "--data", str(self.data), given=lines(events)))

    def compare(self) -> None:
        """Beside a running server; the log "audit" has what was asked before, too."""
        shown = self.ran(self.stele("tail", "--data", str(self.data), "--from", "0", "--json")).splitlines()
        log = read_log(self.data, "main", self.key.read_text())
        self.assertEqual([entry.decode() for entry in log.entries[:len(shown)]], shown)
        self.read = log
        self.assertGreater(len(read_log(self.data, "audit", self.key.read_text()).entries), 0)

    def test_reads_what_the_program_wrote(self):
        server = self.serve(*self.given)
        self.append(event(n) for n in range(TILE + 400))
        self.append([event(TILE + 400, message=secrets.token_hex(100_000)),
                     event(TILE + 401, attributes={"password": "correct horse battery"})])
        wait_until(lambda: list(self.data.glob("logs/main/segments/*.segment")), "a segment")
        self.compare()
        self.assertEqual((self.read.from_segments >= TILE, len(self.read.attachments) > 0, len(self.read.sealed) > 0), (True,) * 3)
        server.stop(signal.SIGKILL)
        server = self.serve(*self.given)
        self.append(event(n) for n in range(TILE + 402, TILE + 500))
        self.compare()
        self.assertEqual(server.stop(), 0)

    def test_reads_what_was_plain_before(self):
        server = self.serve()
        self.append([*(event(n) for n in range(300)), event(300, message=secrets.token_hex(100_000))])
        server.stop(signal.SIGKILL)
        self.ran(self.stele("encrypt", "--data", str(self.data), *self.given))
        self.serve(*self.given)
        self.append(event(n) for n in range(301, 310))
        self.compare()

    def test_is_told_what_was_changed(self):
        server = self.serve(*self.given)
        self.append(event(n) for n in range(300))
        self.assertEqual(server.stop(), 0)
        journal = max(self.data.glob("logs/main/journal/*.journal"), key=os.path.getsize)
        content = bytearray(journal.read_bytes())
        content[len(content) // 2] ^= 1
        journal.write_bytes(content)
        with self.assertRaises(Damaged):
            entries = read_log(self.data, "main", self.key.read_text()).entries
            if len(entries) < 300:  # the last frame: it was dropped, as one that was never acknowledged
                raise Damaged(json.dumps(len(entries)))


if __name__ == "__main__":
    unittest.main()
