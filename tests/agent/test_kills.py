#!/usr/bin/env python3
# ctest: TIMEOUT 600
"""Goal: agent and server are killed at random moments while a file is written and rotated: every line is in the log once and in order,
no number is missing, and no gap is told. On a spool's disk that is full reading stops, and goes on once there is room.

STELE_KILLS says how often (12), STELE_KILL_SEED brings the same moments back."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from machine import Agent, Log, Server, expect, expect_equal, wait_until
from test_files import Writer, copy_and_truncate, rotate

INSIDE = "STELE_AGENT_TEST_INSIDE"  # set once this script runs in a mount namespace of its own


def killed_at_random() -> None:
    seed = int(os.environ.get("STELE_KILL_SEED", time.time_ns() % 10**9))
    kills = int(os.environ.get("STELE_KILLS", "12"))
    print(f"kills: {kills} with STELE_KILL_SEED={seed}", flush=True)
    prng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        server = Server(work)
        log = Log(server)
        names = ("renamed", "copied")
        writers = {name: Writer(work / f"{name}.log") for name in names}
        config = f"spool_bytes: 4194304\nheartbeat_seconds: 1\nfiles: [{work}/renamed.log, {work}/copied.log]\n"
        agent = Agent(work, server.url, config).start()
        wait_until("it follows both", lambda: log.own("started"))
        over = threading.Event()

        def write() -> None:
            turns = random.Random(seed + 1)
            while not over.is_set():
                for writer in writers.values():
                    writer.lines(turns.randrange(1, 60))
                if turns.randrange(12) == 0:
                    rotate(writers["renamed"].path, 100)
                    writers["renamed"].reopen()
                if turns.randrange(25) == 0:
                    copy_and_truncate(writers["copied"].path, 100)
                time.sleep(0.01)

        writing = threading.Thread(target=write)
        writing.start()
        for _ in range(kills):
            time.sleep(prng.uniform(0.05, 0.6))
            victim = prng.choice(("agent", "agent", "server", "both"))
            if victim in ("agent", "both"):
                agent.kill()
            if victim in ("server", "both"):
                server.kill()
                time.sleep(prng.uniform(0, 0.3))
                server.start()
            if victim in ("agent", "both"):
                time.sleep(prng.uniform(0, 0.4))
                agent.start()
        over.set()
        writing.join()
        total = sum(len(writer.wrote) for writer in writers.values())
        try:
            wait_until(f"{total} lines", lambda: sum(map(len, log.lines().values())) >= total, 60)
        except SystemExit:
            print("kills: not all arrived\n" + agent.words()[-3000:], flush=True)
        for writer in writers.values():
            got = log.lines()[str(writer.path)]
            there = set(got)
            missing = [i for i, line in enumerate(writer.wrote) if line not in there] if len(got) < len(writer.wrote) else []
            if missing:
                print(f"kills: {writer.path.name} lacks {len(missing)} lines, {missing[0]} to {missing[-1]}", flush=True)
            expect(got == writer.wrote, f"{writer.path.name}: {len(got)} lines, {len(writer.wrote)} were written; the first that "
                   f"differs is {next((i for i, (a, b) in enumerate(zip(got, writer.wrote)) if a != b), 'none')}")
        wait_until("a heartbeat", lambda: log.own("heartbeat"))
        agent.stop()
        wait_until("the last word", lambda: len(log.own("stopped")) > 0)
        numbers = log.check_numbers()
        beats = log.own("heartbeat")
        expect(beats and {"version", "spool_records", "spool_bytes", "clock_synchronised", "streams"} <= set(beats[-1]["attributes"]),
               "heartbeats tell how the agent is")
        print(f"kills: {total} lines, {numbers} records, none lost, none twice", flush=True)
        server.stop()
        server.verify()


def full_disk() -> None:
    print("kills: the disk of the spool is full for a while", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        disk = work / "disk"
        disk.mkdir()
        # The namespace ends with this script, and the mount with it.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=True)
        server = Server(work)
        log = Log(server)
        writer = Writer(work / "app.log")
        agent = Agent(work, server.url, f"files: [{work}/app.log]\n")
        agent.spool = disk / "spool"
        agent.config.write_text(agent.config.read_text().replace(str(work / "spool"), str(agent.spool)))
        agent.start()
        writer.lines(10)
        wait_until("the first lines", lambda: len(log.lines()[str(writer.path)]) == 10)
        server.kill()
        writer.lines(40_000)
        wait_until("it says that the disk is full; " + agent.words(), lambda: "No space left" in agent.words())
        for _ in range(2):  # what a kill finds on a full disk is no other
            agent.kill()
            agent.start()
            time.sleep(0.3)
        server.start()
        wait_until(f"all lines; {agent.words()[-3000:]}", lambda: len(log.lines()[str(writer.path)]) >= len(writer.wrote), 60)
        expect_equal(log.lines()[str(writer.path)] == writer.wrote, True, "the same lines")
        agent.stop()
        wait_until("the last word", lambda: len(log.own("stopped")) > 0)
        log.check_numbers()
        server.stop()
        server.verify()
        agent.kill()
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def enter_namespace() -> None:
    """Runs this script once more where it may mount."""
    for how in (["unshare", "--mount"], ["unshare", "--mount", "--user", "--map-root-user"]):
        if shutil.which("unshare") and subprocess.run([*how, "true"], capture_output=True).returncode == 0:
            done = subprocess.run([*how, sys.executable, __file__], env={**os.environ, INSIDE: "1"})
            if done.returncode != 0:
                sys.exit(done.returncode)
            return
    print("kills: no mount namespace here; the full disk is left out", flush=True)


if __name__ == "__main__":
    if os.environ.get(INSIDE):
        full_disk()
    else:
        killed_at_random()
        enter_namespace()
