"""Writes random documents over a random model: every draw is hypothesis's, so that a failing document shrinks."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.core.differential.models import DAYS, OPTIONS, TEXTS, Model, ObjectModel
from tests.core.differential.oracle import DIRECTIONS, Oracle, cursor_of, order_of

DEPTH = 3  # relations below each other
GROUPED = ("TEXT", "NUMBER", "BOOLEAN", "SELECT")


class Writer:
    """Writes one random document. Every draw is hypothesis's, so a failing document shrinks."""

    def __init__(self, draw: Any, model: Model, oracle: Oracle) -> None:
        self.draw = draw
        self.model = model
        self.oracle = oracle
        self.variables: dict[str, tuple[str, Any]] = {}
        self.fragments: list[str] = []
        self.serial = 0

    def chance(self, of: int) -> bool:
        return bool(self.draw(st.integers(0, of - 1)) == of - 1)

    def one_of(self, *items: Any) -> Any:
        return self.draw(st.sampled_from(items))

    def fresh(self, prefix: str) -> str:
        self.serial += 1
        return f"{prefix}{self.serial}"

    # Documents ---------------------------------------------------------------------------------------

    def document(self) -> str:
        names = [
            name
            for each in self.model.objects.values()
            for name in (each.plural, each.singular, *([f"{each.plural}GroupBy"] if self.dimensions(each) else []))
        ]
        chosen = self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        return self.operation("query", [self.root(name) for name in chosen])

    def operation(self, kind: str, roots: list[str]) -> str:
        declared = ", ".join(f"${name}: {type_name}" for name, (type_name, _) in self.variables.items())
        text = f"{kind} Q{f'({declared})' if declared else ''} {{ {' '.join(roots)} __typename }}"
        return " ".join([text, *self.fragments])

    def root(self, name: str) -> str:
        if name.endswith("GroupBy"):
            return self.groups(name)
        subject, is_many = self.model.root(name)
        if is_many:
            return self.alias(name) + self.connection(subject, DEPTH, is_root=True)
        record = self.one_of(*self.oracle.records[subject.singular])
        argument = self.argument("filter", f"{subject.type_name}FilterInput!", {"id": {"eq": record["id"]}})
        return f"{self.alias(name)}({argument}) {self.record(subject, DEPTH)}"

    def groups(self, name: str) -> str:
        subject, _ = self.model.root(name.removesuffix("GroupBy"))
        dimensions = self.draw(st.lists(st.sampled_from(self.dimensions(subject)), min_size=1, max_size=3, unique=True))
        order = [{each: Enum(self.one_of(*DIRECTIONS))} for each in self.draw(st.permutations(dimensions))]
        given = [
            self.argument("groupBy", f"[{subject.type_name}GroupByInput!]!", [{each: True} for each in dimensions]),
            self.argument("orderBy", f"[{subject.type_name}OrderByWithGroupByInput!]", order),
        ]
        if self.chance(2):
            given.append(self.argument("filter", f"{subject.type_name}FilterInput", self.filter(subject, 2)))
        if self.chance(3):
            given.append(self.argument("limit", "Int", self.draw(st.integers(1, 4))))
        parts = [self.alias("groupByDimensionValues"), self.alias("totalCount")]
        for each in self.draw(st.lists(st.sampled_from(sorted(aggregates(subject))), max_size=2)):
            parts.append(self.alias(each) + self.directive())
        selection = self.selection(f"{subject.type_name}GroupByConnection", parts)
        return f"{self.alias(name)}({', '.join(given)}) {selection}"

    def dimensions(self, subject: ObjectModel) -> list[str]:
        """The fields whose values have one order: no two texts of it differ in case alone."""
        found = []
        for name, kind in sorted(subject.fields.items()):
            values = {each[name] for each in self.oracle.records[subject.singular]} if kind in GROUPED else set()
            if values and len({str(value or "").lower() for value in values}) == len({value or "" for value in values}):
                found.append(name)
        return found

    def alias(self, name: str) -> str:
        return name if self.chance(2) else f"{self.fresh('k')}: {name}"

    def directive(self) -> str:
        if not self.chance(5):
            return ""
        word, value = self.one_of("include", "skip"), self.one_of(True, False)
        if self.chance(2):
            return f" @{word}(if: {str(value).lower()})"
        name = self.fresh("v")
        self.variables[name] = ("Boolean!", value)
        return f" @{word}(if: ${name})"

    def selection(self, type_name: str, parts: list[str]) -> str:
        """The parts, some of them inside fragments."""
        if self.chance(3):
            parts = [*parts, self.alias("__typename")]
        inside = self.chance(4)
        if inside and len(parts) > 1:
            cut = self.draw(st.integers(1, len(parts) - 1))
            if self.chance(2):
                name = self.fresh("F")
                self.fragments.append(f"fragment {name} on {type_name} {{ {' '.join(parts[cut:])} }}")
                parts = [*parts[:cut], f"...{name}"]
            else:
                on = f" on {type_name}" if self.chance(2) else ""
                parts = [*parts[:cut], f"...{on}{self.directive()} {{ {' '.join(parts[cut:])} }}"]
        return "{ " + " ".join(parts) + " }"

    def record(self, subject: ObjectModel, depth: int) -> str:
        parts = ["id"]
        for name in self.draw(st.lists(st.sampled_from(sorted(subject.fields)), max_size=4)):
            if subject.fields[name] == "FULL_NAME":
                inner = self.selection("FullName", [self.one_of("firstName", "lastName"), self.alias("lastName")])
                parts.append(f"{self.fresh('k')}: {name}{self.directive()} {inner}")
            else:
                parts.append(self.alias(name) + self.directive())
        if depth:
            for name in sorted(subject.to_one):
                if self.chance(3):
                    target = self.model.objects[subject.to_one[name]]
                    parts.append(f"{self.alias(f'{name}Id')} {name} {self.record(target, depth - 1)}")
            for name in sorted(subject.to_many):
                if self.chance(4):
                    child = self.model.objects[subject.to_many[name][0]]
                    parts.append(f"{self.fresh('k')}: {name}{self.connection(child, depth - 1)}")
        return self.selection(subject.type_name, parts)

    def connection(self, subject: ObjectModel, depth: int, *, is_root: bool = False) -> str:
        parts = []
        if self.chance(2) or not is_root:
            parts.append(self.alias("totalCount"))
        for name in self.draw(st.lists(st.sampled_from(sorted(aggregates(subject))), max_size=2)):
            parts.append(self.alias(name) + self.directive())
        edge = [f"{self.alias('node')} {self.record(subject, depth)}"]
        if self.chance(2):
            edge.append(self.alias("cursor"))
        parts.append(f"{self.alias('edges')} {self.selection(f'{subject.type_name}Edge', edge)}")
        if self.chance(2):
            members = [self.alias(each) for each in ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")]
            parts.append(f"{self.alias('pageInfo')} {self.selection('PageInfo', members)}")
        return self.arguments(subject, is_root) + " " + self.selection(f"{subject.type_name}Connection", parts)

    # Arguments ---------------------------------------------------------------------------------------

    def arguments(self, subject: ObjectModel, is_root: bool) -> str:
        given = []
        order: list[dict[str, Any]] | None = None
        if self.chance(2):
            order = [self.order(subject) for _ in range(self.draw(st.integers(1, 2)))]
            given.append(self.argument("orderBy", f"[{subject.type_name}OrderByInput]", order))
        if self.chance(2):
            given.append(self.argument("filter", f"{subject.type_name}FilterInput", self.filter(subject, 2)))
        size = self.draw(st.integers(-1 if is_root and self.chance(4) else 0, 6))
        page = self.one_of("all", "first", "offset", "after", "before")
        cursor = ""
        if page in ("after", "before"):
            cursor = cursor_of(self.one_of(*self.oracle.records[subject.singular]), order_of(order))
        if page in ("first", "offset", "after"):
            given.append(self.argument("first", "Int", size))
        if page == "offset":
            given.append(self.argument("offset", "Int", self.draw(st.integers(0, 4))))
        if page == "before":
            given.append(self.argument("last", "Int", abs(size)))
        if cursor:
            given.append(self.argument(page, "String", cursor))
        return f"({', '.join(given)})" if given else ""

    def argument(self, name: str, type_name: str, value: Any) -> str:
        if self.chance(2):
            variable = self.fresh("v")
            self.variables[variable] = (type_name, value)
            return f"{name}: ${variable}"
        return f"{name}: {literal(value)}"

    def order(self, subject: ObjectModel) -> dict[str, Any]:
        name = self.one_of(
            *(name for name, kind in sorted(subject.fields.items()) if kind not in ("ARRAY", "RAW_JSON"))
        )
        direction = Enum(self.one_of(*DIRECTIONS))
        if subject.fields[name] == "FULL_NAME":
            return {name: {self.one_of("firstName", "lastName"): direction}}
        return {name: direction}

    def filter(self, subject: ObjectModel, depth: int) -> dict[str, Any]:
        kind = self.one_of("field", "field", "and", "or", "not", "relation") if depth else "field"
        if kind in ("and", "or"):
            return {kind: [self.filter(subject, depth - 1) for _ in range(self.draw(st.integers(1, 3)))]}
        if kind == "not":
            return {"not": self.filter(subject, depth - 1)}
        if kind == "relation" and subject.to_one:
            name = self.one_of(*sorted(subject.to_one))
            return {name: self.condition(self.model.objects[subject.to_one[name]])}
        return self.condition(subject)

    def condition(self, subject: ObjectModel) -> dict[str, Any]:
        name = self.one_of(
            *(name for name, kind in sorted(subject.fields.items()) if kind not in ("ARRAY", "RAW_JSON"))
        )
        kind = subject.fields[name]
        if kind == "FULL_NAME":
            return {name: {self.one_of("firstName", "lastName"): self.comparison("TEXT")}}
        return {name: self.comparison(kind)}

    def comparison(self, kind: str) -> dict[str, Any]:
        if self.chance(4):
            return {"is": Enum(self.one_of("NULL", "NOT_NULL"))}
        match kind:
            case "TEXT":
                operator = self.one_of("eq", "neq", "gt", "gte", "lt", "lte", "in", "startsWith", "endsWith")
                operand = self.one_of(*TEXTS[1:])
            case "NUMBER":
                operator = self.one_of("eq", "neq", "gt", "gte", "lt", "lte", "in")
                operand = self.draw(st.integers(-3, 12))
            case "BOOLEAN":
                operator, operand = "eq", self.one_of(True, False)
            case "DATE":
                operator, operand = self.one_of("eq", "neq", "gt", "lte", "in"), self.one_of(*DAYS)
            case _:
                operator, operand = self.one_of("eq", "neq", "in"), Enum(self.one_of(*OPTIONS))
        return {operator: [operand] if operator == "in" else operand}


class Enum(str):
    """An enum's value: bare in a document, text in variables."""


def literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    return str(value)


def aggregates(subject: ObjectModel) -> list[str]:
    names = []
    for field, kind in subject.fields.items():
        if kind == "RAW_JSON":
            continue
        title = field[0].upper() + field[1:]
        operations = ["countUniqueValues", "countEmpty", "countNotEmpty", "percentageEmpty", "percentageNotEmpty"]
        if kind == "ARRAY":
            operations = operations[1:]
        if kind == "NUMBER":
            operations += ["min", "max", "avg", "sum"]
        if kind == "BOOLEAN":
            operations += ["countTrue", "countFalse"]
        names += [operation + title for operation in operations]
    return names
