#!/usr/bin/env python3
"""Behind a proxy that takes TLS off: who asks is whom the proxy names, where it is trusted and there alone, and cookies are for TLS."""

import json
import socket
import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from browser import Browser  # noqa: E402
from harness import CommandTest, event, lines, wait_until  # noqa: E402
from nginx import Nginx  # noqa: E402
from people import PASSWORD  # noqa: E402
from ports import free_port  # noqa: E402

FORGED = {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "http"}


class BehindProxyTest(CommandTest):
    def proxy(self, server) -> Nginx:
        port = free_port()
        proxy = Nginx(port, server.url)
        self.addCleanup(proxy.stop)

        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(listens, "nginx")
        proxy.tls_url = proxy.url
        return proxy

    def origins(self, action: str) -> list[str]:
        return [one["event"]["origin"]["ip"] for one in self.stored("--data", str(self.data), "--log", "audit")
                if one["event"]["action"] == action]

    def test_who_asks_is_whom_a_trusted_proxy_names(self):
        server = self.serve("--trusted-proxies", "127.0.0.0/24", "--trusted-proxies", "::1", role="owner")
        ada = Browser(self.proxy(server), tls=True, comes_from="127.0.77.1")
        self.assertEqual(ada.ask("GET", "/api/v1/status", **FORGED)[0], 401, "no loopback_role by way of a proxy")
        link = self.ran(self.stele("user", "create", "ada", "--role", "reader", "--data", str(self.data)))
        joined = {"invitation": link.strip().rpartition("invitation=")[2], "password": PASSWORD}
        secret = json.loads(ada.ask("POST", "/api/v1/join", joined, **FORGED)[2])["secret"]
        self.assertEqual(ada.login("ada", "A" * 32), 401)
        self.assertEqual(ada.login("ada", secret), 200)
        self.assertEqual(set(ada.cookies), {"__Host-stele", "__Host-stele-device"})
        self.assertEqual(ada.status(), 200)
        self.assertEqual(self.origins("stele.user.joined"), ["127.0.77.1"])
        self.assertEqual(self.origins("stele.login.failed"), ["127.0.77.1"])
        self.assertEqual(self.origins("stele.login.succeeded"), ["127.0.77.1"])
        token = self.ran(self.stele("token", "create", "--data", str(self.data), "--role", "writer", "--name", "w")).strip()
        self.assertEqual(ada.ask("POST", "/api/v1/events", lines([event(1)]), Authorization=f"Bearer {token}", **FORGED)[0], 200)
        self.assertEqual(self.stored("--data", str(self.data))[0]["source"]["peer"], "127.0.77.1:0")
        direct = Browser(server, comes_from="127.0.78.1")
        direct.login("ada", "A" * 32)
        self.assertEqual(direct.ask("POST", "/api/v1/login", {"user": "ada", "password": PASSWORD, "code": "000000"}, **FORGED)[0], 401)
        self.assertEqual(self.origins("stele.login.failed"), ["127.0.77.1", "127.0.78.1", "127.0.78.1"], "who is no proxy is not believed")

    def test_a_proxy_that_is_not_trusted_is_who_asks(self):
        server = self.serve(role="")
        eve = Browser(self.proxy(server), tls=True, comes_from="127.0.77.1")
        self.assertEqual(eve.login("eve", "A" * 32), 401)
        self.assertEqual(self.origins("stele.login.failed"), ["127.0.0.1"])

    def test_what_says_that_it_was_passed_on_is_nothing_of_this_machine(self):
        """By any proxy, named or not; and a page that was made to stand for this machine's address gains nothing by saying so."""
        for trusted in ((), ("--trusted-proxies", "127.0.0.1")):
            server = self.serve(*trusted, role="owner")
            browser = Browser(server)
            self.assertEqual(browser.ask("GET", "/api/v1/status")[0], 200)
            for said in ({"Via": "1.1 proxy"}, {"Forwarded": "for=198.51.100.1"}, {"X-Forwarded-Proto": "https"}, FORGED):
                self.assertEqual(browser.ask("GET", "/api/v1/status", **said)[0], 401, said)
            login = {"user": "eve", "password": PASSWORD, "code": "000000"}
            for said in ({}, FORGED, {**FORGED, "X-Forwarded-Proto": "https"}):
                page = {"Host": "page.example", "Origin": "http://page.example"}
                self.assertEqual(browser.ask("POST", "/api/v1/login", login, **page, **said)[0], 403, said)
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
