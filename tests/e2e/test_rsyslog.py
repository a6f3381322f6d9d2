#!/usr/bin/env python3
# ctest: TIMEOUT 180
"""Goal: a real rsyslog forwards real lines over UDP, TCP in both framings, and TLS; each is captured once, verbatim,
attributed to its process, survives a restart of the server, and the log verifies."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from ports import free_port  # noqa: E402

STELE = os.environ["STELE_BIN"]
LINES = 200


def start_server(data: Path, flags: list[str]) -> subprocess.Popen:
    process = subprocess.Popen([STELE, "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--disk-warn-percent", "0",
                                "--watch-clock", "false", "--loopback-role", "owner", *flags],
                               stderr=open(data.parent / "server.log", "a"))
    deadline = time.time() + 60
    while not (data / "address").exists():
        if process.poll() is not None or time.time() > deadline:
            sys.exit("the server did not start: " + (data.parent / "server.log").read_text())
        time.sleep(0.02)
    return process


def entries(data: Path) -> list[dict]:
    address = (data / "address").read_text().strip()
    out, at = [], 0
    while True:
        with urllib.request.urlopen(f"http://{address}/api/v1/events?from={at}&limit=1000") as answer:
            page = json.load(answer)
        if not page["entries"]:
            return out
        out += [one["entry"] for one in page["entries"]]
        at = page["next"]


def make_certificate(work: Path) -> None:
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", work / "key.pem", "-out", work / "cert.pem"],
                   check=True, capture_output=True)


def rsyslog_config(work: Path, plain: int, tls: int) -> str:
    (work / "spool").mkdir()
    patient = 'type="omfwd" target="127.0.0.1" action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="LinkedList"'
    forward = patient + ' template="RSYSLOG_SyslogProtocol23Format"'
    return f"""
global(workDirectory="{work}/spool" defaultNetstreamDriverCAFile="{work}/cert.pem")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{work}/in.sock" CreatePath="on" RateLimit.Interval="0")
if $msg contains "over-udp" then action({forward} port="{plain}" protocol="udp")
if $msg contains "over-lines" then action({forward} port="{plain}" protocol="tcp" tcp_framing="traditional")
if $msg contains "over-octets" then action({forward} port="{plain}" protocol="tcp" tcp_framing="octet-counted")
if $msg contains "over-tls" then action({forward} port="{tls}" protocol="tcp" tcp_framing="octet-counted"
  StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid")
if $msg contains "over-old" then action({patient} port="{plain}" protocol="tcp" template="RSYSLOG_TraditionalForwardFormat")
"""


def log_lines(work: Path, way: str, first: int, count: int) -> None:
    text = "".join(f"line {n} over-{way} Zürich\n" for n in range(first, first + count))
    subprocess.run(["logger", "-u", work / "in.sock", "-t", "billing", "--id=4711", "-p", "auth.notice"], input=text.encode(), check=True)


def wait_for(what, seconds: float, describe) -> None:
    deadline = time.time() + seconds
    while not what():
        if time.time() > deadline:
            sys.exit("timed out: " + describe())
        time.sleep(0.1)


def main() -> None:
    for tool in ("rsyslogd", "logger", "openssl"):
        if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            sys.exit(f"{tool} is not installed; ./x installs it")
    work = Path(tempfile.mkdtemp(prefix="stele-rsyslog-"))
    data = work / "data"
    make_certificate(work)
    plain, tls = free_port(), free_port()
    flags = ["--syslog", f"127.0.0.1:{plain}", "--syslog-tls", f"127.0.0.1:{tls}", "--tls-certificate", str(work / "cert.pem"),
             "--tls-key", str(work / "key.pem")]
    server = start_server(data, flags)
    (work / "rsyslog.conf").write_text(rsyslog_config(work, plain, tls))
    rsyslogd = subprocess.Popen([shutil.which("rsyslogd", path=os.environ["PATH"] + ":/usr/sbin:/sbin"), "-n", "-f", work / "rsyslog.conf",
                                 "-i", work / "rsyslog.pid"], stderr=open(work / "rsyslog.log", "w"))
    try:
        wait_for(lambda: (work / "in.sock").exists(), 20, lambda: (work / "rsyslog.log").read_text())
        ways = ["udp", "lines", "octets", "tls", "old"]
        for way in ways:
            log_lines(work, way, 0, LINES)
        wait_for(lambda: len(entries(data)) >= LINES * len(ways), 40,
                 lambda: f"{len(entries(data))} entries; {(work / 'rsyslog.log').read_text()}")

        # The server goes and comes back: what rsyslog still holds arrives then.
        server.send_signal(signal.SIGTERM)
        if server.wait(30) != 0:
            sys.exit("the server did not stop cleanly")
        for way in ("lines", "octets", "tls", "old"):
            log_lines(work, way, LINES, LINES)
        server = start_server(data, flags)
        expected = {(way, n) for way in ways for n in range(LINES)}

        def seen() -> set:
            out = set()
            for entry in entries(data):
                words = entry["event"]["message"].split()
                out.add((words[2].removeprefix("over-"), int(words[1])))
            return out

        # Plain TCP acknowledges nothing: lines that were written into the closing connection are lost by the protocol.
        expected |= {(way, 2 * LINES - 1) for way in ways if way != "udp"}
        wait_for(lambda: expected <= seen(), 60, lambda: f"missing {sorted(expected - seen())[:5]}")

        for entry in entries(data):
            words = entry["event"]["message"].split()
            way = words[2].removeprefix("over-")
            kind = {"udp": "syslog-udp", "tls": "syslog-tls"}.get(way, "syslog-tcp")
            assert entry["source"]["kind"] == kind, entry
            assert entry["event"]["actor"]["type"] == "process" and entry["event"]["actor"]["id"].startswith("billing[4711]@"), entry
            assert entry["event"]["message"].endswith("Zürich") and entry["event"]["message"] in entry["original"], entry
            assert entry["event"]["category"] == "authentication" and entry["event"]["severity"] == "notice", entry
            by = "syslog/rfc3164@1" if way == "old" else "syslog/rfc5424@1"
            assert entry["derived"]["by"] == by, entry
        verified = subprocess.run([STELE, "verify", "--data", data, "--json"], capture_output=True, text=True)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        counts = {way: sum(1 for w, _ in seen() if w == way) for way in ways}
        print(f"captured and verified: {counts}")
    finally:
        for process in (rsyslogd, server):
            if process.poll() is None:
                process.terminate()
                process.wait(20)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
