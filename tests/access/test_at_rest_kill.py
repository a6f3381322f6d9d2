#!/usr/bin/env python3
"""Goal: whoever is killed while he encrypts a directory, or while he closes its keyrings under another master key, leaves one that
proves what it proved and that the next one finishes. STELE_AT_REST_SEED brings the same moments back."""

import json
import os
import random
import signal
import subprocess
import time
import unittest

from at_rest import WORD, AtRestTest, new_key
from harness import NONE, STELE, event, wait_until

BEFORE, EVENTS = 1_000, 2_000
ENTRIES = 2 * BEFORE + EVENTS + 2  # of the log that make_log() makes
ROUNDS = int(os.environ.get("STELE_AT_REST_ROUNDS", "12"))


class AtRestKillTest(AtRestTest):
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("STELE_AT_REST_SEED") or random.SystemRandom().randrange(1 << 30))
        print(f"STELE_AT_REST_SEED={seed}", flush=True)
        self.rng = random.Random(seed)

    def make_log(self, *flags: str) -> dict:
        """Segments, a journal with a tail, values apart, a user; killed. What it proves."""
        server = self.serve("--seal-bytes", "65536", *flags)
        for count in (1, 2):
            self.append((event(n, message=WORD) for n in range(BEFORE)), "--source", f"before-{count}")
            wait_until(lambda wanted=count: len(list(self.data.glob("logs/main/segments/*.segment"))) >= wanted, "a segment")
        self.fill(EVENTS)
        self.ran(self.stele("user", "create", "--data", str(self.data), "--role", "reader", "somebody"))
        proven = self.what_it_proves(ENTRIES)
        server.stop(signal.SIGKILL)
        return proven

    def killed_after(self, seconds: float, *command: str) -> bool:
        """Whether it was still at work."""
        with subprocess.Popen([STELE, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, env=NONE) as process:
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
            words = process.communicate()[1]
            self.assertIn(process.returncode, (0, -signal.SIGKILL), words)
            return process.returncode != 0

    def proves(self, proven: dict) -> None:
        server = self.serve(*self.given)
        self.assertEqual(self.what_it_proves(ENTRIES), proven)
        self.assertIn("somebody", self.ran(self.stele("user", "list", "--data", str(self.data))))
        server.stop(signal.SIGKILL)

    def test_killed_while_it_encrypts(self):
        proven = self.make_log()
        encrypt = ("encrypt", "--data", str(self.data), *self.given)
        cut_short = 0
        for round_ in range(ROUNDS):
            # Later and later, so that each finds some more done than the one before.
            cut_short += self.killed_after(self.rng.uniform(0, 0.03) * (round_ + 1), *encrypt)
            report = self.verify()
            self.assertTrue(report["intact"], report)
            self.assertGreaterEqual(report["size"], ENTRIES)
            if round_ % 4 == 3:
                self.proves(proven)
        self.assertGreater(cut_short, 0)
        self.ran(self.stele(*encrypt))
        self.assertEqual(self.holders(), [])
        done = json.loads(self.ran(self.stele(*encrypt, "--json")))
        self.assertEqual((done["files"], done["attachments"], done["waiting"]), (0, 0, 0))
        self.proves(proven)

    def test_killed_while_its_master_key_changes(self):
        proven = self.make_log(*self.given)
        keys = [self.key.read_text().strip()]
        serve = ("serve", "--data", str(self.data), "--listen", "127.0.0.1:0", "--watch-clock", "false", *self.given)
        for _ in range(ROUNDS):
            keys.insert(0, new_key())
            self.write_keys(*keys[:2])
            self.killed_after(self.rng.uniform(0, 0.15), *serve)
            report = self.verify()
            self.assertTrue(report["intact"], report)
            self.assertGreaterEqual(report["size"], ENTRIES)
            self.proves(proven)  # it closes the keyrings under the new one, if nobody has
            self.write_keys(keys[0])
            self.assertTrue(self.verify()["intact"])
        self.write_keys(keys[1])
        self.assertEqual(self.stele("verify", "--data", str(self.data), *self.given).returncode, 2)


if __name__ == "__main__":
    unittest.main()
