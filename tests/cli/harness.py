"""Runs the real binary: commands, servers on data directories of their own, and what they answer."""

import http.client
import json
import os
import pty
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

STELE = os.environ.get("STELE_BIN", str(Path(__file__).parents[2] / "build/release/stele"))
PATIENCE = 60.0  # seconds; a machine may be slow, a test is never waiting for it in vain
NONE = {key: value for key, value in os.environ.items() if not key.startswith("STELE_") and key != "NO_COLOR"}


def wait_until(what, describe: str, seconds: float = PATIENCE):
    """The first true value of what()."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"waited {seconds} s in vain: {describe}")


def event(number: int, **members) -> dict:
    return {
        "id": f"evt_{number}",
        "time": "2026-11-23T16:19:59.998Z",
        "actor": {"type": "user", "id": f"u_{number % 50}", "name": "Ada Park"},
        "action": "customer.export",
        "outcome": ("success", "failure", "denied")[number % 3],
        "targets": [{"type": "table", "id": "customers"}],
        "origin": {"ip": "203.0.113.9"},
        **members,
    }


def lines(events) -> str:
    return "".join(json.dumps(one) + "\n" for one in events)


class Command(subprocess.Popen):
    """A process that does not outlive its `with`."""

    def __exit__(self, kind, value, trace):
        self.kill()
        super().__exit__(kind, value, trace)


CLOSED = ["keys", "lock", "logs", "sources", "stele.json"]  # what a data directory holds that was closed in order


class Server:
    """`stele serve` on a data directory; `under` is a command that runs it, such as prlimit; `role` is what a test may that shows no
    token, empty as the server has it by itself."""

    def __init__(self, data: Path, *args: str, listen: str = "127.0.0.1:0", under: tuple[str, ...] = (),
                 role: str = "owner"):
        self.data = data
        address = data / "address"
        address.unlink(missing_ok=True)  # of one that was killed
        self.log = tempfile.TemporaryFile()
        command = [*under, STELE, "serve", "--data", str(data), "--listen", listen, "--disk-warn-percent", "0",
                   "--watch-clock", "false", "--loopback-role", role, *args]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=NONE)
        wait_until(lambda: self.process.poll() is not None or (address.exists() and address.read_text().strip()), "an address")
        if self.process.poll() is not None:
            raise AssertionError("the server did not start: " + self.words())
        addresses = address.read_text().split()
        self.address = addresses[0]
        self.url = "http://" + self.address
        self.tls_url = next((one for one in addresses if one.startswith("https://")), "")

    def words(self) -> str:
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()  # the server writes at its offset

    def request(self, method: str, target: str, body: str | None = None) -> tuple[int, bytes]:
        host, port = self.address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        try:
            connection.request(method, target, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stop(self, sign: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(sign)
        code = self.process.wait(PATIENCE)
        self.log.close()
        return code

    def end(self) -> None:
        """Whatever became of it, nothing of it is left."""
        if not self.log.closed:
            self.stop(signal.SIGKILL)


class CommandTest(unittest.TestCase):
    """Each test has an empty folder, in which its commands run, and its servers are stopped."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "data"

    def serve(self, *args: str, **kwargs) -> Server:
        server = Server(self.data, *args, **kwargs)
        self.addCleanup(server.end)
        return server

    def start(self, *args: str, **kwargs) -> Command:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": NONE}
        process = Command([STELE, *args], cwd=self.folder, **{**pipes, **kwargs})

        def end():
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()

        self.addCleanup(end)
        return process

    def stele(self, *args: str, given: str | None = None, env: dict | None = None) -> subprocess.CompletedProcess:
        return subprocess.run([STELE, *args], cwd=self.folder, input=given, capture_output=True, text=True,
                              env={**NONE, **(env or {})}, timeout=PATIENCE * 3, check=False)

    def on_terminal(self, *args: str, env: dict | None = None) -> str:
        """What a terminal gets, with its line ends as \\n."""
        master, slave = pty.openpty()
        with subprocess.Popen([STELE, *args], cwd=self.folder, stdin=slave, stdout=slave, stderr=slave,
                              env={**NONE, "TERM": "xterm", "TZ": "UTC", **(env or {})}) as process:
            os.close(slave)
            out = b""
            while True:
                try:
                    piece = os.read(master, 65536)
                except OSError:  # the other end is closed
                    break
                if not piece:
                    break
                out += piece
            os.close(master)
            process.wait(PATIENCE)
        return out.decode().replace("\r\n", "\n")

    def ran(self, result: subprocess.CompletedProcess, code: int = 0) -> str:
        """Its output, once it ended with this code."""
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def data_files(self) -> list[str]:
        """What lies in the data directory."""
        return sorted(path.name for path in self.data.iterdir())

    def stored(self, *where: str) -> list[dict]:
        """Every entry of the log."""
        where = where or ("--data", str(self.data))
        return [json.loads(line) for line in self.ran(self.stele("tail", "--from", "0", "--json", *where)).splitlines()]

    def stored_ids(self, *where: str) -> list[str]:
        return [entry["event"]["id"] for entry in self.stored(*where)]
