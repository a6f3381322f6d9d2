#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: `stele import` brings files as they are into a log: PostgreSQL's own csvlog and jsonlog with pgaudit, audit logs, access logs,
CloudTrail's packed files. What was imported is not imported again, what a file grew by is, and when server and importer are killed in
the middle nothing is lost and nothing doubled."""

import gzip
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from server import STELE, Server, expect, expect_equal, free_port


def run(server: Server, *args: str, folder: Path, code: int = 0, given: bytes | None = None) -> tuple[list[dict], str]:
    """(what became of each file, what was said)"""
    done = subprocess.run([STELE, "import", "--url", server.url, "--json", *args], cwd=folder, capture_output=True, input=given)
    expect(done.returncode == code, f"import {args} ended with {done.returncode}: {done.stdout!r} {done.stderr!r}")
    return json.loads(done.stdout)["files"], done.stderr.decode()


def of(server: Server, source: str) -> list[dict]:
    return [one for one in server.entries() if one["source"]["id"] == source]


def counts(one: dict) -> tuple[int, int, int, int, int]:
    return one["read"], one["earlier"], one["stored"], one["repeated"], one["quarantined"]


class Postgres:
    """A server of our own with pgaudit, which writes both of its structured logs."""

    def __init__(self, work: Path):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        expect(bool(found), "PostgreSQL is not installed")
        self.bin = found[-1]
        self.port = free_port()
        self.folder = work / "postgres"
        self.folder.mkdir()
        self.user = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:  # it refuses to run as root
            self.user = "postgres"
            shutil.chown(self.folder, "postgres")
            work.chmod(0o755)
        self.log = self.folder / "data/log"
        self.run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "ada", "-N")
        (self.folder / "data/postgresql.conf").open("a").write(
            f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nlogging_collector = on\n"
            "log_destination = 'csvlog,jsonlog'\nlog_filename = 'db'\nlog_rotation_age = 0\nlog_connections = on\nlog_timezone = 'CET'\n"
            "shared_preload_libraries = 'pgaudit'\npgaudit.log = 'all'\npgaudit.log_catalog = off\nfsync = off\n")
        (self.folder / "data/pg_hba.conf").write_text("host all ada 127.0.0.1/32 trust\nhost all bob 127.0.0.1/32 reject\n")

    def run(self, program: str, *args) -> None:
        words = [str(self.bin / program), *map(str, args)]
        if os.getuid() == 0:
            words = ["runuser", "-u", self.user, "--", *words]
        done = subprocess.run(words, capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL)
        expect(done.returncode == 0, f"{words}: {done.stdout}{done.stderr}")

    def work(self) -> None:
        """Statements over several lines, a refused user, an error."""
        self.run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "out", "-w", "start")
        try:
            def ask(user: str, *statements: str) -> None:
                commands = [word for one in statements for word in ("-c", one)]
                subprocess.run([self.bin / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "postgres", *commands],
                               capture_output=True, env={**os.environ, "PGAPPNAME": "shop"})
            ask("ada", "create table customers (id int, name text)", "select *\n  from customers -- \"all\", of them",
                "grant select on customers to public", "select 1/0")
            ask("bob", "select 1")
        finally:
            self.run("pg_ctl", "-D", self.folder / "data", "-w", "-m", "fast", "stop")


def check_postgres(server: Server, work: Path) -> None:
    postgres = Postgres(work)
    postgres.work()
    for kind in ("csv", "json"):
        (work / f"db.{kind}").write_bytes((postgres.log / f"db.{kind}").read_bytes())
        files, said = run(server, f"db.{kind}", "--host", "db-1", folder=work)
        expect(f"taken for postgres-{kind}" in said, said)
        expect(files[0]["read"] > 8 and files[0]["stored"] == files[0]["read"] and files[0]["quarantined"] == 0, str(files))
    csv, jsonl = of(server, "db.csv"), of(server, "db.json")

    def essence(one: dict) -> dict:
        event = one["event"]
        return {k: event.get(k) for k in ("time", "actor", "action", "category", "outcome", "targets", "origin", "message", "severity")}

    # Each backend writes to both in its own time: the same records, perhaps in another order.
    def ordered(entries: list[dict]) -> list[str]:
        return sorted(json.dumps(essence(one), sort_keys=True) for one in entries)
    expect_equal(ordered(csv), ordered(jsonl), "both logs say the same")
    events = [one["event"] for one in csv]

    def find(action: str, **members) -> dict:
        found = [one for one in events if one["action"] == action and all(one.get(k) == v for k, v in members.items())]
        expect(bool(found), f"no {action} {members} in {[(one['action'], one.get('message')) for one in events]}")
        return found[0]
    read = find("postgres.SELECT", category="data_access")
    expect_equal((read["actor"], read["origin"], read["attributes"]["application_name"], read["attributes"]["host"]),
                 ({"type": "user", "id": "ada"}, {"ip": "127.0.0.1"}, "shop", "db-1"), "who read")
    expect("\n  from customers" in read["message"] and {"type": "database", "id": "postgres"} in read["targets"], str(read))
    expect_equal(find("postgres.GRANT")["category"], "permission_change", "a grant")
    expect_equal(find("postgres.login", outcome="denied")["actor"]["id"], "bob", "who was refused")
    local = read["time"]
    expect(local.endswith("Z") and abs(time.time() - time.mktime(time.strptime(local[:19], "%Y-%m-%dT%H:%M:%S")) + time.timezone) < 600,
           f"{local} is the time, though the log is in another zone")


AUDIT = """\
node=web-1 type=SYSCALL msg=audit(1732378800.100:{0}): arch=c000003e syscall=59 success=yes exit=0 pid=9 auid=1000 uid=0 euid=0 \
ses=3 comm="id" exe="/usr/bin/id"\x1dAUID="ada"
node=web-1 type=USER_LOGIN msg=audit(1732378800.101:{1}): pid=7 uid=0 auid=4294967295 msg='op=login acct="bob" \
exe="/usr/sbin/sshd" addr=198.51.100.7 res=failed'
node=web-1 type=EXECVE msg=audit(1732378800.100:{0}): argc=1 a0="id"
node=web-1 type=PROCTITLE msg=audit(1732378800.100:{0}): proctitle="id"
"""


def check_again(server: Server, work: Path) -> None:
    """The same file again, without its memory, packed, grown, and with a last line that was not finished."""
    log = work / "audit.log"
    log.write_text("".join(AUDIT.format(2 * n, 2 * n + 1) for n in range(50)))
    files, _ = run(server, "audit.log", folder=work)
    expect_equal(counts(files[0]), (100, 0, 100, 0, 0), "the first time")
    made = [one["event"] for one in of(server, "audit.log")]
    expect_equal([one["action"] for one in made], ["account.login", "process.exec"] * 50, "each event once, though interleaved")
    expect_equal([made[1][k] for k in ("id", "actor", "outcome")],
                 ["web-1:1732378800.100:0", {"type": "user", "id": "ada"}, "success"], "an audit event")
    expect_equal((made[0]["actor"]["id"], made[0]["origin"], made[0]["outcome"]), ("bob", {"ip": "198.51.100.7"}, "failure"), "a login")

    files, said = run(server, "audit.log", folder=work)
    expect_equal(counts(files[0]), (100, 100, 0, 0, 0), "again")
    expect("going on after record 100" in said, said)
    (work / "audit.log.stele-import").unlink()
    files, _ = run(server, "audit.log", folder=work)
    expect_equal(counts(files[0]), (100, 0, 100, 100, 0), "without its memory the server knows them")
    (work / "audit.log.gz").write_bytes(gzip.compress(log.read_bytes()))
    files, _ = run(server, "audit.log.gz", folder=work)
    expect_equal(counts(files[0]), (100, 0, 100, 100, 0), "packed")
    expect_equal(len(of(server, "audit.log")), 100, "all that is once there")

    access = work / "access.log"
    line = '203.0.113.9 - ada [23/Nov/2026:16:20:00 +0000] "GET /{} HTTP/1.1" 200 1 "-" "curl"\n'
    access.write_text("".join(line.format(n) for n in range(10)) + line.format("cut")[:20])
    files, said = run(server, "access.log", folder=work, code=1)
    expect_equal(counts(files[0]), (11, 0, 11, 0, 1), "its last line is half there")
    with access.open("a") as more:
        more.write(line.format("cut")[20:] + line.format("new"))
    files, said = run(server, "access.log", folder=work)
    expect_equal(counts(files[0]), (12, 10, 2, 0, 0), "what it grew by")
    expect_equal([one["event"]["action"] for one in of(server, "access.log")].count("http.GET"), 12, "lines of an access log")
    access.write_text(line.format("other") * 3)
    files, said = run(server, "access.log", folder=work)
    expect("begins otherwise" in said and counts(files[0])[:3] == (3, 0, 3), said)
    expect_equal(len(of(server, "access.log")), 16, "the same line three times is three records")


def check_formats(server: Server, work: Path) -> None:
    trail = {"eventVersion": "1.08", "eventID": "e1", "eventTime": "2026-11-23T16:20:00Z", "eventName": "StopLogging",
             "eventSource": "cloudtrail.amazonaws.com", "awsRegion": "x"}
    (work / "trail.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [trail, trail | {"eventID": "e2"}]}).encode()))
    event = {"time": "2026-11-23T16:20:00Z", "actor": {"type": "user", "id": "ada"}, "action": "x.y"}
    (work / "events.json").write_text(json.dumps([event, event | {"id": "own"}], indent=1))
    (work / "auth.log").write_bytes(b"Nov 23 16:20:00 web-1 sshd[812]: Accepted publickey for ada from 203.0.113.9 port 5 ssh2\n\xff\n"
                                    + b"x" * 3_000_000 + b"\n")
    files, said = run(server, "trail.json.gz", "events.json", "auth.log", "auth.log.stele-import", folder=work, code=1)
    expect_equal([(one["format"], one["source"]) + counts(one)[2:] for one in files],
                 [("cloudtrail", "trail.json", 2, 0, 0), ("event", "events.json", 2, 0, 0), ("line", "auth.log", 3, 0, 1)], "what they are")
    expect_equal([one["event"]["action"] for one in of(server, "trail.json")], ["aws.cloudtrail.StopLogging"] * 2, "CloudTrail")
    own = of(server, "events.json")
    expect_equal((own[0]["event"]["action"], own[1]["event"]["id"], own[0]["event"]["attributes"]["stream"]),
                 ("x.y", "own", "events.json"), "events")
    lines = of(server, "auth.log")
    expect_equal(lines[0]["event"]["action"], "ssh.login", "a line of syslog")
    expect_equal(lines[1]["original"], {"$base64": "/w=="}, "bytes that are no text")
    long = lines[2]["event"]["attributes"]
    expect_equal((long["bytes"], long["reason"]), (3_000_000, "oversized"), "a long one")
    files, _ = run(server, "--source", "piped", "--format", "json", "-", folder=work, given=b'{"a":1}\n{"a":1}\n')
    expect_equal(counts(files[0]), (2, 0, 2, 0, 0), "a pipe")
    for args, words in ((["none.log"], "cannot open none.log"), (["--format", "x", "auth.log"], 'there is no format "x"')):
        done = subprocess.run([STELE, "import", "--url", server.url, *args], cwd=work, capture_output=True, text=True)
        expect(done.returncode == 2 and words in done.stderr, done.stderr)
    (work / "cut.gz").write_bytes(gzip.compress(b"one\ntwo\n")[:-4])
    done = subprocess.run([STELE, "import", "--url", server.url, "cut.gz"], cwd=work, capture_output=True, text=True)
    expect(done.returncode == 2 and "cut.gz: the gzip data is cut off" in done.stderr, done.stderr)
    expect_equal(len(of(server, "cut")), 2, "what could be read of it")


def check_kills(server: Server, work: Path) -> None:
    """Server and importer, killed in turn while a large file is on its way."""
    many = 100_000
    log = work / "large.log"
    with log.open("w") as out:
        for n in range(many):
            out.write(f"Nov 23 16:20:00 web-1 app[{n % 7}]: number {n} done\n")
    memory = work / "large.log.stele-import"

    def came() -> int:
        try:
            return json.loads(memory.read_text())["records"]
        except FileNotFoundError:
            return 0
    rounds = 0
    while came() < many:
        rounds += 1
        process = subprocess.Popen([STELE, "import", "--url", server.url, "large.log"], cwd=work, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        begun = came()
        deadline = time.time() + 60
        while came() < begun + 5_000 and process.poll() is None and time.time() < deadline:
            time.sleep(0.002)
        if process.poll() is None and rounds % 2 == 0:
            server.kill()
            server.start()
            while came() < begun + 10_000 and process.poll() is None and time.time() < deadline:
                time.sleep(0.002)
        if rounds < 6:
            process.send_signal(signal.SIGKILL)
        process.wait(timeout=120)
        expect(rounds < 30, f"it does not come to its end: {came()} of {many}")
    numbers = [int(re.search(r"number (\d+) ", one["event"]["message"])[1]) for one in of(server, "large.log")]
    expect(rounds >= 3, f"it was killed {rounds} times only")
    expect_equal(len(numbers), many, "as many as there are")
    expect_equal(numbers, list(range(many)), "each once, in order")
    print(f"{many} records, {rounds} runs")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stele-import-") as folder:
        work = Path(folder)
        server = Server(work)
        check_again(server, work)
        check_formats(server, work)
        check_kills(server, work)
        check_postgres(server, work)
        server.stop()
        server.verify()
        expect(any(p.name.endswith(".stele-import") for p in work.iterdir()), "the memory stays")


if __name__ == "__main__":
    main()
