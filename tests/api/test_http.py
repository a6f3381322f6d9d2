#!/usr/bin/env python3
"""Reading, checking and operating, as docs/api.md promises it, of a real server; what proves something is checked by code that is
not Stele's. Each case opens with its goal. Taking events in: test_submit.py; clients that do not play by the rules:
test_hostile.py."""
# ctest: TIMEOUT 300

import base64
import json
import random
import resource
import unittest

import receipts
from door import DoorTest, Stream, event, wait_until
from harness import lines


class Reading(DoorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.many = [event(number) for number in range(1200)]
        body = json.dumps(cls.many).encode()
        status, _ = cls.server.request("POST", "/api/v1/events?source=many&results=range", body.decode())
        assert status == 200, status

    def test_one_entry(self):
        """An entry by its index, and errors that say which there are."""
        self.assertEqual(self.get("/api/v1/events/7").json["event"], self.many[7])
        self.assertEqual(self.get("/api/v1/events/7?log=main").headers["Content-Type"], "application/json")
        self.assert_error(self.get("/api/v1/events/99999"), 404, "not_found", "99999")
        for wrong in ("x", "-1", "1.0", "%31", "18446744073709551616", "+1"):
            self.assert_error(self.get(f"/api/v1/events/{wrong}"), 400, "invalid")
        self.assert_error(self.get("/api/v1/events/1?log=other"), 404, "not_found", '"other"')

    def test_pages(self):
        """Pages walk the whole log without a gap: at most a thousand entries each, and where the next begins."""
        at, seen = 0, []
        while at < 1200:
            page = self.get(f"/api/v1/events?from={at}&limit=500").json
            self.assertEqual(list(page), ["entries", "next", "size"])
            self.assertEqual([one["index"] for one in page["entries"]], list(range(at, page["next"])))
            seen += [one["entry"]["event"] for one in page["entries"]]
            self.assertGreater(page["next"], at)
            at = page["next"]
        self.assertEqual(seen[:1200], self.many)
        self.assertEqual(len(self.get("/api/v1/events").json["entries"]), 100)
        self.assertEqual(len(self.get("/api/v1/events?limit=100000").json["entries"]), 1000)
        self.assertEqual(self.get("/api/v1/events?limit=0&from=5").json["next"], 5)
        beyond = self.get("/api/v1/events?from=999999").json
        self.assertEqual((beyond["entries"], beyond["next"]), ([], 999_999))
        for wrong in ("from=x", "limit=-1", "from=", "limit=1e3"):
            self.assert_error(self.get(f"/api/v1/events?{wrong}"), 400, "invalid", wrong.split("=")[0])

    def test_a_page_has_a_size(self):
        """An answer of long entries stays below 8 MiB, and the next one goes on where it ended."""
        long = [event(number, message="x" * 60_000) for number in range(150)]
        first = self.post(long, "results=range").json["first"]
        answer = self.get(f"/api/v1/events?from={first}&limit=150")
        self.assertLessEqual(len(answer.body), (8 << 20) + 100)
        self.assertGreater(answer.json["next"], first + 100)
        rest = self.get(f"/api/v1/events?from={answer.json['next']}&limit=150").json
        self.assertEqual(rest["next"], first + 150)

    def test_stream(self):
        """The stream gives entries as they are committed; resumes behind Last-Event-ID; `from` begins anywhere."""
        stream = Stream(self.address, "/api/v1/stream?from=10")
        self.addCleanup(stream.close)
        self.assertEqual(stream.head.status, 200)
        self.assertEqual(stream.head.headers["Content-Type"], "text/event-stream")
        got = stream.take(300)
        self.assertEqual([index for index, _ in got], list(range(10, 310)))
        self.assertTrue(all(json.loads(data)["event"] == self.many[index] for index, data in got))
        self.assertEqual(got[0][1], self.get("/api/v1/events/10").body)
        resumed = Stream(self.address, "/api/v1/stream?from=3", {"Last-Event-ID": "309"})
        self.addCleanup(resumed.close)
        self.assertEqual(resumed.next()[0], 310)
        live = Stream(self.address, "/api/v1/stream")
        self.addCleanup(live.close)
        index = self.post(event(1)).json["results"][0]["index"]
        self.assertEqual(live.next()[0], index)
        for target, headers in (("from=x", {}), ("", {"Last-Event-ID": "x"}), ("from=", {})):
            self.assert_error(self.get(f"/api/v1/stream?{target}", headers=headers), 400, "invalid")
        self.assert_error(self.get("/api/v1/stream?log=other"), 404, "not_found")

    def test_many_streams(self):
        """A hundred streams all get every entry, in order, while events come in."""
        streams = [Stream(self.address, "/api/v1/stream") for _ in range(100)]
        for stream in streams:
            self.addCleanup(stream.close)
        first = self.post([event(number) for number in range(40)]).json["results"][0]["index"]
        for number in range(40, 60):
            self.post(event(number))
        for stream in streams:
            self.assertEqual([index for index, _ in stream.take(60)], list(range(first, first + 60)))

    def test_streams_that_were_left_make_room(self):
        """Whoever closes a stream gives its place back at once, so that reconnecting clients are not locked out."""
        for _ in range(3):
            streams = [Stream(self.address, "/api/v1/stream") for _ in range(90)]
            self.assertEqual({stream.head.status for stream in streams}, {200})
            for stream in streams:
                stream.close()
            wait_until(lambda: self.metric("stele_streams") == 0, "all streams to be gone", seconds=10)


class Checking(DoorTest):
    """The log as C2SP describes it, rebuilt and checked from what the server hands out."""

    COUNT = 700

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for first in range(0, cls.COUNT, 350):
            body = lines(event(number) for number in range(first, first + 350))
            assert cls.server.request("POST", "/api/v1/events?source=many", body)[0] == 200

    def bundle(self, path: str) -> list[bytes]:
        data = self.get(f"/log/main/tile/entries/{path}").body
        entries = []
        while data:
            length = int.from_bytes(data[:2], "big")
            entries.append(data[2:2 + length])
            data = data[2 + length:]
        return entries

    def checkpoint(self) -> tuple[int, bytes]:
        return receipts.open_checkpoint(self.published(self.COUNT), self.key())

    def test_tiles_lead_to_the_checkpoint(self):
        """Bundles, level 0 and level 1 agree with one another and with the signed root; partial ones at any width."""
        size, root = self.checkpoint()
        paths = [f"{number:03}" for number in range(size // 256)] + ([f"{size // 256:03}.p/{size % 256}"] if size % 256 else [])
        entries = [entry for path in paths for entry in self.bundle(path)]
        leaves = b"".join(self.get(f"/log/main/tile/0/{path}").body for path in paths)
        self.assertEqual(leaves, b"".join(map(receipts.leaf_hash, entries)))
        hashes = [leaves[at:at + 32] for at in range(0, len(leaves), 32)]
        self.assertEqual(receipts.root_of(hashes), root)
        level1 = self.get(f"/log/main/tile/1/000.p/{size // 256}").body
        self.assertEqual(level1, b"".join(receipts.root_of(hashes[at:at + 256]) for at in range(0, size // 256 * 256, 256)))
        self.assertEqual(self.get("/log/main/tile/0/001.p/17").body, leaves[256 * 32:(256 + 17) * 32])
        self.assertEqual(self.bundle("001.p/3"), entries[256:259])
        self.assertEqual(entries[5], self.get("/api/v1/events/5").body)

    def test_tile_headers_and_errors(self):
        """Tiles never change and say so; what is no tile, or not there yet, is told apart."""
        tile = self.get("/log/main/tile/0/000")
        self.assertIn("immutable", tile.headers["Cache-Control"])
        self.assertEqual(tile.headers["Content-Type"], "application/octet-stream")
        for answer in (tile, self.get("/log/main/tile/entries/000"), self.get("/log/main/checkpoint")):
            self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
            self.assertTrue(answer.headers["Cache-Control"].startswith("private"))
            self.assertIn("Authorization", answer.headers["Vary"].split(", "))
        for path in ("0/009", "0/002.p/255", "2/000.p/1", "entries/x001/000", "9/000.p/1"):
            self.assert_error(self.get(f"/log/main/tile/{path}"), 404, "not_found")
        for path in ("0/0", "0/000.p/0", "0/000.p/256", "00/000", "0/000/", "64/000", "x/000", "entries/000.p/x", "0/../0/000", "0"):
            self.assert_error(self.get(f"/log/main/tile/{path}"), 400, "invalid")
        for path in ("tile", "tile/", "other", "", "checkpoint/", "proof", "proof/1/2"):
            self.assert_error(self.get(f"/log/main/{path}"), 404, "not_found")
        self.assert_error(self.get("/log/other/checkpoint"), 404, "not_found", '"other"')

    def test_checkpoint_and_keys(self):
        """The checkpoint is signed by the key that is shown, and every key with the sizes that it signed."""
        size, _ = self.checkpoint()
        self.assertGreaterEqual(size, self.COUNT)
        keys = self.get("/log/main/keys").json["keys"]
        self.assertEqual(keys, [{"key": self.get("/log/main/key").text.strip(), "from": 0, "to": None}])

    def test_proofs(self):
        """A proof file proves its entry to the published checkpoint; JSON says the same."""
        size, _ = self.checkpoint()
        for index in (0, 1, 255, 256, 511, size - 1, random.randrange(size)):
            leaf = receipts.leaf_hash(self.get(f"/api/v1/events/{index}").body)
            text = self.get(f"/log/main/proof/{index}?size={size}").text
            self.assertEqual(receipts.verify_proof_file(text, leaf, self.key()), (index, size))
            with self.assertRaises(receipts.Forged):
                receipts.verify_proof_file(text, receipts.leaf_hash(b"other"), self.key())
            for extra in ({"headers": {"Accept": "application/json"}}, {}):
                query = f"?size={size}" + ("" if extra else "&format=json")
                answer = self.get(f"/log/main/proof/{index}{query}", **extra).json
                self.assertEqual(list(answer), ["index", "size", "proof", "checkpoint"])
                self.assertEqual((answer["index"], answer["size"]), (index, size))
                self.assertEqual(text, "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *answer["proof"], "", answer["checkpoint"]]))
        self.assertEqual(self.get("/log/main/proof/0").status, 200)
        for target, status in (("999999", 404), (f"0?size={size + 5000}", 404), ("x", 400), ("0?size=x", 400), ("-1", 400)):
            self.assert_error(self.get(f"/log/main/proof/{target}"), status, "not_found" if status == 404 else "invalid")

    def test_receipts_become_proofs_to_published_checkpoints(self):
        """An entry of a receipt has a proof to a published checkpoint once that covers it."""
        answer = self.post(event(1)).json
        [(index, leaf)] = receipts.verify_answer(answer, self.key()).items()
        self.published(index + 1)
        receipts.verify_proof_file(self.get(f"/log/main/proof/{index}").text, leaf, self.key())

    def test_consistency(self):
        """Any two sizes, also those of receipts alone, continue one another; text and JSON."""
        key = self.key()
        states = [self.checkpoint()]
        for number in range(5):
            states.append(receipts.open_checkpoint(self.post(event(number)).json["receipt"]["checkpoint"], key))
        leaves = [receipts.leaf_hash(json_entry) for path in ("000", "001") for json_entry in self.bundle(path)]
        states += [(count, receipts.root_of(leaves[:count])) for count in (1, 2, 255, 256, 257, 512)]
        states = sorted(set(states))
        for old_size, old_root in states:
            for size, root in states:
                if old_size > size:
                    continue
                target = f"/log/main/consistency?from={old_size}&to={size}"
                text = self.get(target).text
                proof = [base64.b64decode(line, validate=True) for line in text.split("\n")[:-1]]
                receipts.verify_consistency(old_size, old_root, size, root, proof)
                self.assertEqual(self.get(target + "&format=json").json, {"from": old_size, "to": size, "proof": text.split()})
        with self.assertRaises(receipts.Forged):
            receipts.verify_consistency(256, leaves[0], 512, states[-1][1], proof)
        self.assertEqual(self.get("/log/main/consistency?from=0&to=5").text, "")
        for query, status in (("from=5&to=4", 400), ("from=1", 400), ("to=1", 400), ("from=x&to=2", 400), ("from=1&to=99999", 404)):
            self.assert_error(self.get(f"/log/main/consistency?{query}"), status, "not_found" if status == 404 else "invalid")


class Operating(DoorTest):
    def test_health_status_and_schema(self):
        """Health, readiness, status and the published schema are there; HEAD has their heads."""
        self.assertEqual(self.get("/healthz").text, "alive\n")
        self.assertEqual(self.get("/readyz").text, "ready\n")
        log, audit = self.get("/api/v1/status").json["logs"]
        self.assertEqual((log["name"], log["accepting"]), ("main", True))
        schema = self.get("/api/v1/schema/event")
        self.assertEqual(schema.headers["Content-Type"], "application/schema+json")
        self.assertEqual(schema.json["required"], ["time", "actor", "action"])
        for target in ("/healthz", "/readyz", "/metrics", "/api/v1/status", "/api/v1/schema/event", "/log/main/key"):
            head = self.ask("HEAD", target)
            self.assertEqual((head.status, head.body), (200, b""))
            self.assertGreater(int(head.headers["Content-Length"]), 0)

    def test_metrics(self):
        """Every metric is documented, typed and numeric; counters rise by what happened, and never fall."""
        before = self.get("/metrics").text
        self.assertIn("version=0.0.4", self.get("/metrics").headers["Content-Type"])
        documented, typed = set(), set()
        for line in before.splitlines():
            words = line.split(" ", 3)
            if line.startswith("# HELP "):
                self.assertTrue(words[3])
                documented.add(words[2])
            elif line.startswith("# TYPE "):
                self.assertIn(words[3], ("counter", "gauge", "histogram"))
                typed.add(words[2])
            else:
                self.assertRegex(line, r'^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+$')
                name = line.partition("{")[0].split(" ")[0]
                self.assertTrue({name, *(name.removesuffix(end) for end in ("_bucket", "_sum", "_count"))} & documented, line)
        self.assertEqual(documented, typed)
        stored, refused = self.metric("stele_events_stored_total"), self.metric("stele_events_refused_total")
        self.post([event(1), {}, event(2)], status=207)
        self.assertEqual(self.metric("stele_events_stored_total"), stored + 2)
        self.assertEqual(self.metric("stele_events_refused_total"), refused + 1)
        self.assertEqual(self.metric("stele_log_size"), self.size())

    def test_methods_and_paths(self):
        """A method that a path does not take is 405 with what it takes; a path that is none is 404."""
        for target, allow in (("/healthz", "GET, HEAD"), ("/api/v1/events", "POST, GET, HEAD"), ("/log/main/key", "GET, HEAD")):
            for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "BREW"):
                answer = self.ask(method, target)
                self.assert_error(answer, 405, "invalid", allow)
                self.assertEqual(answer.headers["Allow"], allow)
        self.assert_error(self.ask("POST", "/healthz", b"{}"), 405, "invalid")
        for target in ("/", "/healthz/", "//healthz", "/api", "/api/v1", "/api/v1/events/", "/api/v1/events/1/2", "/API/v1/events",
                       "/api/v1/../v1/events", "/log", "/log/", "/log//key", "/%68ealthz", "/healthz%00", "/favicon.ico"):
            self.assert_error(self.get(target), 404, "not_found")
            self.assert_error(self.ask("DELETE", target), 404, "not_found")

    def test_a_stopped_log_says_so(self):
        """Where events cannot be stored the answer is 503 with Retry-After, /readyz says why; nothing is shown that
        cannot be put on record, what was seen before neither."""
        server = self.serve()
        first = self.post(event(1), address=server.address).json
        entry = f"/api/v1/events/{first['results'][0]['index']}"
        self.assertEqual(self.get(entry, address=server.address).json["event"], event(1))
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        answer = self.post([event(2)], address=server.address, status=None)
        self.assert_error(answer, 503, "unavailable")
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        ready = self.get("/readyz", address=server.address)
        self.assert_error(ready, 503, "unavailable", "log main")
        self.assertEqual(self.get("/healthz", address=server.address).status, 200)
        self.assert_error(self.get(entry, address=server.address), 503, "unavailable", "goes on record first")
        self.assert_error(self.get("/api/v1/search?q=", address=server.address), 503, "unavailable", "goes on record first")
        self.assertFalse(self.get("/api/v1/status", address=server.address).json["logs"][0]["accepting"])
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_until(lambda: self.get("/readyz", address=server.address).status == 200, "the log to take events again")
        again = self.post([event(1), event(2)], address=server.address).json
        self.assertTrue(again["results"][0]["repeated"])
        receipts.verify_answer(again, self.key(server.address))


if __name__ == "__main__":
    unittest.main()
