#!/usr/bin/env python3
"""SQL over a real server's log says what SQLite says of a plain table with the same columns: statements by hand and by chance.
What is hostile ends, and others are served meanwhile. Each case opens with its goal."""
# ctest: TIMEOUT 600

import base64
import csv
import datetime
import http.client
import io
import json
import os
import random
import re
import sqlite3
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import CommandTest, lines  # noqa: E402

TILE = 65_536
NAMES = ("idx id received time source actor_id actor_type actor_name actor_email action category outcome severity target_id target_type "
         "target_name origin_ip user_agent session request_id host message seq event_id attributes entry").split()
LONG = "a long text, " * 400
ODD = ("", "%", "_x", "a*b", "it's", 'say "x"', "Ünïcode", "ünïcode", "nul\0inside", "TAB\there", "[x]", "null", "7", "7.0", " 7", "A", "a")


def made(rng: random.Random, number: int) -> dict:
    zone = rng.choice(("Z", "Z", "+02:00", "-05:30"))
    time_of_day = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:00{rng.choice(('', '.5', '.123456789'))}"
    out = {"time": f"2026-10-{1 + number // 5000:02d}T{time_of_day}{zone}",
           "actor": {"type": rng.choice(("user", "service")), "id": f"u_{int(rng.paretovariate(1.1)) % 400}"},
           "action": rng.choice(("file.read", "File.Read", "file.delete", "user.login", "user_login", "user%login")),
           "attributes": {"ms": rng.randrange(500), "odd": rng.choice(ODD)}}
    if rng.random() < 0.9:
        out["id"] = f"evt_{number:07d}"
    if rng.random() < 0.8:
        out["outcome"] = rng.choice(("success", "success", "denied", "failure"))
    if rng.random() < 0.3:
        out["severity"] = rng.choice(("info", "error"))
    if rng.random() < 0.2:
        out["actor"]["name"] = rng.choice(ODD[1:])
    if rng.random() < 0.7:
        out["targets"] = [{"type": rng.choice(("file", "row")), "id": f"f{rng.randrange(30_000)}",
                           **({"name": rng.choice(ODD)} if rng.random() < 0.3 else {})}
                          for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    if rng.random() < 0.7:
        out["origin"] = {"ip": rng.choice((f"10.{rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(256)}", "2001:db8::1")),
                         "host": rng.choice(("h1", "H1", "h2"))}
    if rng.random() < 0.2:
        out["attributes"]["host"] = rng.choice(("h1", "h3", None, 7, True, ["h4", "h1"], {}))
    if rng.random() < 0.5:
        out["message"] = rng.choice((f"touched file {number}", f"touched file {rng.randrange(50)}", "short",
                                     LONG if rng.random() < 0.01 else "x"))
    if rng.random() < 0.01:
        out["seq"] = rng.choice((number, number, 2**63 - 1, 2**64 - 1))
        out["context"] = {"sequence": str(number)}  # of its own, so that none is missing
    elif rng.random() < 0.2:
        out["context"] = {"request_id": f"r{rng.randrange(10**9)}", "session": f"s{rng.randrange(50)}"}
    return out


def texts(value) -> list[str]:
    """Of all scalars in it, in order, as the query language has them."""
    if isinstance(value, dict):
        return []
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value if isinstance(value, str) else json.dumps(value)]


def at(value, *path: str) -> list[str]:
    if not path:
        return texts(value)
    if isinstance(value, list):
        return [text for one in value for text in at(one, *path)]
    return at(value[path[0]], *path[1:]) if isinstance(value, dict) and path[0] in value else []


def moment(text: str) -> str:
    """Thirty characters, UTC."""
    main, fraction, zone = re.fullmatch(r"(.{19})(?:\.(\d+))?(Z|.{6})", text).groups()
    utc = datetime.datetime.fromisoformat(main + zone.replace("Z", "+00:00")).astimezone(datetime.timezone.utc)
    return utc.strftime("%Y-%m-%dT%H:%M:%S") + "." + (fraction or "").ljust(9, "0") + "Z"


def row_of(index: int, entry: str) -> tuple:
    """The columns of an entry, without a look at how Stele reads them."""
    whole = json.loads(entry)
    event = whole["event"]

    def first(*paths: str):
        return next((text for path in paths for text in at(event, *path.split("."))), None)

    seq = event.get("seq")
    attributes = None if "attributes" not in event else json.dumps(event["attributes"], separators=(",", ":"), ensure_ascii=False)
    assert attributes is None or attributes in entry, (attributes, entry)
    return (index, whole["id"], whole["received"], moment(event["time"]), whole["source"]["id"], first("actor.id"), first("actor.type"),
            first("actor.name"), first("actor.email"), first("action"), first("category"), first("outcome"), first("severity"),
            first("targets.id"), first("targets.type"), first("targets.name"), first("origin.ip"), first("origin.user_agent"),
            first("context.session"), first("context.request_id"), first("attributes.host", "origin.host"), first("message"),
            seq if seq is None or seq < 2**63 else str(seq), first("id"), attributes, entry)


def plain(value):
    """As an answer has it."""
    return {"$base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def literal(value) -> str:
    """Of what is text with a zero in it, SQL has no literal."""
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if "\0" in value:
        return f"CAST(x'{value.encode().hex()}' AS TEXT)"
    return "'" + value.replace("'", "''") + "'"


class Statements:
    """Statements by chance, about values that some row has, or nearly."""

    TEXTS = [name for name in NAMES if name not in ("idx", "seq", "entry")]

    def __init__(self, rng: random.Random, rows: list[tuple]):
        self.rng, self.rows = rng, rows

    def value(self, name: str):
        value = self.rng.choice(self.rows)[NAMES.index(name)]
        if isinstance(value, int):
            return value + self.rng.choice((0, 0, 0, 1, -1))
        if value is not None and self.rng.random() < 0.2:
            value = self.rng.choice((value.upper(), value[:-1], value + "x", value[: self.rng.randrange(len(value) + 1)]))
        return value

    def pattern(self, name: str, any_one: str, any_some: str) -> str:
        value = self.value(name)
        text = "".join(c for c in ("" if value is None else str(value))[:60] if c != "\0")
        out = "".join(self.rng.choice((any_one, any_some, c, c)) if self.rng.random() < 0.1 else c for c in text)
        return self.rng.choice((out, out[:5] + any_some, any_some + out[-4:], any_some + out[3:8] + any_some, out.swapcase(), "[" + out))

    def test(self, prefix: str = "") -> str:
        rng = self.rng
        name = rng.choice(NAMES[:-2] + ["action", "outcome", "host", "target_name", "time", "idx"])
        column = prefix + name
        kind = rng.randrange(12)
        if kind < 3:
            return f"{column} {rng.choice(('=', '=', '=', '<>', 'IS', 'IS NOT'))} {literal(self.value(name))}"
        if kind == 3:
            return f"{column} {rng.choice(('<', '<=', '>', '>='))} {literal(self.value(name))}"
        if kind == 4:
            return f"{column} BETWEEN {literal(self.value(name))} AND {literal(self.value(name))}"
        if kind == 5:
            values = ", ".join(literal(self.value(name)) for _ in range(rng.randrange(1, 5)))
            return f"{column} {rng.choice(('IN', 'IN', 'NOT IN'))} ({values})"
        if kind == 6:
            return f"{column} LIKE {literal(self.pattern(name, '_', '%'))}"
        if kind == 7:
            return f"{column} GLOB {literal(self.pattern(name, '?', '*'))}"
        if kind == 8:
            return f"{column} IS {rng.choice(('', 'NOT '))}NULL"
        if kind == 9:
            return f"{column} = {literal(self.value(name))} COLLATE NOCASE"
        if kind == 10:
            value = rng.choice(("7", "7.5", repr(str(self.value("idx"))), "NULL", "CAST(7 AS INTEGER)"))
            return f"{column} {rng.choice(('=', '>', '<'))} {value}"
        return f"{prefix}idx {rng.choice(('>', '<'))} {rng.randrange(len(self.rows))}"

    def where(self, depth: int = 0, prefix: str = "") -> str:
        kind = self.rng.randrange(8 if depth < 3 else 3)
        if kind < 3:
            return self.test(prefix)
        if kind == 7:
            return f"NOT ({self.where(depth + 1, prefix)})"
        return f"({self.where(depth + 1, prefix)} {'AND' if kind < 6 else 'OR'} {self.where(depth + 1, prefix)})"

    def statement(self) -> tuple[str, bool]:
        """And whether its rows have an order."""
        rng = self.rng
        where = f" WHERE {self.where()}" if rng.random() < 0.9 else ""
        some = ", ".join(rng.sample(NAMES, rng.randrange(1, 4)))
        keys = ", ".join(rng.sample(self.TEXTS[3:-1], rng.randrange(1, 4)))
        small = rng.choice(("action", "outcome", "host", "severity", "source", "target_type", "actor_type", "outcome, action",
                            "host, outcome, severity"))
        kind = rng.randrange(10)
        if kind < 3:
            order = f"{rng.choice(('', 'received DESC, ' if kind else ''))}idx{' DESC' if kind else ''}"
            return f"SELECT {some} FROM events{where} ORDER BY {order} LIMIT 300 OFFSET {rng.randrange(9)}", True
        if kind == 3:
            one, two, three = (rng.choice(NAMES) for _ in range(3))
            return f"SELECT count(*), count({one}), min({two}), max({three}) FROM events{where}", False
        if kind == 4:
            return f"SELECT {small}, count(*) FROM events{where} GROUP BY {small}", False
        if kind == 5:
            return f"SELECT {small}, count(*) FROM events GROUP BY {small} HAVING count(*) > {rng.randrange(5000)}", False
        if kind == 6:
            return f"SELECT DISTINCT {small} FROM events{where}{rng.choice(('', ' ORDER BY 1 DESC'))}", False
        if kind == 7:
            return (f"SELECT {keys}, count(*), min(idx), max(time) FROM events{where} GROUP BY {keys}"
                    " ORDER BY 2 DESC, 1 LIMIT 1000000"), False
        if kind == 8:
            first = small.split(", ")[0]
            return f"SELECT {first} FROM events{where} ORDER BY {first}{rng.choice((' DESC', ''))} LIMIT 100", True
        return (f"SELECT a.idx, b.idx FROM events a {rng.choice(('', 'LEFT '))}JOIN events b"
                f" ON b.idx = a.idx + {rng.randrange(3)} AND {self.test('b.')}"
                f" WHERE a.idx BETWEEN {TILE - 200} AND {TILE + 200} AND {self.where(1, 'a.')}"), False


class SqlTest(CommandTest):
    def ask(self, server, sql: str, code: int = 200, **members) -> dict:
        status, body = server.request("POST", "/api/v1/sql", json.dumps({"query": sql, **members}))
        self.assertEqual(status, code, sql + " → " + body[:500].decode())
        return json.loads(body)

    def refused(self, server, sql: str, code: int = 400) -> str:
        return self.ask(server, sql, code)["error"]["message"]

    def fill(self, server, count: int, seed: int = 7) -> None:
        rng = random.Random(seed)
        events = [made(rng, number) for number in range(count)]
        for start in range(0, count, 5000):
            body = "".join(json.dumps(one, separators=(",", ":"), ensure_ascii=False) + "\n" for one in events[start:start + 5000])
            status, answer = server.request("POST", f"/api/v1/events?source={'web' if start % 10_000 else 'app'}&results=range",
                                            body.encode())
            self.assertEqual(status, 200, answer[:300])

    def plain_table(self, server) -> tuple[sqlite3.Connection, list[tuple]]:
        """What a plain table says, filled from the entries alone."""
        rows, start = [], 0
        while True:
            status, body = server.request("GET", f"/api/v1/events?from={start}&limit=1000")
            self.assertEqual(status, 200)
            text = body.decode()
            page = json.loads(text)
            if not page["entries"]:
                break
            for one in page["entries"]:
                rows.append((one["index"], one["entry"]))
            start = page["next"]
        stored = self.ran(self.stele("tail", "--from", "0", "--json", "--url", server.url)).splitlines()
        rows = [row_of(index, stored[index]) for index, _ in rows]
        db = sqlite3.connect(":memory:")
        columns = ", ".join(f"{name} {'INTEGER' if name in ('idx', 'seq') else 'TEXT'}" for name in NAMES)
        # A number from 2^63 on is to stay text there too: the column becomes one of numbers when it is filled.
        db.execute(f"CREATE TABLE events({columns.replace('seq INTEGER', 'seq')}, PRIMARY KEY(idx))")
        db.executemany(f"INSERT INTO events VALUES({', '.join('?' * len(NAMES))})", rows)
        db.commit()
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, ' seq,', ' seq INTEGER,')")
        db.commit()
        db.execute("PRAGMA writable_schema = RESET")
        self.assertIn(("seq", "INTEGER"), [one[1:3] for one in db.execute("PRAGMA table_info(events)")])
        for name in ("action", "outcome", "request_id", "target_id", "time"):
            db.execute(f"CREATE INDEX by_{name} ON events({name})")
        db.text_factory = lambda data: data.decode()
        return db, rows

    def same(self, server, db: sqlite3.Connection, sql: str, ordered: bool) -> None:
        expected = [[plain(value) for value in row] for row in db.execute(sql)]
        got = self.ask(server, sql, limit=1_000_000)
        if got["truncated"]:
            expected = expected[: len(got["rows"])] if ordered else None
        if expected is None:
            return
        rows = got["rows"]
        if not ordered:
            rows, expected = sorted(rows, key=repr), sorted(expected, key=repr)
        self.assertEqual(len(rows), len(expected), sql)
        for row, other in zip(rows, expected):
            self.assertEqual(row, other, sql)

    def test_statements_say_what_a_plain_table_says(self):
        """One tile in a file, one that grows; rows that an index leaves open; a restart in between."""
        server = self.serve()
        self.fill(server, TILE + 6000)
        db, rows = self.plain_table(server)
        fixed = [
            ("SELECT * FROM events WHERE idx IN (0, 5, 65535, 65536, 70000) ORDER BY idx", True),
            ("SELECT count(*) FROM events", False),
            ("SELECT action, outcome, count(*) FROM events GROUP BY 1, 2 ORDER BY 1, 2", True),
            ("SELECT action, outcome, count(*) FROM events GROUP BY outcome, action ORDER BY count(*), 1, 2", True),
            ("SELECT DISTINCT host, outcome FROM events ORDER BY host DESC, outcome", True),
            ("SELECT host FROM events ORDER BY host DESC LIMIT 9 OFFSET 20000", True),
            ("SELECT count(DISTINCT actor_id), count(host), sum(seq), avg(idx) FROM events WHERE outcome <> 'success'", False),
            ("SELECT substr(time, 1, 10), count(*) FROM events WHERE time LIKE '2026-10-0_t%' GROUP BY 1 ORDER BY 1", True),
            ("SELECT idx FROM events WHERE time >= '2026-10-05' AND time < '2026-10-05T12' AND action GLOB 'file.*' ORDER BY idx", True),
            ("SELECT a.idx, count(*) FROM events a, events b WHERE a.idx < 30 AND b.idx < 30 AND b.action = a.action GROUP BY 1", False),
            ("SELECT idx, json_extract(entry, '$.event.attributes.ms') ms FROM events WHERE ms > 490 ORDER BY 2, 1", True),
            ("SELECT idx FROM events WHERE target_name LIKE 'NUL' OR target_name = CAST(x'6e756c00696e73696465' AS TEXT) ORDER BY 1", True),
            ("SELECT idx FROM events WHERE seq > 9223372036854775000 ORDER BY 1", True),
            ("SELECT idx FROM events e WHERE idx < 3000 AND NOT EXISTS (SELECT 1 FROM events f"
             " WHERE f.idx = e.idx + 1 AND f.actor_id <> e.actor_id)", False),
            ("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 7000 FROM n WHERE i < 70000)"
             " SELECT i, action FROM n LEFT JOIN events ON idx = i", False),
            ("SELECT idx, row_number() OVER (PARTITION BY action ORDER BY idx DESC) FROM events WHERE idx > 70000 ORDER BY idx", True),
        ]
        for sql, ordered in fixed:
            self.same(server, db, sql, ordered)
        statements = Statements(random.Random(11), rows)
        for number in range(300):
            if number == 150:
                server.stop()
                server = self.serve()
                db, rows = self.plain_table(server)  # the server says that it started
                statements.rows = rows
            self.same(server, db, *statements.statement())

    def test_a_query_narrows_as_it_does_in_a_search(self):
        """`q` is the language itself: the same entries, alone, beside other conditions, and in lists."""
        server = self.serve()
        self.fill(server, 3000)
        for q in ("actor:u_1", "action:file.* -outcome:success", "touched", '"touched file"', "seq>100 time:2026-10-01",
                  "host:h1 OR host:h3"):
            status, body = server.request("POST", "/api/v1/search", json.dumps({"q": q, "limit": 1000, "order": "oldest"}))
            self.assertEqual(status, 200)
            expected = [[hit["index"]] for hit in json.loads(body)["hits"]]
            for sql in (f"SELECT idx FROM events WHERE q = '{q}' ORDER BY idx", f"SELECT idx FROM events('{q}') WHERE q IS NOT NULL"):
                self.assertEqual(self.ask(server, sql, limit=1000)["rows"][:1000], expected[:1000], sql)
        one, two, both = (self.ask(server, f"SELECT count(*) FROM events WHERE {where}")["rows"][0][0]
                          for where in ("q = 'actor:u_1'", "q = 'outcome:denied'", "q = 'actor:u_1 outcome:denied'"))
        either = one + two - both
        for where in ("q IN ('actor:u_1', 'outcome:denied')", "q = 'actor:u_1' OR q = 'outcome:denied'",
                      "q = 'actor:u_1' OR outcome = 'denied'"):
            self.assertEqual(self.ask(server, f"SELECT count(*) FROM events WHERE {where}")["rows"], [[either]], where)
        self.assertEqual(self.refused(server, "SELECT 1 FROM events WHERE q = 'actor:('"),
                         "q: this ( is not closed: a ) is missing (at character 6)")
        self.assertIn("once", self.refused(server, "SELECT 1 FROM events WHERE q = 'a' AND q = 'b'"))
        for where in ("q LIKE 'a'", "NOT q = 'a'", "q <> 'a'", "q IS NULL", "q || '' = 'a'"):
            self.assertIn("q stands only", self.refused(server, f"SELECT 1 FROM events WHERE {where}"), where)

    def test_answers_come_as_json_csv_and_a_table(self):
        """Every kind of value, limits, and both ways to ask."""
        server = self.serve()
        self.fill(server, 500)
        sql = """SELECT 1 a, 2.0 b, 1e300 c, 1e999 d, NULL e, '' f, 'x,"y"' g, x'00ff' h, CAST(x'ff' AS TEXT) i"""
        self.assertEqual(self.ask(server, sql)["rows"], [[1, 2.0, 1e300, None, None, "", 'x,"y"', {"$base64": "AP8="},
                                                          {"$base64": "/w=="}]])
        status, body = server.request("POST", "/api/v1/sql", json.dumps(
            {"query": "SELECT 1 a, NULL b, '' c, 'x,\"y\"' d, x'00ff' e, 2.5 f, -1e999 g", "format": "csv"}))
        self.assertEqual((status, body), (200, b'a,b,c,d,e,f,g\r\n1,,"","x,""y""",AP8=,2.5,\r\n'))
        self.assertEqual(len(self.ask(server, "SELECT idx FROM events", limit=7)["rows"]), 7)
        self.assertTrue(self.ask(server, "SELECT idx FROM events", limit=7)["truncated"])
        self.assertFalse(self.ask(server, "SELECT idx FROM events LIMIT 7", limit=7)["truncated"])
        whole = self.ran(self.stele("sql", "--url", server.url, "--csv", "SELECT idx, message, attributes FROM events ORDER BY idx"))
        rows = list(csv.reader(io.StringIO(whole)))
        self.assertEqual(rows[1:], [["" if value is None else str(value) for value in row]
                                    for row in self.ask(server, "SELECT idx, message, attributes FROM events ORDER BY idx")["rows"]])
        shown = self.ran(self.stele("sql", "--url", server.url, "SELECT outcome, count(*) n FROM events WHERE idx < 300 GROUP BY 1"))
        self.assertEqual(shown.split()[:2], ["outcome", "n"])
        self.assertIn('"columns":["a"]', self.ran(self.stele("sql", "--url", server.url, "--json", "SELECT 1 a")))
        self.assertIn("more rows", self.stele("sql", "--url", server.url, "-n", "3", "--csv", "SELECT idx FROM events").stderr)
        wrong = self.stele("sql", "--url", server.url, "SELECT x FROM events")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertIn("no such column: x", wrong.stderr)
        server.stop()
        self.assertIn("success", self.ran(self.stele("sql", "--data", str(self.data), "SELECT DISTINCT outcome FROM events")))

    def test_the_examples_of_the_document_run(self):
        """Each block of SQL in docs/formats/sql.md is answered."""
        server = self.serve()
        self.fill(server, 2000)
        text = (Path(__file__).parents[2] / "docs/formats/sql.md").read_text()
        examples = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
        self.assertGreater(len(examples), 4)
        for sql in examples:
            self.assertTrue(self.ask(server, sql)["rows"], sql)
        columns = self.ask(server, "SELECT * FROM events LIMIT 1")["columns"]
        self.assertEqual(columns, NAMES)
        for name in columns:
            self.assertIn(f"`{name}`", text)

    def test_nothing_but_reading_the_table_is_allowed(self):
        """Writes, files, settings, the schema and what loads code are refused with a sentence; the server is as it was."""
        server = self.serve()
        self.fill(server, 100)
        for sql in ("ATTACH '/tmp/stele-x.db' AS x", "PRAGMA temp_store = 1", "PRAGMA table_info(events)", "CREATE TABLE t(x)",
                    "CREATE TEMP TABLE t(x)",
                    "CREATE VIEW v AS SELECT 1", "DROP TABLE events", "DELETE FROM events", "UPDATE events SET action = 'x'",
                    "INSERT INTO events(idx) VALUES(1)",
                    "VACUUM", "VACUUM INTO '/tmp/stele-x.db'", "BEGIN", "SAVEPOINT x", "ANALYZE", "REINDEX", "SELECT load_extension('x')",
                    "SELECT readfile('/etc/passwd')",
                    "SELECT writefile('/tmp/stele-x', 'x')", "SELECT * FROM sqlite_master", "SELECT * FROM pragma_database_list",
                    "SELECT sqlite_version()",
                    "SELECT fts3_tokenizer('simple')", "SELECT edit('x')", "CREATE VIRTUAL TABLE t USING fts5(x)",
                    "CREATE VIRTUAL TABLE t USING events",
                    "SELECT json_patch('{}', '{}')", "DETACH main", "SELECT 1; SELECT 2", "", ";", "-- nothing", "SELECT", "SELECT ?",
                    "SELECT 1 \0"):
            message = self.refused(server, sql)
            self.assertTrue(message, sql)
        self.assertEqual(self.ask(server, "SELECT 1; -- and no more")["rows"], [[1]])
        self.assertFalse(Path("/tmp/stele-x.db").exists())
        self.assertIn("no such column", self.refused(server, 'SELECT count(*) FROM events WHERE action = "x"'))
        for body, code in (("{}", 400), ('{"query":7}', 400), ('{"query":"SELECT 1","x":1}', 400),
                           ('{"query":"SELECT 1","format":"xml"}', 400),
                           ('{"query":"SELECT 1","log":"none"}', 404), ("", 400)):
            self.assertEqual(server.request("POST", "/api/v1/sql", body)[0], code, body)

    def test_what_takes_too_much_is_ended(self):
        """Endless loops, cross joins, giant texts, deep expressions: each ends by a limit, and others are answered meanwhile."""
        server = self.serve("--search-seconds", "2")
        self.fill(server, 5000)
        endless = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        slow = [endless, "SELECT count(*) FROM events a, events b, events c WHERE a.message < b.message OR c.idx > 1",
                "SELECT sum(length(replace(hex(zeroblob(200000 + b.idx)), '0', 'ab'))) FROM events a, events b",
                "SELECT count(*) FROM events a JOIN events b ON a.entry <> b.entry JOIN events c ON c.idx = b.idx",
                # Of steps that take long each, with no loop around them.
                "SELECT " + ", ".join(f"z LIKE '%{'0' * 200}1%{i}'" for i in range(200)) + " FROM (SELECT hex(zeroblob(500000)) z)",
                "SELECT " + ", ".join(f"z GLOB '*{'[0-9]' * 50}1{i}'" for i in range(200)) + " FROM (SELECT hex(zeroblob(500000)) z)"]
        for sql in slow:
            began = time.monotonic()
            asking = threading.Thread(target=self.refused, args=(server, sql, 503))
            asking.start()
            while asking.is_alive():
                self.assertEqual(self.ask(server, "SELECT count(*) > 4999 FROM events")["rows"], [[1]])
                time.sleep(0.05)
            asking.join()
            self.assertLess(time.monotonic() - began, 20, sql)
        large = ["SELECT zeroblob(1000000000)", "SELECT randomblob(2000000000)", "SELECT printf('%1000000000d', 1)",
                 "SELECT printf('%.*c', 1000000000, 'x')",
                 "SELECT group_concat(entry) FROM events",
                 "WITH RECURSIVE n(i) AS (SELECT 0 UNION SELECT i + 1 FROM n) SELECT count(*) FROM n LIMIT 1",
                 "SELECT replace(hex(zeroblob(500000)), '0', 'abcdefgh')",
                 "SELECT a.entry FROM events a, events b ORDER BY a.entry || b.idx",
                 "WITH a0 AS (SELECT 1), " + ", ".join(f"a{i + 1} AS (SELECT 1 FROM a{i} x, a{i} y)" for i in range(40))
                 + " SELECT 1 FROM a40"]
        for sql in large:
            began = time.monotonic()
            status, body = server.request("POST", "/api/v1/sql", json.dumps({"query": sql}))
            self.assertIn(status, (400, 413, 503) if "printf" not in sql else (200, 413), sql[:90] + body[:200].decode())
            self.assertLess(time.monotonic() - began, 20, sql[:90])
        for sql in ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "SELECT " + "-" * 20_000 + "1",
                    "SELECT " + " || ".join("'x'" for _ in range(9000)), "SELECT 1" + " " * 70_000,
                    "SELECT " + ", ".join("1" for _ in range(3000)), " UNION ALL ".join(["SELECT 1"] * 500),
                    "SELECT max(" + ", ".join("1" for _ in range(500)) + ")",
                    "SELECT " + "abs(" * 900 + "1" + ")" * 900, "SELECT 'x' LIKE '" + "%a" * 2000 + "'",
                    "SELECT trim('x', hex(zeroblob(100)))",
                    "SELECT " + ", ".join(f"(SELECT max(idx) FROM events WHERE seq > {i})" for i in range(100)),
                    "SELECT 'x' LIKE 'x' ESCAPE '%'", "SELECT * FROM " + "(SELECT * FROM " * 400 + "events" + ")" * 400,
                    "SELECT 1 FROM " + ", ".join(f"events e{i}" for i in range(70))):
            status, body = server.request("POST", "/api/v1/sql", json.dumps({"query": sql}))
            self.assertIn(status, (400, 413), sql[:60] + body[:200].decode())
        for sql in ("SELECT instr(hex(zeroblob(400000)) || 'x', hex(zeroblob(300000)) || 'x')",
                    "SELECT trim(hex(zeroblob(500000)), '0123456789')",
                    "SELECT replace(hex(zeroblob(500000)), hex(zeroblob(250000)) || '1', 'x')",
                    "SELECT hex(zeroblob(500000)) LIKE '%0%0%0%0%0%0%0%0%0%1'"):
            began = time.monotonic()
            self.ask(server, sql)
            self.assertLess(time.monotonic() - began, 20, sql)
    def test_functions_of_its_own_are_those_of_sqlite(self):
        """What is replaced because it takes time without bounds answers as before, types included."""
        server = self.serve()
        db = sqlite3.connect(":memory:")
        values = ("NULL", "''", "'x'", "'aüb'", "'üüaü'", "'xxaxX'", "'a%b_c'", "123", "-1.5", "x'c3bc62'", "x'62'", "x''",
                  "CAST(x'610062' AS TEXT)", "'[a-c]*'", "'%a_'", "'a\\%b'", "'A*'")
        calls = [f"instr({a}, {b}), trim({a}, {b}), ltrim({a}, {b}), rtrim({a}, {b}), replace({a}, {b}, 'z'), replace('x', {a}, {b}),"
                 f" typeof(replace({a}, {b}, 1)), {a} LIKE {b}, {a} GLOB {b}, {a} LIKE {b} ESCAPE '\\', like({b}, {a})"
                 for a in values for b in values]
        for call in calls:
            self.assertEqual(self.ask(server, f"SELECT {call}")["rows"],
                             [[plain(value) for value in row] for row in db.execute(f"SELECT {call}")], call)

    def test_a_statement_ends_when_nobody_waits_for_it(self):
        """Whoever closes the connection leaves nothing behind that computes; who does not, and asks on it again, is answered."""
        server = self.serve()

        def computed() -> float:
            fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(") ")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        host, port = server.address.split(":")
        endless = json.dumps({"query": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"})
        for _ in range(4):
            asking = http.client.HTTPConnection(host, int(port))
            asking.request("POST", "/api/v1/sql", endless)
            time.sleep(0.3)
            self.assertGreater(computed(), 0)
            asking.close()
        time.sleep(1)
        before = computed()
        time.sleep(1)
        self.assertLess(computed() - before, 0.5)
        staying = http.client.HTTPConnection(host, int(port))
        for wanted in (10_000, 1_000_000, 10):
            staying.request("POST", "/api/v1/sql", json.dumps(
                {"query": f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {wanted}) SELECT max(i) FROM n"}))
            self.assertEqual(json.loads(staying.getresponse().read())["rows"], [[wanted]])
        staying.close()

    def test_draining_ends_a_statement(self):
        """A server that is told to stop does not wait for a statement without end."""
        server = self.serve("--drain-seconds", "1")
        asking = threading.Thread(target=lambda: server.request("POST", "/api/v1/sql", json.dumps(
            {"query": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"})))
        asking.start()
        time.sleep(0.5)
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - began, 20)
        asking.join()


if __name__ == "__main__":
    unittest.main()
