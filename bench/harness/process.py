"""Servers that a bench starts: always ended by their own process id, their CPU and memory read from /proc."""

import contextlib
import ctypes
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import time

_TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1


class BenchError(Exception):
    """The measurement cannot be made; the message says why and what to do."""


def end_cleanly_on_signals():
    """Turns SIGTERM and SIGHUP into SystemExit, so that `finally` and `with` stop every server, as on Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the shell started us with it ignored
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))


def _die_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Server:
    """A child process in a session of its own (Ctrl-C reaches only the bench), its output in a file."""

    def __init__(self, arguments, output, user=None):
        """`user`: name of the account to run as; needs root if it is another than the present one."""
        self.name = pathlib.Path(arguments[0]).name
        self.output = pathlib.Path(output)
        account = {}
        if user is not None and os.geteuid() == 0:
            account = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
        with open(self.output, "ab") as sink:
            self._child = subprocess.Popen(
                [str(word) for word in arguments], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd="/",
                start_new_session=True, preexec_fn=_die_with_parent, **account)
        self.pid = self._child.pid

    def alive(self):
        return self._child.poll() is None

    def wait_until(self, ready, seconds, what):
        """Polls `ready()` until it is true; raises BenchError if the process ends or the time is over."""
        stop = time.monotonic() + seconds
        while not ready():
            if not self.alive():
                raise BenchError(f"{self.name} ended with code {self._child.returncode} before {what}\n{self.tail()}")
            if time.monotonic() > stop:
                raise BenchError(f"{self.name}: {what} did not happen within {seconds} s\n{self.tail()}")
            time.sleep(0.002)

    def wait(self):
        """Waits for the end; the exit code."""
        return self._child.wait()

    def stop(self, number=signal.SIGTERM, seconds=60):
        """Sends the signal and waits; SIGKILL if the process does not end in time. Returns the exit code."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                print(f"{self.name} did not end within {seconds} s of signal {int(number)}: killed", file=sys.stderr)
                os.kill(self.pid, signal.SIGKILL)
                self._child.wait()
        return self._child.returncode

    def tail(self, size=2000):
        data = self.output.read_bytes()
        return data[-size:].decode(errors="replace")

    def cpu_seconds(self):
        """User and system time of the process and of all its descendants, ended ones that were waited for included."""
        rows = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    fields = pathlib.Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
                    rows[int(entry)] = (int(fields[1]), sum(int(ticks) for ticks in fields[11:15]))
        family = {self.pid}
        grown = True
        while grown:
            more = {pid for pid, (parent, _) in rows.items() if parent in family} - family
            family |= more
            grown = bool(more)
        return sum(rows[pid][1] for pid in family if pid in rows) / _TICKS

    def memory(self):
        """Resident bytes: {"resident", "anonymous", "file", "peak"}."""
        names = {"VmRSS": "resident", "RssAnon": "anonymous", "RssFile": "file", "VmHWM": "peak"}
        result = {}
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            key, _, value = line.partition(":")
            if key in names:
                result[names[key]] = int(value.split()[0]) * 1024
        return result


@contextlib.contextmanager
def fresh_directory(path, owner=None):
    """An empty directory that is removed at the end. `owner`: account that it is given to when running as root.

    Whatever waits in the page cache is written back first, so that a measurement does not pay for the one before it."""
    os.sync()
    path = pathlib.Path(path)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    if owner is not None and os.geteuid() == 0:
        shutil.chown(path, owner, pwd.getpwnam(owner).pw_gid)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
