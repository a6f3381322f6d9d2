#!/usr/bin/env python3
"""People: the first makes himself the owner, others are invited; they log in with password and code, and out; what they do over a session
is guarded against pages of other sites; access that is taken is gone at once; and guessing is slowed down."""

import collections
import http.client
import json
import random
import re
import signal
import socket
import ssl
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from browser import Browser  # noqa: E402
from harness import PATIENCE, CommandTest, event, lines, wait_until  # noqa: E402
from people import PASSWORD, code, printed  # noqa: E402
from qr import drawn, read_qr  # noqa: E402


class PeopleTest(CommandTest):
    def join(self, browser: Browser, invitation: str, **more: str) -> str:
        status, _, body = browser.ask("POST", "/api/v1/join", {"invitation": invitation, "password": PASSWORD, **more})
        self.assertEqual(status, 200, body)
        return json.loads(body)["secret"]

    def guess(self, browser: Browser, user: str, times: int) -> None:
        """Wrong codes that were looked at; after the seventh the next is not for four seconds."""
        looked_at = 0
        while looked_at < times:
            looked_at += browser.login(user, "A" * 32) == 401
            time.sleep(0.05)

    def test_who_guesses_from_his_network_keeps_nobody_out(self):
        server = self.serve(role="")
        ada, eve = Browser(server), Browser(server)
        secret = self.join(ada, self.invited("create", "ada", "--role", "reader"))
        self.assertEqual(ada.login("ada", secret), 200)
        self.guess(eve, "ada", 7)
        self.assertEqual(Browser(server).login("ada", secret, steps=1), 429)
        self.assertEqual(ada.login("ada", secret, steps=1), 200)

    def test_a_crowd_of_networks_keeps_nobody_out(self):
        """Twenty networks guess without a pause, more than can be heard: who came before in this browser is heard, and so is who comes
        for the first time."""
        server = self.serve(role="")
        ada = Browser(server)
        secret = self.join(ada, self.invited("create", "ada", "--role", "reader"))
        self.assertEqual(ada.login("ada", secret), 200)
        bea = Browser(server, comes_from="127.0.200.1")
        bea_secret = self.join(bea, self.invited("create", "bea", "--role", "reader"))
        over = threading.Event()
        heard: dict[int, int] = collections.Counter()

        def guess(number: int) -> None:
            eve = Browser(server, comes_from=f"127.0.{number % 20 + 1}.1")
            while not over.is_set():
                heard[eve.login(f"u{random.getrandbits(40)}", "A" * 32)] += 1
                time.sleep(0.1)

        crowd = [threading.Thread(target=guess, args=(number,)) for number in range(120)]
        for one in crowd:
            one.start()
        try:
            wait_until(lambda: heard[429] > 200, "more than can be heard")
            self.assertEqual(ada.login("ada", secret, steps=1), 200)
            self.assertEqual(bea.login("bea", bea_secret), 200)
        finally:
            over.set()
            for one in crowd:
                one.join()
        self.assertEqual(set(heard), {401, 429})

    def test_a_telephone_reads_the_secret_from_its_code(self):
        server = self.serve(role="")
        for user in ("ada", "a.user-of_the.longest.name@auditors.example.com"):
            invitation = self.invited("create", user, "--role", "reader")
            body = {"invitation": invitation, "password": PASSWORD}
            joined = json.loads(Browser(server).ask("POST", "/api/v1/join", body)[2])
            self.assertEqual(joined["uri"], f"otpauth://totp/Stele:{user}?secret={joined['secret']}&issuer=Stele")
            self.assertEqual(read_qr(drawn(joined["qr"])), joined["uri"])

    def invited(self, *words: str) -> str:
        link = self.ran(self.stele("user", *words, "--data", str(self.data)))
        self.assertRegex(link, r"^http://127.0.0.1:\d+/login#invitation=\w{64}\n$")
        return link.strip().rpartition("invitation=")[2]

    def audit(self) -> list[dict]:
        return [one["event"] for one in self.stored("--data", str(self.data), "--log", "audit")]

    def test_the_first_makes_himself_the_owner(self):
        server = self.serve(role="")
        setup = printed(server, r"/login#setup=(\w+)")
        browser = Browser(server)
        status, headers, page = browser.ask("GET", "/login")
        self.assertEqual(status, 200)
        self.assertIn("script-src 'self'", headers["Content-Security-Policy"])
        for name in re.findall(rb'(?:href|src)="(/[^"]+)"', page):
            self.assertEqual(browser.status(name.decode()), 200, name)
        self.assertEqual(browser.status(), 401)
        wrong = browser.ask("POST", "/api/v1/join", {"invitation": setup[::-1], "password": PASSWORD, "user": "eve"})
        self.assertEqual(wrong[0], 401)
        short = browser.ask("POST", "/api/v1/join", {"invitation": setup, "password": "short", "user": "ada"})
        self.assertEqual(short[0], 400)
        strange = browser.ask("POST", "/api/v1/join", {"invitation": setup, "password": PASSWORD, "user": "Ada Park"})
        self.assertEqual(strange[0], 400)
        secret = self.join(browser, setup, user="ada", name="Ada Park")
        again = browser.ask("POST", "/api/v1/join", {"invitation": setup, "password": PASSWORD, "user": "eve"})
        self.assertEqual(again[0], 401, "it was used")
        shown = code(secret)
        self.assertEqual(browser.login_with("ada", shown), 200)
        self.assertIn("HttpOnly; SameSite=Strict", browser.set_cookie)
        _, _, body = browser.ask("GET", "/api/v1/session")
        self.assertEqual(json.loads(body), {"identity": "user:ada", "name": "Ada Park", "role": "owner", "csrf": browser.csrf})
        self.assertEqual(browser.ask("POST", "/api/v1/events", lines([event(1)]))[0], 200)
        self.assertEqual(browser.status("/api/v1/search?q=actor:u_1"), 200)

        other = Browser(server)
        self.assertEqual(other.login_with("ada", shown), 401, "a code is good once")
        self.assertEqual(server.stop(), 0)
        events = self.audit()
        happened = [(one["action"], one["actor"]["id"]) for one in events]
        self.assertIn(("stele.user.created", "setup"), happened)
        self.assertIn(("stele.user.joined", "user:ada"), happened)
        self.assertIn(("stele.login.succeeded", "user:ada"), happened)
        self.assertIn(("stele.login.failed", "anonymous"), happened)
        self.assertIn(("stele.log.searched", "user:ada"), happened)
        for told in (PASSWORD, secret, setup):
            self.assertNotIn(told, json.dumps(events))

        server = self.serve(role="")
        self.assertNotIn("setup=", server.words(), "there is an owner")
        browser.authority = server.url.rpartition("/")[2]
        self.assertEqual(browser.status(), 401, "sessions end with the server")
        browser.cookies.clear()
        self.assertEqual(browser.login("ada", secret, steps=1), 200)

    def test_the_set_up_ends_with_the_first_access(self):
        server = self.serve(role="")
        setup = printed(server, r"/login#setup=(\w+)")
        self.ran(self.stele("token", "create", "--data", str(self.data), "--role", "owner", "--name", "a program"))
        told = Browser(server).ask("POST", "/api/v1/join", {"invitation": setup, "password": PASSWORD, "user": "eve"})
        self.assertEqual(told[0], 401, "whoever read what was printed")

    def test_of_several_at_once_one_becomes_the_owner(self):
        server = self.serve(role="")
        setup = printed(server, r"/login#setup=(\w+)")
        statuses = []

        def join(user: str) -> None:
            body = {"invitation": setup, "password": PASSWORD, "user": user}
            statuses.append(Browser(server).ask("POST", "/api/v1/join", body)[0])

        threads = [threading.Thread(target=join, args=(f"user{number}",)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [200, 401, 401, 401, 401, 401])

    def test_what_is_long_is_not_read(self):
        """However its length is written."""
        server = self.serve(role="")
        host, _, port = server.url.rpartition("/")[2].partition(":")
        for length in ("Content-Length: 033554432", "Content-Length: 33554432, 33554432", "Content-Length: 9000",
                       "Transfer-Encoding: chunked"):
            with socket.create_connection((host, int(port)), timeout=PATIENCE) as raw:
                raw.sendall(f"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n{{".encode())
                self.assertIn(raw.recv(100).split()[1], (b"413", b"400"), length)

    def test_a_session_is_guarded_and_ends(self):
        server = self.serve(role="")
        browser = Browser(server)
        secret = self.join(browser, self.invited("create", "ada", "--role", "owner"))
        self.assertEqual(browser.login("ada", secret), 200)
        grant = {"role": "reader", "name": "x"}
        self.assertEqual(browser.ask("POST", "/api/v1/tokens", grant)[0], 200)
        csrf, browser.csrf = browser.csrf, ""
        self.assertEqual(browser.ask("POST", "/api/v1/tokens", grant)[0], 403, "without the second secret")
        browser.csrf = csrf[::-1]
        self.assertEqual(browser.ask("POST", "/api/v1/tokens", grant)[0], 403)
        browser.csrf = csrf
        self.assertEqual(browser.ask("POST", "/api/v1/tokens", grant, Origin="https://evil.example")[0], 403, "a page of another site")
        status, _, body = Browser(server).ask("POST", "/api/v1/login", {"user": "ada"}, Origin="https://evil.example")
        self.assertEqual(status, 403, body)
        _, _, told = browser.ask("GET", "/api/v1/session")
        self.assertEqual(json.loads(told)["csrf"], csrf, "another tab asks for it")
        stream = http.client.HTTPConnection(browser.authority, timeout=PATIENCE)
        self.addCleanup(stream.close)
        stream.request("GET", "/api/v1/stream", headers={"Cookie": "stele=" + browser.cookies["stele"]})
        streamed = stream.getresponse()
        self.assertEqual(streamed.status, 200)
        cookies = dict(browser.cookies)
        browser.cookies["stele"] = cookies["stele"][::-1]
        self.assertEqual(browser.status(), 401)
        browser.cookies = dict(cookies)
        self.assertEqual(browser.ask("POST", "/api/v1/logout", {})[0], 200)
        self.assertIn("Max-Age=0", browser.set_cookie)
        browser.cookies = cookies
        self.assertEqual(browser.status(), 401, "whoever kept the cookie")
        with self.assertRaises(http.client.IncompleteRead):
            streamed.read()  # what streams is cut off
        self.assertIn("stele.session.ended", [one["action"] for one in self.audit()])

    def test_access_is_given_and_taken(self):
        server = self.serve("--logs", "other", role="")
        browser = Browser(server)
        invitation = self.invited("create", "smith@auditors.example", "--role", "auditor", "--log", "other", "--name", "Smith")
        secret = self.join(browser, invitation)
        self.assertEqual(browser.login("smith@auditors.example", secret), 200)
        self.assertEqual(browser.status("/api/v1/search?q=x&log=other"), 200)
        self.assertEqual(browser.status("/api/v1/search?q=x&log=main"), 404)
        self.assertEqual(browser.status("/api/v1/users"), 403)
        shown = self.ran(self.stele("user", "list", "--data", str(self.data)))
        self.assertIn("auditor of other", shown)
        taken = self.stele("user", "create", "smith@auditors.example", "--role", "owner", "--data", str(self.data))
        self.assertEqual(taken.returncode, 2)
        self.assertIn("has access already", taken.stderr)
        # A new invitation ends what there was.
        invitation = self.invited("invite", "smith@auditors.example")
        self.assertEqual(browser.status(), 401)
        self.assertEqual(browser.login("smith@auditors.example", secret, steps=1), 401)
        secret = self.join(browser, invitation)
        browser.cookies.clear()
        self.assertEqual(browser.login("smith@auditors.example", secret), 200)
        self.ran(self.stele("user", "revoke", "smith@auditors.example", "--data", str(self.data)))
        self.assertEqual(browser.status(), 401, "at once")
        browser.cookies.clear()
        self.assertEqual(browser.login("smith@auditors.example", secret, steps=1), 401)
        self.assertEqual(self.stele("user", "invite", "smith@auditors.example", "--data", str(self.data)).returncode, 2)
        self.assertEqual(self.stele("user", "revoke", "nobody", "--data", str(self.data)).returncode, 1)
        # And may be given anew; what proved that it was he before proves nothing.
        secret = self.join(browser, self.invited("create", "smith@auditors.example", "--role", "reader"))
        self.assertEqual(browser.login("smith@auditors.example", secret), 200)

    def test_guessing_is_slow_and_tells_nothing(self):
        server = self.serve(role="")
        ada, bob = Browser(server), Browser(server)
        secrets = {user: self.join(ada, self.invited("create", user, "--role", "reader")) for user in ("ada", "bob")}
        answers = set()
        for user, password, shown in [("ada", PASSWORD, "000000"), ("ada", "another password", code(secrets["ada"])),
                                      ("nobody", PASSWORD, "000000"), ("ada", "", ""), ("", "", "")]:
            status, _, body = ada.ask("POST", "/api/v1/login", {"user": user, "password": password, "code": shown})
            self.assertEqual(status, 401)
            answers.add(body)
        self.assertEqual(len(answers), 1, "an answer tells who there is")
        self.guess(ada, "ada", 2)
        status, headers, body = ada.ask("POST", "/api/v1/login", {"user": "ada", "password": PASSWORD, "code": code(secrets["ada"])})
        self.assertEqual(status, 429, body)
        self.assertIn(headers["Retry-After"], "1234")
        self.assertEqual(bob.login("bob", secrets["bob"]), 200, "others are not held up")
        for body, status in [("{", 400), ("[]", 400), ('{"user":1,"no":2}', 400), ("x" * 9_000, 413),
                             ('{"user":"' + "a" * 8_000 + '"}', 401)]:
            self.assertEqual(ada.ask("POST", "/api/v1/login", body)[0], status, body[:30])

    def test_who_failed_and_who_left_are_on_record_when_the_server_is_killed(self):
        for action in ("stele.login.failed", "stele.session.ended"):
            server = self.serve(role="")
            browser = Browser(server)
            if action == "stele.login.failed":
                self.assertEqual(browser.login("nobody", "A" * 32), 401)
            else:
                secret = self.join(browser, self.invited("create", "ada", "--role", "reader"))
                self.assertEqual(browser.login("ada", secret), 200)
                self.assertEqual(browser.ask("POST", "/api/v1/logout", {})[0], 200)
            server.stop(signal.SIGKILL)  # as soon as he was answered
            self.assertIn(action, [one["action"] for one in self.audit()])

    def test_over_tls_the_cookie_is_for_tls_alone(self):
        server = self.serve("--listen-tls", "127.0.0.1:0", role="")
        browser = Browser(server, tls=True)
        self.assertIn("https://", printed(server, r"open (\S+)/login#setup="))
        link = self.ran(self.stele("user", "create", "ada", "--role", "owner", "--data", str(self.data)))
        self.assertTrue(link.startswith(server.tls_url + "/login#"), link)
        secret = self.join(browser, link.strip().rpartition("=")[2])
        self.assertEqual(browser.login("ada", secret), 200)
        self.assertRegex(browser.set_cookie, r"^__Host-stele=\w{64}; Path=/; HttpOnly; SameSite=Strict; Secure$")
        self.assertEqual(browser.status(), 200)
        plain = Browser(server)
        plain.cookies = {"stele": browser.cookies["__Host-stele"]}
        self.assertEqual(plain.status(), 200, "the same session, where it may be read on no way")
        browser.cookies = {"stele": browser.cookies["__Host-stele"]}
        self.assertEqual(browser.status(), 401, "over TLS a cookie that any page may have set is none")


if __name__ == "__main__":
    unittest.main()
