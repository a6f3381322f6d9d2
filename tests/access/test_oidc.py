#!/usr/bin/env python3
"""People log in through their company's provider, which is a real one (npm's oidc-provider): their groups give them their role, and what is
not of this login, this browser or this provider is refused, in words and on record."""

import html
import http.client
import json
import re
import socket
import ssl
import sys
import threading
import time
import unittest
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, event, lines  # noqa: E402
from ports import free_port  # noqa: E402
from provider import ROLES, ProviderTest  # noqa: E402


class Answer:
    def __init__(self, url: str, answer: http.client.HTTPResponse):
        self.url, self.status, self.headers, self.body = url, answer.status, answer.headers, answer.read().decode()
        self.set_cookies = answer.headers.get_all("Set-Cookie") or []

    @property
    def to(self) -> str:
        return urljoin(self.url, self.headers["Location"]) if self.status in (302, 303) else ""

    @property
    def words(self) -> str:
        return html.unescape(re.search(r'<p role="status">(.*?)</p>', self.body)[1])


class Browser:
    """Keeps the cookies of each server, follows redirects when told to, and fills in forms."""

    def __init__(self):
        self.jars: dict[str, dict[str, str]] = {}

    def ask(self, url: str, data: dict | None = None, method: str | None = None, headers: dict | None = None,
            body: str | None = None) -> Answer:
        parts = urlsplit(url)
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(parts.netloc, timeout=PATIENCE, context=ssl._create_unverified_context())  # noqa: S323
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        jar = self.jars.setdefault(parts.netloc, {})
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items()), **(headers or {})} if jar else dict(headers or {})
        if data is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(data)
        try:
            target = parts.path + ("?" + parts.query if parts.query else "")
            connection.request(method or ("GET" if data is None else "POST"), target, body, sent)
            answer = Answer(url, connection.getresponse())
        finally:
            connection.close()
        for cookie in answer.set_cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if value and "Max-Age=0" not in cookie:
                jar[name] = value
            else:
                jar.pop(name, None)
        return answer

    def follow(self, answer: Answer, until: str = "") -> Answer:
        """On, until there is a page, or it is to go to what begins with `until`."""
        while answer.to and not (until and answer.to.startswith(until)):
            answer = self.ask(answer.to)
        return answer

    def submit(self, page: Answer, **fields: str) -> Answer:
        action = html.unescape(re.search(r'<form[^>]* action="([^"]+)"', page.body)[1])
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.body))
        return self.ask(urljoin(page.url, action), {**hidden, **fields})


class OidcTest(ProviderTest):
    def begin(self, browser: Browser) -> Answer:
        """To the provider's page on which one logs in."""
        begun = browser.ask(self.public + "/api/v1/oidc/login")
        self.assertEqual(begun.status, 303, begun.body)
        self.assertTrue(begun.to.startswith(self.issuer + "/"), begun.to)
        return begun

    def at_provider(self, browser: Browser, begun: Answer, account: str) -> str:
        """Logs in there and agrees; the URL with which the browser is sent back."""
        page = browser.follow(begun, self.public)
        while not page.to:
            fields = {"login": account, "password": "x"} if 'name="login"' in page.body else {}
            page = browser.follow(browser.submit(page, **fields), self.public)
        self.assertTrue(page.to.startswith(self.public + "/api/v1/oidc/callback?"), page.to)
        return page.to

    def log_in(self, account: str, browser: Browser | None = None) -> tuple[Browser, Answer]:
        browser = browser or Browser()
        return browser, browser.ask(self.at_provider(browser, self.begin(browser), account))

    def session(self, browser: Browser) -> dict:
        return json.loads(browser.ask(self.public + "/api/v1/session").body)

    def audit(self) -> list[dict]:
        return [one["event"] for one in self.stored("--data", str(self.data), "--log", "audit")]

    def failures(self) -> list[tuple[str, str]]:
        return [(one["actor"]["id"], one["attributes"]["why"]) for one in self.audit() if one["action"] == "stele.login.failed"]

    def test_a_group_gives_a_role(self):
        self.start_provider()
        server = self.serve_with_provider()
        ways = json.loads(Browser().ask(self.public + "/api/v1/login/ways").body)
        self.assertEqual(ways["provider"], {"url": self.public + "/api/v1/oidc/login", "label": "Log in with the company's account"})
        browser = Browser()
        begun = self.begin(browser)
        self.assertRegex(begun.set_cookies[0], r"^stele-oidc=\w{64}\.\d+; Path=/; HttpOnly; SameSite=Lax; Max-Age=600$")
        answer = browser.ask(self.at_provider(browser, begun, "ada"))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertRegex(answer.set_cookies[0], r"^stele=\w{64}; Path=/; HttpOnly; SameSite=Strict$")
        self.assertIn("Max-Age=0", answer.set_cookies[1])
        self.assertIn('<meta http-equiv="refresh" content="0;url=/login">', answer.body)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        known = self.session(browser)
        csrf = known.pop("csrf")
        self.assertEqual(known, {"identity": "oidc:ada", "name": "Ada Park", "role": "auditor"}, "the first in the file that fits")

        def status(target: str, **kwargs) -> int:
            return browser.ask(self.public + target, **kwargs).status

        self.assertEqual(status("/api/v1/search?q=actor:u_1"), 200)
        self.assertEqual(status("/api/v1/events?log=audit&from=0"), 200)
        self.assertEqual(status("/api/v1/users"), 403)
        change = {"method": "POST", "body": lines([event(1)]), "headers": {"Origin": self.public, "Stele-CSRF": csrf}}
        self.assertEqual(status("/api/v1/events", **change), 403, "an auditor writes nothing")
        change["body"] = "{}"
        self.assertEqual(status("/api/v1/logout", **{**change, "headers": {"Origin": self.public}}), 403, "without the second secret")
        self.assertEqual(status("/api/v1/logout", **change), 200)
        events = self.audit()
        came = next(one for one in events if one["action"] == "stele.login.succeeded")
        self.assertEqual(came["actor"], {"type": "user", "id": "oidc:ada", "name": "Ada Park"})
        self.assertEqual(came["attributes"], {"issuer": self.issuer, "subject": "ada", "login": "ada.park", "group": "Audit: Team",
                                              "role": "auditor"})
        self.assertEqual(came["origin"]["ip"], "127.0.0.1")
        did = [one["action"] for one in events if one["actor"]["id"] == "oidc:ada"]
        self.assertEqual(did[0], "stele.login.succeeded")
        for action in ("stele.log.searched", "stele.session.ended"):
            self.assertIn(action, did)
        self.assertNotIn("a secret", json.dumps(events))
        self.assertNotIn("setup=", server.words(), "there are those who may give access")

    def test_of_some_logs_and_until_it_is_ended(self):
        self.start_provider(alg="ES256", in_token=True)
        self.serve_with_provider(client="public")
        browser, answer = self.log_in("lin")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.session(browser)["logs"], ["other"])
        self.assertEqual(browser.ask(self.public + "/api/v1/search?q=x&log=other").status, 200)
        self.assertEqual(browser.ask(self.public + "/api/v1/search?q=x&log=main").status, 404)
        told = self.stele("user", "end-sessions", "oidc:lin", "--data", str(self.data))
        self.assertEqual(self.ran(told), "oidc:lin: 1 sessions have ended.\n")
        self.assertEqual(browser.ask(self.public + "/api/v1/session").status, 401, "at once")
        self.assertEqual(self.stele("user", "end-sessions", "oidc:lin", "--data", str(self.data)).returncode, 1)
        ended = next(one for one in self.audit() if one["action"] == "stele.session.ended")
        self.assertEqual(ended["targets"], [{"type": "user", "id": "oidc:lin"}])
        self.assertEqual(ended["attributes"], {"sessions": 1})
        self.assertTrue(ended["actor"]["id"].startswith("local:"))

    def test_who_may_grant_ends_sessions_of_his_logs_alone(self):
        self.start_provider()
        self.serve_with_provider()
        browser, _ = self.log_in("ada")
        made = self.stele("token", "create", "--data", str(self.data), "--role", "admin", "--name", "n", "--log", "other")
        narrow = self.ran(made).strip()
        asked = {"method": "POST", "body": '{"identity":"oidc:ada"}', "headers": {"Authorization": "Bearer " + narrow}}
        self.assertEqual(Browser().ask(self.public + "/api/v1/sessions/end", **asked).status, 404)
        self.assertEqual(browser.ask(self.public + "/api/v1/session").status, 200)

    def test_who_logs_out_is_told_where_the_provider_does_that(self):
        self.start_provider()
        self.serve_with_provider()
        browser, _ = self.log_in("ada")
        page = browser.follow(self.begin(browser), self.public)
        self.assertNotIn('name="login"', page.body, "he is logged in there")
        headers = {"Origin": self.public, "Stele-CSRF": self.session(browser)["csrf"]}
        answer = browser.ask(self.public + "/api/v1/logout", method="POST", headers=headers)
        url = json.loads(answer.body)["provider_logout"]
        self.assertEqual(url, f"{self.issuer}/session/end?client_id=stele")
        browser.follow(browser.submit(browser.follow(browser.ask(url)), logout="yes"))
        page = browser.follow(self.begin(browser), self.public)
        self.assertIn('name="login"', page.body, "he is not any more")

    def test_who_is_in_no_group_that_has_a_role_is_refused(self):
        self.start_provider()
        self.serve_with_provider()
        for account, why in [("eve", "none of his groups has a role here"),
                             ("none", "the provider does not say his groups: there is no claim groups")]:
            browser, answer = self.log_in(account)
            self.assertEqual(answer.status, 403)
            self.assertEqual(answer.words, f"You are not logged in: {why}.")
            self.assertEqual([one for one in answer.set_cookies if one.startswith("stele=")], [])
            self.assertEqual(browser.ask(self.public + "/api/v1/session").status, 401)
            self.assertIn((f"oidc:{account}", why), self.failures())

    def test_groups_stand_within_another_claim(self):
        self.start_provider()
        self.serve_with_provider("--oidc-groups-claim", "/realm_access/roles")
        browser, answer = self.log_in("none")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.session(browser)["role"], "reader")
        _, answer = self.log_in("ada")
        self.assertIn("there is no claim /realm_access/roles", answer.words)

    def test_an_address_that_is_not_verified_names_nobody(self):
        self.start_provider()
        self.serve_with_provider("--oidc-user-claim", "email")
        browser, answer = self.log_in("lin")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.session(browser)["identity"], "oidc:lin@example.com")
        _, answer = self.log_in("max")
        self.assertEqual(answer.status, 401)
        self.assertIn("does not say his email", answer.words)

    def test_what_comes_back_is_of_this_browser_and_good_once(self):
        self.start_provider()
        self.serve_with_provider()
        ada, eve = Browser(), Browser()
        back = self.at_provider(ada, self.begin(ada), "ada")
        self.begin(eve)
        for browser, url, why in [
                (Browser(), back, "this browser has begun no login"),
                (eve, back, "not the one that this browser began"),
                (ada, re.sub(r"state=\w", "state=x", back), "not the one that this browser began")]:
            answer = browser.ask(url)
            self.assertEqual(answer.status, 401)
            self.assertIn(why, answer.words)
            self.assertTrue(any(why in told for _, told in self.failures()), why)
        ada = Browser()
        back = self.at_provider(ada, self.begin(ada), "ada")
        kept = {name: dict(jar) for name, jar in ada.jars.items()}
        self.assertEqual(ada.ask(back).status, 200)
        ada.jars = kept
        again = ada.ask(back)
        self.assertEqual((again.status, again.words), (401, "You are not logged in: this login came back before; each is good once."))
        self.assertEqual(ada.ask(back + "&state=x").status, 400, "twice the same")

        def altered(**changed: str) -> Answer:
            browser = Browser()
            parts = urlsplit(self.at_provider(browser, self.begin(browser), "ada"))
            fields = {**dict(parse_qsl(parts.query)), **changed}
            return browser.ask(parts._replace(query=urlencode({name: value for name, value in fields.items() if value})).geturl())

        for changed, why in [({"iss": "https://evil.example"}, "another issuer (iss)"), ({"iss": ""}, "another issuer (iss)"),
                             ({"code": "x"}, "invalid_grant"), ({"code": ""}, "without a code"),
                             ({"error": "<i>no</i>"}, "the provider refuses: <i>no</i>")]:
            answer = altered(**changed)
            self.assertEqual(answer.status, 401, changed)
            self.assertIn(why, answer.words)
            self.assertNotIn("<i>", answer.body)
            self.assertTrue(any(why in told for _, told in self.failures()), why)

    def test_a_code_of_another_client_or_browser_is_worth_nothing(self):
        self.start_provider()
        self.serve_with_provider()
        eve, ada = Browser(), Browser()
        # A code that the provider gave out to another of its clients.
        begun = self.begin(eve)
        begun.headers.replace_header("Location", begun.to.replace("client_id=stele", "client_id=other"))
        answer = eve.ask(self.at_provider(eve, begun, "ada"))
        self.assertEqual(answer.status, 401)
        self.assertIn("invalid_grant", answer.words)
        # Ada's code, which Eve got hold of, in a login that Eve began: PKCE.
        stolen = dict(parse_qsl(urlsplit(self.at_provider(ada, self.begin(ada), "ada")).query))["code"]
        mine = urlsplit(self.at_provider(eve, self.begin(eve), "eve"))
        fields = {**dict(parse_qsl(mine.query)), "code": stolen}
        answer = eve.ask(mine._replace(query=urlencode(fields)).geturl())
        self.assertEqual(answer.status, 401)
        self.assertIn("invalid_grant", answer.words)

    def test_who_says_no_at_the_provider_is_told_so(self):
        self.start_provider()
        self.serve_with_provider()
        browser = Browser()
        page = browser.follow(self.begin(browser), self.public)
        back = browser.follow(browser.ask(page.url.rstrip("/") + "/abort"), self.public)
        answer = browser.ask(back.to)
        self.assertEqual(answer.status, 401)
        self.assertIn("the provider refuses: access_denied", answer.words)

    def test_a_provider_that_is_down_is_named(self):
        server = self.serve_with_provider()
        answer = Browser().ask(self.public + "/api/v1/oidc/login")
        self.assertEqual(answer.status, 503)
        self.assertIn("no answer from " + self.issuer, answer.words)
        self.assertTrue(any("no answer from" in why for _, why in self.failures()))
        self.assertEqual(Browser().ask(self.public + "/login").status, 200)
        self.assertEqual(server.stop(), 0)
        self.start_provider()
        self.serve_with_provider()
        browser = Browser()
        back = self.at_provider(browser, self.begin(browser), "ada")
        self.stop_provider()
        answer = browser.ask(back)
        self.assertEqual(answer.status, 503)
        self.assertIn("no answer from", answer.words)
        # Once it is there again so is everybody, though all its keys are others.
        self.start_provider(key="k2")
        _, answer = self.log_in("ada")
        self.assertEqual(answer.status, 200, answer.body)

    def test_a_provider_that_hangs_does_not_keep_the_server(self):
        with socket.create_server(("127.0.0.1", self.provider_port)):
            self.issuer = f"http://127.0.0.1:{self.provider_port}"
            server = self.serve_with_provider()
            waiting = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            self.addCleanup(waiting.close)
            waiting.request("GET", "/api/v1/oidc/login")
            self.assertEqual(Browser().ask(self.public + "/api/v1/login", body="{}", method="POST").status, 401, "who has a password")
            before = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - before, 9, "it was not waited for, ten seconds")

    def test_new_keys_of_the_provider_are_found(self):
        self.start_provider(key="k1")
        self.serve_with_provider()
        self.assertEqual(self.log_in("ada")[1].status, 200)
        self.stop_provider()
        self.start_provider(key="k2", alg="PS256")
        self.assertEqual(self.log_in("ada")[1].status, 200)

    def test_strangers_take_neither_the_log_nor_the_turns(self):
        self.start_provider()
        self.serve_with_provider()
        browser = Browser()
        back = self.at_provider(browser, self.begin(browser), "ada")
        statuses = []
        threads = [threading.Thread(target=lambda: statuses.append(Browser().ask(back).status)) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(statuses), {401, 429})
        self.assertLessEqual(len(self.failures()), 15)
        self.assertEqual(browser.ask(back).status, 200, "nobody else used it up")

    def test_over_tls_the_cookies_are_for_tls_alone(self):
        port = free_port()
        self.public = f"https://localhost:{port}"
        self.start_provider()
        self.serve(*self.flags("--listen-tls", f"127.0.0.1:{port}"), role="")
        browser = Browser()
        begun = self.begin(browser)
        self.assertRegex(begun.set_cookies[0], r"^__Host-stele-oidc=\S+; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$")
        answer = browser.ask(self.at_provider(browser, begun, "ada"))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertRegex(answer.set_cookies[0], r"^__Host-stele=\w{64}; Path=/; HttpOnly; SameSite=Strict; Secure$")
        self.assertEqual(self.session(browser)["identity"], "oidc:ada")

    def test_behind_a_proxy_it_is_called_by_its_name(self):
        """One on this machine, which passes on the name that the browser used."""
        self.start_provider()
        self.serve_with_provider("--public-url", "https://stele.example")
        for host, status in [("stele.example", 303), ("evil.example", 403), ("stele.example:1", 403)]:
            answer = Browser().ask(f"http://127.0.0.1:{self.port}/api/v1/oidc/login", headers={"Host": host})
            self.assertEqual(answer.status, status, host)

    def test_without_a_provider_there_is_no_button(self):
        self.serve(listen=f"127.0.0.1:{self.port}", role="")
        self.assertEqual(json.loads(Browser().ask(self.public + "/api/v1/login/ways").body), {"password": True})
        for target in ("/api/v1/oidc/login", "/api/v1/oidc/callback?code=1"):
            self.assertEqual(Browser().ask(self.public + target).status, 404)

    def test_what_is_missing_is_named(self):
        roles = str(self.write("roles.yaml", ROLES))
        whole = {"--oidc-issuer": "https://id.example", "--oidc-client-id": "stele", "--oidc-roles": roles,
                 "--public-url": "https://stele.example"}
        for changed, words in [({"--oidc-client-id": ""}, "oidc_issuer needs oidc_client_id"),
                               ({"--oidc-roles": ""}, "oidc_issuer needs oidc_roles"),
                               ({"--public-url": ""}, "oidc_issuer needs public_url"),
                               ({"--public-url": "https://a/b"}, "public_url has no path"),
                               ({"--public-url": "http://stele.example"}, "public_url is https"),
                               ({"--oidc-issuer": "http://id.example"}, "oidc_issuer is https"),
                               ({"--oidc-issuer": "id"}, "oidc_issuer is a URL"),
                               ({"--oidc-issuer": ""}, "oidc_client_id needs oidc_issuer"),
                               ({"--oidc-scopes": "profile"}, "oidc_scopes has openid"),
                               ({"--oidc-client-secret-file": "none"}, "oidc_client_secret_file"),
                               ({"--oidc-roles": "none.yaml"}, "none.yaml"),
                               ({}, "the log other, which there is not")]:
            flags = [word for pair in {**whole, **changed}.items() for word in pair]
            refused = self.stele("serve", "--data", str(self.data), "--listen", "127.0.0.1:0", *flags)
            self.assertEqual(refused.returncode, 2, words)
            self.assertIn(words, refused.stderr)


if __name__ == "__main__":
    unittest.main()
