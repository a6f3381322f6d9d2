#!/usr/bin/env python3
"""Holds the folder map in README.md against the disk.

The map stands between `<!-- folders -->` and `<!-- /folders -->`, one folder a line, each line beginning (after any
list, table or code marks) with the folder's path and a slash: `src/log/`. Every folder at the top and every room of
src/ that holds a file must be in it, and nothing that is not there. Usage: folder_map.py [CHECKOUT]
"""

import re
from pathlib import Path

from common import SKIPPED, finish, root, walk

MAP = re.compile(r"<!-- folders -->(.*?)<!-- /folders -->", re.DOTALL)
ENTRY = re.compile(r"^[\s|*`-]*((?:[\w.-]+/)+)", re.MULTILINE)


def holds_files(folder: Path) -> bool:
    return next(walk(folder), None) is not None


def main() -> None:
    top = root()
    readme = top / "README.md"
    match = MAP.search(readme.read_text()) if readme.is_file() else None
    if not match:
        finish(["README.md has no folder map between <!-- folders --> and <!-- /folders -->"])
    named = set(ENTRY.findall(match[1]))
    folders = [p for p in top.iterdir() if p.is_dir() and p.name not in SKIPPED and not p.name.startswith((".", "build-"))]
    folders += [p for p in (top / "src").iterdir() if p.is_dir()] if (top / "src").is_dir() else []
    there = {p.relative_to(top).as_posix() + "/" for p in folders if holds_files(p)}
    problems = [f"README.md: the folder map lacks {name}" for name in sorted(there - named)]
    problems += [f"README.md: the folder map has {name}, which is not there" for name in sorted(named) if not (top / name).is_dir()]
    finish(problems)


if __name__ == "__main__":
    main()
