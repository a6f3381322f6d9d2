#!/usr/bin/env python3
# ctest: TIMEOUT 600
"""Goal: a directory is encrypted, and its keyrings closed under another master key, on disks with any little space: what does not
fit is said, what was there before is proven all the same, and with space again the same command finishes.

The disks are small ones of our own, in a mount namespace of our own. STELE_DISK_SEED brings the same choices back.
"""

import base64
import json
import random
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kill"))
from load import Client  # noqa: E402
from server import NO_SETTINGS, PATIENCE, STELE, Server, verify  # noqa: E402
from small_disk import FULL, Disk, closing, expect, run_parts, say, wait_for  # noqa: E402

REQUESTS = 300
STEPS = 13  # of free space, from 4 KiB to 16 MiB


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


class MasterKey:
    def __init__(self, folder: Path):
        self.path = folder / "master.key"
        self.keys: list[str] = []
        self.change()

    @property
    def given(self) -> tuple[str, str]:
        return "--master-key", f"file:{self.path}"

    def change(self) -> None:
        """A new one above the one that counted."""
        self.keys = [new_key(), *self.keys[:1]]
        self.path.write_text("".join(key + "\n" for key in self.keys))
        self.path.chmod(0o600)


def fill(server: Server, seed: int) -> None:
    client = Client(0, seed)
    connection = server.connect()
    for _ in range(REQUESTS):
        status, _, body = client.exchange(connection, client.next_request())
        expect(status == 200, f"an event is answered {status} {body!r}")
    connection.close()


def encrypt(disk: Disk, key: MasterKey) -> tuple[bool, str]:
    done = subprocess.run([STELE, "encrypt", "--data", disk.data, "--json", *key.given], capture_output=True, text=True,
                          env=NO_SETTINGS, timeout=PATIENCE, check=False)
    expect(done.returncode == 0 or (done.returncode == 2 and FULL in done.stderr),
           f"stele encrypt ends with {done.returncode} and these words: {done.stderr}")
    return done.returncode == 0, done.stdout


def plain_copy(disk: Disk, kept: Path) -> None:
    shutil.rmtree(disk.data)
    shutil.copytree(kept, disk.data)


def proves(proven: dict, disk: Disk, key: MasterKey) -> None:
    report = verify(disk.data, *key.given)
    expect((report["size"], report["root"]) == (proven["size"], proven["root"]), f"another log is proven: {report}, before: {proven}")


def encrypts(folder: Path, rng: random.Random, kind: str) -> None:
    disk = Disk(folder, 40, kind)
    key = MasterKey(folder)
    with closing(Server(disk.data, "--seal-bytes", "65536")) as server:
        fill(server.wait_ready(), rng.randrange(1 << 30))
        server.stop()
    proven = verify(disk.data)
    kept = folder / "kept"
    shutil.copytree(disk.data, kept)
    refused = 0
    for step in range(STEPS):
        plain_copy(disk, kept)
        disk.leave("ballast", 4096 << step)
        done, _ = encrypt(disk, key)
        refused += not done
        proves(proven, disk, key)
        disk.unload("ballast")
        expect(encrypt(disk, key)[0], "with space again the directory is not encrypted")
        again = json.loads(encrypt(disk, key)[1])
        expect((again["files"], again["attachments"], again["waiting"]) == (0, 0, 0), f"it was not finished: {again}")
        proves(proven, disk, key)
    expect(0 < refused < STEPS, f"{refused} of {STEPS} found too little space")
    disk.remove()
    shutil.rmtree(kept)
    say(f"  {kind}: {refused} of {STEPS} found too little space; all were finished with more")


def changes_key(folder: Path, rng: random.Random, kind: str) -> None:
    disk = Disk(folder, 40, kind)
    key = MasterKey(folder)
    with closing(Server(disk.data, *key.given)) as server:
        fill(server.wait_ready(), rng.randrange(1 << 30))
        server.kill()
    size = verify(disk.data, *key.given)["size"]
    refused = 0
    for pages in (0, 1, 2, 3, 4, 6, 8, 12, 300):
        key.change()
        disk.leave("ballast", 4096 * pages)
        with closing(Server(disk.data, *key.given)) as server:
            expect(wait_for(lambda: server.process.poll() is not None or (disk.data / "address").exists(), PATIENCE),
                   f"it neither starts nor ends: {server.words()}")
            code = server.process.poll()
            expect(code is None or (code == 2 and FULL in server.words()), f"it ended with {code} and these words: {server.words()}")
            refused += code is not None
        expect(verify(disk.data, *key.given)["size"] >= size, "events are gone")
        disk.unload("ballast")
        with closing(Server(disk.data, *key.given)) as server:
            server.wait_ready()
        key.path.write_text(key.keys[0] + "\n")  # the new one opens it alone
        size = verify(disk.data, *key.given)["size"]
    disk.remove()
    say(f"  {kind}: {refused} of 9 starts with another key found too little space; the next one of each worked")


if __name__ == "__main__":
    sys.exit(run_parts((encrypts, changes_key)))
