#!/usr/bin/env python3
"""The page at /login in a real browser: the first makes himself the owner, others follow invitations, people log in and out, by password
and through a provider, and what anybody is called is text. Skipped where there is no chromium-driver; `./x soak browser` installs it."""

import unittest

from people import PASSWORD, code, printed
from provider import ProviderTest
from qr import read_qr
from webdriver import DRIVER, Chromium

TAG = "<img src=x onerror=document.title='run'>"


@unittest.skipUnless(DRIVER, "there is no chromedriver here: ./x soak browser installs it")
class LoginPageTest(ProviderTest):
    def setUp(self):
        super().setUp()
        self.browser = Chromium()
        self.addCleanup(self.browser.quit)

    def shows(self, part: str) -> None:
        self.browser.until(lambda: self.browser.is_shown("#" + part), f"{part} is shown")
        for other in {"login", "join", "secret", "known"} - {part}:
            self.assertFalse(self.browser.is_shown("#" + other), other)

    def says(self, words: str) -> None:
        self.browser.until(lambda: words in self.browser.text("#message"), f"it says {words!r}")

    def join(self, link: str, **fields: str) -> str:
        """Follows a link and chooses a password; the secret of its codes."""
        self.browser.open("about:blank")
        self.browser.open(link)
        self.shows("join")
        for name, value in {**fields, "password": PASSWORD}.items():
            self.browser.write(f"#join [name={name}]", value)
        self.browser.click("#join button")
        self.shows("secret")
        self.assertNotIn("#", self.browser.url, "the link's secret stays in the address")
        secret = self.browser.text("#code")
        self.assertRegex(secret, "^[A-Z2-7]{32}$")
        self.assertIn(f"secret={secret}&", read_qr(self.browser.picture("#qr")))
        self.browser.click("#done")
        self.shows("login")
        self.assertEqual(self.browser.run("return document.getElementById('code').textContent"), "")
        self.assertEqual(self.browser.run("return document.querySelector('#qr path').getAttribute('d')"), "")
        return secret

    def log_in(self, user: str, secret: str) -> None:
        for name, value in {"user": user, "password": PASSWORD, "code": code(secret)}.items():
            self.browser.write(f"#login [name={name}]", value)
        self.browser.click("#login button")
        self.shows("known")

    def log_out(self) -> None:
        self.browser.click("#logout")
        self.shows("login")
        self.browser.open(self.browser.url)
        self.shows("login")

    def test_people_join_and_log_in(self):
        server = self.serve("--listen-tls", "127.0.0.1:0", role="")
        setup = printed(server, r"(\S+/login#setup=\w+)")
        secret = self.join(setup, user="ada", name=TAG)
        self.browser.write("#login [name=user]", "ada")
        self.browser.write("#login [name=password]", "another password")
        self.browser.write("#login [name=code]", "000000")
        self.browser.click("#login button")
        self.says("wrong")
        self.log_in("ada", secret)
        self.assertEqual(self.browser.text("#who"), f"{TAG}, owner")
        self.assertEqual(self.browser.run("return document.querySelectorAll('img').length + document.title"), "0Stele")
        cookie, device = sorted(self.browser.cookies(), key=lambda one: one["name"])
        self.assertEqual((device["name"], device["httpOnly"], device["sameSite"]), ("__Host-stele-device", True, "Strict"))
        self.assertTrue(cookie["httpOnly"] and cookie["sameSite"] == "Strict", cookie)
        self.assertEqual(self.browser.run("return document.cookie"), "")
        self.browser.open(self.browser.url)
        self.shows("known")
        self.assertEqual(self.browser.text("#who"), f"{TAG}, owner")
        self.log_out()
        # An invited one, over TLS.
        link = self.ran(self.stele("user", "create", "--data", str(self.data), "--role", "reader", "lin")).strip()
        secret = self.join(server.tls_url + link[link.index("/login#"):])
        self.log_in("lin", secret)
        self.assertEqual(self.browser.text("#who"), "lin, reader")
        cookie = next(one for one in self.browser.cookies() if one["name"].startswith("__Host-"))
        self.assertTrue(cookie["secure"] and cookie["httpOnly"], cookie)
        self.log_out()
        # Taken twice it says so.
        self.browser.open("about:blank")
        self.browser.open(server.tls_url + link[link.index("/login#"):])
        self.shows("join")
        self.browser.write("#join [name=password]", PASSWORD)
        self.browser.click("#join button")
        self.says("invitation")
        complaints = [one for one in self.browser.complaints() if " 401 " not in one]
        self.assertEqual(complaints, [], "the console complains")

    def test_a_provider_lets_people_in(self):
        self.start_provider()
        self.serve_with_provider()
        self.browser.open(self.public + "/login")
        self.shows("login")
        self.browser.until(lambda: self.browser.is_shown("#provider a"), "the provider's way in")
        self.browser.click("#provider a")
        self.browser.until(lambda: self.browser.is_shown("[name=login]"), "the provider's page")
        self.browser.write("[name=login]", "ada")
        self.browser.write("[name=password]", "x")
        self.browser.click("[type=submit]")
        came_back = lambda: self.browser.url.startswith(self.public)  # noqa: E731
        self.browser.until(lambda: "authorize" in self.browser.text("body").lower() or came_back(), "what it asks")
        if not came_back():
            self.browser.click("[type=submit]")
        self.browser.until(lambda: self.browser.url == self.public + "/login", "the way back")
        self.shows("known")
        self.assertEqual(self.browser.text("#who"), "Ada Park, auditor")
        self.browser.click("#logout")
        self.shows("login")
        self.browser.click("#leave a")
        self.browser.until(lambda: self.browser.url.startswith(self.issuer), "the provider's way out")
        self.browser.open(self.public + "/login")
        self.shows("login")
        self.assertFalse(self.browser.is_shown("#leave"))


if __name__ == "__main__":
    unittest.main()
