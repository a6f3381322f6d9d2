#!/usr/bin/env python3
"""How the server is set, on record: at the first start whole, then what is different; and as of any past moment."""

import hashlib
import json
import signal
import sys
import time
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import CommandTest  # noqa: E402


class ConfigurationTest(CommandTest):
    def audit(self, *prefixes: str) -> list[dict]:
        events = [entry["event"] for entry in self.stored("--data", str(self.data), "--log", "audit")]
        return [one for one in events if one["action"].startswith(prefixes)]

    def shown(self, *flags: str) -> dict:
        return json.loads(self.ran(self.stele("config", "show", "--data", str(self.data), "--json", *flags)))["configuration"]

    def test_every_change_is_on_record(self):
        people = self.write("people.yaml", "people:\n  ada:\n    name: Ada\n    accounts: [ada]\n")
        server = self.serve("--people", str(people), "--notify-webhook", "https://hooks.example.com/services/T0/secret-part")
        first = self.shown()
        self.assertEqual((first["page_entries"], first["people"]), ("1000", str(people)))
        self.assertTrue(first["key_main"].startswith(first["key_main"].split("+")[0] + "+"))
        self.assertRegex(first["people_content"], "sha256:[0-9a-f]{64}")
        self.assertRegex(first["notify_webhook"], "sha256:[0-9a-f]{64}")
        self.assertEqual(server.stop(), 0)
        # The same again: nothing has changed.
        server = self.serve("--people", str(people), "--notify-webhook", "https://hooks.example.com/services/T0/secret-part")
        self.assertEqual(len(self.audit("stele.configuration.changed")), 1)
        time.sleep(0.01)
        between = time.time()
        time.sleep(0.01)
        self.assertEqual(server.stop(signal.SIGKILL), -signal.SIGKILL)
        people.write_text("people:\n  ada:\n    name: Ada Park\n    accounts: [ada]\n")
        server = self.serve("--people", str(people), "--page-entries", "7")
        changes = self.audit("stele.configuration.changed")
        self.assertEqual(len(changes), 2)
        change = changes[1]
        self.assertEqual((change["category"], change["actor"]["id"]), ("configuration_change", "stele"))
        attributes = change["attributes"]
        self.assertEqual(set(attributes), {"page_entries", "before_page_entries", "people_content", "before_people_content",
                                           "notify_webhook", "before_notify_webhook", "listen", "before_listen"} & set(attributes))
        self.assertEqual((attributes["before_page_entries"], attributes["page_entries"]), ("1000", "7"))
        self.assertNotEqual(attributes["before_people_content"], attributes["people_content"])
        self.assertNotIn("secret-part", json.dumps(self.audit("stele.")))
        self.assertEqual(self.shown()["page_entries"], "7")
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(between)) + f"{between % 1:.6f}"[1:] + "Z"
        self.assertEqual({name: value for name, value in self.shown("--at", moment).items() if name != "listen"},
                         {name: value for name, value in first.items() if name != "listen"})
        self.assertEqual(self.shown("--at", "2020-01-01"), {})
        # A kill leaves a start without a stop before it.
        self.assertEqual([one["action"].rpartition(".")[2] for one in self.audit("stele.server.")],
                         ["started", "stopped", "started", "started"])
        server.stop()

    def files(self) -> list[tuple[str, str, str]]:
        """Setting, name and text, in the order of the record, from their parts."""
        out, text = [], ""
        for event in self.audit("stele.configuration.file"):
            attributes = event["attributes"]
            text = (text if attributes["part"] > 1 else "") + attributes["text"]
            if attributes["part"] == attributes["parts"]:
                self.assertEqual(attributes["sha256"], "sha256:" + hashlib.sha256(text.encode()).hexdigest())
                out.append((attributes["setting"], event["targets"][0]["id"], text))
        return out

    def test_what_files_say_is_on_record(self):
        people = self.write("people.yaml", "people:\n  ada:\n    name: Ada\n    accounts: [ada]\n")
        long = "# " + "é" * 5000 + "\n" + "# a comment of some length, like many\n" * 300 + "sources: {}\n"
        sources = self.write("sources.yaml", long)
        sentences = self.data.parent / "sentences"
        sentences.mkdir()
        for name in ("one", "two"):
            (sentences / f"{name}.yaml").write_text(f"# {name}\nsentences: []\n")
        (sentences / "notes.txt").write_text("of no concern")
        flags = ("--people", str(people), "--sources", str(sources), "--sentences", str(sentences))
        expected = [("sources", "sources.yaml", long), ("sentences", "one.yaml", "# one\nsentences: []\n"),
                    ("sentences", "two.yaml", "# two\nsentences: []\n")]
        for _ in range(2):
            self.assertEqual(self.serve(*flags).stop(), 0)
            self.assertEqual(self.files(), expected)
        first = self.audit("stele.configuration.changed")[0]["attributes"]
        self.assertEqual(first["sources_content"], "sha256:" + hashlib.sha256(long.encode()).hexdigest())
        sources.write_text("sources: {}\n")
        self.assertEqual(self.serve(*flags).stop(), 0)
        self.assertEqual(self.files(), [*expected, ("sources", "sources.yaml", "sources: {}\n")])

    def test_without_its_file_of_places_the_past_is_the_same(self):
        server = self.serve()
        before = self.shown()
        self.assertEqual(server.stop(), 0)
        (self.data / "configuration.json").unlink()
        server = self.serve("--listen", before["listen"])
        self.assertEqual(len(self.audit("stele.configuration.changed")), 1 if self.shown() == before else 2)
        self.assertEqual(server.stop(), 0)

    def test_prints_every_key(self):
        self.assertIn("\npage_entries: 1000\n", self.ran(self.stele("config")))


if __name__ == "__main__":
    unittest.main()
