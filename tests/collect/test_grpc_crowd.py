#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""Goal: a crowd at the gRPC door keeps nobody out and takes no more descriptors than `connections` allows, whatever it does there:
those who are silent, who say hello and no more, who begin a call and send nothing, who call without a pause, and who send what is
urgent. A connection takes two descriptors and gives both back however it ends. Whoever shows no token is told so before his message
is read, whatever he calls.

Networks are played by addresses of this machine's loopback: 127.0.N.1 is of another /24 for each N."""

import re
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from raw_http2 import Http2, message
from server import STELE, Server, expect, expect_equal, free_port

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
MOST = 16  # connections
MIB = 1 << 20


def request(body: str) -> bytes:
    made = ExportLogsServiceRequest()
    made.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=5).body.string_value = body
    return made.SerializeToString()


def status(channel: grpc.Channel, content: bytes, token: str, method: str = EXPORT) -> grpc.StatusCode:
    try:
        shown = [("authorization", f"Bearer {token}")] if token else None
        channel.unary_unary(method)(content, timeout=60, metadata=shown)
        return grpc.StatusCode.OK
    except grpc.RpcError as error:
        return error.code()


def heard(port: int, body: str, token: str) -> bool:
    """As clients do it: one that was ended for another, or found all at work, comes again after a while."""
    for _ in range(10):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            code = status(channel, request(body), token)
        if code != grpc.StatusCode.UNAVAILABLE:
            return code == grpc.StatusCode.OK
        time.sleep(0.3)
    return False


def metric(server: Server, name: str) -> int:
    return int(re.search(rf"^{name} (\d+)$", server.get("/metrics")[1].decode(), re.MULTILINE)[1])


def descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def until(holds, what: str) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        expect(time.monotonic() < deadline, f"{what} within a minute")
        time.sleep(0.05)


def opened(port: int, network: int = 0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(f"127.0.{network}.1", 0))


def silent(port: int, network: int) -> list:
    return [opened(port, network)]


def greets(port: int, network: int) -> list:
    client = Http2(port, opened(port, network))
    client.next_frame()
    return [client]


def begins(port: int, network: int) -> list:
    client = Http2(port, opened(port, network))
    client.begin(EXPORT)
    client.data(message(request("half"))[:9])
    client.next_frame()
    return [client]


def calls(port: int, network: int) -> list:
    """Again and again, without a token; each is answered."""
    client = Http2(port, opened(port, network))
    for stream in range(1, 41, 2):
        client.begin(EXPORT, stream)
        client.data(message(request("x")), last=True, stream=stream)
    return [client]


def urges(port: int, network: int) -> list:
    client = Http2(port, opened(port, network))
    client.socket.send(b"!", socket.MSG_OOB)
    client.next_frame()
    return [client]


def check_crowds(server: Server, port: int, token: str) -> None:
    before = descriptors(server)
    told = 0
    for crowd in (silent, greets, begins, calls, urges):
        for networks in (1, 40):
            kept = []
            for number in range(4 * MOST):
                try:
                    kept += crowd(port, 10 + number % networks)
                except OSError:
                    pass  # it was closed for another
                if number % MOST == 0:
                    expect(heard(port, f"told {told}", token),
                           f"a call is heard beside {number + 1} of {crowd.__name__} from {networks} networks")
                    told += 1
                expect(metric(server, "stele_grpc_connections") <= MOST, "the limit holds")
            # gRPC lets go of its own descriptor a moment after the connection was ended.
            until(lambda: descriptors(server) <= before + 2 * MOST + 8, "no more descriptors than the limit")
            for one in kept:
                getattr(one, "socket", one).close()
    expect(metric(server, "stele_grpc_gave_way_total") > 100, "others made room")
    until(lambda: metric(server, "stele_grpc_connections") == 0, "all places are free")
    until(lambda: descriptors(server) <= before, f"all descriptors are given back of {before}")
    stored = [one["event"].get("message") for one in server.entries()]
    expect_equal([one for one in stored if one.startswith("told")], [f"told {number}" for number in range(told)], "what is stored")


def check_crowd_beside_work(server: Server, port: int, token: str) -> None:
    """Who writes all the time is not cut off by the crowd of one network."""
    over = threading.Event()
    codes: list[grpc.StatusCode] = []

    def write() -> None:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            while not over.is_set():
                codes.append(status(channel, request(f"beside {len(codes)} " + "x" * 100_000), token))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until(lambda: len(codes) > 2, "the first calls")
        for _ in range(10 * MOST):
            try:
                greets(port, 77)
            except OSError:
                pass
    finally:
        over.set()
        writer.join()
    expect_equal(set(codes), {grpc.StatusCode.OK}, "answers to who writes")


def check_ends(server: Server, port: int) -> None:
    """However a connection ends, its place and both of its descriptors are free."""
    before = descriptors(server)

    def resets(client: socket.socket) -> None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    def half_closes(client: socket.socket) -> None:
        client.shutdown(socket.SHUT_WR)
        while client.recv(10_000):
            pass
        client.close()

    def talks_nonsense(client: socket.socket) -> None:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        half_closes(client)

    def waits(client: socket.socket) -> None:
        while client.recv(10_000):
            pass  # it is silent for too long
        client.close()

    for end in (socket.socket.close, resets, half_closes, talks_nonsense, waits):
        clients = [opened(port) for _ in range(4)]
        until(lambda: metric(server, "stele_grpc_connections") == 4, "four connections")
        for client in clients:
            end(client)
        until(lambda: metric(server, "stele_grpc_connections") == 0, f"the places are free of who {end.__name__}")
        until(lambda: descriptors(server) <= before, f"the descriptors are given back of who {end.__name__}")


def check_second_server(work: Path, port: int) -> None:
    done = subprocess.run([STELE, "serve", "--data", str(work / "second"), "--listen", "127.0.0.1:0", "--otlp-grpc", f"127.0.0.1:{port}"],
                          capture_output=True, text=True, timeout=60)
    expect(done.returncode == 2 and f"cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr,
           f"a port that is taken is named: {done.returncode} {done.stderr}")


def check_strangers(server: Server, port: int, token: str) -> None:
    unknown = EXPORT.replace("Logs", "Trace")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        for method in (EXPORT, unknown, "/api/v1/events", "/%00", "/healthz"):
            expect_equal(status(channel, request("stranger"), "", method), grpc.StatusCode.UNAUTHENTICATED, f"{method} without a token")
        expect_equal(status(channel, request("no method"), token, unknown), grpc.StatusCode.UNIMPLEMENTED, "no such method")
        expect_equal(status(channel, request("no method"), token, "/api/v1/events"), grpc.StatusCode.UNIMPLEMENTED, "a path of HTTP")
        expect_equal(status(channel, request("known"), token), grpc.StatusCode.OK, "one with a token")
    # Before his message is there: he is answered while he has sent a part of it.
    client = Http2(port)
    client.begin(EXPORT)
    client.data(message(bytes(MIB))[:1000])
    began = time.monotonic()
    expect(client.ended(), "a stranger's call is ended")
    expect(time.monotonic() - began < 15, "without waiting for his message")


def check_what_strangers_left(server: Server) -> None:
    stored = [one["event"].get("message") for one in server.entries()]
    expect("known" in stored and "stranger" not in stored and "no method" not in stored, f"what is stored: {stored[-5:]}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stele-grpc-crowd-") as folder:
        port = free_port()
        server = Server(Path(folder), "--otlp-grpc", f"127.0.0.1:{port}", "--connections", str(MOST), "--idle-seconds", "120")
        token = server.make_token("writer")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            expect_equal(status(channel, request("first"), token), grpc.StatusCode.OK, "the first call, for which files are opened")
        until(lambda: metric(server, "stele_grpc_connections") == 0, "its end")
        check_second_server(Path(folder), port)
        check_crowds(server, port, token)
        check_crowd_beside_work(server, port, token)
        server.stop()
        server.flags = (*server.flags[:-1], "6")
        server.start()
        check_ends(server, port)
        server.stop()
        server.flags = (*server.flags, "--loopback-role", "")
        server.start()
        check_strangers(server, port, token)
        server.stop()
        server.flags = server.flags[:-2]
        server.start()
        check_what_strangers_left(server)
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
