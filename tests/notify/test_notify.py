#!/usr/bin/env python3
# ctest: TIMEOUT 600
"""Goal: what needs a person reaches one, by webhook and by mail, once: also over failures of those who are told and kills of
the server that tells."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import NONE, STELE, CommandTest, event, lines, wait_until  # noqa: E402
from ports import free_port  # noqa: E402
from receivers import SECRET, Mails, Webhooks  # noqa: E402

# No disk is 99 % free for long: each start of a server with this finds it filling and says so.
FILLING = ("--disk-warn-percent", "99")
NEVER_FULL = ()  # the harness sees to it


class NotifyTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.secret = self.folder / "secret"
        self.secret.write_bytes(SECRET + b"\n")
        there = os.statvfs(self.folder)
        if there.f_bavail > 0.99 * there.f_blocks:
            self.skipTest("this disk is all but empty, and none can be called filling")

    def webhooks(self, *args, **kwargs) -> Webhooks:
        made = Webhooks(*args, **kwargs)
        self.addCleanup(made.close)
        return made

    def mails(self) -> Mails:
        made = Mails(self.folder)
        self.addCleanup(made.close)
        return made

    def to(self, *urls: str) -> list[str]:
        flags = ["--notify-webhook-secret-file", str(self.secret), "--notify-quiet-minutes", "0"]
        for url in urls:
            flags += ["--notify-webhook", url]
        return flags

    def mail_to(self, mails: Mails, *people: str) -> list[str]:
        credentials = self.folder / "credentials"
        credentials.write_text(f"{mails.USER}:{mails.PASSWORD}\n")
        flags = ["--notify-mail-server", mails.url, "--notify-mail-from", "stele@example.com", "--notify-mail-ca-file",
                 str(mails.ca_file), "--notify-mail-credentials-file", str(credentials)]
        for one in people:
            flags += ["--notify-mail-to", one]
        return flags

    def metric(self, server, name: str) -> float | None:
        for line in server.request("GET", "/metrics")[1].decode().splitlines():
            if line.startswith(name + " ") or line.startswith(name + '{log="main"'):
                return float(line.split()[-1])
        return None

    def filling(self, server) -> list[str]:
        """The times of the entries that say that the disk fills, in order."""
        size = json.loads(server.request("GET", "/api/v1/status")[1])["logs"][0]["size"]
        entries = [json.loads(server.request("GET", f"/api/v1/events/{index}")[1]) for index in range(size)]
        entries = [one.get("entry", one) for one in entries]
        return [one["event"]["time"] for one in entries if one["event"]["action"] == "stele.disk.filling"]

    def test_a_webhook_and_a_mail_say_what_the_entry_says(self):
        webhooks, mails = self.webhooks(), self.mails()
        server = self.serve(*FILLING, *self.to(webhooks.url), *self.mail_to(mails, "ada@example.org", "bob@example.org"))
        wait_until(lambda: webhooks.taken and len(mails.taken) == 2, "a notification by each way")
        notice = webhooks.taken[0]
        entry = json.loads(server.request("GET", f"/api/v1/events/{notice['index']}")[1])
        entry = entry.get("entry", entry)
        self.assertEqual(webhooks.bad, [])
        self.assertEqual((notice["stele_notification"], notice["kind"], notice["severity"]), (1, "disk.filling", "warning"))
        self.assertEqual(notice["id"], entry["id"])
        self.assertEqual(notice["message"], entry["event"]["message"])
        self.assertEqual(notice["details"], entry["event"]["attributes"])
        self.assertEqual(notice["subject"], {"type": "disk", "id": str(self.data)})
        self.assertEqual(entry["source"], {"id": "stele", "kind": "internal"})
        self.assertEqual(sorted(mails.envelopes), [("stele@example.com", [f"{who}@example.org"]) for who in ("ada", "bob")])
        for mail in mails.taken:
            self.assertEqual(mail.defects, [])
            self.assertEqual(mail["Auto-Submitted"], "auto-generated")
            self.assertEqual(mail["Message-ID"], f"<{notice['id']}@example.com>")
            self.assertTrue(mail["Subject"].startswith("[stele] warning: The disk of "), mail["Subject"])
            self.assertIn(f"free_bytes: {notice['details']['free_bytes']}", mail.get_content())
        self.assertEqual(server.stop(), 0)
        self.assertEqual([len(webhooks.taken), len(mails.taken)], [1, 2])

    def test_who_is_down_fails_or_hangs_is_told_later_and_holds_up_nobody(self):
        port = free_port()
        well, mails = self.webhooks(), self.mails()
        mails.refuse.add("nobody@example.org")
        server = self.serve(*FILLING, *self.to(f"http://127.0.0.1:{port}/hook", well.url),
                            *self.mail_to(mails, "nobody@example.org", "ada@example.org"))
        wait_until(lambda: well.taken and mails.taken, "those who are well")
        failing = 'stele_notify_failing{log="main",destination="webhook-1"}'
        wait_until(lambda: self.metric(server, failing) == 1, "a metric that says so")
        self.assertIn("webhook-1 (http://127.0.0.1:", server.words())
        wait_until(lambda: "550" in server.words(), "what the mail server said, in the server's own log")
        answers = iter([500, 404, "hang"])

        def how(_):
            answer = next(answers, 200)
            if answer == "hang":
                time.sleep(30)
            return answer if answer != "hang" else 503

        late = self.webhooks(how, port=port)
        wait_until(lambda: late.taken, "the one that was down", seconds=180)
        self.assertEqual(late.tries, 4)
        mails.refuse.clear()
        wait_until(lambda: len(mails.taken) == 2, "the mailbox that was not there", seconds=180)
        wait_until(lambda: self.metric(server, failing) == 0, "a metric that says that it is well")
        self.assertEqual(self.metric(server, 'stele_notify_sent_total{log="main",destination="webhook-1"}'), 1)
        self.assertIn("reach webhook-1", server.words())
        self.assertEqual(server.stop(), 0)
        self.assertEqual([len(late.taken), len(well.taken), len(mails.taken)], [1, 1, 2])
        self.assertEqual(late.ids(), well.ids())
        self.assertEqual(late.bad + well.bad, [])

    def test_nothing_is_lost_over_kills_and_only_what_was_under_way_is_repeated(self):
        seed = int(os.environ.get("STELE_NOTIFY_SEED", random.randrange(1 << 30)))
        print(f"STELE_NOTIFY_SEED={seed}", flush=True)
        rng = random.Random(seed)
        kills = 8

        def how(_):
            time.sleep(rng.random() * 0.05)
            return 200 if rng.random() < 0.7 else 500

        webhooks = self.webhooks(how)
        for _ in range(kills):
            server = self.serve(*FILLING, *self.to(webhooks.url))
            time.sleep(rng.random() * 0.6)  # when the kill comes is what the test varies
            server.stop(signal.SIGKILL)
        webhooks.how = lambda _: 200
        server = self.serve(*NEVER_FULL, *self.to(webhooks.url))
        entries = self.filling(server)
        self.assertGreater(len(entries), 0)
        wait_until(lambda: self.metric(server, "stele_notify_next") == len(entries), "all looked at")
        wait_until(lambda: self.metric(server, 'stele_notify_pending{log="main",destination="webhook-1"}') == 0, "nothing waits")
        self.assertEqual(server.stop(), 0)
        # What comes while an earlier one is still tried is summed up: a message tells of all from `since` to `time`.
        for when in entries:
            self.assertTrue(any(one.get("since", one["time"]) <= when <= one["time"] for one in webhooks.taken), when)
        counted = sum(one.get("more", 0) + 1 for one in webhooks.taken)
        self.assertGreaterEqual(counted, len(entries))
        self.assertLessEqual(len(webhooks.taken), len(entries) + kills)
        told = Counter(webhooks.ids())
        self.assertLessEqual(sum(told.values()) - len(told), kills, told)
        self.assertEqual(webhooks.bad, [])
        server = self.serve(*NEVER_FULL, *self.to(webhooks.url))  # a clean stop repeats nothing
        wait_until(lambda: self.metric(server, "stele_notify_next") == len(entries), "all looked at")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(Counter(webhooks.ids()), told)

    def test_repeats_are_summed_up_for_the_quiet_time_over_restarts(self):
        webhooks = self.webhooks()
        flags = [*self.to(webhooks.url), "--notify-quiet-minutes", "60"]
        for number in range(3):
            server = self.serve(*FILLING, *flags)
            wait_until(lambda: self.metric(server, "stele_notify_next") == number + 1, "the entry was looked at")
            if number == 0:
                wait_until(lambda: webhooks.taken, "the first")
            self.assertEqual(server.stop(), 0)
        server = self.serve(*NEVER_FULL, *flags)
        self.assertEqual(self.metric(server, 'stele_notify_pending{log="main",destination="webhook-1"}'), 2)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len(webhooks.taken), 1)
        # The quiet time ends: what waited is one message that stands for both.
        state = json.loads((self.data / "notify.json").read_text())
        for outbox in state["destinations"].values():
            outbox["waiting"][0]["due"] = "2020-01-01T00:00:00Z"
        (self.data / "notify.json").write_text(json.dumps(state))
        server = self.serve(*NEVER_FULL, *flags)
        wait_until(lambda: len(webhooks.taken) == 2, "the sum")
        self.assertEqual(webhooks.taken[1]["more"], 1)
        self.assertLess(webhooks.taken[1]["since"], webhooks.taken[1]["time"])
        self.assertEqual(server.stop(), 0)

    def test_damage_is_found_by_the_server_itself_and_told(self):
        server = self.serve(*NEVER_FULL, "--seal-bytes", "65536")
        for first in range(0, 2048, 256):
            server.request("POST", "/api/v1/events", lines(event(number) for number in range(first, first + 256)))
        segments = self.data / "logs/main/segments"
        wait_until(lambda: list(segments.glob("*.segment")), "a sealed segment")
        self.assertEqual(server.stop(), 0)
        overdue = '{"stele_upkeep":1,"verified":"2020-01-01T00:00:00Z"}\n'
        (self.data / "upkeep.json").write_text(overdue)
        webhooks = self.webhooks()
        server = self.serve(*NEVER_FULL, *self.to(webhooks.url))
        wait_until(lambda: self.metric(server, "stele_verify_intact") == 1, "a verification that finds nothing")
        self.assertEqual(server.stop(), 0)
        self.assertGreater(json.loads((self.data / "upkeep.json").read_text())["verified"], "2026")
        segment = sorted(segments.glob("*.segment"))[0]
        damaged = bytearray(segment.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        segment.write_bytes(damaged)
        (self.data / "upkeep.json").write_text(overdue)
        server = self.serve(*NEVER_FULL, *self.to(webhooks.url))
        notice = wait_until(lambda: webhooks.taken, "the damage")[0]
        self.assertEqual((notice["kind"], notice["severity"]), ("verify.failed", "critical"))
        self.assertGreaterEqual(notice["details"]["findings"], 1)
        self.assertIn(segment.name, notice["details"]["finding_1"])
        wait_until(lambda: self.metric(server, "stele_verify_intact") == 0, "a metric that says so")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len(webhooks.taken), 1, "that nothing was found needs nobody")

    def test_a_verification_ends_with_the_server(self):
        server = self.serve(*NEVER_FULL)
        server.request("POST", "/api/v1/events", lines(event(number) for number in range(256)))
        self.assertEqual(server.stop(), 0)
        (self.data / "upkeep.json").write_text('{"stele_upkeep":1,"verified":"2020-01-01T00:00:00Z"}\n')
        for sign in (signal.SIGKILL, signal.SIGTERM):
            server = self.serve(*NEVER_FULL)
            server.stop(sign)
            left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
            wait_until(lambda: f"verify --data {self.data}" not in subprocess.run(
                ["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout, left)

    def test_a_log_that_stops_is_told_from_memory(self):
        webhooks = self.webhooks()
        server = self.serve(*NEVER_FULL, *self.to(webhooks.url), under=("prlimit", f"--fsize={3 << 20}"))
        for first in range(0, 50_000, 256):
            body = lines(event(number, message="x" * 1000) for number in range(first, first + 256))
            if server.request("POST", "/api/v1/events", body)[0] == 503:
                break
        notice = wait_until(lambda: webhooks.taken, "that it stopped")[0]
        self.assertEqual((notice["kind"], notice["severity"]), ("log.stopped", "critical"))
        self.assertNotIn("index", notice)
        self.assertIn("File too large", notice["message"])
        server.stop(signal.SIGKILL)

    def test_the_command_says_who_is_reached(self):
        webhooks, mails = self.webhooks(), self.mails()
        flags = [*self.to(webhooks.url), *self.mail_to(mails, "ada@example.org")]

        def run(*words):
            return subprocess.run([STELE, "notify", "test", *words], capture_output=True, text=True, env=NONE, check=False)

        done = run(*flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line.split()[-1] for line in done.stdout.splitlines()], ["delivered", "delivered"])
        self.assertEqual(webhooks.taken[0]["kind"], "notify.test")
        self.assertIn("notifications of Stele arrive here", mails.taken[0].get_content())
        mails.PASSWORD = "another"
        webhooks.how = lambda _: 500
        done = run(*flags)
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAILED: it answered with status 500", done.stdout)
        self.assertIn("FAILED", done.stdout.splitlines()[1])
        self.assertNotIn("hooks/stele", done.stdout, "a path may be a secret")
        self.assertEqual(run().returncode, 2)
        wrong = run("--notify-webhook", "http://hooks.example.com/")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("https only", wrong.stderr)
        self.assertEqual(run(*self.mail_to(mails, "ada@example.org\r\nBcc: eve@example.org")).returncode, 2)


if __name__ == "__main__":
    unittest.main()
