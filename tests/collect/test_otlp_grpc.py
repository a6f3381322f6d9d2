#!/usr/bin/env python3
# ctest: TIMEOUT 180
"""Goal: OpenTelemetry's own SDK exports logs over gRPC, compressed or not, while the server is killed and started again: what it
was told is stored is there, once. A request that is none is refused in gRPC's words, and a stopped log asks for patience."""

import logging
import subprocess
import tempfile
import time
from pathlib import Path

import grpc
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from sdk import check_told, noting
from server import STELE, Server, expect, expect_equal, free_port

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


def call(port: int, method: str, message: bytes, compression=None, metadata=()) -> tuple[grpc.StatusCode, str, bytes]:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        unary = channel.unary_unary(method, request_serializer=None, response_deserializer=None)
        try:
            return grpc.StatusCode.OK, "", unary(message, timeout=20, compression=compression, metadata=metadata)
        except grpc.RpcError as error:
            return error.code(), error.details(), b""


def check_calls(server: Server, port: int) -> None:
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add()
    logs.resource.attributes.add(key="service.name").value.string_value = "billing"
    logs.scope_logs.add().log_records.add(time_unix_nano=5, event_name="a.b").body.string_value = "one"
    message = request.SerializeToString()
    for compression in (None, grpc.Compression.Gzip, None):
        code, _, answer = call(port, EXPORT, message, compression)
        expect_equal((code, answer), (grpc.StatusCode.OK, b""), "a request is taken")
        expect_equal(ExportLogsServiceResponse.FromString(answer), ExportLogsServiceResponse(), "full success")
    entry = server.entries()[-1]
    expect_equal(len(server.entries()), 1, "entries of a request that came three times")
    expect_equal((entry["event"]["action"], entry["event"]["actor"]["id"]), ("a.b", "billing"), "the event")
    expect(entry["source"]["peer"].startswith("127.0.0.1:"), f"the peer is {entry['source']['peer']}")
    expect_equal(call(port, EXPORT, b"\xff\xff")[0], grpc.StatusCode.INVALID_ARGUMENT, "no request")
    expect("ExportLogsServiceRequest" in call(port, EXPORT, b"\xff\xff")[1], "and why")
    expect_equal(call(port, "/a.b/C", message)[0], grpc.StatusCode.UNIMPLEMENTED, "no method")
    expect_equal(call(port, EXPORT, b"")[0], grpc.StatusCode.OK, "an empty request")
    expect_equal(call(port, EXPORT, b"\0" * (33 << 20))[0], grpc.StatusCode.RESOURCE_EXHAUSTED, "a message over the limit")


def check_tokens(server: Server, port: int) -> None:
    """The metadata `authorization` decides, as the header of HTTP does."""
    def shown(token: str) -> grpc.StatusCode:
        return call(port, EXPORT, b"", metadata=(("authorization", f"Bearer {token}"),))[0]

    def made(role: str) -> str:
        return subprocess.run([STELE, "token", "create", "--data", str(server.data), "--role", role, "--name", role],
                              capture_output=True, text=True, check=True).stdout.strip()

    expect_equal(shown(made("writer")), grpc.StatusCode.OK, "a writer")
    expect_equal(shown(made("reader")), grpc.StatusCode.PERMISSION_DENIED, "a reader")
    expect_equal(shown("stele_x"), grpc.StatusCode.UNAUTHENTICATED, "no token")


def check_kills(server: Server, port: int) -> None:
    told: list[str] = []
    exporter = OTLPLogExporter(endpoint=f"127.0.0.1:{port}", insecure=True)
    provider = LoggerProvider(resource=Resource.create({"service.name": "load"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(noting(exporter, told), schedule_delay_millis=50, max_export_batch_size=100))
    logger = provider.get_logger("load")
    number = 0
    for _ in range(4):
        until = time.time() + 0.6
        while time.time() < until:
            logger.emit(LogRecord(timestamp=time.time_ns(), body=f"number {number}"))
            number += 1
            time.sleep(0.0005)
        server.kill()
        server.start()
    provider.shutdown()
    check_told(server, told, 300)


def main() -> None:
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="stele-grpc-") as work:
        port = free_port()
        server = Server(Path(work), "--otlp-grpc", f"127.0.0.1:{port}")
        check_calls(server, port)
        check_tokens(server, port)
        check_kills(server, port)
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
