#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: what programs write to the agent's sockets gets to the server once and in order, with who wrote it as the kernel says; what
was acknowledged survives a SIGKILL; while the spool is full writers wait and nothing is dropped."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from machine import Agent, Log, Server, expect, expect_equal, wait_until

CONFIG = """sockets:
  - path: @/run/events
  - path: @/run/ack
  - path: @/run/datagram
    type: datagram
"""


class Case:
    def __init__(self, name: str, config: str = CONFIG):
        print("sockets:", name, flush=True)
        self.folder = tempfile.TemporaryDirectory()
        self.work = Path(self.folder.name)
        self.server = Server(self.work)
        self.log = Log(self.server)
        self.agent = Agent(self.work, self.server.url, config.replace("@", str(self.work)))
        self.run = self.work / "run"

    def start(self) -> None:
        self.agent.start()
        wait_until("it listens: " + self.agent.words(), lambda: self.connects())

    def connects(self) -> bool:
        try:
            self.connect("ack").close()
            return True
        except OSError:
            return False

    def connect(self, name: str) -> socket.socket:
        out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if name == "datagram" else socket.SOCK_STREAM)
        out.connect(str(self.run / name))
        return out

    def arrived(self, name: str, lines: list[str]) -> None:
        stream = str(self.run / name)
        wait_until(f"{len(lines)} lines of {stream}; {self.agent.words()}", lambda: len(self.log.lines()[stream]) >= len(lines))
        expect_equal(self.log.lines()[stream], lines, name)

    def done(self) -> None:
        self.agent.stop()
        wait_until("the last word", lambda: len(self.log.own("stopped")) > 0)
        self.log.check_numbers()
        self.server.stop()
        self.server.verify()
        self.folder.cleanup()


def programs_write() -> None:
    case = Case("programs write lines, events and datagrams, and are named")
    case.start()
    program = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'from a program\\n'); input()"
    child = subprocess.Popen([sys.executable, "-c", program, str(case.run / "events")], stdin=subprocess.PIPE)
    case.arrived("events", ["from a program"])
    child.communicate(b"\n")
    me = {"pid": os.getpid(), "uid": os.getuid(), "gid": os.getgid(), "user": pwd.getpwuid(os.getuid()).pw_name,
          "exe": os.readlink("/proc/self/exe")}
    peer = case.log.of()[-1]["event"]
    expect_equal(peer["attributes"]["peer"], {**me, "pid": child.pid, "exe": os.readlink("/proc/self/exe")}, "peer")
    expect_equal(peer["actor"], {"type": "user", "id": me["user"]}, "the actor")

    stream = case.connect("events")
    event = {"time": "2026-11-23T16:19:59Z", "action": "customer.export", "targets": [{"type": "table", "id": "customers"}]}
    stream.sendall(json.dumps(event).encode() + b"\n")
    entry = wait_until("the event", lambda: [e for e in case.log.of() if e["event"]["action"] == "customer.export"])[0]["event"]
    expect_equal((entry["actor"]["id"], entry["attributes"]["peer"]["pid"]), (me["user"], me["pid"]), "who wrote the event")
    stream.close()

    datagram = case.connect("datagram")
    for i in range(20):
        datagram.send(b"datagram %d" % i)
    case.arrived("datagram", [f"datagram {i}" for i in range(20)])
    expect_equal(case.log.of()[-1]["event"]["attributes"]["peer"], me, "peer of a datagram")
    if shutil.which("logger"):
        subprocess.run(["logger", "--socket", str(case.run / "datagram"), "--id=1", "--", "from", "logger"], check=True)
        wait_until("logger's line", lambda: any("from logger" in line for line in case.log.lines()[str(case.run / "datagram")]))
    case.done()


def what_is_written_before_a_stop_arrives() -> None:
    case = Case("what was written before a clean stop arrives, a last line without an end too")
    case.start()
    stream = case.connect("events")
    lines = [f"line {i}" for i in range(500)] + ["the end"]
    stream.sendall("\n".join(lines).encode())
    case.agent.stop()
    case.start()
    case.arrived("events", lines)
    case.done()


def what_is_acknowledged_survives() -> None:
    case = Case("what was acknowledged survives SIGKILL, again and again")
    sent, acknowledged = [], 0
    for life in range(8):
        case.start()
        stream = case.connect("ack")
        stream.settimeout(30)
        answers = stream.makefile("rb")
        killer = threading.Timer(0.3 + 0.03 * life, case.agent.kill)
        killer.start()
        uncertain = None
        try:
            while True:
                uncertain = f"line {len(sent)}"
                stream.sendall(uncertain.encode() + b"\n")
                if answers.readline() != b"ok\n":
                    break
                sent.append(uncertain)
                acknowledged += 1
        except OSError:
            pass
        killer.join()
        case.agent.kill()
        stream.close()
        # Of a line without an answer nobody knows: it is there, or it is not.
        case.start()
        probe = case.connect("ack")
        probe.sendall(f"probe {life}\n".encode())
        expect_equal(probe.makefile("rb").readline(), b"ok\n", "the answer")
        stream_name = str(case.run / "ack")
        wait_until("the probe", lambda: f"probe {life}" in case.log.lines()[stream_name])
        got = case.log.lines()[stream_name]
        if uncertain in got:
            sent.append(uncertain)
        sent.append(f"probe {life}")
        expect_equal(got, sent, "what is there")
        probe.close()
        case.agent.kill()
    print(f"sockets: {acknowledged} lines acknowledged over {life + 1} kills", flush=True)
    expect(acknowledged > 20, "lines were acknowledged")
    case.start()
    case.done()


def writers_wait_while_the_spool_is_full() -> None:
    case = Case("writers wait while the spool is full, and nothing is dropped", "spool_bytes: 1048576\n" + CONFIG)
    case.start()
    case.server.kill()
    lines = [f"line {i} " + "." * 1000 for i in range(3000)]
    stream = case.connect("events")
    stream.settimeout(2)
    written = 0
    body = "".join(line + "\n" for line in lines).encode()
    try:
        while written < len(body):
            written += stream.send(body[written:written + 65536])
        expect(False, "a writer did not have to wait")
    except TimeoutError:
        pass
    expect(written < len(body), "some of it waits")
    held = sum(file.stat().st_size for file in case.agent.spool.glob("*.spool"))
    expect(held < 2 * 1048576, f"the spool keeps its limit: {held}")
    case.server.start()
    stream.settimeout(None)
    stream.sendall(body[written:])
    case.arrived("events", lines)
    wait_until("it is told", lambda: case.log.own("spool_was_full"))
    case.done()


CASES = (programs_write, what_is_written_before_a_stop_arrives, what_is_acknowledged_survives, writers_wait_while_the_spool_is_full)

if __name__ == "__main__":
    for one in CASES:
        if len(sys.argv) < 2 or one.__name__ in sys.argv[1:]:
            one()
