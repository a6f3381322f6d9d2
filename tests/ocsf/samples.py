"""Entries of every kind, as they come in: real programs' lines and records, the samples of every rule, native events of every
category, outcome and actor, and odd ones."""

import itertools
import json
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
UNDERSTANDING = ROOT / "tests/understanding"
CATEGORIES = ("authentication user_action data_access data_export configuration_change permission_change privileged_activity "
              "security_event policy_violation system_error system_activity").split()
OUTCOMES = ("success", "failure", "denied", "unknown", None)
ACTORS = (
    {"type": "user", "id": "u_42", "name": "Ada Park", "email": "ada@example.com"},
    {"type": "service", "id": "billing"},
    {"type": "process", "id": "sshd[812]@web-1"},
)
DOORS = {"cloudtrail": "cloudtrail", "k8s-audit": "k8s-audit", "ocsf": "ocsf", "github": "github"}
TIME = "2026-11-23T16:20:00.123456789Z"


def syslog(host: str, app: str, pid, message: str) -> str:
    return f"<85>1 2026-11-26T20:20:00Z {host} {app} {pid} - - {message}"


def understood_lines() -> list[str]:
    lines = []
    for path in sorted((UNDERSTANDING / "lines").glob("*.yaml")):
        for item in yaml.safe_load(path.read_text()):
            door = item["door"]
            lines.append(syslog(door["host"], door["app"], door.get("pid", "-"), item["message"]))
    return lines


def understood_records() -> list[dict]:
    return [item for path in sorted((UNDERSTANDING / "records").glob("*.yaml")) for item in yaml.safe_load(path.read_text())]


def rule_samples() -> list[dict]:
    """Each with `by`, the rule's name."""
    samples = []
    for path in sorted((ROOT / "src/normalise/rules").glob("*.yaml")):
        rules = yaml.safe_load(path.read_text())
        for rule in rules["rules"]:
            samples += [{**one, "by": f"{rules['normaliser']}/{rule['rule']}"} for one in rule["samples"]]
    return samples


def rule_lines(samples: list[dict]) -> list[str]:
    """Those that syslog can carry."""
    return [syslog(one.get("host", "web-1"), one.get("app", "-"), one.get("pid", "-"), one["message"])
            for one in samples if "message" in one and "format" not in one and "\n" not in one["message"]]


def rule_documents(samples: list[dict]) -> list[tuple[str, dict]]:
    """Those that a door for documents takes, with its name."""
    return [(DOORS[one["format"]], one["document"]) for one in samples if one.get("format") in DOORS and "document" in one]


def nested(dotted: dict) -> dict:
    """{"targets.0.id": "x"} as {"targets": [{"id": "x"}]}"""
    out: dict = {}
    for path, value in dotted.items():
        at, parts = out, path.split(".")
        parts = [*parts[:1], ".".join(parts[1:])] if parts[0] == "attributes" and len(parts) > 1 else parts
        for part in parts[:-1]:
            at = at.setdefault(part, {})
        at[parts[-1]] = value
    for name in ("targets", "changes"):
        if name in out:
            out[name] = [{"type": "thing", "id": "x", "field": "y"} | one for one in out[name].values()]
    return out


def rule_events(samples: list[dict]) -> list[dict]:
    """What the other samples say that comes out, as events: no sample of a rule is left out."""
    left = [one for one in samples if one.get("format") not in (None, *DOORS) or ("message" not in one and "document" not in one)]
    events = []
    for one in left:
        event = {"time": TIME, "actor": {"type": "user", "id": "ada"}, "action": one["by"].replace("/", ".")} | nested(one["gives"])
        event["actor"] = {"type": "user", "id": "ada"} | event["actor"]
        event.pop("id", None)
        if "seq" in event:
            event["seq"] = int(event["seq"])
        events.append(event)
    return events


def native_events() -> list[dict]:
    """Every category with every outcome, actor and manner of action; few of them say more than they must."""
    actions = ("customer.export", "account.create", "group.member_add", "role.grant", "file.delete", "report", "user.login",
               "service.restart", "command.run", "config.update", "http.GET", "su.switch", "postgres.DROP TABLE", "network.connect")
    targets = (None, [{"type": "table", "id": "customers"}], [{"type": "account", "id": "bob"}, {"type": "group", "id": "admins"}],
               [{"type": "file", "id": "/srv/a/b.txt", "name": "b"}], [{"type": "service", "id": "nginx"}, {"type": "host", "id": "web-1"}])
    events = []
    for number, (category, outcome, actor, action) in enumerate(itertools.product((*CATEGORIES, None), OUTCOMES, ACTORS, actions)):
        event = {"time": TIME, "actor": actor, "action": action, "category": category, "outcome": outcome,
                 "targets": targets[number % len(targets)]}
        if number % 3 == 0:
            event["origin"] = {"ip": "203.0.113.9", "user_agent": "curl/8.5"}
            event["context"] = {"request_id": "req-7", "session": "s-1", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
        if number % 7 == 0:
            event["changes"] = [{"field": "role", "from": "viewer", "to": "admin"}, {"field": "limit", "from": 1, "to": None}]
        events.append({key: value for key, value in event.items() if value is not None})
    return events


def odd_events() -> list[dict]:
    """What is rare, long or contrived."""
    plain = {"time": TIME, "actor": ACTORS[0], "action": "customer.export"}
    severities = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
    return [
        *({**plain, "severity": one} for one in severities),
        {**plain, "time": "1969-12-31T23:59:59.9999Z", "action": "before.the.epoch"},
        {**plain, "time": "2026-11-23t18:20:00.5+02:00", "seq": 2**64 - 1, "id": "evt-1"},
        {**plain, "action": "."}, {**plain, "action": ".."},
        {**plain, "action": "Ünïcode \u0000 .\"quoted\"\\"}, {**plain, "action": "x" * 1024},
        {**plain, "targets": []}, {**plain, "targets": [{"type": "file", "id": "/"}, {"type": "folder", "id": "//a//"}]},
        {**plain, "category": "data_access", "action": "file.read", "targets": [{"type": "file", "id": "/"}]},
        {**plain, "actor": {"type": "user", "id": "a", "email": "no address"}},
        {**plain, "actor": {"type": "user", "id": "a", "email": "a@b"}},
        {**plain, "actor": {"type": "process", "id": "[x]@"}}, {**plain, "actor": {"type": "process", "id": "p[99999999999999999999]"}},
        {**plain, "actor": {"type": "service", "id": "s", "roles": ["a", {"b": None}], "name": ""}},
        {**plain, "origin": {"ip": "0000:0000:0000:0000:0000:ffff:255.255.255.255"}},
        {**plain, "origin": {"ip": "fe80::1%eth0", "host": "h"}},
        {**plain, "origin": {}, "context": {}, "attributes": {}, "changes": []},
        {**plain, "message": "m" * 70_000}, {**plain, "attributes": {"big": "b" * 70_000, "small": 1}},
        {**plain, "attributes": {"password": "hunter2", "token": "ghp_0123456789abcdefghijABCDEFGHIJ012345"}},
        {**plain, "attributes": {"x": {"$x": 1}, "y": {"$literal": {"$attachment": {"head": "no"}}}}},
        {**plain, "attributes": {"host": 7, "app": ["a"], "pid": {"a": 1}, "status": "200", "reason": False, "command": None}},
        {**plain, "attributes": {"app": "", "host": "", "service": ""}, "category": "authentication"},
        {**plain, "unknown_member": {"a": [1, {"b": 2.50}]}, "event": "not the event", "stele": 2},
        {**plain, "attributes": {"http.request.method": "POST", "url.full": "https://shop.example/pay?id=7",
                                 "http.response.status_code": 201}},
        {**plain, "action": "http.POST", "attributes": {"status": 99999999999999999999, "method": "POST", "path": "?x"}},
        {**plain, "action": "http.GET", "targets": [{"type": "path", "id": "?"}]}, {**plain, "action": "http.GET"},
        {**plain, "action": "http.PROPFIND", "targets": [{"type": "path", "id": "/dav"}]},
        {**plain, "action": "user.password_reset", "targets": [{"type": "user", "id": "u_7", "name": "Bob"}]},
        {**plain, "action": "user.mfa.disabled", "targets": [{"type": "user", "id": "u_7"}]},
        {**plain, "action": "user.role.granted", "category": "permission_change", "targets": [{"type": "user", "id": "u_7"}],
         "changes": [{"field": "role", "to": "admin"}]},
        {**plain, "action": "bucket.list", "targets": [{"type": "bucket", "id": "backups"}], "category": "data_access"},
        {**plain, "action": "deploy.run", "category": "privileged_activity",
         "attributes": {"command": "make deploy", "cwd": "/srv", "tty": "pts/0"}},
    ]


def as_lines(events: list[dict]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in events).encode()
