"""Disks of some megabytes in a mount namespace of our own, which needs root or a kernel that lets users have one, and what is said
of them."""

import errno
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kill"))
from server import Failed, Server  # noqa: E402

SKIPPED = 77
INSIDE = "STELE_DISK_TEST_INSIDE"  # set once a script runs in a mount namespace of its own, to how it got there
IN_USER_NAMESPACE = os.environ.get(INSIDE) == "--map-root-user"
FULL = "No space left on device"
MIB = 1 << 20


def say(words: str) -> None:
    print(f"disk: {words}", flush=True)


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)


def wait_for(what, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


@contextmanager
def closing(server: Server):
    """It does not outlive its `with`, however that is left."""
    try:
        yield server
    finally:
        server.kill()


def run(*command) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"`{' '.join(words)}` ended with {done.returncode}: {' '.join(done.stderr.split())}")


class Disk:
    """A file system of our own with some space taken by ballast."""

    def __init__(self, folder: Path, megabytes: int, kind: str = "tmpfs"):
        self.path = folder / "disk"
        self.path.mkdir()
        self._image = folder / "disk.image"
        if kind == "tmpfs":
            run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "stele-test", self.path)
        else:
            with open(self._image, "wb") as image:
                image.truncate(megabytes * MIB)
            try:
                run("mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", self._image)
                run("mount", "-o", "loop", self._image, self.path)
            except BaseException:
                self._image.unlink()
                self.path.rmdir()
                raise
        self.data = self.path / "data"
        self.data.mkdir()

    def reserve(self) -> int:
        """What the server keeps for the record of what is looked at."""
        there = os.statvfs(self.path)
        return min(64 * MIB, there.f_blocks * there.f_frsize // 16)

    def free(self) -> int:
        there = os.statvfs(self.path)
        return there.f_bavail * there.f_frsize

    def load(self, name: str, size: int) -> None:
        """Takes `size` bytes, or what there is."""
        with open(self.path / name, "wb", buffering=0) as ballast:
            try:
                while size > 0:
                    size -= ballast.write(bytes(min(size, MIB)))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            os.fsync(ballast.fileno())

    def leave(self, name: str, size: int) -> None:
        """Takes all but about `size` bytes."""
        self.load(name, self.free() + MIB if size == 0 else self.free() - size)

    def unload(self, name: str) -> None:
        (self.path / name).unlink()

    def remove(self) -> None:
        run("umount", self.path)
        self._image.unlink(missing_ok=True)
        self.path.rmdir()


def why_no_disk(folder: Path, kind: str) -> str:
    """Empty when there can be one."""
    try:
        Disk(folder, 8, kind).remove()
        return ""
    except OSError as error:
        return str(error)


def enter_namespace() -> None:
    """Starts this script again where its mounts are its own and end with it; returns when that is not allowed."""
    for flags in (["--mount"], ["--mount", "--map-root-user"]):
        if subprocess.run(["unshare", *flags, "true"], capture_output=True, check=False).returncode == 0:
            os.environ[INSIDE] = flags[-1]
            os.execvp("unshare", ["unshare", *flags, sys.executable, *sys.argv])


def run_parts(on_disks, elsewhere=()) -> int:
    """The code of a script whose parts these are: part(folder, rng, kind) for each kind of disk that can be had, then part(folder, rng).
    STELE_DISK_SEED brings the same choices back."""
    if INSIDE not in os.environ:
        enter_namespace()
        say("SKIPPED: no mount namespace of our own: run this as root, or let users have namespaces")
        return SKIPPED
    seed = int(os.environ.get("STELE_DISK_SEED") or random.SystemRandom().randrange(1 << 30))
    say(f"STELE_DISK_SEED={seed}")
    rng = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="stele-disk-"))
    began = time.monotonic()
    part = None
    try:
        for kind in ("tmpfs", "ext4"):
            why = why_no_disk(folder, kind)
            if why:
                say(f"SKIPPED on {kind}, which cannot be mounted here: {why}")
                continue
            for part in on_disks:
                say(f"{part.__name__} on {kind}")
                part(folder, rng, kind)
        for part in elsewhere:
            say(part.__name__)
            part(folder, rng)
    except Failed as failure:
        kept = folder.with_name(folder.name + "-kept")
        shutil.copytree(folder, kept, symlinks=True, ignore=shutil.ignore_patterns("ballast*", "rest", "*.image", "*.sock"))
        say(f"FAILED in {part.__name__}, STELE_DISK_SEED={seed}, data kept in {kept}\n{failure}")
        return 1
    finally:
        if os.path.ismount(folder / "disk"):
            subprocess.run(["umount", "--lazy", folder / "disk"], check=False)
        shutil.rmtree(folder)
    say(f"passed in {time.monotonic() - began:.0f} s, STELE_DISK_SEED={seed}")
    return 0
