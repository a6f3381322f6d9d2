"""Clients of the other doors, each in a thread of its own: they send numbered events in batches, keep what is refused and send it
again, and remember what they were told is stored."""

import http.client
import json
import re
import socket
import threading
import time

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

BATCH = 20
FILL = "x" * 1000
EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
PATIENCE = 60
UNTIL_SPACE = 5 * PATIENCE  # of those that wait: others take what space comes, until there is enough for all


class DoorClient:
    """`wrong` is what was answered otherwise than it should be; `refused` counts passing faults, each followed by another try."""

    answers = True  # whether the door answers while the log takes nothing

    def __init__(self, name: str):
        self.name = name
        self.sent = 0
        self.told: set[str] = set()
        self.refused = 0
        self.batches = 0  # that were taken
        self.wrong: list[str] = []
        self._stop = threading.Event()
        self._flows = threading.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hold(self) -> None:
        """No further batch is begun until go_on()."""
        self._flows.clear()

    def go_on(self) -> None:
        self._flows.set()

    def finish(self) -> None:
        """Ends when what was begun is taken."""
        self._stop.set()
        self._flows.set()
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            self.wrong.append("it does not come to an end")

    def _run(self) -> None:
        try:
            self.open()
            while self._flows.wait() and not self._stop.is_set():
                names = [f"{self.name}-{number:07}" for number in range(self.sent, self.sent + BATCH)]
                self.sent += BATCH
                while not self.offer(names):
                    self.refused += 1
                    time.sleep(0.05)
                self.told.update(names)
                self.batches += 1
        except Exception as error:  # whatever it is, the test is to say so
            self.wrong.append(f"{type(error).__name__}: {error}")

    def open(self) -> None:
        pass

    def offer(self, names: list[str]) -> bool:
        """Whether they are stored now; false for a passing fault, said as the protocol has it."""
        raise NotImplementedError


def logs(names: list[str]) -> bytes:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for name in names:
        records.add(time_unix_nano=1763913599998000001).body.string_value = f"{name} {FILL}"
    return request.SerializeToString()


class OverHttp(DoorClient):
    def __init__(self, name: str, port: int, path: str, content_type: str, make, stored: int = 200):
        super().__init__(name)
        self._port, self._path, self._type, self._make, self._stored = port, path, content_type, make, stored

    def offer(self, names: list[str]) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request("POST", self._path, self._make(names), {"Content-Type": self._type})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status == self._stored:
            return True
        well = answer.status in (429, 503) and answer.headers.get("Retry-After", "").isdigit()
        if well and "protobuf" in self._type:
            well = Status.FromString(body).message != "" and answer.headers["Content-Type"] == self._type
        elif well and "cloudevents" not in self._type and "logs" not in self._path:
            well = json.loads(body)["error"]["code"] in ("unavailable", "busy")
        if not well:
            self.wrong.append(f"{answer.status} {dict(answer.headers)} {body[:300]!r}")
        return False


class OverGrpc(DoorClient):
    def __init__(self, name: str, port: int):
        super().__init__(name)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")

    def offer(self, names: list[str]) -> bool:
        call = self._channel.unary_unary(EXPORT, request_serializer=None, response_deserializer=None)
        try:
            call(logs(names), timeout=PATIENCE)
            return True
        except grpc.RpcError as error:
            details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
            if error.code() != grpc.StatusCode.UNAVAILABLE or not any(one.Is(RetryInfo.DESCRIPTOR) for one in
                                                                      Status.FromString(details).details):
                self.wrong.append(f"{error.code()} {error.details()}")
            return False


class OverRelp(DoorClient):
    """While the log takes nothing, an answer is waited for."""

    answers = False

    def __init__(self, name: str, port: int):
        super().__init__(name)
        self._port, self._number, self._received = port, 0, b""

    def open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=UNTIL_SPACE)
        self._command(b"open", b"relp_version=0\nrelp_software=test\ncommands=syslog")
        self._answers({1})

    def _command(self, name: bytes, data: bytes) -> int:
        self._number += 1
        self._socket.sendall(b"%d %s %d %s\n" % (self._number, name, len(data), data))
        return self._number

    def _answers(self, numbers: set[int]) -> None:
        """Waits until each is answered with 200."""
        while numbers:
            header = re.match(rb"(\d+) rsp (\d+) ", self._received)
            end = header.end() + int(header[2]) + 1 if header else 0
            if header and len(self._received) >= end:
                if not self._received[header.end():].startswith(b"200 "):
                    self.wrong.append(f"{self._received[:200]!r}")
                numbers.discard(int(header[1]))
                self._received = self._received[end:]
                continue
            more = self._socket.recv(65_536)
            if not more:
                raise ConnectionError("the RELP session is closed")
            self._received += more

    def offer(self, names: list[str]) -> bool:
        self._answers({self._command(b"syslog", f'<38>1 - web-1 app - - [stele@1 id="{name}"] {name} {FILL}'.encode()) for name in names})
        return True


class OverSyslog(DoorClient):
    """Nothing is answered; the door does not read while the log takes nothing, so that nothing is lost while the connection holds."""

    answers = False

    def __init__(self, name: str, port: int):
        super().__init__(name)
        self._port = port

    def open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=UNTIL_SPACE)

    def offer(self, names: list[str]) -> bool:
        for name in names:
            text = f"<38>1 - web-1 app - - - {name} {FILL}".encode()
            self._socket.sendall(b"%d " % len(text) + text)
        time.sleep(0.02)  # not the whole disk at once
        return True


def all_clients(port: int, grpc_port: int, relp_port: int, syslog_port: int) -> list[DoorClient]:
    def trail(names: list[str]) -> bytes:
        return json.dumps({"Records": [{"eventID": name, "eventTime": "2026-11-23T16:20:00Z", "eventName": "GetObject",
                                        "eventSource": "s3.amazonaws.com", "requestParameters": {"key": FILL}} for name in names]}).encode()

    def cloud_events(names: list[str]) -> bytes:
        return json.dumps([{"specversion": "1.0", "id": name, "source": "/test", "type": "a.b", "data": FILL} for name in names]).encode()

    return [OverHttp("otlp", port, "/v1/logs", "application/x-protobuf", logs), OverGrpc("grpc", grpc_port),
            OverHttp("trail", port, "/api/v1/collect/cloudtrail", "application/json", trail),
            OverHttp("cloud", port, "/api/v1/cloudevents", "application/cloudevents-batch+json", cloud_events, 204),
            OverRelp("relp", relp_port), OverSyslog("syslog", syslog_port)]


def names_of(entry: dict) -> list[str]:
    """The numbered names that an entry stands for: one, but for what is not from these clients."""
    text = json.dumps(entry["event"])
    return sorted(set(re.findall(r"\b(?:otlp|grpc|trail|cloud|relp|syslog)-\d{7}\b", text)))
