"""Events as varied as the schema allows, by chance, among four times as many that are plain. A few thousand are made in full; those that
are sent are copies of them with an id, a time and numbers of their own, so that a log of a million takes minutes."""

import json
import random
from datetime import datetime, timedelta, timezone

PEOPLE = ["ada", "Ada", "ADA", "u_42", "u-42", "U_42", "grace.hopper", "svc/backup", "root", "www-data", "Ada Park", "ada park",
          "Zoë Müller", "zoË mÜLLER", "李 雷", "李雷",
          "naïve_user", "ops@host", "*", "a*b", "back\\slash", 'quo"te', "-dash", "x" * 70, "true", "5", "0",
          "e\u0301clair", "tab\there", "nbsp\u00a0here", "line\u2028sep", "🦊 fox", "null", "NUL\u0000in", "OR", "not", "a:b=c", "(x)", ""]
ACTIONS = ["customer.export", "Customer.Export", "customer.delete", "user.login", "user.logout", "USER.LOGIN", "table:drop", "a b c",
           "wire transfer", "wire-transfer", "wire_transfer", "login", "x..y", "1..2", "*.export", "ssh/accepted", "файл.открыт",
           "10.0.0.0/8"]
CATEGORIES = ["authentication", "user_action", "data_access", "data_export", "configuration_change", "permission_change",
              "privileged_activity", "security_event", "policy_violation", "system_error", "system_activity"]
OUTCOMES = ["success", "failure", "denied", "unknown"]
SEVERITIES = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
ADDRESSES = ["10.0.0.5", "10.0.0.255", "10.1.2.3", "11.0.0.0", "192.168.1.1", "203.0.113.9", "0.0.0.0", "255.255.255.255", "127.0.0.1",
             "2001:db8::1", "2001:DB8::1", "2001:0db8:0:0:0:0:0:1", "2001:db8:0:1::", "2001:db9::", "::1", "::", "fe80::1:2",
             "FE80::0001:0002", "64:ff9b::10.0.0.5"]
NEAR_ADDRESSES = ["10.0.0.256", "10.0.0", "010.0.0.5", "10.0.0.5 ", "10.0.0.5:80", "10.0.0.0/8", "2001:db8::/32", "from 10.0.0.5 on",
                  "::g", "1.2.3.4.5", "2001:db8::1 up", "[::1]", "10.0.0.5/32"]
NUMBERS = ["0", "-0", "5", "5.0", "5e0", "0.5e1", "50E-1", "6", "-5", "10", "1e1", "100", "1000", "1e3", "999.999", "18446744073709551615",
           "9223372036854775807", "-9223372036854775808", "4294967296", "0.1", "1e-5", "0.10", "1.5e300", "-1e300", "123456789012", "255",
           "256", "65535", "9007199254740991"]
NEAR_NUMBERS = ["007", "+5", ".5", "5.", "0x10", " 5", "5 ", "1_000", "1,000", "NaN", "Infinity", "--5", "1e", "٥", "5 apples", "5..10"]
WORDS = """wire transfer Transfer of EUR to ACME-Corp failed for user_7 at gate the a I über Über straße naïve 中文 日本語 🦊 42 4.2 x_y x-y
C:\\temp /etc/passwd don't e-mail key=value a:b ... -- * ** (paren) "said" foo.bar foo bar FOO Bar""".split()
GAPS = [" ", " ", " ", " ", "  ", "\t", "\n", "\r\n", ", ", " - ", "\u00a0", "_", "/"]
REGIONS = ["eu-west-1", "EU-WEST-1", "eu-west-2", "us east", "ap", "eu"]
NAMES = ["region", "Region", "db.user", "my field", "client_ip", "clientIp", "src.ip", "remote-ip", "IP", "zip", "gossip", "host", "actor",
         "action", "seq", "time", "idx", "tags", "size", "quo\"te", "back\\slash", "a:b",
         "a=b", "(x)", "ключ", "", ".", "a..b", "$x", "-dash", "OR", "*",
         "targets.id", "x" * 300, "count<5", "source", "source.id",
         "act", "tar", "derived", "attributes", "attributes.region", "since", "Time", "received", "id",
         "context", "k", "q\\n", "q\n", "\\u0061", 'a":{"b']


class Maker:
    """Makes events from one source of chance."""

    def __init__(self, chance: random.Random, shapes: int = 2500):
        self.chance = chance
        self.made = 0
        plain = [{name: shape[name] for name in ("time", "actor", "action", "id", "outcome", "origin") if name in shape}
                 for shape in (self._shape(number) for number in range(100))]
        self._shapes = [self._serialise(shape) for shape in plain + [self._shape(number) for number in range(shapes)]]

    def text(self, events: int) -> list[str]:
        """So many events as JSON text each."""
        few, many = self._shapes[:100], self._shapes[100:]
        return [self._fill(self.chance.choice(few if self.chance.random() < 0.8 else many)) for _ in range(events)]

    def strange_names(self, count: int) -> list[str]:
        """Events that each have a few attributes whose names no other has."""
        out = []
        for _ in range(count):
            self.made += 1
            names = {f"only{self.made}_{at}": self.chance.choice(PEOPLE + REGIONS) for at in range(4)}
            out.append(json.dumps({"time": self._time(), "actor": {"type": "user", "id": "names"}, "action": "names", "attributes": names}))
        return out

    def long(self) -> str:
        """An event that does not fit: its message is attached."""
        self.made += 1
        words = [f"long{self.made}"] + self.chance.choices(WORDS, k=14000)
        event = {"time": self._time(), "actor": {"type": "user", "id": "long"}, "action": "long", "message": " ".join(words)}
        return json.dumps(event)

    def document(self) -> dict:
        """One for the door of documents, which concludes what it can and keeps the original."""
        self.made += 1
        chance = self.chance
        out = {"timestamp": "2026-11-20T10:00:00Z", "user": chance.choice(PEOPLE), "msg": self._sentence(), "n": self.made}
        if chance.random() < 0.3:
            out["password"] = f"hunter{self.made}"
        if chance.random() < 0.3:
            out["nested"] = {"a": {"b": chance.choice(REGIONS)}, "list": [1, "two", None, True]}
        return out

    def line(self) -> str:
        """One for the door of records, as syslog has it."""
        self.made += 1
        chance = self.chance
        said = chance.choice([
            f"Accepted publickey for ada from 203.0.113.{self.made % 256} port {self.made % 60000} ssh2: RSA SHA256:abc{self.made}",
            f"Failed password for invalid user bob{self.made % 9} from 10.0.0.{self.made % 256} port 22 ssh2",
            self._sentence()])
        return f"<38>1 2026-11-2{self.made % 7}T10:00:0{self.made % 10}Z web-{self.made % 4} sshd {self.made % 3000} - - {said}"

    def _fill(self, shape: tuple[str, bool]) -> str:
        self.made += 1
        text, has_number = shape
        if has_number:
            number = self.chance.randrange(-50, 1 << self.chance.randrange(1, 50))
            text = text.replace("@N@", str(self.made)).replace('"@NUMBER@"', str(number))
        return text.replace("@TIME@", self._time(), 1)

    def _serialise(self, event: dict) -> tuple[str, bool]:
        text = json.dumps(event, ensure_ascii=self.chance.random() < 0.3)
        for lexeme in NUMBERS:
            text = text.replace(f'"@{lexeme}@"', lexeme)
        return text, "@N" in text

    def _time(self) -> str:
        chance = self.chance
        at = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=chance.randrange(320 * 86400))
        if chance.random() < 0.5:
            hour, minute, second = chance.choice([0, 12, 23]), chance.choice([0, 30, 59]), chance.choice([0, 1, 59])
            at = datetime(2026, 10, chance.randrange(1, 6), hour, minute, second, tzinfo=timezone.utc)
        fraction = chance.choice(["", "", "", ".5", ".000", ".123456", ".999999999", ".000000001", f".{chance.randrange(1000):03}"])
        if chance.random() < 0.7:
            return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"
        minutes = chance.choice([60, 120, -300, 330, -1439, 1439])
        local = at + timedelta(minutes=minutes)
        hours, rest = divmod(abs(minutes), 60)
        return f"{local:%Y-%m-%dT%H:%M:%S}{fraction}{'+' if minutes > 0 else '-'}{hours:02}:{rest:02}"

    def _sentence(self) -> str:
        chance = self.chance
        out = chance.choice(WORDS)
        for _ in range(chance.choice([0, 1, 2, 3, 5, 8, 20])):
            out += chance.choice(GAPS) + chance.choice(WORDS)
        return out

    def _number(self):
        return self.chance.choice([f"@{self.chance.choice(NUMBERS)}@", self.chance.choice(NUMBERS), self.chance.choice(NEAR_NUMBERS),
                                   "@NUMBER@"])

    def _address(self) -> str:
        return self.chance.choice(ADDRESSES if self.chance.random() < 0.8 else NEAR_ADDRESSES)

    def _value(self, depth: int = 0):
        chance, kind = self.chance, self.chance.randrange(16 if depth < 3 else 11)
        if kind < 2:
            return chance.choice(PEOPLE)
        if kind < 4:
            return self._number()
        if kind == 4:
            return chance.choice([True, False, None])
        if kind == 5:
            return self._sentence()
        if kind == 6:
            return self._address()
        if kind == 7:
            return chance.choice(REGIONS + ACTIONS)
        if kind == 8:
            return chance.choice([f"word@N@", "n @N@ of many", "@N@", "id-@N@"])
        if kind == 9:
            return chance.choice(["", " ", "\n", "  two  gaps ", "---", "- -", "***", "%",
                                  "é"]) if chance.random() < 0.7 else self._long_value()
        if kind == 10:
            return chance.choice(CATEGORIES + OUTCOMES)
        if kind < 13:
            return [self._value(depth + 1) for _ in range(chance.randrange(4))]
        if kind == 13:
            return {"$" + chance.choice(["base64", "x", "sealed", "é", "literal"]): self._value(depth + 1)}
        return {chance.choice(NAMES + ["user", "ip", "a", "b"]): self._value(depth + 1) for _ in range(chance.randrange(3))}

    def _long_value(self) -> str:
        chance = self.chance
        word = chance.choice("xyzé") * chance.choice([63, 64, 65, 66, 200])
        return chance.choice([word, f"a {word} b", f"{word} {word}", "long " * 900 + f"end{chance.randrange(5)}", "q" * 4095, "q" * 4096,
                              "q" * 4097,
                              "q" * 5000 + str(chance.randrange(3)), ("é" * 2048) + " wire transfer", "r " * 2047 + "wire",
                              "r " * 2048 + "wire"])

    def _target(self) -> dict:
        chance = self.chance
        target = {"type": chance.choice(["table", "Table", "file"]), "id": chance.choice(PEOPLE + ACTIONS) or "t"}
        return {**target, "name": self._sentence()} if chance.random() < 0.5 else target

    def _shape(self, number: int) -> dict:
        chance = self.chance
        event: dict = {"time": "@TIME@", "actor": {"type": chance.choice(["user", "service", "process"]),
                                                   "id": chance.choice(PEOPLE) or "nobody"}, "action": chance.choice(ACTIONS)}

        def maybe(share: float, into: dict, name: str, make) -> None:
            if chance.random() < share:
                into[name] = make()

        maybe(0.4, event["actor"], "name", lambda: chance.choice(PEOPLE))
        maybe(0.2, event["actor"], "email", lambda: chance.choice(["ada@example.com", "ADA@Example.com", "z@b.c", "ada park@x"]))
        maybe(0.5, event, "id", lambda: "evt-@N@")
        maybe(0.6, event, "category", lambda: chance.choice(CATEGORIES))
        maybe(0.7, event, "outcome", lambda: chance.choice(OUTCOMES))
        maybe(0.5, event, "severity", lambda: chance.choice(SEVERITIES))
        maybe(0.5, event, "message", self._sentence)
        maybe(0.5, event, "targets", lambda: [self._target() for _ in range(chance.randrange(4))])
        maybe(0.6, event, "origin", lambda: {"ip": chance.choice(ADDRESSES)} if chance.random() < 0.7 else
              {"host": chance.choice(["web-1", "WEB-1", "db 1"]), "user_agent": "Mozilla/5.0 (X11; Linux) " + chance.choice(WORDS)})
        maybe(0.3, event, "context", lambda: {"request_id": "req-@N@", "session": chance.choice(PEOPLE),
                                              "trace_id": f"{chance.randrange(1 << 64):016x}",
                                              "span_id": chance.choice(["s1", "S1"])})
        maybe(0.2, event, "changes", lambda: [{"field": chance.choice(["role", "limit"]), "from": self._value(), "to": self._value()}
                                              for _ in range(chance.randrange(1, 3))])
        attributes = {chance.choice(NAMES): self._value() for _ in range(chance.choice([0, 1, 2, 3, 6]))}
        maybe(0.5, attributes, "region", lambda: chance.choice(REGIONS))
        maybe(0.5, attributes, "size", self._number)
        maybe(0.2, attributes, "client_ip", self._address)
        maybe(0.2, attributes, f"attr_{chance.randrange(400)}", self._value)
        maybe(0.02, attributes, "password", lambda: f"hunter{number}")
        maybe(0.8, event, "attributes", lambda: attributes)
        maybe(0.05, event, chance.choice(["region", "k", "extra", "db", "attributes.region", "actor.id", "a.b"]), self._value)
        maybe(0.01, event, "", lambda: chance.choice(PEOPLE))
        return event
