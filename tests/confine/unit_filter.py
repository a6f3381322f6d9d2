"""The system calls that a unit of systemd allows: `python3 unit_filter.py UNIT COMMAND…` runs the command with these alone."""

import ctypes
import errno
import os
import re
import subprocess
import sys
from pathlib import Path


def groups() -> dict[str, list[str]]:
    """What systemd-analyze(1) lists: the names and groups of each group."""
    said = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True).stdout
    found: dict[str, list[str]] = {}
    for line in said.splitlines():
        if line.startswith("@"):
            members = found.setdefault(line.strip(), [])
        elif re.match(r" +[@a-z_]", line):
            members.append(line.strip())
        elif line.startswith("#"):
            break
    return found


def allowed(unit: Path) -> set[str]:
    """systemd.exec(5), SystemCallFilter=: lines add to the list that the first began, or with ~ take away. @default is always in it."""
    known = groups()

    def expand(word: str) -> set[str]:
        return set().union(*map(expand, known[word])) if word.startswith("@") else {word}

    names = expand("@default")
    for line in unit.read_text().splitlines():
        if line.startswith("SystemCallFilter="):
            words = line.removeprefix("SystemCallFilter=")
            change = set().union(*map(expand, words.removeprefix("~").split()))
            names = names - change if words.startswith("~") else names | change
    return names


def restrict_to(names: set[str]) -> None:
    """For this process and what it runs; what is not allowed fails with EPERM."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EPERM
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(refuse)))
    for name in names | {"execve"}:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0 and library.seccomp_rule_add(context, ctypes.c_uint32(allow), number, 0) != 0:
            raise OSError(f"no rule for {name}")
    if library.seccomp_load(context) != 0:
        raise OSError("the filter cannot be loaded")


if __name__ == "__main__":
    restrict_to(allowed(Path(sys.argv[1])))
    os.execv(sys.argv[2], sys.argv[2:])
