"""What the checks share: finding the project's files, and telling what is wrong with them."""

import os
import sys
from pathlib import Path

SKIPPED = {"build", "var", ".git", "node_modules", "__pycache__", ".cache", ".venv", "third_party", "dist"}


def root() -> Path:
    """The checkout: the first argument, or where this script is from."""
    return Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()


def walk(top: Path):
    """Every file below `top`, in order, without what is built, fetched or kept by the server."""
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith("build-"))
        for name in sorted(names):
            yield Path(folder) / name


def finish(problems: list[str]) -> None:
    """Prints the problems and leaves with 1 if there are any."""
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)
