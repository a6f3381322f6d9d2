#!/usr/bin/env python3
"""Goal: whenever the server is killed, no act that a policy demands a second person for was done without one, none was done twice for
one approval, and what was answered as done is. STELE_SECOND_PERSON_SEED brings back about the same moments."""

import http.client
import json
import os
import random
import signal
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import CommandTest, wait_until  # noqa: E402
from test_people import PASSWORD, Browser  # noqa: E402

ROUNDS = int(os.environ.get("STELE_SECOND_PERSON_ROUNDS", "12"))
ASKERS = 3


class SecondPersonKillTest(CommandTest):
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("STELE_SECOND_PERSON_SEED") or random.SystemRandom().randrange(1 << 30))
        print(f"STELE_SECOND_PERSON_SEED={seed}", flush=True)
        self.rng = random.Random(seed)
        self.done: list[str] = []  # names of tokens that were answered as made
        self.wrong: list[str] = []

    def person(self, server, name: str) -> Browser:
        link = self.ran(self.stele("user", "create", name, "--role", "owner", "--data", str(self.data))).strip()
        browser = Browser(server)
        secret = json.loads(browser.ask("POST", "/api/v1/join", {"invitation": link.rpartition("=")[2], "password": PASSWORD})[2])["secret"]
        self.assertEqual(browser.login(name, secret), 200)
        return browser

    def ask(self, who: Browser, target: str, body: dict, **headers: str) -> dict:
        status, _, text = who.ask("POST", target, body, **headers)
        if status not in (200, 202):
            self.wrong.append(f"{target} is answered {status} {text!r}")
            raise OSError(status)
        return json.loads(text)

    def grants(self, asker: Browser, giver: Browser, name: str) -> None:
        """Tokens of admins, one after another, until the server is gone."""
        try:
            for number in range(10_000):
                wanted = {"name": f"{name}-{number}", "role": "admin"}
                approval = self.ask(asker, "/api/v1/tokens", wanted)["approval"]
                self.ask(giver, f"/api/v1/approvals/{approval}/give", {})
                self.ask(asker, "/api/v1/tokens", wanted, **{"Stele-Approval": approval})
                self.done.append(wanted["name"])
        except (OSError, http.client.HTTPException):
            pass

    def killed(self, round_: int) -> None:
        server = self.serve("--second-person", "grant", role="")
        giver = self.person(server, f"giver-{round_}")
        askers = [self.person(server, f"asker-{round_}-{number}") for number in range(ASKERS)]
        threads = [threading.Thread(target=self.grants, args=(asker, giver, f"r{round_}-{number}")) for number, asker in enumerate(askers)]
        for thread in threads:
            thread.start()
        wanted = len(self.done) + self.rng.randrange(12)
        wait_until(lambda: len(self.done) >= wanted or self.wrong, f"{wanted} acts")
        time.sleep(self.rng.uniform(0, 0.02))
        server.stop(signal.SIGKILL)
        for thread in threads:
            thread.join()

    def test_no_act_is_done_without_its_second_person(self):
        for round_ in range(ROUNDS):
            self.killed(round_)
        self.assertEqual(self.wrong, [])
        self.serve("--second-person", "grant", role="")
        steps: dict[str, list[tuple[str, str]]] = {}  # of an approval
        used: dict[str, list[str]] = {}  # bodies of what was approved and begun, and by whom
        made: dict[str, int] = {}
        for entry in self.stored("--data", str(self.data), "--log", "audit"):
            one = entry["event"]
            if one["action"].startswith("stele.approval."):
                of = steps.setdefault(one["targets"][0]["id"], [])
                of.append((one["action"].rpartition(".")[2], one["actor"]["id"]))
                if one["action"] == "stele.approval.used":
                    used.setdefault(json.loads(one["attributes"]["body"])["name"], []).append(one["actor"]["id"])
            elif one["action"] == "stele.token.created":
                name = one["attributes"]["name"]
                made[name] = made.get(name, 0) + 1
                self.assertEqual(used.get(name), [one["actor"]["id"]], f"{name} was made, and no approval of it used before, once")
        for approval, of in steps.items():
            whats, whos = [what for what, _ in of], [who for _, who in of]
            self.assertEqual(whats, ["asked", "given", "used"][:len(whats)], approval)
            self.assertNotEqual(whos[0], (whos + ["nobody", "nobody"])[1], approval)
        self.assertEqual({name: made.get(name) for name in self.done}, dict.fromkeys(self.done, 1))
        begun = sum(name not in made for name in used)
        print(f"{ROUNDS} kills: {len(steps)} approvals, {len(self.done)} acts answered as done, {len(made)} done, {begun} begun alone",
              flush=True)
        self.assertGreater(len(self.done), 0)


if __name__ == "__main__":
    unittest.main()
