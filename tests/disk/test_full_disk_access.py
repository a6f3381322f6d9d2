#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: on a disk with any little space, who grants, defines, revokes or approves is told that it holds, and then it does, also for who
kills the server at once; or he is told that it does not, and then nothing of it is there; and with space again it goes on.

The disks are small ones of our own, in a mount namespace of our own.
"""

import json
import random
import subprocess
import sys
from pathlib import Path

for folder in ("access", "kill"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / folder))
from people import PASSWORD, code  # noqa: E402
from server import NO_SETTINGS, STELE, Server, verify  # noqa: E402
from small_disk import FULL, Disk, closing, expect, run_parts, say  # noqa: E402

LEVELS = (0, 1, 2, 3, 4, 6, 9, 16, 64, 1024)  # pages that are left


def start(disk: Disk) -> Server:
    return Server(disk.data, "--second-person", "grant")


def token(disk: Disk, name: str, role: str = "owner") -> str:
    """Made by whoever has the directory, who needs no second person."""
    words = [STELE, "token", "create", "--data", disk.data, "--role", role, "--name", name]
    return subprocess.run(words, capture_output=True, text=True, env=NO_SETTINGS, check=True).stdout.strip()

TILE = "/log/main/tile/entries/000.p/1"


class Act:
    """What is asked for, and whether it was said to hold."""

    def __init__(self, kind: str, name: str):
        self.kind, self.name, self.holds = kind, name, False
        self.text = ""  # a token


class Person:
    """Shows this token, or the session of one who has logged in."""

    def __init__(self, shown: str = "", cookie: str = "", csrf: str = ""):
        self._headers = {"Authorization": f"Bearer {shown}"} if shown else {"Cookie": cookie, "Stele-CSRF": csrf}

    def ask(self, server: Server, method: str, path: str, body: dict | None = None, approval: str = "") -> tuple[int, str]:
        connection = server.connect()
        try:
            headers = {**self._headers, **({"Stele-Approval": approval} if approval else {}), "Host": f"{server.host}:{server.port}"}
            connection.request(method, path, None if body is None and method == "GET" else json.dumps(body or {}), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def log_in(disk: Disk, server: Server, user: str) -> Person:
    """A new owner, who needs nobody's approval since whoever has the directory makes him."""
    words = [STELE, "user", "create", "--data", disk.data, "--role", "owner", user]
    link = subprocess.run(words, capture_output=True, text=True, env=NO_SETTINGS, check=True).stdout.strip()
    status, _, body = server.ask("POST", "/api/v1/join", json.dumps({"invitation": link.rpartition("=")[2], "password": PASSWORD}))
    expect(status == 200, f"an invited one is answered {status} {body!r}")
    shown = {"user": user, "password": PASSWORD, "code": code(json.loads(body)["secret"])}
    status, headers, body = server.ask("POST", "/api/v1/login", json.dumps(shown))
    expect(status == 200, f"a login is answered {status} {body!r}")
    return Person(cookie=headers["Set-Cookie"].partition(";")[0], csrf=json.loads(body)["csrf"])


def check_refused(what: str, status: int, text: str) -> None:
    expect(status == 503 and (FULL in text or "goes on record first" in text), f"{what} is answered {status} {text[:500]}")


def act(server: Server, asker: Person, giver: Person, one: Act) -> None:
    """Does it, with a second person where that is asked for."""
    body = {"token": {"role": "reader", "name": one.name}, "user": {"role": "reader", "user": one.name},
            "role": {"role": one.name, "permissions": ["read"]}, "admin": {"role": "admin", "name": one.name}, "revoke": {}}[one.kind]
    path = {"token": "/api/v1/tokens", "admin": "/api/v1/tokens", "user": "/api/v1/users", "role": "/api/v1/roles",
            "revoke": f"/api/v1/tokens/{one.name}/revoke"}[one.kind]
    status, text = asker.ask(server, "POST", path, body)
    if status == 202:
        approval = json.loads(text)["approval"]
        status, text = giver.ask(server, "POST", f"/api/v1/approvals/{approval}/give")
        if status == 200:
            status, text = asker.ask(server, "POST", path, body, approval)
    if status != 200:
        return check_refused(one.kind, status, text)
    one.holds = True
    one.text = json.loads(text).get("token", "")


def spend_reserve(server: Server, asker: Person, giver: Person) -> list[Act]:
    """Tokens, until what is kept for the record is spent too."""
    acts = []
    while not acts or acts[-1].holds:
        acts.append(Act("token", f"one{len(acts)}"))
        expect(len(acts) < 20_000, "so many tokens have a place on a disk that is full")
        act(server, asker, giver, acts[-1])
    return acts


def check_nothing_is_shown(server: Server, who: Person) -> None:
    """Not what an entry stands for already either: how often would be counted nowhere."""
    for path in (TILE, "/api/v1/events/0", "/api/v1/events?from=0"):
        check_refused(path, *who.ask(server, "GET", path))


def listed(server: Server, who: Person, path: str, member: str, key: str) -> set[str]:
    status, text = who.ask(server, "GET", path)
    expect(status == 200, f"{path} is answered {status} {text}")
    return {one[key] for one in json.loads(text)[member] if not one.get("revoked")}


def check(server: Server, who: Person, acts: list[Act]) -> None:
    tokens, users = listed(server, who, "/api/v1/tokens", "tokens", "name"), listed(server, who, "/api/v1/users", "users", "id")
    ids, roles = listed(server, who, "/api/v1/tokens", "tokens", "id"), listed(server, who, "/api/v1/roles", "roles", "role")
    for one in acts:
        there = {"token": one.name in tokens, "admin": one.name in tokens, "user": one.name in users, "role": one.name in roles,
                 "revoke": one.name not in ids}[one.kind]
        said = "taken" if one.holds else "refused"
        expect(there == one.holds, f"{one.kind} {one.name} was {said}, and is {'' if there else 'not '}there")
        if one.text:
            expect(Person(one.text).ask(server, "GET", "/api/v1/session")[0] == 200, f"the token of {one.name} is not taken")


def grants(folder: Path, _rng: random.Random, kind: str) -> None:
    disk = Disk(folder, 40, kind)
    acts: list[Act] = []
    with closing(start(disk)) as server:
        server.wait_ready()
        asker, looker = Person(token(disk, "asker")), Person(token(disk, "looker"))
        kept = [token(disk, f"kept{pages}", "reader").split("_")[1] for pages in LEVELS]
        server.stop()
    for pages, held in zip(LEVELS, kept, strict=True):
        with closing(start(disk)) as server:
            giver = log_in(disk, server.wait_ready(), f"giver{pages}")
            if pages == 0:
                sent = {"id": "one", "time": "2026-11-28T12:00:00Z", "actor": {"type": "user", "id": "ada"}, "action": "report.open"}
                for method, path, body in (("POST", "/api/v1/events", sent), ("GET", TILE, None)):
                    status, text = asker.ask(server, method, path, body)
                    expect(status == 200, f"{path} is answered {status} {text}")
            disk.leave("ballast", 4096 * pages)
            if pages == 0:
                acts += spend_reserve(server, asker, giver)
                check_nothing_is_shown(server, asker)
            for what in ("token", "user", "role", "admin", "revoke"):
                one = Act(what, held if what == "revoke" else f"{what}{pages}")
                act(server, asker, giver, one)
                acts.append(one)
            server.kill()
        disk.unload("ballast")
        with closing(start(disk)) as server:
            check(server.wait_ready(), looker, acts)
            server.stop()
    refused = sum(not one.holds for one in acts)
    expect(0 < refused < len(acts), f"{refused} of {len(acts)} found too little space")
    with closing(start(disk)) as server:
        giver = log_in(disk, server.wait_ready(), "giver")
        for one in [one for one in acts if not one.holds]:
            act(server, asker, giver, one)
            expect(one.holds, f"with space again {one.kind} {one.name} is refused")
        check(server, looker, acts)
        server.stop()
    verify(disk.data)
    disk.remove()
    say(f"  {kind}: {refused} of {len(acts)} found too little space and left nothing; with more each was done")


if __name__ == "__main__":
    sys.exit(run_parts((grants,)))
