"""A server with a log, and the oracle that reads it along: appending by several doors, asking and comparing."""

import gzip
import json
import random
import sys
import time
import urllib.parse
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "kill"))

from oracle import Number, Oracle, places  # noqa: E402
from server import Failed, Server  # noqa: E402

DOCUMENTS = "/api/v1/collect/json?source=documents"
RECORDS = "/api/v1/collect/records?source=web-1"


def decode(text: bytes) -> dict:
    return json.loads(text, parse_int=Number, parse_float=Number)


class Log:
    """One log's life on one data directory."""

    def __init__(self, data: Path, *flags: str):
        self.data = data
        self.flags = flags
        self.oracle = Oracle()
        self.asked = 0
        self.failures: list[str] = []
        self.slowest = (0.0, "")
        self.server: Server | None = None
        self.start()

    def start(self) -> None:
        self.server = Server(self.data, *self.flags).wait_ready()

    def kill(self) -> None:
        self.server.kill()

    def stop(self) -> None:
        self.server.stop()

    def post(self, path: str, body: bytes, kind: str) -> dict:
        """An acknowledged delivery."""
        connection = self.server.connect()
        try:
            connection.request("POST", path, gzip.compress(body, 1), {"Content-Type": kind, "Content-Encoding": "gzip"})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise Failed(f"POST {path} is answered {answer.status}: {said[:2000]!r}")
        return json.loads(said)

    def append(self, events: list[str], source: str = "app") -> None:
        answer = self.post(f"/api/v1/events?source={source}&results=range&proof=none", "\n".join(events).encode(), "application/x-ndjson")
        if answer["refused"] or answer["count"] != len(events):
            raise Failed(f"{len(events)} good events are answered {json.dumps(answer)[:2000]}")

    def append_documents(self, documents: list[dict]) -> None:
        self.post(DOCUMENTS, json.dumps(documents).encode(), "application/json")

    def append_lines(self, lines: list[str]) -> None:
        records = (json.dumps({"format": "line", "record": line, "host": "web-1", "stream": "/var/log/a"}) for line in lines)
        self.post(RECORDS, "\n".join(records).encode(), "application/x-ndjson")

    def read(self) -> int:
        """The oracle reads what it has not read yet; the log's size."""
        entries = []
        while True:
            at = self.oracle.size + len(entries)
            page = decode(self.server.get(f"/api/v1/events?from={at}&limit=1000"))
            entries += [one["entry"] for one in page["entries"]]
            if not page["entries"] or len(entries) >= 65536:
                if entries:
                    self.oracle.add(entries)
                entries = []
                if not page["entries"]:
                    return self.oracle.size

    def ask(self, query: str | dict, **members) -> dict:
        """An answer, or {"error": …}: a typed query by GET or POST, one as JSON by POST."""
        began = time.monotonic()
        if isinstance(query, str) and len(query) < 2000 and hash(query) % 2:
            fields = urllib.parse.urlencode({"q": query, **members}, quote_via=urllib.parse.quote, errors="surrogatepass")
            status, _, body = self.server.ask("GET", "/api/v1/search?" + fields)
        else:
            whole = {"q" if isinstance(query, str) else "query": query, **members}
            status, _, body = self.server.ask("POST", "/api/v1/search", json.dumps(whole))
        self.asked += 1
        took = time.monotonic() - began
        if took > self.slowest[0]:
            self.slowest = (took, json.dumps(query, ensure_ascii=False)[:500])
        answer = json.loads(body)
        if status != 200 and "error" not in answer:
            raise Failed(f"{query!r} is answered {status}: {body[:2000]!r}")
        return answer

    def compare(self, tree: tuple, query: str | dict, chance: random.Random) -> None:
        """Asks, and notes how the answer differs from the oracle's."""
        newest, limit = chance.random() < 0.5, chance.randrange(1, 51)
        answer = self.ask(query, limit=limit, order="newest" if newest else "oldest")
        if "error" in answer:
            self.fail(query, tree, f"refused: {json.dumps(answer['error'], ensure_ascii=False)}")
            return
        if answer["size"] > self.oracle.size:
            self.read()
        bits = self.oracle.holds(tree, answer["size"])
        wanted = places(bits, limit, newest)
        got = [hit["index"] for hit in answer["hits"]]
        if answer["total"] == bits.bit_count() and got == wanted and (answer["next"] is None) == (bits.bit_count() <= limit):
            return
        differing = self.first_difference(query, bits, answer["size"]) if len(self.failures) < 5 else "not looked for"
        self.fail(query, tree, f"expected {bits.bit_count()}, got {answer['total']}, page {wanted[:5]} {got[:5]} next {answer['next']!r}, "
                  f"{'newest' if newest else 'oldest'}, limit {limit}; {differing}")

    def first_difference(self, query: str | dict, bits: int, size: int) -> str:
        """One entry about which the two disagree, found among all that the server has."""
        found, cursor = 0, None
        while True:
            answer = self.ask(query, limit=1000, order="oldest", **({"cursor": cursor} if cursor else {}))
            for hit in answer.get("hits", []):
                found |= 1 << hit["index"]
            cursor = answer.get("next")
            if not cursor:
                break
        differing = (found ^ bits) & ((1 << size) - 1)
        if not differing:
            return "asked again there is no difference"
        at = places(differing, 1, False)[0]
        entry = self.server.get(f"/api/v1/events/{at}").decode()
        return f"differ in {differing.bit_count()}, entry {at} {'missing' if bits >> at & 1 else 'not expected'}: {entry[:1500]}"

    def fail(self, query: str | dict, tree: tuple, what: str) -> None:
        text = f"DISAGREEMENT {json.dumps(query, ensure_ascii=False)[:1500]}\n   {str(tree)[:1000]}\n   {what}"
        print(text, flush=True)
        self.failures.append(text)

    def follow(self, tree: tuple, query: str | dict, chance: random.Random, more) -> None:
        """All pages of a query while more() appends: they are about the log as it was."""
        newest, limit = chance.random() < 0.5, chance.choice([1, 7, 50, 1000])
        order = "newest" if newest else "oldest"
        answer = self.ask(query, limit=limit, order=order)
        size, total, got, pages = answer["size"], answer["total"], [], 0
        while True:
            got += [hit["index"] for hit in answer["hits"]]
            pages += 1
            if not answer["next"] or pages == 40:
                break
            if pages < 4:
                more()
            answer = self.ask(query, limit=limit, order=order, cursor=answer["next"])
            if "error" in answer or (answer["size"], answer["total"]) != (size, total):
                self.fail(query, tree, f"page {pages + 1} has {str(answer)[:300]} instead of size {size} and total {total}")
                return
        self.read()
        bits = self.oracle.holds(tree, size)
        wanted = places(bits, len(got) + (0 if answer["next"] else 1), newest)
        if total != bits.bit_count() or got != wanted:
            self.fail(query, tree, f"over {pages} pages of {limit}, {order}, of {size}: expected {bits.bit_count()}, got {total}; "
                      f"{len(set(wanted) - set(got))} missing, {len(set(got) - set(wanted))} not expected")


__all__ = ["Failed", "Log"]
