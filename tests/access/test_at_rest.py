#!/usr/bin/env python3
"""A log that is encrypted on disk: nothing of it can be read there, it proves the same, no nonce serves twice, and its key can be
another tomorrow."""

import hashlib
import json
import os
import secrets
import shutil
import signal
import unittest
from pathlib import Path

import at_rest
from at_rest import TILE, WORD, new_key
from harness import event, wait_until

BLOCK = 4096


class AtRestTest(at_rest.AtRestTest):
    def test_nothing_can_be_read_on_disk(self):
        server = self.serve(*self.given)
        self.fill()
        self.ran(self.stele("user", "create", "--data", str(self.data), "--role", "reader", WORD))
        wait_until(self.indexed, "an index file")
        found = self.ran(self.stele("search", "--data", str(self.data), "--json", f"message:{WORD} id:evt_77"))
        self.assertIn(f"{WORD} 77", found)
        wait_until(lambda: list(self.data.glob("logs/main/segments/*.segment")), "a segment")
        self.assertTrue(list((self.data / "logs/main/apart").iterdir()))
        self.assertEqual(self.holders(), [])
        server.stop(signal.SIGKILL)
        self.assertEqual(self.holders(), [])
        for secret in ("PRIVATE+KEY", "stele-sealing-key"):
            self.assertEqual(self.holders(secret), [])
        server = self.serve(*self.given)
        self.assertEqual(self.holders(), [])
        self.assertEqual(self.ran(self.stele("search", "--data", str(self.data), "--json", f"message:{WORD} id:evt_77")), found)
        report = self.verify()
        self.assertEqual((report["intact"], report["size"], report["apart_values"] >= 2), (True, TILE + 302, True))
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.holders(), [])
        self.assertTrue(self.verify()["intact"])

    def test_an_encrypted_log_proves_what_the_plain_one_did(self):
        server = self.serve()
        receipts = self.folder / "receipts"
        self.append([event(0)], "--receipts", str(receipts))
        self.fill()
        wait_until(self.indexed, "an index file")
        before = self.what_it_proves(TILE + 303)
        tiles = {path: server.request("GET", f"/log/main/tile/{path}") for path in ("0/000", "1/000.p/255", "entries/000")}
        self.assertEqual(server.stop(), 0)
        proven = json.loads(self.ran(self.stele("verify", "--data", str(self.data), "--json")))
        self.assertGreater(len(self.holders()), 2)

        done = json.loads(self.ran(self.stele("encrypt", "--data", str(self.data), *self.given, "--json")))
        self.assertGreater(done["files"], 3)
        self.assertGreater(done["attachments"], 0)
        self.assertEqual(done["waiting"], 0)
        self.assertEqual(self.holders(), [])
        again = json.loads(self.ran(self.stele("encrypt", "--data", str(self.data), *self.given, "--json")))
        self.assertEqual((again["files"], again["attachments"]), (0, 0))

        report = self.verify("--receipt", str(self.one_receipt(receipts)))
        self.assertEqual((report["intact"], report["root"], report["size"]), (True, proven["root"], proven["size"]))
        server = self.serve(*self.given)
        self.assertEqual(self.what_it_proves(TILE + 303), before)
        for path, answer in tiles.items():
            self.assertEqual(server.request("GET", f"/log/main/tile/{path}"), answer, path)
        self.assertIn("1 file", self.ran(self.stele("index", "check", "--data", str(self.data))))
        server.stop(signal.SIGKILL)
        self.assertEqual(self.holders(), [])
        self.assertTrue(self.verify()["intact"])

    def test_a_server_that_is_given_a_key_writes_nothing_more_in_plain(self):
        server = self.serve()
        self.append((event(n, message=WORD) for n in range(500)), "--source", WORD)
        self.ran(self.stele("user", "create", "--data", str(self.data), "--role", "reader", WORD))
        server.stop(signal.SIGKILL)
        self.assertGreater(len(self.holders()), 1)
        server = self.serve(*self.given)
        self.append(event(n, message=WORD) for n in range(500, 70_000))
        wait_until(self.indexed, "an index file")
        self.assertEqual(self.holders(), [])
        server.stop(signal.SIGKILL)
        self.assertEqual(self.holders(), [])
        self.assertEqual((self.verify()["intact"], self.verify()["size"]), (True, 70_000))

    def one_receipt(self, receipts: Path) -> Path:
        return self.write("receipt.json", receipts.read_text().splitlines()[0])

    def test_opens_with_its_key_alone(self):
        self.serve(*self.given).stop()
        for flags, why in (((), "none was given"), (("--master-key", "env:OTHER_KEY"), "what was given is")):
            for command in (("serve", "--listen", "127.0.0.1:0"), ("verify",)):
                refused = self.stele(*command, "--data", str(self.data), *flags, env={"OTHER_KEY": new_key()})
                self.assertEqual(refused.returncode, 2, refused.stdout)
                self.assertIn(why, refused.stderr)
                self.assertRegex(refused.stderr, "logs/main/keyring: it is closed under the master key [0-9a-f]{16}")
        # Commands that open the directory themselves have it from the environment, as the server may.
        env = {"STELE_MASTER_KEY": f"file:{self.key}"}
        self.assertIn("st", self.ran(self.stele("token", "create", "--data", str(self.data), "--role", "reader", "--name", "x", env=env)))
        self.assertEqual(self.stele("token", "list", "--data", str(self.data)).returncode, 2)

    def test_finds_its_key_where_it_is_told(self):
        key = self.key.read_text()
        self.serve(*self.given).stop()
        verify = ("verify", "--data", str(self.data), "--json", "--master-key")
        self.ran(self.stele(*verify, "env:THE_KEY", env={"THE_KEY": key}))
        self.ran(self.stele(*verify, f"command:cat {self.key}"))
        inside = self.data / "master.key"
        shutil.copy(self.key, inside)
        for source, why in ((f"file:{inside}", "keep it elsewhere"), ("env:NOT_THERE", "no variable NOT_THERE"),
                            ("command:exit 3", "ended with 3"), ("command:true", "has no key"), ("command:yes", "more than any key"),
                            (f"file:{self.folder}/none", "none"), (key.strip(), "not the key itself"),
                            (f"command:echo {WORD}", "line 1 is no key")):
            refused = self.stele(*verify, source)
            self.assertEqual(refused.returncode, 2, source)
            self.assertIn(why, refused.stderr)
            self.assertNotIn(key.strip(), refused.stderr + refused.stdout)
            self.assertNotIn(WORD, refused.stderr + refused.stdout)
        self.key.chmod(0o644)
        self.assertIn("open to everybody", self.stele(*verify, f"file:{self.key}").stderr)

    def test_another_master_key_rewrites_the_keyring_alone(self):
        first, second = self.key.read_text().strip(), new_key()
        server = self.serve(*self.given)
        self.append(event(n) for n in range(TILE + 10))
        wait_until(self.indexed, "an index file")
        self.assertEqual(server.stop(), 0)
        kept = [*self.data.glob("logs/main/segments/*"), *self.data.glob("index/main/*"), *self.data.glob("keys/*")]
        self.assertGreater(len(kept), 5)
        before = {path: path.read_bytes() for path in kept}
        self.write_keys(second, first)
        server = self.serve(*self.given)
        self.assertEqual({path: path.read_bytes() for path in kept}, before)
        changed = [entry["event"]["attributes"] for entry in self.stored("--data", str(self.data), "--log", "audit")
                   if entry["event"]["action"] == "stele.configuration.changed"][-1]
        self.assertEqual({"master_key_main", "before_master_key_main", "master_key_audit", "before_master_key_audit"} - set(changed),
                         set())
        self.append(event(n) for n in range(TILE + 10, TILE + 20))
        self.assertEqual(server.stop(), 0)
        self.write_keys(second)
        self.assertEqual(self.verify()["size"], TILE + 20)
        self.serve(*self.given).stop()
        self.write_keys(first)
        self.assertEqual(self.stele("verify", "--data", str(self.data), *self.given).returncode, 2)

    def test_a_lost_keyring_is_mended_from_its_copy_and_never_guessed(self):
        server = self.serve(*self.given)
        self.append(event(n) for n in range(10))
        server.stop(signal.SIGKILL)
        ring, copy = self.data / "logs/main/keyring", self.data / "logs/main/keyring.copy"
        text = ring.read_text()
        ring.unlink()
        self.assertTrue(self.verify()["intact"])
        self.assertEqual(self.serve(*self.given).stop(), 0)
        self.assertEqual(json.loads(ring.read_text())["keys"][0]["id"], json.loads(text)["keys"][0]["id"])
        kept = ring.read_text()
        ring.unlink()
        copy.unlink()
        refused = self.stele("serve", "--listen", "127.0.0.1:0", "--data", str(self.data), *self.given)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("keyring is not there: restore the keyring from a copy", refused.stderr)
        self.assertFalse(ring.exists() or copy.exists())
        copy.write_text(kept)
        self.serve(*self.given).stop()
        self.assertEqual(self.verify()["size"], 10)

    def test_what_can_be_made_again_stops_nothing_when_it_is_damaged(self):
        server = self.serve(*self.given)
        self.append(event(n) for n in range(10))
        self.assertEqual(server.stop(), 0)
        ledger = self.data / "sources/main.json"
        for at in (0, 20):  # its magic, its header
            content = bytearray(ledger.read_bytes())
            content[at] ^= 1
            ledger.write_bytes(content)
            self.assertEqual(self.serve(*self.given).stop(), 0)
        self.assertTrue(self.verify()["intact"])

    def test_a_command_does_not_decide_that_a_log_is_encrypted(self):
        self.serve().stop()
        status = ("status", "--data", str(self.data))
        self.ran(self.stele(*status, env={"STELE_MASTER_KEY": f"file:{self.key}"}))
        self.assertFalse((self.data / "logs/main/keyring").exists())
        self.ran(self.stele(*status))

    def test_keys_elsewhere_outlive_the_keyring(self):
        keys = self.folder / "keys"
        server = self.serve("--keys", str(keys))
        self.append(event(n) for n in range(10))
        self.assertEqual(server.stop(), 0)
        backup = self.folder / "backup"
        shutil.copytree(self.data, backup)
        self.assertEqual(self.serve("--keys", str(keys), *self.given).stop(), 0)
        self.assertEqual(self.holders("evt_3"), [])
        shutil.rmtree(self.data)
        shutil.copytree(backup, self.data)
        self.assertEqual(self.serve("--keys", str(keys)).stop(), 0)

    def nonces(self, seen: dict) -> int:
        """Adds what was encrypted under which key and nonce; the same twice is the same bytes. How many there are."""
        count = 0

        def add(place, content: bytes) -> None:
            nonlocal count
            count += 1
            self.assertEqual(seen.setdefault(place, content), content, place)

        for path, content in self.contents():
            if content.startswith(b"STELEENC"):
                add((content[16:24], content[24:56]), hashlib.sha256(content).digest())
            if path.suffix != ".journal":
                continue
            for at in range(0, len(content), BLOCK):
                head = content[at:at + 256]
                if head.startswith(b"STELEFRM") and head[8] == 2:
                    size = int.from_bytes(head[64:72], "little")
                    payload = content[at + 256:at + 256 + size]
                    add((head[152:160], head[160:184], head[184:196]), hashlib.sha256(head + payload).digest())
        return count

    def test_no_nonce_serves_twice_whatever_happens(self):
        """Kills, clean stops, a backup that is restored and goes another way, a machine that is cloned."""
        seen: dict = {}
        number = 0
        backup = self.folder / "backup"
        for round_ in range(12):
            server = self.serve(*self.given, "--seal-minutes", "1")
            for _ in range(5):
                self.append((event(number + n, message=secrets.token_hex(20)) for n in range(40)))
                number += 40
            self.assertGreater(self.nonces(seen), 0)
            server.stop(signal.SIGKILL if round_ % 3 else signal.SIGTERM)
            self.nonces(seen)
            if round_ % 4 == 1:
                shutil.rmtree(backup, ignore_errors=True)
                shutil.copytree(self.data, backup, ignore=lambda folder, names: [n for n in names if n == "control.sock"])
            if round_ % 4 == 3:  # the same epoch and commit numbers come again, with other contents
                shutil.rmtree(self.data)
                shutil.copytree(backup, self.data)
        places = [place for place in seen if len(place) == 3]
        self.assertGreater(len(places), 60)
        self.assertGreater(len({(key, salt) for key, salt, _ in places}), 12)
        self.assertTrue(self.verify()["intact"])

    def test_the_server_verifies_what_it_has_encrypted(self):
        self.serve(*self.given).stop()
        (self.data / "upkeep.json").write_text('{"stele_upkeep":1,"verified":"2020-01-01T00:00:00.000000000Z"}\n')
        self.serve(*self.given)
        passed = wait_until(lambda: [one for one in self.stored() if one["event"]["action"].startswith("stele.verify.")], "a verification")
        self.assertEqual(passed[0]["event"]["action"], "stele.verify.passed", passed)

    def test_a_changed_byte_is_found(self):
        server = self.serve(*self.given)
        self.append(event(n) for n in range(TILE))
        wait_until(lambda: list(self.data.glob("logs/main/segments/*.segment")), "a segment")
        self.assertEqual(server.stop(), 0)
        segment = next(self.data.glob("logs/main/segments/*.segment"))
        content = bytearray(segment.read_bytes())
        content[len(content) // 2] ^= 1
        os.chmod(segment, 0o600)
        segment.write_bytes(content)
        report = self.verify(code=1)
        self.assertEqual({finding["kind"] for finding in report["findings"]}, {"changed"})
        self.assertTrue(all(segment.name in finding["where"] for finding in report["findings"]), report)


if __name__ == "__main__":
    unittest.main()
