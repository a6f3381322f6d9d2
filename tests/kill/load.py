"""Those who write to the log and watch it: what they send, and what they were promised for it."""

import hashlib
import http.client
import json
import random
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from server import PATIENCE, Failed, Server

REPEAT_SECONDS = 240  # a delivery is recognised for ten minutes by default; repeated ones are sent well before


@dataclass
class Event:
    """Its serial number says all of it: whoever finds it stored can tell what was sent."""

    source: str
    serial: str             # <number>-<length of the text>-<whether it has an id>
    index: int | None = None
    leaf: str | None = None
    entry: str | None = None

    def text(self) -> str:
        number, length, kind = self.serial.split("-")
        name = f'"id":"{self.serial}",' if kind == "id" else ""
        filling = ("é 日誌 " + hashlib.shake_128(self.serial.encode()).hexdigest(int(length)))[:int(length)]  # does not compress well
        return (f'{{{name}"time":"2026-11-23T16:19:59.998Z","actor":{{"type":"user","id":"u_{int(number) % 50}"}},'
                f'"action":"kill.{self.serial}","outcome":"success","attributes":{{"text":"{filling}"}}}}')


@dataclass
class Request:
    events: list[Event]
    results: str = "full"
    proof: bool = True
    lines: bool = False     # NDJSON, else an array or the one object

    @property
    def named(self) -> bool:
        return all(event.serial.endswith("-id") for event in self.events)

    def body(self) -> bytes:
        texts = [event.text() for event in self.events]
        if self.lines:
            return "".join(text + "\n" for text in texts).encode()
        return (texts[0] if len(texts) == 1 else "[" + ",".join(texts) + "]").encode()

    def path(self) -> str:
        return (f"/api/v1/events?source={self.events[0].source}&results={self.results}" + ("" if self.proof else "&proof=none"))


@dataclass
class Promised:
    """What was acknowledged and signed since it was last taken away."""

    events: list[Event] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)     # with a receipt
    checkpoints: list[str] = field(default_factory=list)


class Worker:
    """Something that is done to a server until it is killed, in a thread of its own."""

    def __init__(self):
        self.promised = Promised()
        self.failure = None

    def start(self, server: Server) -> None:
        self._thread = threading.Thread(target=self._run, args=(server,))
        self._thread.start()

    def join(self) -> None:
        self._thread.join(PATIENCE * 2)
        if self._thread.is_alive():
            raise Failed("a client still waits for an answer of a server that is gone")
        if self.failure:
            raise self.failure

    def _run(self, server: Server) -> None:
        try:
            self.work(server)
        except (OSError, http.client.HTTPException) as error:
            if not server.killed:
                self.failure = Failed(f"a connection broke while the server lived: {error!r}; it said: {server.words()[-4000:]}")
        except Failed as error:
            self.failure = error

    def take(self) -> Promised:
        taken, self.promised = self.promised, Promised()
        return taken

    def work(self, server: Server) -> None:
        raise NotImplementedError


class Client(Worker):
    """Posts events of every size over one connection, one request after another."""

    def __init__(self, number: int, seed: int):
        super().__init__()
        self._source = f"client-{number}"  # their serial numbers, and so their ids, are the same from source to source
        self._rng = random.Random(seed)
        self._events = 0
        self._unanswered = None
        self._lately = deque(maxlen=30)  # (time, request) that were acknowledged
        self.repeated = 0                # events that a retry found stored already
        self.retried = 0                 # requests sent again after a kill

    def work(self, server: Server) -> None:
        connection = server.connect()
        try:
            self.settle(connection)
            while not server.killed:
                self._send(connection, self.next_request())
        finally:
            connection.close()

    def settle(self, connection: http.client.HTTPConnection) -> None:
        """Sends again what a kill left unanswered."""
        if self._unanswered is not None:
            self.retried += 1
            self._send(connection, self._unanswered)

    def next_request(self) -> Request:
        kind = self._rng.random()
        now = time.monotonic()
        known = []
        if kind < 0.1:
            known = [request for when, request in self._lately if now - when < REPEAT_SECONDS]
        if known:
            # The same again, or its first half with new events behind it.
            events = list(self._rng.choice(known).events)
            if self._rng.random() < 0.5:
                events = events[:len(events) // 2] + self._new_events(self._rng.randint(1, 20), named=True)
            results = self._rng.choice(["full", "entries"])
        else:
            count = 1 if kind < 0.5 else self._rng.randint(2, 40) if kind < 0.98 else self._rng.randint(200, 2000)
            events = self._new_events(count, named=self._rng.random() < 0.7)
            results = self._rng.choice(["full", "entries", "range"] if count < 200 else ["full", "range"])
        return Request(events, results, proof=self._rng.random() < 0.9, lines=self._rng.random() < 0.5)

    def _new_events(self, count: int, named: bool) -> list[Event]:
        events = []
        for _ in range(count):
            chance = self._rng.random()
            length = self._rng.randrange(20) if count > 100 or chance < 0.7 else self._rng.randrange(500)
            if count == 1 and chance > 0.95:
                length = self._rng.randrange(60_000)
            events.append(Event(self._source, f"{self._events}-{length}-{'id' if named else 'bare'}"))
            self._events += 1
        return events

    def _send(self, connection: http.client.HTTPConnection, request: Request) -> None:
        # What has no id is not sent again: it might be stored twice.
        self._unanswered = request if request.named else None
        status, _, body = self.exchange(connection, request)
        if status != 200:
            raise Failed(f"{request.path()} with {len(request.events)} events is answered {status}: {body[:2000]!r}")
        self._unanswered = None

    def exchange(self, connection: http.client.HTTPConnection, request: Request) -> tuple[int, dict, bytes]:
        """Status, headers and body of the answer, which is noted when it acknowledges."""
        kind = "application/x-ndjson" if request.lines else "application/json"
        connection.request("POST", request.path(), request.body(), {"Content-Type": kind})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            self._note(request, body)
            if request.named:
                self._lately.append((time.monotonic(), request))
        return answer.status, dict(answer.headers), body

    def _note(self, request: Request, body: bytes) -> None:
        """The answer, held against what was promised before: repeats keep their place, a commit is kept or dropped whole."""
        answer = json.loads(body)
        if request.results == "range":
            repeated = answer["repeated"] > 0
            places = [{"index": answer["first"] + i, "repeated": repeated} for i in range(len(request.events))]
            if answer["refused"] or answer["count"] != len(places) or answer["repeated"] not in (0, len(places)):
                raise Failed(f"{len(places)} events of one request, all of them new or sent before, are answered {body[:2000]!r}")
        else:
            places = answer["results"]
        if len(places) != len(request.events) or any("error" in place for place in places):
            raise Failed(f"{len(request.events)} good events are answered {body[:2000]!r}")
        fresh = []
        for event, place in zip(request.events, places, strict=True):
            if event.index is None:
                fresh.append(place)
                self.repeated += place.get("repeated", False)
            elif place["index"] != event.index or not place.get("repeated") or event.leaf not in (None, place["leaf"]):
                raise Failed(f"{event.source} {event.serial} was acknowledged at {event.index}, and sent again is answered {place}")
            event.index = place["index"]
            event.leaf = place.get("leaf")
            event.entry = place.get("entry")
        if len({place.get("repeated", False) for place in fresh}) > 1:
            raise Failed(f"a request was stored in part: {[(p['index'], p.get('repeated')) for p in fresh]}")
        if [place["index"] for place in fresh] != [fresh[0]["index"] + i for i in range(len(fresh))] if fresh else False:
            raise Failed(f"the events of one request do not stand together: {[place['index'] for place in fresh]}")
        self.promised.events += [Event(e.source, e.serial, e.index, e.leaf, e.entry) for e in request.events]
        if request.proof:
            self.promised.answers.append(body)


class Watcher(Worker):
    """Reads the published checkpoint again and again."""

    def work(self, server: Server) -> None:
        connection = server.connect()
        try:
            while not server.killed:
                connection.request("GET", "/log/main/checkpoint")
                text = connection.getresponse().read().decode()
                if not self.promised.checkpoints or self.promised.checkpoints[-1] != text:
                    self.promised.checkpoints.append(text)
                time.sleep(0.005)
        finally:
            connection.close()


class Syslog(Worker):
    """Sends lines over TCP, which nobody acknowledges."""

    def __init__(self):
        super().__init__()
        self._connections = 0

    def work(self, server: Server) -> None:
        self._connections += 1
        with socket.create_connection((server.host, server.syslog_port()), PATIENCE) as connection:
            number = 0
            while not server.killed:
                lines = [f"<13>1 2026-11-23T16:19:59Z web-1 kill 7 - - line {self._connections}-{number + i}" for i in range(20)]
                connection.sendall("".join(f"{len(line)} {line}" for line in lines).encode())
                number += len(lines)
                time.sleep(0.01)
