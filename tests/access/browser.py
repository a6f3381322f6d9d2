"""A browser as far as the server sees one: cookies, Origin, and the second secret of a session."""

import http.client
import json
import ssl
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE  # noqa: E402
from people import PASSWORD, code  # noqa: E402


class Browser:
    """Keeps its cookies, and shows them to this server alone."""

    def __init__(self, server, tls: bool = False, comes_from: str = "127.0.0.1"):
        self.authority = (server.tls_url if tls else server.url).rpartition("/")[2]
        self.tls = tls
        self.source = (comes_from, 0)
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.set_cookie = ""

    def ask(self, method: str, target: str, body=None, **headers: str) -> tuple[int, dict, bytes]:
        context = ssl._create_unverified_context()  # noqa: S323: whom it talks to is another test's
        connection = (http.client.HTTPSConnection(self.authority, timeout=PATIENCE, source_address=self.source, context=context)
                      if self.tls else http.client.HTTPConnection(self.authority, timeout=PATIENCE, source_address=self.source))
        try:
            sent = {"Origin": f"http{'s' if self.tls else ''}://{self.authority}", "Stele-CSRF": self.csrf, **headers}
            if self.cookies:
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, target, json.dumps(body) if isinstance(body, dict) else body, sent)
            answer = connection.getresponse()
            self.set_cookie = answer.headers.get("Set-Cookie", "")
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    def login(self, user: str, secret: str, steps: int = 0) -> int:
        return self.login_with(user, code(secret, steps))

    def login_with(self, user: str, shown: str) -> int:
        status, _, body = self.ask("POST", "/api/v1/login", {"user": user, "password": PASSWORD, "code": shown})
        self.csrf = json.loads(body).get("csrf", "")
        return status

    def status(self, target: str = "/api/v1/session") -> int:
        return self.ask("GET", target)[0]
