#!/usr/bin/env python3
"""The record of use from outside: what is looked at and what is refused is in the log audit, before anything is shown."""

import http.client
import json
import signal
import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, CommandTest, event, lines, wait_until  # noqa: E402


class RecordTest(CommandTest):
    def token(self, role: str, *flags: str) -> str:
        words = ("token", "create", "--data", str(self.data), "--role", role, "--name", f"{role}s", *flags)
        return self.ran(self.stele(*words)).strip()

    def ask(self, server, method: str, target: str, token: str | None = None, body: str | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(server.address, timeout=PATIENCE)
        try:
            connection.request(method, target, body, {"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def audit(self) -> list[dict]:
        events = [entry["event"] for entry in self.stored("--data", str(self.data), "--log", "audit")]
        # But for the grants, the server's own starts and stops, and this very look.
        return [one for one in events if not one["action"].startswith("stele.token.") and one["actor"]["id"] != "stele"
                and not one["actor"]["id"].startswith("local:")]

    def test_looks_are_entries_also_of_a_server_that_is_killed(self):
        reader, auditor = self.token("reader"), self.token("auditor")
        server = self.serve()
        self.ran(self.stele("append", "--url", server.url, given=lines([event(number) for number in range(300)])))
        asked = [
            ("GET", "/api/v1/search?q=action%3Alogin&limit=1&order=oldest", None),
            ("POST", "/api/v1/search", '{"q":"outcome:denied","limit":2}'),
            ("GET", "/api/v1/aggregate?q=actor%3Aada&by=action", None),
            ("POST", "/api/v1/sql", '{"query":"select count(*) from events"}'),
            ("GET", "/api/v1/timeline?actor=ada", None),
            ("GET", "/api/v1/coverage", None),
            ("GET", "/api/v1/accounts", None),
            *[("GET", f"/api/v1/events/{index}", None) for index in range(20)],
        ]
        for method, target, body in asked:  # while what was appended is being counted, who asks for counts is told to come again
            def answered(asked=(method, target, reader, body)) -> int:
                status, _ = self.ask(server, *asked)
                return status if status != 429 else 0
            self.assertEqual(wait_until(answered, target), 200, target)
        for number in range(9):
            self.assertEqual(self.ask(server, "GET", "/log/main/tile/entries/000", auditor)[0], 200)
        server.stop(signal.SIGKILL)  # nothing had time to be written down afterwards
        looks = self.audit()
        self.assertEqual([look["action"] for look in looks],
                         ["stele.log.searched", "stele.log.searched", "stele.log.counted", "stele.log.queried", "stele.timeline.seen",
                          "stele.coverage.seen", "stele.accounts.listed", *["stele.log.read"] * 20, "stele.log.copied"])
        self.assertEqual([look["attributes"]["path"] for look in looks[7:27]], [f"/api/v1/events/{index}" for index in range(20)])
        self.assertEqual([look["attributes"].get("query") for look in looks[:4]],
                         ["action:login", "outcome:denied", "actor:ada", "select count(*) from events"])
        self.assertEqual(looks[0]["attributes"]["parameters"], "limit=1&order=oldest")
        for look, token in [(looks[0], reader), (looks[-1], auditor)]:
            self.assertEqual(look["actor"]["id"], "token:" + token[6:16])
            self.assertEqual(look["origin"]["ip"], "127.0.0.1")
            self.assertEqual(look["targets"], [{"type": "log", "id": "main"}])
            self.assertEqual(look["category"], "data_access")

    def test_pages_are_one_look_and_what_was_gathered_is_counted_at_the_end(self):
        auditor = self.token("auditor")
        server = self.serve()
        self.ran(self.stele("append", "--url", server.url, given=lines([event(number) for number in range(30)])))
        cursor, pages = "", 0
        while cursor is not None:
            status, body = self.ask(server, "GET", "/api/v1/search?q=&limit=7" + (f"&cursor={cursor}" if cursor else ""), auditor)
            self.assertEqual(status, 200)
            cursor, pages = json.loads(body)["next"], pages + 1
        self.assertEqual(pages, 5)
        at = 0
        while at < 30:  # a list, and then what was asked for out of turn
            at = json.loads(self.ask(server, "GET", f"/api/v1/events?from={at}&limit=7", auditor)[1])["next"]
        self.assertEqual(self.ask(server, "GET", "/api/v1/events?from=9&limit=1", auditor)[0], 200)
        for _ in range(12):
            self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=action&log=audit", auditor)[0], 200)
        self.assertEqual(server.stop(), 0)
        self.assertEqual([(look["targets"][0]["id"], look["attributes"].get("count")) for look in self.audit()],
                         [("main", None), ("main", None), ("main", None), ("audit", None), ("audit", 11)])
        self.assertEqual([look["attributes"].get("parameters") for look in self.audit()[1:3]], ["from=0&limit=7", "from=9&limit=1"])

    def test_no_request_is_read_otherwise_than_it_is_answered(self):
        reader = self.token("auditor")
        server = self.serve("--logs", "other")
        for method, target, body, status in (
            # What stands twice, or where nobody looks, must not be what is put on record.
            ("GET", "/api/v1/events?log=main&log=audit", None, 400),
            ("GET", "/api/v1/search?q=&q=actor:nobody", None, 400),
            ("POST", "/api/v1/search?log=audit", '{"q":"secret"}', 200),
            ("POST", "/api/v1/search?cursor=1", '{"q":"secret"}', 200),
            ("POST", "/api/v1/search", '{"log":["other"],"q":"listed"}', 200),
            ("POST", "/api/v1/timeline?cursor=1", '{"actor":"bob"}', 200),
            ("POST", "/api/v1/timeline?cursor=1", '{"actor":"alice"}', 200),
            ("GET", "/api/v1/aggregate?q=&by=action&cursor=1", None, 400),
            ("GET", "/api/v1/search?q=x&cursor=1.2.3.4.5.6", None, 400),
            ("GET", "/api/v1/search?q=a%26limit%3D1&order=oldest", None, 200),
        ):
            self.assertEqual(self.ask(server, method, target, reader, body)[0], status, target)
        self.assertEqual(server.stop(), 0)
        self.assertEqual([(look["targets"][0]["id"], look["attributes"].get("query"), look["attributes"].get("parameters"))
                          for look in self.audit()],
                         [("main", "secret", None), ("main", "secret", None), ("other", "listed", None), ("main", None, "actor=bob"),
                          ("main", None, "actor=alice"), ("main", None, "by=action&cursor=1"), ("main", "x", None),
                          ("main", "a&limit=1", "order=oldest")])

    def test_a_log_of_others_is_no_look_but_a_refusal(self):
        words = ("token", "create", "--data", str(self.data), "--role", "reader", "--name", "x", "--log", "main")
        token = self.ran(self.stele(*words)).strip()
        server = self.serve("--logs", "payroll")
        self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=&log=payroll", token)[0], 404)
        self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=&log=", token)[0], 404)
        self.assertEqual(server.stop(), 0)
        self.assertEqual([(one["action"], one["outcome"]) for one in self.audit()], [("stele.access.refused", "denied")] * 2)

    def test_a_stream_ends_with_its_token(self):
        token = self.token("reader")
        server = self.serve()
        connection = http.client.HTTPConnection(server.address, timeout=PATIENCE)
        connection.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.ran(self.stele("token", "revoke", token[6:16], "--data", str(self.data)))
        with self.assertRaises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()
        connection.close()

    def test_refusals_are_entries(self):
        writer = self.token("writer")
        server = self.serve()
        for number in range(25):
            self.assertEqual(self.ask(server, "GET", f"/api/v1/search?q={number}", writer)[0], 403)
            self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=", "stele_wrong")[0], 401)
        self.assertEqual(server.stop(), 0)
        refusals = self.audit()
        self.assertEqual({one["action"] for one in refusals}, {"stele.access.refused"})
        self.assertEqual({one["outcome"] for one in refusals}, {"denied"})
        for actor, prefix in [("token:" + writer[6:16], None), ("anonymous", "127.0.0.0/24")]:
            own = [one for one in refusals if one["actor"]["id"] == actor]
            self.assertEqual(len(own), 11)
            self.assertEqual(own[-1]["attributes"]["count"], 15)
            self.assertEqual(own[-1]["attributes"].get("prefix"), prefix)
            self.assertEqual(own[0]["attributes"]["path"], "/api/v1/search")
        self.assertNotIn("stele_wrong", json.dumps(refusals))


if __name__ == "__main__":
    unittest.main()
