"""Who is notified: a webhook's receiver that can be made to fail, and a mail server with STARTTLS and AUTH."""

import email
import email.policy
import hashlib
import hmac
import http.server
import json
import ssl
import subprocess
import threading
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from ports import free_port

SECRET = b"a secret of the test"


class Webhooks:
    """Takes notifications on a port of its own. `how` is called with each body and gives the status of the answer."""

    def __init__(self, how=lambda body: 200, port: int = 0):
        self.how = how
        self.taken: list[dict] = []  # those that were answered 200
        self.bad: list[str] = []     # what was wrong with those that were not as documented
        self.tries = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.tries += 1
                outer.check(self.headers, body)
                status = outer.how(body)
                if status == 200:
                    outer.taken.append(json.loads(body))
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # who asked is gone

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a server that was killed

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/stele?a=b"

    def check(self, headers, body: bytes) -> None:
        signature = dict(part.split("=", 1) for part in headers["Stele-Signature"].split(","))
        right = hmac.new(SECRET, signature["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, signature["v1"]):
            self.bad.append(f"the signature is not that of the body: {headers['Stele-Signature']}")
        if abs(time.time() - int(signature["t"])) > 300:
            self.bad.append(f"signed at another time: {signature['t']}")
        if headers["Content-Type"] != "application/json" or headers["Stele-Notice"] != json.loads(body)["id"]:
            self.bad.append(f"headers: {headers}")

    def ids(self) -> list[str]:
        return [one["id"] for one in self.taken]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Mails:
    """A mail server that takes mail over TLS and with a password alone."""

    USER, PASSWORD = "stele", "pass:with:colons"

    def __init__(self, folder: Path):
        self.ca_file = folder / "mail.pem"
        key = folder / "mail.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.ca_file],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key)
        self.taken: list[email.message.EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.refuse: set[str] = set()  # recipients that do not exist
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, tls_context=context, require_starttls=True,
                                      auth_required=True, authenticator=self._authenticate)
        self._controller.start()

    @property
    def url(self) -> str:
        return f"smtp://localhost:{self.port}"

    def _authenticate(self, server, session, envelope, mechanism, data):
        right = data.login == self.USER.encode() and data.password == self.PASSWORD.encode()
        return AuthResult(success=right)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return "550 there is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"

    def close(self) -> None:
        self._controller.stop()
