#!/usr/bin/env python3
"""What a part of a log shows: categories, a period, masked fields; custom roles; and access as of any past moment."""

import http.client
import json
import subprocess
import sys
import time
import unittest
import urllib.parse
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, STELE, CommandTest, lines, wait_until  # noqa: E402


def happened(number: int, when: str, category: str) -> dict:
    return {"id": f"e{number}", "time": when, "action": f"thing.done{number}", "category": category, "outcome": "success",
            "actor": {"type": "user", "id": f"u{number}", "email": f"secret{number}@example.com", "name": "Ada"},
            "origin": {"ip": f"203.0.113.{number}"}, "message": f"words of number{number}",
            "attributes": {"card": {"number": f"sesame{number}"}, "colour": "green"}}


EVENTS = [happened(1, "2026-01-10T12:00:00Z", "authentication"), happened(2, "2026-02-10T12:00:00Z", "authentication"),
          happened(3, "2026-02-28T23:59:59Z", "data_access"), happened(4, "2026-03-01T00:00:00Z", "authentication")]


class SightTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.append(EVENTS)

    def append(self, events: list[dict]) -> None:
        out = subprocess.run([STELE, "append", "--data", str(self.data)], input=lines(events), text=True, capture_output=True,
                             timeout=PATIENCE * 4, check=False)
        self.assertEqual(out.returncode, 0, out.stderr)

    def token(self, role: str, *flags: str) -> str:
        return self.ran(self.stele("token", "create", "--data", str(self.data), "--role", role, "--name", "of a test", *flags)).strip()

    def ask(self, token: str, target: str, body: dict | None = None) -> tuple[int, dict]:
        connection = http.client.HTTPConnection(self.server.address, timeout=PATIENCE)
        try:
            connection.request("GET" if body is None else "POST", target, None if body is None else json.dumps(body),
                               {"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text.startswith(("{", "[")) else {"text": text}
        finally:
            connection.close()

    def found(self, token: str, query: str) -> list[int]:
        status, body = self.ask(token, "/api/v1/search?" + urllib.parse.urlencode({"q": query, "order": "oldest"}))
        self.assertEqual(status, 200, body)
        self.assertEqual(body["total"], len(body["hits"]))
        return [hit["index"] for hit in body["hits"]]

    def test_a_period_and_categories_are_all_that_is_there(self):
        february = self.token("auditor", "--since", "2026-02-01", "--until", "2026-02-28")
        logins = self.token("reader", "--category", "authentication")
        both = self.token("auditor", "--category", "authentication", "--category", "data_access", "--since", "2026-02-28")
        today = self.token("auditor", "--since", "1h")  # what came today, whenever it happened
        for token, all_of_it in ((february, [1, 2]), (logins, [0, 1, 3]), (both, [0, 1, 2, 3]), (today, [0, 1, 2, 3])):
            self.assertEqual(self.found(token, ""), all_of_it)
            self.assertEqual(self.found(token, "-action:none"), all_of_it)
            for index in range(4):
                self.assertEqual(self.ask(token, f"/api/v1/events/{index}")[0], 200 if index in all_of_it else 404)
            page = self.ask(token, "/api/v1/events?limit=10")[1]
            self.assertEqual([one["index"] for one in page["entries"]], all_of_it)
            counted = self.ask(token, "/api/v1/aggregate?by=actor")[1]
            self.assertEqual(sorted(group["key"]["actor"] for group in counted["groups"]), [f"u{i + 1}" for i in all_of_it])
            rows = self.ask(token, "/api/v1/sql", {"query": "SELECT idx FROM events ORDER BY idx"})[1]["rows"]
            self.assertEqual([row[0] for row in rows], all_of_it)
            grouped = self.ask(token, "/api/v1/sql", {"query": "SELECT category, count(*) FROM events GROUP BY 1"})[1]["rows"]
            self.assertEqual(sum(row[1] for row in grouped), len(all_of_it))
            followed = self.ask(token, "/api/v1/timeline?q=colour:green")[1]
            self.assertEqual(sorted(one["index"] for one in followed["entries"]), all_of_it)
            self.assertEqual(self.streamed(token), all_of_it)
            status, body = self.ask(token, "/api/v1/sql", {"query": "EXPLAIN QUERY PLAN SELECT category FROM events GROUP BY 1"})
            self.assertEqual(status, 400, body)
            for target in ("/api/v1/configuration",) if token in (february, both, today) else ():
                self.assertEqual(self.ask(token, target)[0], 403)
            for target in ("/log/main/tile/entries/000.p/4", "/log/main/tile/0/000.p/4", "/api/v1/accounts", "/api/v1/coverage"):
                self.assertEqual(self.ask(token, target)[0], 403, target)
            self.assertEqual(self.ask(token, "/log/main/checkpoint")[0], 200)
            # What it sees it can prove, and nothing else.
            wait_until(lambda: self.ask(february, "/log/main/checkpoint")[1]["text"].split("\n")[1] == "4", "a checkpoint of all")
            for index in range(4):
                self.assertEqual(self.ask(token, f"/log/main/proof/{index}")[0], 200 if index in all_of_it else 404, index)
            self.assertEqual(self.ask(token, "/api/v1/search?q=&proof=true")[0], 200)

    def streamed(self, token: str) -> list[int]:
        connection = http.client.HTTPConnection(self.server.address, timeout=PATIENCE)
        try:
            connection.request("GET", "/api/v1/stream?from=0", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            seen = []
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                line = answer.readline().decode()
                if line.startswith("id: "):
                    seen.append(int(line[4:]))
                if line.startswith(":") or (seen and seen[-1] == 3) or "looked at all before 4" in line:
                    return seen
                if seen and line == "\n" and self.expected_last(token) == seen[-1]:
                    return seen
            self.fail("the stream did not come to its end")
        finally:
            connection.close()

    def expected_last(self, token: str) -> int:
        return self.found(token, "")[-1]

    def test_masked_fields_are_nowhere(self):
        flags = ("--permission", "read", "--mask", "actor.email", "--mask", "card", "--mask", "ip", "--meaning", "sees what happened")
        self.ran(self.stele("role", "define", "--data", str(self.data), *flags, "analyst"))
        token = self.token("analyst")
        texts = []
        for target in ("/api/v1/search?q=&sentences=true", "/api/v1/search?q=&format=ocsf", "/api/v1/events", "/api/v1/events/1",
                       "/api/v1/events/1?format=ocsf", "/api/v1/aggregate?by=actor,colour"):
            status, body = self.ask(token, target)
            self.assertEqual(status, 200, body)
            texts.append(json.dumps(body))
        for text in texts:
            for secret in ("secret", "sesame", "203.0.113"):
                self.assertNotIn(secret, text)
            self.assertRegex(text, "number|u1")
        entry = self.ask(token, "/api/v1/events/1")[1]
        self.assertEqual(entry["event"]["actor"], {"type": "user", "id": "u2", "email": "[masked]", "name": "Ada"})
        self.assertEqual(entry["masked"], ["actor.email", "attributes.card", "card", "origin.ip", "original"])
        # Neither can it be asked for: word by word, by its path, by a name that means several paths, not by what is left out.
        self.assertEqual(self.found(token, "number2"), [1])
        for query in ("secret2", "sesame2", '"secret2@example.com"', "203.0.113.2", "actor:secret2*", "secret*"):
            self.assertEqual(self.found(token, query), [], query)
        self.assertEqual(self.found(token, "-secret2"), [0, 1, 2, 3])
        self.assertEqual(self.found(token, "actor:u2"), [1])
        for query in ("actor.email:*", "ip:203.0.113.0/24", "attributes.card.number:sesame1", "card.number:x", "original:x"):
            status, body = self.ask(token, "/api/v1/search?" + urllib.parse.urlencode({"q": query}))
            self.assertEqual(status, 403, query)
            self.assertIn("masked", body["error"]["message"])
        # A hash would let one try what is masked.
        for target in ("/log/main/proof/1", "/log/main/consistency?from=1&to=2", "/log/main/tile/1/000"):
            self.assertEqual(self.ask(token, target)[0], 403, target)
        flags = ("--permission", "read", "--permission", "prove", "--mask", "ip")
        refused = self.stele("role", "define", "--data", str(self.data), *flags, "x")
        self.ran(refused, 2)
        self.assertIn("find out", refused.stderr)
        # Nor whether there is anything below it.
        for name in ("card.number", "card.cvc"):
            status, body = self.ask(token, "/api/v1/search?" + urllib.parse.urlencode({"q": f"attributes.{name}:x"}))
            self.assertEqual((status, body["error"]["code"]), (403, "denied"))
        for target in ("/api/v1/aggregate?by=ip", "/api/v1/aggregate?metrics=distinct:actor.email", "/api/v1/search?q=&proof=true",
                       "/api/v1/timeline?actor=u1", "/api/v1/accounts"):
            self.assertEqual(self.ask(token, target)[0], 403, target)
        self.assertEqual(self.ask(token, "/api/v1/sql", {"query": "SELECT * FROM events"})[0], 403)

    def test_a_mask_is_over_all_that_stands_below(self):
        who = {"type": "user", "id": "u9", "name": "Ada", "phone": "555-HIDE", "on_behalf_of": {"id": "HIDE"}}
        self.append([{**happened(9, "2026-03-02T00:00:00Z", "authentication"), "actor": who, "attributes": {"x": {"y": "HIDE"}}}])
        masks = ("--mask", "actor", "--mask", "attributes")
        self.ran(self.stele("role", "define", "--data", str(self.data), "--permission", "read", *masks, "analyst"))
        token = self.token("analyst")
        for target in ("/api/v1/events/4", "/api/v1/events/4?format=ocsf", "/api/v1/search?q=&sentences=true", "/api/v1/search?q=HIDE"):
            status, body = self.ask(token, target)
            self.assertEqual(status, 200, body)
            self.assertNotIn("HIDE", json.dumps(body), target)
            self.assertNotIn("u9", json.dumps(body), target)
        entry = self.ask(token, "/api/v1/events/4")[1]
        self.assertEqual((entry["event"]["actor"], entry["event"]["attributes"]), ({"type": "[masked]", "id": "[masked]"}, "[masked]"))
        self.assertEqual((entry["masked"], entry["verifiable"]), (["actor", "attributes", "original"], False))
        for query in ("actor:u9", "actor.phone:555-HIDE", "type:user", "attributes.x.y:HIDE"):
            self.assertEqual(self.ask(token, "/api/v1/search?" + urllib.parse.urlencode({"q": query}))[0], 403, query)
        self.assertEqual(self.found(token, "HIDE"), [])

    def test_masks_hold_what_the_index_holds(self):
        """The same when a tile is full, and its words lie in files."""
        self.ran(self.stele("role", "define", "--data", str(self.data), "--permission", "read", "--mask", "actor.email", "analyst"))
        token = self.token("analyst")
        many = [dict(happened(9, "2026-03-02T00:00:00Z", "data_access"), id=f"m{i}") for i in range(66_000)]
        self.append(many)
        end = time.monotonic() + PATIENCE * 4
        observer = self.token("owner")
        while self.ask(observer, "/api/v1/index")[1]["files"] == 0 and time.monotonic() < end:
            time.sleep(0.2)
        self.assertGreater(self.ask(observer, "/api/v1/index")[1]["files"], 0)
        for query, total in (("secret9", 0), ("number9", 66_000), ("-secret9", 66_004), ("secret1 OR number1", 1)):
            status, body = self.ask(token, "/api/v1/search?" + urllib.parse.urlencode({"q": query, "limit": "1"}))
            self.assertEqual((status, body["total"]), (200, total), query)

    def test_a_role_that_changes_ends_streams_and_is_on_record(self):
        define = ("role", "define", "--data", str(self.data), "--permission", "read")
        self.ran(self.stele(*define, "analyst"))
        token = self.token("analyst")
        connection = http.client.HTTPConnection(self.server.address, timeout=PATIENCE)
        connection.request("GET", "/api/v1/stream?from=0", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        self.assertTrue(answer.readline().startswith(b"id: 0"))
        before = time.time()
        time.sleep(0.05)
        self.ran(self.stele(*define, "--mask", "message", "analyst"))
        while answer.readline():  # until the server ends it
            pass
        connection.close()
        self.assertEqual(self.ask(token, "/api/v1/events/0")[1]["event"]["message"], "[masked]")
        refused = self.stele("role", "remove", "--data", str(self.data), "analyst")
        self.ran(refused, 2)
        self.assertIn("is had by token:", refused.stderr)
        self.ran(self.stele("role", "define", "--data", str(self.data), "--permission", "reed", "x"), 2)
        self.ran(self.stele("role", "define", "--data", str(self.data), "--permission", "read", "owner"), 2)
        self.ran(self.stele("role", "remove", "--data", str(self.data), "none"), 1)
        # As of then.
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(before)) + f"{before % 1:.6f}"[1:] + "Z"
        then = json.loads(self.ran(self.stele("role", "list", "--data", str(self.data), "--json", "--at", moment)))["roles"]
        now = json.loads(self.ran(self.stele("role", "list", "--data", str(self.data), "--json")))["roles"]
        self.assertNotIn("masked", next(one for one in then if one["role"] == "analyst"))
        self.assertEqual(next(one for one in now if one["role"] == "analyst")["masked"], ["message"])
        self.ran(self.stele("token", "revoke", "--data", str(self.data), token[6:16]))
        tokens = json.loads(self.ran(self.stele("token", "list", "--data", str(self.data), "--json", "--at", moment)))["tokens"]
        self.assertEqual([(one["id"], one.get("revoked")) for one in tokens], [(token[6:16], None)])
        self.ran(self.stele("role", "remove", "--data", str(self.data), "analyst"))
        actions = [entry["event"]["action"] for entry in self.stored("--data", str(self.data), "--log", "audit")]
        self.assertEqual([one for one in actions if one.startswith("stele.role.")],
                         ["stele.role.defined", "stele.role.defined", "stele.role.removed"])
        # Nothing of it is written anywhere but in the entries.
        self.assertEqual(self.server.stop(9), -9)
        self.server = self.serve()
        self.assertEqual(self.ask(token, "/api/v1/events/0")[0], 401)


if __name__ == "__main__":
    unittest.main()
