#!/usr/bin/env python3
# ctest: TIMEOUT 180
"""Goal: a real rsyslog sends over RELP, plain and over TLS, while the server is killed and started again: every line that it
was told is stored is in the log, once, and one that is too long does not hold up the others. What rsyslog loses by itself is
said: where a session breaks it may drop the one line that it was about to send (rsyslog issues 247, 571, 841 and 884)."""

import subprocess
import tempfile
import time
from pathlib import Path

from relay import Relay
from server import Server, expect, expect_equal, free_port

LINES = 20_000
TEMPLATE = ('template(name="stele" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% '
            '%MSGID% [stele@32473 id=\\"%uuid%\\"]%msg:::sp-if-no-1st-sp%%msg%")')


def rsyslog_config(work: Path, plain: int, tls: int) -> str:
    (work / "spool").mkdir()
    forward = ('type="omrelp" target="127.0.0.1" template="stele" action.resumeRetryCount="-1" action.resumeInterval="1" '
               'queue.type="LinkedList" timeout="10"')
    return f"""
global(workDirectory="{work}/spool" maxMessageSize="200k")
module(load="imuxsock" SysSock.Use="off")
module(load="omrelp" tls.tlslib="openssl")
input(type="imuxsock" Socket="{work}/in.sock" CreatePath="on" RateLimit.Interval="0")
{TEMPLATE}
if $msg contains "plain" then action({forward} port="{plain}")
if $msg contains "over-tls" then action({forward} port="{tls}" tls="on" tls.caCert="{work}/cert.pem" tls.authMode="name"
  tls.permittedPeer="localhost")
"""


def log_lines(work: Path, lines: list[str]) -> None:
    subprocess.run(["logger", "--size", "150KiB", "-u", work / "in.sock", "-t", "billing", "-p", "auth.notice"],
                   input="".join(line + "\n" for line in lines).encode(), check=True)


def numbered(server: Server, way: str) -> list[str]:
    messages = [str(one["event"].get("message", "")) for one in server.entries() if one["event"]["action"] == "syslog.message"]
    return [message.strip() for message in messages if way in message]


def wait_until(what, seconds: float, describe) -> None:
    deadline = time.time() + seconds
    while not what():
        if time.time() > deadline:
            raise SystemExit("FAILED: " + describe())
        time.sleep(0.2)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stele-relp-") as folder:
        work = Path(folder)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", work / "key.pem", "-out", work / "cert.pem"],
                       check=True, capture_output=True)
        plain, tls = free_port(), free_port()
        server = Server(work, "--relp", f"127.0.0.1:{plain}", "--relp-tls", f"127.0.0.1:{tls}", "--tls-certificate",
                        str(work / "cert.pem"), "--tls-key", str(work / "key.pem"))
        relay = Relay(plain)
        (work / "rsyslog.conf").write_text(rsyslog_config(work, relay.port, tls))
        rsyslog = subprocess.Popen(["rsyslogd", "-n", "-i", work / "rsyslog.pid", "-f", work / "rsyslog.conf"],
                                   stdout=open(work / "rsyslog.log", "w"), stderr=subprocess.STDOUT)
        try:
            wait_until(lambda: (work / "in.sock").exists(), 20, lambda: (work / "rsyslog.log").read_text())
            for round_number in range(5):
                first = round_number * (LINES // 5)
                log_lines(work, [f"line {n} plain" for n in range(first, first + LINES // 5)])
                if round_number == 1:
                    log_lines(work, ["x" * 100_000 + " plain"])
                time.sleep(0.3)
                server.kill()
                time.sleep(0.3)
                server.start()
            log_lines(work, [f"line {n} over-tls" for n in range(100)] + ["the last plain"])
            said = (work / "rsyslog.log").read_text
            wait_until(lambda: "the last plain" in numbered(server, "plain"), 60, lambda: f"rsyslog: {said()[-800:]}")
            wait_until(lambda: len(numbered(server, "over-tls")) == 100, 30,
                       lambda: f"{len(numbered(server, 'over-tls'))} of 100 over TLS; rsyslog: {said()[-800:]}")
            got = numbered(server, "plain")
            expect_equal(len(got), len(set(got)), "lines in the log, and those among them that differ")
            told = {data.decode().partition("] ")[2].strip() for data in relay.acknowledged()} - {"x" * 100_000 + " plain"}
            expect(told <= set(got), f"acknowledged and not there: {sorted(told - set(got))[:5]}")
            lost = sorted({f"line {n} plain" for n in range(LINES)} - set(got))
            expect(len(lost) <= 20, f"{len(lost)} lines never came: {lost[:5]}")
            print(f"{len(told)} lines acknowledged over {len(relay.said)} connections, all there; lost by rsyslog itself: {lost}")
            entries = server.entries()
            kinds = {one["source"]["kind"] for one in entries}
            expect_equal(kinds, {"syslog-relp", "syslog-relp-tls"}, "kinds of source")
            expect(all("id" in one["event"] for one in entries if one["event"]["action"] == "syslog.message"), "rsyslog's uuid is the id")
            long_ones = [one["event"]["attributes"]["reason"] for one in entries if one["event"]["action"] == "stele.quarantined"]
            expect(set(long_ones) == {"oversized"}, f"the long line is quarantined: {long_ones}")
        finally:
            rsyslog.terminate()
            rsyslog.wait(timeout=20)
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
