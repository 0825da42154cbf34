"""Random data models and records."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from metadata.models import ObjectMetadata
from tests.factories import Api, add_field, add_object, api_of, workspace_with

NAMES = ("apple", "birch", "cedar")
TYPES = ("TEXT", "NUMBER", "BOOLEAN", "DATE", "SELECT", "FULL_NAME", "ARRAY", "RAW_JSON", "TEXT", "NUMBER")
TEXTS = ("", "a", "A", "ab", "Ab", "b", "B c", "100%", "x_y", '"quoted"', "back\\slash", "{}", "line\nbreak", "é", "名")
DAYS = ("2024-02-29", "2025-01-01", "2025-12-31")
OPTIONS = ("NEW", "OPEN", "WON")
RECORDS = 12


@dataclass
class ObjectModel:
    """An object: its fields by name with their types, its relations by name with the object at the other end."""

    singular: str
    plural: str
    fields: dict[str, str] = field(default_factory=dict)
    to_one: dict[str, str] = field(default_factory=dict)
    to_many: dict[str, tuple[str, str]] = field(default_factory=dict)  # (object, name of its to-one side)

    @property
    def type_name(self) -> str:
        return self.singular.capitalize()


@dataclass
class Model:
    objects: dict[str, ObjectModel]

    def root(self, name: str) -> tuple[ObjectModel, bool]:
        """The object of a root field, and whether it gives many records."""
        for each in self.objects.values():
            if name in (each.singular, each.plural):
                return each, name == each.plural
        raise KeyError(name)


def random_model(random: Random) -> Model:
    objects = {name: ObjectModel(name, f"{name}s") for name in NAMES}
    for each in objects.values():
        each.fields["name"] = "TEXT"
        for number in range(random.randint(3, 7)):
            each.fields[f"f{number}"] = random.choice(TYPES)
    for number in range(random.randint(3, 5)):
        child, parent = random.choice(NAMES), random.choice(NAMES)
        objects[child].to_one[f"up{number}"] = parent
        objects[parent].to_many[f"down{number}"] = (child, f"up{number}")
    return Model(objects)


def build(model: Model) -> Api:
    """A workspace with the model."""
    workspace = workspace_with()
    made: dict[str, ObjectMetadata] = {}
    options = [{"value": value, "label": value, "color": "red", "position": n} for n, value in enumerate(OPTIONS)]
    for each in model.objects.values():
        made[each.singular] = add_object(workspace, each.singular, each.plural)
        for name, type_name in each.fields.items():
            if name != "name":
                add_field(
                    workspace,
                    made[each.singular],
                    type_name,
                    name,
                    **({"options": options} if type_name == "SELECT" else {}),
                )
    for each in model.objects.values():
        for name, parent in each.to_one.items():
            payload = {
                "type": "MANY_TO_ONE",
                "targetObjectMetadataId": str(made[parent].id),
                "targetFieldLabel": f"Down{name[2:]}",
                "targetFieldIcon": "Icon",
            }
            add_field(workspace, made[each.singular], "RELATION", name, relationCreationPayload=payload)
    return api_of(workspace)


def random_value(random: Random, type_name: str) -> Any:
    if random.random() < 0.25:
        return None
    match type_name:
        case "TEXT":
            return random.choice(TEXTS)
        case "NUMBER":
            return random.randint(-3, 12)
        case "BOOLEAN":
            return random.random() < 0.5
        case "DATE":
            return random.choice(DAYS)
        case "SELECT":
            return random.choice(OPTIONS)
        case "FULL_NAME":
            return {"firstName": random.choice(TEXTS), "lastName": random.choice(TEXTS)}
        case "ARRAY":
            return [random.choice(TEXTS[1:]) for _ in range(random.randint(0, 3))]
        case "RAW_JSON":
            return {"a": [random.choice(TEXTS), random.randint(0, 3), {"b": None}]}
    raise KeyError(type_name)


def fill(api: Api, model: Model, random: Random) -> dict[str, list[dict[str, Any]]]:
    """Write random records, some of them deleted, and give them as they are."""
    ids: dict[str, list[str]] = {}
    written: dict[str, list[dict[str, Any]]] = {}
    for each in model.objects.values():
        written[each.singular] = [
            {name: random_value(random, type_name) for name, type_name in each.fields.items()} for _ in range(RECORDS)
        ]
        text = f"mutation ($d: X) {{ create{each.type_name}s(data: $d) {{ id }} }}"
        made = api.data(text, {"d": written[each.singular]})[f"create{each.type_name}s"]
        ids[each.singular] = [record["id"] for record in made]
    for each in model.objects.values():
        for record, record_id in zip(written[each.singular], ids[each.singular], strict=True):
            record |= {"id": record_id, "deletedAt": None}
            for name, type_name in each.fields.items():
                record[name] = answered(record[name], type_name)
            links = {f"{name}Id": random.choice([None, *ids[parent]]) for name, parent in each.to_one.items()}
            record |= links
            if links:
                text = f"mutation ($id: X, $d: X) {{ update{each.type_name}(id: $id, data: $d) {{ id }} }}"
                api.data(text, {"id": record_id, "d": links})
        for record in random.sample(written[each.singular], 2):
            text = f"mutation ($id: X) {{ delete{each.type_name}(id: $id) {{ deletedAt }} }}"
            record |= api.data(text, {"id": record["id"]})[f"delete{each.type_name}"]
    return written


def answered(value: Any, type_name: str) -> Any:
    """A value as the API answers it: no text is `""`, no list `[]`, a composite is never null."""
    if type_name == "FULL_NAME":
        return {"firstName": "", "lastName": "", **{key: part or "" for key, part in (value or {}).items()}}
    if type_name == "NUMBER" and value is not None:
        return int(value)  # whole numbers, of which GraphQL's Float makes floats
    if value is None:
        return {"TEXT": "", "ARRAY": []}.get(type_name)
    return value
