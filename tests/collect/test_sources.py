#!/usr/bin/env python3
# ctest: TIMEOUT 180
"""Goal: what docs/sources/ prints works as printed, but for the ports: each block is taken out of its page and used by the program
that it is for, and its event arrives."""

import gzip
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import syslog_ng
from journal import UPLOAD, export_entry, write_journal
from server import STELE, Server, expect, free_port

PAGES = Path(os.environ["STELE_SOURCE_DIR"]) / "docs/sources"


def blocks(page: str, under: str = "") -> list[str]:
    """The code blocks of a page, those below one heading if it is given."""
    text = (PAGES / page).read_text()
    if under:
        text = text.split(f"## {under}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```\w*\n(.*?)```", text, re.S)


class Ports:
    """A free port for each that the pages name."""

    def __init__(self):
        self.of = {printed: free_port() for printed in (7373, 5514, 2514, 4317, 4318)}

    def put(self, text: str) -> str:
        for printed, port in self.of.items():
            text = text.replace(f"127.0.0.1:{printed}", f"127.0.0.1:{port}").replace(f'port="{printed}"', f'port="{port}"')
            text = text.replace(f"port({printed})", f"port({port})")
        return text


def wait_for(server: Server, what: str, holds) -> None:
    deadline = time.time() + 30
    while not any(holds(one) for one in server.entries()):
        if time.time() > deadline:
            raise SystemExit(f"FAILED: {what}: no such entry in 30 s")
        time.sleep(0.1)


def by_token(entry: dict) -> bool:
    """As the page has it, who sent it showed a token."""
    return entry["source"].get("identity", "").startswith("token:")


def run_shell(block: str, folder: Path) -> None:
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder, capture_output=True, text=True)
    expect(done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}")


def send_line(socket: Path, line: str) -> None:
    deadline = time.time() + 20
    while not socket.exists() and time.time() < deadline:
        time.sleep(0.05)
    subprocess.run(["logger", "-u", socket, "-t", "docs", line], check=True)


def check_syslog(server: Server, ports: Ports, work: Path) -> None:
    for number, (heading, kind) in enumerate((("rsyslog over RELP", "syslog-relp"), ("rsyslog over TCP", "syslog-tcp"))):
        folder = work / f"rsyslog-{number}"
        folder.mkdir()
        config = folder / "rsyslog.conf"
        config.write_text(f'global(workDirectory="{folder}")\nmodule(load="imuxsock" SysSock.Use="off")\n'
                          f'input(type="imuxsock" Socket="{folder}/in.sock" CreatePath="on")\n'
                          + ports.put(blocks("syslog.md", heading)[0]))
        rsyslog = subprocess.Popen(["rsyslogd", "-n", "-i", folder / "pid", "-f", config], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            send_line(folder / "in.sock", f"by {kind}")
            wait_for(server, heading, lambda one, kind=kind: one["source"]["kind"] == kind and f"by {kind}" in one["original"])
        finally:
            rsyslog.terminate()
            rsyslog.wait(timeout=20)


def check_syslog_ng(server: Server, ports: Ports, work: Path) -> None:
    folder = work / "syslog-ng"
    folder.mkdir()
    block = blocks("syslog.md", "syslog-ng")[0].replace("reliable(yes)", f'reliable(yes) dir("{folder}")')
    (folder / "syslog-ng.conf").write_text(f'@version: 3.38\nsource s_src {{ unix-dgram("{folder}/in.sock"); }};\n' + ports.put(block))
    client = syslog_ng.start(folder)
    try:
        send_line(folder / "in.sock", "by syslog-ng")
        wait_for(server, "syslog-ng", lambda one: "sequenceId" in one["original"] and "by syslog-ng" in one["original"])
    finally:
        client.terminate()
        client.wait(timeout=20)


def check_otlp(server: Server, ports: Ports, work: Path) -> None:
    for block, way, service in ((0, "http", "billing"), (1, "grpc", "billing-grpc"), (2, "grpc", "billing-grpc-tls")):
        program = ("import logging\n"
                   f"from opentelemetry.exporter.otlp.proto.{way}._log_exporter import OTLPLogExporter\n"
                   "from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler\n"
                   "from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor\n"
                   "provider = LoggerProvider()\n"
                   "provider.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter()))\n"
                   "logger = logging.getLogger('docs')\n"
                   "logger.addHandler(LoggingHandler(logger_provider=provider))\n"
                   "logger.warning('by otlp')\n"
                   "provider.shutdown()\n")
        exports = ports.put(blocks("otlp.md")[block])
        subprocess.run(["bash", "-euc", exports + 'exec "$0" -c "$1"', sys.executable, program], cwd=work, check=True)
        wait_for(server, f"OpenTelemetry over {way}",
                 lambda one, service=service: one["source"]["kind"] == "otlp" and one["event"]["actor"]["id"] == service
                 and by_token(one))
    (work / "node_modules").symlink_to(Path(os.environ["STELE_SOURCE_DIR"]) / "build/node/node_modules")
    (work / "docs.mjs").write_text(ports.put(next(block for block in blocks("otlp.md") if "LoggerProvider" in block)))
    run_shell("node docs.mjs", work)
    wait_for(server, "OpenTelemetry from JavaScript", lambda one: one["event"]["action"] == "customer.export" and by_token(one))


def check_documents(server: Server, ports: Ports, work: Path) -> None:
    cloudtrail = blocks("documents.md", "CloudTrail")[0]
    name = re.search(r"gunzip -c (\S+)", cloudtrail)[1]
    record = {"eventID": "docs", "eventTime": "2026-11-23T16:20:00Z", "eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com"}
    (work / name).write_bytes(gzip.compress(json.dumps({"Records": [record]}).encode()))
    run_shell(ports.put(cloudtrail), work)
    wait_for(server, "CloudTrail", lambda one: one["source"]["id"] == "aws" and one["event"]["action"] == "aws.cloudtrail.StopLogging"
             and by_token(one))

    webhook = re.search(r"server: '([^']+)'", ports.put(blocks("documents.md", "Kubernetes")[0]))[1]
    event = {"auditID": "docs", "stage": "ResponseComplete", "verb": "get", "user": {"username": "ada"}}
    body = json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [event]}).encode()
    urllib.request.urlopen(urllib.request.Request(webhook, body, {"Content-Type": "application/json"}), timeout=30).read()
    wait_for(server, "Kubernetes", lambda one: one["source"]["id"] == "prod" and one["event"]["action"] == "k8s.url.get")

    (work / "events.ndjson").write_text(json.dumps({"class_uid": 3002, "time": 1795450800123, "activity_name": "Logon"}) + "\n")
    run_shell(ports.put(blocks("documents.md", "OCSF and anything else")[0]), work)
    wait_for(server, "OCSF", lambda one: one["source"]["id"] == "idp" and one["event"]["action"] == "authentication.Logon")


def check_journald(server: Server, ports: Ports, work: Path) -> None:
    folder = work / "journal"
    folder.mkdir()
    write_journal(folder / "a.journal", [export_entry(0, b"by the journal")])
    config, service = blocks("journald.md")
    (work / "journal-upload.conf").write_text(ports.put(config))
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode != 0:
        print("sources: no mount namespace here, as within a chroot; the upload by its own configuration is left out", flush=True)
        return
    # In the place where it is read from, for this one process.
    command = ('mount --bind "$0" /etc/systemd/journal-upload.conf; exec "$1" --follow=no -D "$2" --save-state="$3"')
    done = subprocess.run([*unshare, "bash", "-euc", command,
                           work / "journal-upload.conf", UPLOAD, folder, work / "state"], capture_output=True, text=True)
    expect(done.returncode == 0, f"journal-upload.conf: {done.stderr}")
    wait_for(server, "the journal", lambda one: one["source"]["kind"] == "journal-upload" and one["event"]["message"] == "by the journal")
    (work / "stele.service").write_text("[Service]\nExecStart=/bin/true\n" + service)
    said = subprocess.run(["systemd-analyze", "verify", work / "stele.service"], capture_output=True, text=True).stderr
    expect("stele.service:" not in said, f"the drop-in: {said}")


def check_files(server: Server, ports: Ports, work: Path) -> None:
    access = '203.0.113.9 - ada [23/Nov/2026:16:20:00 +0000] "GET /{} HTTP/1.1" 200 1 "-" "curl"\n'
    (work / "auth.log").write_text("Nov 23 16:20:00 web-1 sshd[812]: Accepted publickey for ada from 203.0.113.9 port 51122 ssh2\n")
    (work / "audit.log").write_text("type=USER_LOGIN msg=audit(1795450800.123:9): pid=1 auid=1000 msg='op=login res=success'\n")
    (work / "access.log").write_text(access.format("new"))
    (work / "access.log.1.gz").write_bytes(gzip.compress(access.format("old").encode()))
    (work / "bin").mkdir()
    (work / "bin/stele").symlink_to(STELE)
    for block in blocks("files.md")[:3]:
        run_shell(f"PATH={work}/bin:$PATH\n" + ports.put(block), work)
    for source, action in (("auth.log", "ssh.login"), ("audit.log", "account.login"), ("access.log.1", "http.GET"), ("web", "http.GET"),
                           ("web-1-audit", "account.login")):
        wait_for(server, f"files: {source}",
                 lambda one, source=source, action=action: one["source"]["id"] == source and one["event"]["action"] == action)


def main() -> None:
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    ports = Ports()
    with tempfile.TemporaryDirectory(prefix="stele-sources-") as folder:
        work = Path(folder)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", work / "ca.key", "-out", work / "ca.pem"],
                       check=True, capture_output=True)
        server = Server(work, "--syslog", f"127.0.0.1:{ports.of[5514]}", "--relp", f"127.0.0.1:{ports.of[2514]}", "--otlp-grpc",
                        f"127.0.0.1:{ports.of[4317]}", "--otlp-grpc-tls", f"127.0.0.1:{ports.of[4318]}", "--tls-certificate",
                        str(work / "ca.pem"), "--tls-key", str(work / "ca.key"), port=ports.of[7373])
        os.environ["STELE_TOKEN"] = server.make_token("writer")
        check_syslog(server, ports, work)
        check_syslog_ng(server, ports, work)
        check_otlp(server, ports, work)
        check_documents(server, ports, work)
        check_journald(server, ports, work)
        check_files(server, ports, work)
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
