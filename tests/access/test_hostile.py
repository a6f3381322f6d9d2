#!/usr/bin/env python3
"""Many requests of each kind that must not succeed: none does, each is answered, and each is accounted for, in the metrics and, where
somebody was refused, in the log audit. STELE_HOSTILE_REQUESTS of each kind (200); `./x soak hostile` sends 10,000."""

import json
import os
import random
import socket
import sys
import time
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, CommandTest, event, lines  # noqa: E402

COUNT = int(os.environ.get("STELE_HOSTILE_REQUESTS", "200"))
SEED = int(os.environ.get("STELE_HOSTILE_SEED", "1"))
TOGETHER = 50  # requests that are sent over one connection before their answers are read
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"


def request(method: str, target: str, token: str = "", body: bytes = b"", *headers: str) -> bytes:
    shown = [f"Authorization: Bearer {token}"] if token else []
    length = [f"Content-Length: {len(body)}"] if body or method in ("POST", "PUT") else []
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *shown, *length, *headers, "", ""]).encode() + body


class Peer:
    """A connection, and what comes back over it."""

    def __init__(self, address: str):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self.file = self.socket.makefile("rb")

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def answer(self) -> tuple[int, bytes] | None:
        """None once the connection has ended."""
        line = self.file.readline()
        if not line:
            return None
        length = 0
        while (header := self.file.readline().strip()):
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return int(line.split()[1]), self.file.read(length)


class HostileTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.server = self.serve("--logs", "other", "--listen-tls", "127.0.0.1:0", "--second-person", "grant", role="")
        self.slowest = 0.0

    def token(self, role: str, *flags: str) -> str:
        words = ("token", "create", "--data", str(self.data), "--role", role, "--name", role, *flags)
        return self.ran(self.stele(*words)).strip()

    def metrics(self) -> dict[str, int]:
        peer = Peer(self.server.address)
        peer.socket.sendall(request("GET", "/metrics", self.owner))
        _, text = peer.answer()
        peer.close()
        samples = (line.rsplit(" ", 1) for line in text.decode().splitlines() if not line.startswith("#"))
        return {name: int(float(value)) for name, value in samples}

    def counted(self, name: str, what) -> int:
        """By how much the sample of that name grew while what() ran."""
        before = self.metrics()[name]
        what()
        return self.metrics()[name] - before

    def send(self, kind: str, make, statuses: set[int], together: int = TOGETHER) -> None:
        """COUNT requests, so many over each connection: every answer has one of the statuses."""
        for begun in range(0, COUNT, together):
            peer = Peer(self.server.address)
            several = [make() for _ in range(min(together, COUNT - begun))]
            started = time.monotonic()
            peer.socket.sendall(b"".join(several))
            for one in several:
                answered = peer.answer()
                self.assertIsNotNone(answered, f"{kind}: {one[:300]!r} ended the connection")
                self.assertIn(answered[0], statuses, f"{kind}: {one[:300]!r} is answered {answered[1][:300]!r}")
                if not answered[1].startswith(b"<!doctype html>"):  # to a browser a page
                    json.loads(answered[1])
            self.slowest = max(self.slowest, time.monotonic() - started)
            peer.close()

    def send_apart(self, kind: str, make, address: str) -> None:
        """COUNT connections, each with bytes that are no request: none gets 2xx, and each is ended."""
        for _ in range(COUNT):
            sent = make()
            started = time.monotonic()
            peer = Peer(address)
            try:
                peer.socket.sendall(sent)
                peer.socket.shutdown(socket.SHUT_WR)
                text = peer.file.read()
            except ConnectionError:
                text = b""
            peer.close()
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.assertFalse(text.startswith(b"HTTP/1.1 2"), f"{kind}: {sent[:300]!r} is answered {text[:300]!r}")

    def letters(self, count: int) -> str:
        return "".join(self.random.choice(BASE32) for _ in range(count))

    def spoilt(self, text: str) -> str:
        at = self.random.randrange(len(text))
        return text[:at] + self.random.choice(BASE32.replace(text[at], "")) + text[at + 1:]

    def anything(self, most: int) -> bytes:
        return self.random.randbytes(self.random.randrange(1, most))

    def test_many_of_each_kind(self):
        self.owner = self.token("owner")
        tokens = {role: self.token(role) for role in ("writer", "reader", "auditor", "operator", "admin")}
        scoped, billing = self.token("auditor", "--log", "other"), self.token("writer", "--source", "billing")
        self.ran(self.stele("role", "define", "--data", str(self.data), "--permission", "read", "--mask", "actor", "masked"))
        masked, part = self.token("masked"), self.token("auditor", "--category", "authentication")
        revoked, expired = self.token("owner"), self.token("owner", "--expires", "1s")
        self.ran(self.stele("token", "revoke", "--data", str(self.data), revoked.split("_")[1]))
        body = lines([event(1)]).encode()
        self.ran(self.stele("append", "--url", self.server.url, given=lines([event(number) for number in range(300)]),
                            env={"STELE_TOKEN": self.owner}))
        time.sleep(1.1)  # until it has expired

        asked = [("GET", "/api/v1/search?q=action:*"), ("GET", "/log/main/tile/entries/000"), ("GET", "/api/v1/events/0"), ("GET", "/none")]
        some = lambda token: request(*self.random.choice(asked), token)  # noqa: E731
        writes = lambda token: request("POST", "/api/v1/events", token, body)  # noqa: E731
        strangers = {
            "nothing shown": lambda: some(""),
            "another scheme": lambda: request("GET", "/metrics", "", b"", f"Authorization: Basic {self.letters(20)}"),
            "no token": lambda: some(self.letters(self.random.randrange(1, 4_000))),
            "a token that is misspelt": lambda: some(self.spoilt(self.owner)),
            "a token that was never given": lambda: some("stele_" + self.letters(10) + "_" + self.letters(58)),
            "a token with an end": lambda: some(self.owner + self.random.choice(BASE32)),
            "two tokens": lambda: request("GET", "/metrics", revoked, b"", f"Authorization: Bearer {self.owner}"),
            "a session that is none": lambda: request("GET", "/metrics", "", b"", f"Cookie: a=b; stele={self.letters(64)}"),
            "revoked": lambda: some(revoked),
            "expired": lambda: some(expired),
            "a body of nobody": lambda: request("POST", "/api/v1/search", "", b'{"q":"x"}', "Content-Type: application/json"),
        }
        without_right = {
            "a writer that reads": (lambda: some(tokens["writer"]), {403, 404}),
            "a writer of another source": (lambda: request("POST", "/api/v1/events?source=other", billing, body), {403}),
            "a reader that writes": (lambda: writes(tokens["reader"]), {403}),
            "an auditor that grants": (lambda: request("POST", "/api/v1/tokens", tokens["auditor"], b'{"role":"owner","name":"x"}'), {403}),
            "an operator that reads": (lambda: request("GET", "/api/v1/stream", tokens["operator"]), {403}),
            "an admin that reads": (lambda: request("POST", "/api/v1/sql", tokens["admin"], b'{"query":"select 1"}'), {403}),
            "of another log": (lambda: request("GET", "/api/v1/search?q=x&log=main", scoped), {404}),
            "a part that asks for the whole": (lambda: request("GET", "/log/main/tile/entries/000.p/9", part), {403}),
            "a part of the log that asks for all settings": (lambda: request("GET", "/api/v1/configuration", scoped), {403}),
            "fields masked, asking for a bundle": (lambda: request("GET", "/log/main/tile/entries/000.p/9", masked), {403}),
            "an approval that was never given": (lambda: request("POST", "/api/v1/tokens", self.owner, b'{"role":"admin","name":"x"}',
                                                                 f"Stele-Approval: {self.letters(10)}"), {403, 404}),
            "of a log that is not there": (lambda: request("GET", f"/log/{self.letters(8)}/checkpoint", scoped), {404}),
        }
        wrong = {
            "an event that is none": (lambda: request("POST", "/api/v1/events", self.owner, self.anything(400)), {400, 422}),
            "a query that is none": (lambda: request("GET", f"/api/v1/search?q=%22{self.letters(9)}", self.owner), {400}),
            "a document that is none": (lambda: request("POST", "/api/v1/search", self.owner, self.anything(200)), {400}),
            "a statement that is none": (lambda: request("POST", "/api/v1/sql", self.owner,
                                                         json.dumps({"query": "drop table " + self.letters(5)}).encode()), {400}),
            "a cursor that is none": (lambda: request("GET", f"/api/v1/search?q=x&cursor=1.{self.letters(9)}", self.owner), {400}),
            "an index that is none": (lambda: request("GET", f"/api/v1/events/{self.random.randrange(10**6, 10**25)}", self.owner),
                                         {400, 404}),
            "a tile that is none": (lambda: request("GET", f"/log/main/tile/0/x{self.letters(3)}", self.owner), {400, 404}),
            "a path out of it": (lambda: request("GET", "/log/../" * self.random.randrange(1, 50) + "etc/passwd", self.owner), {400, 404}),
            "a method that is none": (lambda: request("BREW", "/api/v1/events", self.owner), {405}),
            "a coding that is none": (lambda: request("POST", "/api/v1/events", self.owner, b"x" * 30,
                                                      f"Content-Encoding: {self.letters(4)}"), {400, 415}),
            "a login that is none": (lambda: request("POST", "/api/v1/login", "", self.anything(300)), {400}),
            "an invitation that is none": (lambda: request("POST", "/api/v1/join", "", json.dumps(
                {"invitation": self.letters(52), "password": "correct horse battery"}).encode()), {401, 429}),
            "an approval that is none": (lambda: request("POST", f"/api/v1/approvals/{self.letters(10)}/give", self.owner), {404}),
            "a role that is none": (lambda: request("POST", "/api/v1/roles", self.owner, self.anything(300)), {400}),
            "a moment that is none": (lambda: request("GET", f"/api/v1/tokens?at={self.letters(12)}", self.owner), {400}),
            "a provider that is none": (lambda: request(
                "GET", f"/api/v1/oidc/callback?code={self.letters(20)}&state={self.letters(20)}"), {400, 404}),
            "gzip that is none": (lambda: request("POST", "/api/v1/events", self.owner, b"\x1f\x8b" + self.anything(99),
                                                  "Content-Encoding: gzip"), {400}),
        }
        heads = ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9" + "9" * 30 + "\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                 "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
                 "GET / HTTP/1.1\r\nHost: a\r\nA" + "a" * 20_000 + ": b\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
        apart = {
            "a head that is none": (lambda: self.random.choice(heads).encode(), self.server.address),
            "bytes that are none": (lambda: b"\x80" + self.anything(500) + b"\r\n\r\n", self.server.address),
            "a handshake that is none": (lambda: b"\x16\x03\x01" + self.anything(500), self.server.tls_url.removeprefix("https://")),
            "plain where TLS is spoken": (lambda: some(self.owner), self.server.tls_url.removeprefix("https://")),
        }

        refused = 0
        for kind, make in strangers.items():
            # A body of nobody is not read, which ends its connection.
            count = self.counted("stele_access_refused_total", lambda: self.send(kind, make, {401}, 1 if "body" in kind else TOGETHER))
            self.assertEqual(count, COUNT, kind)
            refused += count
        for kind, (make, statuses) in without_right.items():
            count = self.counted("stele_access_refused_total", lambda: self.send(kind, make, statuses))
            if kind != "a writer that reads":  # what is not there at all is refused to nobody
                self.assertEqual(count, COUNT, kind)
            refused += count
        before = self.metrics()["stele_access_refused_total"]
        for kind, (make, statuses) in wrong.items():
            # And the metrics themselves are asked for once more.
            self.assertEqual(self.counted('stele_http_answers_total{class="4xx"}', lambda: self.send(kind, make, statuses)), COUNT, kind)
        of_wrong = self.metrics()["stele_access_refused_total"] - before
        self.assertGreaterEqual(of_wrong, 2 * COUNT)  # invitations and approvals that are none are refusals too
        refused += of_wrong
        for kind, (make, address) in apart.items():
            count = self.counted("stele_http_bad_requests_total", lambda: self.send_apart(kind, make, address))
            self.assertEqual(count, COUNT, kind)
        metrics = self.metrics()
        self.assertEqual(metrics['stele_http_answers_total{class="5xx"}'], 0)
        self.assertEqual(self.server.stop(), 0)
        sent = [one for one in self.stored() if one["source"]["id"] != "stele"]  # whose own entries say what was no event
        self.assertEqual(len(sent), 300, "something of it was stored")
        recorded = [one["event"] for one in self.stored("--data", str(self.data), "--log", "audit")]
        told = [one["attributes"].get("count", 1) for one in recorded if one["action"] == "stele.access.refused"]
        self.assertEqual(sum(told), refused, "not every refusal is on record")
        kinds = len(strangers) + len(without_right) + len(wrong) + len(apart)
        print(f"{kinds} kinds of {COUNT}: none succeeded; {refused} refusals on record in {len(told)} entries; the slowest "
              f"{TOGETHER} took {self.slowest:.2f} s together; seed {SEED}")


if __name__ == "__main__":
    unittest.main()
