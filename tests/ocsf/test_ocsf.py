#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""Goal: whatever stands in a log is shown as an event that the published schema of OCSF 1.8.0 allows, and nothing that the entry
says is missing from it. The schema's own files decide (third_party/ocsf), read by code that shares nothing with Stele's.

Usage: test_ocsf.py [SCHEMA]    with a checkout of the schema, its classes and objects that third_party/ocsf has to hold are listed
"""

import collections
import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from samples import (as_lines, native_events, odd_events, rule_documents, rule_events, rule_lines, rule_samples, understood_lines,
                     understood_records)
from schema import Schema
from validator import Validator, lost

sys.path.insert(0, str(Path(__file__).parents[1] / "collect"))
from server import STELE, Server, expect, expect_equal  # noqa: E402

SCHEMA = Path(__file__).parents[2] / "third_party/ocsf"
# What entries are shown as; each has to come.
CLASSES = {0, 1001, 1006, 1007, 1008, 2004, 3001, 3002, 3005, 3006, 4001, 4002, 4007, 5019, 6002, 6003, 6005, 6008}


def import_lines(server: Server, source: str, form: str, lines: list[str]) -> None:
    command = [STELE, "import", "--url", server.url, "--source", source, "--format", form, "-"]
    done = subprocess.run(command, input="".join(line + "\n" for line in lines).encode(), capture_output=True)
    expect(done.returncode in (0, 1), f"{source} is imported: {done.stdout!r} {done.stderr!r}")


def fill(server: Server) -> None:
    samples = rule_samples()
    import_lines(server, "lines", "line", understood_lines())
    import_lines(server, "rules", "line", rule_lines(samples))
    for form in ("auditd", "postgres-csv", "postgres-json"):
        records = [one["document"] for one in understood_records() if one["door"]["format"] == form]
        import_lines(server, form, form, records)
    for number, (door, document) in enumerate(rule_documents(samples)):
        body = json.dumps(document).encode()
        status, _, _ = server.post(f"/api/v1/collect/{door}?source={door}-{number}", body, {"Content-Type": "application/json"})
        expect_equal(status, 200, f"a sample of {door}")
    cloud = [one["document"] for one in samples if one.get("format") == "cloudevents"]
    status, _, _ = server.post("/api/v1/cloudevents", json.dumps(cloud).encode(), {"Content-Type": "application/cloudevents-batch+json"})
    expect_equal(status, 204, "samples of CloudEvents")
    native = [("rule-events", rule_events(samples)), ("native", native_events()), ("odd", odd_events())]
    for source, events in native:
        status, _, answer = server.post(f"/api/v1/events?source={source}", as_lines(events), {"Content-Type": "application/x-ndjson"})
        expect_equal(status, 200, f"{source}: {answer[:2000]!r}")
    import_lines(server, "latin", "line", ["<13>Nov 23 16:20:00 gate-1 door: \udce4".encode("utf-8", "replace").decode()])
    server.post("/api/v1/collect/json", b'no document\n{"a":1}\n', {"Content-Type": "application/x-ndjson"})


def hits(server: Server, form: str) -> dict[int, dict]:
    """index -> what stands there, by search, a page after the other."""
    found, cursor = {}, ""
    while cursor is not None:
        status, body = server.get(f"/api/v1/search?q=&limit=500&order=oldest&format={form}&cursor={cursor}")
        expect_equal(status, 200, f"a search: {body[:500]!r}")
        page = json.loads(body)
        found |= {one["index"]: one[form] for one in page["hits"]}
        cursor = page["next"]
    return found


def check_validator(validator: Validator, events: list[dict]) -> None:
    """It finds what is wrong in events that were right."""
    by_class = {event["class_uid"]: event for event in events}

    def broken(class_uid: int, change) -> list[str]:
        event = copy.deepcopy(by_class[class_uid])
        change(event)
        return validator.problems(event)

    faults = {
        "required": (3002, lambda event: event.pop("user")),
        "required within": (1001, lambda event: event["file"].pop("name")),
        "unknown": (6003, lambda event: event.update(colour="red")),
        "unknown within": (6003, lambda event: event["api"].update(colour="red")),
        "of another class": (4002, lambda event: event.update(finding_info={"uid": "1"})),
        "type": (6003, lambda event: event.update(time="now")),
        "type of an element": (6003, lambda event: event.update(observables=["x"])),
        "address": (4002, lambda event: event.update(src_endpoint={"ip": "1.2.3"})),
        "enumeration": (6003, lambda event: event.update(severity_id=7)),
        "caption": (6003, lambda event: event.update(severity="Grave")),
        "type_uid": (6003, lambda event: event.update(type_uid=1)),
        "profile": (6003, lambda event: event.update(cloud={"provider": "AWS"})),
        "profile of its own": (6003, lambda event: event["metadata"].update(profiles=["host", "incident"])),
        "constraint": (3002, lambda event: (event.pop("service", 0), event.pop("dst_endpoint", 0))),
        "constraint within": (6002, lambda event: event.update(app={"version": "1"})),
        "deprecated": (3005, lambda event: event.update(resource={"name": "x"})),
        "version": (0, lambda event: event["metadata"].update(version="1.7.0")),
        "class": (0, lambda event: event.update(class_uid=3999)),
        "observable": (6003, lambda event: event.update(observables=[{"name": "actor.user.name", "type_id": 4, "value": "nobody"}])),
    }
    for what, (class_uid, change) in faults.items():
        expect_equal(validator.problems(by_class[class_uid]), [], "before")
        expect(broken(class_uid, change), f"the validator finds: {what}")


def check_ways(server: Server, events: dict[int, dict]) -> None:
    """One entry, by the API and by the command, is what the search shows."""
    for index in (0, len(events) - 1):
        status, body = server.get(f"/api/v1/events/{index}?format=ocsf")
        expect_equal((status, json.loads(body)), (200, events[index]), "GET of one")
        done = subprocess.run([STELE, "get", str(index), "--ocsf", "--url", server.url], capture_output=True, check=True)
        expect_equal(json.loads(done.stdout), events[index], "stele get --ocsf")
    expect_equal(server.get("/api/v1/events/0?format=xml")[0], 400, "an unknown format")
    expect_equal(server.get("/api/v1/search?q=&format=xml")[0], 400, "an unknown format of a search")
    status, _, body = server.post("/api/v1/search", b'{"q":"","limit":1,"format":"ocsf"}', {"Content-Type": "application/json"})
    expect_equal((status, list(json.loads(body)["hits"][0])), (200, ["index", "ocsf"]), "POST")


def main() -> int:
    validator = Validator(Schema(Path(sys.argv[1]) if len(sys.argv) > 1 else SCHEMA))
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        fill(server)
        entries, events = hits(server, "entry"), hits(server, "ocsf")
        expect_equal(sorted(entries), sorted(events), "both see the same entries")
        check_ways(server, events)
        server.stop()
    wrong = collections.Counter()
    shown = {}
    for index, event in events.items():
        problems = validator.problems(event) + [f"lost: {one[:80]!r}" for one in lost(entries[index], event)]
        for problem in problems:
            wrong[event.get("class_uid"), problem[:160]] += 1
            shown.setdefault((event.get("class_uid"), problem[:160]), (entries[index], event))
        if event["metadata"]["uid"] != entries[index]["id"] or event["metadata"]["sequence"] != index:
            wrong[event["class_uid"], "metadata is of another entry"] += 1
    counts = collections.Counter(event["class_uid"] for event in events.values())
    names = {event["class_uid"]: event["class_name"] for event in events.values()}
    for class_uid, count in sorted(counts.items()):
        print(f"{class_uid:5} {names[class_uid]:28} {count:6}")
    for (class_uid, problem), count in wrong.most_common(40):
        print(f"class {class_uid}: {count} x {problem}")
        print("    ", json.dumps(shown[class_uid, problem]))
    expect(not wrong, f"{len(events)} events are what the schema allows")
    expect_equal(set(counts), CLASSES, "the classes that came")
    check_validator(validator, list(events.values()))
    if len(sys.argv) > 1:
        print("\n".join(sorted(f"{kind} {name}" for kind, name in validator.used)))
    return 0


sys.exit(main())
