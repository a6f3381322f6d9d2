"""As much of HTTP/2 (RFC 9113) as a client needs that misbehaves: one gRPC call whose frames are sent by hand."""

import socket
import struct

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4
CANCEL = 8


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def headers(fields: dict[str, str]) -> bytes:
    """Literal fields without indexing or Huffman codes (RFC 7541 section 6.2.2); none longer than 126 bytes."""
    return b"".join(b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
                    for name, value in fields.items())


def message(content: bytes, length: int | None = None) -> bytes:
    """As gRPC frames it, with another length than its own if one is given."""
    return struct.pack(">BI", 0, len(content) if length is None else length) + content


class Http2:
    def __init__(self, port: int, connection: socket.socket | None = None):
        self.socket = connection or socket.create_connection(("127.0.0.1", port), timeout=30)
        self.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0))
        self.received = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def begin(self, method: str, stream: int = 1) -> None:
        self.send(frame(HEADERS, END_HEADERS, stream, headers(
            {":method": "POST", ":scheme": "http", ":path": method, ":authority": "localhost", "content-type": "application/grpc",
             "te": "trailers"})))

    def data(self, content: bytes, last: bool = False, stream: int = 1) -> None:
        self.send(frame(DATA, END_STREAM if last else 0, stream, content))

    def next_frame(self) -> tuple[int, int, int] | None:
        """(kind, flags, stream), or nothing when the server has hung up."""
        while True:
            if len(self.received) >= 9:
                size = int.from_bytes(self.received[:3], "big")
                if len(self.received) >= 9 + size:
                    kind, flags, stream = struct.unpack(">BBI", self.received[3:9])
                    self.received = self.received[9 + size:]
                    return kind, flags, stream
            try:
                more = self.socket.recv(65_536)
            except ConnectionError:
                more = b""
            if not more:
                return None
            self.received += more

    def ended(self, stream: int = 1) -> bool:
        """Waits until the server has ended the stream (true), or the connection (false)."""
        while got := self.next_frame():
            kind, flags, of = got
            if of == stream and (kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM)):
                return True
        return False
