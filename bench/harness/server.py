"""The server under test: `stele serve` on a data directory, and what its metrics say."""

import contextlib
import http.client
import pathlib
import re
import signal
import subprocess
import time

from .process import BenchError, Server

_METRIC = re.compile(r"^([a-zA-Z_:][\w:]*)(\{[^}]*\})?\s+(\S+)", re.MULTILINE)
_TAIL = 65_536           # events that may wait for their segment to fill: one level-1 tile
_STALLED_SECONDS = 5     # sealing that makes no progress for so long has finished what it will finish


class Stele:
    """One running server. Use `running` to have it stopped."""

    def __init__(self, program, data, output, flags=()):
        self.program = program
        self.data = pathlib.Path(data)
        (self.data / "address").unlink(missing_ok=True)
        self.started = time.monotonic()
        words = [program, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--disk-warn-percent", "0", "--watch-clock", "false",
                 "--loopback-role", "owner", *flags]
        self.server = Server(words, output)
        try:
            self.server.wait_until(self._ready, 120, "readiness")
        except BaseException:
            self.server.stop(signal.SIGKILL)
            raise
        self.ready_seconds = time.monotonic() - self.started

    def _ready(self):
        try:
            self.address = (self.data / "address").read_text().partition("\n")[0]
            return bool(self.address) and self.get("/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path):
        """(status, body) of a GET."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def metrics(self, log="main"):
        """Name → value of all samples without a `log` label or with this one; the last of several wins."""
        values = {}
        for name, labels, value in _METRIC.findall(self.get("/metrics")[1].decode()):
            if 'log="' not in labels or f'log="{log}"' in labels:
                with contextlib.suppress(ValueError):
                    values[name] = float(value)
        return values

    def sizes(self):
        """(events in the log, events in sealed segments); the second is None where the server does not say."""
        metrics = self.metrics()
        if "stele_log_size" not in metrics:
            raise BenchError("/metrics does not show stele_log_size")
        sealed = metrics.get("stele_log_sealed_size")
        return int(metrics["stele_log_size"]), None if sealed is None else int(sealed)

    def wait_until_indexed(self, events):
        """Until the index has so many, and no file was written or merged for a while."""
        before, since = None, time.monotonic()
        while time.monotonic() - since < 3:
            metrics = self.metrics()
            now = (metrics["stele_index_files"], metrics["stele_index_entries"])
            if now != before or now[1] < events:
                before, since = now, time.monotonic()
            time.sleep(0.1)

    def wait_until_sealed(self):
        """Waits until all but a tail shorter than a tile is sealed, or sealing rests.

        Returns (monotonic time of the last progress, events in the log, events sealed)."""
        size, sealed = self.sizes()
        progress = time.monotonic()
        while sealed is not None and size - sealed > _TAIL and time.monotonic() - progress < _STALLED_SECONDS:
            time.sleep(0.02)
            size, now_sealed = self.sizes()
            if now_sealed != sealed:
                sealed, progress = now_sealed, time.monotonic()
        return progress, size, sealed

    def stop(self):
        """SIGTERM and the wait for the drain; a server that does not end with 0 is an error."""
        code = self.server.stop(seconds=120)
        if code != 0:
            raise BenchError(f"stele serve ended with code {code} after SIGTERM\n{self.server.tail()}")

    def kill(self):
        self.server.stop(signal.SIGKILL)


@contextlib.contextmanager
def running(program, data, output, flags=()):
    """A started and ready server with further flags, stopped at the end whatever happens."""
    stele = Stele(program, data, output, flags)
    try:
        yield stele
    except BaseException:
        stele.kill()
        raise
    else:
        if stele.server.alive():
            stele.stop()


def version(program):
    done = subprocess.run([str(program), "version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().partition("\n")[0]


def ingest_path(batch, extra=""):
    """The door's path. Large batches ask for the short answer."""
    return "/api/v1/events?log=main&source=bench" + ("&results=range" if batch > 100 else "") + extra
