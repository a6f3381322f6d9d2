#!/usr/bin/env python3
"""The HTTP door against clients that do not play by the rules: whatever they send, the log keeps only what was acknowledged or
sent whole, everyone else is served meanwhile, and each limit is the one that was set. Each case opens with its goal."""
# ctest: TIMEOUT 300

import gzip
import json
import random
import re
import signal
import socket
import struct
import threading
import time
import unittest
from pathlib import Path

import receipts
from door import DoorTest, Raw, Stream, event, gzip_bomb, wait_until, zstd, zstd_bomb
from raw_request import EVENT, HOST, chunked, get, post_head, sized


def reset(raw: Raw) -> None:
    """Hangs up without a good-bye: the server gets a reset."""
    raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


class Framing(DoorTest):
    """Where requests begin and end."""

    def raw(self, seconds: float = 30.0) -> Raw:
        raw = Raw(self.address, seconds)
        self.addCleanup(raw.close)
        return raw

    def fresh(self) -> bytes:
        """An event that no other case sends."""
        return json.dumps(event(random.getrandbits(60))).encode()

    def assert_nothing_stored(self, before: int):
        time.sleep(0.02)
        self.assertEqual(self.size(), before)

    def test_pipelined(self):
        """Requests that come in one piece are answered in order, whatever they are."""
        raw = self.raw()
        ids = [random.getrandbits(60) for _ in range(30)]
        requests, expected = b"", []
        for number, one in enumerate(ids):
            body = json.dumps(event(one)).encode()
            requests += sized(body) if number % 2 else chunked(body, 7)
            requests += get("/healthz") + get("/nowhere")
            expected += [200, 200, 404]
        self.assertTrue(raw.send(requests))
        answers = [raw.answer() for _ in expected]
        self.assertEqual([answer.status for answer in answers], expected)
        for one, answer in zip(ids, answers[::3]):
            [(index, _)] = receipts.verify_answer(answer.json, self.key()).items()
            self.assertEqual(self.get(f"/api/v1/events/{index}").json["event"]["id"], f"evt_{one}")

    def test_cut_up(self):
        """Byte by byte or in odd pieces: the same events, the same answers."""
        raw = self.raw()
        body = json.dumps([event(random.getrandbits(60)) for _ in range(3)]).encode()
        for request in (sized(body), chunked(body, 11), chunked(gzip.compress(body), 5, b"Content-Encoding: gzip\r\n"),
                        sized(zstd(body), b"Content-Encoding: zstd\r\n")):
            at = 0
            while at < len(request):
                take = 1 if at < 150 else random.randrange(1, 60)
                self.assertTrue(raw.send(request[at:at + take]))
                at += take
                time.sleep(0.0002)
            answer = raw.answer()
            self.assertEqual(answer.status, 200)
            self.assertEqual(len(receipts.verify_answer(answer.json, self.key())), 3)

    def test_one_connection_many_requests(self):
        """A connection is kept, also after errors that leave no doubt where the request ended, until the client closes it."""
        raw = self.raw()
        for request, status in ((get("/healthz"), 200), (sized(b"[]"), 400), (sized(b"{"), 400), (get("/nowhere"), 404),
                                (b"PUT /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc", 405),
                                (get("/log/main/tile/0/x"), 400), (sized(self.fresh()), 200), (get("/healthz"), 200)):
            self.assertTrue(raw.send(request))
            answer = raw.answer()
            self.assertEqual((answer.status, answer.headers["Connection"]), (status, None))
        raw.send(get("/healthz", b"Connection: close\r\n"))
        self.assertEqual(raw.answer().headers["Connection"], "close")
        self.assertEqual(raw.rest(), b"")

    def test_http_1_0(self):
        """HTTP/1.0 gets one answer and the end; its streams come without the chunked coding."""
        raw = self.raw()
        raw.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        self.assertEqual(raw.answer().body, b"alive\n")
        self.assertEqual(raw.rest(), b"")
        raw = self.raw()
        body = self.fresh()
        raw.send(post_head(version=b"HTTP/1.0") + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        [index] = receipts.verify_answer(raw.answer().json, self.key())
        raw = self.raw()
        raw.send(b"GET /api/v1/stream?from=%d HTTP/1.0\r\n\r\n" % index)
        head = raw.head()
        self.assertEqual((head.status, head.headers["Transfer-Encoding"]), (200, None))
        self.assertEqual(raw.read_until(b"\n\n"), b"id: %d\ndata: %s\n\n" % (index, self.get(f"/api/v1/events/{index}").body))

    def test_head(self):
        """HEAD has GET's head and no body: the next answer on the connection begins at once; a stream has none either."""
        raw = self.raw()
        for target in ("/healthz", "/api/v1/events", "/log/main/key", "/nowhere", "/api/v1/events/999999"):
            raw.send(b"HEAD " + target.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
            head = raw.head()
            got = self.get(target)
            self.assertEqual((head.status, head.headers["Content-Type"]), (got.status, got.headers["Content-Type"]))
            self.assertGreater(int(head.headers["Content-Length"]), 0)
        raw.send(b"HEAD /api/v1/events HTTP/1.1\r\n" + HOST + b"\r\n" + get("/healthz"))
        self.assertEqual(raw.head().status, 200)
        self.assertEqual(raw.answer().body, b"alive\n")
        raw.send(b"HEAD /api/v1/stream HTTP/1.1\r\n" + HOST + b"\r\n")
        self.assertEqual(raw.head().status, 200)
        self.assertEqual(raw.rest(), b"")

    def test_expectations(self):
        """Leave to send a body is given, and refused for one that is too large."""
        raw = self.raw()
        body = self.fresh()
        raw.send(post_head(b"Expect: 100-continue\r\n") + b"Content-Length: %d\r\n\r\n" % len(body))
        self.assertEqual(raw.head().status, 100)
        raw.send(body)
        self.assertEqual(raw.answer().status, 200)
        raw.send(post_head(b"Expect: 100-continue\r\nContent-Length: 999999999\r\n\r\n"))
        self.assert_error(raw.answer(), 413, "too_large")
        raw = self.raw()
        raw.send(post_head(b"Expect: a-miracle\r\nContent-Length: 1\r\n\r\n"))
        self.assert_error(raw.answer(), 417, "invalid")

    def test_smuggling(self):
        """Where it is in doubt where a request ends, it is refused, and the event behind it is nobody's."""
        before = self.size()
        hidden = sized(self.fresh(), source=b"smuggled")
        zero = b"0\r\n\r\n"
        te = b"Transfer-Encoding: chunked\r\n"
        shapes = [
            post_head(b"Content-Length: 5\r\n" + te + b"\r\n") + zero,
            post_head(te + b"Content-Length: 5\r\n\r\n") + zero,
            post_head(b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(hidden)),
            post_head(b"Content-Length: 0, 5\r\n\r\n"),
            post_head(b"Content-Length: +0\r\n\r\n"), post_head(b"Content-Length: 0x0\r\n\r\n"), post_head(b"Content-Length: -0\r\n\r\n"),
            post_head(b"Content-Length : 0\r\n\r\n"), post_head(b"Content-Length\r\n: 0\r\n\r\n"),
            post_head(b"Transfer-Encoding: identity\r\n" + te + b"\r\n") + zero,
            post_head(te + te + b"\r\n") + zero,
            post_head(b"Transfer-Encoding: chunked, identity\r\n\r\n") + zero,
            post_head(b"Transfer-Encoding: gzip, chunked\r\n\r\n") + zero,
            post_head(b"Transfer-Encoding: xchunked\r\n\r\n") + zero,
            post_head(b"Transfer-Encoding:\x0bchunked\r\n\r\n") + zero,
            post_head(b"Transfer-Encoding: chunked\x00\r\n\r\n") + zero,
            post_head(b"Transfer_Encoding : chunked\r\n\r\n") + zero,
            post_head(b"X: y\rTransfer-Encoding: chunked\r\n\r\n") + zero,
            post_head(b"X: y\nContent-Length: 0\r\n\r\n"),
            post_head(te + b"\r\n", version=b"HTTP/1.0") + zero,
            post_head(te + b"\r\n") + b"0\n\n", post_head(te + b"\r\n") + b"0\n\r\n",
            post_head(te + b"\r\n") + b"0 \r\n\r\n", post_head(te + b"\r\n") + b"0x0\r\n\r\n",
            post_head(te + b"\r\n") + b"1\r\nxx\r\n" + zero, post_head(te + b"\r\n") + b"-1\r\n" + zero,
            post_head(te + b"\r\n") + b"10000000000000000\r\n" + zero,
            post_head(b"Content-Length: 0\r\n\r\n", host=b""), post_head(b"Content-Length: 0\r\n\r\n", host=HOST + b"Host: other\r\n"),
            post_head(b"Content-Length: 0\r\n\r\n", version=b"HTTP/1.2"), post_head(b"Content-Length: 0\r\n\r\n", version=b"HTTP/2.0"),
            b" " + post_head(b"Content-Length: 0\r\n\r\n"), b"\x00" + post_head(b"Content-Length: 0\r\n\r\n"),
        ]
        for shape in shapes:
            raw = self.raw()
            raw.send(shape + hidden)
            answer = raw.answer()
            self.assertIsNotNone(answer, shape)
            self.assertIn(answer.status, (400, 413), shape)
            self.assertEqual(answer.headers["Connection"], "close", shape)
            self.assertEqual(raw.rest(), b"", shape)
        self.assert_nothing_stored(before)

    def test_garbage(self):
        """Bytes that are no HTTP at all are refused or dropped, and harm nobody."""
        before = self.size()
        garbage = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(500), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                   b"SSH-2.0-OpenSSH_9.2\r\n", b"<14>syslog at the wrong door\n", b"\r\n" * 100, b"\x00" * 1000, b"GET", b"\n", EVENT]
        garbage += [random.randbytes(random.randrange(1, 3000)) for _ in range(60)]
        valid = sized(EVENT)
        for _ in range(60):
            head = bytearray(valid[:valid.index(b"\r\n\r\n")])
            for _ in range(random.randrange(1, 4)):
                head[random.randrange(len(head))] = random.randrange(256)
            garbage.append(bytes(head[:random.randrange(20, len(head))]))
        for data in garbage:
            raw = self.raw()
            raw.send(data)
            raw.socket.shutdown(socket.SHUT_WR)
            said = raw.rest()
            self.assertRegex(said, rb"^(HTTP/1\.1 [45]\d\d |$)", data)
        self.assert_nothing_stored(before)
        self.assertEqual(self.get("/healthz").status, 200)

    def test_half_bodies(self):
        """A request that ends before its body does is no request: nothing of it is stored, however it ends."""
        before = self.size()
        body = self.fresh()
        halves = [sized(body)[:-1], chunked(body, 10)[:-1], chunked(body, 10)[:-7], post_head(), sized(body)[:60],
                  sized(gzip.compress(body), b"Content-Encoding: gzip\r\n")[:-1]]
        for half in halves:
            for end in (Raw.close, reset, lambda raw: raw.socket.shutdown(socket.SHUT_WR)):
                raw = self.raw()
                raw.send(half)
                end(raw)
                if raw.socket.fileno() >= 0:
                    self.assertEqual(raw.rest(), b"", half)
        self.assert_nothing_stored(before)

    def test_resets_in_the_middle_of_answers(self):
        """Clients that vanish before, within and after their answers leave nothing behind."""
        for number in range(200):
            raw = Raw(self.address)
            raw.send(random.choice([sized(self.fresh()), get("/api/v1/events?limit=1000"), get("/api/v1/stream?from=0"), get("/metrics")]))
            if number % 2:
                raw.read(random.randrange(1, 300))
            reset(raw)
        wait_until(lambda: self.metric("stele_http_connections") == 1, "the connections to be gone", seconds=10)
        self.assertEqual(self.metric("stele_streams"), 0)

    def test_rebinding(self):
        """A browser on this machine cannot be made to read or write here: by another site's name, or another site's page."""
        port = self.address.rsplit(":", 1)[1]
        targets = [("GET", target) for target in ("/metrics", "/api/v1/status", "/api/v1/schema/event", "/api/v1/events",
                                                  "/api/v1/events/0", "/api/v1/stream", "/log/main/key", "/log/main/checkpoint",
                                                  "/log/main/tile/0/000.p/1", "/log/main/tile/entries/000.p/1")]
        for method, target in [*targets, ("POST", "/api/v1/events?source=rebound"), ("HEAD", "/api/v1/events")]:
            for name in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", "[evil", "[evil]",
                         "0x7f.1"):
                raw = self.raw()
                raw.send(f"{method} {target} HTTP/1.1\r\nHost: {name}\r\nContent-Length: 0\r\n\r\n".encode())
                self.assertEqual(raw.head().status, 403, (method, target, name))
        for name in ("localhost", f"127.0.0.1:{port}", "LocalHost", f"[::1]:{port}", "127.0.0.2"):
            raw = self.raw()
            raw.send(f"GET /healthz HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            self.assertEqual(raw.answer().status, 200, name)
        before = self.size()
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1", f"http://localhost:{port}", "http://", "x"):
            answer = self.post(event(1), headers={"Origin": origin, "Content-Type": "text/plain"}, status=None)
            self.assert_error(answer, 403, "denied", origin)
        self.assert_nothing_stored(before)
        self.post(json.loads(self.fresh()), headers={"Origin": f"http://{self.address}"})
        self.assertIsNone(self.get("/api/v1/events", headers={"Origin": "https://evil.example"}).headers["Access-Control-Allow-Origin"])
        answer = self.ask("OPTIONS", "/api/v1/events", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
        self.assertEqual(answer.status, 403)


class Limits(DoorTest):
    """Each limit is a setting, and holds as it was set."""

    options = ("--body-bytes", "200000", "--decompressed-bytes", "400000", "--header-bytes", "2048", "--batch-events", "50",
               "--event-bytes", "20000", "--event-depth", "8", "--page-entries", "20", "--streams", "4")

    def test_bodies(self):
        """A body over its limit, as sent or once decompressed, is 413; of one that was read whole an entry says that it was refused."""
        before = self.size()
        fits = json.dumps(event(1)).encode().ljust(200_000)
        self.post(fits)
        self.assert_error(self.post(fits + b" ", status=None), 413, "too_large")
        raw = Raw(self.address)
        self.addCleanup(raw.close)
        raw.send(chunked(fits + b" ", 50_000))
        self.assert_error(raw.answer(), 413, "too_large")
        self.assertEqual(raw.rest(), b"")
        fits = json.dumps(event(2)).encode().ljust(400_000)
        for coding, compress in (("gzip", gzip.compress), ("zstd", lambda text: zstd(text[:1000]) + zstd_bomb(len(text) - 1000))):
            self.post(compress(fits), headers={"Content-Encoding": coding})
            self.assert_error(self.post(compress(fits + b" "), headers={"Content-Encoding": coding}, status=None), 413, "too_large")
        self.assertEqual(self.size(), before + 4)

    def test_bombs(self):
        """Bombs of gigabytes cost neither time nor memory."""
        def peak():
            text = Path(f"/proc/{self.server.process.pid}/status").read_text(encoding="ascii")
            return int(re.search(r"VmHWM:\s+(\d+) kB", text).group(1)) << 10

        self.get("/healthz")
        before = peak()
        bombs = [("gzip", gzip_bomb(150 << 20)), ("zstd", zstd_bomb(4 << 30)), ("zstd", zstd_bomb(1 << 20) * 1000),
                 ("gzip", gzip.compress(b"") * 9000 + gzip_bomb(1 << 20)), ("zstd", bytes.fromhex("28b52ffd00a8210000") + b" ")]
        began = time.monotonic()
        for coding, bomb in bombs:
            answer = self.post(bomb[:200_000], headers={"Content-Encoding": coding}, status=None)
            self.assertIn(answer.status, (400, 413))
        self.assertLess(time.monotonic() - began, 10)
        self.assertLess(peak() - before, 64 << 20)

    def test_heads(self):
        """A head over its limit is 431, whichever way it is made so long."""
        raw = Raw(self.address)
        self.addCleanup(raw.close)
        raw.send(get("/healthz", b"X: " + b"x" * 1500 + b"\r\n"))
        self.assertEqual(raw.answer().status, 200)
        for request in (get("/" + "x" * 4000), get("/healthz", b"X: " + b"x" * 4000 + b"\r\n"), get("/healthz", b"X: y\r\n" * 1000),
                        b"G" * 100_000, get("/healthz?" + "a=b&" * 1000)):
            raw = Raw(self.address)
            self.addCleanup(raw.close)
            raw.send(request)
            self.assert_error(raw.answer(), 431, "too_large")
            self.assertEqual(raw.rest(), b"")

    def test_events(self):
        """Batches, events and nesting have their limits; an event over its own is refused alone."""
        many = [event(number) for number in range(50)]
        self.assertEqual(len(self.post(many).json["results"]), 50)
        before = self.size()
        self.assert_error(self.post([*many, event(50)], status=None), 413, "too_large", "50 events")
        self.assertEqual(self.size(), before + 1, "that a request was refused is an entry, and all there is of it")
        deep = event(60, attributes={"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}})
        deeper = event(61, attributes={"a": {"b": {"c": {"d": {"e": {"f": {"g": {}}}}}}}})
        answer = self.post([deep, deeper, event(62, message="x" * 20_000), event(63)], status=207).json
        codes = [result.get("error", {}).get("code") for result in answer["results"]]
        self.assertEqual(codes, [None, "too_deep", "too_large", None])
        hostile = b"[" + b"[" * 90_000 + b"]"
        self.assertIn(self.post(hostile, status=None).status, (400, 413))
        self.assertEqual(self.post(b'{"a":' * 30_000, status=None).status, 400)

    def test_pages_and_streams(self):
        """A page has at most so many entries; a stream more than there may be is 429, until one ends."""
        self.post([event(number) for number in range(30)])
        self.assertEqual(len(self.get("/api/v1/events?limit=100").json["entries"]), 20)
        streams = [Stream(self.address, "/api/v1/stream") for _ in range(3)]
        answer = self.get("/api/v1/stream")
        self.assert_error(answer, 429, "busy")
        self.assertEqual(answer.headers["Retry-After"], "1")
        streams[0].close()
        wait_until(lambda: self.metric("stele_streams") == 2, "the stream to be gone", seconds=10)
        another = Stream(self.address, "/api/v1/stream")
        self.assertEqual(another.head.status, 200)
        for stream in (*streams[1:], another):
            stream.close()


class Stopping(DoorTest):
    def test_drain_under_load(self):
        """SIGTERM under load: what was acknowledged is in the log, everything asked is answered or never taken, streams end well."""
        server = self.serve()
        key = self.key(server.address)
        acknowledged, odd = [], []
        stop = threading.Event()

        def load(number: int):
            count = 0
            while not stop.is_set():
                batch = [event(number * 100_000 + count + one) for one in range(5)]
                count += 5
                try:
                    answer = self.post(batch, address=server.address, status=None)
                except OSError:
                    return  # nobody listens any more, or the connection was closed before anything was asked
                if answer.status == 200:
                    acknowledged.append(answer.json)
                elif answer.status == 503 and answer.headers["Retry-After"]:
                    return
                else:
                    odd.append((answer.status, answer.body))

        stream = Stream(server.address, "/api/v1/stream?from=0")
        self.addCleanup(stream.close)
        idle = Raw(server.address)
        self.addCleanup(idle.close)
        threads = [threading.Thread(target=load, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(acknowledged) > 50, "some load")
        began = time.monotonic()
        self.assertEqual(server.stop(signal.SIGTERM), 0)
        self.assertLess(time.monotonic() - began, 15)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(odd, [])
        self.assertTrue(idle.closed(5))
        with self.assertRaises(EOFError):
            stream.take(1_000_000)
        for answer in random.sample(acknowledged, 10):
            receipts.verify_answer(answer, key)
        stored = {entry["id"]: entry["event"]["id"] for entry in self.stored()}
        for answer in acknowledged:
            for result in answer["results"]:
                self.assertIn(result["id"], stored)
        self.assertEqual(len(set(stored.values())), len(stored), "an event was stored twice")
        self.ran(self.stele("verify", "--data", str(self.data)))

    def test_drain_answers_what_is_under_way(self):
        """A large delivery that has arrived when SIGTERM comes is answered with its receipt, then the connection ends."""
        server = self.serve("--drain-seconds", "120")
        key = self.key(server.address)
        body = json.dumps([event(number, message="x" * 300) for number in range(20_000)]).encode()
        clients = [Raw(server.address) for _ in range(4)]
        for number, raw in enumerate(clients):
            self.addCleanup(raw.close)
            raw.send(sized(body, source=b"s%d" % number))
        wait_until(lambda: self.get("/api/v1/status", address=server.address).json["logs"][0]["size"] > 0, "the first delivery")
        server.process.send_signal(signal.SIGTERM)
        answers = [raw.answer() for raw in clients]
        self.assertEqual(server.process.wait(150), 0)
        stored = [answer for answer in answers if answer and answer.status == 200]
        self.assertTrue(stored)
        for answer in answers:
            self.assertIsNotNone(answer, "a request that had arrived got no answer")
            self.assertIn(answer.status, (200, 503))
        self.assertEqual(len(receipts.verify_answer(stored[-1].json, key)), 20_000)
        self.assertEqual(len(self.stored()), 20_000 * len(stored))

    def test_a_request_half_sent_does_not_hold_up_a_stop(self):
        """Who has sent half a request when SIGTERM comes is not waited for, and nothing of it is stored."""
        server = self.serve()
        half = Raw(server.address)
        self.addCleanup(half.close)
        half.send(sized(EVENT)[:-5])
        self.post(event(2), address=server.address)
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual(half.rest(), b"")
        self.assertEqual(self.stored_ids(), ["evt_2"])


if __name__ == "__main__":
    unittest.main()
