#!/usr/bin/env python3
# ctest: TIMEOUT 180
"""Goal: OpenTelemetry's own SDK exports logs to /v1/logs, plain and compressed, while the server is killed and started again:
what it was told is stored is there, once. What is wrong with a request is said as OTLP has it, and one bad record takes none
of the good ones along."""

import gzip
import json
import logging
import tempfile
import threading
import time
from pathlib import Path

from google.rpc.status_pb2 import Status
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from sdk import check_told, noting
from server import Server, expect, expect_equal

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}


def provider_for(server: Server, compression: Compression, told: list) -> LoggerProvider:
    """`told` gets the bodies of every batch that the exporter was told is stored."""
    exporter = OTLPLogExporter(endpoint=server.url + "/v1/logs", compression=compression)
    provider = LoggerProvider(resource=Resource.create({"service.name": "billing", "service.instance.id": "i-1", "host.name": "web-1"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(noting(exporter, told), schedule_delay_millis=50, max_export_batch_size=100))
    return provider


def check_sdk(server: Server) -> None:
    """One record of every kind of value, by the SDK, and a line of Python's own logging."""
    told: list[str] = []
    provider = provider_for(server, Compression.Gzip, told)
    logger = provider.get_logger("shop.checkout", "1.2.0")
    logger.emit(LogRecord(
        timestamp=1763913599998000001, severity_number=SeverityNumber.WARN, severity_text="WARN", body="exported",
        event_name="customer.export",
        attributes={"enduser.id": "u_42", "user.email": "ada@example.com", "client.address": "203.0.113.9", "rows": 4200,
                    "ratio": 0.5, "ok": True, "tags": ["a", "b"], "event.outcome": "success", "session.id": "s1",
                    "bytes": b"\xff\x00", "nested": {"$ref": "x"}}))
    handler = LoggingHandler(logger_provider=provider)
    ours = logging.getLogger("billing.audit")
    ours.propagate = False
    ours.addHandler(handler)
    ours.error("Accepted password for %s from 198.51.100.7 port 22 ssh2", "bob")
    provider.shutdown()
    expect_equal(len(told), 2, "records that were acknowledged")
    first, second = server.entries()[-2:]
    event = first["event"]
    expect_equal(event["time"], "2025-11-23T15:59:59.998000001Z", "time")
    expect_equal(event["actor"], {"type": "user", "id": "u_42", "email": "ada@example.com"}, "actor")
    expect_equal((event["action"], event["outcome"], event["severity"], event["message"]),
                 ("customer.export", "success", "warning", "exported"), "what was done")
    expect_equal(event["origin"], {"ip": "203.0.113.9"}, "origin")
    expect_equal(event["context"]["session"], "s1", "session")
    attributes = event["attributes"]
    expect_equal((attributes["rows"], attributes["ratio"], attributes["ok"], attributes["tags"]), (4200, 0.5, True, ["a", "b"]), "values")
    expect_equal(attributes["bytes"], {"$base64": "/wA="}, "bytes")
    expect_equal(attributes["nested"], {"$literal": {"$ref": "x"}}, "a reserved object")
    expect_equal(attributes["otel"]["resource"]["service.name"], "billing", "resource")
    expect_equal((attributes["otel"]["scope"], attributes["otel"]["scope_version"]), ("shop.checkout", "1.2.0"), "scope")
    expect_equal(first["source"]["kind"], "otlp", "kind of source")
    expect("$base64" in first["original"], "the record's bytes are kept")
    expect_equal(second["event"]["actor"], {"type": "service", "id": "billing"}, "a service acts where no user is named")
    expect_equal(second["event"]["severity"], "error", "severity of logging.error")


def check_requests(server: Server) -> None:
    """What is wrong is said; what is right in the same request is kept; a repeat is known."""
    before = len(server.entries())
    record = {"timeUnixNano": "1763913599998000001", "observedTimeUnixNano": 1763913599998000002, "severityNumber": 9,
              "body": {"stringValue": "hello"}, "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "EEE19B7EC3C1B174",
              "attributes": [{"key": "n", "value": {"intValue": "9007199254740993"}}], "newField": {"x": 1}}
    request = {"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "js"}}]},
                                 "scopeLogs": [{"scope": {"name": "s"}, "logRecords": [record, record]}]}]}
    body = json.dumps(request).encode()
    for _ in range(2):
        status, headers, answer = server.post("/v1/logs", body, JSON)
        expect_equal((status, headers["Content-Type"], answer), (200, "application/json", b"{}"), "JSON is taken")
    made = [one["event"] for one in server.entries()[before:]]
    expect_equal(len(made), 2, "two records alike are two, and a repeat of both is none")
    expect_equal(made[0]["context"]["trace_id"], "5b8efff798038103d269b633813fc60c", "trace id")
    expect_equal(made[0]["attributes"]["otel"]["span_id"], "eee19b7ec3c1b174", "span id")
    expect_equal(made[0]["attributes"]["n"], 9007199254740993, "an integer of 64 bits")

    protobuf = ExportLogsServiceRequest()
    protobuf.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=5).body.string_value = "one"
    good = protobuf.SerializeToString()
    status, headers, answer = server.post("/v1/logs", gzip.compress(good), PROTOBUF | {"Content-Encoding": "gzip"})
    expect_equal((status, headers["Content-Type"]), (200, "application/x-protobuf"), "gzip")
    expect_equal(ExportLogsServiceResponse.FromString(answer), ExportLogsServiceResponse(), "full success")
    expect_equal(server.post("/v1/logs", b"", PROTOBUF)[0], 200, "an empty request")
    for bad, headers, wanted in ((b"\xff\xff", PROTOBUF, 400), (b"{", JSON, 400), (b"[]", JSON, 400),
                                 (good, {"Content-Type": "text/plain"}, 400), (good, PROTOBUF | {"Content-Encoding": "br"}, 400),
                                 (b"\0" * (33 << 20), PROTOBUF, 413), (b"[" + b"0," * 4_100_000 + b"0]", JSON, 413)):
        status, _, answer = server.post("/v1/logs", bad, headers)
        expect_equal(status, wanted, f"{bad[:8]!r} is refused")
        if status == 400 and headers["Content-Type"] == PROTOBUF["Content-Type"]:
            expect(Status.FromString(answer).message != "", "the answer is a Status")

    before = len(server.entries())
    request["resourceLogs"][0]["scopeLogs"][0]["logRecords"] = [record | {"body": {"stringValue": "a"}}, {"body": 7},
                                                                record | {"body": {"stringValue": "x" * 70_000}},
                                                                record | {"body": {"stringValue": "b"}}]
    expect_equal(server.post("/v1/logs", json.dumps(request).encode(), JSON)[0], 200, "a request with a bad record")
    made = [one["event"] for one in server.entries()[before:]]
    expect_equal([one["action"] for one in made], ["otel.log", "stele.quarantined", "otel.log", "otel.log"], "what became of each")
    expect_equal(made[1]["attributes"]["reason"], "not a LogRecord", "why")
    expect("$attachment" in made[2]["message"], f"what is too long is attached: {str(made[2])[:500]}")


def check_ids(server: Server, other: Server) -> None:
    """What an id is made of is known to the server alone, which knows a repeat after a start too: whoever reads the id cannot try
    what a sealed value may have been."""
    record = {"timeUnixNano": "1763913599998000009", "body": {"stringValue": "in"},
              "attributes": [{"key": "password", "value": {"stringValue": "1234"}}]}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    ids = []
    for one in (server, other):
        before = len(one.entries())
        for _ in range(2):
            expect_equal(one.post("/v1/logs", body, JSON)[0], 200, "taken")
            one.kill()
            one.start()
        made = [entry["event"] for entry in one.entries()[before:]]
        expect_equal([event["action"] for event in made], ["otel.log"], "a repeat is none")
        expect("$sealed" in made[0]["attributes"]["password"], "it is sealed")
        ids.append(made[0]["id"])
    expect(ids[0] != ids[1], f"of another server another: {ids}")


def check_kills(server: Server) -> None:
    """The server is killed under the exporter's hands."""
    told: list[str] = []
    provider = provider_for(server, Compression.NoCompression, told)
    logger = provider.get_logger("load")
    sent = 0
    stop = threading.Event()

    def send() -> None:
        nonlocal sent
        while not stop.is_set():
            logger.emit(LogRecord(timestamp=time.time_ns(), body=f"number {sent}"))
            sent += 1
            time.sleep(0.0005)

    thread = threading.Thread(target=send)
    thread.start()
    for _ in range(5):
        time.sleep(0.4)
        server.kill()
        server.start()
    time.sleep(0.5)
    stop.set()
    thread.join()
    provider.shutdown()
    check_told(server, told, 500)


def main() -> None:
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="stele-otlp-") as work:
        server = Server(Path(work))
        check_sdk(server)
        check_requests(server)
        with tempfile.TemporaryDirectory(prefix="stele-otlp-") as elsewhere:
            other = Server(Path(elsewhere))
            check_ids(server, other)
            other.stop()
        check_kills(server)
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
