#!/usr/bin/env python3
"""Holds every #include in src/ against cmake/rooms.txt, and looks for cycles.

A room includes only the rooms listed for it, each on a lower floor; its tests, fuzzers and benches may include any
room on its floor or below, and what tests/ shares. Includes of ours are written from src/: "room/file.h".
Usage: dependencies.py [CHECKOUT]
"""

import re
from pathlib import Path

from common import finish, root, walk

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
LINE = re.compile(r"^(\d+) ([a-z]+):((?: [a-z]+)*)$")
TEST = re.compile(r"_(test|fuzz|bench)\.cc$")


def read_rooms(path: Path, problems: list[str]) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Floors and allowed rooms by name; says so when the list itself allows a sideways, upward or unknown edge."""
    floors: dict[str, int] = {}
    allowed: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        match = LINE.match(line)
        if not match:
            problems.append(f"{path.name}:{number}: not '<floor> <room>: <rooms>': {line}")
            continue
        floors[match[2]] = int(match[1])
        allowed[match[2]] = match[3].split()
    for room, rooms in allowed.items():
        for other in rooms:
            if other not in floors:
                problems.append(f"{path.name}: {room} may include {other}, which is not listed")
            elif floors[other] >= floors[room]:
                problems.append(f"{path.name}: {room} (floor {floors[room]}) may not include {other} (floor {floors[other]})")
    return floors, allowed


def find_cycle(edges: dict[str, set[str]]) -> list[str]:
    """One cycle among files that include each other, or nothing."""
    done: set[str] = set()
    path: list[str] = []

    def visit(node: str) -> list[str]:
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return []
        path.append(node)
        for other in sorted(edges.get(node, ())):
            if cycle := visit(other):
                return cycle
        path.pop()
        done.add(node)
        return []

    for node in sorted(edges):
        if cycle := visit(node):
            return cycle
    return []


def main() -> None:
    top = root()
    problems: list[str] = []
    floors, allowed = read_rooms(top / "cmake/rooms.txt", problems)
    edges: dict[str, set[str]] = {}
    for path in walk(top / "src"):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(top / "src").as_posix()
        room = name.split("/")[0]
        if room not in floors:
            problems.append(f"src/{name}: the room '{room}' is not listed in cmake/rooms.txt")
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match[1]
            other = target.split("/")[0]
            where = f"src/{name}:{number}: {line.strip()}"
            if TEST.search(name) and (top / "tests" / target).is_file():
                continue
            if not (top / "src" / target).is_file():
                problems.append(f"{where}: there is no src/{target}; write our includes from src/, others in <>")
                continue
            edges.setdefault(name, set()).add(target)
            if other == room:
                continue
            if TEST.search(name):
                if floors.get(other, 99) > floors[room]:
                    problems.append(f"{where}: tests of {room} may include rooms up to floor {floors[room]}, not {other}")
            elif other not in allowed[room]:
                problems.append(f"{where}: {room} may include only: {' '.join(allowed[room]) or 'no other room'}")
    if cycle := find_cycle(edges):
        problems.append("files include each other: " + " -> ".join(cycle))
    finish(problems)


if __name__ == "__main__":
    main()
