#!/usr/bin/env python3
# ctest: TIMEOUT 240
"""Goal: a real syslog-ng sends over TCP (with and without its disk buffer), TLS and UDP, while the server is killed and started
again. Syslog has no acknowledgement, so that this much is promised, and held here against what a relay saw: of each connection
the log has a beginning, in the order sent, once and nothing besides; of a connection under which no server was killed it has
everything; what is not in the log was under way on a connection that a kill ended. A disk buffer saves what was not sent yet,
also when syslog-ng itself is killed. What is malformed or too long is kept and does not hold up what follows."""

import base64
import re
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import syslog_ng
from relay import Relay
from server import Server, expect, expect_equal, free_port

LINES = 300
KILLS = 4
HEAD = 200  # bytes by which messages are compared: of one that is too long no more than 8 KiB is kept
LONG = "x" * 100_000 + " too long"
MALFORMED = [b"no header at all", b"<999>1 a priority that is none", b"<34>1 2026-13-45T99:00:00Z web-1 a - - - a time of none",
             b'<34>1 2026-11-23T10:00:00Z web-1 a - - [unclosed sd="x', b"2026-11-23 begins with a digit",
             b"bytes \xff\xfe that are no text", b"x" * 100_000, b"<34>1 2026-11-23T10:00:00Z web-1 a - - - the last one"]


def config(work: Path, ports: dict[str, int]) -> str:
    """Each way has a file that is read, and what comes into it goes that way alone."""
    def way(name: str, destination: str, program: str = "billing") -> str:
        options = (f'follow-freq(0.05) flags(no-parse) log-fetch-limit(100) program-override("{program}") default-facility(auth) '
                   'default-priority(notice)')
        return f'log {{ source {{ file("{work}/{name}.in" {options}); }}; destination {{ {destination} }}; flags(flow-control); }};\n'

    buffered = f'disk-buffer(reliable(yes) mem-buf-size(1048576) disk-buf-size(16777216) dir("{work}"))'
    return ("@version: 3.38\noptions { time-reopen(1); use-dns(no); dns-cache(no); log-msg-size(200000); stats-freq(0); };\n"
            + way("tcp", f'syslog("127.0.0.1" transport("tcp") port({ports["tcp"]}));')
            + way("buffered", f'syslog("127.0.0.1" transport("tcp") port({ports["buffered"]}) {buffered});')
            + way("tls", f'syslog("127.0.0.1" transport("tls") port({ports["tls"]}) '
                         f'tls(ca-file("{work}/cert.pem") peer-verify(required-trusted)));')
            + way("udp", f'syslog("127.0.0.1" transport("udp") port({ports["udp"]}));')
            + way("sshd", f'syslog("127.0.0.1" transport("tcp") port({ports["sshd"]}) persist-name("sshd"));', "sshd")
            + way("raw", f'network("127.0.0.1" transport("tcp") port({ports["raw"]}) template("$MSG\\n"));'))


class SyslogNg:
    def __init__(self, work: Path):
        self.work = work
        self.start()

    def start(self) -> None:
        self.process = syslog_ng.start(self.work)

    def end(self, kill: bool = False) -> None:
        self.process.kill() if kill else self.process.terminate()
        self.process.wait(timeout=30)

    def write(self, way: str, lines: list[bytes]) -> None:
        with open(self.work / f"{way}.in", "ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))

    def number(self, way: str, first: int, count: int = LINES) -> None:
        self.write(way, [f"line {n} {way} Zürich".encode() for n in range(first, first + count)])


def said(entry: dict) -> str:
    return str(entry["event"].get("message", ""))


def numbers(entries: list[dict], way: str) -> list[int]:
    """In the order of the log."""
    return [int(found[1]) for one in entries if (found := re.match(rf"line (\d+) {way} Zürich$", said(one)))]


def wait_until(what, seconds: float, describe) -> None:
    deadline = time.time() + seconds
    while not what():
        if time.time() > deadline:
            raise SystemExit("FAILED: " + describe())
        time.sleep(0.1)


def wait_for(server: Server, way: str, wanted: int) -> None:
    wait_until(lambda: wanted in numbers(server.entries(), way), 60, lambda: f"line {wanted} over {way} has not come")


def check_entries(entries: list[dict]) -> None:
    kinds = {"tcp": "syslog-tcp", "buffered": "syslog-tcp", "tls": "syslog-tls", "udp": "syslog-udp"}
    sequences: dict[tuple[str, str], list[int]] = {}
    for one in entries:
        found = re.match(r"line \d+ (\w+) ", said(one))
        if not found:
            continue
        event, way = one["event"], found[1]
        expect_equal(one["source"]["kind"], kinds[way], f"the kind of source over {way}")
        expect(event["actor"]["id"].startswith("billing@") and said(one) in one["original"], f"who, and as it came: {one}")
        expect_equal((event["category"], event["severity"], one["derived"]["by"]), ("authentication", "notice", "syslog/rfc5424@1"), way)
        sequence = event["attributes"]["structured_data"]["meta"]["sequenceId"]
        sequences.setdefault((way, one["source"]["peer"]), []).append(int(sequence))
    for key, kept in sequences.items():
        expect(all(b > a for a, b in zip(kept, kept[1:])), f"sequenceIds over {key} do not rise: {kept[:50]}")


def check_connections(name: str, relay: Relay, entries: list[dict], killed: list[int]) -> set[bytes]:
    """Returns the messages that were sent and are not in the log."""
    tails: set[bytes] = set()
    for number, connection in enumerate(relay.said):
        where = f"connection {number} over {name}"
        sent = [message.rstrip(b"\n").decode()[:HEAD] for message in relay.counted(connection)]
        stored = [one["original"].rstrip("\n")[:HEAD] for one in entries if one["source"]["peer"].endswith(f":{connection.port}")]
        expect(len(stored) <= len(sent), f"{where}: {len(stored)} stored of {len(sent)} sent")
        for at, pair in enumerate(zip(stored, sent)):
            expect_equal(*pair, f"{where}: message {at} as it is stored, which was to be as it was sent")
        if number not in killed:
            expect_equal(len(stored), len(sent), f"{where} was not ended by a kill, and yet its messages")
        tails.update(message.encode() for message in sent[len(stored):])
    return tails


def check_unbroken(server: Server, client: SyslogNg) -> None:
    """Nothing is killed: everything is there, over UDP on one machine too, and the rules know the programs."""
    for way in ("tcp", "buffered", "tls", "udp"):
        client.number(way, 0)
    client.write("sshd", [b"Accepted password for bob from 198.51.100.7 port 22 ssh2"])
    for way in ("tcp", "buffered", "tls", "udp"):
        wait_until(lambda way=way: len(numbers(server.entries(), way)) == LINES, 60,
                   lambda way=way: f"{len(numbers(server.entries(), way))} of {LINES} lines over {way}")
        expect_equal(numbers(server.entries(), way), list(range(LINES)), f"lines over {way}, in order")
    wait_until(lambda: any(one["event"]["actor"].get("id") == "bob" for one in server.entries()), 60, lambda: "sshd is not understood")


def check_bad_messages(server: Server, client: SyslogNg) -> None:
    before = len(server.entries())
    client.write("raw", MALFORMED)
    client.write("tcp", [LONG.encode(), b"after the long one"])
    ends = ("the last one", "after the long one")
    wait_until(lambda: all(any(said(one) == end for one in server.entries()[before:]) for end in ends), 60,
               lambda: f"what follows a bad message has not come: {[said(one)[:80] for one in server.entries()[before:]]}")
    new = server.entries()[before:]
    peer = next(one["source"]["peer"] for one in new if said(one) == "the last one")
    originals = [one["original"] for one in new if one["source"]["peer"] == peer]
    kept = [base64.b64decode(one["$base64"]) if isinstance(one, dict) else one.encode() for one in originals]
    expect_equal(kept, [line[:8192] for line in MALFORMED], "malformed lines, each kept as it came, what is too long by its start")
    too_long = [one["event"]["attributes"]["reason"] for one in new if one["event"]["action"] == "stele.quarantined"]
    expect_equal(too_long, ["oversized"] * 2, "what is too long is quarantined")


def check_kills(server: Server, client: SyslogNg, relays: dict[str, Relay]) -> None:
    stop = threading.Event()
    last = 2 * LINES

    def write() -> None:
        nonlocal last
        while not stop.is_set():
            for way in ("tcp", "buffered", "tls", "udp"):
                client.number(way, last, 20)
            last += 20
            time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    killed: dict[str, list[int]] = {name: [] for name in relays}
    for _ in range(KILLS):
        had = len(server.entries())
        wait_until(lambda had=had: len(server.entries()) > had + LINES, 60, lambda: "nothing comes any more")
        for name, relay in relays.items():
            relay.close()
            killed[name].append(len(relay.said) - 1)
        server.kill()
        server.start()
        for relay in relays.values():
            relay.open()
    stop.set()
    writer.join()
    for way in ("tcp", "buffered", "tls"):
        client.number(way, last, 1)
        wait_for(server, way, last)
    entries = server.entries()
    for name, relay in relays.items():
        tails = check_connections(name, relay, entries, killed[name])
        lost = set(range(2 * LINES, last + 1)) - set(numbers(entries, name))
        under_way = {int(found[1]) for tail in tails if (found := re.search(rb"line (\d+) ", tail))}
        # What syslog-ng wrote after the relay had closed its end is nobody's to see.
        expect(len(lost - under_way) <= 20 * KILLS, f"{len(lost - under_way)} lines over {name} were never under way, and are not stored")
        print(f"{name}: {last - 2 * LINES + 1} lines, {len(relay.said)} connections; lost: {len(lost)}, "
              f"{len(lost & under_way)} of them under way to the server that was killed")
    for way in ("tls", "udp"):
        by_peer = [(one["source"]["peer"], said(one)) for one in entries if re.match(rf"line \d+ {way} ", said(one))]
        expect_equal(len(by_peer), len(set(by_peer)), f"lines over {way}, and those among them that differ")


def check_disk_buffer(server: Server, client: SyslogNg, relay: Relay) -> None:
    """Server and client are gone by turns; what syslog-ng took while nothing was there to send to arrives."""
    first = 10_000_000
    relay.close()
    server.kill()
    queue = [path for path in client.work.glob("*.rqf")]
    expect(len(queue) == 1, f"the disk buffer is one file: {queue}")
    client.number("buffered", first, 2000)
    wait_until(lambda: queue[0].read_bytes().count(b"buffered Z") >= 1000, 30, lambda: "syslog-ng does not fill its disk buffer")
    client.end(kill=True)
    client.start()
    server.start()
    relay.open()
    wait_for(server, "buffered", first + 1999)
    got = set(numbers(server.entries(), "buffered"))
    missing = set(range(first, first + 2000)) - got
    expect(not missing, f"{len(missing)} lines of the disk buffer are lost: {sorted(missing)[:5]}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stele-syslog-ng-") as folder:
        work = Path(folder)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", work / "key.pem", "-out", work / "cert.pem"],
                       check=True, capture_output=True)
        plain, tls = free_port(), free_port()
        server = Server(work, "--syslog", f"127.0.0.1:{plain}", "--syslog-tls", f"127.0.0.1:{tls}", "--tls-certificate",
                        str(work / "cert.pem"), "--tls-key", str(work / "key.pem"))
        relays = {"tcp": Relay(plain), "buffered": Relay(plain)}
        ports = {"udp": plain, "raw": plain, "sshd": plain, "tls": tls} | {name: relay.port for name, relay in relays.items()}
        (work / "syslog-ng.conf").write_text(config(work, ports))
        for way in ports:
            (work / f"{way}.in").touch()
        client = SyslogNg(work)
        try:
            check_unbroken(server, client)
            check_bad_messages(server, client)
            check_kills(server, client, relays)
            check_disk_buffer(server, client, relays["buffered"])
            check_entries(server.entries())
        except BaseException:
            print((work / "syslog-ng.log").read_text()[-3000:])
            raise
        finally:
            client.end()
        server.stop()
        server.verify()


if __name__ == "__main__":
    main()
