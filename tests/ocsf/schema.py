"""The published schema of OCSF, read from its own files: each class and object with what it inherits, includes and looks up."""

import json
import re
from pathlib import Path

KINDS = ("events", "objects")


class Schema:
    """`folder` holds dictionary.json, categories.json, version.json, and what is wanted of events/, objects/ and profiles/."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.version = self.read("version.json")["version"]
        self.dictionary = self.read("dictionary.json")
        self.categories = self.read("categories.json")["attributes"]
        self.sources = {kind: {} for kind in KINDS}
        for kind in KINDS:
            for path in sorted((folder / kind).rglob("*.json")):
                source = json.loads(path.read_text())
                self.sources[kind][source["name"]] = source
        self.compiled = {}
        self.observables = self.read_observables()
        self.classes = {uid: name for name in self.sources["events"] for uid in [self.class_uid(name)] if uid is not None}

    def read(self, name: str) -> dict:
        return json.loads((self.folder / name).read_text())

    def read_observables(self) -> set[int]:
        """The numbers that observable.type_id may have beside those of its own."""
        parts = [self.dictionary["types"]["attributes"], self.dictionary["attributes"], self.sources["objects"]]
        return {one["observable"] for part in parts for one in part.values() if "observable" in one}

    def category(self, name: str) -> str:
        source = self.sources["events"][name]
        return source["category"] if "category" in source else self.category(source["extends"])

    def class_uid(self, name: str) -> int | None:
        if name == "base_event":
            return 0
        uid = self.sources["events"][name].get("uid")
        return None if uid is None else self.categories[self.category(name)]["uid"] * 1000 + uid

    def own_attributes(self, source: dict) -> dict:
        """An attribute that a profile brings names it, unless the class itself takes it over."""
        own = {}
        for include in source["attributes"].get("$include", []):
            profile = self.read(include)
            for name, attribute in profile["attributes"].items():
                own[name] = {"profile": profile["name"], **attribute}
        for name, attribute in source["attributes"].items():
            if name != "$include":
                own[name] = {**own.get(name, {}), **attribute}
        return own

    def compile(self, kind: str, name: str) -> dict:
        """attributes (each with requirement, type, is_array, enum, sibling, profile), constraints, profiles."""
        if (kind, name) in self.compiled:
            return self.compiled[kind, name]
        if name not in self.sources[kind]:
            raise KeyError(f"{self.folder} has no {kind[:-1]} {name}")
        source = self.sources[kind][name]
        base = {"attributes": {}, "constraints": {}, "profiles": set()}
        if "extends" in source:
            base = self.compile(kind, source["extends"])
        attributes = {name: dict(one) for name, one in base["attributes"].items()}
        for one, attribute in self.own_attributes(source).items():
            known = attributes.get(one) or self.looked_up(one)
            enum = {**known.get("enum", {}), **attribute.get("enum", {})}
            attributes[one] = {**known, **attribute, **({"enum": enum} if enum else {})}
        for one, attribute in list(attributes.items()):
            if attribute["type"] == "timestamp_t":
                attributes[one + "_dt"] = {"type": "datetime_t", "requirement": "optional", "profile": "datetime"}
        constraints = source.get("constraints", base["constraints"])
        profiles = base["profiles"] | set(source.get("profiles", []))
        self.compiled[kind, name] = {"attributes": attributes, "constraints": constraints, "profiles": profiles}
        return self.compiled[kind, name]

    def looked_up(self, name: str) -> dict:
        entry = self.dictionary["attributes"][name]
        return {key: entry[key] for key in ("type", "is_array", "enum", "sibling", "@deprecated") if key in entry}

    def basic_type(self, name: str) -> dict | None:
        """A basic type with the limits of the one that it is made of; None for an object's name."""
        types = self.dictionary["types"]["attributes"]
        if name not in types:
            return None
        kind = types[name]
        limits = {key: kind[key] for key in ("regex", "range", "max_len", "values") if key in kind}
        base = self.basic_type(kind["type"]) if "type" in kind else {"base": name}
        return {**base, **limits}


def fits(value, basic: dict) -> bool:
    base = basic["base"]
    number = isinstance(value, int) and not isinstance(value, bool)
    right = {
        "string_t": isinstance(value, str),
        "integer_t": number and -(2**63) <= value < 2**63,
        "long_t": number and -(2**63) <= value < 2**63,
        "float_t": number or isinstance(value, float),
        "boolean_t": isinstance(value, bool),
        "json_t": True,
    }[base]
    if not right:
        return False
    if "regex" in basic and not re.search(basic["regex"], value):
        return False
    if "max_len" in basic and len(value) > basic["max_len"]:
        return False
    return "range" not in basic or basic["range"][0] <= value <= basic["range"][1]
