"""What is asked: of Stele over HTTP, of PostgreSQL in SQL, and of a file by a scan, each about the same values."""

import dataclasses
import json
import random
from urllib.parse import urlencode

DAY = 86_400


@dataclasses.dataclass
class Question:
    name: str
    floor: float | None  # ms at a million events, from the targets; None: none is set
    goal: float | None
    path: str  # of the API
    all_pages: bool = False
    body: dict | None = None  # POSTed
    sql: str = ""  # of PostgreSQL
    scan: tuple = ()  # words of grep


def search(query, limit=100):
    return "/api/v1/search?" + urlencode({"q": query, "limit": limit})


def aggregate(query, by, limit=10):
    return "/api/v1/aggregate?" + urlencode({"q": query, "by": by, "limit": limit})


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def seven_days(events, rng):
    """An actor with some events, and seven days in the midst of the corpus."""
    actor = rng.choice(events)["actor"]["id"]
    first = rng.randrange(5, 20)
    return actor, f"2026-10-{first:02d}", f"2026-10-{first + 7:02d}"


def make(events, rounds, seed=1):
    """name → `rounds` questions about other values each, made from events of the corpus."""
    rng = random.Random(seed)
    out = {}

    def add(question):
        out.setdefault(question.name, []).append(question)

    for _ in range(rounds):
        actor, since, until = seven_days(events, rng)
        query = f"actor.id={actor} since:{since} until:{until}"
        where = f"actor = {quoted(actor)} AND time >= '{since}Z' AND time < '{until}Z'"
        add(Question("actor + 7 days, newest 100", 1, 0.5, search(query),
                     sql=f"SELECT payload FROM audit_log WHERE {where} ORDER BY time DESC LIMIT 100"))
        add(Question("actor + 7 days, all", 10, 5, search(query, 1000), True, sql=f"SELECT payload FROM audit_log WHERE {where}",
                     scan=("-F", f'"id":"{actor}"')))
        add(Question("action × day over all", 5, 1, aggregate("", "action,day", 10_000),
                     sql="SELECT action, date_trunc('day', time AT TIME ZONE 'UTC'), count(*) FROM audit_log GROUP BY 1, 2"))
        word = rng.choice(events)["message"].split()[-3]
        add(Question("rare word", None, None, search(word),
                     sql=f"SELECT payload FROM audit_log WHERE to_tsvector('simple', payload ->> 'message') @@ to_tsquery('simple', "
                         f"{quoted(word)}) LIMIT 100", scan=("-F", word)))
        request = rng.choice(events)["context"]["request_id"]
        add(Question("request id", 1, 0.15, search(f"request={request}"),
                     sql=f"SELECT payload FROM audit_log WHERE request_id = '{request}'", scan=("-F", request)))
        one, two = rng.choice(events)["message"].split()[1:3]
        part = one[-4:] + " " + two[:5]
        add(Question("substring of messages", 400, 200, search(f'message:~"{part}"'),
                     sql=f"SELECT count(*) FROM audit_log WHERE payload ->> 'message' ILIKE {quoted('%' + part + '%')}",
                     scan=("-F", part)))
        add(Question("substring anywhere", 400, 200, search(f'~"{part}"'),
                     sql=f"SELECT count(*) FROM audit_log WHERE payload::text ILIKE {quoted('%' + part + '%')}", scan=("-F", part)))
        network = ".".join(rng.choice(events)["origin"]["ip"].split(".")[:2])
        add(Question("IP range /16, newest 100", None, None, search(f"ip:{network}.0.0/16"),
                     sql=f"SELECT count(*) FROM audit_log WHERE (payload #>> '{{origin,ip}}')::inet << '{network}.0.0/16'",
                     scan=("-E", rf'"ip":"{network}\.'.replace(".", r"\.", 1))))
        action = rng.choice(events)["action"]
        add(Question("top 10 actors of an action", None, None, aggregate(f"action={action}", "actor.id"),
                     sql=f"SELECT actor, count(*) FROM audit_log WHERE action = {quoted(action)} GROUP BY 1 ORDER BY 2 DESC LIMIT 10"))
        add(Question("SQL: group by two columns", 700, 50, "/api/v1/sql",
                     body={"query": "SELECT action, outcome, count(*) FROM events GROUP BY 1, 2"},
                     sql="SELECT action, payload ->> 'outcome', count(*) FROM audit_log GROUP BY 1, 2"))
    return out


def read_corpus(path, count):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for _, line in zip(range(count), lines)]
