"""The load generator bench_load, and the corpora that it sends."""

import json
import os
import pathlib
import subprocess
import sys

from .process import BenchError

ROOT = pathlib.Path(__file__).resolve().parents[2]


BUILD = pathlib.Path(os.environ.get("STELE_BUILD_DIR") or ROOT / "build/release")


def find_stele(given):
    """The server's program: `given`, else what `./x` names, else where it builds it. Raises BenchError."""
    path = pathlib.Path(given or os.environ.get("STELE_BIN") or BUILD / "stele")
    if not path.is_file():
        raise BenchError(f"{path} is not there; ./x build makes build/release/stele")
    return path.resolve()


def find_bench_load(given):
    """The load generator: `given`, else in the build folder, where it is brought up to date first. Raises BenchError."""
    path = pathlib.Path(given or BUILD / "bench/bench_load")
    if not given and (BUILD / "CMakeCache.txt").is_file():
        done = subprocess.run(["cmake", "--build", BUILD, "--target", "bench_load"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            problem = f"bench_load does not build:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            if not path.is_file():
                raise BenchError(problem)
            print(f"{problem}\nthe one that was built before is used", file=sys.stderr)
    if not path.is_file():
        raise BenchError(f"{path} is not there; run this through ./x bench, or build the target `bench_load`")
    return path.resolve()


class Load:
    """Runs bench_load; every call returns what it printed as a dict."""

    def __init__(self, given, work):
        self.program = find_bench_load(given)
        self.work = pathlib.Path(work)
        self._rounds = 0

    def run(self, subcommand, *arguments, tolerate=False):
        """`tolerate`: a run in which something was refused or lost is a result, not an error."""
        done = subprocess.run(self._words(subcommand, arguments), capture_output=True, text=True, check=False)
        return self._result(done.returncode, done.stdout, done.stderr, tolerate)

    def start(self, subcommand, *arguments):
        """Starts a run in the background; its result comes from `finish`."""
        return subprocess.Popen(self._words(subcommand, arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, child, tolerate=False):
        out, err = child.communicate()
        return self._result(child.returncode, out, err, tolerate)

    def corpus(self, events, ids=False, seed=1):
        """The corpus file, written on first use and kept."""
        path = self.work / f"corpus-{events}-{seed}{'-ids' if ids else ''}.ndjson"
        if not path.exists():
            partial = path.with_suffix(".partial")
            self.run("corpus", "--events", events, "--seed", seed, "--out", partial, *(["--ids"] if ids else []))
            partial.rename(path)
        return path

    def next_round(self):
        """A value for --id-round that no other run of this bench uses: ids never meet again in one log."""
        self._rounds += 4096
        return self._rounds

    def sync_limit(self, seconds=2, size=4096):
        return self.run("fdatasync", "--dir", self.work, "--size", size, "--seconds", seconds)

    def _words(self, subcommand, arguments):
        return [str(self.program), subcommand, *(str(word) for word in arguments)]

    def _result(self, code, out, err, tolerate):
        line = out.strip().rpartition("\n")[2]
        if not line or code not in (0, 1) or (code == 1 and not tolerate):
            raise BenchError(f"bench_load failed with code {code}: {err.strip()} {line}")
        return json.loads(line)
