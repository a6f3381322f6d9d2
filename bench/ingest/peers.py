"""The peers, each a private instance that is started, measured and stopped: PostgreSQL with a hash chain, rsyslog."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

from harness.process import BenchError, Server, fresh_directory

_HERE = pathlib.Path(__file__).resolve().parent
POSTGRES_BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
_POSTGRES_SETTINGS = """
listen_addresses = ''
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 1GB
max_wal_size = 16GB          # no checkpoint is forced within a run
checkpoint_timeout = 30min
max_connections = 100
jit = off
"""


class Missing(BenchError):
    """The peer cannot run here; the message says why."""


class Postgres:
    """A cluster of its own, reached over a Unix socket only."""

    def __init__(self, data, sockets):
        program = POSTGRES_BINARIES / "postgres"
        self.sockets = sockets
        user = "postgres" if os.geteuid() == 0 else None
        self.role = user or "bench"
        self._check_installed()
        setup = Server([POSTGRES_BINARIES / "initdb", "-D", data / "cluster", "-A", "trust", "-U", self.role, "--no-locale",
                        "-E", "UTF8"], data.parent / "initdb.log", user)
        try:
            code = setup.wait()
        finally:
            setup.stop()
        if code != 0:
            raise Missing(f"PostgreSQL's initdb failed: {setup.tail(400)}")
        with open(data / "cluster/postgresql.conf", "a", encoding="utf-8") as settings:
            settings.write(_POSTGRES_SETTINGS + f"unix_socket_directories = '{sockets}'\n")
        self.server = Server([program, "-D", data / "cluster"], data.parent / "postgres.log", user)
        try:
            self.server.wait_until(self._ready, 60, "readiness")
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def _check_installed():
        if not (POSTGRES_BINARIES / "initdb").exists():
            raise Missing(f"PostgreSQL 15 is not in {POSTGRES_BINARIES}; install the package postgresql-15")
        if not pathlib.Path("/usr/share/postgresql/15/extension/pgcrypto.control").exists():
            raise Missing("PostgreSQL's pgcrypto extension is not installed")

    def _ready(self):
        words = [POSTGRES_BINARIES / "pg_isready", "-q", "-h", self.sockets]
        return subprocess.run([str(word) for word in words], check=False).returncode == 0

    def stop(self):
        """Immediate shutdown: the cluster is thrown away."""
        self.server.stop(signal.SIGQUIT)

    def query(self, *statements, database="postgres"):
        words = [POSTGRES_BINARIES / "psql", "-h", self.sockets, "-U", self.role, "-d", database, "-X", "-q", "-A", "-t",
                 "-v", "ON_ERROR_STOP=1"]
        for statement in statements:
            words += ["-c", statement]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def measure(self, load, corpus, batch, connections, seconds):
        """Appends to a fresh chain; the result of bench_load, with server CPU and bytes an event added."""
        self.query("DROP DATABASE IF EXISTS chain", "CREATE DATABASE chain")
        self.query((_HERE / "postgres.sql").read_text(), database="chain")
        self.query("CHECKPOINT")
        wal = self.query("SELECT pg_current_wal_lsn()")
        cpu = self.server.cpu_seconds()
        result = load.run("postgres", "--unix", self.sockets / ".s.PGSQL.5432", "--user", self.role, "--database", "chain",
                          "--statement", "SELECT append_chained($1)", "--corpus", corpus, "--batch", batch,
                          "--connections", connections, "--seconds", seconds)
        result["server_cpu_seconds"] = self.server.cpu_seconds() - cpu
        events = max(1, result["events"])
        size, wal_size, rows = self.query(
            f"SELECT pg_total_relation_size('audit_log'), pg_current_wal_lsn() - '{wal}', count(*) FROM audit_log",
            database="chain").split("|")
        if int(rows) != result["events"]:
            raise BenchError(f"PostgreSQL holds {rows} rows but acknowledged {result['events']}")
        result |= {"bytes_per_event": int(size) / events, "wal_bytes_per_event": int(wal_size) / events}
        return result


@contextlib.contextmanager
def postgres(work):
    user = "postgres" if os.geteuid() == 0 else None
    with fresh_directory(work / "postgres", user) as data, contextlib.ExitStack() as stack:
        sockets = pathlib.Path(tempfile.mkdtemp(prefix="stele-bench-"))  # a socket's path must be short
        stack.callback(shutil.rmtree, sockets, ignore_errors=True)
        if user:
            shutil.chown(sockets, user)
        peer = Postgres(data, sockets)
        stack.callback(peer.stop)
        yield peer


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def measure_rsyslog(load, work, corpus, batch, connections, seconds):
    """Floods a fresh rsyslogd that syncs once in `batch` messages; the result of bench_load, with server CPU added."""
    program = shutil.which("rsyslogd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
    if program is None:
        raise Missing("rsyslogd is not installed; install the package rsyslog")
    with fresh_directory(work / "rsyslog") as own:
        port = _free_port()
        text = (_HERE / "rsyslog.conf.in").read_text()
        for name, value in {"WORK": own, "PORT": port, "BATCH": batch}.items():
            text = text.replace(f"@{name}@", str(value))
        (own / "rsyslog.conf").write_text(text)
        server = Server([program, "-n", "-f", own / "rsyslog.conf", "-i", own / "pid"], work / "rsyslog.log")
        try:
            server.wait_until(lambda: _listens(port), 20, f"listening on port {port}")
            cpu = server.cpu_seconds()
            result = load.run("syslog", "--connect", f"127.0.0.1:{port}", "--corpus", corpus, "--file", own / "events.log",
                              "--framing", "octet", "--connections", connections, "--seconds", seconds, tolerate=True)
            result["server_cpu_seconds"] = server.cpu_seconds() - cpu
        finally:
            server.stop()
    if result["missing_events"]:
        raise BenchError(f"rsyslog lost {result['missing_events']} events")
    return result | {"batch": batch, "bytes_per_event": result["written_bytes"] / max(1, result["events"])}
