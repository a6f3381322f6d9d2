#!/usr/bin/env python3
"""A server as it is by itself, closed: who shows nothing gets nothing but health, at every door, and is on record."""

import http.client
import re
import socket
import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, CommandTest, event, lines  # noqa: E402


class ClosedTest(CommandTest):
    def closed(self, *flags: str):
        return self.serve(*flags, role="")

    def token(self, role: str) -> str:
        return self.ran(self.stele("token", "create", "--data", str(self.data), "--role", role, "--name", role)).strip()

    def ask(self, server, method: str, target: str, body: str | None = None, **headers: str) -> tuple[int, dict, bytes]:
        connection = http.client.HTTPConnection(server.address, timeout=PATIENCE)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    def test_nothing_answers_but_health(self):
        server = self.closed("--logs", "other")
        for target in ("/healthz", "/readyz"):
            self.assertEqual(self.ask(server, "GET", target)[0], 200)
        self.assertEqual(self.ask(server, "GET", "/api/v1/login/ways")[2], b'{"password":true}\n')
        answers = set()
        for method, target in [("GET", "/"), ("GET", "/none"), ("GET", "/metrics"), ("GET", "/api/v1/status"), ("POST", "/api/v1/events"),
                               ("GET", "/api/v1/search?q="), ("GET", "/api/v1/search?q=&log=none"), ("GET", "/log/main/checkpoint"),
                               ("GET", "/log/none/checkpoint"), ("GET", "/log/other/key"), ("PUT", "/api/v1/events"), ("POST", "/v1/logs"),
                               ("POST", "/upload"), ("POST", "/api/v1/tokens"), ("OPTIONS", "/api/v1/events"), ("BREW", "/healthz")]:
            status, headers, body = self.ask(server, method, target, "{}" if method == "POST" else None)
            self.assertEqual(status, 401, (method, target))
            self.assertEqual(headers["WWW-Authenticate"], 'Bearer realm="stele"')
            answers.add(body)
        self.assertEqual(len(answers), 1, "an answer tells what there is")
        self.assertEqual(self.ask(server, "HEAD", "/api/v1/status")[0], 401)

    def test_the_data_directory_is_the_way_in(self):
        server = self.closed()
        self.ran(self.stele("append", "--data", str(self.data), given=lines([event(1)])))
        refused = self.stele("append", "--url", server.url, given=lines([event(2)]))
        self.assertEqual(refused.returncode, 2)
        self.assertIn("this needs a token", refused.stderr)
        self.assertIn("stele token create", refused.stderr)
        self.ran(self.stele("append", "--url", server.url, given=lines([event(3)]), env={"STELE_TOKEN": self.token("writer")}))
        status, headers, _ = self.ask(server, "GET", "/log/main/checkpoint", Authorization=f"Bearer {self.token('reader')}")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Cache-Control"].startswith("private"))
        self.assertIn("Authorization", headers["Vary"].split(", "))
        self.assertNotIn("Access-Control-Allow-Origin", headers)
        self.assertEqual(self.stored_ids(), ["evt_1", "evt_3"])

    def test_a_signed_webhook_proves_itself_and_an_unsigned_one_tells_nothing(self):
        secret = self.write("secret", "it is a secret\n")
        server = self.closed("--github-secret-file", str(secret), "--logs", "other")
        answers = set()
        for target, body, headers in [("?", "{}", {}), ("?log=none", "{}", {}), ("?log=other", "{}", {}),
                                      ("?source=" + "x" * 300, "{}", {}), ("?", "no gzip", {"Content-Encoding": "gzip"}),
                                      ("?", "x", {"Content-Encoding": "none"})]:
            status, _, answer = self.ask(server, "POST", "/api/v1/webhooks/github" + target, body, **headers)
            self.assertEqual(status, 401, (target, headers))
            answers.add(answer)
        self.assertEqual(len(answers), 1, "it is told what log or source there is")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.stored_ids(), [])

    def test_the_body_of_nobody_is_not_waited_for(self):
        server = self.closed()
        host, port = server.address.split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as raw:
            raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n")
            self.assertRegex(raw.recv(4096), rb"^HTTP/1.1 200 ")
        for announced in ("Content-Length: 60000000", "Transfer-Encoding: chunked", "Content-Length: 9\r\nExpect: 100-continue"):
            with socket.create_connection((host, int(port)), timeout=PATIENCE) as raw:
                raw.sendall(f"POST /api/v1/events HTTP/1.1\r\nHost: x\r\n{announced}\r\n\r\n".encode())
                self.assertRegex(raw.recv(4096), rb"^HTTP/1.1 401 ", announced)

    def test_who_is_refused_is_on_record(self):
        server = self.closed()
        for number in range(30):
            self.assertEqual(self.ask(server, "GET", f"/{number}")[0], 401)
        self.assertEqual(server.stop(), 0)
        events = [entry["event"] for entry in self.stored("--data", str(self.data), "--log", "audit")]
        refused = [one for one in events if one["action"] == "stele.access.refused"]
        self.assertEqual([one["attributes"].get("count") for one in refused], [None] * 10 + [20])
        self.assertEqual({one["origin"]["ip"] for one in refused}, {"127.0.0.1"})

    def test_a_role_of_this_machine_is_given_in_words(self):
        server = self.serve(role="writer")
        self.assertEqual(self.ask(server, "POST", "/api/v1/events", lines([event(1)]))[0], 200)
        self.assertEqual(self.ask(server, "GET", "/api/v1/search?q=")[0], 403)
        self.assertEqual(self.ask(server, "GET", "/none")[0], 404)
        self.assertEqual(server.stop(), 0)
        refused = self.stele("serve", "--data", str(self.data), "--listen", "127.0.0.1:0", "--loopback-role", "king")
        self.assertEqual(refused.returncode, 2)
        self.assertRegex(refused.stderr, re.escape('loopback_role is a role (docs/formats/access.md), not "king"'))


if __name__ == "__main__":
    unittest.main()
