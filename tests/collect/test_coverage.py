#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: what is missing shows. A gap in every protocol that numbers is reported within 10 seconds with its exact range, and told when
it is filled; a silent source on time; no gap is invented over reconnects and kills; and a statement of completeness adds up,
is checked against every entry, and is refused when a number in it or an entry behind it was changed."""

import json
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from numbered import coverage, own_events, send_numbered, source_of
from server import STELE, Server, expect, expect_equal, free_port

EVENT = {"time": "2026-11-23T16:20:00Z", "actor": {"type": "user", "id": "ada"}, "action": "a.b", "category": "user_action"}


def wait_for(what: str, seconds: float, found) -> float:
    """How long it took."""
    started = time.monotonic()
    while not found():
        if time.monotonic() - started > seconds:
            raise SystemExit(f"FAILED: not within {seconds} s: {what}")
        time.sleep(0.2)
    return time.monotonic() - started


def native(server: Server, source: str, *numbers: int, **members) -> None:
    body = b"\n".join(json.dumps({**EVENT, "seq": n, **members}).encode() for n in numbers)
    status, _, answer = server.post(f"/api/v1/events?source={source}", body, {"Content-Type": "application/x-ndjson"})
    expect_equal(status, 200, "a delivery: " + answer.decode()[:200])


def records(server: Server, source: str, *numbers: int) -> None:
    body = b"\n".join(json.dumps({"format": "line", "record": f"line {n}", "seq": n, "sequence": "0123456789abcdef"}).encode()
                      for n in numbers)
    status, _, answer = server.post(f"/api/v1/collect/records?source={source}", body, {})
    expect_equal(status, 200, "records: " + answer.decode()[:200])


def syslog(port: int, *numbers: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for n in numbers:
            connection.sendall(f'<13>1 2026-11-23T16:20:00Z web-1 app - - [meta sequenceId="{n}"] line {n}\n'.encode())


def check_gaps(server: Server, syslog_port: int) -> None:
    native(server, "billing", 1, 2, 3, 7, 8)
    native(server, "shop", 1, 2, 5, context={"sequence": "till-1"})
    native(server, "shop", 1, 2, 3, context={"sequence": "till-2"})
    records(server, "web-1", 1, 2, 9)
    syslog(syslog_port, 100, 101, 104)
    # It begins anew before its gap is reported, and comes past the gap's number.
    native(server, "reborn", *range(1, 50), *range(51, 101))
    native(server, "reborn", *range(1, 61))
    wanted = {("billing", "", 4, 6), ("reborn", "", 50, 50), ("shop", "till-1", 3, 4),
              ("web-1", "0123456789abcdef", 3, 8), ("syslog/web-1", "web-1", 102, 103)}

    def gaps() -> set:
        return {(a["source"], a["sequence"], a["from"], a["to"]) for a in
                (one["attributes"] for one in own_events(server, "stele.source.gap"))}

    took = wait_for("all gaps, with their ranges", 60, lambda: gaps() >= wanted)
    expect_equal(gaps(), wanted, "no other gap")
    print(f"gaps reported after {took:.1f} s")
    expect_equal(source_of(coverage(server), "billing")["sequences"][0]["gaps"], [{"from": 4, "to": 6}], "the gap on the page")
    expect_equal(source_of(coverage(server), "billing")["health"], "gaps", "how the source is")
    native(server, "billing", 5, 4)
    time.sleep(1)
    expect(not own_events(server, "stele.source.gap_filled"), "a gap that is half filled is not filled")
    native(server, "billing", 6)
    wait_for("the filled gap", 60, lambda: [one["attributes"]["from"] for one in own_events(server, "stele.source.gap_filled")] == [4])
    expect_equal(source_of(coverage(server), "billing")["missing"], 0, "nothing is missing any more")


def check_restart(server: Server) -> None:
    """Nothing is reported twice, or forgotten, over a kill and over the loss of the ledger."""
    before = len(own_events(server, "stele.source.gap"))
    for lose in (False, True):
        server.kill()
        if lose:
            (server.data / "sources/main.json").unlink(missing_ok=True)
        server.start()
        native(server, "billing", *range(9, 12)) if not lose else native(server, "billing", 12)
        time.sleep(9)
        expect_equal(len(own_events(server, "stele.source.gap")), before, "gaps, after a restart")
        expect_equal(source_of(coverage(server), "web-1")["missing"], 6, "what is missing, after a restart")
        expect_equal(source_of(coverage(server), "reborn")["missing"], 1, "what is missing of a counter that began anew")


def check_silence(server: Server) -> None:
    before = time.monotonic()
    native(server, "ticker", 1)
    wait_for("the silent source", 60, lambda: [one for one in own_events(server, "stele.source.silent")
                                               if one["attributes"]["source"] == "ticker"])
    took = time.monotonic() - before
    expect(took >= 2, f"it is not called silent before its time: {took:.1f} s")
    print(f"silence reported after {took:.1f} s; 2 s were expected")
    native(server, "ticker", 2)
    wait_for("its return", 60, lambda: own_events(server, "stele.source.resumed"))


def check_counts(server: Server) -> None:
    mixed = [EVENT, {"bad": 1}, EVENT, {**EVENT, "outcome": "?"}]
    claim = {**EVENT, "action": "stele.quarantined", "attributes": {"reason": "id_conflict"}}
    status, _, _ = server.post("/api/v1/events?source=mixed", json.dumps(mixed).encode(), {})
    expect_equal(status, 207, "two of four")
    status, _, _ = server.post("/api/v1/events?source=mixed", b"{", {})
    expect_equal(status, 400, "no event at all")
    server.post("/api/v1/collect/records?source=mixed", json.dumps({"format": "json", "record": "{"}).encode(), {})
    status, _, _ = server.post("/api/v1/events?source=mixed", json.dumps(claim).encode(), {})
    expect_equal(status, 200, "who says that he was quarantined")
    row = source_of(coverage(server), "mixed")
    expect_equal((row["received"], row["stored"], row["refused"], row["quarantined"]), (7, 3, 3, 1),
                 "received = stored + refused + quarantined")
    page = coverage(server)
    expect("data_export" in page["unfed"] and "user_action" not in page["unfed"], "what nobody feeds")
    expect_equal(source_of(page, "never")["health"], "never seen", "a source that never came")


def check_renumbered(server: Server) -> None:
    def numbered(sequence: str, **actions: int) -> None:
        lines = [{"format": "event", "record": {**EVENT, "id": name, "action": f"a.{action}"}, "seq": n, "sequence": sequence,
                  "id": f"{sequence}:{n}"} for n, (name, action) in enumerate(actions.items(), 1)]
        body = b"\n".join(json.dumps(line).encode() for line in lines)
        for _ in range(2):  # the second time as a client that got no answer
            status, _, answer = server.post("/api/v1/collect/records?source=renumbered", body, {})
            expect_equal((status, json.loads(answer)["stored"]), (200, len(lines)), "records with ids of their own")

    numbered("run-1", one=1, two=1, three=1)
    numbered("run-2", two=1, three=2, four=1)  # one is there under another number, and one is kept out by its id
    row = source_of(coverage(server), "renumbered")
    expect_equal([(one["name"], one["received"], one["missing"]) for one in row["sequences"]], [("run-1", 3, 0), ("run-2", 3, 0)],
                 "every number was received once")
    expect_equal((row["stored"], row["quarantined"]), (5, 1), "four events, a repeat told, and one quarantined")


def check_statement(server: Server, work: Path) -> None:
    def stele(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run([STELE, "coverage", "--data", str(server.data), *words], capture_output=True, text=True)

    made = stele("--statement", "--period", "2d")
    expect_equal(made.returncode, 0, "a statement: " + made.stderr)
    path = work / "statement"
    path.write_text(made.stdout)
    checked = stele("--check", str(path))
    expect_equal(checked.returncode, 0, "its check: " + checked.stderr)
    total = json.loads(made.stdout.splitlines()[1])["total"]
    expect_equal(total["received"], total["stored"] + total["refused"] + total["quarantined"], "it adds up")
    path.write_text(made.stdout.replace('"missing":6', '"missing":0', 1))
    checked = stele("--check", str(path))
    expect(checked.returncode == 1 and "signature" in checked.stderr, "a changed statement is refused: " + checked.stderr)
    page = stele()
    expect(page.returncode == 1 and "web-1 (0123456789abcdef): 3 to 8 missing" in page.stdout, "the page for people: " + page.stdout)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "sources.yaml").write_text("sources:\n  ticker: {expect: 2s}\n  never: {expect: 30d, owner: nobody@example.com}\n")
        port = free_port()
        server = Server(work, "--sources", str(work / "sources.yaml"), "--syslog", f"127.0.0.1:{port}")
        check_silence(server)
        check_gaps(server, port)
        check_restart(server)
        check_counts(server)
        check_renumbered(server)
        send_numbered(server, "app", events=30_000, batch=100, connections=4, kills=4)
        time.sleep(9)
        row = source_of(coverage(server), "app")
        expect_equal((row["stored"], row["missing"], row["sequences"][0]["received"]), (30_000, 0, 30_000), "a clean run through kills")
        expect(not [one for one in own_events(server, "stele.source.gap") if one["attributes"]["source"] == "app"], "no gap was invented")
        check_statement(server, work)
        server.stop()
        server.verify()


main()
