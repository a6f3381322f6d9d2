#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""Goal: the gRPC door under clients that are slow, that leave, that send what is none or far too much, and while the log takes
nothing: each is told in gRPC's words, others are served meanwhile, and what was answered OK is stored once. Over TLS the door
serves other machines, with their certificates where it asks for them, and lets them write and no more.

Other machines are played by an address of a network namespace of our own, which needs root or a kernel that lets users have one."""

import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from raw_http2 import CANCEL, RST_STREAM, Http2, frame, message
from server import Server, expect, expect_equal, free_port

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
INSIDE = "STELE_GRPC_TEST_INSIDE"  # set once this runs in a network namespace of its own
ELSEWHERE = "203.0.113.1"          # an address there that is not this machine's loopback
MIB = 1 << 20


def enter_namespace() -> None:
    """Starts this script again in a namespace; returns when that is not allowed."""
    for flags in (["--net"], ["--net", "--map-root-user"]):
        if subprocess.run(["unshare", *flags, "true"], capture_output=True, check=False).returncode == 0:
            os.environ[INSIDE] = "1"
            os.execvp("unshare", ["unshare", *flags, sys.executable, *sys.argv])


def request(*bodies: str) -> bytes:
    made = ExportLogsServiceRequest()
    logs = made.resource_logs.add()
    logs.resource.attributes.add(key="service.name").value.string_value = "billing"
    records = logs.scope_logs.add().log_records
    for body in bodies:
        records.add(time_unix_nano=5).body.string_value = body
    return made.SerializeToString()


def export(channel: grpc.Channel):
    return channel.unary_unary(EXPORT, request_serializer=None, response_deserializer=None)


def call(channel: grpc.Channel, content: bytes, compression=None, token: str = "") -> tuple[grpc.StatusCode, grpc.RpcError | None]:
    try:
        shown = [("authorization", f"Bearer {token}")] if token else None
        export(channel)(content, timeout=60, compression=compression, metadata=shown)
        return grpc.StatusCode.OK, None
    except grpc.RpcError as error:
        return error.code(), error


def retry_seconds(error: grpc.RpcError) -> int:
    """Of the RetryInfo that stands among the details of the status."""
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    status, info = Status.FromString(details), RetryInfo()
    expect_equal(status.code, error.code().value[0], "the code within the status")
    expect(any(one.Unpack(info) for one in status.details), "there is a RetryInfo")
    return info.retry_delay.seconds


def bodies(server: Server) -> list[str]:
    return [str(one["event"].get("message")) for one in server.entries()]


def memory_peak(server: Server) -> int:
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024


def check_slow(server: Server, port: int, channel: grpc.Channel) -> None:
    """A message that does not come to its end takes the call's time, and not the door's."""
    slow, silent = Http2(port), socket.create_connection(("127.0.0.1", port), timeout=30)
    slow.begin(EXPORT)
    slow.data(message(request("slow"))[:20])
    began = time.monotonic()
    expect_equal(call(channel, request("meanwhile"))[0], grpc.StatusCode.OK, "a call while another is slow")
    expect(slow.ended(), "the slow call is ended, its connection is not")
    took = time.monotonic() - began
    expect(1 < took < 20, f"the slow call was ended after {took:.1f} s, with two seconds allowed")
    slow.begin(EXPORT, 3)
    for byte in message(request("in pieces")):
        slow.data(bytes([byte]), stream=3)
    slow.data(b"", last=True, stream=3)
    expect(slow.ended(3), "a call in pieces is answered")
    expect_equal(silent.recv(10_000)[3:4], b"\x04", "the server's settings come first")
    while silent.recv(10_000):
        pass  # at its end it has hung up
    made = bodies(server)
    expect("meanwhile" in made and "in pieces" in made and "slow" not in made, f"what is stored: {made[-5:]}")


def check_cancels(server: Server, port: int, channel: grpc.Channel) -> None:
    """Calls that their clients give up, at any moment: what was answered is there, once, and nothing twice."""
    rng = random.Random(7)
    told = []
    for number in range(300):
        future = export(channel).future(request(f"cancelled {number}"), timeout=60)
        if rng.random() < 0.9:
            time.sleep(rng.random() * 0.002)
            future.cancel()
        try:
            future.result()
            told.append(f"cancelled {number}")
        except (grpc.RpcError, grpc.FutureCancelledError):
            pass
    for cut in range(0, 60, 3):
        client = Http2(port)
        client.begin(EXPORT)
        client.data(message(request("reset"))[:cut])
        client.send(frame(RST_STREAM, 0, 1, CANCEL.to_bytes(4, "big")))
        client.socket.close()
    expect_equal(call(channel, request("after the cancelled"))[0], grpc.StatusCode.OK, "a call after many that were cancelled")
    made = [one for one in bodies(server) if one.startswith("cancelled ")]
    expect(set(told) <= set(made) and len(made) == len(set(made)) and len(told) > 0, f"{len(told)} answered, {len(made)} stored")


def check_malformed(server: Server, port: int, channel: grpc.Channel) -> None:
    for garbage in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01" + bytes(200), bytes(range(256)) * 40):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            try:
                client.sendall(garbage)
                client.shutdown(socket.SHUT_WR)
                while client.recv(10_000):
                    pass
            except OSError:
                pass  # it has hung up before
    for content in (b"", b"\0", message(request("too short"), 5000), message(b"", 0xFFFFFFFF)):
        client = Http2(port)
        client.begin(EXPORT)
        client.data(content, last=True)
        expect(client.ended(), f"a call with {content[:10]!r} is ended")
    rng = random.Random(5)
    whole = request(*(f"mutant {n}" for n in range(3)))
    counts: dict[str, int] = {}
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        code, error = call(channel, bytes(content[:rng.randrange(len(content) + 1)] if rng.random() < 0.3 else content))
        expect(code in (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT), f"a changed message is answered {code}: {error}")
        counts[code.name] = counts.get(code.name, 0) + 1
    expect(counts.get("INVALID_ARGUMENT", 0) > 10, f"answers to changed messages: {counts}")


def check_sizes(server: Server, channel: grpc.Channel) -> None:
    """Limits hold for what is sent, for what it becomes, and for what is under way together."""
    code, _ = call(channel, request("x" * (17 * MIB)))
    expect_equal(code, grpc.StatusCode.RESOURCE_EXHAUSTED, "a message over the limit")
    code, _ = call(channel, request("x" * (17 * MIB)), grpc.Compression.Gzip)
    expect_equal(code, grpc.StatusCode.OK, "a message that is compressed to less than the limit")
    expect_equal(server.entries()[-1]["event"]["action"], "stele.quarantined", "its record is longer than an entry")
    before = memory_peak(server)
    code, error = call(channel, bytes(600 * MIB), grpc.Compression.Gzip)
    expect_equal(code, grpc.StatusCode.INVALID_ARGUMENT, "what becomes far longer than the limit")
    grown = memory_peak(server) - before
    expect(grown < 450 * MIB, f"a small message that becomes 600 MiB took {grown} bytes of memory")
    code, error = call(channel, request("deflated"), grpc.Compression.Deflate)
    expect_equal(code, grpc.StatusCode.UNIMPLEMENTED, "a compression that is not taken")


def check_busy(server: Server, channel: grpc.Channel) -> None:
    """UNAVAILABLE, with the time after which to come again: then clients do."""
    with server.stopped():
        code, error = call(channel, request("while it was stopped"))
        expect_equal(code, grpc.StatusCode.UNAVAILABLE, "a log that takes nothing")
        expect_equal(retry_seconds(error), 5, "seconds to wait")
    expect_equal(call(channel, request("while it was stopped"))[0], grpc.StatusCode.OK, "the same, once it takes events again")

    answers: list[tuple[int, grpc.StatusCode]] = []

    def send(number: int) -> None:
        code, error = call(channel, request(*(f"large {number}.{n} " + "x" * 6_000 for n in range(1600))))
        if error is not None:
            expect_equal(retry_seconds(error), 1, "seconds to wait for others")
        answers.append((number, code))

    for first in range(0, 160, 16):  # on a busy machine they may come one after another: then once more
        threads = [threading.Thread(target=send, args=(number,)) for number in range(first, first + 16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if any(code != grpc.StatusCode.OK for _, code in answers):
            break
    codes = {code for _, code in answers}
    expect_equal(codes, {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}, "answers to many large messages at once")
    stored = {one.split()[1] for one in bodies(server) if one.startswith("large ")}
    wanted = {f"{number}.{n}" for number, code in answers if code == grpc.StatusCode.OK for n in range(1600)}
    expect(stored == wanted, f"{len(stored)} records are stored, {len(wanted)} were acknowledged")


def make_certificates(work: Path) -> None:
    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=work, check=True, capture_output=True)

    for name in ("ca", "other-ca"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
                "-out", f"{name}.pem")
    (work / "names").write_text(f"subjectAltName=DNS:localhost,IP:127.0.0.1,IP:{ELSEWHERE}\n")
    for name, authority in (("server", "ca"), ("client", "ca"), ("stranger", "other-ca")):
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", f"{name}.pem")


def over_tls(work: Path, where: str, client: str = "", authority: str = "ca", token: str = "") -> grpc.StatusCode:
    key, chain = ((work / f"{client}.{end}").read_bytes() if client else None for end in ("key", "pem"))
    credentials = grpc.ssl_channel_credentials((work / f"{authority}.pem").read_bytes(), key, chain)
    with grpc.secure_channel(where, credentials) as channel:
        return call(channel, request(f"by {client or 'nobody'}"), token=token)[0]


def check_tls(work: Path) -> None:
    make_certificates(work)
    home = ELSEWHERE if INSIDE in os.environ else "127.0.0.1"
    port = free_port()
    flags = ["--otlp-grpc-tls", f"{home}:{port}", "--tls-certificate", str(work / "server.pem"), "--tls-key", str(work / "server.key")]
    server = Server(work, *flags)
    if home == ELSEWHERE:
        expect_equal(over_tls(work, f"{home}:{port}"), grpc.StatusCode.UNAUTHENTICATED, "a client that shows nothing")
    token = subprocess.run([os.environ["STELE_BIN"], "token", "create", "--data", str(server.data), "--role", "writer", "--name", "x"],
                           capture_output=True, text=True, check=True).stdout.strip()
    expect_equal(over_tls(work, f"{home}:{port}", token=token), grpc.StatusCode.OK, "a client that knows the authority")
    expect_equal(over_tls(work, f"{home}:{port}", authority="other-ca"), grpc.StatusCode.UNAVAILABLE, "one that trusts another")
    with grpc.insecure_channel(f"{home}:{port}") as channel:
        expect_equal(call(channel, request("in the clear"))[0], grpc.StatusCode.UNAVAILABLE, "a client without TLS")
    for version, wanted in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
        done = subprocess.run(["openssl", "s_client", "-connect", f"{home}:{port}", version, "-alpn", "h2", "-cipher",
                               "DEFAULT@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        expect_equal(b"BEGIN CERTIFICATE" in done.stdout, wanted, f"a handshake with {version}")
    expect_equal(bodies(server), ["by nobody"], "what is stored")
    expect(server.entries()[0]["source"]["peer"].startswith(f"{home}:"), "the peer is the one who called")
    server.stop()

    server.flags = (*flags, "--tls-client-ca", str(work / "ca.pem"))
    server.start()
    for client, wanted in (("", grpc.StatusCode.UNAVAILABLE), ("stranger", grpc.StatusCode.UNAVAILABLE), ("client", grpc.StatusCode.OK)):
        expect_equal(over_tls(work, f"{home}:{port}", client), wanted, f"where a certificate is asked for, one of {client or 'nobody'}")
    expect_equal(bodies(server), ["by nobody", "by client"], "what is stored")
    server.stop()
    server.verify()

    if home == ELSEWHERE:
        server.flags = ("--otlp-grpc", f"{home}:{port}", "--allow-remote", "true")
        server.start()
        with grpc.insecure_channel(f"{home}:{port}") as channel:
            expect_equal(call(channel, request("opened in words"), token=token)[0], grpc.StatusCode.OK, "a door opened without TLS")
        server.stop()
    for flag, value, words in (("--tls-key", "/dev/null", "the TLS key"), ("--tls-certificate", str(work / "names"), "the TLS certificate"),
                               ("--tls-client-ca", str(work / "names"), "the certificate authority")):
        done = subprocess.run([os.environ["STELE_BIN"], "serve", "--data", str(server.data), "--listen", "127.0.0.1:0", *flags, flag,
                               value], capture_output=True, text=True, timeout=60)
        expect(done.returncode == 2 and words in done.stderr, f"{flag} {value} is refused with its reason: {done.stderr}")
    if home != ELSEWHERE:
        print("no network namespace of our own: other machines were not played")


def main() -> None:
    if INSIDE not in os.environ:
        enter_namespace()
    else:
        for words in ("link set lo up", f"address add {ELSEWHERE}/32 dev lo"):
            subprocess.run(["ip", *words.split()], check=True)
    with tempfile.TemporaryDirectory(prefix="stele-grpc-door-") as folder:
        work = Path(folder)
        port = free_port()
        flags = ("--otlp-grpc", f"127.0.0.1:{port}", "--body-bytes", str(16 * MIB), "--bodies-bytes", str(20 * MIB))
        server = Server(work, *flags, "--request-seconds", "2")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            for check in (check_cancels, check_malformed, check_slow):
                check(server, port, channel)
            check_sizes(server, channel)
        server.stop()
        server.flags = flags
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            check_busy(server, channel)
        expect(server.process.poll() is None, "the server lives")
        server.stop()
        server.verify()
        (work / "tls").mkdir()
        check_tls(work / "tls")


if __name__ == "__main__":
    main()
