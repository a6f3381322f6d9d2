"""Journal files made for the tests, and systemd-journal-upload as systemd would run it."""

import struct
import subprocess
import threading
import time
from pathlib import Path

UPLOAD = "/lib/systemd/systemd-journal-upload"
REMOTE = "/lib/systemd/systemd-journal-remote"
BOOT = "0123456789abcdef0123456789abcdef"


def export_field(name: str, value: bytes) -> bytes:
    """A field in the journal export format, with its length where it is not printable."""
    if b"\n" in value or any(byte < 0x20 or byte >= 0x7f for byte in value):
        return name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
    return name.encode() + b"=" + value + b"\n"


def export_entry(number: int, message: bytes, **fields: bytes) -> bytes:
    micros = 1_795_450_800_000_000 + number
    all_fields = {"__REALTIME_TIMESTAMP": str(micros).encode(), "__MONOTONIC_TIMESTAMP": str(1000 + number).encode(),
                  "_BOOT_ID": BOOT.encode(), "_MACHINE_ID": BOOT.encode(), "_HOSTNAME": b"web-1", "_PID": b"812", "_UID": b"0",
                  "_COMM": b"sshd", "_EXE": b"/usr/sbin/sshd", "_SYSTEMD_UNIT": b"ssh.service", "SYSLOG_IDENTIFIER": b"sshd",
                  "SYSLOG_FACILITY": b"10", "PRIORITY": b"6", "MESSAGE": message, **fields}
    return b"".join(export_field(name, value) for name, value in all_fields.items()) + b"\n"


def write_journal(path: Path, entries: list[bytes]) -> None:
    """Adds to the journal file, which is made when it is not there."""
    done = subprocess.run([REMOTE, "-o", path, "-"], input=b"".join(entries), capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"FAILED: systemd-journal-remote: {done.stderr.decode()}")


class Uploader:
    """systemd-journal-upload that follows a folder, started again whenever it fails, as its unit has it (Restart=on-failure)."""

    def __init__(self, journals: Path, state: Path, url: str):
        self.command = [UPLOAD, "-D", journals, "--follow", f"--save-state={state}", f"--url={url}"]
        self.state = state
        self.said: list[str] = []  # why it failed, each time
        self.done = False
        self.process: subprocess.Popen | None = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.done:
            self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            said = self.process.communicate()[1]
            if self.process.returncode != 0:
                self.said.append(said.strip())
            time.sleep(0.1)

    def cursor(self) -> str:
        """The last one that it takes for delivered."""
        if not self.state.exists():
            return ""
        return next((line.partition("=")[2] for line in self.state.read_text().splitlines() if line.startswith("LAST_CURSOR=")), "")

    def stop(self) -> None:
        self.done = True
        if self.process is not None:
            self.process.kill()
        self.thread.join(timeout=20)
