#!/usr/bin/env python3
"""The checks of tools/check/ find what they are for, and leave clean code alone."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("STELE_SOURCE_DIR", Path(__file__).parents[2]))

CLEAN = {
    "cmake/rooms.txt": "# rooms\n1 base:\n2 io: base\n2 net: base\n3 log: io base\n",
    "src/base/a.h": "// A.\n#pragma once\n",
    "src/io/b.h": '// B.\n#pragma once\n#include "base/a.h"\n',
    "src/net/c.h": '// C.\n#pragma once\n#include <vector>\n\n#include "base/a.h"\n',
    "src/net/c_test.cc": '#include "io/b.h"\n',
    "src/log/d.cc": '#include "io/b.h"\n',
    "README.md": "<!-- folders -->\n| `cmake/` | x |\n| `src/` | x |\n| `src/base/` | x |\n"
    "- src/io/\n  src/net/  x\n* `src/log/`\n<!-- /folders -->\n",
}


class Checks(unittest.TestCase):
    def run_check(self, script: str, changes: dict[str, str]) -> tuple[int, str]:
        """Exit code and words of a check over the clean tree with these files added or replaced."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**CLEAN, **changes}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            command = [sys.executable, "-B", str(SOURCE / "tools/check" / script), folder]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            return result.returncode, result.stderr

    def assert_finds(self, script: str, changes: dict[str, str], words: str) -> None:
        code, said = self.run_check(script, changes)
        self.assertEqual(code, 1, said)
        self.assertIn(words, said)

    def test_clean_tree_passes_every_check(self):
        for script in ("dependencies.py", "rules.py", "folder_map.py"):
            self.assertEqual(self.run_check(script, {}), (0, ""), script)

    def test_dependencies_upward_sideways_and_unlisted(self):
        self.assert_finds("dependencies.py", {"src/base/u.cc": '#include "io/b.h"\n'}, "src/base/u.cc:1")
        self.assert_finds("dependencies.py", {"src/io/s.cc": '\n#include "net/c.h"\n'}, "src/io/s.cc:2")
        self.assert_finds("dependencies.py", {"src/log/n.cc": '#include "net/c.h"\n'}, "log may include only: io base")
        self.assert_finds("dependencies.py", {"src/io/t_test.cc": '#include "log/d.h"\n', "src/log/d.h": "// D.\n"}, "up to floor 2")

    def test_dependencies_strange_includes_and_rooms(self):
        self.assert_finds("dependencies.py", {"src/io/w.cc": '#include "b.h"\n'}, "there is no src/b.h")
        self.assert_finds("dependencies.py", {"src/attic/w.cc": "\n"}, "the room 'attic' is not listed")
        self.assert_finds("dependencies.py", {"cmake/rooms.txt": CLEAN["cmake/rooms.txt"] + "3 up: log\n"}, "may not include log")
        self.assert_finds("dependencies.py", {"cmake/rooms.txt": CLEAN["cmake/rooms.txt"] + "up: base\n"}, "rooms.txt:6")

    def test_dependencies_cycle_between_files(self):
        changes = {"src/io/p.h": '// P.\n#include "io/q.h"\n', "src/io/q.h": '// Q.\n#include "io/p.h"\n'}
        self.assert_finds("dependencies.py", changes, "io/p.h -> io/q.h -> io/p.h")

    def test_rules(self):
        cases = {
            "sprintf": 'sprintf(b, "x");',
            "strcpy": "std::strcpy(a, b);",
            "printf": 'std::printf("here");',
            "cout": 'std::cerr << "here";',
            "using-std": "using namespace std;",
            "rand": "int r = rand();",
            "getenv": 'std::getenv("HOME");',
            "todo": "// TODO later",
        }
        for rule, line in cases.items():
            self.assert_finds("rules.py", {"src/io/r.cc": f"int a;\n{line}\n"}, f"src/io/r.cc:2: {rule}")
            code, said = self.run_check("rules.py", {"src/io/r.cc": f"{line}  // allow({rule}): because\n"})
            self.assertEqual((code, said), (0, ""), rule)
        for harmless in ('std::snprintf(b, 1, "");', "operand (1);", "random_device();", "reputs();"):
            self.assertEqual(self.run_check("rules.py", {"src/io/r.cc": harmless + "\n"}), (0, ""), harmless)
        self.assertEqual(self.run_check("rules.py", {"src/cli/m.cc": 'std::getenv("A");\nstd::cout << 1;\n'}), (0, ""))

    def test_rules_about_text(self):
        self.assert_finds("rules.py", {"src/io/r.cc": "//" + "x" * 139 + "\n"}, "141 characters")
        self.assert_finds("rules.py", {"src/io/r.cc": "\n" * 601}, "601 lines")
        self.assert_finds("rules.py", {"src/io/r.cc": "int a; \n"}, "src/io/r.cc:1: white space")
        self.assert_finds("rules.py", {"src/io/r.cc": "\tint a;\n"}, "src/io/r.cc:1: a tab")
        self.assert_finds("rules.py", {"src/io/r.cc": "int a;"}, "the last line has no end")
        self.assert_finds("rules.py", {"src/io/r.h": "// R.\n"}, "no #pragma once")
        self.assert_finds("rules.py", {"src/io/b.cc": '#include <string>\n#include "io/b.h"\n'}, "stands alone")
        self.assertEqual(self.run_check("rules.py", {"src/io/b.cc": '// B.\n#include "io/b.h"\n#include <string>\n'}), (0, ""))
        self.assertEqual(self.run_check("rules.py", {"tests/corpus/a/b.txt": "\t x \r\n"}), (0, ""))

    def test_folder_map(self):
        self.assert_finds("folder_map.py", {"bench/a.py": ""}, "lacks bench/")
        self.assert_finds("folder_map.py", {"src/event/a.h": ""}, "lacks src/event/")
        self.assert_finds("folder_map.py", {"README.md": CLEAN["README.md"].replace("`cmake/`", "`gone/`")}, "has gone/")
        self.assert_finds("folder_map.py", {"README.md": "# Nothing\n"}, "has no folder map")


if __name__ == "__main__":
    unittest.main()
