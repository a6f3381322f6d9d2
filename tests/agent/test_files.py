#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: each line of a followed file gets to the server once, in order, under a number that leaves no gap, whatever happens to the
file: it grows, is rotated by name or by copying, while the agent looks and while it does not, appears late, cannot be read."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from machine import Agent, Log, Server, expect, expect_equal, wait_until


class Writer:
    """Writes numbered lines to a file as a program does, and remembers them."""

    def __init__(self, path: Path):
        self.path = path
        self.wrote: list[str] = []
        self.file = open(path, "ab", buffering=0)

    def lines(self, count: int) -> None:
        new = [f"line {len(self.wrote) + i} of {self.path.name}" for i in range(count)]
        self.file.write("".join(line + "\n" for line in new).encode())
        self.wrote += new

    def reopen(self) -> None:
        self.file.close()
        self.file = open(self.path, "ab", buffering=0)


def rotate(path: Path, keep: int = 5) -> None:
    """As logrotate does: x.2 to x.3, x.1 to x.2, x to x.1."""
    for number in range(keep, 0, -1):
        old = path.with_name(f"{path.name}.{number}")
        if old.exists():
            old.rename(path.with_name(f"{path.name}.{number + 1}"))
    path.rename(path.with_name(path.name + ".1"))


def copy_and_truncate(path: Path, keep: int = 5) -> None:
    for number in range(keep, 0, -1):
        old = path.with_name(f"{path.name}.{number}")
        if old.exists():
            old.rename(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copyfile(path, path.with_name(path.name + ".1"))
    os.truncate(path, 0)


class Case:
    def __init__(self, name: str, config: str = ""):
        self.folder = tempfile.TemporaryDirectory()
        self.work = Path(self.folder.name)
        self.server = Server(self.work)
        self.log = Log(self.server)
        self.path = self.work / "app.log"
        self.agent = Agent(self.work, self.server.url, config or f"files: [{self.path}]\n")
        self.name = name
        print("files:", name, flush=True)

    def arrived(self, lines: list[str], path: Path | None = None) -> None:
        stream = str(path or self.path)
        wait_until(f"{len(lines)} lines of {stream} in {self.name}; agent: {self.agent.words()}",
                   lambda: len(self.log.lines()[stream]) >= len(lines))
        expect_equal(self.log.lines()[stream], lines, self.name)

    def done(self) -> None:
        if self.agent.process.poll() is None:
            self.agent.stop()
        wait_until("the last word", lambda: len(self.log.own("stopped")) > 0)
        self.log.check_numbers()
        self.server.stop()
        self.server.verify()
        self.folder.cleanup()


def grows() -> None:
    case = Case("a file grows; a line without an end waits")
    writer = Writer(case.path)
    writer.lines(3)
    case.agent.start()
    case.arrived(writer.wrote)
    writer.file.write(b"half")
    writer.wrote.append("half a line")
    expect_equal(len(case.log.lines()[str(case.path)]), 3, "half a line is none")
    writer.file.write(b" a line\r\n\r\n\n")
    case.arrived(writer.wrote)
    writer.lines(20_000)
    case.arrived(writer.wrote)
    case.done()


def is_rotated_by_name() -> None:
    case = Case("renamed and created anew, often, with late lines in the old file")
    writer = Writer(case.path)
    case.agent.start()
    for round_ in range(6):
        writer.lines(50)
        if round_ % 2 == 0:
            case.arrived(writer.wrote)
        rotate(case.path)
        writer.lines(5)  # it does not know yet
        writer.reopen()
        if round_ % 3 == 0:
            writer.lines(5)
    writer.lines(1)
    case.arrived(writer.wrote)
    case.done()


def is_rotated_while_nobody_looks() -> None:
    case = Case("rotated several times while the agent is down")
    writer = Writer(case.path)
    writer.lines(10)
    case.agent.start()
    case.arrived(writer.wrote)
    for end in (case.agent.kill, case.agent.stop):
        end()
        for _ in range(3):
            writer.lines(7)
            rotate(case.path)
            writer.reopen()
        writer.lines(3)
        case.agent.start()
        case.arrived(writer.wrote)
    case.done()


def is_copied_and_truncated() -> None:
    case = Case("copied and truncated, while the agent looks and while it does not")
    writer = Writer(case.path)
    case.agent.start()
    for _ in range(3):
        writer.lines(30)
        case.arrived(writer.wrote)
        copy_and_truncate(case.path)
        writer.lines(2)
        case.arrived(writer.wrote)
    case.agent.kill()
    for _ in range(2):
        writer.lines(40)
        copy_and_truncate(case.path)
    writer.lines(4)
    case.agent.start()
    case.arrived(writer.wrote)
    expect_equal(case.log.own("file_truncated"), [], "told as lost")
    case.done()


def is_cut_off_without_a_copy() -> None:
    case = Case("cut off without a copy is told, with the bytes that were read")
    writer = Writer(case.path)
    writer.lines(30)
    case.agent.start()
    case.arrived(writer.wrote)
    size = case.path.stat().st_size
    os.truncate(case.path, 0)
    writer.lines(2)
    case.arrived(writer.wrote)
    told = wait_until("the truncation is told", lambda: case.log.own("file_truncated"))
    expect_equal(told[0]["attributes"]["read_bytes"], size, "bytes read")
    case.done()


def is_lost() -> None:
    case = Case("rotated away unread is told, with the bytes that were read")
    writer = Writer(case.path)
    writer.lines(30)
    case.agent.start()
    case.arrived(writer.wrote)
    size = case.path.stat().st_size
    case.agent.kill()
    writer.lines(30)
    lost = writer.wrote[-30:]
    case.path.unlink()
    with open(os.dup(writer.file.fileno()), "ab"):  # so that the new file gets another inode
        writer.reopen()
    writer.lines(2)
    case.agent.start()
    case.arrived([line for line in writer.wrote if line not in lost])
    told = wait_until("the loss is told", lambda: case.log.own("file_lost"))
    expect_equal(told[0]["attributes"]["read_bytes"], size, "bytes read")
    case.done()


def appears_late() -> None:
    case = Case("a file and its folder appear later; a pattern; compressed ones are passed over", "files: [@/sub/*.log*]\n")
    case.agent.config.write_text(case.agent.config.read_text().replace("@", str(case.work)))
    case.agent.start()
    wait_until("the start", lambda: case.log.own("started"))
    sub = case.work / "sub"
    sub.mkdir()
    writers = [Writer(sub / name) for name in ("a.log", "b.log")]
    (sub / "c.log.1.gz").write_bytes(b"\x1f\x8b rest\n")
    for writer in writers:
        writer.lines(5)
    for writer in writers:
        case.arrived(writer.wrote, writer.path)
    rotate(sub / "a.log")  # the pattern matches the old name too
    writers[0].reopen()
    writers[0].lines(5)
    case.arrived(writers[0].wrote, writers[0].path)
    (sub / "b.log").unlink()
    writers[1].reopen()
    writers[1].lines(1)
    case.arrived(writers[1].wrote, writers[1].path)
    expect_equal(sorted(case.log.lines()), [str(sub / "a.log"), str(sub / "b.log")], "streams")
    case.done()


def cannot_be_read() -> None:
    case = Case("a file that may not be read is told, and followed once it may")
    if os.geteuid() != 0:
        return
    case.agent.wrapper = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    os.chmod(case.work, 0o777)
    writer = Writer(case.path)
    writer.lines(3)
    os.chmod(case.path, 0)
    case.agent.start()
    told = wait_until("permission denied is told", lambda: case.log.own("file_unreadable"))
    expect_equal(told[0]["attributes"]["reason"], "permission denied", "why")
    os.chmod(case.path, 0o644)
    case.arrived(writer.wrote)
    case.done()


def begins_at_the_end() -> None:
    case = Case("begin: end leaves out what was there", "files: [{path: @/app.log, begin: end}]\n")
    case.agent.config.write_text(case.agent.config.read_text().replace("@", str(case.work)))
    writer = Writer(case.path)
    writer.lines(5)
    writer.file.write(b"half")
    case.agent.start()
    wait_until("the start", lambda: case.log.own("started"))
    writer.file.write(b" a line\n")
    writer.lines(2)
    case.arrived(["half a line"] + writer.wrote[5:])
    case.agent.kill()
    writer.lines(2)
    case.agent.start()
    case.arrived(["half a line"] + writer.wrote[5:])
    case.done()


CASES = (grows, is_rotated_by_name, is_rotated_while_nobody_looks, is_copied_and_truncated, is_cut_off_without_a_copy, is_lost,
         appears_late, cannot_be_read, begins_at_the_end)

if __name__ == "__main__":
    for one in CASES:
        if len(sys.argv) < 2 or one.__name__ in sys.argv[1:]:
            one()
    expect(True, "")
