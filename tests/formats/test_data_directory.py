#!/usr/bin/env python3
"""Goal: a data directory that an earlier version wrote, and that was killed, verifies, opens, serves the same bytes, and is
continued by today's program.

golden/data-1.tar.gz was made by the version of 2026-11-24: 420 events in four batches over HTTP, a third of them with ids,
`--seal-bytes 65536 --publish-millis 50 --origin log.example/yesterday`, ended by SIGKILL; beside it what was handed out: the
verifier key, the last checkpoint, two receipts, and the page of all entries. Such files are kept for ever, one a version."""

import json
import sys
import tarfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from harness import CommandTest  # noqa: E402

GOLDEN = Path(__file__).parent / "golden"
EVENT = {"time": "2026-11-26T12:00:00Z", "actor": {"type": "service", "id": "today"}, "action": "log.continue"}


class EarlierVersions(CommandTest):
    def verify(self, size: int):
        done = self.stele("verify", "--data", "data", "--key", "key", "--since", "checkpoint", "--receipt", "receipt-1.json",
                          "--receipt", "receipt-4.json", "--json")
        report = json.loads(done.stdout)
        self.assertEqual((report["intact"], report["anchored"], report["size"]), (True, True, size), done.stdout)

    def test_version_1_is_verified_served_and_continued(self):
        with tarfile.open(GOLDEN / "data-1.tar.gz") as tar:
            tar.extractall(self.folder)
        page = (self.folder / "page.json").read_bytes()
        size = len(json.loads(page)["entries"])
        self.assertEqual(size, 420)
        self.verify(size)
        server = self.serve()
        self.assertEqual(server.request("GET", "/api/v1/events?limit=1000"), (200, page))
        status, answer = server.request("POST", "/api/v1/events?source=today", json.dumps(EVENT))
        self.assertEqual((status, json.loads(answer)["results"][0]["index"]), (200, size))
        self.assertEqual(server.stop(), 0)
        self.verify(size + 1)


if __name__ == "__main__":
    unittest.main()
