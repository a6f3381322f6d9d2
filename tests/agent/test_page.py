#!/usr/bin/env python3
# ctest: TIMEOUT 180
"""Goal: what docs/sources/agent.md prints works as printed, but for ports and folders: its commands, its configuration, its socket."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import STELE, Agent, Log, Server, expect, expect_equal, wait_until

PAGE = (Path(os.environ["STELE_SOURCE_DIR"]) / "docs/sources/agent.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


def main() -> None:
    if not shutil.which("nc"):
        print("page: nc is not there")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        server = Server(work)
        log = Log(server)

        def here(text: str) -> str:
            for printed, real in (("http://127.0.0.1:7373", server.url), ("/var/lib/", f"{work}/"), ("/srv/", f"{work}/"),
                                  ("/run/", f"{work}/run/")):
                text = text.replace(printed, real)
            return text

        listing, zero, socket = blocks("sh")[:3]  # the last one installs the unit
        shown = subprocess.run(["bash", "-c", listing.replace("stele", STELE, 1)], capture_output=True, text=True, check=True).stdout
        expect(shown.startswith(("follows", "cannot", "there is nothing")), shown)
        words = zero.split()
        agent = Agent(work, server.url)
        agent.start = lambda: None
        with open(agent.log, "a") as out:
            agent.process = subprocess.Popen([STELE, *map(here, words[1:])], stderr=out)
        wait_until("it says that it started: " + agent.words(), lambda: log.own("started", os.uname().nodename))
        agent.stop()

        (work / "app/logs").mkdir(parents=True)
        (work / "app/logs/web.log").write_text("a line\n")
        (work / "app/audit.ndjson").write_text('{"time":"2026-11-23T16:19:59Z","actor":{"type":"user","id":"ada"},"action":"role.grant"}\n')
        second = Agent(work, server.url)
        second.config.write_text(here(blocks("yaml")[0]))
        second.start()
        wait_until("the sockets: " + second.words(), lambda: (work / "run/stele-agent/ack").exists())
        subprocess.run(["bash", "-c", here(socket)], check=True, timeout=30)
        host = os.uname().nodename
        wanted = {"role.grant", "customer.export"}
        wait_until("the events; " + second.words(), lambda: wanted <= {e["event"]["action"] for e in log.of(host)})
        answer = subprocess.run(["bash", "-c", here(socket).replace("/events", "/ack")], capture_output=True, timeout=30).stdout
        expect_equal(answer, b"ok\n", "the answer")
        wait_until("the line", lambda: log.lines(host)[f"{work}/app/logs/web.log"])
        second.stop()
        template = subprocess.run([STELE, "agent", "--print-config"], capture_output=True, text=True, check=True).stdout
        for name in re.findall(r"^#? ?(\w+):", blocks("yaml")[0], re.M):
            expect(name + ":" in template, f"{name} stands in the template")
        log.check_numbers(host)
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
