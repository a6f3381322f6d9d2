"""The HTTP door from outside: whole requests by http.client, and raw bytes where http.client is too polite."""

import gzip
import http.client
import json
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from harness import PATIENCE, CommandTest, Server, event, wait_until  # noqa: E402
from receipts import Key  # noqa: E402


class Answer:
    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Raw:
    """A connection that sends exactly the bytes it is told to."""

    def __init__(self, address: str, seconds: float = PATIENCE):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data: bytes) -> bool:
        """False when the server has hung up."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def _fill(self) -> bool:
        try:
            piece = self.socket.recv(1 << 16)
        except ConnectionResetError:
            return False
        self.pending += piece
        return bool(piece)

    def read_until(self, mark: bytes) -> bytes:
        """Everything up to and with the mark; less when the connection ends before."""
        while mark not in self.pending:
            if not self._fill():
                out, self.pending = self.pending, b""
                return out
        end = self.pending.index(mark) + len(mark)
        out, self.pending = self.pending[:end], self.pending[end:]
        return out

    def read(self, count: int) -> bytes:
        while len(self.pending) < count and self._fill():
            pass
        out, self.pending = self.pending[:count], self.pending[count:]
        return out

    def rest(self) -> bytes:
        while self._fill():
            pass
        out, self.pending = self.pending, b""
        return out

    def head(self) -> Answer | None:
        """Status and headers; nothing when the connection ends before."""
        head = self.read_until(b"\r\n\r\n")
        if not head.endswith(b"\r\n\r\n"):
            return None
        line, _, fields = head.partition(b"\r\n")
        version, status, _ = line.decode().split(" ", 2)
        if version != "HTTP/1.1":
            raise AssertionError(f"not an answer of HTTP/1.1: {line!r}")
        headers = http.client.HTTPMessage()
        for field in fields.decode().split("\r\n"):
            if field:
                name, value = field.split(": ", 1)
                headers[name] = value
        return Answer(int(status), headers, b"")

    def answer(self) -> Answer | None:
        """One whole answer, its length as it said itself."""
        answer = self.head()
        if answer and answer.headers["Content-Length"]:
            length = int(answer.headers["Content-Length"])
            answer.body = self.read(length)
            if len(answer.body) != length:
                raise AssertionError(f"an answer of {length} bytes ended after {len(answer.body)}")
        return answer

    def closed(self, seconds: float) -> bool:
        """Whether the server closes within this time; what it sends before is dropped."""
        end = time.monotonic() + seconds
        left = seconds
        while left > 0:  # so that it looks once, however slow this is
            self.socket.settimeout(left)
            try:
                if not self._fill():
                    return True
            except TimeoutError:
                break
            left = end - time.monotonic()
        return False


class Stream:
    """Server-sent events as they come."""

    def __init__(self, address: str, target: str, headers: dict | None = None):
        self.raw = Raw(address)
        fields = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self.raw.send(f"GET {target} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n".encode())
        self.head = self.raw.head()
        self.text = b""

    def next(self) -> tuple[int, bytes]:
        """The next event's id and data."""
        while b"\n\n" not in self.text:
            size = int(self.raw.read_until(b"\r\n"), 16)
            if size == 0:
                raise EOFError("the stream has ended")
            self.text += self.raw.read(size + 2)[:-2]
        one, _, self.text = self.text.partition(b"\n\n")
        if one.startswith(b":"):
            return self.next()
        first, data = one.split(b"\n")
        if not first.startswith(b"id: ") or not data.startswith(b"data: "):
            raise AssertionError(f"not an event: {one!r}")
        return int(first[4:]), data[6:]

    def take(self, count: int) -> list[tuple[int, bytes]]:
        return [self.next() for _ in range(count)]

    def close(self):
        self.raw.close()


def zstd(data: bytes) -> bytes:
    """A zstd frame (RFC 8878) of raw blocks: nothing but the Python library is needed to write one."""
    blocks = [data[at:at + 100_000] for at in range(0, len(data), 100_000)] or [b""]
    out = b"\x28\xb5\x2f\xfd" + b"\xa0" + struct.pack("<I", len(data))  # one segment, its size in four bytes
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        out += struct.pack("<I", len(block) << 3 | last)[:3] + block
    return out


def zstd_bomb(size: int) -> bytes:
    """A frame of `size` spaces in blocks of four bytes each."""
    out = b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x58"  # a window of 2 MiB
    step = 128 * 1024
    for left in range(size, 0, -step):
        out += struct.pack("<I", min(left, step) << 3 | 1 << 1 | (left <= step))[:3] + b" "
    return out


def gzip_bomb(size: int) -> bytes:
    return gzip.compress(b" " * size, 9)


class DoorTest(CommandTest):
    """Cases of one class share a server, and each takes a source of its own."""

    options: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.server = Server(Path(folder.name) / "data", *cls.options)
        cls.addClassCleanup(cls.server.end)
        cls.address = cls.server.address

    def setUp(self):
        super().setUp()
        self.source = self.id().rsplit(".", 1)[1]

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), "the server has ended")

    def ask(self, method: str, target: str, body: bytes | None = None, headers: dict | None = None,
            address: str | None = None) -> Answer:
        host, port = (address or self.address).rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, target: str, **kwargs) -> Answer:
        return self.ask("GET", target, **kwargs)

    def post(self, body, query: str = "", headers: dict | None = None, status: int | None = 200, **kwargs) -> Answer:
        """Sends events: bytes as they are, anything else as JSON; the answer has this status."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        target = f"/api/v1/events?source={kwargs.pop('source', self.source)}" + (f"&{query}" if query else "")
        answer = self.ask("POST", target, data, headers, **kwargs)
        if status is not None:
            self.assertEqual(answer.status, status, answer.body[:1000])
        return answer

    def assert_error(self, answer: Answer, status: int, code: str, *words: str):
        """The one form that every error of the door has."""
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertEqual(list(answer.json), ["error"])
        self.assertEqual(sorted(answer.json["error"]), ["code", "message"])
        self.assertEqual(answer.json["error"]["code"], code)
        for word in words:
            self.assertIn(word, answer.json["error"]["message"])

    def key(self, address: str | None = None) -> Key:
        return Key(self.get("/log/main/key", address=address).text)

    def size(self) -> int:
        return self.get("/api/v1/status").json["logs"][0]["size"]

    def metric(self, name: str) -> int:
        for line in self.get("/metrics").text.splitlines():
            if line.startswith((name + " ", name + "{")):
                return int(line.rsplit(" ", 1)[1])
        raise AssertionError(f"there is no metric {name}")

    def published(self, size: int) -> str:
        """The published checkpoint, once it covers this many entries."""
        def covers():
            note = self.get("/log/main/checkpoint").text
            return int(note.split("\n")[1]) >= size and note
        return wait_until(covers, f"a published checkpoint of {size} entries")


__all__ = ["PATIENCE", "Answer", "DoorTest", "Key", "Raw", "Server", "Stream", "event", "gzip_bomb", "wait_until", "zstd",
           "zstd_bomb"]
