#!/usr/bin/env python3
"""What of a log anybody may see, and whose pages may ask: nothing and nobody, unless the settings say so."""

import http.client
import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, CommandTest, event, lines, wait_until  # noqa: E402

HEADS = ("checkpoint", "key", "keys")
HASHES = ("consistency?from=1&to=2", "proof/0", "tile/0/000.p/3")
ENTRIES = ("tile/entries/000.p/3",)


class PublicTest(CommandTest):
    def ask(self, server, target: str, method: str = "GET", **headers: str) -> tuple[int, dict]:
        connection = http.client.HTTPConnection(server.address, timeout=PATIENCE)
        try:
            connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            answer.read()
            return answer.status, dict(answer.headers)
        finally:
            connection.close()

    def token(self, role: str) -> str:
        return self.ran(self.stele("token", "create", "--data", str(self.data), "--role", role, "--name", "x")).strip()

    def test_publishes_what_is_said_and_no_entry(self):
        server = self.serve("--logs", "open", "--logs", "heads", "--publish", "open=tiles", "--publish", "heads=checkpoint", role="")
        for log in ("main", "open", "heads"):
            self.ran(self.stele("append", "--data", str(self.data), "--log", log, given=lines(event(n) for n in range(3))))
        writer = self.token("writer")
        # What was acknowledged is in the published checkpoint a second later.
        wait_until(lambda: self.ask(server, "/log/open/proof/2")[0] == 200, "the checkpoint over all three")
        for log, shown in (("main", ()), ("audit", ()), ("none", ()), ("heads", HEADS), ("open", HEADS + HASHES)):
            for path in HEADS + HASHES + ENTRIES:
                status, headers = self.ask(server, f"/log/{log}/{path}")
                self.assertEqual(status, 200 if path in shown else 401, (log, path))
                if path in shown:
                    self.assertNotIn("private", headers.get("Cache-Control", ""), path)
                    self.assertNotIn("Vary", headers)
        # Whoever may not see a log whole sees of it what everybody does.
        self.assertEqual(self.ask(server, "/log/open/tile/0/000.p/3", Authorization=f"Bearer {writer}")[0], 200)
        self.assertEqual(self.ask(server, "/log/main/tile/0/000.p/3", Authorization=f"Bearer {writer}")[0], 403)
        self.assertEqual(self.ask(server, "/api/v1/search?q=&log=open")[0], 401)

    def test_private_answers_say_so(self):
        server = self.serve(role="")
        reader = self.token("auditor")
        self.ran(self.stele("append", "--data", str(self.data), given=lines(event(n) for n in range(3))))
        for target in ("/log/main/checkpoint", "/log/main/tile/entries/000.p/3", "/api/v1/search?q=", "/api/v1/events/0", "/metrics",
                       "/api/v1/sql", "/nothing"):
            headers = self.ask(server, target, Authorization=f"Bearer {reader}")[1]
            self.assertRegex(headers["Cache-Control"], "private|no-store", target)
            self.assertIn("Authorization", headers["Vary"], target)

    def test_pages_of_allowed_origins_ask_with_a_token(self):
        server = self.serve("--cors-origins", "https://audit.example.com", role="owner")
        reader = self.token("reader")
        good, bad = "https://audit.example.com", "https://audit.example.com.evil.example"
        preflight = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
        status, headers = self.ask(server, "/api/v1/search", "OPTIONS", Origin=good, **preflight)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (204, good))
        self.assertNotIn("Access-Control-Allow-Credentials", headers)
        status, headers = self.ask(server, "/api/v1/search", "OPTIONS", Origin=bad, **preflight)
        self.assertNotEqual(status, 204)
        self.assertNotIn("Access-Control-Allow-Origin", headers)
        status, headers = self.ask(server, "/api/v1/search?q=", Origin=good, Authorization=f"Bearer {reader}")
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (200, good))
        # Not without a token, also where this machine has a role without one.
        self.assertNotIn("Access-Control-Allow-Origin", self.ask(server, "/api/v1/search?q=", Origin=good)[1])
        self.assertEqual(self.ask(server, "/api/v1/index/check", "POST", Origin=good)[0], 403)
        self.assertNotIn("Access-Control-Allow-Origin",
                         self.ask(server, "/api/v1/search?q=", Origin=bad, Authorization=f"Bearer {reader}")[1])
        operator = self.token("operator")
        self.assertEqual(self.ask(server, "/api/v1/index/check", "POST", Origin=good, Authorization=f"Bearer {operator}")[0], 200)
        self.assertEqual(self.ask(server, "/api/v1/index/check", "POST", Origin=bad, Authorization=f"Bearer {operator}")[0], 403)

    def test_settings_must_make_sense(self):
        for flag, value in (("--publish", "main"), ("--publish", "main=entries"), ("--cors-origins", "audit.example.com"),
                            ("--cors-origins", "https://audit.example.com/")):
            self.assertIn(flag[2:].replace("-", "_"), self.refusal("serve", "--data", str(self.folder / "x"), flag, value), value)

    def refusal(self, *words: str) -> str:
        out = self.stele(*words)
        self.ran(out, 2)
        return out.stderr


if __name__ == "__main__":
    unittest.main()
