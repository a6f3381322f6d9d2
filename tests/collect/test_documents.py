#!/usr/bin/env python3
# ctest: TIMEOUT 120
"""Goal: JSON documents of other systems arrive over HTTP and are understood: CloudTrail, Kubernetes audit, OCSF, CloudEvents (by
their own SDK, in every mode) and GitHub's signed webhooks. What is no document is kept as quarantined, what was sent again is
stored once, and an id that comes with other bytes loses neither."""

import gzip
import hashlib
import hmac
import json
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent
from server import Server, expect, expect_equal

SECRET = "It's a Secret to Everybody"  # GitHub's own example, with the signature of "Hello, World!"
JSON = {"Content-Type": "application/json"}


def events(server: Server, since: int) -> list[dict]:
    return [one["event"] for one in server.entries()[since:]]


def check_lists(server: Server) -> None:
    """The files and batches in which CloudTrail and Kubernetes ship their records; repeats; conflicts; what is none."""
    trail = {"eventID": "e1", "eventTime": "2026-11-23T16:20:00Z", "eventName": "ConsoleLogin", "eventSource": "signin.amazonaws.com",
             "sourceIPAddress": "203.0.113.9", "userIdentity": {"arn": "arn:aws:iam::1:user/ada", "userName": "ada"},
             "responseElements": {"ConsoleLogin": "Success"}}
    unheard = trail | {"eventID": "e2", "eventName": "Unheard", "eventSource": "new.amazonaws.com"}
    body = json.dumps({"Records": [trail, unheard]}).encode()
    for _ in range(2):
        status, _, answer = server.post("/api/v1/collect/cloudtrail", body, JSON)
        expect_equal((status, json.loads(answer)), (200, {"stored": 2, "quarantined": 0}), "CloudTrail")
    made = events(server, 0)
    expect_equal([(one["id"], one["action"]) for one in made],
                 [("cloudtrail:e1", "aws.console_login"), ("cloudtrail:e2", "aws.new.Unheard")], "a file, sent twice")
    entry = server.entries()[0]
    expect_equal(json.loads(entry["original"]), trail, "the record is kept")
    expect_equal(entry["source"], {"id": "cloudtrail", "kind": "cloudtrail", "peer": entry["source"]["peer"]}, "source")

    other = json.dumps(trail | {"sourceIPAddress": "198.51.100.7"}).encode()
    status, _, answer = server.post("/api/v1/collect/cloudtrail?source=cloudtrail", other, JSON)
    expect_equal((status, json.loads(answer)), (200, {"stored": 1, "quarantined": 1}), "the same id with other bytes")
    expect_equal([one["action"] for one in events(server, 2)], ["stele.id_conflict", "stele.quarantined"], "what a conflict leaves")
    expect("198.51.100.7" in server.entries()[3]["original"], "what the id kept out is in the log")

    audit = {"kind": "Event", "auditID": "a1", "stage": "ResponseComplete", "verb": "get", "stageTimestamp": "2026-11-23T16:20:00Z",
             "user": {"username": "ada"}, "sourceIPs": ["203.0.113.9"],
             "objectRef": {"resource": "secrets", "namespace": "prod", "name": "db"},
             "responseStatus": {"code": 200}}
    body = json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [audit, 7, {"no": "audit"}]}).encode()
    before = len(server.entries())
    expect_equal(server.post("/api/v1/collect/k8s-audit", body, JSON)[0], 200, "an EventList with what is none in it")
    expect_equal([one["action"] for one in events(server, before)], ["k8s.secrets.get", "stele.quarantined", "k8s-audit.event"], "each")
    many = b'{"Records":[' + b"0," * 4_100_000 + b"0]}"
    expect_equal(server.post("/api/v1/collect/cloudtrail", many, JSON)[0], 413, "a list that is too long is refused whole")
    for bad in (b"", b"[1"):
        expect_equal(server.post("/api/v1/collect/json", bad, JSON)[0], 400, f"{bad!r} is refused")
    status, _, answer = server.post("/api/v1/collect/json", b"no\n{}\n", {"Content-Type": "application/x-ndjson"})
    expect_equal((status, json.loads(answer)), (200, {"stored": 2, "quarantined": 1}), "a line that is no document")


def check_by_curl(server: Server) -> None:
    """OCSF as lines, compressed, by curl."""
    event = {"class_uid": 3002, "time": 1795450800123, "activity_name": "Logon", "status_id": 2, "severity_id": 1,
             "metadata": {"uid": "m1"}, "user": {"name": "ada"}, "src_endpoint": {"ip": "203.0.113.9"}}
    lines = "".join(json.dumps(event | {"metadata": {"uid": f"m{n}", "sequence": n}}) + "\n" for n in range(3))
    before = len(server.entries())
    gzipped = subprocess.run(["gzip", "-c"], input=lines.encode(), capture_output=True, check=True).stdout
    done = subprocess.run(["curl", "-sS", "--fail", "-H", "Content-Type: application/x-ndjson", "-H", "Content-Encoding: gzip",
                           "--data-binary", "@-", server.url + "/api/v1/collect/ocsf?source=idp"], input=gzipped, capture_output=True)
    expect_equal((done.returncode, json.loads(done.stdout)), (0, {"stored": 3, "quarantined": 0}), "OCSF by curl")
    made = events(server, before)
    expect_equal([(one["seq"], one["action"], one["outcome"], one["actor"]["id"]) for one in made],
                 [(n, "authentication.Logon", "failure", "ada") for n in range(3)], "what it says")


def check_cloudevents(server: Server) -> None:
    """The SDK's structured and binary mode, and a batch."""
    attributes = {"id": "A1", "source": "/billing", "type": "com.example.paid", "subject": "42", "time": "2026-11-23T16:20:00Z",
                  "authtype": "user", "authid": "u_42"}
    before = len(server.entries())
    for convert in (to_structured, to_binary):
        headers, body = convert(CloudEvent(attributes | {"id": convert.__name__}, {"rows": 4, "name": "Zoë"}))
        headers = dict(headers) | {"Content-Type": headers.get("content-type", "application/json")}
        expect_equal(server.post("/api/v1/cloudevents", body, headers)[0], 204, convert.__name__)
    batch = json.dumps([attributes | {"specversion": "1.0", "id": f"b{n}", "data": "text"} for n in range(2)]).encode()
    for _ in range(2):
        expect_equal(server.post("/api/v1/cloudevents", batch, {"Content-Type": "application/cloudevents-batch+json"})[0], 204, "a batch")
    made = events(server, before)
    expect_equal([one["id"] for one in made], ["/billing to_structured", "/billing to_binary", "/billing b0", "/billing b1"], "ids")
    for one in made:
        expect_equal((one["actor"], one["action"], one["targets"], one["time"]),
                     ({"type": "user", "id": "u_42"}, "com.example.paid", [{"type": "subject", "id": "42"}], attributes["time"]), "event")
    for one in made[:2]:
        expect_equal(one["attributes"]["data"], {"rows": 4, "name": "Zoë"}, "data")
    expect_equal(server.post("/api/v1/cloudevents", b"{}", JSON)[0], 400, "no CloudEvent")


def check_github(server: Server) -> None:
    """Deliveries signed as GitHub signs them, and others."""
    signature = hmac.new(SECRET.encode(), b"Hello, World!", hashlib.sha256).hexdigest()
    expect_equal(signature, "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "GitHub's published example")
    delivery = {"action": "added", "sender": {"login": "ada"}, "member": {"login": "bob"}, "repository": {"full_name": "shop/api"}}
    body = json.dumps(delivery).encode()
    good = {"X-GitHub-Event": "member", "X-GitHub-Delivery": "72d3162e-cc78-11e3", **JSON,
            "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
    before = len(server.entries())
    for _ in range(2):
        status, headers, _ = server.post("/api/v1/webhooks/github", body, good)
        expect_equal((status, "Content-Length" in headers), (204, False), "a signed delivery")
    made = events(server, before)
    expect_equal([(one["action"], one["category"], one["actor"]["id"], one["id"]) for one in made],
                 [("github.member.added", "permission_change", "ada", "github:72d3162e-cc78-11e3")], "it is stored once")
    for headers in (good | {"X-Hub-Signature-256": "sha256=" + "0" * 64}, {k: v for k, v in good.items() if "Hub" not in k}):
        expect_equal(server.post("/api/v1/webhooks/github", body, headers)[0], 401, "a wrong signature")
    expect_equal(server.post("/api/v1/webhooks/github", body + b" ", good)[0], 401, "a changed body")
    packed = {**good, "Content-Encoding": "gzip"}
    expect_equal(server.post("/api/v1/webhooks/github", gzip.compress(body), packed)[0], 401, "one that is to be decompressed first")
    expect_equal(len(server.entries()), before + 1, "nothing of those is stored")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stele-documents-") as work:
        secret = Path(work, "secret")
        secret.write_text(SECRET + "\n")
        server = Server(Path(work), "--github-secret-file", str(secret))
        check_lists(server)
        check_by_curl(server)
        check_cloudevents(server)
        check_github(server)
        metrics = urllib.request.urlopen(server.url + "/metrics").read().decode()
        expect("stele_events_quarantined_total 3" in metrics, "quarantined events are counted")
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
