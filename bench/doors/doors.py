"""The doors: what one request of each holds, and how it is measured. A new door is a class here and a place in DOORS."""

import hashlib
import hmac
import json
import struct
import time
from datetime import datetime

import protobuf
from harness.process import BenchError
from harness import server

MARK = "qzROUND0"  # bench_load writes eight digits over it in each round (bench/load/replay.h)
SECRET = "the secret of the webhooks of this bench"
BATCH = 100
METHOD = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


def identity(number):
    return f"{MARK}-{number:08x}"


def nanos(event):
    return int(datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp() * 1000) * 1_000_000


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Door:
    """Requests over HTTP that are made beforehand and replayed. `content` makes one of events and the number of the first."""

    name = ""
    path = ""
    content_type = "application/json"
    batch = BATCH
    connections = 8
    base = "native"  # the name of the door that its rate is held against
    note = ""

    def headers(self, body, first):
        return {}

    def content(self, events, first):
        raise NotImplementedError

    def framed(self, events, first):
        """The bytes of a request as they are sent."""
        body = self.content(events, first)
        body = body.encode() if isinstance(body, str) else body
        lines = {"Host": "localhost", "Content-Type": self.content_type, "Content-Length": len(body)} | self.headers(body, first)
        head = f"POST {self.path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
        return head.encode() + body

    def write(self, path, corpus):
        """All events of the corpus in requests of `batch`."""
        with open(path, "wb") as out:
            for first in range(0, len(corpus) - self.batch + 1, self.batch):
                request = self.framed(corpus[first:first + self.batch], first)
                out.write(struct.pack("<II", len(request), self.batch) + request)

    def load(self, bench, stele, seconds):
        """Runs the load; the dict that bench_load prints."""
        return bench.load.run("replay", "--requests", bench.requests(self), "--connect", stele.address, "--connections",
                              self.connections, "--seconds", seconds, "--id-round", bench.load.next_round())

    def prepare(self, bench, stele):
        """Before the clock starts: the threads and connections of this door have run once."""
        self.load(bench, stele, 0.5)

    def measure(self, bench, stele, seconds):
        """What was acknowledged; that all of it is in the log, and was not there before, is checked."""
        before = stele.sizes()[0]
        result = self.load(bench, stele, seconds)
        grown = stele.sizes()[0] - before
        if grown < result["events"]:
            raise BenchError(f"{self.name}: the log grew by {grown} events, {result['events']} were acknowledged")
        return result


class Native(Door):
    name = "native"

    def __init__(self, name="native", batch=BATCH, connections=8):
        self.name, self.base, self.batch, self.connections = name, name, batch, connections

    def load(self, bench, stele, seconds):
        return bench.load.run("http", "--connect", stele.address, "--path", server.ingest_path(self.batch), "--corpus", bench.corpus,
                              "--batch", self.batch, "--connections", self.connections, "--seconds", seconds,
                              "--id-round", bench.load.next_round())


class OtlpProtobuf(Door):
    name = "OTLP/HTTP protobuf"
    path = "/v1/logs"
    content_type = "application/x-protobuf"

    @staticmethod
    def attributes(event, number):
        return {"enduser.id": event["actor"]["id"], "user.email": event["actor"]["email"], "client.address": event["origin"]["ip"],
                "user_agent.original": event["origin"]["user_agent"], "event.outcome": event["outcome"],
                "session.id": event["context"]["session"], "request_id": identity(number)} | event["attributes"]

    resource = {"service.name": "bench", "host.name": "web-1"}

    def content(self, events, first):
        records = b""
        for number, event in enumerate(events, first):
            records += protobuf.field(2, protobuf.fixed64(1, nanos(event)) + protobuf.number(2, 9) + protobuf.field(3, "INFO")
                                      + protobuf.field(5, protobuf.any_value(event["message"]))
                                      + protobuf.key_values(6, self.attributes(event, number)) + protobuf.field(12, event["action"]))
        resource = protobuf.field(1, protobuf.key_values(1, self.resource))
        return protobuf.field(1, resource + protobuf.field(2, protobuf.field(1, protobuf.field(1, "bench")) + records))


class OtlpJson(OtlpProtobuf):
    name = "OTLP/HTTP JSON"
    content_type = "application/json"

    def content(self, events, first):
        def values(members):
            return [{"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
                    for key, value in members.items()]
        records = [{"timeUnixNano": str(nanos(event)), "severityNumber": 9, "severityText": "INFO",
                    "body": {"stringValue": event["message"]}, "attributes": values(self.attributes(event, number)),
                    "eventName": event["action"]} for number, event in enumerate(events, first)]
        return compact({"resourceLogs": [{"resource": {"attributes": values(self.resource)},
                                          "scopeLogs": [{"scope": {"name": "bench"}, "logRecords": records}]}]})


class OtlpGrpc(OtlpProtobuf):
    name = "OTLP/gRPC"

    def framed(self, events, first):
        return self.content(events, first)

    def load(self, bench, stele, seconds):
        return bench.load.run("grpc", "--requests", bench.requests(self), "--connect", bench.address("otlp-grpc"), "--method", METHOD,
                              "--connections", self.connections, "--seconds", seconds, "--id-round", bench.load.next_round())


class CloudTrail(Door):
    name = "CloudTrail"
    path = "/api/v1/collect/cloudtrail"

    def content(self, events, first):
        return compact({"Records": [{
            "eventVersion": "1.09", "eventID": identity(number), "eventTime": event["time"], "awsRegion": event["attributes"]["region"],
            "eventName": ("GetObject", "PutBucketPolicy", "CreateUser", "DescribeInstances")[number % 4],
            "eventSource": ("s3", "s3", "iam", "ec2")[number % 4] + ".amazonaws.com", "sourceIPAddress": event["origin"]["ip"],
            "userAgent": event["origin"]["user_agent"], "recipientAccountId": "111122223333", "eventType": "AwsApiCall",
            "userIdentity": {"type": "IAMUser", "userName": event["actor"]["id"], "accountId": "111122223333",
                             "arn": "arn:aws:iam::111122223333:user/" + event["actor"]["id"]},
            "requestParameters": {"bucketName": event["targets"][0]["id"], "session": event["context"]["session"]},
            "responseElements": None} for number, event in enumerate(events, first)]})


class KubernetesAudit(Door):
    name = "k8s-audit"
    path = "/api/v1/collect/k8s-audit"

    def content(self, events, first):
        return compact({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": [{
            "level": "Metadata", "auditID": identity(number), "stage": "ResponseComplete", "verb": ("get", "list", "patch")[number % 3],
            "requestURI": "/api/v1/namespaces/prod/secrets/" + event["targets"][0]["id"],
            "user": {"username": event["actor"]["email"], "groups": ["system:authenticated"]}, "sourceIPs": [event["origin"]["ip"]],
            "userAgent": event["origin"]["user_agent"], "requestReceivedTimestamp": event["time"], "stageTimestamp": event["time"],
            "objectRef": {"resource": "secrets", "namespace": "prod", "name": event["targets"][0]["id"], "apiVersion": "v1"},
            "responseStatus": {"metadata": {}, "code": 200}, "annotations": {"authorization.k8s.io/decision": "allow"}}
            for number, event in enumerate(events, first)]})


class Ocsf(Door):
    name = "OCSF lines"
    path = "/api/v1/collect/ocsf"
    content_type = "application/x-ndjson"

    def content(self, events, first):
        return "".join(compact({
            "class_uid": 3002, "category_uid": 3, "activity_id": 1, "activity_name": "Logon", "type_uid": 300201, "status_id": 1,
            "severity_id": 1, "time": nanos(event) // 1_000_000, "message": event["message"],
            "metadata": {"uid": identity(number), "version": "1.3.0", "product": {"name": "bench", "vendor_name": "bench"}},
            "user": {"name": event["actor"]["name"], "uid": event["actor"]["id"], "email_addr": event["actor"]["email"]},
            "src_endpoint": {"ip": event["origin"]["ip"]}, "http_request": {"user_agent": event["origin"]["user_agent"]},
            "unmapped": event["attributes"]}) + "\n" for number, event in enumerate(events, first))


class CloudEvents(Door):
    name = "CloudEvents"
    path = "/api/v1/cloudevents"
    content_type = "application/cloudevents-batch+json"

    def content(self, events, first):
        return compact([{"specversion": "1.0", "id": identity(number), "source": "/bench", "type": event["action"],
                         "time": event["time"], "subject": event["targets"][0]["id"], "authtype": "user", "authid": event["actor"]["id"],
                         "datacontenttype": "application/json", "data": event["attributes"] | {
                             "message": event["message"], "origin": event["origin"], "context": event["context"]}}
                        for number, event in enumerate(events, first)])


class GitHub(Door):
    """One delivery a request, which is how they come. Its id stands in a header: the body is signed."""

    name = "GitHub webhook"
    path = "/api/v1/webhooks/github"
    batch = 1
    connections = 64
    base = "native, single"

    def content(self, events, first):
        event = events[0]
        return compact({"action": "added", "sender": {"login": event["actor"]["id"], "type": "User", "id": first},
                        "member": {"login": "bob"}, "organization": {"login": "shop"},
                        "repository": {"full_name": "shop/" + event["targets"][0]["id"], "private": True, "visibility": "private"},
                        "changes": {"permission": {"from": "read", "to": "write"}}, "description": event["message"]})

    def headers(self, body, first):
        return {"X-GitHub-Event": "member", "X-GitHub-Delivery": identity(first),
                "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def syslog_message(event, element=""):
    return (f"<134>1 {event['time']} web-1 audit 4711 - {element or '-'} " + compact(event)).encode()


class Relp(Door):
    name = "RELP"

    def framed(self, events, first):
        out = b""
        for place, event in enumerate(events):
            text = syslog_message(event, f'[stele@32473 id="{identity(first + place)}"]')
            out += b"%d syslog %d %s\n" % (2 + place, len(text), text)
        return out

    def load(self, bench, stele, seconds):
        return bench.load.run("replay", "--protocol", "relp", "--requests", bench.requests(self), "--connect", bench.address("relp"),
                              "--connections", self.connections, "--seconds", seconds, "--id-round", bench.load.next_round())


class Journal(Door):
    """What systemd-journal-upload sends, in uploads of 100 entries; its own go on for as long as the journal does."""

    name = "journal upload"
    path = "/upload"
    content_type = "application/vnd.fdo.journal"

    def content(self, events, first):
        return "".join(
            f"__CURSOR=s=bench;i={identity(number)}\n__REALTIME_TIMESTAMP={nanos(event) // 1000}\n__MONOTONIC_TIMESTAMP={number}\n"
            f"_BOOT_ID=f5e6a1d0c3b24b1f8a7d6c5b4a392817\n_TRANSPORT=syslog\nPRIORITY=6\nSYSLOG_FACILITY=10\nSYSLOG_IDENTIFIER=sshd\n"
            f"SYSLOG_PID={number}\n_PID={number}\n_UID=0\n_GID=0\n_COMM=sshd\n_EXE=/usr/sbin/sshd\n_SYSTEMD_UNIT=ssh.service\n"
            f"_HOSTNAME=web-1\n_MACHINE_ID=0123456789abcdef0123456789abcdef\nMESSAGE=Accepted publickey for {event['actor']['id']} from "
            f"{event['origin']['ip']} port 51122 ssh2: ED25519 SHA256:{event['context']['session']}\n\n"
            for number, event in enumerate(events, first))


class RecordLines(Door):
    """Lines as the agent and `stele import` send them: of a log that every host has, in the order of a file."""

    name = "records: syslog lines"
    path = "/api/v1/collect/records"
    content_type = "application/x-ndjson"
    format = "line"

    def record(self, event, number):
        time = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).strftime("%b %e %H:%M:%S")
        return (f"{time} web-1 sshd[{number}]: Accepted publickey for {event['actor']['id']} from {event['origin']['ip']} port 51122 "
                f"ssh2: ED25519 SHA256:{event['context']['session']}")

    def content(self, events, first):
        return "".join(compact({"format": self.format, "record": self.record(event, number), "id": identity(number),
                                "stream": "/var/log/auth.log", "host": "web-1"}) + "\n" for number, event in enumerate(events, first))


class RecordAccess(RecordLines):
    name = "records: access log"
    format = "access-log"

    def record(self, event, number):
        time = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).strftime("%d/%b/%Y:%H:%M:%S +0000")
        return (f"{event['origin']['ip']} - {event['actor']['id']} [{time}] \"GET /tables/{event['targets'][0]['id']}?page={number} "
                f"HTTP/1.1\" 200 5316 \"-\" \"{event['origin']['user_agent']}\"")


class RecordAuditd(RecordLines):
    """An event's id is its node, time and serial: the round stands in the node's name."""

    name = "records: auditd"
    format = "auditd"

    def record(self, event, number):
        seconds = nanos(event) / 1e9
        return (f"node={MARK} type=USER_LOGIN msg=audit({seconds:.3f}:{number}): pid={number} uid=0 auid=1000 ses={number} subj=unconfined "
                f"msg='op=login acct=\"{event['actor']['id']}\" exe=\"/usr/sbin/sshd\" hostname=web-1 addr={event['origin']['ip']} "
                "terminal=ssh res=success'")


class Unanswered(Door):
    """Nothing is acknowledged: what the log holds counts, and the clock stops when it grows no more."""

    quiet_seconds = 1.0

    def wait_until_quiet(self, stele, wanted=None):
        """Until the log has `wanted` entries, or grows no more: (its size, when it grew last)."""
        size, grew = stele.sizes()[0], time.monotonic()
        while (wanted is None or size < wanted) and time.monotonic() - grew < self.quiet_seconds:
            time.sleep(0.002)
            now = stele.sizes()[0]
            if now != size:
                size, grew = now, time.monotonic()
        return size, grew

    def measure(self, bench, stele, seconds):
        before, _ = self.wait_until_quiet(stele)  # what came before the measurement is not counted
        result = self.load(bench, stele, seconds)
        ended = time.monotonic()
        size, grew = self.wait_until_quiet(stele, before + result["events"])
        grew = max(grew, ended)
        elapsed = result.get("send_seconds", result["seconds"]) + grew - ended
        return result | {"sent_events": result["events"], "events": size - before, "seconds": elapsed,
                         "events_per_second": (size - before) / elapsed, "connections": self.connections}


class SyslogTcp(Unanswered):
    name = "syslog TCP"
    note = "not acknowledged: stored"

    def load(self, bench, stele, seconds):
        return bench.load.run("syslog", "--corpus", bench.corpus, "--connect", bench.address("syslog"), "--framing", "octet",
                              "--connections", self.connections, "--seconds", seconds)


class SyslogUdp(Unanswered):
    """Sent at a rate that was found beforehand, the first at which datagrams are lost: a flood would take the machine from the
    receiver. What is lost is counted, and the rate is of what is stored."""

    name = "syslog UDP"
    batch = 1
    connections = 1
    note = "not acknowledged: stored"
    rate = 0

    def framed(self, events, first):
        return syslog_message(events[0])

    def load(self, bench, stele, seconds):
        return bench.load.run("datagrams", "--requests", bench.requests(self), "--connect", bench.address("syslog"), "--seconds", seconds,
                              "--rate", self.rate)

    def prepare(self, bench, stele):
        for self.rate in (5_000 * 1.3 ** step for step in range(24)):
            probe = self.measure(bench, stele, 0.5)
            if probe["events"] < 0.99 * probe["sent_events"]:
                break


DOORS = [OtlpProtobuf(), OtlpJson(), OtlpGrpc(), CloudTrail(), KubernetesAudit(), Ocsf(), CloudEvents(), GitHub(), Journal(),
         RecordLines(), RecordAccess(), RecordAuditd(), Relp(), SyslogTcp(), SyslogUdp()]
BASES = [Native(), Native("native, single", 1, 64)]
