#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: an incident that is told in incident.json is found whole from wherever one begins, with nothing of the people around it, and
each entry says why it is there; bounds are kept and said; hostile values are values."""

import json
import sys
import unittest
from pathlib import Path
from urllib.parse import quote

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import CommandTest  # noqa: E402

INCIDENT = json.loads((Path(__file__).parent / "incident.json").read_text())


class Timelines(CommandTest):
    def setUp(self):
        super().setUp()
        self.people = self.write("people.yaml", INCIDENT["people"])
        self.server = self.serve("--people", str(self.people))
        self.where = ("--url", self.server.url)

    def post(self, target: str, body: str) -> None:
        status, answer = self.server.request("POST", target, body)
        self.assertEqual(status, 200, answer)

    def put(self, *events: dict) -> None:
        self.post("/api/v1/events?source=app", "".join(
            json.dumps({"time": "2026-11-23T10:00:00Z", "actor": {"type": "user", "id": "eve"}, "action": "a.b", **one}) + "\n"
            for one in events))

    def tell(self) -> None:
        """Noise and incident, mixed, so that nothing is together in the log because it belongs together."""
        self.names, told = [], INCIDENT["told"][::-1]
        noise = list(INCIDENT["noise"])
        while told or noise:
            for name, how, what in [pile.pop() for pile in (told, noise) if pile]:
                if how == "lines":
                    self.post("/api/v1/collect/records?source=" + what.split()[1], json.dumps({"format": "line", "record": what}))
                else:
                    event = {key: value for key, value in what.items() if key != "source"}
                    self.post("/api/v1/events?source=" + what["source"], json.dumps(event))
                self.names.append(name)

    def ask(self, code: int = 200, **asked: str) -> dict:
        query = "&".join(f"{name}={quote(value)}" for name, value in asked.items())
        status, answer = self.server.request("GET", "/api/v1/timeline?" + query)
        self.assertEqual(status, code, answer)
        return json.loads(answer)

    def found(self, answer: dict) -> list[str]:
        return [self.names[one["index"]] for one in answer["entries"]]

    def why(self, answer: dict, name: str) -> set[tuple]:
        (one,) = [one for one in answer["entries"] if self.names[one["index"]] == name]
        return {(why["link"], why["value"], self.names[why["through"]] if why["through"] is not None else None) for why in one["why"]}

    def test_an_incident(self):
        """From the account: across hosts, application, database and the other account, in the order of event time."""
        self.tell()
        answer = self.ask(actor="ada")
        in_time = sorted((name for name, _, _ in INCIDENT["told"]), key=lambda name: self.time_of(answer, name))
        self.assertEqual(self.found(answer), in_time)
        self.assertEqual(self.why(answer, "login"), {("actor", "ada", None)})
        self.assertEqual(self.why(answer, "secrets"), {("became", "root", "sudo")})
        self.assertEqual(self.why(answer, "closed"), {("became", "root", "sudo")})
        self.assertIn(("request", "req-8f1", "read"), self.why(answer, "select"))
        self.assertEqual(self.why(answer, "export"), {("person", "adapark", None)})
        self.assertEqual(self.why(answer, "knock"), {("ip", "203.0.113.66", "login")})
        self.assertEqual(self.why(answer, "clicked"), {("session", "5d1c9a7e-web", "read")})
        self.assertEqual(answer["truncated"], [])
        self.assertEqual(answer["total"], len(in_time))

    def time_of(self, answer: dict, name: str) -> tuple:
        for one in answer["entries"]:
            if self.names[one["index"]] == name:
                return one["entry"]["event"]["time"], one["index"]
        raise AssertionError(f"{name} is missing: {self.found(answer)} {answer['left_out']}")

    def test_from_anywhere(self):
        """From the database's entry alone the same people and hosts are found; within the window."""
        self.tell()
        for asked in ({"request": "req-8f1"}, {"session": "5d1c9a7e-web"}, {"q": "action:repo.export source:github"}):
            found = self.found(self.ask(window="15m", **asked))
            for name in ("login", "sudo", "secrets", "read", "select", "export"):
                self.assertIn(name, found, asked)
            for name, _, _ in INCIDENT["noise"]:
                self.assertNotIn(name, found, asked)
        left_out = self.ask(request="req-8f1")["left_out"]
        self.assertIn(("actor", "app", "an account of many"), {(one["link"], one["value"], one["reason"]) for one in left_out})
        target = self.found(self.ask(target="customers"))
        self.assertTrue({"read", "select", "bob reads"} <= set(target), target)

    def test_who_was_root(self):
        """From what root did: who had become root there, then, on that terminal, and was it still; from there whatever is theirs."""
        self.tell()
        answer = self.ask(target="/etc/app/secrets")
        found = self.found(answer)
        self.assertTrue({"secrets", "sudo", "opened", "login", "read"} <= set(found), found)
        self.assertIn(("who", "root", "secrets"), self.why(answer, "sudo"))
        for name, _, _ in INCIDENT["noise"]:
            self.assertNotIn(name, found)
        late = self.ask(q="actor:root received>=2026-01-01 -target:* since:2026-11-23T10:06:30 until:2026-11-23T10:06:31")
        self.assertEqual(self.found(late), ["late root"])  # ada's session was closed
        self.assertIn("sudo", self.found(self.ask(actor="root", since="2026-11-23T10:00", until="2026-11-23T10:10")))

    def test_bounds(self):
        """Depth, entries, links and time end the search, and the answer says which did."""
        self.tell()
        near = self.ask(actor="ada", depth="0")
        self.assertEqual((set(self.found(near)), near["truncated"]),
                         ({"guess", "login", "sudo", "opened", "read", "export"}, ["depth"]))
        few = self.ask(actor="ada", limit="3")
        self.assertEqual(len(few["entries"]), 3)
        self.assertIn("entries", few["truncated"])
        self.assertEqual(self.found(self.ask(actor="ada", since="2026-11-23T10:06", until="2026-11-23T10:12")), ["read", "select"])
        self.put(*({"actor": {"type": "user", "id": "mallory"}, "context": {"request_id": f"many-{n}"}} for n in range(1000)))
        many = self.ask(actor="mallory", limit="2000")
        self.assertEqual(many["truncated"], ["links"])
        self.assertLessEqual(len(many["left_out"]), 100)

    def test_what_means_nothing(self):
        """An address, a request of thousands, and a session of several people are not followed, and that is said."""
        self.names = []
        self.put({"actor": {"type": "user", "id": "eve"}, "origin": {"ip": "192.0.2.1"},
                  "context": {"session": "both", "request_id": "0"}},
                 {"actor": {"type": "user", "id": "mallory"}, "context": {"session": "both"}},
                 *({"actor": {"type": "user", "id": f"u{n}"}, "origin": {"ip": "192.0.2.1"}, "context": {"request_id": "0"}}
                   for n in range(1100)))
        answer = self.ask(actor="eve")
        self.assertEqual([one["index"] for one in answer["entries"]], [0])
        reasons = {one["link"]: one["reason"] for one in answer["left_out"]}
        self.assertEqual(reasons, {"ip": "too common: it has 1101 entries", "request": "too common: it has 1101 entries",
                                   "session": "of several people: eve, mallory"})

    def test_hostile_values(self):
        """Stars, quotes and control characters are characters; what is too long or wrong is refused."""
        odd = ["*", "a\"b", "x OR y", "-a", "\\", "\u001b[31m", "é\u202e", "a b"]
        self.put(*({"actor": {"type": "user", "id": value}, "context": {"session": value, "request_id": value}} for value in odd),
                 {"actor": {"type": "user", "id": "long"}, "context": {"session": "é" * 2000}})
        for number, value in enumerate(odd):
            for name in ("actor", "session", "request"):
                self.assertEqual([one["index"] for one in self.ask(**{name: value})["entries"]], [number], (name, value))
        long = self.ask(actor="long")
        self.assertEqual([one["reason"] for one in long["left_out"]], ["too long"])
        for wrong in ({}, {"actor": "a", "session": "b"}, {"actor": "a" * 1025}, {"q": "("}, {"actor": "a", "window": "8d"},
                      {"actor": "a", "window": "-1m"}, {"actor": "a", "depth": "11"}, {"actor": "a", "limit": "5001"},
                      {"actor": "a", "limit": "0"}, {"actor": "a", "since": "soon"}):
            self.assertEqual(self.ask(400, **wrong)["error"]["code"], "invalid", wrong)
        self.assertEqual(self.server.request("GET", "/api/v1/timeline?actor=%ff")[0], 400)
        self.ask(404, actor="a", log="other")

    def test_on_a_terminal(self):
        """Lines by day, each with its reasons; the exit code says whether there was anything."""
        self.tell()
        out = self.ran(self.stele("timeline", "--actor", "ada", *self.where))
        self.assertTrue(out.startswith("2026-11-23\n"), out)
        self.assertIn("  root read file /etc/app/secrets\n    became root by sudo in #", out)
        self.assertIn("\n    ip 203.0.113.66 within 10 min of #", out)
        self.assertIn("\n    account adapark of ada\n", out)
        self.assertEqual(json.loads(self.ran(self.stele("timeline", "--request", "req-8f1", "--json", *self.where)))["truncated"], [])
        self.assertIn("\x1b[2m", self.on_terminal("timeline", "action:repo.export", *self.where))
        self.ran(self.stele("timeline", "--actor", "nobody-of-that-name", *self.where), 1)
        self.ran(self.stele("timeline", *self.where), 2)


if __name__ == "__main__":
    unittest.main()
