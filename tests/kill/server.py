"""`stele serve` as a process that is ended without warning, and `stele verify` on what it leaves."""

import http.client
import json
import os
import re
import struct
import subprocess
import tempfile
import time
from pathlib import Path

STELE = os.environ.get("STELE_BIN", str(Path(__file__).parents[2] / "build/release/stele"))
PATIENCE = 60.0  # seconds; for whatever must happen, on a machine that is slow
BUNDLE = 256     # entries in a full bundle
NO_SETTINGS = {key: value for key, value in os.environ.items() if not key.startswith("STELE_")}


class Failed(Exception):
    """A promise was broken; the message says which."""


class Server:
    """One run on a data directory. `killed` is true from just before the SIGKILL on."""

    def __init__(self, data: Path, *args: str, words=None, **popen):
        """`words`: where its own log goes; left out, words() returns it."""
        self.data = data
        self.killed = False
        self._address_file = data / "address"
        if self._address_file.exists():
            self._address_file.unlink()  # of one that was killed
        self._words = words or tempfile.TemporaryFile()  # not beside the data, where there may be no space
        self._connection = None
        command = [STELE, "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--disk-warn-percent", "0", "--watch-clock",
                   "false", "--loopback-role", "owner", *args]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._words, stderr=self._words,
                                        env=NO_SETTINGS, **popen)

    def words(self) -> str:
        """What this run has said so far."""
        if self._words.name == "/dev/full":
            return ""
        return os.pread(self._words.fileno(), 1 << 24, 0).decode(errors="replace")  # the server writes at the shared offset

    def wait_ready(self) -> "Server":
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failed(f"the server ended with code {self.process.returncode} while it started: {self.words()}")
            text = self._address_file.read_text() if self._address_file.exists() else ""
            if text.endswith("\n"):
                self.host, port = text.strip().split(":")
                self.port = int(port)
                return self
            time.sleep(0.002)
        raise Failed(f"the server has no address after {PATIENCE} s: {self.words()}")

    def syslog_port(self) -> int:
        return int(re.search(r"syslog on 127\.0\.0\.1:(\d+)", self.words())[1])

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: bytes | str | None = None) -> tuple[int, dict, bytes]:
        """Status, headers and body, over one connection that is kept."""
        if self._connection is None:
            self._connection = self.connect()
        try:
            self._connection.request(method, path, body)
            answer = self._connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection = None
            raise Failed(f"{method} {path} was not answered: {error!r}; the server said: {self.words()[-4000:]}") from error

    def get(self, path: str) -> bytes:
        status, _, body = self.ask("GET", path)
        if status != 200:
            raise Failed(f"GET {path} is answered {status}: {body[:2000]!r}")
        return body

    def size(self) -> int:
        return json.loads(self.get("/api/v1/status"))["logs"][0]["size"]

    def entries(self, first: int, end: int):
        """(index, stored bytes) of [first, end), from the bundles that anyone can fetch."""
        for number in range(first // BUNDLE, -(-end // BUNDLE)):
            width = min(BUNDLE, end - number * BUNDLE)
            bundle = self.get("/log/main/tile/entries/" + tile_number(number) + ("" if width == BUNDLE else f".p/{width}"))
            at = 0
            for index in range(number * BUNDLE, number * BUNDLE + width):
                length, = struct.unpack_from(">H", bundle, at)
                if index >= first:
                    yield index, bundle[at + 2:at + 2 + length]
                at += 2 + length
            if at != len(bundle):
                raise Failed(f"bundle {number} of width {width} has {len(bundle)} bytes, of which {at} are entries")

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is closed."""
        self.killed = True
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._close()

    def stop(self) -> None:
        """SIGTERM, after which it must end in order."""
        if self._connection is not None:
            self._connection.close()
        self.process.terminate()
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f"the server does not end {PATIENCE} s after SIGTERM: {self.words()}") from None
        if code != 0:
            raise Failed(f"the server ended with code {code} after SIGTERM: {self.words()}")
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._words.close()


def tile_number(number: int) -> str:
    """As in C2SP tlog-tiles: groups of three digits, all but the last with an x."""
    path = f"{number % 1000:03}"
    while number >= 1000:
        number //= 1000
        path = f"x{number % 1000:03}/{path}"
    return path


def verify(data: Path, *args: str) -> dict:
    """`stele verify --data` must find the directory intact, be its server live, closed, killed, or out of space."""
    done = subprocess.run([STELE, "verify", "--data", str(data), "--json", *args], capture_output=True, text=True,
                          env=NO_SETTINGS, timeout=PATIENCE * 5, check=False)
    if done.returncode != 0:
        raise Failed(f"stele verify --data {' '.join(args)} ends with code {done.returncode}: {done.stdout} {done.stderr}")
    return json.loads(done.stdout)
