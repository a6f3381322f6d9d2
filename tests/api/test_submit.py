#!/usr/bin/env python3
"""Taking events in, as docs/api.md promises it: what is stored and what is refused, how it is answered, and what is recognised
as sent before. Receipts are checked by code that is not Stele's. Each case opens with its goal."""
# ctest: TIMEOUT 300

import base64
import gzip
import hashlib
import json
import shutil
import signal
import subprocess
import threading
import unittest

import receipts
from door import DoorTest, event, zstd
from harness import lines

UUID7 = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"


class TakingIn(DoorTest):
    def test_one_event(self):
        """One object is stored, and answered with its place, its leaf and a receipt that proves it."""
        answer = self.post(event(1)).json
        self.assertEqual(list(answer), ["results", "receipt"])
        [result] = answer["results"]
        self.assertEqual(list(result), ["index", "id", "leaf"])
        self.assertRegex(result["id"], UUID7)
        [(index, leaf)] = receipts.verify_answer(answer, self.key()).items()
        stored = self.get(f"/api/v1/events/{index}").body
        self.assertEqual(receipts.leaf_hash(stored), leaf)
        entry = json.loads(stored)
        self.assertEqual(list(entry), ["stele", "id", "received", "source", "event"])
        self.assertEqual((entry["stele"], entry["id"], entry["event"]), (1, result["id"], event(1)))
        self.assertEqual(entry["source"]["id"], self.source)
        self.assertEqual(entry["source"]["kind"], "http")
        self.assertRegex(entry["source"]["peer"], r"^127\.0\.0\.1:\d+$")
        self.assertRegex(entry["received"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")

    def test_array_and_ndjson(self):
        """An array, NDJSON by its name, and NDJSON by its looks: in order, in one run of entries, under one receipt."""
        many = [event(number) for number in range(7)]
        ndjson = lines(many).replace("\n", "\r\n\n").encode()  # blank lines and CRLF are nobody's events
        for number, (body, kind) in enumerate([(many, None), (ndjson, "application/x-ndjson"), (ndjson, "application/json"),
                                               (ndjson, "Application/NDJSON; charset=utf-8"), (ndjson, "application/jsonl"),
                                               (ndjson.rstrip(), None)]):
            headers = {"Content-Type": kind} if kind else {}
            answer = self.post(body, headers=headers, source=f"{self.source}{number}").json
            indices = [result["index"] for result in answer["results"]]
            self.assertEqual(indices, list(range(indices[0], indices[0] + 7)))
            self.assertEqual([(one["first"], one["count"]) for one in answer["receipt"]["ranges"]], [(indices[0], 7)])
            receipts.verify_answer(answer, self.key())
            page = self.get(f"/api/v1/events?from={indices[0]}&limit=7").json
            self.assertEqual([one["entry"]["event"] for one in page["entries"]], many)

    def test_one_line_of_ndjson_may_be_an_array_to_nobody(self):
        """What says it is NDJSON is read line by line, and a line that is no event is refused alone."""
        answer = self.post(b"[1]\n" + lines([event(1)]).encode(), headers={"Content-Type": "application/x-ndjson"}, status=207)
        self.assertEqual(answer.json["results"][0]["error"]["code"], "wrong_type")

    def test_gzip_and_zstd(self):
        """Compressed bodies hold the same events, several members too; a coding that is not known is named."""
        body = lines([event(1), event(2)]).encode()
        half = len(body) // 2
        codings = [("gzip", gzip.compress(body)), ("x-gzip", gzip.compress(body[:half]) + gzip.compress(body[half:])),
                   ("GZip", gzip.compress(body, 0)), ("zstd", zstd(body)), ("zstd", zstd(body[:half]) + zstd(body[half:])),
                   ("identity", body)]
        if shutil.which("zstd"):
            run = subprocess.run(["zstd", "-19", "-c"], input=body, capture_output=True, check=True)
            codings.append(("zstd", run.stdout))
        for number, (coding, data) in enumerate(codings):
            answer = self.post(data, headers={"Content-Encoding": coding}, source=f"{self.source}{number}").json
            receipts.verify_answer(answer, self.key())
            stored = self.get(f"/api/v1/events/{answer['results'][1]['index']}").json
            self.assertEqual(stored["event"], event(2))
        for coding, data in (("br", body), ("gzip, zstd", body), ("gzip", body), ("zstd", body), ("gzip", zstd(body)),
                             ("gzip", gzip.compress(body)[:-1]), ("zstd", zstd(body)[:-1]), ("gzip", gzip.compress(body) + b"x")):
            self.assert_error(self.post(data, headers={"Content-Encoding": coding}, status=None), 400, "invalid")
        self.assert_error(self.post(body, headers={"Content-Encoding": "br"}, status=None), 400, "invalid", '"br"')

    def test_some_refused(self):
        """One bad event never loses the good ones beside it: 207, in order, each refusal with its place and reason."""
        bad = [{"time": "2026-11-23T16:19:59Z"}, event(0, outcome="maybe"), event(0, time="yesterday"), 7, event(0, seq=-1),
               event(0, actor={"type": "user"}), event(0, origin={"ip": "1.2.3"}), event(0, action=""),
               event(0, targets=[{"type": "t", "id": "i"}, {"type": "t"}]),
               event(0, targets=[{"type": "t", "id": "i", "name": "x" * 66_000}])]
        whole = [one for number, wrong in enumerate(bad) for one in (event(number), wrong)]
        answer = self.post(whole, status=207).json
        good = [result for result in answer["results"] if "error" not in result]
        self.assertEqual([result["index"] - good[0]["index"] for result in good], list(range(len(bad))))
        self.assertEqual(["error" in result for result in answer["results"]], [False, True] * len(bad))
        errors = [result["error"] for result in answer["results"] if "error" in result]
        self.assertEqual([(one["code"], one["path"]) for one in errors], [
            ("missing", "/actor"), ("wrong_value", "/outcome"), ("wrong_value", "/time"), ("wrong_type", ""),
            ("wrong_value", "/seq"), ("missing", "/actor/id"), ("wrong_value", "/origin/ip"), ("wrong_value", "/action"),
            ("missing", "/targets/1/id"), ("too_large", "")])
        self.assertTrue(all(sorted(one) == ["code", "message", "path"] and one["message"] for one in errors))
        self.assertEqual(len(receipts.verify_answer(answer, self.key())), len(bad))

    def test_broken_lines(self):
        """What is not even JSON is refused alone where lines say where it ends."""
        body = b'{"broken\n' + lines([event(1)]).encode() + b'\xff\xfe\n{"time":1,"time":2}\n{"a":"\\ud800"}\n' + b"[" * 40 + b"\n"
        answer = self.post(body, headers={"Content-Type": "application/x-ndjson"}, status=207).json
        codes = [result.get("error", {}).get("code") for result in answer["results"]]
        self.assertEqual(codes, ["invalid_json", None, "invalid_json", "duplicate_key", "invalid_json", "too_deep"])

    def test_none_stored(self):
        """400 where nothing was stored: with the reasons when there are events, with one error when there are none."""
        before = self.size()
        answer = self.post([{}, {"time": 1}], status=400).json
        self.assertEqual(list(answer), ["results"])
        self.assertEqual([result["error"]["code"] for result in answer["results"]], ["missing", "wrong_type"])
        for body in (b"", b"  \n", b"[]", b"[1,", b"[{}] x", b"[{} {}]"):
            self.assert_error(self.post(body, status=None), 400, "invalid")
        answer = self.post(b'"text"', status=400).json
        self.assertEqual(answer["results"][0]["error"]["code"], "wrong_type")
        notes = [self.get(f"/api/v1/events/{index}").json for index in range(before, self.size())]
        self.assertEqual([(note["source"]["kind"], note["event"]["action"]) for note in notes], [("internal", "stele.refused")] * 8)
        told = [note["event"]["attributes"] for note in notes]
        self.assertEqual([(one["events"], one["requests"]) for one in told], [(2, 0), *[(0, 1)] * 6, (1, 0)])

    def test_required_members_and_defaults(self):
        """time, actor and action are required; outcome is unknown when absent, and the entry says who said so."""
        for name in ("time", "actor", "action"):
            one = event(1)
            del one[name]
            answer = self.post(one, status=400).json
            self.assertEqual((answer["results"][0]["error"]["code"], answer["results"][0]["error"]["path"]), ("missing", "/" + name))
        one = event(2)
        del one["outcome"]
        index = self.post(one).json["results"][0]["index"]
        entry = self.get(f"/api/v1/events/{index}").json
        self.assertEqual(entry["event"], {**one, "outcome": "unknown"})
        self.assertEqual(entry["derived"], {"by": "stele/native@1", "fields": ["outcome"]})

    def test_missing_origin_is_counted(self):
        """Events that were stored without an origin are counted: not refused ones, and a repeated one once."""
        name = "stele_events_without_origin_total"
        before = self.metric(name)
        self.post([event(1)])
        self.assertEqual(self.metric(name), before)
        without = event(2)
        del without["origin"]
        self.post([without, event(3), {**without, "outcome": "maybe"}], status=207)
        self.assertEqual(self.metric(name), before + 1)
        self.post([without])
        self.post([{**without, "action": "other"}], status=400)
        self.assertEqual(self.metric(name), before + 1)

    def test_unknown_and_misspelt_members(self):
        """Unknown members are stored as they came; one that looks like a misspelt known one is named."""
        body = '{"time":"2026-11-23T16:19:59.998Z" , "actor":{"type":"user","id":"u","emial":"a@b"},"action":"a",' \
               '"outcome":"success","orgin":{"ip":"::1"},"shoe_size":1.50e+01,"text":"\\u00e9\\/"}'
        answer = self.post(body.encode(), "results=entries").json
        [result] = answer["results"]
        self.assertIn('"shoe_size":1.50e+01,"text":"\\u00e9\\/"', result["entry"])
        self.assertEqual([warning["path"] for warning in result["warnings"]], ["/actor/emial", "/orgin"])
        self.assertIn('"origin"', result["warnings"][1]["message"])
        receipts.verify_answer(answer, self.key())
        wrong = event(1)
        wrong["actoin"] = wrong.pop("action")
        error = self.post(wrong, status=400).json["results"][0]["error"]
        self.assertIn('did you mean it by "actoin"?', error["message"])

    def test_reserved_objects_are_escaped(self):
        """An object whose only member starts with '$' is kept as a literal, never refused."""
        index = self.post(event(1, attributes={"a": {"$sealed": 1}, "b": {"$x": 1, "y": 2}})).json["results"][0]["index"]
        self.assertEqual(self.get(f"/api/v1/events/{index}").json["event"]["attributes"],
                         {"a": {"$literal": {"$sealed": 1}}, "b": {"$x": 1, "y": 2}})

    def test_range_results(self):
        """results=range: first index, count, what was refused and where, receipt; nothing an event."""
        answer = self.post([event(0), {}, event(1), event(2, outcome="maybe"), event(0)], "results=range", status=207).json
        self.assertEqual(list(answer), ["first", "count", "repeated", "refused", "receipt"])
        self.assertEqual((answer["count"], answer["repeated"]), (3, 1))
        self.assertEqual([(one["at"], one["error"]["code"]) for one in answer["refused"]], [(1, "missing"), (3, "wrong_value")])
        first = answer["first"]
        page = self.get(f"/api/v1/events?from={first}&limit=2").json
        leaves = {one["index"]: receipts.leaf_hash(self.get(f"/api/v1/events/{one['index']}").body) for one in page["entries"]}
        receipts.verify_receipt(answer["receipt"], leaves, self.key())
        none = self.post([{}], "results=range", status=400).json
        self.assertEqual([none[name] for name in ("first", "count", "repeated")], [None, 0, 0])
        self.assertEqual([one["at"] for one in none["refused"]], [0])

    def test_entries_results(self):
        """results=entries: the stored bytes, from which the client computes the leaf itself; of repeated events too."""
        texts = ["plain", "quote \" backslash \\ line\n \u2028 \x7f é 日誌 🗿", "\x00\x1f"]
        many = [event(number, message=text) for number, text in enumerate(texts)]
        self.post(many[1])
        answer = self.post([many[0], {}, *many[1:]], "results=entries", status=207).json
        self.assertEqual([result.get("repeated", False) for result in answer["results"]], [False, False, True, False])
        receipts.verify_answer(answer, self.key())
        for result in (one for one in answer["results"] if "error" not in one):
            self.assertEqual(self.get(f"/api/v1/events/{result['index']}").text, result["entry"])

    def test_no_proof(self):
        """proof=none leaves the receipt out, and nothing else."""
        for results, members in (("full", ["results"]), ("entries", ["results"]), ("range", ["first", "count", "repeated", "refused"])):
            self.assertEqual(list(self.post(event(1), f"results={results}&proof=none").json), members)

    def test_parameters(self):
        """A parameter that is not understood is an error, never a guess; names may be of any script."""
        for query, word in (("results=some", "results"), ("proof=all", "proof"), ("results=", "results")):
            self.assert_error(self.post(event(1), query, status=None), 400, "invalid", word)
        for name in ("", "x" * 129, "%ff"):
            self.assert_error(self.post(event(1), source=name, status=None), 400, "invalid", "source")
        self.assert_error(self.post(event(1), "log=other", status=None), 404, "not_found", '"other"')
        index = self.post(event(1), "log=main", source="%E6%97%A5%22+x%26").json["results"][0]["index"]
        self.assertEqual(self.get(f"/api/v1/events/{index}").json["source"]["id"], '日" x&')
        answer = self.ask("POST", "/api/v1/events", json.dumps(event(2)).encode())
        index = answer.json["results"][0]["index"]
        self.assertEqual(self.get(f"/api/v1/events/{index}").json["source"]["id"], "http")

    def test_receipts_cannot_be_changed(self):
        """Every receipt stops verifying once anything that it says is changed (so the checks above can fail)."""
        key = self.key()
        answer = self.post([event(number) for number in range(5)]).json
        receipts.verify_answer(answer, key)

        def forge(change):
            forged = json.loads(json.dumps(answer))
            change(forged)
            with self.assertRaises((receipts.Forged, ValueError, KeyError)):
                receipts.verify_answer(forged, key)

        other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
        size = answer["receipt"]["checkpoint"].split("\n")[1]
        forge(lambda a: a["results"][2].update(leaf=other))
        forge(lambda a: a["results"][2].update(index=10_000))
        forge(lambda a: a["results"].pop())
        forge(lambda a: a["receipt"]["ranges"][0].update(first=a["receipt"]["ranges"][0]["first"] + 1))
        forge(lambda a: a["receipt"]["ranges"][0].update(count=4))
        forge(lambda a: a["receipt"]["ranges"][0]["proof"].append(other))
        forge(lambda a: a["receipt"]["ranges"].clear())
        forge(lambda a: a["receipt"].update(log="another.example/log"))
        forge(lambda a: a["receipt"].update(checkpoint=a["receipt"]["checkpoint"].replace(f"\n{size}\n", f"\n{int(size) + 1}\n")))
        signature = answer["receipt"]["checkpoint"].rstrip("\n").rsplit(" ", 1)[1]
        blob = bytearray(base64.b64decode(signature))
        blob[20] ^= 1
        changed = base64.b64encode(blob).decode()
        forge(lambda a: a["receipt"].update(checkpoint=a["receipt"]["checkpoint"].replace(signature, changed)))

    def test_stele_verifies_what_we_verify(self):
        """The command agrees with the second implementation about an answer as it came."""
        path = self.folder / "answer.json"
        path.write_bytes(self.post([event(1), event(2)], "results=entries").body)
        key = self.get("/log/main/key").text.strip()
        self.ran(self.stele("verify", "--receipt", str(path), "--key", key))

    def test_stele_verifies_a_receipt_without_leaves_with_its_log(self):
        """An answer to results=range is checked against the log that gave it, and not alone."""
        path = self.folder / "range.json"
        path.write_bytes(self.post([event(1), event(2)], "results=range").body)
        alone = self.stele("verify", "--receipt", str(path))
        self.assertEqual(alone.returncode, 2)
        self.assertIn("has no leaves", alone.stderr)
        url = self.server.url
        self.ran(self.stele("verify", "--url", url, "--receipt", str(path), "--require-anchor"))
        other = json.loads(path.read_text())
        size = other["receipt"]["checkpoint"].split("\n")[1]
        other["receipt"]["checkpoint"] = other["receipt"]["checkpoint"].replace(f"\n{size}\n", f"\n{int(size) - 1}\n")
        path.write_text(json.dumps(other))
        self.assertEqual(self.stele("verify", "--url", url, "--receipt", str(path)).returncode, 1)


class Again(DoorTest):
    """Idempotency: the key is (source, event.id)."""

    def test_the_same_bytes(self):
        """The same event again: the first index and leaf, said to be repeated, and a fresh proof; stored once."""
        first = self.post(event(1)).json
        self.post(event(2))
        size = self.size()
        again = self.post(event(1)).json
        self.assertEqual(again["results"], [{**first["results"][0], "repeated": True}])
        receipts.verify_answer(again, self.key())
        self.assertGreater(*(int(one["receipt"]["checkpoint"].split("\n")[1]) for one in (again, first)))
        self.assertEqual(self.size(), size)

    def test_within_one_batch(self):
        """The same twice in one request is stored once, and each is answered for."""
        answer = self.post([event(1), event(2), event(1), event(1)]).json
        results = answer["results"]
        self.assertEqual([one["index"] - results[0]["index"] for one in results], [0, 1, 0, 0])
        self.assertEqual([one.get("repeated", False) for one in results], [False, False, True, True])
        self.assertEqual(len(receipts.verify_answer(answer, self.key())), 2)

    def test_other_bytes(self):
        """Another event under an id that is taken is an id_conflict, and an entry in the log says so."""
        first = self.post([event(1)]).json["results"][0]["index"]
        answer = self.post([event(2), event(1, message="other"), event(3)], status=207).json
        error = answer["results"][1]["error"]
        self.assertEqual((error["code"], error["path"]), ("id_conflict", "/id"))
        self.assertIn(f"entry {first}", error["message"])
        self.assertEqual(len(receipts.verify_answer(answer, self.key())), 2)
        note = self.get(f"/api/v1/events/{self.size() - 1}").json
        self.assertEqual(note["source"], {"id": "stele", "kind": "internal"})
        self.assertEqual(note["event"]["action"], "stele.id_conflict")
        self.assertEqual(note["event"]["targets"], [{"type": "entry", "id": str(first)}])
        self.assertEqual(note["event"]["attributes"]["source"], self.source)
        self.assertEqual(note["event"]["attributes"]["event_id"], "evt_1")
        sent_by = note["event"]["attributes"]["sent_by"]
        self.assertEqual(sent_by["id"], self.source)
        self.assertTrue(sent_by["peer"].startswith("127.0.0.1:"), sent_by)
        refused = json.dumps(event(1, message="other"), separators=(",", ":")).encode()
        self.assertEqual(note["event"]["attributes"]["refused_sha256"], hashlib.sha256(refused).hexdigest())

    def test_conflict_within_one_batch(self):
        """The first of two events under one id is stored, the other refused; with none stored the answer is 400."""
        answer = self.post([event(1), event(1, message="other")], status=207).json
        self.assertEqual(answer["results"][1]["error"]["code"], "id_conflict")
        receipts.verify_answer(answer, self.key())
        answer = self.post(event(1, message="third"), status=400).json
        self.assertEqual(list(answer), ["results"])
        self.assertEqual(answer["results"][0]["error"]["code"], "id_conflict")

    def test_what_makes_the_key(self):
        """Another source, or no id at all, is another event; how the JSON is spaced is not part of it."""
        same = event(1)
        indices = [self.post(same, source=f"{self.source}{letter}").json["results"][0]["index"] for letter in "ab"]
        self.assertNotEqual(*indices)
        spaced = json.dumps(same, indent=3).encode()
        self.assertEqual(self.post(spaced, source=f"{self.source}a").json["results"][0]["index"], indices[0])
        del same["id"]
        indices = [self.post(same).json["results"][0]["index"] for _ in range(2)]
        self.assertNotEqual(*indices)

    def test_at_the_same_time(self):
        """Many clients deliver the same batch at once: each event is stored once, and all are told the same."""
        batch = [event(number) for number in range(50)]
        answers = []

        def send():
            answers.append(self.post(batch, status=None))

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([answer.status for answer in answers], [200] * 8)
        leaves = [receipts.verify_answer(answer.json, self.key()) for answer in answers]
        self.assertTrue(all(one == leaves[0] for one in leaves))
        self.assertEqual(len(leaves[0]), 50)

    def test_after_a_stop_and_after_a_kill(self):
        """Ids are remembered over a stop, and over SIGKILL."""
        for number, sign in enumerate((signal.SIGTERM, signal.SIGKILL)):
            server = self.serve()
            first = self.post(event(number), address=server.address).json["results"][0]
            self.assertEqual(server.stop(sign), 0 if sign == signal.SIGTERM else -sign)
            server = self.serve()
            answer = self.post([event(number), event(number, message="other")], address=server.address, status=207).json
            self.assertEqual(answer["results"][0], {**first, "repeated": True})
            self.assertEqual(answer["results"][1]["error"]["code"], "id_conflict")
            receipts.verify_answer(answer, self.key(server.address))
            server.stop()


if __name__ == "__main__":
    unittest.main()
