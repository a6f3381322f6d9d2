"""Queries by chance, as trees for oracle.py, from values that stand in the log and values near them; and the two notations in which
docs/formats/query.md has them written."""

import random
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from oracle import NAMES, NUMBER, WORD, Oracle, Piece, address, network

REFUSED = ("OR", "AND", "NOT", "&&", "||")
TIMES = ("time", "since", "until", "received")
OPERATORS = {(True, True): (">=", "from"), (True, False): (">", "above"), (False, True): ("<=", "to"), (False, False): ("<", "before")}


def pieces_of(text: str, chance: random.Random) -> tuple[str, ...]:
    """A pattern that is like a text, or nearly."""
    count = chance.choice([1, 1, 1, 2, 3])
    cuts = sorted(chance.randrange(len(text) + 1) for _ in range(2 * count))
    ends = [0, *cuts, len(text)]
    pieces = [text[ends[at]:ends[at + 1]] for at in range(0, len(ends), 2)]
    return tuple(pieces) if len(pieces) > 1 else (text, "")


class Chooser:
    """Makes terms and trees of them."""

    def __init__(self, chance: random.Random, oracle: Oracle):
        self.chance = chance
        self.oracle = oracle

    def tree(self, pool: list[tuple], depth: int = 0) -> tuple:
        chance = self.chance
        kind = chance.random()
        if depth > 2 or kind < (0.25 if depth == 0 else 0.65):
            return chance.choice(pool)
        if kind < 0.72:
            return ("not", self.tree(pool, depth + 1))
        trees = tuple(self.tree(pool, depth + 1) for _ in range(chance.choice([2, 2, 2, 3])))
        return ("and" if chance.random() < 0.5 else "or", trees)

    def choice(self) -> tuple:
        """("choice", name, tree): terms of one field, for `field:( … )`."""
        name, piece, path = self._field()
        kinds = ("is",) if self.chance.random() < 0.2 else ("word", "like", "part")
        pool = [self._term_of(name, piece, path, kinds) for _ in range(4)]
        return ("choice", name, kinds == ("is",), self.tree(pool, 1))

    def term(self) -> tuple:
        chance = self.chance
        kind = chance.random()
        if kind < 0.01:
            return ("all", None)
        if kind < 0.10:
            return self._time()
        if kind < 0.13:
            ends = sorted(chance.randrange(self.oracle.size + 10) for _ in range(2))
            return ("idx", chance.choice([ends[0], None]), ends[1] + 1) if chance.random() < 0.7 else ("idx", ends[0], None)
        if kind < 0.35:
            piece, path = self._place()
            text = self._near(piece, path)
            if chance.random() < 0.25:
                return ("like", None, pieces_of(text, chance))
            return self._with_words(chance.choice(["word", "word", "part", "words"]), None, text)
        name, piece, path = self._field()
        return self._term_of(name, piece, path, ("word", "word", "is", "like", "part", "exists", "number", "within", "words"))

    def _place(self) -> tuple[Piece, str]:
        piece = self.chance.choice(self.oracle.pieces)
        return piece, self.chance.choice(list(piece.columns))

    def _field(self) -> tuple[str, Piece, str]:
        """A name, and a path it stands for, mostly."""
        chance = self.chance
        piece, path = self._place()
        if chance.random() < 0.5:
            path = chance.choice(["actor.id", "action", "attributes.region", "attributes.size", "origin.ip", "message", "targets.id", "id",
                                  "outcome", "attributes.client_ip", "source.kind", "derived.by", "category", "changes.to", "actor.name"])
        names = [path] + [name for name, paths in NAMES.items() if path in paths]
        if path.startswith("attributes."):
            names.append(path.removeprefix("attributes."))
        name = chance.choice(names)
        if chance.random() < 0.02:
            name = chance.choice(["attributes", "targets", name + ".x", name.upper(), name[:3], "source", "no_such_name", "actor.foo"])
        if not name or name.startswith("time") or name in (*TIMES, "idx") or len(name.encode()) > 1024:
            return self._field()
        return name, piece, path

    def _near(self, piece: Piece, path: str) -> str:
        """A value of a path, or one near it."""
        chance = self.chance
        values = piece.columns.get(path) or {"nothing": []}
        # A draw from the first few or from anywhere: no list of a million is made for it.
        text = next(iter(values)) if len(values) == 1 else self._draw(values)
        kind = chance.random()
        if kind < 0.45:
            pass
        elif kind < 0.55:
            text = chance.choice([str.swapcase, str.upper, str.lower])(text)
        elif kind < 0.65:
            text = text[:chance.randrange(len(text) + 1)]
        elif kind < 0.85:
            first = chance.randrange(len(text) + 1)
            text = text[first:first + chance.choice([1, 2, 3, 5, 8, 20])]
        elif kind < 0.93:
            words = re.findall(r"\w+", text)
            at = chance.randrange(len(words)) if words else 0
            text = chance.choice([" ", "-", ", ", "  "]).join(words[at:at + chance.choice([1, 2, 3])])
        else:
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice("xé *\\\"-_ 0") + text[at:]
        return text[:250] if len(text.encode()) > 1000 else text

    def _draw(self, values: dict) -> str:
        last = self.chance.randrange(min(len(values), 3000))
        for at, text in enumerate(values):
            if at == last:
                return text
        raise AssertionError

    def _term_of(self, name: str, piece: Piece, path: str, kinds: tuple[str, ...]) -> tuple:
        chance, kind = self.chance, self.chance.choice(kinds)
        text = self._near(piece, path)
        if kind == "exists":
            return ("exists", name)
        if kind == "like":
            return ("like", name, pieces_of(text, chance))
        if kind == "number":
            numbers = [text for text in (text, self._near(piece, path)) if NUMBER.fullmatch(text)]
            while len(numbers) < 2:
                numbers.append(str(chance.choice([-6, -1, 0, 1, 4, 5, 6, 99, 1000, 65536, 1 << 33, 0.5, 4.999])))
            shape = chance.randrange(4)
            if shape == 0:
                return ("number", name, numbers[0], chance.random() < 0.5, None, False)
            if shape == 1:
                return ("number", name, None, False, numbers[1], chance.random() < 0.5)
            low, high = sorted(numbers, key=Decimal)  # with its ends the other way round it is refused
            either = Decimal(low) == Decimal(high)
            return ("number", name, low, either or chance.random() < 0.7, high, either or chance.random() < 0.7)
        if kind == "within":
            base = text if address(text) else chance.choice(["10.0.0.5", "2001:db8::1", "192.168.1.1", "::"])
            typed = f"{base}/{chance.randrange(129 if ':' in base else 33)}"
            return ("within", name, typed, network(typed)) if chance.random() < 0.5 else ("word", name, typed)
        return self._with_words(kind, name, text)

    def _with_words(self, kind: str, name: str | None, text: str) -> tuple:
        """What has no word in it is refused as words, and nothing at all as a word and as a part."""
        if kind == "words" and not WORD.search(text):
            kind = "part"
        return (kind, name, text or "a" if kind == "part" or name is None else text)

    def _time(self) -> tuple:
        """("time", field, begin, end, how it is written): the last is a list of (sign, text), for both notations."""
        chance = self.chance
        field = chance.choice(["time", "time", "time", "since", "until", "received"])
        begin, end, text = self.moment(field == "received")
        if field in ("since", "until"):
            return ("time", "time", *((begin, None) if field == "since" else (None, begin)), (field, (":", text)))
        shape = chance.choice([":", ">", ">=", "<", "<=", "..", "from..", "..to"])
        if shape == ":":
            return ("time", field, begin, end, (field, (":", text)))
        if shape in (">", ">=", "<", "<="):
            ends = {">": (end, None), ">=": (begin, None), "<": (None, begin), "<=": (None, end)}[shape]
            return ("time", field, *ends, (field, (shape, text)))
        if shape == "from..":
            return ("time", field, begin, None, (field, ("..", text, "")))
        if shape == "..to":
            return ("time", field, None, end, (field, ("..", "", text)))
        other = self.moment(field == "received")
        (begin, _, first), (_, end, last) = sorted([(begin, end, text), other])
        return ("time", field, begin, end, (field, ("..", first, last)))

    def moment(self, lately: bool) -> tuple[int, int, str]:
        """A time as it is typed, and what it stands for: from, and up to."""
        chance = self.chance
        at = datetime(2026, chance.choice([10, 10, 10, 1, 5]), chance.randrange(1, 6), chance.choice([0, 12, 23]),
                      chance.choice([0, 30, 59]), chance.choice([0, 1, 59]), tzinfo=timezone.utc)
        if lately:
            at = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(seconds=chance.choice([0, 1, 5, 20, 60, 3600]))
        shape = chance.randrange(5)
        text, seconds = f"{at:%Y-%m-%dT%H:%M:%S}", 1
        if shape == 0:
            at, text, seconds = at.replace(hour=0, minute=0, second=0), f"{at:%Y-%m-%d}", 86400
        elif shape == 1:
            at, text, seconds = at.replace(second=0), f"{at:%Y-%m-%dT%H:%M}", 60
        if shape > 2:
            minutes = chance.choice([0, 0, 60, -300, 330])
            local = at + timedelta(minutes=minutes)
            hours, rest = divmod(abs(minutes), 60)
            text = f"{local:%Y-%m-%dT%H:%M:%S}" + (f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}" if minutes else "Z")
        first = int(at.timestamp()) * 10**9
        return first, first + seconds * 10**9, text


class Typed:
    """Writes trees for people."""

    def __init__(self, chance: random.Random):
        self.chance = chance

    def space(self) -> str:
        return self.chance.choice([" ", " ", " ", "  ", "\t", "\n", "\r\n "])

    def query(self, tree: tuple) -> str:
        pad = self.space() if self.chance.random() < 0.1 else ""
        return pad + self.any(tree, self.one) + pad

    def any(self, tree: tuple, one) -> str:
        """As `any` of the grammar: what stands in parentheses, or alone."""
        trees = tree[1] if tree[0] == "or" else (tree,)
        return f"{self.space()}OR{self.space()}".join(self.all(each, one) for each in trees)

    def all(self, tree: tuple, one) -> str:
        trees = tree[1] if tree[0] == "and" else (tree,)
        return self.space().join(one(each) for each in trees)

    def group(self, tree: tuple, one) -> str:
        pad = self.space() if self.chance.random() < 0.2 else ""
        return f"({pad}{self.any(tree, one)}{pad})"

    def one(self, tree: tuple) -> str:
        kind = tree[0]
        if kind == "not":
            inner = tree[1]
            grouped = inner[0] in ("not", "and", "or") or self.chance.random() < 0.2
            return "-" + (self.group(inner, self.one) if grouped else self.one(inner))
        if kind in ("and", "or") or self.chance.random() < 0.05:
            return self.group(tree, self.one)
        if kind == "choice":
            _, name, exact, inner = tree
            return self.name(name) + ("=" if exact else ":") + self.group(inner, self.item)
        return self.term(tree)

    def item(self, tree: tuple) -> str:
        """Within `field:( … )`."""
        kind = tree[0]
        if kind == "not":
            return "-" + (self.group(tree[1], self.item) if tree[1][0] in ("not", "and", "or") else self.item(tree[1]))
        if kind in ("and", "or"):
            return self.group(tree, self.item)
        if kind == "part":
            return "~" + self.quoted(tree[2])
        if kind == "like":
            return self.pattern(tree[2])
        return self.value(tree[2], kind == "is", "item")

    def term(self, term: tuple) -> str:
        kind, name = term[:2]
        if kind == "all":
            return "*"
        if kind == "time":
            return self.time(*term[4])
        if kind == "idx":
            return self.idx(term)
        if name is None:
            return {"word": lambda: self.value(term[2], False, "word"), "like": lambda: self.pattern(term[2]),
                    "part": lambda: "~" + self.quoted(term[2])}[kind]()
        if kind == "number":
            return self.number(term)
        field = self.name(name)
        return field + {"word": lambda: ":" + self.value(term[2], False, "value"), "is": lambda: "=" + self.value(term[2], True, "value"),
                        "like": lambda: ":" + self.pattern(term[2]), "part": lambda: ":~" + self.quoted(term[2]),
                        "exists": lambda: ":*"}[kind]()

    def time(self, field: str, written: tuple) -> str:
        if written[0] == "..":
            return f"{field}:{written[1]}..{written[2]}"
        text = self.quoted(written[1]) if self.chance.random() < 0.1 and written[0] != ":" else written[1]
        return field + written[0] + text

    def idx(self, term: tuple) -> str:
        _, first, end = term
        if end is None:
            return self.chance.choice([f"idx>={first}", f"idx:{first}..", f"idx>{first - 1}" if first else "idx>=0"])
        if first is None:
            return self.chance.choice([f"idx<{end}", f"idx<={end - 1}", f"idx:..{end - 1}"])
        return f"idx:{first}..{end - 1}" if first + 1 < end else f"idx{self.chance.choice(':=')}{first}"

    def number(self, term: tuple) -> str:
        _, name, low, low_is_in, high, high_is_in = term
        field = self.name(name)
        if low is None or high is None:
            included = low_is_in if high is None else high_is_in
            if included and self.chance.random() < 0.3:
                return f"{field}:{low or ''}..{high or ''}"
            return field + OPERATORS[(high is None, included)][0] + (high or low)
        assert low_is_in and high_is_in, term
        return f"{field}:{low}..{high}"

    def name(self, name: str) -> str:
        plain = not re.search(r'[:=<>()"\s]', name) and not name.startswith(("-", "~")) and name not in REFUSED
        return name if plain and self.chance.random() < 0.9 else self.quoted(name)

    def quoted(self, text: str) -> str:
        out = ""
        for at, char in enumerate(text):
            alone = char == "\\" and text[at + 1:at + 2] not in ("", "\\", '"') and self.chance.random() < 0.5
            out += "\\" + char if char in '"\\' and not alone else char
        return f'"{out}"'

    def value(self, text: str, exact: bool, where: str) -> str:
        bare = text and not re.search(r'[ \t\r\n()"]', text) and text not in REFUSED and self.chance.random() < 0.8
        if not exact:
            bare = bare and ".." not in text and "\\*" not in text and not text.startswith("~")
        if where != "value":
            bare = bare and not text.startswith("-")
        if where == "word":
            bare = bare and (not re.search(r"[:=<>]", text) or address(text) is not None)
        if not bare:
            return self.quoted(text)
        return text if exact else text.replace("*", "\\*")

    def pattern(self, pieces: tuple[str, ...]) -> str:
        return "*".join(piece.replace("*", "\\*") for piece in pieces)


def writable(term: tuple, inside: bool = False) -> bool:
    """Whether the typed notation has it: a pattern has no white space, and is not written so that backslashes and stars mingle."""
    kind = term[0]
    if kind in ("not", "choice"):
        return writable(term[-1], kind == "choice" or inside)
    if kind in ("and", "or"):
        return all(writable(one, inside) for one in term[1])
    if kind in ("words", "within"):
        return False
    if kind == "word":
        return term[1] is not None or term[2] != ""
    if kind == "number":
        return None in (term[2], term[4]) or (term[3] and term[5])
    if kind != "like":
        return True
    text = "*".join(term[2])
    if re.search(r'[ \t\r\n()"\\]', text) or ".." in text or text.startswith("-") or (term[1] is None and re.search(r"[:=<>]", text)):
        return False
    return not text.startswith("~")


class Json:
    """Writes trees for programs."""

    def __init__(self, chance: random.Random):
        self.chance = chance

    def query(self, tree: tuple) -> dict:
        kind = tree[0]
        if kind in ("and", "or"):
            return {kind: [self.query(one) for one in tree[1]]}
        if kind == "not":
            return {"not": self.query(tree[1])}
        if kind == "choice":
            return self.query(tree[3])
        return self.term(tree)

    def term(self, term: tuple) -> dict:
        kind, name = term[:2]
        if kind == "all":
            return self.chance.choice([{}, {"and": []}])
        if kind == "time":
            return self.time(*term[4])
        if kind == "idx":
            bounds = {} if term[1] is None else {"from": term[1]}
            return {"field": "idx", **bounds, **({} if term[2] is None else {"before": term[2]})}
        field = {} if name is None else {"field": name}
        if kind == "number":
            _, _, low, low_is_in, high, high_is_in = term
            bounds = {}
            if low is not None:
                bounds[OPERATORS[(True, low_is_in)][1]] = self.scalar(low)
            if high is not None:
                bounds[OPERATORS[(False, high_is_in)][1]] = self.scalar(high)
            return {**field, **bounds}
        member = {"word": "match" if name else "word", "words": "words", "like": "like", "part": "contains", "is": "is", "exists": "exists",
                  "within": "within"}[kind]
        if kind == "exists":
            return {**field, "exists": True}
        if kind == "like":
            return {**field, "like": "*".join(piece.replace("*", "\\*") for piece in term[2])}
        return {**field, member: term[2]}

    def scalar(self, text: str):
        """A number, or the string that has it."""
        if re.fullmatch(r"-?(0|[1-9]\d{0,14})", text) and text != "-0" and self.chance.random() < 0.7:
            return int(text)
        return text

    def time(self, field: str, written: tuple) -> dict:
        if written[0] == "..":
            bounds = {"from": written[1], "to": written[2]}
            return {"field": field, **{name: text for name, text in bounds.items() if text}}
        member = {":": "match", ">": "above", ">=": "from", "<": "before", "<=": "to"}[written[0]]
        return {"field": field, member: written[1]}


def json_writable(tree: tuple) -> bool:
    """A pattern in which backslashes and stars mingle is not written."""
    if tree[0] in ("and", "or"):
        return all(json_writable(one) for one in tree[1])
    if tree[0] in ("not", "choice"):
        return json_writable(tree[-1])
    return tree[0] != "like" or not re.search(r"\\(\*|$)", "*".join(tree[2])) and not any(piece.endswith("\\") for piece in tree[2])
