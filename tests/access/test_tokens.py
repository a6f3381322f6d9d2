#!/usr/bin/env python3
"""Tokens from outside: made while a server runs and while none does, what each role may, and what is on record of it."""

import http.client
import json
import re
import shutil
import signal
import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, CommandTest, event, lines  # noqa: E402

TOKEN = re.compile(r"stele_[0-9a-hjkmnp-tv-z]{10}_[0-9a-hjkmnp-tv-z]{58}\n")
# What a request needs; one of every permission, of the log that is put in.
REQUESTS = {
    "write": ("POST", "/api/v1/events?log={log}"),
    "read": ("GET", "/api/v1/search?log={log}&q="),
    "read whole": ("GET", "/log/{log}/tile/entries/000.p/1"),
    "prove": ("GET", "/log/{log}/checkpoint"),
    "observe": ("GET", "/api/v1/index?log={log}"),
    "operate": ("POST", "/api/v1/index/check?log={log}"),
    "grant": ("GET", "/api/v1/tokens"),
    "erase": ("POST", "/api/v1/erase?log={log}"),
}
MAY = {
    "writer": {"write", "prove"},
    "reader": {"read", "prove"},
    "auditor": {"read", "read whole", "prove", "observe"},
    "operator": {"observe", "operate"},
    "admin": {"observe", "grant"},
    "owner": set(REQUESTS),
}


class TokenTest(CommandTest):
    def token(self, role: str, *flags: str) -> str:
        out = self.ran(self.stele("token", "create", "--data", str(self.data), "--role", role, "--name", f"{role} of a test", *flags))
        self.assertRegex(out, TOKEN)
        return out.strip()

    def ask(self, server, method: str, target: str, token: str | None, body: str | None = None) -> tuple[int, dict, bytes]:
        connection = http.client.HTTPConnection(server.address, timeout=PATIENCE)
        try:
            connection.request(method, target, body, {"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    def audit(self) -> list[dict]:
        events = [entry["event"] for entry in self.stored("--data", str(self.data), "--log", "audit")]
        return [one for one in events if one["action"].startswith("stele.token.")]  # the others are what was looked at

    def uses(self) -> dict[str, str]:
        listed = json.loads(self.ran(self.stele("token", "list", "--data", str(self.data), "--json")))["tokens"]
        return {one["id"]: one["last_used"] for one in listed if "last_used" in one}

    def test_is_made_and_revoked_with_and_without_a_server(self):
        made = self.stele("token", "create", "--data", str(self.data), "--role", "owner", "--name", "owner")
        self.assertIn("made a new data directory", made.stderr)
        early = made.stdout.strip()
        self.assertEqual(self.stele("token", "list", "--data", str(self.data)).stderr, "")
        server = self.serve()
        late = self.token("reader", "--expires", "90d")
        for token in (early, late):
            self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=", token)[0], 200)
        listed = json.loads(self.ran(self.stele("token", "list", "--data", str(self.data), "--json")))["tokens"]
        self.assertEqual({one["id"] for one in listed}, {early[6:16], late[6:16]})
        self.assertTrue(all("last_used" in one for one in listed))
        used = self.uses()
        self.assertNotIn(early[17:], json.dumps(listed))
        self.ran(self.stele("token", "revoke", late[6:16], "--data", str(self.data)))
        status, headers, body = self.ask(server, "GET", "/api/v1/search?q=", late)
        self.assertEqual(status, 401)
        self.assertEqual(headers["WWW-Authenticate"], 'Bearer realm="stele"')
        self.assertIn(b"revoked", body)
        server.stop(signal.SIGKILL)
        server = self.serve()  # nothing was written down but the entries
        self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=", late)[0], 401)
        self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=", early)[0], 200)
        self.assertEqual(server.stop(), 0)
        now = self.uses()
        self.assertGreater(now[early[6:16]], used[early[6:16]])
        server = self.serve()
        self.assertEqual(self.uses(), now, "it outlasts the server")
        self.assertEqual(server.stop(), 0)
        self.ran(self.stele("token", "revoke", "0000000000", "--data", str(self.data)), 1)
        self.assertEqual([one["action"] for one in self.audit()],
                         ["stele.token.created", "stele.token.created", "stele.token.revoked"])
        self.ran(self.stele("verify", "--data", str(self.data), "--log", "audit"))

    def test_lets_each_role_do_what_it_may_and_nothing_else(self):
        server = self.serve("--logs", "other")
        self.assertEqual(server.request("POST", "/api/v1/events", lines([event(1)]))[0], 200)
        self.assertEqual(server.request("POST", "/api/v1/events?log=other", lines([event(2)]))[0], 200)
        for role, may in MAY.items():
            whole, narrow = self.token(role), self.token(role, "--log", "main")
            for permission, (method, target) in REQUESTS.items():
                for token, log in ((whole, "main"), (whole, "other"), (narrow, "main"), (narrow, "other"), (narrow, "none")):
                    status, _, body = self.ask(server, method, target.format(log=log), token, "{}" if method == "POST" else None)
                    where = f"{role} {permission} {log}: {body[:200]!r}"
                    if permission not in may:
                        self.assertEqual(status, 403, where)
                        self.assertIn(f"which may not {permission}", body.decode())
                    elif token is narrow and log != "main" and permission != "grant":
                        self.assertEqual(status, 404, where)
                        self.assertEqual(json.loads(body)["error"]["message"], f'there is no log "{log}"')
                    else:
                        self.assertIn(status, (200, 400), where)  # 400: it was let through, and the body is no event

    def test_never_learns_of_a_log_that_is_not_its_own(self):
        server = self.serve("--logs", "secret-tenant")
        token = self.token("owner", "--log", "main")
        for target in ("/api/v1/status", "/metrics", "/api/v1/search?q=&log=secret-tenant", "/log/secret-tenant/key"):
            self.assertNotIn(b"secret-tenant", self.ask(server, "GET", target, token)[2].replace(rb'no log \"secret-tenant\"', b""), target)
        status, _, body = self.ask(server, "POST", "/api/v1/search", token, json.dumps({"q": "", "log": "secret-tenant"}))
        self.assertEqual(status, 404, body)
        status, _, body = self.ask(server, "POST", "/api/v1/sql", token,
                                   json.dumps({"query": "SELECT count(*) FROM events", "log": "secret-tenant"}))
        self.assertEqual(status, 404, body)

    def test_never_learns_of_whom_and_what_is_of_another_log(self):
        server = self.serve("--logs", "secret-tenant")
        mine = self.token("owner", "--log", "main")
        self.ran(self.stele("role", "define", "--data", str(self.data), "--permission", "read", "tenant-analyst"))
        self.ran(self.stele("user", "create", "--data", str(self.data), "--role", "tenant-analyst", "--log", "secret-tenant", "bob"))
        roles = lambda: [one["role"] for one in json.loads(self.ask(server, "GET", "/api/v1/roles", mine)[2])["roles"]]  # noqa: E731
        self.assertNotIn("tenant-analyst", roles())
        samples = [line for line in self.ask(server, "GET", "/metrics", mine)[2].decode().splitlines() if not line.startswith("#")]
        self.assertTrue(samples)
        self.assertEqual([line for line in samples if 'log="main"' not in line and not line.startswith("stele_disk_")], [])
        # One that there is and one that there is not are answered alike, and each such question is on record.
        asked = [("users", {"user": name, "role": "reader"}) for name in ("bob", "nobody")]
        asked += [("tokens", {"name": "x", "role": name}) for name in ("tenant-analyst", "no-analyst")]
        answers = [(status, body.replace(b"tenant-analyst", b"no-analyst")) for status, _, body in
                   [self.ask(server, "POST", "/api/v1/" + what, mine, json.dumps(body)) for what, body in asked]]
        self.assertEqual([status for status, _ in answers], [403, 403, 404, 404])
        self.assertEqual((answers[0], answers[2]), (answers[1], answers[3]))
        for target in ("users/bob/invite", "users/nobody/invite", "users/bob/revoke", "tokens/0000000000/revoke"):
            self.assertEqual(self.ask(server, "POST", "/api/v1/" + target, mine)[0], 404, target)
        status, _, body = self.ask(server, "POST", "/api/v1/users", mine, json.dumps({"user": "eve@main", "role": "reader"}))
        self.assertEqual((status, json.loads(body).get("logs")), (200, ["main"]))
        self.ran(self.stele("token", "create", "--data", str(self.data), "--role", "tenant-analyst", "--log", "main", "--name", "y"))
        self.assertIn("tenant-analyst", roles(), "somebody has it here now")
        written = [entry["event"]["action"] for entry in self.stored("--data", str(self.data), "--log", "audit")]
        self.assertEqual(written.count("stele.access.refused"), 8)

    def test_gives_nobody_more_than_it_has(self):
        server = self.serve("--logs", "payroll")
        everyones, narrow = self.token("owner"), self.token("admin", "--log", "main")
        listed = json.loads(self.ask(server, "GET", "/api/v1/tokens", narrow)[2])["tokens"]
        self.assertEqual([one["id"] for one in listed], [narrow[6:16]])
        answers = {self.ask(server, "POST", "/api/v1/tokens", narrow, json.dumps({"role": "reader", "name": "x", "logs": [log]}))[2]
                   .replace(log.encode(), b"LOG") for log in ("payroll", "nothing", "audit")}
        self.assertEqual(len(answers), 1, answers)
        made = json.loads(self.ask(server, "POST", "/api/v1/tokens", narrow, json.dumps({"role": "owner", "name": "x"}))[2])
        self.assertEqual(made["logs"], ["main"])
        self.assertEqual(self.ask(server, "POST", f"/api/v1/tokens/{everyones[6:16]}/revoke", narrow)[0], 404)
        self.assertEqual(self.ask(server, "POST", f"/api/v1/tokens/{made['id']}/revoke", narrow)[0], 200)
        self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=", everyones)[0], 200)

    def test_writes_as_its_source_and_never_to_audit(self):
        server = self.serve()
        token = self.token("writer", "--source", "billing-api")
        self.assertEqual(self.ask(server, "POST", "/api/v1/events", token, lines([event(1)]))[0], 200)
        self.assertEqual(self.ask(server, "POST", "/api/v1/events?source=billing-api", token, lines([event(2)]))[0], 200)
        status, _, body = self.ask(server, "POST", "/api/v1/events?source=other", token, lines([event(3)]))
        self.assertEqual(status, 403)
        self.assertIn(b"as the source billing-api alone", body)
        owner = self.token("owner")
        for other in (token, owner, None):
            status, _, body = self.ask(server, "POST", "/api/v1/events?log=audit", other, lines([event(4)]))
            self.assertEqual(status, 404, body)
        sources = [entry["source"] for entry in self.stored()]
        self.assertEqual({(one["id"], one["identity"]) for one in sources}, {("billing-api", f"token:{token[6:16]}")})
        self.assertEqual(len(sources), 2)

    def test_refuses_what_is_no_token_and_says_so(self):
        server = self.serve()
        real = self.token("reader")
        wrong = real[:-1] + ("0" if real[-1] != "0" else "1")
        for authorization in ("Bearer", "Bearer x", f"Bearer {wrong}", f"Basic {real}", real, f"Bearer {real} {real}",
                              "Bearer " + "x" * 9000):
            connection = http.client.HTTPConnection(server.address, timeout=PATIENCE)
            connection.request("GET", "/api/v1/status", headers={"Authorization": authorization})
            answer = connection.getresponse()
            self.assertEqual(answer.status, 401, authorization[:50])
            self.assertEqual(json.loads(answer.read())["error"]["code"], "unauthenticated")
            connection.close()

    def test_is_shown_by_commands(self):
        server = self.serve()
        reader, writer = self.token("reader"), self.token("writer")
        path = self.write("events.ndjson", lines([event(1), event(2)]))
        shown = lambda token: {"STELE_TOKEN": token}  # noqa: E731
        self.ran(self.stele("append", str(path), "--url", server.url, env=shown(writer)))
        refused = self.stele("append", str(path), "--url", server.url, env=shown(reader))
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("which may not write", refused.stderr)
        out = self.ran(self.stele("search", "", "--url", server.url, "--json", env=shown(reader)))
        self.assertEqual(len(out.splitlines()), 2)
        self.assertEqual(self.stele("search", "", "--url", server.url, env=shown("stele_x")).returncode, 2)
        auditor = self.token("auditor")
        self.ran(self.stele("verify", "--url", server.url, env=shown(auditor)))

    def test_takes_a_directory_that_had_no_log_audit(self):
        server = self.serve()
        self.assertEqual(server.request("POST", "/api/v1/events", lines([event(1)]))[0], 200)
        gone = self.token("reader")
        self.assertEqual(server.stop(), 0)
        for path in ("logs/audit", "index/audit"):
            shutil.rmtree(self.data / path)
        for path in ("keys/audit.key", "keys/audit.sealing-key", "sources/audit.json"):
            (self.data / path).unlink()
        server = self.serve()  # grants.json is left, and speaks of another log
        self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=", gone)[0], 401)
        self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=", self.token("reader"))[0], 200)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.stored_ids(), ["evt_1"])

    def test_says_what_is_wrong_with_a_wish(self):
        self.serve()
        for flags, words in (
            (("--role", "king", "--name", "x"), "there is no role"),
            (("--role", "reader", "--name", ""), "name is"),
            (("--role", "reader", "--name", "x", "--source", "y"), "source is for roles that write"),
            (("--role", "reader", "--name", "x", "--log", "none"), "there is no log"),
            (("--role", "reader", "--name", "x", "--expires", "soon"), "expires is a time"),
            (("--role", "reader", "--name", "x", "--expires", "2020-01-01T00:00:00Z"), "in the past"),
        ):
            result = self.stele("token", "create", "--data", str(self.data), *flags)
            self.assertEqual((result.returncode, result.stdout), (2, ""), flags)
            self.assertIn(words, result.stderr)
        self.assertEqual(self.audit(), [])


if __name__ == "__main__":
    unittest.main()
