#!/usr/bin/env python3
"""Searching a real server: what is acknowledged is found, in pages that hold still, with proofs; groups are counted right; and nothing of
it changes when index files are damaged, missing, or made again. Each case opens with its goal."""
# ctest: TIMEOUT 600

import base64
import collections
import hashlib
import json
import math
import random
import signal
import sys
import time
import unittest
import urllib.parse
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import CommandTest, lines, wait_until  # noqa: E402

TILE = 65_536


def made(rng: random.Random, number: int) -> dict:
    """One of many: users by a law of few and many, days in order, some texts and numbers."""
    user = int(rng.paretovariate(1.1)) % 400
    time_of_day = f"{number % 24:02d}:{number % 60:02d}:00.{number % 1000:03d}"
    return {"id": f"evt_{number:07d}", "time": f"2026-10-{1 + number // 5000:02d}T{time_of_day}Z",
            "actor": {"type": "user", "id": f"u_{user}", "name": f"User {user}"},
            "action": rng.choice(("file.read", "file.delete", "user.login")),
            "outcome": rng.choice(("success", "success", "denied")), "targets": [{"type": "file", "id": f"f{rng.randrange(30_000)}"}],
            "origin": {"ip": f"10.{rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(256)}"},
            "message": f"User {user} touched file number {rng.randrange(10**6)} of disk {rng.randrange(9)}",
            "attributes": {"ms": rng.randrange(500)}}


def get(server, path: str, **parameters) -> dict:
    status, body = server.request("GET", path + "?" + urllib.parse.urlencode(parameters))
    assert status == 200, (status, body[:300])
    return json.loads(body)


def search(server, q: str, **parameters) -> dict:
    return get(server, "/api/v1/search", q=q, **parameters)


def total(server, q: str) -> int:
    return search(server, q, limit=0)["total"]


def post(server, events: list[dict], source: str = "app") -> None:
    for at in range(0, len(events), 5000):
        status, body = server.request("POST", f"/api/v1/events?source={source}&results=range", lines(events[at:at + 5000]))
        assert status == 200, (status, body[:300])


def leaf_root(index: int, size: int, entry: bytes, proof: list[str]) -> bytes:
    """RFC 9162, section 2.1.3.2: the root that the path leads to."""
    node, last = index, size - 1
    value = hashlib.sha256(b"\0" + entry).digest()
    for text in proof:
        other = base64.b64decode(text)
        if node % 2 == 1 or node == last:
            value = hashlib.sha256(b"\1" + other + value).digest()
            while node % 2 == 0 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\1" + value + other).digest()
        node, last = node >> 1, last >> 1
    assert last == 0
    return value


class Find(CommandTest):
    def fill(self, count: int):
        rng = random.Random(7)
        self.events = [made(rng, i) for i in range(count)]
        server = self.serve()
        post(server, self.events)
        return server

    def indexed(self, server, files: int) -> None:
        wait_until(lambda: get(server, "/api/v1/index")["files"] >= files, f"{files} index files")

    def having(self, test) -> int:
        return sum(1 for one in self.events if test(one))

    def check_some(self, server) -> None:
        """A few questions of each kind against the events themselves."""
        for q, test in (("actor=u_3", lambda e: e["actor"]["id"] == "u_3"),
                        ("actor:u_3 -outcome:success", lambda e: e["actor"]["id"] == "u_3" and e["outcome"] != "success"),
                        ("action:file.* ip:10.2.0.0/16",
                         lambda e: e["action"].startswith("file") and e["origin"]["ip"].startswith("10.2.")),
                        ("time>=2026-10-05 time<2026-10-06 outcome:denied",
                         lambda e: e["time"][:10] == "2026-10-05" and e["outcome"] == "denied"),
                        ("ms>=490 OR ms<3", lambda e: e["attributes"]["ms"] >= 490 or e["attributes"]["ms"] < 3),
                        ("ms:100..110", lambda e: 100 <= e["attributes"]["ms"] <= 110),
                        ('"disk 4" USER', lambda e: e["message"].endswith("disk 4")),
                        ('~"999 OF dis"', lambda e: "999 of dis" in e["message"]),
                        ("evt_0000042", lambda e: e["id"] == "evt_0000042"),
                        ("target:f123*", lambda e: e["targets"][0]["id"].startswith("f123"))):
            self.assertEqual(total(server, f"source:app ({q})"), self.having(test), q)

    def test_finds_what_was_acknowledged_at_once(self):
        """Goal: no moment at which an event is acknowledged and not found, over tiles and restarts."""
        server = self.serve()
        rng = random.Random(1)
        for number in range(60):
            post(server, [made(rng, number)])
            self.assertEqual(search(server, f"id=evt_{number:07d}")["total"], 1)
        server.stop(signal.SIGKILL)
        server = self.serve()
        self.assertEqual([hit["index"] for hit in search(server, "source:app", order="oldest", limit=3)["hits"]], [0, 1, 2])
        self.assertEqual(total(server, "source:app"), 60)

    def test_pages_hold_still_while_the_log_grows(self):
        """Goal: the pages of one cursor are about the log as it was, each entry once, in order; a cursor of another search is refused."""
        server = self.serve()
        rng = random.Random(2)
        post(server, [made(rng, i) for i in range(500)])
        for order, wanted in (("newest", -1), ("oldest", 1)):
            seen, cursor, totals = [], None, set()
            while True:
                page = search(server, "action:file.*", limit=37, order=order, **({"cursor": cursor} if cursor else {}))
                seen += [hit["index"] for hit in page["hits"]]
                totals.add(page["total"])
                cursor = page["next"]
                if not cursor:
                    break
                post(server, [made(rng, 1000 + 2 * len(seen) + (wanted > 0))])
            self.assertEqual(totals, {len(seen)})
            self.assertEqual(seen, sorted(set(seen), key=lambda index: wanted * index))
        self.assertEqual(search(server, "-outcome:sucess")["warnings"][0]["suggestion"], "success")
        self.assertNotIn("warnings", search(server, "outcome:denied"))
        warnings = search(server, "status:denied zone:z")["warnings"]
        self.assertEqual([(one["at"], one.get("suggestion")) for one in warnings], [(0, "outcome"), (14, None)])
        self.assertEqual(len(search(server, "outcome:denied OR status:x OR zone:z")["warnings"]), 1)
        self.assertIn("outcome", search(server, "outcme:denied OR action:x")["warnings"][0]["suggestion"])
        cursor = search(server, "", limit=1)["next"]
        status, body = server.request("GET", "/api/v1/search?q=outcome:denied&limit=1&cursor=" + cursor)
        self.assertEqual((status, json.loads(body)["error"]["code"]), (400, "invalid"))

    def test_proves_each_hit_to_one_checkpoint(self):
        """Goal: with proof=true each hit's proof leads to the root of the checkpoint beside it, by this page's own arithmetic."""
        server = self.serve()
        rng = random.Random(3)
        post(server, [made(rng, i) for i in range(700)])
        wait_until(lambda: server.request("GET", "/log/main/checkpoint")[1].split(b"\n")[1] == b"700", "a checkpoint of all")
        status, body = server.request("GET", "/api/v1/search?q=outcome:denied&limit=50&proof=true")
        self.assertEqual(status, 200)
        answer = json.loads(body)
        _, size, root = answer["checkpoint"].split("\n")[:3]
        self.assertEqual(len(answer["hits"]), 50)
        for hit in answer["hits"]:
            entry = server.request("GET", f"/api/v1/events/{hit['index']}")[1]
            self.assertIn(entry, body)
            self.assertEqual(leaf_root(hit["index"], int(size), entry, hit["proof"]), base64.b64decode(root))

    def test_says_where_a_query_is_wrong(self):
        """Goal: the place of what is wrong, in JSON and under the line on a terminal."""
        server = self.serve()
        for q, at in (("actor:", 6), ("a OR", 2), ("(a", 0), ('"open', 0), ("time>soon", 5)):
            status, body = server.request("GET", "/api/v1/search?" + urllib.parse.urlencode({"q": q}))
            error = json.loads(body)["error"]
            self.assertEqual((status, error["code"]), (400, "invalid"), q)
            self.assertAlmostEqual(error["at"], at, delta=2, msg=f"{q}: {error}")
        result = self.stele("search", "--url", server.url, "actor:ada (")
        self.assertEqual(result.returncode, 2)
        self.assertIn("^", result.stderr)
        for target in ("/api/v1/search?limit=x", "/api/v1/search?order=up", "/api/v1/search?log=none", "/api/v1/aggregate?by=since",
                       "/api/v1/aggregate?metrics=p101:ms", "/api/v1/aggregate?by=a,b,c,d,e"):
            self.assertIn(server.request("GET", target)[0], (400, 404), target)
        for body in ("", "[]", '{"q":"a","query":{}}', '{"nothing":1}', "{" * 100):
            self.assertEqual(server.request("POST", "/api/v1/search", body)[0], 400, body)

    def test_tells_hits_as_sentences(self):
        """Goal: sentences=true has each hit's sentence, by the server's own templates, else by the shipped ones."""
        words = self.folder / "words"
        words.mkdir()
        (words / "own.yaml").write_text("sentences:\n  - {action: file.read, text: '{actor} peeped into {targets}'}\n")
        server = self.serve("--sentences", str(words))
        post(server, [{"time": "2026-11-23T10:00:00Z", "actor": {"type": "user", "id": "u_1", "name": "Ada Park"}, "action": action,
                       "outcome": "denied", "targets": [{"type": "table", "id": "customers"}], "origin": {"ip": "203.0.113.9"},
                       "attributes": {"rows": 4200}} for action in ("customer.export", "file.read")])
        hits = search(server, "source:app", sentences="true")["hits"]
        self.assertEqual([hit["sentence"] for hit in hits], ["Ada Park peeped into table customers, denied",
                                                             "Ada Park exported table customers (4,200 rows) from 203.0.113.9, denied"])
        self.assertNotIn("sentence", search(server, "source:app")["hits"][0])
        self.assertEqual(server.stop(), 0)
        (words / "own.yaml").write_text("sentences:\n  - {action: file.read, text: '{actor'}\n")
        refused = self.stele("serve", "--data", str(self.data), "--sentences", str(words))
        self.assertEqual(refused.returncode, 2)
        self.assertIn("own.yaml:2: ", refused.stderr)

    def test_counts_in_groups_as_the_events_do(self):
        """Goal: groups, their order, null groups and measures are what the events themselves make, from files and from memory."""
        server = self.fill(TILE + 3000)
        self.indexed(server, 1)
        for by, key in (("action,day", lambda e: (e["action"], e["time"][:10])), ("outcome", lambda e: (e["outcome"],)),
                        ("hour,outcome", lambda e: (e["time"][:13] + ":00Z", e["outcome"])),
                        ("ms", lambda e: (str(e["attributes"]["ms"]),)),
                        ("target", lambda e: (e["targets"][0]["id"],)), ("nowhere", lambda e: (None,))):
            answer = get(server, "/api/v1/aggregate", q="source:app", by=by, limit=10_000)
            wanted = collections.Counter(map(key, self.events))
            self.assertEqual((answer["groups_total"], answer["total"]), (len(wanted), len(self.events)), by)
            for group in answer["groups"]:
                self.assertEqual(group["count"], wanted[tuple(group["key"].values())], (by, group))
        answer = get(server, "/api/v1/aggregate", q="actor=u_3", by="action", metrics="first,last,distinct:target,sum:ms,p90:ms,max:ms")
        self.assertEqual(answer["groups"], sorted(answer["groups"], key=lambda group: -group["count"]))
        for group in answer["groups"]:
            own = [e for e in self.events if e["actor"]["id"] == "u_3" and e["action"] == group["key"]["action"]]
            times, numbers = sorted(e["time"] for e in own), sorted(e["attributes"]["ms"] for e in own)
            self.assertEqual([group["first"][:23], group["last"][:23]], [times[0][:23], times[-1][:23]])
            self.assertEqual([group["count"], group["distinct:target"], group["sum:ms"], group["p90:ms"], group["max:ms"]],
                             [len(own), len({e["targets"][0]["id"] for e in own}), sum(numbers), numbers[math.ceil(0.9 * len(own)) - 1],
                              numbers[-1]])

    def test_counts_alike_in_memory_and_in_files(self):
        """Goal: what an event says twice counts once, in the chunk that grows, read, and in a file; numbers that JSON lacks are null."""
        server = self.serve("--search-seconds", "3")
        event = {"time": "2026-11-23T10:00:00Z", "actor": {"type": "user", "id": "u"}, "action": "a.b",
                 "attributes": {"a": ["x", "y", "y", "x"], "n": [1, 2, 2], "big": [1e308, 1.5e308]}}
        post(server, [event] * 100)

        def check():
            answer = get(server, "/api/v1/aggregate", q="idx:0..99", by="attributes.a", metrics="sum:attributes.n,sum:attributes.big",
                         order="key")
            self.assertEqual(answer["groups"], [{"key": {"attributes.a": key}, "count": 100, "sum:attributes.n": 300,
                                                 "sum:attributes.big": None} for key in "xy"])

        check()
        rng = random.Random(8)
        for at in range(0, TILE, 5000):
            post(server, [made(rng, at + i) for i in range(min(5000, TILE - at))])
        self.indexed(server, 1)
        check()
        # Every combination of four lists of an event would take years: the search is ended, and the server stops at once.
        many = {name: [f"{name}{i}" for i in range(40)] + ["same"] * 10 for name in "pqrs"}
        post(server, [{**event, "attributes": many}] * 200)
        status, body = server.request("GET", "/api/v1/aggregate?by=p,q,r,s")
        self.assertIn(status, (413, 503), body)
        for twice in ("by=action,action", "by=action&metrics=first,first", "by=action&by=outcome", "bye=action"):
            self.assertEqual(server.request("GET", "/api/v1/aggregate?" + twice)[0], 400, twice)
        self.assertEqual(server.stop(), 0)

    def test_answers_right_whatever_becomes_of_the_index(self):
        """Goal: damaged while it runs, cut, swapped, deleted while it does not: answers stay right at once, and the index comes back."""
        server = self.fill(2 * TILE + 5000)
        self.indexed(server, 2)
        self.check_some(server)
        folder = self.data / "index/main"
        first, second = sorted(folder.glob("*.index"))
        with open(first, "r+b") as file:  # while it is mapped
            for at in range(5000, first.stat().st_size, 50_000):
                file.seek(at)
                file.write(b"\xa5\x5a")
        self.check_some(server)
        wait_until(lambda: get(server, "/api/v1/index")["damaged"] >= 1, "the damage to be noticed")
        self.indexed(server, 2)
        self.assertEqual(self.ran(self.stele("index", "check", "--url", server.url)).count("not what"), 0)
        for harm in ("cut", "swap", "delete", "noise"):
            self.assertEqual(server.stop(), 0)
            first, second = sorted(folder.glob("*.index"))
            if harm == "cut":
                first.write_bytes(first.read_bytes()[:-1000])
            elif harm == "swap":
                one, two = first.read_bytes(), second.read_bytes()
                first.write_bytes(two)
                second.write_bytes(one)
            elif harm == "delete":
                second.unlink()
            else:
                first.write_bytes(random.Random(5).randbytes(200_000))
            server = self.serve()
            self.check_some(server)
            self.indexed(server, 2)
            self.check_some(server)

    def test_tail_follows_a_query(self):
        """Goal: what a query means and nothing else, stored before and coming after."""
        server = self.serve()
        rng = random.Random(6)
        post(server, [made(rng, i) for i in range(300)])
        process = self.start("tail", "-f", "--json", "-n", "2", "--url", server.url, "outcome:denied action:user.login")
        for _ in range(2):
            process.stdout.readline()
        more = [made(rng, i) for i in range(300, 900)]
        post(server, more)
        wanted = [one["id"] for one in more if one["outcome"] == "denied" and one["action"] == "user.login"]
        got = [json.loads(process.stdout.readline())["event"]["id"] for _ in wanted]
        self.assertEqual(got, wanted)


if __name__ == "__main__":
    unittest.main()
