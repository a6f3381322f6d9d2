"""Holds events against the published schema: required and unknown attributes, types, enumerations and the texts beside them,
constraints, profiles, the numbers of class, category and type, and the places that observables name."""

from schema import Schema, fits


class Validator:
    def __init__(self, schema: Schema):
        self.schema = schema
        self.used = set()  # (kind, name) of what events were of

    def problems(self, event: dict) -> list[str]:
        name = self.schema.classes.get(event.get("class_uid"))
        if name is None:
            return [f"class_uid: {event.get('class_uid')!r} is none"]
        compiled = self.schema.compile("events", name)
        profiles = set(event.get("metadata", {}).get("profiles", []))
        problems = [f"metadata.profiles: {name} has no profile {one}" for one in sorted(profiles - compiled["profiles"])]
        problems += self.check("events", name, event, profiles, "")
        problems += self.numbers(name, event)
        problems += self.places(event) if not problems else []
        if event["metadata"]["version"] != self.schema.version:
            problems.append(f"metadata.version: {event['metadata']['version']} is not {self.schema.version}")
        return problems

    def numbers(self, name: str, event: dict) -> list[str]:
        category = self.schema.categories.get(self.schema.category(name), {"uid": 0, "caption": "Uncategorized"})
        wanted = {
            "category_uid": category["uid"],
            "category_name": category["caption"],
            "class_name": self.schema.sources["events"][name]["caption"],
            "type_uid": event["class_uid"] * 100 + event["activity_id"],
        }
        return [f"{key}: {event[key]!r} is not {value!r}" for key, value in wanted.items() if key in event and event[key] != value]

    def places(self, event: dict) -> list[str]:
        return [f"observables: there is no {one['value']!r} at {one['name']}" for one in event.get("observables", [])
                if one["value"] not in values_at(event, one["name"].replace("[]", "").split("."))]

    def check(self, kind: str, name: str, value: dict, profiles: set[str], path: str) -> list[str]:
        self.used.add((kind, name))
        compiled = self.schema.compile(kind, name)
        attributes = {one: kept for one, kept in compiled["attributes"].items() if kept.get("profile") in {None, *profiles}}
        problems = [f"{path}{one}: required" for one, attribute in attributes.items()
                    if attribute.get("requirement") == "required" and value.get(one) in (None, [], {}, "")]
        for one, what in value.items():
            if one not in attributes:
                profile = compiled["attributes"].get(one, {}).get("profile")
                problems.append(f"{path}{one}: unknown to {name}" + (f" without the profile {profile}" if profile else ""))
                continue
            problems += self.check_attribute(one, attributes[one], what, profiles, f"{path}{one}")
            problems += self.check_sibling(one, attributes, value, path)
        counts = {constraint: sum(one in value for one in names) for constraint, names in compiled["constraints"].items()}
        if counts.get("at_least_one", 1) < 1:
            problems.append(f"{path}: at least one of {compiled['constraints']['at_least_one']}")
        if counts.get("just_one", 1) != 1:
            problems.append(f"{path}: just one of {compiled['constraints']['just_one']}")
        return problems

    def check_attribute(self, name: str, attribute: dict, value, profiles: set[str], path: str) -> list[str]:
        problems = [f"{path}: deprecated"] if "@deprecated" in attribute else []
        if attribute.get("is_array"):
            if not isinstance(value, list) or not value:
                return [*problems, f"{path}: {value!r} is no array with elements"]
            for number, element in enumerate(value):
                problems += self.check_value(name, attribute, element, profiles, f"{path}[{number}]")
            return problems
        return problems + self.check_value(name, attribute, value, profiles, path)

    def check_value(self, name: str, attribute: dict, value, profiles: set[str], path: str) -> list[str]:
        basic = self.schema.basic_type(attribute["type"])
        if basic is None:
            if not isinstance(value, dict) or not value:
                return [f"{path}: {value!r} is no object with members"]
            if attribute["type"] == "object":
                return []
            return self.check("objects", attribute["type"], value, profiles, path + ".")
        if not fits(value, basic):
            return [f"{path}: {value!r} is no {attribute['type']}"]
        allowed = set(attribute.get("enum", {}))
        if path.startswith("observables[") and name == "type_id":
            allowed |= {str(one) for one in self.schema.observables}
        if allowed and name not in ("class_uid", "category_uid") and str(value) not in allowed:
            return [f"{path}: {value!r} is not one of {sorted(allowed)}"]
        return []

    def check_sibling(self, name: str, attributes: dict, value: dict, path: str) -> list[str]:
        """The text beside a number is the number's caption; beside Other (99) it is the source's own word."""
        attribute = attributes[name]
        sibling = attribute.get("sibling")
        caption = attribute.get("enum", {}).get(str(value[name]), {}).get("caption")
        if sibling not in value or caption is None:
            return []
        own = value[name] == 99
        return [f"{path}{sibling}: {value[sibling]!r} beside {name} {value[name]}"] if own == (value[sibling] == caption) else []


def values_at(value, parts: list[str]) -> list:
    """All values at a path; lists are gone into."""
    if isinstance(value, list):
        return [found for one in value for found in values_at(one, parts)]
    if not parts:
        return [value]
    return values_at(value[parts[0]], parts[1:]) if isinstance(value, dict) and parts[0] in value else []


def scalars(value):
    """Every string, number and word in it, as text."""
    if isinstance(value, dict):
        for one in value.values():
            yield from scalars(one)
    elif isinstance(value, list):
        for one in value:
            yield from scalars(one)
    else:
        yield value if isinstance(value, str) else repr(value)


def lost(entry: dict, event: dict) -> list[str]:
    """What the entry says and the event does not. What type an actor or a target has, the object says that it became; an address may
    stand in two parts, before and after its question mark."""
    said = {key: value for key, value in entry.items() if key not in ("stele", "received")}
    claimed = said["event"]
    targets = claimed.get("targets", [])
    said["event"] = {**claimed, "actor": without_type(claimed["actor"]), "targets": [without_type(one) for one in targets]}
    kept = set(scalars(event))
    return [one for one in scalars(said) if one not in kept and not kept.issuperset(part for part in one.split("?", 1) if part)]


def without_type(thing: dict) -> dict:
    return {key: value for key, value in thing.items() if key != "type"}
