#!/usr/bin/env python3
"""The house rules a machine can hold: banned calls, stray marks, long lines and files.

A line that must break a rule names it in a comment with the reason: `allow(getenv): read once in main`.
Usage: rules.py [CHECKOUT]
"""

import re
from pathlib import Path

from common import finish, root, walk

LINE_MAX = 140
FILE_MAX = 600
CODE = {".cc", ".h", ".py", ".sh", ".go", ".ts", ".cmake"}
TEXT = CODE | {".md", ".txt", ".json", ".yaml", ".yml", ".toml", ".html", ".css"}
TABS_BELONG = {".go"}
UNWRAPPED = {".go"}  # gofmt has the say
# Inputs and recorded bytes: they are what they are.
DATA = re.compile(r"^tests/corpus/|/(testdata|golden|fixtures|vectors)/")
# This script and its test name what they forbid.
SELF = {"tools/check/rules.py", "tests/house/test_checks.py"}

# name, where it holds (a pattern on the path), what it looks like, what to do instead
RULES = [
    ("sprintf", r"\.(cc|h)$", r"\bv?sprintf\s*\(", "use fmt::format"),
    ("strcpy", r"\.(cc|h)$", r"\b(strn?cpy|strn?cat|gets)\s*\(", "use std::string or std::span"),
    ("printf", r"^src/.*\.(cc|h)$", r"\b(printf|puts)\s*\(", "use the logger, or fmt in cli"),
    ("cout", r"^src/(?!cli/|server/).*(?<!_test)(?<!_fuzz)(?<!_bench)\.(cc|h)$", r"\bstd::(cout|cerr|clog)\b", "hand values up"),
    ("using-std", r"\.(cc|h)$", r"\busing\s+namespace\s+std\s*;", "name what is used"),
    ("rand", r"\.(cc|h)$", r"\b(std::rand|std::srand|srand)\b|(?<![\w:.>])rand\s*\(", "take a Random"),
    ("getenv", r"^src/(?!cli/|server/).*\.(cc|h)$", r"\b(secure_)?getenv\s*\(", "read the environment in cli or server, and pass it in"),
    ("todo", r"\.(cc|h|py|sh|go|ts|cmake)$|^x$", r"\b(TODO|FIXME|XXX|HACK)\b", "do it, or open an issue"),
]
RULES = [(name, re.compile(where), re.compile(what), instead) for name, where, what, instead in RULES]


def is_text(path: Path, name: str) -> bool:
    return (path.suffix in TEXT or name in ("x", ".ci/run")) and not DATA.search(name)


def check_file(path: Path, name: str) -> list[str]:
    problems = []
    text = path.read_bytes().decode("utf-8", errors="replace")
    lines = text.split("\n")
    if text and not text.endswith("\n"):
        problems.append(f"{name}: the last line has no end")
    if path.suffix in CODE and len(lines) > FILE_MAX + 1:
        problems.append(f"{name}: {len(lines) - 1} lines, more than {FILE_MAX}: which second noun lives here?")
    if path.suffix == ".h" and "#pragma once\n" not in text:
        problems.append(f"{name}: no #pragma once")
    if path.suffix in (".h", ".cc") and name.startswith("src/") and path.suffix == ".h" and not text.startswith("// "):
        problems.append(f"{name}: the first line is a comment that says what the file is for")
    if name.startswith("src/") and path.suffix == ".cc" and path.with_suffix(".h").exists():
        own = f'#include "{name.removeprefix("src/").removesuffix(".cc")}.h"'
        if next((line for line in lines if line.startswith("#include")), "") != own:
            problems.append(f"{name}: {own} is not its first, which shows that the header stands alone")
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        if path.suffix in CODE and path.suffix not in UNWRAPPED and len(line) > LINE_MAX:
            problems.append(f"{where}: {len(line)} characters, more than {LINE_MAX}")
        if line != line.rstrip():
            problems.append(f"{where}: white space at the end" if not line.endswith("\r") else f"{where}: a carriage return")
        if "\t" in line and path.suffix not in TABS_BELONG:
            problems.append(f"{where}: a tab")
        if name in SELF:
            continue
        for rule, holds, what, instead in RULES:
            if holds.search(name) and what.search(line) and f"allow({rule})" not in line:
                problems.append(f"{where}: {rule}: {instead}: {line.strip()}")
    return problems


def main() -> None:
    top = root()
    problems = []
    for path in walk(top):
        name = path.relative_to(top).as_posix()
        if is_text(path, name):
            problems += check_file(path, name)
    finish(problems)


if __name__ == "__main__":
    main()
