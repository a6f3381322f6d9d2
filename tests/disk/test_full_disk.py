#!/usr/bin/env python3
# ctest: COST 300 TIMEOUT 900
"""Goal: on a disk that is full, read-only, not ours or limited, nothing acknowledged is lost, nothing is stored twice, every
refusal says why and when to try again, reading goes on as long as it can be put on record, and once there is space the log takes
events again without a restart.

The disks are small ones of our own, in a mount namespace of our own, which needs root or a kernel that lets users have one.
STELE_DISK_SEED brings the same choices back.
"""

import http.client
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kill"))
import door_clients  # noqa: E402
from load import Client, Promised  # noqa: E402
from promises import Promises  # noqa: E402
from server import NO_SETTINGS, PATIENCE, STELE, Failed, Server, verify  # noqa: E402
from small_disk import FULL, IN_USER_NAMESPACE, MIB, Disk, closing, expect, run, run_parts, say, wait_for  # noqa: E402

NOBODY = 65534


class Writer:
    """A client that keeps what is refused, and sends it again."""

    def __init__(self, seed: int):
        self.promises = Promises()
        self.refused = 0
        self._client = Client(0, seed)
        self._again = None

    def send(self, server: Server) -> tuple[int, dict, bytes]:
        request = self._again or self._client.next_request()
        connection = server.connect()
        try:
            status, headers, body = self._client.exchange(connection, request)
        except (OSError, http.client.HTTPException) as error:
            time.sleep(0.1)
            ended = server.process.poll()
            raise Failed(f"no answer: {error!r}; the server {'lives' if ended is None else f'ended with code {ended}'}") from error
        finally:
            connection.close()
        self._again = None if status == 200 else request
        self.refused += status != 200
        self.promises.add(self._client.take())
        return status, headers, body

    def fill(self, server: Server, why: str, requests_max: int = 20_000) -> None:
        """Until the log takes no more, which it must say well."""
        for _ in range(requests_max):
            status, headers, body = self.send(server)
            if status != 200:
                check_refusal("POST /api/v1/events", status, headers, body, why)
                return
        raise Failed(f"{requests_max} requests were taken, where {why!r} was to stop the log")

    def figures(self) -> str:
        return (f"{len(self.promises.acknowledged)} events acknowledged, {self.refused} requests refused, "
                f"{len(self.promises.checkpoints)} checkpoints compared")

    def check(self, server: Server) -> None:
        self.promises.add(Promised(checkpoints=[server.get("/log/main/checkpoint").decode()]))
        self.promises.check_everything(server)


def check_refusal(what: str, status: int, headers: dict, body: bytes, why: str) -> None:
    text = body.decode()
    expect(status == 503, f"{what} is answered {status}, not 503: {text[:1000]}")
    expect(headers.get("Retry-After", "").isdigit(), f"{what} is answered 503 without Retry-After: {headers}")
    error = json.loads(text)["error"]
    expect(error["code"] == "unavailable" and why in error["message"], f"{what} does not say {why!r}: {text[:1000]}")


def check_stopped(server: Server, writer: Writer, why: str) -> None:
    """What a log that takes no events still does, and what it says."""
    check_refusal("GET /readyz", *server.ask("GET", "/readyz"), why)
    expect(server.ask("GET", "/healthz")[0] == 200, "/healthz is not 200 while the process lives")
    status = json.loads(server.get("/api/v1/status"))["logs"][0]
    expect(status["accepting"] is False and why in status["why_not"], f"/api/v1/status does not say {why!r}: {status}")
    expect(b'stele_log_accepting{log="main"} 0\n' in server.get("/metrics"), "/metrics says that the log takes events")
    expect(why in server.words() or wait_for(lambda: why in server.words(), 5), f"its own log does not say {why!r}: {server.words()}")
    writer.check(server)
    verify(server.data, "--key", server.get("/log/main/key").decode().strip())


def check_goes_on(server: Server, writer: Writer) -> None:
    """The log takes events again by itself, what was refused among them, and has lost and doubled nothing."""
    began = time.monotonic()
    expect(wait_for(lambda: server.ask("GET", "/readyz")[0] == 200, PATIENCE),
           f"not ready {PATIENCE} s after there was space again: {server.words()[-2000:]}")
    ready = time.monotonic() - began
    for _ in range(5):
        status, _, body = writer.send(server)
        expect(status == 200, f"with space again an event is answered {status} {body!r}")
    writer.check(server)
    say(f"    takes events again after {ready:.1f} s, {server.size()} entries")


def fills_up(folder: Path, rng: random.Random, kind: str) -> None:
    """A disk that fills up under load, again and again, with the log sealed seldom and all the time."""
    for settings, freed in (([], 5 * MIB), (["--seal-bytes", "65536", "--publish-millis", "10"], 2 * MIB)):
        disk = Disk(folder, 40, kind)
        for number in range(4):
            disk.load(f"ballast-{number}", freed + rng.randrange(2 * MIB))
        disk.leave("more", 10 * MIB)
        writer = Writer(rng.randrange(1 << 30))
        with closing(Server(disk.data, *settings)) as server:
            server.wait_ready()
            for number in range(3):
                writer.fill(server, FULL)
                disk.leave("rest", disk.reserve())  # what is too little for the next journal file is enough for a small one
                writer.fill(server, FULL)  # it may have found some before that was taken
                check_stopped(server, writer, FULL)
                if number == 0 and not settings:  # with much to seal an attempt may get on, and that takes and frees space
                    check_attempts_leave_nothing(server, disk)
                if number == 1:
                    check_reserve_spent(server, disk)
                disk.unload("rest")
                disk.unload(f"ballast-{number}")
                check_goes_on(server, writer)
            writer.fill(server, FULL)
        expect(not list(disk.data.rglob("*.index")), "an index, which can be made again, took of the little space that the log needs")
        verify(disk.data)
        if not settings:
            check_starts_within_reserve(disk)
        disk.leave("rest", 0)
        for _ in range(3):
            starts_or_says(disk.data, FULL)
            verify(disk.data)
        disk.unload("rest")
        disk.unload("ballast-3")
        with closing(Server(disk.data, *settings)) as server:
            check_goes_on(server.wait_ready(), writer)
            server.stop()
        expect(verify(disk.data)["size"] == len(writer.promises.stored.tree.leaves), "the closed log has another size")
        say(f"  {kind} {' '.join(settings)}: {writer.figures()}")
        disk.remove()


def check_attempts_leave_nothing(server: Server, disk: Disk) -> None:
    """The log tries to open again and again, which must not use up what space is left."""
    def files() -> list:
        return sorted(path.relative_to(disk.data).as_posix() for path in disk.data.rglob("*"))

    before, free = files(), disk.free()
    time.sleep(11)  # two attempts at least
    expect(server.ask("GET", "/readyz")[0] == 503, "a log on a full disk says that it takes events")
    expect(len(files()) <= len(before), f"attempts to open the log leave files: {sorted(set(files()) - set(before))}")
    expect(disk.free() >= free - 64 * 1024, f"attempts to open the log took {free - disk.free()} bytes")


def check_reserve_spent(server: Server, disk: Disk) -> None:
    """When others take what is kept for the record, too, nothing is shown that cannot be put on record; then it is again."""
    entries, proof = "/log/main/tile/entries/000.p/1", "/log/main/proof/0"

    def is_shown() -> bool:
        return server.ask("GET", f"/api/v1/search?limit=1&q={disk.free()}")[0] == 200

    disk.leave("reserve", 0)
    expect(wait_for(lambda: not is_shown(), PATIENCE), "a search is answered that cannot be on record")
    status, headers, body = server.ask("GET", "/api/v1/search?limit=1&q=once")
    check_refusal("GET /api/v1/search", status, headers, body, "goes on record first")
    expect(server.ask("GET", proof)[0] == 200, "a proof, which shows no entry, is not answered")
    disk.unload("reserve")
    expect(wait_for(is_shown, PATIENCE), f"with the reserve free again nothing is shown: {server.words()[-2000:]}")
    expect(wait_for(lambda: server.ask("GET", entries)[0] == 200, PATIENCE), "nor are entries")


def check_starts_within_reserve(disk: Disk) -> None:
    """With no more left than what is kept for the record a server starts, and what is looked at is on record and shown."""
    disk.leave("rest", disk.reserve())
    with closing(Server(disk.data)) as server:
        server.wait_ready()
        status, _, body = server.ask("GET", "/api/v1/search?limit=1&q=first")
        expect(status == 200, f"within the reserve a search is answered {status} {body!r}")
        server.kill()
    disk.unload("rest")


def doors(folder: Path, rng: random.Random, kind: str) -> None:
    """The other doors on a disk that fills up: passing faults in each protocol's words, and nothing acknowledged is lost."""
    disk = Disk(folder, 48, kind)
    for number in range(2):
        disk.load(f"ballast-{number}", 8 * MIB)  # so that the quick doors do not take all before the patient ones ask again
    disk.leave("more", 8 * MIB)
    settings = [word for door in ("--otlp-grpc", "--relp", "--syslog") for word in (door, "127.0.0.1:0")]
    with closing(Server(disk.data, *settings)) as server:
        server.wait_ready()
        ports = [int(re.search(door + r" on 127\.0\.0\.1:(\d+)", server.words())[1]) for door in ("OTLP/gRPC", "RELP", "syslog")]
        clients = door_clients.all_clients(server.port, *ports)
        answering = [client for client in clients if client.answers]
        patient = [client for client in clients if not client.answers]  # they would fill the socket while they wait, and then the disk
        for client in clients:
            client.start()

        def each(what, whom) -> bool:
            wrong = [f"{client.name}: {client.wrong[:3]}" for client in clients if client.wrong]
            expect(not wrong, f"what was answered: {wrong}")
            return all(what(client) for client in whom)

        def figures(name: str) -> dict:
            return {client.name: getattr(client, name) for client in clients}

        for number in range(2):
            before = figures("refused")
            expect(wait_for(lambda before=before: each(lambda client: client.refused > before[client.name] + 3, answering), 4 * PATIENCE),
                   f"the disk does not fill up: {figures('batches')} batches were taken")
            for client in patient:
                client.hold()
            disk.leave("rest", disk.reserve())
            # It may have found some before that was taken.
            expect(wait_for(lambda: server.ask("GET", "/readyz")[0] == 503, PATIENCE), "a log on a full disk says that it takes events")
            check_refusal("GET /readyz", *server.ask("GET", "/readyz"), FULL)
            disk.unload("rest")
            disk.unload(f"ballast-{number}")
            before = figures("batches")
            # Those that wait for an answer may find the disk full again by the others; theirs comes at the end.
            expect(wait_for(lambda before=before: each(lambda client: client.batches > before[client.name], answering), PATIENCE),
                   f"with space again not all doors take events: {before}, then {figures('batches')}")
            for client in patient:
                client.go_on()
        disk.unload("more")
        for client in clients:
            client.finish()
        each(lambda client: True, clients)
        told = set().union(*(client.told for client in clients))

        def stored() -> list[str]:
            return [name for _, entry in server.entries(0, server.size()) for name in door_clients.names_of(json.loads(entry))]

        wait_for(lambda: told <= set(stored()), PATIENCE)  # syslog is not answered: what is on its way arrives
        names = stored()
        expect(told <= set(names), f"{len(told - set(names))} are acknowledged and not stored: {sorted(told - set(names))[:5]}")
        expect(len(names) == len(set(names)), f"{len(names) - len(set(names))} events are stored twice")
        server.stop()
    verify(disk.data)
    disk.remove()
    say(f"  {kind}: {len(told)} events acknowledged, batches refused and sent again: {figures('refused')}")


def full_at_first_start(folder: Path, rng: random.Random, kind: str) -> None:
    """A first start that runs out of space at any of its steps says so, and the next one, with space, works."""
    failed = 0
    for pages in range(20):
        disk = Disk(folder, 8, kind)
        disk.leave("ballast", 4096 * pages)
        failed += not starts_or_says(disk.data, FULL)
        disk.unload("ballast")
        start_and_write(disk.data, Writer(rng.randrange(1 << 30)))
        disk.remove()
    say(f"  {kind}: {failed} of {pages + 1} first starts found too little space; the next start of each worked")


def start_and_write(data: Path, writer: Writer, **popen) -> None:
    with closing(Server(data, **popen)) as server:
        server.wait_ready()
        for _ in range(3):
            status, _, body = writer.send(server)
            expect(status == 200, f"an event is answered {status} {body!r}")
        writer.check(server)
        server.stop()
    verify(data)


def starts_or_says(data: Path, words: str) -> bool:
    """Whether it starts; if not it ends in order, with these words. It is killed at once."""
    with closing(Server(data)) as server:
        settled = wait_for(lambda: server.process.poll() is not None or (data / "address").exists(), PATIENCE)
        expect(settled, f"it neither starts nor ends: {server.words()}")
        code = server.process.poll()
        expect(code is None or (code == 2 and words in server.words()), f"it ended with {code} and these words: {server.words()}")
        return code is None


def refuses_to_start(data: Path, words: str, **popen) -> None:
    with closing(Server(data, **popen)) as server:
        code = server.process.wait(PATIENCE)
        expect(code == 2 and words in server.words(), f"it ended with {code}, where {words!r} was to be said: {server.words()}")


def read_only(folder: Path, rng: random.Random) -> None:
    """A directory that cannot be written is not served, is left as it is, and can be verified."""
    disk = Disk(folder, 40)
    writer = Writer(rng.randrange(1 << 30))
    start_and_write(disk.data, writer)
    run("mount", "-o", "remount,bind,ro", disk.path)
    refuses_to_start(disk.data, "Read-only file system")
    verify(disk.data)
    run("mount", "-o", "remount,bind,rw", disk.path)
    start_and_write(disk.data, writer)
    disk.remove()
    say("  refused and verified; served once it could be written")


def not_ours(folder: Path, rng: random.Random) -> None:
    """What another user owns is refused with its path; a journal that cannot grow any more is as a full disk."""
    if os.geteuid() != 0 or IN_USER_NAMESPACE or subprocess.run(["test", "-x", STELE], user=NOBODY, check=False).returncode != 0:
        say("  SKIPPED: this needs root, and a program that other users may run")
        return
    folder.chmod(0o755)
    ours = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    disk = Disk(folder, 40)
    writer = Writer(rng.randrange(1 << 30))
    disk.data.chmod(0o700)
    refuses_to_start(disk.data, "Permission denied", **ours)
    os.chown(disk.data, NOBODY, NOBODY)
    start_and_write(disk.data, writer, **ours)
    for name in ("keys/main.key", "logs/main/journal", "logs/main/log.json"):
        os.chown(disk.data / name, 0, 0)
        refuses_to_start(disk.data, "Permission denied", **ours)
        os.chown(disk.data / name, NOBODY, NOBODY)
    with closing(Server(disk.data, **ours)) as server:
        server.wait_ready()
        journal = disk.data / "logs/main/journal"
        journal.chmod(0o500)
        writer.fill(server, "Permission denied")
        check_stopped(server, writer, "Permission denied")
        journal.chmod(0o700)
        check_goes_on(server, writer)
        server.stop()
    verify(disk.data)
    disk.remove()
    say(f"  refused with the reason; a journal that may not grow stops the log until it may: {writer.figures()}")


def unheard(folder: Path, rng: random.Random) -> None:
    """Where its own words go there is no space: it serves, and ends in order, all the same."""
    data = folder / "unheard"
    data.mkdir()
    with open("/dev/full", "r+b", buffering=0) as nowhere, closing(Server(data, words=nowhere)) as server:
        server.wait_ready()
        status, _, body = Writer(rng.randrange(1 << 30)).send(server)
        expect(status == 200, f"an event is answered {status} {body!r}")
        for command in ("serve", "tail", "get 0", "status", "verify", "verify --json"):
            words = [STELE, *command.split(), "--data", data]
            done = subprocess.run(words, stdout=nowhere, stderr=nowhere, env=NO_SETTINGS, check=False)
            expect(done.returncode == 2, f"`stele {command}` without a place for its words ends with code {done.returncode}")
        server.stop()
    verify(data)
    shutil.rmtree(data)
    say("  served, stopped and verified")


def limited(folder: Path, rng: random.Random) -> None:
    """A limit on the size of files (EFBIG, SIGXFSZ) is a failed write, and no end of the process."""
    for limit, settings in ((3 * MIB, []), (MIB // 2, []), (3 * MIB, ["--seal-bytes", "65536"])):
        data = folder / "limited"
        data.mkdir()
        limits = (limit, resource.RLIM_INFINITY)
        writer = Writer(rng.randrange(1 << 30))
        with closing(Server(data, *settings, preexec_fn=lambda set_to=limits: resource.setrlimit(resource.RLIMIT_FSIZE, set_to))) as server:
            server.wait_ready()
            for _ in range(1 if limit < MIB else 3):
                writer.fill(server, "File too large")
                check_stopped(server, writer, "File too large")
                if limit > MIB:  # a journal that begins anew begins small
                    check_goes_on(server, writer)
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            check_goes_on(server, writer)
            server.stop()
        verify(data)
        shutil.rmtree(data)
        say(f"  at most {limit} bytes {' '.join(settings)}: {writer.figures()}")


if __name__ == "__main__":
    sys.exit(run_parts((full_at_first_start, fills_up, doors), (read_only, not_ours, unheard, limited)))
