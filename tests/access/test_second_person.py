#!/usr/bin/env python3
"""Acts that a policy demands a second person for: asked, approved by another, done once, and each step on record."""

import json
import re
import signal
import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))
sys.path.append(str(Path(__file__).parent))

from harness import CommandTest  # noqa: E402
from test_people import PASSWORD, Browser  # noqa: E402


class SecondPersonTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve("--second-person", "grant", "--second-person", "open-sealed", "--second-person", "erase", role="")
        self.people = {name: self.person(name, role) for name, role in (("ada", "owner"), ("bob", "admin"), ("eve", "reader"))}

    def person(self, name: str, role: str) -> Browser:
        # Whoever has the data directory is asked for no second person.
        link = self.ran(self.stele("user", "create", name, "--role", role, "--data", str(self.data))).strip()
        browser = Browser(self.server)
        status, _, body = browser.ask("POST", "/api/v1/join", {"invitation": link.rpartition("=")[2], "password": PASSWORD})
        self.assertEqual(status, 200, body)
        self.assertEqual(browser.login(name, json.loads(body)["secret"]), 200)
        return browser

    def ask(self, who: str, target: str, body: dict | None = None, approval: str = "") -> tuple[int, dict]:
        headers = {"Stele-Approval": approval} if approval else {}
        status, _, text = self.people[who].ask("GET" if body is None else "POST", target, body, **headers)
        return status, json.loads(text)

    def test_a_grant_of_much_needs_another(self):
        wanted = {"name": "more", "role": "admin"}
        status, asked = self.ask("ada", "/api/v1/tokens", wanted)
        self.assertEqual(status, 202, asked)
        number = asked["approval"]
        # Not by himself, not by who may not grant, not before it is approved.
        self.assertEqual(self.ask("ada", f"/api/v1/approvals/{number}/give", {})[0], 403)
        self.assertEqual(self.ask("eve", f"/api/v1/approvals/{number}/give", {})[0], 404)
        self.assertEqual(self.ask("eve", "/api/v1/approvals")[1]["approvals"], [])
        self.assertEqual(self.ask("ada", "/api/v1/tokens", wanted, number)[0], 403)
        (shown,) = self.ask("bob", "/api/v1/approvals")[1]["approvals"]
        self.assertEqual((shown["asked_by"], shown["method"], shown["target"], json.loads(shown["body"])),
                         ("user:ada", "POST", "/api/v1/tokens", wanted))
        self.assertEqual(self.ask("bob", f"/api/v1/approvals/{number}/give", {})[1]["given_by"], "user:bob")
        self.assertEqual(self.ask("bob", f"/api/v1/approvals/{number}/give", {})[0], 400)
        # For this act alone, by him who asked, once.
        self.assertEqual(self.ask("ada", "/api/v1/tokens", {**wanted, "role": "owner"}, number)[0], 403)
        self.assertEqual(self.ask("bob", "/api/v1/tokens", wanted, number)[0], 403)
        status, made = self.ask("ada", "/api/v1/tokens", wanted, number)
        self.assertEqual((status, made["role"]), (200, "admin"))
        self.assertEqual(self.ask("ada", "/api/v1/tokens", wanted, number)[0], 403)
        # What is no act of the policy goes through.
        self.assertEqual(self.ask("bob", "/api/v1/tokens", {"name": "r", "role": "reader"})[0], 200)
        for target, body in (("/api/v1/users", {"user": "mal", "role": "owner"}),
                             ("/api/v1/roles", {"role": "x", "permissions": "read,open-sealed"})):
            self.assertEqual(self.ask("bob", target, body)[0], 202, target)
        self.assertEqual(self.ask("bob", "/api/v1/users/ada/invite", {})[0], 403, "with it he would be ada")
        self.assertEqual(self.ask("bob", "/api/v1/users/eve/invite", {})[0], 200)
        self.assertEqual(self.ask("bob", "/api/v1/roles", {"role": "x", "permissions": "read"})[0], 200)
        steps = [entry["event"] for entry in self.stored("--data", str(self.data), "--log", "audit")]
        self.assertEqual([(one["action"], one["actor"]["id"]) for one in steps if one["action"].startswith("stele.approval.")][:3],
                         [("stele.approval.asked", "user:ada"), ("stele.approval.given", "user:bob"),
                          ("stele.approval.used", "user:ada")])

    def test_nobody_lets_in_his_own_second_person(self):
        # One approval is given in good faith; whoever is let in by it is not another person for who has his link.
        wanted = {"user": "dave", "role": "admin"}
        number = self.ask("ada", "/api/v1/users", wanted)[1]["approval"]
        self.assertEqual(self.ask("bob", f"/api/v1/approvals/{number}/give", {})[0], 200)
        status, _, body = self.people["ada"].ask("POST", "/api/v1/users", wanted, **{"Stele-Approval": number})
        self.assertEqual(status, 200, body)
        self.people["dave"] = Browser(self.server)
        joining = {"invitation": json.loads(body)["invitation"], "password": PASSWORD}
        status, _, body = self.people["dave"].ask("POST", "/api/v1/join", joining)
        self.assertEqual(self.people["dave"].login("dave", json.loads(body)["secret"]), 200)
        for asks, approves, status in (("ada", "dave", 403), ("dave", "ada", 403), ("dave", "bob", 200)):
            number = self.ask(asks, "/api/v1/tokens", {"name": "more", "role": "admin"})[1]["approval"]
            self.assertEqual(self.ask(approves, f"/api/v1/approvals/{number}/give", {})[0], status, (asks, approves))

    def test_what_was_approved_ends_with_who_approved(self):
        wanted = {"name": "more", "role": "admin"}
        number = self.ask("ada", "/api/v1/tokens", wanted)[1]["approval"]
        self.assertEqual(self.ask("bob", f"/api/v1/approvals/{number}/give", {})[0], 200)
        self.ran(self.stele("user", "revoke", "bob", "--data", str(self.data)))
        self.assertEqual(self.ask("ada", "/api/v1/tokens", wanted, number)[0], 403)

    def test_who_has_one_log_approves_nothing_of_all(self):
        link = self.ran(self.stele("user", "create", "carl", "--role", "admin", "--log", "main", "--data", str(self.data))).strip()
        carl = self.people["carl"] = Browser(self.server)
        status, _, body = carl.ask("POST", "/api/v1/join", {"invitation": link.rpartition("=")[2], "password": PASSWORD})
        self.assertEqual(carl.login("carl", json.loads(body)["secret"]), 200)
        for target in ("/api/v1/tokens", "/api/v1/tokens?log=main"):
            number = self.ask("ada", target, {"name": "more", "role": "owner"})[1]["approval"]
            self.assertEqual(self.ask("carl", "/api/v1/approvals")[1]["approvals"], [])
            self.assertEqual(self.ask("carl", f"/api/v1/approvals/{number}/give", {})[0], 404)

    def test_a_token_is_not_its_makers_second_person(self):
        token = self.ran(self.stele("token", "create", "--data", str(self.data), "--role", "admin", "--name", "of the machine")).strip()
        out = self.stele("token", "create", "--url", self.server.url, "--role", "admin", "--name", "x", env={"STELE_TOKEN": token})
        self.ran(out, 2)
        number = re.search(r"approval give ([0-9a-f]{16})", out.stderr)[1]
        self.ran(self.stele("approval", "give", "--data", str(self.data), number), 2)  # a shell is no person
        self.ran(self.stele("approval", "give", "--url", self.server.url, number, env={"STELE_TOKEN": token}), 2)
        made = self.ask("bob", "/api/v1/approvals")[1]["approvals"]
        self.assertEqual([one["id"] for one in made], [number])
        self.assertEqual(self.ask("ada", f"/api/v1/approvals/{number}/give", {})[0], 200)
        listed = self.ran(self.stele("approval", "list", "--data", str(self.data)))
        self.assertIn("approved by user:ada", listed)
        again = ("token", "create", "--url", self.server.url, "--role", "admin", "--name", "x", "--approval", number)
        self.assertRegex(self.ran(self.stele(*again, env={"STELE_TOKEN": token})), "^stele_")
        self.ran(self.stele(*again, env={"STELE_TOKEN": token}), 2)

    def test_sealed_values_are_opened_and_erased_by_two(self):
        secret = {"id": "1", "time": "2026-11-23T16:19:59Z", "action": "a.b", "actor": {"type": "user", "id": "u"},
                  "attributes": {"password": "hunter2-and-more"}}
        self.ran(self.stele("append", "--data", str(self.data), given=json.dumps(secret) + "\n"))
        entry = self.stored()[0]
        commitment = entry["event"]["attributes"]["password"]["$sealed"]["commitment"]
        target = "/log/main/sealed/" + commitment.replace("+", "-").replace("/", "_").rstrip("=")
        status, asked = self.ask("ada", target)
        self.assertEqual(status, 202)
        # An admin may not open, and so does not approve it.
        self.assertEqual(self.ask("bob", f"/api/v1/approvals/{asked['approval']}/give", {})[0], 404)
        self.people["carol"] = self.person("carol", "owner")
        self.assertEqual(self.ask("carol", f"/api/v1/approvals/{asked['approval']}/give", {})[0], 200)
        status, value = self.people["ada"].ask("GET", target, **{"Stele-Approval": asked["approval"]})[::2]
        self.assertEqual((status, json.loads(value)), (200, "hunter2-and-more"))
        erase = {"kind": "sealed", "commitment": commitment, "reason": "asked for"}
        status, asked = self.ask("carol", "/api/v1/erase", erase)
        self.assertEqual(status, 202)
        self.assertEqual(self.ask("ada", f"/api/v1/approvals/{asked['approval']}/refuse", {})[0], 200)
        self.assertEqual(self.ask("carol", "/api/v1/erase", erase, asked["approval"])[0], 403)
        self.assertEqual(self.ask("carol", "/api/v1/approvals")[1]["approvals"], [])

    def test_what_waits_ends_with_the_server_and_is_bounded(self):
        number = self.ask("ada", "/api/v1/tokens", {"name": "more", "role": "admin"})[1]["approval"]
        for _ in range(19):
            self.assertEqual(self.ask("ada", "/api/v1/tokens", {"name": "more", "role": "admin"})[0], 202)
        self.assertEqual(self.ask("ada", "/api/v1/tokens", {"name": "more", "role": "admin"})[0], 429)
        self.assertEqual(self.ask("bob", "/api/v1/tokens", {"name": "more", "role": "admin"})[0], 202, "others are not held up")
        self.server.stop(signal.SIGKILL)
        self.server = self.serve()
        self.ran(self.stele("approval", "give", "--data", str(self.data), number), 1)

    def test_knows_its_acts(self):
        for act, words in (("read", "grant, open-sealed and erase"), ("erase", "needs grant too")):
            out = self.stele("serve", "--data", str(self.folder / "other"), "--second-person", act)
            self.ran(out, 2)
            self.assertIn(words, out.stderr)


if __name__ == "__main__":
    unittest.main()
