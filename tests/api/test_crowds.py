#!/usr/bin/env python3
"""Many at once, the slow and the silent: none of them is in the way of who asks for something. Each case opens with its goal."""
# ctest: TIMEOUT 300

import contextlib
import json
import random
import re
import resource
import socket
import threading
import time
import unittest

from door import DoorTest, Raw, event, wait_until
from raw_request import EVENT, chunked, get, sized


class Crowds(DoorTest):
    """Many at once, and slow ones."""

    def test_slow_clients(self):
        """Who sends a request too slowly is told so, who sends none is closed, and neither keeps others waiting."""
        server = self.serve("--request-seconds", "1", "--idle-seconds", "1")
        slow = []
        for number in range(60):
            raw = Raw(server.address)
            slow.append(raw)
            self.addCleanup(raw.close)
            raw.send([sized(EVENT)[:-3], get("/healthz")[:-2], chunked(EVENT, 20)[:-9], b""][number % 4])
        began = time.monotonic()
        for number in range(20):
            self.post(event(number), address=server.address)
        self.assertLess(time.monotonic() - began, 15)  # in turn with the slow it would be longer
        for number, raw in enumerate(slow):
            raw.socket.settimeout(10)
            if number % 4 == 3:
                self.assertEqual(raw.rest(), b"")
            else:
                answer = raw.answer()
                self.assert_error(answer, 408, "invalid")
                self.assertEqual(answer.headers["Connection"], "close")
        dripping = Raw(server.address)
        self.addCleanup(dripping.close)
        began = time.monotonic()
        for byte in get("/healthz", b"X: " + b"y" * 400 + b"\r\n"):
            if not dripping.send(bytes([byte])) or time.monotonic() - began > 8:
                break
            time.sleep(0.05)
        self.assertLess(time.monotonic() - began, 8)

    def test_clients_that_take_no_answers(self):
        """Who asks and does not read is closed after a while, and costs no more than the one answer that waits."""
        server = self.serve("--request-seconds", "1")
        self.post([event(number, message="x" * 50_000) for number in range(160)], "results=range", address=server.address)
        greedy = [Raw(server.address) for _ in range(20)]
        for raw in greedy:
            self.addCleanup(raw.close)
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.send(get("/api/v1/events?limit=1000") * 50)
        stream = Raw(server.address)
        self.addCleanup(stream.close)
        stream.send(get("/api/v1/stream?from=0"))
        self.assertEqual(self.get("/healthz", address=server.address).status, 200)

        def connections():
            text = self.get("/metrics", address=server.address).text
            return int(re.search(r"^stele_http_connections (\d+)$", text, re.MULTILINE).group(1))

        wait_until(lambda: connections() == 1, "the greedy ones to be gone", seconds=20)

    def test_busy(self):
        """What the queue cannot hold is 429 with Retry-After: nothing of it is stored, and sent again it is."""
        server = self.serve("--queue-bytes", "1048576")
        answers = []

        def deliver(number: int):
            batch = [event(number * 100 + one, message="x" * 15_000) for one in range(60)]
            for attempt in range(400):
                answer = self.post(batch, "results=range", address=server.address, status=None)
                answers.append((answer.status, answer.headers["Retry-After"]))
                if answer.status == 200:
                    return self.assertEqual(answer.json["repeated"], 0)
                time.sleep(0.01 * random.random() * min(attempt, 10))
            return None

        delivered = 0
        for first in range(0, 240, 12):  # on a busy machine they may come one after another: then once more
            threads = [threading.Thread(target=deliver, args=(number,)) for number in range(first, first + 12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            delivered += 12
            if any(status == 429 for status, _ in answers):
                break
        self.assertEqual(set(answers) - {(200, None)}, {(429, "1")})
        self.assertEqual(answers.count((200, None)), delivered)
        self.assertEqual(self.get("/api/v1/status", address=server.address).json["logs"][0]["size"], 60 * delivered)

    def elsewhere(self, server) -> socket.socket:
        """A connection from another network of this machine."""
        host, port = server.address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=5, source_address=("127.0.9.1", 0))

    @contextlib.contextmanager
    def crowding(self, crowd, count: int):
        over = threading.Event()
        threads = [threading.Thread(target=crowd, args=(over,)) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def test_four_thousand_connections(self):
        """Four thousand open connections are held, each can ask, and events come in beside them; for one more a few are closed,
        those that have waited longest."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 4000 if hard == resource.RLIM_INFINITY else min(4000, hard - 400)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 200), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        server = self.serve("--connections", str(wanted + 1))
        began = time.monotonic()
        crowd = []
        for _ in range(wanted):
            crowd.append(Raw(server.address))
            self.addCleanup(crowd[-1].close)
        self.post([event(1)], address=server.address)
        for raw in random.sample(crowd, 300):
            raw.send(sized(json.dumps(event(random.getrandbits(60))).encode()))
            self.assertEqual(raw.answer().status, 200)
        kept = Raw(server.address)
        self.addCleanup(kept.close)
        kept.send(get("/metrics"))
        self.assertIn(f"stele_http_connections {wanted + 1}\n", kept.answer().text)
        crowd[-1].send(get("/healthz"))
        self.assertEqual(crowd[-1].answer().status, 200)
        with Raw(server.address) as over:
            over.send(get("/healthz"))
            self.assertEqual(over.answer().status, 200)
        crowd[-1].send(get("/healthz"))
        self.assertEqual(crowd[-1].answer().status, 200, "who asked lately stays")
        gone = (wanted + 1) // 64 + 1
        kept.send(get("/metrics"))
        self.assertIn(f"stele_http_gave_way_total {gone}\n", kept.answer().text)
        self.assertEqual(sum(raw.closed(0.001) for raw in crowd[:-1]), gone)
        for raw in crowd:
            raw.close()
        wait_until(lambda: self.get("/healthz", address=server.address).status == 200, "room", seconds=10)
        self.assertLess(time.monotonic() - began, 60)
        self.assertEqual(server.stop(), 0)

    def test_a_crowd_of_one_network_is_in_its_own_way(self):
        """A network that opens connections without end, and asks for nothing, neither ends those of others nor keeps them out."""
        server = self.serve("--connections", "100")
        opened = []

        def crowd(over: threading.Event):
            mine: list[socket.socket] = []
            while not over.is_set():
                try:
                    mine.append(self.elsewhere(server))
                except OSError:
                    continue
                opened.append(1)
                if len(mine) > 150:
                    mine.pop(0).close()
            for one in mine:
                one.close()

        with Raw(server.address) as kept:
            kept.send(get("/healthz"))
            self.assertEqual(kept.answer().status, 200)
            with self.crowding(crowd, 4):
                wait_until(lambda: len(opened) > 1000, "a crowd", seconds=30)
                for number in range(200):
                    self.post([event(number)], address=server.address)
            kept.send(get("/metrics"))
            metrics = kept.answer().text
        self.assertIn("stele_http_refused_total 0\n", metrics)
        self.assertGreater(int(re.search(r"stele_http_gave_way_total (\d+)", metrics)[1]), 100)
        self.assertEqual(self.get("/api/v1/status", address=server.address).json["logs"][0]["size"], 200)

    def test_a_crowd_that_asks_without_a_pause_keeps_nobody_out(self):
        """Who holds all places and asks again and again, one request behind the other, gives places up to others all the same."""
        server = self.serve("--connections", "64")
        asked = []

        def crowd(over: threading.Event):
            mine: list[socket.socket] = []
            while not over.is_set():
                while len(mine) < 32:
                    mine.append(self.elsewhere(server))
                    mine[-1].setblocking(False)
                for one in list(mine):
                    try:
                        one.send(get("/healthz") * 20)
                        while len(one.recv(1 << 16)) == 1 << 16:
                            pass
                        asked.append(20)
                    except BlockingIOError:
                        continue
                    except OSError:
                        one.close()
                        mine.remove(one)
            for one in mine:
                one.close()

        with self.crowding(crowd, 2):
            wait_until(lambda: sum(asked) > 10_000, "a crowd", seconds=30)
            for number in range(200):
                self.post([event(number)], address=server.address)
        metrics = self.get("/metrics", address=server.address).text
        self.assertGreater(int(re.search(r"stele_http_gave_way_total (\d+)", metrics)[1]), 50)
        self.assertIn("stele_http_refused_total 0\n", metrics)

    def test_descriptors_are_kept_for_the_log(self):
        """However many connect, the log can open its files: connections are limited to what the process may have open."""
        server = self.serve("--seal-bytes", "65536", under=("prlimit", "--nofile=300:300"))
        crowd = []
        for _ in range(350):
            crowd.append(Raw(server.address))
            self.addCleanup(crowd[-1].close)
        served = next(raw for raw in crowd if raw.send(get("/healthz")) and (answer := raw.answer()) and answer.status == 200)
        for number in range(12):
            body = json.dumps([event(number * 300 + one) for one in range(300)]).encode()
            served.send(sized(body))
            self.assertEqual(served.answer().status, 200)

        def sealed():
            served.send(get("/api/v1/status"))
            log = served.answer().json["logs"][0]
            self.assertTrue(log["accepting"], log)
            return log["sealed_size"]

        wait_until(sealed, "a sealed segment", seconds=20)
        self.assertNotIn('"level":"error"', server.words())


if __name__ == "__main__":
    unittest.main()
