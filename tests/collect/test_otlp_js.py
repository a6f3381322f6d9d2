#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""Goal: OpenTelemetry's SDK for JavaScript exports logs as JSON and protobuf over HTTP and over gRPC, compressed or not, while the
server is killed and started again and while its log takes nothing: what it was told is stored is there, once. Over HTTP it tries
again, so that nothing is lost; its exporter over gRPC gives up at the first error, and the records with it."""

import json
import subprocess
import tempfile
import time
from pathlib import Path

from sdk import check_told
from server import Server, expect, expect_equal, free_port

PROGRAM = Path(__file__).with_name("otlp_sdk.mjs")
WAYS = [("http/json", "none"), ("http/json", "gzip"), ("http/protobuf", "gzip"), ("grpc", "none"), ("grpc", "gzip")]


class Servers:
    def __init__(self, work: Path):
        self.work = work
        self.number = 0

    def fresh(self) -> Server:
        self.number += 1
        folder = self.work / str(self.number)
        folder.mkdir()
        self.grpc = free_port()
        self.server = Server(folder, "--otlp-grpc", f"127.0.0.1:{self.grpc}")
        return self.server

    def url(self, way: str) -> str:
        return f"http://127.0.0.1:{self.grpc}" if way == "grpc" else self.server.url + "/v1/logs"

    def close(self) -> None:
        self.server.stop()
        self.server.verify()


def start(url: str, way: str, compression: str, load: bool) -> subprocess.Popen:
    given = json.dumps({"way": way, "url": url, "compression": compression, "load": load})
    return subprocess.Popen(["node", PROGRAM, given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def finish(client: subprocess.Popen) -> tuple[int, list]:
    """(records emitted, bodies of those that were acknowledged)"""
    try:
        out, _ = client.communicate(timeout=100)
    finally:
        client.kill()
    expect_equal(client.returncode, 0, "the exit code of the program")
    said = json.loads(out.splitlines()[-1])
    return said["sent"], said["told"]


def check_values(servers: Servers, way: str, compression: str) -> None:
    server = servers.fresh()
    sent, told = finish(start(servers.url(way), way, compression, False))
    expect_equal(len(told), sent, f"records that were acknowledged over {way}")
    first, second = server.entries()
    event, attributes = first["event"], first["event"]["attributes"]
    expect_equal(event["time"], "2025-11-23T15:59:59.998000001Z", f"time over {way}")
    expect_equal(event["actor"], {"type": "user", "id": "u_42", "email": "ada@example.com"}, "actor")
    expect_equal((event["action"], event["outcome"], event["severity"], event["message"]),
                 ("customer.export", "success", "warning", "exported"), "what was done")
    expect_equal((event["origin"], event["context"]["session"]), ({"ip": "203.0.113.9"}, "s1"), "origin and session")
    expect_equal((attributes["rows"], attributes["ratio"], attributes["ok"], attributes["tags"], attributes["large"]),
                 (4200, 0.5, True, ["a", "b"], 9007199254740991), "values")
    expect_equal(attributes["bytes"], {"$base64": "/wA="}, "bytes")
    expect_equal(attributes["nested"], {"$literal": {"$ref": "x"}}, "a reserved object")
    expect_equal(attributes["otel"]["resource"]["service.name"], "shop-js", "resource")
    expect_equal(second["event"]["actor"], {"type": "service", "id": "shop-js"}, "a service acts where no user is named")
    expect("a map" in json.dumps(second["event"]), f"a body that is a map: {second['event']}")
    expect_equal(first["source"]["kind"], "otlp", "kind of source")
    servers.close()


def check_load(servers: Servers, way: str, disturb) -> None:
    server = servers.fresh()
    client = start(servers.url(way), way, "none", True)
    deadline = time.time() + 30
    while not server.entries():
        expect(time.time() < deadline, f"nothing comes over {way}")
        time.sleep(0.05)
    disturb(server)
    sent, told = finish(client)
    check_told(server, told, 100)
    if way != "grpc":
        expect_equal(len(told), sent, f"records acknowledged over {way}, of those emitted")
    print(f"{way}, {disturb.__name__}: {sent} emitted, {len(told)} acknowledged and stored")
    servers.close()


def killed(server: Server) -> None:
    for _ in range(3):
        time.sleep(0.5)
        server.kill()
        server.start()
    time.sleep(0.5)


def stopped(server: Server) -> None:
    """The answers are 503 and UNAVAILABLE, with a word on when to try again."""
    with server.stopped():
        time.sleep(1)
    time.sleep(0.5)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stele-otlp-js-") as work:
        servers = Servers(Path(work))
        for way, compression in WAYS:
            check_values(servers, way, compression)
        for way in ("http/json", "http/protobuf", "grpc"):
            for disturb in (killed, stopped):
                check_load(servers, way, disturb)


if __name__ == "__main__":
    main()
