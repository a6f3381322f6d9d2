"""A server for the tests of doors: started, killed, started again on the same port; its entries."""

import atexit
import json
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))

from ports import free_port  # noqa: E402

STELE = os.environ["STELE_BIN"]


class Server:
    def __init__(self, work: Path, *flags: str, port: int = 0):
        self.data = work / "data"
        self.log = work / "server.log"
        self.port = port or free_port()
        self.flags = flags
        self.process: subprocess.Popen | None = None
        atexit.register(self.kill)  # a test that failed leaves nothing behind
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        (self.data / "address").unlink(missing_ok=True)
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [STELE, "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}", "--disk-warn-percent", "0",
                 "--watch-clock", "false", "--loopback-role", "owner", *self.flags], stderr=log)
        deadline = time.time() + 60
        while not (self.data / "address").exists():
            if self.process.poll() is not None or time.time() > deadline:
                sys.exit("the server did not start: " + self.log.read_text())
            time.sleep(0.02)

    def kill(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=60) != 0:
            sys.exit("the server did not stop well: " + self.log.read_text())

    @contextmanager
    def stopped(self):
        """Within, the log takes nothing, as on a full disk: no file may be written. Afterwards it does again."""
        def answer() -> int:
            try:
                return urllib.request.urlopen(self.url + "/readyz", timeout=30).status
            except urllib.error.HTTPError as error:
                return error.code

        def limit(bytes_max: int, wanted: int) -> None:
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (bytes_max, resource.RLIM_INFINITY))
            deadline = time.time() + 60
            while answer() != wanted:
                if time.time() > deadline:
                    raise SystemExit(f"FAILED: /readyz is not {wanted}: {self.log.read_text()[-1000:]}")
                if wanted == 503:  # a log that is not written to does not know
                    self.post("/api/v1/collect/json?source=stopper", b"{}", {"Content-Type": "application/json"})
                time.sleep(0.1)

        limit(1, 503)
        try:
            yield
        finally:
            limit(resource.RLIM_INFINITY, 200)

    def make_token(self, role: str) -> str:
        words = [STELE, "token", "create", "--data", str(self.data), "--role", role, "--name", f"{role} of a test"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict, bytes]:
        """(status, headers, body)."""
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def get(self, path: str) -> tuple[int, bytes]:
        """(status, body)."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def entries(self) -> list[dict]:
        out, at = [], 0
        while True:
            with urllib.request.urlopen(f"{self.url}/api/v1/events?from={at}&limit=1000", timeout=30) as answer:
                page = json.load(answer)
            if not page["entries"]:
                return out
            out += [one["entry"] for one in page["entries"]]
            at = page["next"]

    def verify(self) -> None:
        done = subprocess.run([STELE, "verify", "--data", str(self.data)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit("the log does not verify: " + done.stdout + done.stderr)


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit("FAILED: " + what)


def expect_equal(got, wanted, what: str) -> None:
    expect(got == wanted, f"{what}: {got!r} is not {wanted!r}")
