#!/usr/bin/env python3
"""Appending: every line is answered for, nothing acknowledged is lost, whoever is killed and when."""

import http.client
import json
import os
import signal
import threading
import time
import unittest

from harness import CLOSED, CommandTest, event, lines, wait_until

MANY = 100_000  # events; a second or so
MANY_LINES = lines(map(event, range(MANY)))


class Append(CommandTest):
    def test_bad_lines_are_named_and_good_ones_stored(self):
        self.serve()
        bad = {"time": "2026-11-23T16:19:59Z"}
        text = lines([event(1)]) + '\n{"broken\n  ' + lines([event(2), bad, event(3, outcome="maybe\x1b")]) + json.dumps(event(4))
        path = self.write("app.ndjson", text)
        result = self.stele("append", "app.ndjson", "--data", "data")
        self.ran(result, 1)
        self.assertEqual(result.stderr.splitlines(), [
            "app.ndjson:3: invalid_json: a string is not closed",
            'app.ndjson:5: missing /actor: the required member "actor" is missing',
            "app.ndjson:6: wrong_value /outcome: is not one of: success, failure, denied, unknown",
        ])
        self.assertRegex(result.stdout, r"^stored 3 events as entries 0–2 in \d+\.\d s; refused 3\n$")
        self.assertEqual([(e["event"]["id"], e["source"]["id"], e["source"]["kind"]) for e in self.stored()[:3]],
                         [(f"evt_{i}", "app.ndjson", "control") for i in (1, 2, 4)])
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["app.ndjson", "data"])
        # Again: what was stored is recognised, and said.
        result = self.stele("append", str(path), "--data", "data", "--json")
        summary = json.loads(self.ran(result, 1))
        self.assertEqual([summary[k] for k in ("stored", "repeated", "refused", "first", "last")], [3, 3, 3, 0, 2])
        # The same ids for other events.
        result = self.stele("append", "--source", "app.ndjson", "--data", "data", given=lines([event(1, message="other")]))
        self.ran(result, 1)
        self.assertIn("stdin:1: id_conflict /id: ", result.stderr)
        self.assertEqual(result.stdout.split(" in ")[0], "stored 0 events")

    def test_without_a_server_the_directory_is_made_and_closed_in_order(self):
        self.write("a.ndjson", lines(map(event, range(1500))))
        self.write("b.ndjson", lines(map(event, range(3))))
        result = self.stele("append", "a.ndjson", "-", "b.ndjson", "--data", "data", "--json", given=lines([event(9)]))
        summary = json.loads(self.ran(result))
        self.assertEqual(result.stderr, "stele append: no server runs on data: made a new data directory there\n")
        self.assertEqual([summary[k] for k in ("log", "stored", "refused", "first", "last")], ["main", 1504, 0, 0, 1503])
        self.assertEqual(self.data_files(), CLOSED)
        self.assertEqual([(e["source"]["id"], e["event"]["id"]) for e in self.stored()[1499:1502]],
                         [("a.ndjson", "evt_1499"), ("stdin", "evt_9"), ("b.ndjson", "evt_0")])

    def test_nothing_to_append(self):
        self.assertRegex(self.ran(self.stele("append", "--data", "data", given="\n \n")), "^stored 0 events in")
        self.write("empty", "")
        self.ran(self.stele("append", "empty", "--data", "data"))

    def test_receipts_are_kept_and_verify(self):
        self.serve()
        self.write("a.ndjson", lines(map(event, range(2500))))
        self.ran(self.stele("append", "a.ndjson", "--data", "data", "--receipts", "r.jsonl"))
        self.ran(self.stele("append", "--data", "data", "--receipts", "r.jsonl", given=lines([event(1)])))
        kept = (self.folder / "r.jsonl").read_text().splitlines()
        ranges = [json.loads(line)["receipt"]["ranges"][0] for line in kept]
        self.assertEqual([(one["first"], one["count"]) for one in ranges], [(0, 1000), (1000, 1000), (2000, 500), (2500, 1)])
        for number, line in enumerate(kept):
            self.write(f"r{number}.json", line)
        args = [arg for number in range(len(kept)) for arg in ("--receipt", f"r{number}.json")]
        self.ran(self.stele("verify", "--data", "data", "--require-anchor", *args))
        self.ran(self.stele("proof", "r1.json", "1234"))

    def test_wrong_files(self):
        for args, words in ((["none.ndjson"], "cannot open none.ndjson: No such file"), (["."], ". is a directory"),
                            (["/dev/null", "--log", "other"], 'there is no log "other"'),
                            (["/dev/null", "--source", "x" * 129], "give one with --source")):
            result = self.stele("append", *args, "--data", "data")
            self.ran(result, 2)
            self.assertIn(words, result.stderr)

    def test_a_server_that_takes_less_at_once_gets_less(self):
        server = self.serve("--body-bytes", "5000", "--batch-events", "7")
        events = [event(i, message="m" * (6000 if i == 30 else 300)) for i in range(100)]
        self.write("a.ndjson", lines(events))
        for where in (["--url", server.url], ["--data", "data"]):
            result = self.stele("append", "a.ndjson", *where, "--source", where[0])
            self.ran(result, 1)
            self.assertEqual(result.stderr, "a.ndjson:31: too_large: the body is larger than the server takes\n")
        self.assertEqual(self.stored_ids(), [f"evt_{i}" for i in range(100) if i != 30] * 2)

    def test_a_line_without_end_is_refused_and_not_held(self):
        self.serve()
        text = lines([event(1)]) + '{"x":"' + "y" * (20 << 20) + '"}\n' + lines([event(2)])
        result = self.stele("append", "--data", "data", given=text)
        self.ran(result, 1)
        self.assertEqual(result.stderr, "stdin:2: too_large: the line has 20,971,528 bytes; no event is that long\n")
        self.assertEqual(self.stored_ids(), ["evt_1", "evt_2"])

    def test_a_slow_pipe_is_not_held_back(self):
        server = self.serve()
        with self.start("append", "--data", "data") as process:
            for number in range(2):
                process.stdin.write(lines([event(number)]) + '{"half')
                process.stdin.flush()
                wait_until(lambda: json.loads(server.request("GET", "/api/v1/events?limit=0")[1])["size"] > number, "the event")
                process.stdin.write('"\n')
            process.stdin.close()
            self.assertEqual(process.wait(60), 1)

    def test_progress_is_shown_on_a_terminal(self):
        self.write("a.ndjson", MANY_LINES)
        shown = self.on_terminal("append", "a.ndjson", "--data", "data")
        self.assertRegex(shown, r"a\.ndjson  \d+ %  .* of .*  [\d,]+ events/s  .* left")


class Interrupted(CommandTest):
    def setUp(self):
        super().setUp()
        self.path = self.write("a.ndjson", MANY_LINES)
        self.progress = self.folder / "a.ndjson.stele-progress"
        self.expected = [f"evt_{i}" for i in range(MANY)]

    def offset(self) -> int:
        try:
            return json.loads(self.progress.read_text())["offset"]
        except FileNotFoundError:
            return 0

    def begun(self) -> bool:
        return self.offset() > 0

    def test_server_killed_and_started_again(self):
        for round_number, where in enumerate(("--data", "--url")):
            with self.subTest(where=where):
                server = self.serve()
                place = "data" if where == "--data" else server.url
                with self.start("append", "a.ndjson", where, place, "--source", str(round_number)) as process:
                    wait_until(self.begun, "the first batch")
                    server.stop(signal.SIGKILL)
                    self.assertIsNone(process.poll())
                    self.assertLess(self.offset(), self.path.stat().st_size)
                    time.sleep(0.3)
                    server = self.serve(listen=server.address)
                    out, err = process.communicate(timeout=120)
                    self.assertEqual(process.returncode, 0, err)
                self.assertIn("trying again for up to", err)
                self.assertIn("going on after", err)
                self.assertIn(f"stored {MANY:,} events", out)
                self.assertEqual(self.stored_ids()[round_number * MANY:], self.expected)
                self.assertFalse(self.progress.exists())
                server.stop()
        self.ran(self.stele("verify", "--data", "data"))

    def test_append_killed_and_run_again(self):
        self.serve()
        process = self.start("append", "a.ndjson", "--data", "data")
        wait_until(self.begun, "the first batch")
        process.kill()
        process.wait(60)
        kept = json.loads(self.progress.read_text())
        self.assertLess(kept["offset"], self.path.stat().st_size)
        result = self.stele("append", "a.ndjson", "--data", "data", "--json")
        summary = json.loads(self.ran(result))
        self.assertIn(f"a.ndjson: going on after line {kept['line']:,}", result.stderr)
        figures = [summary[k] for k in ("stored", "earlier", "refused", "first", "last")]
        self.assertEqual(figures, [MANY, kept["stored"], 0, 0, MANY - 1])
        self.assertEqual(self.stored_ids(), self.expected)
        self.assertFalse(self.progress.exists())

    def test_append_and_its_own_server_killed_and_run_again(self):
        process = self.start("append", "a.ndjson", "--data", "data")
        wait_until(self.begun, "the first batch")
        process.kill()
        process.wait(60)
        self.ran(self.stele("append", "a.ndjson", "--data", "data"))
        self.assertEqual(self.stored_ids(), self.expected)
        self.ran(self.stele("verify", "--data", "data"))

    def test_interrupted_by_hand(self):
        process = self.start("append", "a.ndjson", "--data", "data")
        wait_until(self.begun, "the first batch")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 2)
        self.assertRegex(err, r"a\.ndjson after line [\d,]+ \(the same command again goes on there\): interrupted\n$")
        self.assertRegex(out, r"^stored [\d,]+ events as entries 0–")
        self.assertEqual(self.data_files(), CLOSED)
        self.ran(self.stele("append", "a.ndjson", "--data", "data"))
        self.assertEqual(self.stored_ids(), self.expected)

    def test_gives_up_in_time_and_goes_on_later(self):
        server = self.serve()
        process = self.start("append", "a.ndjson", "--url", server.url, "--retry-for", "1")
        wait_until(self.begun, "the first batch")
        server.stop(signal.SIGKILL)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 2)
        self.assertIn("gave up after 1 s", err)
        self.serve(listen=server.address)
        self.ran(self.stele("append", "a.ndjson", "--url", server.url))
        self.assertEqual(self.stored_ids(), self.expected)

    def test_progress_of_another_file_or_log_is_not_believed(self):
        process = self.start("append", "a.ndjson", "--data", "data")
        wait_until(self.begun, "the first batch")
        process.send_signal(signal.SIGINT)
        process.wait(60)

        def refused(words: str, *args: str):
            result = self.stele("append", "a.ndjson", *args)
            self.ran(result, 2)
            self.assertIn(words, result.stderr)
            self.assertIn("--restart appends the whole file anew", result.stderr)

        refused("it was going to another log", "--data", "other")
        refused("it was going under the source", "--data", "data", "--source", "x")
        os.utime(self.path, (1, 1))
        refused("the file was changed since", "--data", "data")
        self.progress.write_text("{")
        refused("does not fit", "--data", "data")
        self.ran(self.stele("append", "a.ndjson", "--data", "data", "--restart"))
        self.assertEqual(self.stored_ids(), self.expected)

    def test_several_files_go_on_where_they_were(self):
        self.write("first.ndjson", lines({k: v for k, v in event(i).items() if k != "id"} for i in range(2500)))
        process = self.start("append", "first.ndjson", "a.ndjson", "--data", "data")
        wait_until(self.begun, "the first batch of the second file")
        process.send_signal(signal.SIGINT)
        process.wait(60)
        self.ran(self.stele("append", "first.ndjson", "a.ndjson", "--data", "data"))
        self.assertEqual(len(self.stored()), 2500 + MANY)  # no id, and yet none twice
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["a.ndjson", "data", "first.ndjson"])


class Sharing(CommandTest):
    def test_commands_share_a_directory_without_a_server(self):
        with self.start("append", "--data", "data", "--source", "slow") as owner:
            owner.stdin.write(lines([event(0)]))
            owner.stdin.flush()
            wait_until(lambda: (self.data / "control.sock").exists() and self.stored(), "the first event")
            with self.start("append", "--data", "data", "--source", "borrower") as borrower:
                borrower.stdin.write(lines([event(1)]))
                borrower.stdin.flush()
                wait_until(lambda: len(self.stored()) == 2, "the second event")
                # The one that has the directory open is done; the other opens it.
                owner.stdin.close()
                self.assertEqual(owner.wait(60), 0)
                borrower.stdin.write(lines([event(2)]))
                borrower.stdin.close()
                self.assertEqual(borrower.wait(60), 0, borrower.stderr.read())
        self.assertEqual([(e["source"]["id"], e["event"]["id"]) for e in self.stored()],
                         [("slow", "evt_0"), ("borrower", "evt_1"), ("borrower", "evt_2")])

    def test_many_at_once_on_a_closed_directory(self):
        self.ran(self.stele("append", "--data", "data", given=lines([event(0)])))
        processes = [self.start("get", "0", "--data", "data") for _ in range(8)]
        for process in processes:
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, err)
            self.assertIn("evt_0", out)

    def test_sigterm_under_load_loses_nothing_acknowledged(self):
        server = self.serve()
        acknowledged: list[list[tuple[int, str]]] = [[] for _ in range(8)]
        host, port = server.address.split(":")

        def post(worker: int):
            connection = http.client.HTTPConnection(host, int(port), timeout=60)
            number = 0
            while True:
                name = f"{worker}-{number}"
                number += 1
                try:
                    connection.request("POST", f"/api/v1/events?source=w{worker}", json.dumps({**event(0), "id": name}))
                    answer = connection.getresponse()
                    body = json.loads(answer.read())
                except (OSError, http.client.HTTPException, ValueError):
                    return
                if answer.status != 200:
                    return
                acknowledged[worker].append((body["results"][0]["index"], name))

        threads = [threading.Thread(target=post, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: all(len(one) > 20 for one in acknowledged), "load")
        self.assertEqual(server.stop(), 0)
        for thread in threads:
            thread.join(60)
        stored = {index: entry["event"]["id"] for index, entry in enumerate(self.stored())}
        for index, name in (pair for one in acknowledged for pair in one):
            self.assertEqual(stored[index], name)
        self.ran(self.stele("verify", "--data", "data"))


if __name__ == "__main__":
    unittest.main()
