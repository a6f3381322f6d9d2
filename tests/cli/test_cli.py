#!/usr/bin/env python3
"""The commands as people use them: on a live server, on a directory without one, with wrong words."""

import json
import signal
import subprocess
import unittest

from harness import CLOSED, NONE, CommandTest, STELE, event, lines, wait_until

HOSTILE = "\x1b[31m\u009b2J\u202e\n"


class Reading(CommandTest):
    def test_get_gives_the_stored_bytes(self):
        server = self.serve()
        self.ran(self.stele("append", "--url", server.url, given=lines([event(1, message="naïve \u009b \\ \"")])))
        _, body = server.request("GET", "/api/v1/events/0")
        for where in (["--url", server.url], ["--data", "data"], ["--url", server.address + "/"]):
            for json_flag in ([], ["--json"]):
                command = [STELE, "get", "0", *where, *json_flag]
                result = subprocess.run(command, cwd=self.folder, capture_output=True, env=NONE, check=True)
                self.assertEqual(result.stdout, body + b"\n")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.ran(self.stele("get", "0", "--data", "data")).encode(), body + b"\n")

    def test_get_says_when_there_is_no_such_entry(self):
        server = self.serve()
        self.ran(self.stele("append", given=lines([event(1)]), env={"STELE_DATA": str(self.data)}))
        result = self.stele("get", "7", "--url", server.url)
        self.ran(result, 1)
        self.assertEqual(result.stderr, "stele get: there is no entry 7: the log has 1\n")
        self.ran(self.stele("get", "seven", "--data", "data"), 2)
        self.ran(self.stele("get", "0", "--log", "other", "--data", "data"), 1)

    def test_get_proof_waits_for_the_published_checkpoint(self):
        self.serve()
        self.ran(self.stele("append", "--data", "data", given=lines([event(1), event(2)])))
        proof = self.ran(self.stele("get", "1", "--proof", "--data", "data"))
        self.assertTrue(proof.startswith("c2sp.org/tlog-proof@v1\nindex 1\n"), proof)
        self.assertIn("\n2\n", proof)  # the checkpoint's size

    def test_a_terminal_gets_colours_and_nothing_hostile(self):
        self.ran(self.stele("append", "--data", "data", given=lines([event(0, action=HOSTILE, message=HOSTILE)])))
        escaped = "\\u001b[31m\\u009b2J\\u202e\\u000a"
        for args in (["get", "0"], ["get", "0", "--json"], ["tail"], ["tail", "--json"]):
            shown = self.on_terminal(*args, "--data", "data", env={"NO_COLOR": "1"})
            for character in "\x1b\u009b\u202e":
                self.assertNotIn(character, shown, args)
            for character in ("\\u009b", "\\u202e"):
                self.assertIn(character, shown, args)
        self.assertIn('    "outcome": "success",\n', self.on_terminal("get", "0", "--data", "data"))
        shown = self.on_terminal("tail", "--columns", "--data", "data")
        self.assertIn("\x1b[32msuccess\x1b[0m", shown)
        self.assertIn(f'2026-11-23 16:19:59.998 +0000\x1b[0m  stdin  user:u_0 (Ada Park)  \x1b[1m{escaped}\x1b[0m', shown)
        self.assertIn("2026-11-23T16:19:59.998Z", self.on_terminal("tail", "--utc", "--data", "data"))

    def test_tail_shows_the_last_entries(self):
        server = self.serve()
        self.ran(self.stele("append", "--url", server.url, "--source", "billing", given=lines(map(event, range(2500)))))

        def indexes(*args):
            return [int(line.split()[0]) for line in self.ran(self.stele("tail", "--url", server.url, *args)).splitlines()]

        self.assertEqual(indexes(), list(range(2490, 2500)))
        self.assertEqual(indexes("-n", "3"), [2497, 2498, 2499])
        self.assertEqual(indexes("-n", "0"), [])
        self.assertEqual(indexes("-n", "9999"), list(range(2500)))  # more than one page
        self.assertEqual(indexes("--from", "2498"), [2498, 2499])
        self.assertEqual(indexes("--from", "5", "-n", "2"), [5, 6])
        self.assertEqual(indexes("--from", "2500"), [])
        self.ran(self.stele("tail", "--url", server.url, "--from", "2501"), 2)
        line = self.ran(self.stele("tail", "-n", "1", "--url", server.url))
        self.assertEqual(line, "2499  2026-11-23T16:19:59.998Z  billing  user:u_49 (Ada Park)  customer.export  table:customers"
                               "  success  203.0.113.9\n")
        self.assertEqual(self.stored_ids("--url", server.url), [f"evt_{i}" for i in range(2500)])

    def test_tail_ends_quietly_when_its_reader_does(self):
        self.ran(self.stele("append", "--data", "data", given=lines(map(event, range(5000)))))
        with self.start("tail", "--from", "0", "--json", "--data", "data") as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.wait(60), 0)
            self.assertEqual(process.stderr.read(), "")

    def test_follow_goes_on_across_a_restart(self):
        server = self.serve()
        self.ran(self.stele("append", "--data", "data", given=lines(map(event, range(5)))))
        with self.start("tail", "-f", "-n", "2", "--json", "--data", "data") as process:
            def next_id():
                return json.loads(process.stdout.readline())["event"]["id"]

            self.assertEqual([next_id(), next_id()], ["evt_3", "evt_4"])
            self.ran(self.stele("append", "--data", "data", given=lines([event(5)])))
            self.assertEqual(next_id(), "evt_5")
            for number, sign in ((6, signal.SIGKILL), (7, signal.SIGTERM)):
                server.stop(sign)
                server = self.serve()
                self.ran(self.stele("append", "--data", "data", given=lines([event(number)])))
                self.assertEqual(next_id(), f"evt_{number}")
            server.stop()
            process.send_signal(signal.SIGINT)
            process.wait(60)
            self.assertIn("waiting", process.stderr.read())

    def test_follow_without_a_server_waits_for_one_and_keeps_nothing_locked(self):
        self.ran(self.stele("append", "--data", "data", given=lines([event(0)])))
        with self.start("tail", "-f", "--json", "--data", "data") as process:
            self.assertIn("evt_0", process.stdout.readline())
            self.assertIn("no server runs on data", process.stderr.readline())
            self.serve()
            self.ran(self.stele("append", "--data", "data", given=lines([event(1)])))
            self.assertIn("evt_1", process.stdout.readline())

    def test_follow_says_when_the_log_became_shorter(self):
        server = self.serve()
        self.ran(self.stele("append", "--data", "data", given=lines(map(event, range(3)))))
        with self.start("tail", "-f", "--url", server.url) as process:
            self.assertTrue(process.stdout.readline().startswith("0  "))
            server.stop()
            self.data.rename(self.folder / "old")
            self.serve(listen=server.address)
            self.assertEqual(process.wait(60), 1)
            self.assertIn("rolled back or replaced", process.stderr.read())

    def test_status_of_a_server_and_of_a_directory(self):
        server = self.serve()
        self.ran(self.stele("append", "--data", "data", given=lines(map(event, range(1234)))))
        text = self.ran(self.stele("status", "--data", "data"))
        self.assertRegex(text, r"server +data\nversion +\d+\.\d+\.\d+\nuptime +\d+ s\n")
        self.assertRegex(text, r"log +main\nentries +1,234\nsealed +0\npublished +[\d,]+\naccepting +yes\n")
        self.assertRegex(text, r"last received +20.* ago\)\norigin +\S+\nkey +\S+\n\nlog +audit\n")
        status = json.loads(self.ran(self.stele("status", "--url", server.url, "--json")))
        self.assertEqual(status["logs"][0]["size"], 1234)
        server.stop()
        self.assertIn("none is running; this command opened data", self.ran(self.stele("status", "--data", "data")))
        self.ran(self.stele("status", "--url", server.url), 2)


class Wrong(CommandTest):
    def assert_says(self, result, code: int, words: str):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertIn(words, result.stderr)

    def test_closed_descriptors(self):
        """What is said where nobody listens goes into no file of the log, and is no success."""
        self.assertEqual(self.stele("append", "--data", "data", given=lines(event(n) for n in range(500))).returncode, 0)
        for closed, code in ((">&-", 2), ("<&- 2>&-", 0), ("<&- >&- 2>&-", 2)):
            shell = f'exec "$0" tail --data data --from 0 --json {closed}'
            done = subprocess.run(["sh", "-c", shell, STELE], cwd=self.folder, stdout=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, code, closed)
            self.assertEqual((self.data / "lock").stat().st_size, 0, closed)
        self.assertEqual(self.stele("verify", "--data", "data").returncode, 0)

    def test_flags_and_commands(self):
        for args in (["tail", "--colour"], ["get"], ["get", "1", "2"], ["append", "--retry-for", "soon"], ["nonsense"], [],
                     ["get", "0", "--url", "u", "--data", "d"], ["tail", "-n", "-1"]):
            result = self.stele(*args)
            self.assertEqual(result.returncode, 2, args)
            self.assertRegex(result.stderr, "--help` says what there is|Usage:", args)

    def test_help_teaches_with_an_example(self):
        for command in ("append", "tail", "get", "status"):
            text = self.ran(self.stele(command, "--help"))
            self.assertIn("Examples:\n  stele " + command, text)
            self.assertIn("--url", text)

    def test_directories(self):
        nothing = "there is no directory nothing: start one with `stele serve --data nothing`, or say where the log is"
        for args in (["get", "0"], ["tail"], ["status"], ["tail", "-f"]):
            self.assert_says(self.stele(*args, "--data", "nothing"), 2, nothing)
        self.assertEqual(list(self.folder.iterdir()), [])
        (self.folder / "full").mkdir()
        self.write("full/file", "x")
        self.assert_says(self.stele("tail", "--data", "full"), 2, "no server runs on full, and it is no data directory")
        result = self.stele("append", "--data", "full", given=lines([event(1)]))
        self.assert_says(result, 2, "full is not a data directory of Stele")
        self.assert_says(self.stele("tail", "--data", "full/file"), 2, "full/file is no directory")
        self.assertEqual(sorted(path.name for path in (self.folder / "full").iterdir()), ["file"])
        self.assert_says(self.stele("tail"), 2, "there is no directory stele-data")
        self.assert_says(self.stele("tail", env={"STELE_DATA": "elsewhere"}), 2, "there is no directory elsewhere")

    def test_addresses(self):
        self.assert_says(self.stele("tail", "--url", "http://127.0.0.1:1"), 2, "no answer from http://127.0.0.1:1")
        self.assert_says(self.stele("append", "--url", "http://127.0.0.1:1", given=""), 2, "start a server with `stele serve`")
        self.assert_says(self.stele("get", "0", "--url", "ftp://x"), 2, '--url is like http://127.0.0.1:7373, not "ftp://x"')

    def test_configuration(self):
        path = self.write("stele.yaml", "# mine\ndata: data\nlistten: 127.0.0.1:0\n")
        self.assert_says(self.stele("serve", "--config", str(path)), 2, f'{path}:3: unknown key "listten"')
        path = self.write("stele.yaml", "threads: 2\n\nconnections: many\n")
        self.assert_says(self.stele("serve", "--config", str(path)), 2, f"{path}:3: connections is a whole number")
        path = self.write("stele.yaml", "data: [")
        self.assert_says(self.stele("serve", "--config", str(path)), 2, f"{path}:")
        self.assert_says(self.stele("serve", "--config", "none.yaml"), 2, "cannot read the configuration file none.yaml")
        self.assert_says(self.stele("serve", env={"STELE_THREADS": "0"}), 2, "environment variable STELE_THREADS")
        self.assert_says(self.stele("serve", "--listen", "0.0.0.0:0"), 2, "--allow-remote true")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["stele.yaml"])

    def test_the_printed_configuration_is_the_default(self):
        path = self.write("stele.yaml", self.ran(self.stele("config")).replace("127.0.0.1:7373", "127.0.0.1:0"))
        process = self.start("serve", "--config", str(path))
        wait_until((self.folder / "stele-data/address").exists, "the server's address")
        process.terminate()
        self.assertEqual(process.wait(60), 0)

    def test_a_second_server_on_the_same_directory(self):
        server = self.serve()
        result = self.stele("serve", "--data", "data", "--listen", "127.0.0.1:0")
        self.assert_says(result, 2, "data is in use by another Stele process")
        self.assertEqual(server.request("GET", "/readyz")[0], 200)
        self.ran(self.stele("append", "--data", "data", given=lines([event(1)])))  # its control socket is still there
        other = self.folder / "other"
        result = self.stele("serve", "--data", str(other), "--listen", server.address)
        self.assert_says(result, 2, "cannot listen on " + server.address)

    def test_a_stopped_server_leaves_no_sockets(self):
        server = self.serve()
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.data_files(), sorted(["configuration.json", "grants.json", "index", *CLOSED]))

    def test_version(self):
        self.assertRegex(self.ran(self.stele("version")), r"^stele \d+\.\d+\.\d+\n$")
        self.assertEqual(self.ran(self.stele("--version")), self.ran(self.stele("version")))


if __name__ == "__main__":
    unittest.main()
