"""Producers that number their events, over several connections, through kills of the server and of themselves."""

import http.client
import json
import random
import threading
import time

from server import Server


class Producer(threading.Thread):
    """Sends the numbers `first` to `last` of a source in batches, each until it is acknowledged."""

    def __init__(self, port: int, source: str, numbers: list[tuple[int, int]], seed: int):
        super().__init__(daemon=True)
        self.port, self.source, self.numbers, self.random = port, source, numbers, random.Random(seed)
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        for first, last in self.numbers:
            body = b"\n".join(json.dumps({
                "id": f"{self.source}-{n}", "seq": n, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "actor": {"type": "user", "id": "ada"}, "action": "number.sent", "category": "user_action"}).encode()
                for n in range(first, last + 1))
            while not self.deliver(body):
                time.sleep(0.05 + self.random.random() / 5)
            if self.random.random() < 0.02:
                self.connection = None  # a reconnect

    def deliver(self, body: bytes) -> bool:
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            self.connection.request("POST", f"/api/v1/events?source={self.source}&results=range&proof=none", body,
                                    {"Content-Type": "application/x-ndjson"})
            answer = self.connection.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            self.connection = None
            return False


def send_numbered(server: Server, source: str, events: int, batch: int, connections: int, kills: int) -> None:
    """All of the numbers 1 to `events`, dealt to the connections, while the server is killed and started again."""
    batches = [(first, min(first + batch - 1, events)) for first in range(1, events + 1, batch)]
    producers = [Producer(server.port, source, batches[i::connections], i) for i in range(connections)]
    for producer in producers:
        producer.start()
    for _ in range(kills):
        time.sleep(random.uniform(0.5, 1.5))
        server.kill()
        time.sleep(random.uniform(0, 0.5))
        server.start()
    for producer in producers:
        producer.join()


def coverage(server: Server, period: str = "2d") -> dict:
    status, body = server.get(f"/api/v1/coverage?period={period}")
    if status != 200:
        raise SystemExit(f"FAILED: coverage: {status} {body!r}")
    return json.loads(body)


def source_of(page: dict, name: str) -> dict:
    return next((one for one in page["sources"] if one["source"] == name), {})


def own_events(server: Server, action: str) -> list[dict]:
    return [one["event"] for one in server.entries() if one["source"]["kind"] == "internal" and one["event"]["action"] == action]
