#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: whatever a server answers, or does not, records get there in order and once; what it refuses alone is kept and leaves no gap;
https is spoken with servers that the CA file vouches for, and with no others."""

import http.server
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from machine import Agent, expect, expect_equal, wait_until


class Moody(http.server.BaseHTTPRequestHandler):
    """A server that answers as `plan` says: (status, headers), None to hang up; 200 afterwards. A bytes in the plan is the body of a 200
    that takes nothing. Takes no body with `poison` in it, none longer than `lines_max`."""

    protocol_version = "HTTP/1.1"
    plan: list = []
    poison = b"\x00"
    lines_max = 10**9
    got: list = []
    requests: list = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "zstd":
            body = subprocess.run(["zstd", "-dc"], input=body, capture_output=True, check=True).stdout
        lines = body.splitlines()
        cls = type(self)
        status, headers = 200, {}
        step = cls.plan.pop(0) if cls.plan else (200, {})
        cls.requests.append((time.time(), step, len(lines)))
        if step is None:
            self.close_connection = True
            return
        foreign = step if isinstance(step, bytes) else None
        status, headers = (200, {}) if foreign is not None else step
        if status == 200 and len(lines) > cls.lines_max:
            status = 413
        if status == 200 and cls.poison in body:
            status = 400
        if status == 200 and foreign is None:
            cls.got += [json.loads(line) for line in lines]
        answer = b'{"stored":%d}' % len(lines) if foreign is None else foreign
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


class MoodyServer:
    def __init__(self, certificate: Path | None = None):
        self.mood = type("OneMoody", (Moody,), {"plan": [], "got": [], "requests": []})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.mood)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Case:
    def __init__(self, name: str, url: str = "", config: str = "", certificate: Path | None = None):
        print("sending:", name, flush=True)
        self.folder = tempfile.TemporaryDirectory()
        self.work = Path(self.folder.name)
        self.server = MoodyServer(certificate)
        self.mood = self.server.mood
        self.path = self.work / "app.log"
        self.lines: list[str] = []
        self.agent = Agent(self.work, url.replace("@", str(self.server.port)) or f"http://127.0.0.1:{self.server.port}",
                           f"files: [{self.path}]\n" + config)

    def write(self, lines: list[str]) -> None:
        with open(self.path, "a") as file:
            file.write("".join(line + "\n" for line in lines))
        self.lines += lines

    def got(self) -> list[str]:
        return [one["record"] for one in self.mood.got if one["stream"] == str(self.path)]

    def done(self, lines: list[str] | None = None, killed: bool = False) -> None:
        wanted = self.lines if lines is None else lines
        wait_until("all lines; " + self.agent.words(), lambda: len(set(self.got())) >= len(wanted))
        self.agent.stop()
        if killed:  # what it had no answer for came again, under the same number
            self.mood.got[:] = {one["seq"]: one for one in self.mood.got}.values()
        expect_equal(self.got(), wanted, "the lines")
        expect_equal([one["seq"] for one in self.mood.got], list(range(1, len(self.mood.got) + 1)), "their numbers")
        self.server.stop()
        self.folder.cleanup()


def waits_and_tries_again() -> None:
    case = Case("503, 429, 500, 401, lost connections: the same records again, no sooner than asked")
    case.write([f"line {i}" for i in range(100)])
    case.mood.plan += [(503, {"Retry-After": "2"}), None, (429, {}), (500, {}), (401, {}), (404, {}), None]
    case.agent.start()
    wait_until("the lines; " + case.agent.words(), lambda: len(case.got()) == 100)
    (first, _, _), (second, _, _) = case.mood.requests[:2]
    expect(second - first >= 1.9, f"Retry-After was heeded: {second - first}")
    case.done()


def believes_no_other_200() -> None:
    case = Case("200 that does not say that all are stored: the same records again")
    case.write([f"line {i}" for i in range(100)])
    case.mood.plan += [b"<html>Please log in</html>", b"", b"{}", b'{"stored":1}', b'{"stored":"all"}', b"[]"]
    case.agent.start()
    wait_until("the lines; " + case.agent.words(), lambda: len(case.got()) == 100)
    expect("is it a Stele server?" in case.agent.words(), "it says why it waits")
    case.done()


def halves_what_is_too_large() -> None:
    case = Case("413: fewer records at once")
    case.mood.lines_max = 7
    case.write([f"line {i}" for i in range(300)])
    case.agent.start()
    case.done()


def keeps_what_is_refused() -> None:
    case = Case("400: one by one; what is refused alone is kept, an event has its number")
    case.mood.poison = b"poison"
    lines = [f"line {i}" if i not in (5, 40) else f"poison {i}" for i in range(60)]
    case.write(lines)
    case.agent.start()
    case.write(["the end"])
    good = [line for line in case.lines if "poison" not in line]
    wait_until("all good lines; " + case.agent.words(), lambda: len(case.got()) >= len(good))
    kept = sorted(case.agent.spool.glob("refused/*.json"), key=lambda file: int(file.stem.split("-")[1]))
    expect_equal({file.stem.split("-")[0] for file in kept}, {case.mood.got[0]["sequence"]}, "the sequence in their names")
    expect_equal([json.loads(json.loads(file.read_text())["sent"])["record"] for file in kept], ["poison 5", "poison 40"], "kept")
    told = [json.loads(one["record"]) for one in case.mood.got if one["format"] == "event"]
    refused = [event for event in told if event["action"] == "stele.agent.record_refused"]
    expect_equal([event["attributes"]["kept"] for event in refused], [str(file) for file in kept], "told")
    case.done(good)


def keeps_all_while_everything_is_refused() -> None:
    case = Case("400 to everything: the records wait")
    case.mood.poison = b"{"
    case.write([f"line {i}" for i in range(30)])
    case.agent.start()
    wait_until("it tried again and again; " + case.agent.words(), lambda: len([r for r in case.mood.requests if r[2] == 1]) >= 6)
    expect_equal(case.mood.got, [], "nothing was taken")
    expect(len(list(case.agent.spool.glob("refused/*"))) <= 1, "one record was looked at")
    case.mood.poison = b"\x00"
    wait_until("the lines; " + case.agent.words(), lambda: len(case.got()) == 30)
    expect_equal(list(case.agent.spool.glob("refused/*")), [], "nothing is kept as refused that was not")
    case.done()


def make_certificate(name: str = "localhost") -> tuple[Path, Path]:
    """Key and certificate of a server, and the file that vouches for it."""
    certificate = Path(tempfile.mkdtemp()) / "server.pem"
    authority = certificate.with_suffix(".crt")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", certificate, "-out", authority],
                   check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + authority.read_text())
    return certificate, authority


def speaks_https() -> None:
    certificate, authority = make_certificate()
    case = Case("https, with a CA file and without", "https://localhost:@", certificate=certificate)
    case.write([f"line {i}" for i in range(10)])
    case.agent.start()
    wait_until("it does not trust the server", lambda: "certificate" in case.agent.words())
    expect_equal(case.mood.requests, [], "nothing was sent")
    case.agent.stop()
    case.agent.config.write_text(case.agent.config.read_text() + f"ca_file: {authority}\n")
    case.agent.start()
    case.done()
    shutil.rmtree(certificate.parent)


def trusts_the_ca_file_alone() -> None:
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        print("sending: no mount namespace here; the machine's own authorities are left out", flush=True)
        return
    certificate, authority = make_certificate()
    other, another = make_certificate("another")
    case = Case("https: with a CA file the machine's authorities count no more", "https://localhost:@", certificate=certificate)
    folder = case.work / "certs"
    folder.mkdir()
    shutil.copy(authority, folder / "authority.pem")
    shutil.copy(another, folder / "ca-certificates.crt")
    subprocess.run(["openssl", "rehash", folder], check=True, capture_output=True)
    case.agent.wrapper = ("unshare", "--mount", "sh", "-c", f'mount --bind {folder} /etc/ssl/certs && exec "$@"', "sh")
    case.write([f"line {i}" for i in range(10)])
    config = case.agent.config.read_text()
    case.agent.config.write_text(config + f"ca_file: {another}\n")
    case.agent.start()
    wait_until("it does not trust the server; " + case.agent.words(), lambda: "certificate" in case.agent.words())
    expect_equal(case.mood.requests, [], "nothing was sent")
    case.agent.stop()
    case.agent.config.write_text(config)
    case.agent.start()
    case.done()
    for one in (certificate, other):
        shutil.rmtree(one.parent)


def audit_line(kind: str, serial: int, rest: str, seconds: int = 0) -> str:
    return f"type={kind} msg=audit({1732378800 + seconds}.123:{serial}): {rest}"


def audit_events_are_whole() -> None:
    case = Case("audit events, interleaved, cut by their end or by waiting, over a kill")
    (case.work / "audit").mkdir()
    case.path = case.work / "audit/audit.log"
    case.agent.config.write_text(case.agent.config.read_text().replace(f"{case.work}/app.log", str(case.path)))
    one = [audit_line("SYSCALL", 1, "a"), audit_line("CWD", 1, "b"), audit_line("PROCTITLE", 1, "c")]
    two = [audit_line("SYSCALL", 2, "d"), audit_line("PATH", 2, "e")]
    alone = audit_line("USER_LOGIN", 3, "f")
    case.write([one[0], two[0], one[1], alone, one[2], two[1]])
    case.agent.start()
    wait_until("those that are complete; " + case.agent.words(), lambda: len(case.got()) >= 2)
    expect_equal(case.got()[:2], [alone, "\n".join(one)], "by their ends")
    case.agent.kill()
    case.agent.start()
    wait_until("the one that ends by waiting", lambda: "\n".join(two) in case.got())
    expect_equal({record["format"] for record in case.mood.got if record["stream"] == str(case.path)}, {"auditd"}, "the format")
    case.done([alone, "\n".join(one), "\n".join(two)], killed=True)


def stops_without_a_server() -> None:
    case = Case("it stops at once when there is no server, and goes on later")
    case.server.stop()
    case.write([f"line {i}" for i in range(1000)])
    case.agent.start()
    wait_until("it tried", lambda: "no answer" in case.agent.words())
    began = time.time()
    case.agent.stop()
    expect(time.time() - began < 5, "it stopped soon")
    case.server = MoodyServer()
    case.mood = case.server.mood
    case.agent.config.write_text(case.agent.config.read_text().replace(case.agent.url, f"http://127.0.0.1:{case.server.port}"))
    case.agent.start()
    case.done()


CASES = (waits_and_tries_again, believes_no_other_200, halves_what_is_too_large, keeps_what_is_refused,
         keeps_all_while_everything_is_refused, speaks_https, trusts_the_ca_file_alone, audit_events_are_whole,
         stops_without_a_server)

if __name__ == "__main__":
    if not shutil.which("zstd"):
        print("sending: zstd is not there")
        sys.exit(77)
    for one in CASES:
        if len(sys.argv) < 2 or one.__name__ in sys.argv[1:]:
            one()
