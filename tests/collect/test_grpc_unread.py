#!/usr/bin/env python3
# ctest: TIMEOUT 400
"""Goal: those who call and read no answer, until no more of their answers fit, keep nobody out of the gRPC door and hold up no stop,
for which the library itself would wait without end."""

import socket
import tempfile
from pathlib import Path

from raw_http2 import Http2, message
from server import Server, expect, free_port
from test_grpc_crowd import EXPORT, heard, request

FEW = 4  # connections


def reads_nothing(port: int, network: int) -> socket.socket:
    """Calls until nobody takes more of it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(0.3)
    client.bind((f"127.0.{network}.1", 0))
    client.connect(("127.0.0.1", port))
    calling = Http2(port, client)
    try:
        for stream in range(1, 40_000, 2):
            calling.begin(EXPORT, stream)
            calling.data(message(request("x")), last=True, stream=stream)
    except OSError:
        pass
    return client


def check_who_reads_nothing(server: Server, port: int, token: str) -> None:
    kept = [reads_nothing(port, 30 + number) for number in range(FEW)]
    for number in range(3):
        expect(heard(port, f"spoken {number}", token), "a call is heard beside those who read nothing")
    kept += [reads_nothing(port, 30 + number) for number in range(FEW)]
    server.stop()  # which fails after a minute
    for client in kept:
        client.close()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stele-grpc-unread-") as folder:
        port = free_port()
        server = Server(Path(folder), "--otlp-grpc", f"127.0.0.1:{port}", "--loopback-role", "", "--connections", str(FEW))
        check_who_reads_nothing(server, port, server.make_token("writer"))
        server.verify()


if __name__ == "__main__":
    main()
