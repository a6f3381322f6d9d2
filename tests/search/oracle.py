"""What docs/formats/query.md means, written a second time from that page and docs/formats/entry.md, as plainly as it can be: entries are
flattened into scalars, each term is held against every value there is, and sets of entries are integers with a bit for each place in the
log. It knows nothing of how the program does it. Queries come as trees (queries.py), not as text.

Terms, a tuple each; `name` is a field's name as it is typed, None: no field:
    ("all", None)                     everything
    ("word", None|name, text)         whole, or words of a text one after the other; an address in a field of addresses in any form
    ("words", None|name, text)        words of a text one after the other
    ("like", None|name, pieces)       the whole scalar: pieces with anything between them
    ("part", None|name, text)         a substring
    ("is", name, text)                exactly
    ("exists", name)
    ("number", name, low, low_is_in, high, high_is_in)      ends as texts, None: open
    ("within", name, text, network)   an address in the range, as it is typed and what it is
    ("time", "time"|"received", begin, end)                 nanoseconds since 1970, the end not in it, None: open
    ("idx", first, end)
Trees: a term, ("not", tree), ("and", trees), ("or", trees), ("choice", name, exactly, tree) with terms of one field.
"""

import functools
import ipaddress
import re
from datetime import datetime, timezone
from decimal import Decimal

NAMES = {
    "actor": ("actor.id", "actor.name", "actor.email"), "type": ("actor.type",), "action": ("action",), "category": ("category",),
    "outcome": ("outcome",), "severity": ("severity",), "message": ("message",), "time": ("time",),
    "target": ("targets.id", "targets.name"),
    "ip": ("origin.ip",), "host": ("attributes.host", "origin.host"), "agent": ("origin.user_agent",), "request": ("context.request_id",),
    "session": ("context.session",), "trace": ("context.trace_id",), "source": ("source.id",), "kind": ("source.kind",), "seq": ("seq",),
    "rule": ("derived.by",), "id": ("id",),
}
# With what paths of the schema and of the envelope begin.
KNOWN = """id seq time actor action category outcome targets origin context changes severity message attributes source derived
original""".split()

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
WORD = re.compile("[A-Za-z0-9_\x80-\U0010ffff]+")
SPACE = re.compile("[ \t\r\n]")
IP_PATH = re.compile(r"(^|[^A-Za-z0-9])(ip|Ip|IP)$|[a-z0-9]I[pP]$")
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))")
UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(UPPER)


@functools.cache
def paths_of(name: str) -> tuple[str, ...]:
    if name in NAMES:
        return NAMES[name]
    if name.split(".")[0] in KNOWN:
        return (name,)
    return (name, "attributes." + name)


def nanoseconds(text: str) -> int:
    """Of an RFC 3339 time; a leap second is the nanosecond before the next minute."""
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = TIME.fullmatch(text).groups()
    at = int(datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=timezone.utc).timestamp())
    if sign:
        at -= (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1)
    if second == "60":
        return (at + 60) * 10**9 - 1
    return (at + int(second)) * 10**9 + int((fraction or "0")[:9].ljust(9, "0"))


def address(text: str):
    """The address that a text as a whole is, or None; an IPv4 one as IPv6 has it, ::ffff:10.0.0.5."""
    if len(text) > 45 or "%" in text or (":" not in text and text.count(".") != 3):
        return None
    try:
        at = ipaddress.ip_address(text)
    except ValueError:
        return None
    return at if at.version == 6 else ipaddress.IPv6Address((0xffff << 32) + int(at))


def network(text: str) -> ipaddress.IPv6Network | None:
    """The range of addresses that a text as a whole is."""
    base, _, bits = text.partition("/")
    at = address(base)
    if at is None or not re.fullmatch("0|[1-9][0-9]{0,2}", bits) or int(bits) > (128 if ":" in base else 32):
        return None
    return ipaddress.ip_network(f"{at}/{int(bits) + (0 if ':' in base else 96)}", strict=False)


class Number(str):
    """A number's lexeme."""


def scalars(value, path: str, add) -> None:
    """Calls add(path, text) for each scalar below `value`."""
    if isinstance(value, dict):
        if len(value) == 1 and "$literal" in value and isinstance(value["$literal"], dict):
            value = value["$literal"]
        for name, member in value.items():
            scalars(member, path + "." + name if path is not None else name, add)
    elif isinstance(value, list):
        for item in value:
            scalars(item, path, add)
    elif isinstance(value, str):  # numbers too
        add(path, value)
    else:
        add(path, {True: "true", False: "false", None: "null"}[value])


class Piece:
    """Some entries that stand one after another: which of them have which text under which path."""

    def __init__(self, first: int):
        self.first = first
        self.count = 0
        self.columns: dict[str, dict[str, list[int]]] = {}
        self.anywhere: dict[str, list[int]] = {}  # by folded text: scalars of the event and source but `time` and `original`
        self.times: list[int] = []
        self.received: list[int] = []
        self.ids: dict[str, int] = {}
        self._texts: list[str] | None = None
        self._folded: dict[str, list] = {}

    def add(self, entry: dict) -> None:
        row = self.count
        self.count += 1
        self._texts = None
        self._folded.clear()
        columns = self.columns

        def put(path: str, text: str) -> None:
            rows = columns.setdefault(path, {}).setdefault(text, [])
            if not rows or rows[-1] != row:
                rows.append(row)

        def put_searched(path: str, text: str) -> None:
            put(path, text)
            if path not in ("time", "original"):
                rows = self.anywhere.setdefault(fold(text), [])
                if not rows or rows[-1] != row:
                    rows.append(row)

        scalars(entry["event"], None, put_searched)
        scalars(entry["source"], "source", put_searched)
        for name in ("derived", "original"):
            if name in entry:
                scalars(entry[name], name, put)
        self.times.append(nanoseconds(entry["event"]["time"]))
        self.received.append(nanoseconds(entry["received"]))
        self.ids[entry["id"]] = row

    def texts(self) -> list[str]:
        """Folded values of `anywhere` that have white space in them."""
        if self._texts is None:
            self._texts = [text for text in self.anywhere if SPACE.search(text)]
        return self._texts

    def mask(self, lists) -> int:
        bits = bytearray(self.count // 8 + 1)
        for rows in lists:
            for row in rows:
                bits[row >> 3] |= 1 << (row & 7)
        return int.from_bytes(bits, "little")

    def folded(self, path: str) -> list[tuple[str, str, list[int]]]:
        """(text, folded, rows) of a column."""
        if path not in self._folded:
            self._folded[path] = [(text, fold(text), rows) for text, rows in self.columns.get(path, {}).items()]
        return self._folded[path]

    def holds(self, term: tuple) -> int:
        """Which rows a term holds for."""
        kind = term[0]
        if kind == "all":
            return (1 << self.count) - 1
        if kind == "time":
            values, (begin, end) = self.times if term[1] == "time" else self.received, term[2:4]
            return self.mask([[row for row, at in enumerate(values) if (begin is None or begin <= at) and (end is None or at < end)]])
        if kind == "idx":
            first = max(0, min(self.count, (term[1] or 0) - self.first))
            end = self.count if term[2] is None else max(0, min(self.count, term[2] - self.first))
            return ((1 << end) - 1) & ~((1 << first) - 1)
        name = term[1]
        if name is None:
            return self.mask(self.anywhere[text] for text in self._anywhere(term))
        test = field_test(term)
        rows = [rows for path in paths_of(name) for text, folded, rows in self.folded(path) if test(text, folded)]
        if name == "id" and kind in ("word", "is"):
            own = self.ids.get(term[2] if kind == "is" else fold(term[2]))
            rows += [[own]] if own is not None else []
        return self.mask(rows)

    def _anywhere(self, term: tuple) -> list[str]:
        kind, _, wanted = term
        if kind == "part":
            part = fold(wanted)
            return [text for text in self.anywhere if part in text]
        if kind == "like":
            like, longest = pattern(wanted), fold(max(wanted, key=len))
            return [text for text in self.anywhere if longest in text and like(text)]
        found = [fold(wanted)] if kind == "word" and fold(wanted) in self.anywhere else []
        words = WORD.findall(fold(wanted))
        if words:
            longest = max(words, key=len)
            found += [text for text in self.texts() if longest in text and has_words(text, words)]
        return found


def has_words(text: str, words: list[str]) -> bool:
    """Of a folded text."""
    own = WORD.findall(text)
    return any(own[at:at + len(words)] == words for at in range(len(own) - len(words) + 1))


def pattern(pieces: tuple[str, ...]):
    """A function of a folded text: whether the pieces stand in it one after the other, the first at its start, the last at its end."""
    first, *middle, last = (fold(piece) for piece in pieces)

    def like(text: str) -> bool:
        if not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in middle:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return at <= end
    return like


def field_test(term: tuple):
    """A function of (text, folded text): what a term with a field asks of a scalar."""
    kind, name = term[:2]
    if kind == "exists":
        return lambda text, folded: True
    if kind == "is":
        return lambda text, folded: text == term[2]
    if kind == "part":
        part = fold(term[2])
        return lambda text, folded: part in folded
    if kind == "like":
        like = pattern(term[2])
        return lambda text, folded: like(folded)
    if kind == "word" and "/" in term[2] and network(term[2]):
        return range_test(name, term[2], network(term[2]))
    if kind in ("word", "words"):
        return words_test(kind, name, term[2])
    if kind == "number":
        return number_test(*term[2:])
    assert kind == "within", term
    return lambda text, folded: (at := address(text)) is not None and at in term[3]


def range_test(name: str, typed: str, wanted: ipaddress.IPv6Network):
    """A range behind `field:`. Where the field is none of addresses it may stand there as a value too."""
    as_value = words_test("word", None, typed)
    is_ip = any(IP_PATH.search(path) for path in paths_of(name))

    def test(text: str, folded: str) -> bool:
        at = address(text)
        return (at is not None and at in wanted) or (not is_ip and as_value(text, folded))
    return test


def words_test(kind: str, name: str | None, wanted: str):
    whole, words = fold(wanted), WORD.findall(fold(wanted))
    at = address(wanted) if kind == "word" and name and any(IP_PATH.search(path) for path in paths_of(name)) else None

    def test(text: str, folded: str) -> bool:
        if at is not None:
            return address(text) == at
        if kind == "word" and folded == whole:
            return True
        return bool(words) and words[0] in folded and bool(SPACE.search(text)) and has_words(folded, words)
    return test


def number_test(low: str | None, low_is_in: bool, high: str | None, high_is_in: bool):
    least, most = low and Decimal(low), high and Decimal(high)

    def test(text: str, folded: str) -> bool:
        if not NUMBER.fullmatch(text):
            return False
        value = Decimal(text)
        if low is not None and (value < least or (value == least and not low_is_in)):
            return False
        return high is None or value < most or (value == most and high_is_in)
    return test


class Oracle:
    """A log as far as it was read; `size` is how many entries that is."""

    def __init__(self):
        self.pieces: list[Piece] = []
        self.size = 0
        self._known: dict[tuple, tuple[int, int]] = {}  # of a term: pieces looked at, and what it holds for

    def add(self, entries: list[dict]) -> None:
        """What comes together is a piece, which terms are held against once."""
        piece = Piece(self.size)
        for entry in entries:
            piece.add(entry)
        self.size += len(entries)
        self.pieces.append(piece)

    def holds(self, tree: tuple, size: int) -> int:
        """The places of the first `size` entries for which a tree holds, as bits."""
        everything = (1 << size) - 1
        kind = tree[0]
        if kind == "not":
            return everything & ~self.holds(tree[1], size)
        if kind == "and":
            return functools.reduce(lambda a, b: a & b, (self.holds(one, size) for one in tree[1]), everything)
        if kind == "or":
            return functools.reduce(lambda a, b: a | b, (self.holds(one, size) for one in tree[1]), 0)
        if kind == "choice":
            return self.holds(tree[3], size)
        done, bits = self._known.get(tree, (0, 0))
        for piece in self.pieces[done:]:
            bits |= piece.holds(tree) << piece.first
        self._known[tree] = (len(self.pieces), bits)
        return bits & everything


def places(bits: int, count: int, newest: bool) -> list[int]:
    """The first or last `count` of a set of places, in the order that is asked for."""
    found = []
    while bits and len(found) < count:
        at = bits.bit_length() - 1 if newest else (bits & -bits).bit_length() - 1
        found.append(at)
        bits ^= 1 << at
    return found
